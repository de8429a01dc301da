"""Outcomes -> what a terminal shows. Pure: no clock, no network, no settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.app import Reply
from bot.guidance import BarrierLine, Guidance
from bot.knowledge import Knowledge
from bot.triage import AskedQuestion, Clarify, Decline, Stages

SHORT_LIMIT = 1800
"""Characters of an answer before `--more` (DESIGN §8)."""
SOMETHING_ELSE = "Something else"
STEPS_BEFORE_MORE = 2
QUOTE_LIMIT = 120
"""Characters of the asker's own phrase that are quoted."""
LABEL_WIDTH, GAP = 12, 2
NO_WORDS = "I see no words in that. Say in a sentence or two what hurts in getting machine learning into use."


def render(reply: Reply, knowledge: Knowledge, *, more: bool = False) -> RenderableType:
    """Everything that the asker should read, none of it taken for markup."""
    match reply.outcome:
        case Clarify(question=question):
            return question_block(question)
        case Decline() as decline:
            return decline_block(decline, knowledge)
        case _:
            assert reply.guidance is not None, "an answer comes with its guidance"
            return guidance_block(reply.guidance, more=more)


def guidance_block(guidance: Guidance, *, more: bool) -> RenderableType:
    opening = list(_opening(guidance))
    tables = [list(rows(guidance, more=more)) for rows in (_rows, _second_and_parked, _provenance)]
    if not more:
        tables = _shortened(tables, SHORT_LIMIT - sum(len(line) + 1 for line in opening))
    return Group(*opening, *map(_table, tables), *(_sources(guidance) if more else ()))


def question_block(question: AskedQuestion) -> RenderableType:
    choices = [choice.label for choice in question.choices] + [SOMETHING_ELSE]
    lines = [Text(f"  {number}  {label}") for number, label in enumerate(choices, start=1)]
    return Group(Text(question.ask, style="bold"), *lines)


def decline_block(decline: Decline, knowledge: Knowledge) -> RenderableType:
    if decline.reply is None:
        return Text(NO_WORDS)
    lines = [Text(decline.reply.reply)]
    if decline.reply.belongs:
        lines.append(Text(f"It belongs here: {decline.reply.belongs}."))
    if decline.reply.barriers:
        names = "; ".join(knowledge.barrier_by_id[id].name for id in decline.reply.barriers)
        lines.append(Text(f"What I can help with: {names}.", style="dim"))
    return Group(*lines)


def explanation_block(stages: Stages, reply: Reply) -> RenderableType:
    """Every stage with its scores, for `--explain`."""
    scope = ", ".join(f"{name} {p:.2f}" for name, p in stages.scope.items())
    closest = sorted(stages.question_likeness.items(), key=lambda item: -item[1])[:3]
    replies = sorted(stages.reply_likeness.items(), key=lambda item: -item[1])[:3]
    return Group(
        Text("How I got there", style="bold"),
        Text(f"language   {stages.language or 'en'}"),
        Text(f"scope      {scope}"),
        _scores("dimensions", [(r.id, r.probability) for r in stages.ranking.dimensions]),
        _scores("themes", [(r.id, r.probability) for r in stages.ranking.themes[:6]]),
        _scores("barriers", [(b.id, b.probability) for b in stages.ranking.barriers[:6]]),
        _scores("without the phrase, the first barrier has", list(stages.removals.items())),
        _scores("questions that sound alike", closest),
        _scores("out-of-scope replies that sound alike", replies),
        _scores("records", [(f"{h.id} ({h.origin}) {h.text[:60]}", h.score) for h in reply.hits[:6]], digits=4),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """`spare` rows leave a short answer that would be too long, the highest first; those with 0 stay."""

    label: str
    text: str
    spare: Literal[0, 1, 2, 3, 4, 5] = 0

    def __len__(self) -> int:
        return max(len(self.label), LABEL_WIDTH) + GAP + len(self.text) + 1


def _opening(guidance: Guidance) -> Iterator[Text]:
    for note in (guidance.acknowledgement, guidance.language_note):
        if note:
            yield Text(note, style="italic")
    barrier = guidance.barrier
    headline = Text(barrier.name, style="bold")
    headline.append(f"  ({guidance.sureness})", style="dim")
    yield headline
    yield Text(f"{barrier.dimension} · {barrier.theme} · {barrier.id}", style="cyan")
    yield Text(guidance.summary.text)


def _rows(guidance: Guidance, *, more: bool) -> Iterator[_Row]:
    if guidance.barrier.reason:
        yield _Row("Why", f"you wrote {_quoted(guidance.barrier.reason)}")
    if guidance.measure_note:
        yield _Row("Figures", guidance.measure_note)
    yield _Row("This week", guidance.first_step.text)
    if more:
        yield _Row("", f"You then have: {guidance.deliverable} It takes {guidance.effort}.")
    first, *others = guidance.next_quarter if more else guidance.next_quarter[:STEPS_BEFORE_MORE]
    yield _Row("Next quarter", f"• {first.text}")
    for step in others:
        yield _Row("", f"• {step.text}", spare=3)
    yield _Row("Good is", guidance.good_looks_like, spare=2)
    if not guidance.measure_note:
        yield _Row("Fixed when", guidance.fixed_when)
    if guidance.upstream:
        yield _Row("Often from", guidance.upstream, spare=1)
    if guidance.not_yet_when:
        yield _Row("Can wait", guidance.not_yet_when, spare=5)
    if more:
        yield _Row("Ask back", guidance.ask_back)
        if guidance.tools:
            yield _Row("Tools", guidance.tools)


def _second_and_parked(guidance: Guidance, *, more: bool) -> Iterator[_Row]:
    said = guidance.barrier.reason
    yield _Row("If not that", _one_line(guidance.runner_up, said))
    if guidance.second and guidance.second.id != guidance.runner_up.id:
        yield _Row("Also likely", _one_line(guidance.second, said), spare=4)
    if more:
        known = {guidance.runner_up.id, guidance.second.id if guidance.second else ""}
        yield from (_Row("Parked", _one_line(line, said)) for line in guidance.parked if line.id not in known)


def _one_line(line: BarrierLine, said: str | None) -> str:
    """With the phrase that speaks for it, unless `said` was that phrase."""
    because = f" ({_quoted(line.reason)})" if line.reason and line.reason != said else ""
    return f"{line.name}, {line.theme}: {line.one_line}{because}"


def _quoted(reason: str) -> str:
    """On one line, cut where it is long."""
    phrase = " ".join(reason.split())
    return f"“{phrase}”" if len(phrase) <= QUOTE_LIMIT else f"“{phrase[: QUOTE_LIMIT - 1].rstrip()}…”"


def _provenance(guidance: Guidance, *, more: bool) -> Iterator[_Row]:
    codes = ", ".join(f"“{code}”" for code in guidance.study.codes)
    match guidance.study.provenance:
        case "study-code":
            yield _Row("The study", f"names this under {guidance.study.theme}: {codes} [R01]")
        case "related":
            says = f"has related codes under {guidance.study.theme}: {codes} [R01]; the match is ours"
            yield _Row("The study", says)
        case _:
            yield _Row("The study", "has no code for this; we put it under the nearest of its themes")
    ids = ", ".join(source.id for source in guidance.sources)
    yield _Row("Our advice", f"{guidance.evidence}. Sources: {ids}" + ("" if more else " (--more shows them)"))


def _shortened(tables: Sequence[Sequence[_Row]], limit: int) -> list[list[_Row]]:
    """Without the rows that are spared most easily, as many as it takes to stay within `limit` characters."""
    kept = [row for table in tables for row in table]
    for row in sorted((row for row in kept if row.spare), key=lambda row: -row.spare):
        if sum(map(len, kept)) <= limit:
            break
        kept.remove(row)
    return [[row for row in table if row in kept] for table in tables]


def _sources(guidance: Guidance) -> Iterator[RenderableType]:
    yield Text("Sources", style="bold")
    for source in guidance.sources:
        line = Text(f"  {source.id}  {source.authors} ({source.year}): {source.title}. {source.venue}. ")
        line.append(source.url, style="dim")
        yield line
    records = ", ".join(citation.record for citation in guidance.citations)
    yield Text(f"  Records {records}; index {guidance.index_version}", style="dim")


def _table(rows: Iterable[_Row]) -> RenderableType:
    table = Table.grid(padding=(0, GAP))
    table.add_column(style="green", no_wrap=True, min_width=LABEL_WIDTH)
    table.add_column()
    for row in rows:
        table.add_row(Text(row.label), Text(row.text))
    return table


def _scores(name: str, scores: Sequence[tuple[str, float]], digits: int = 2) -> RenderableType:
    lines = [Text(f"{score:.{digits}f}  {label}") for label, score in scores]
    return Group(Text(name, style="cyan"), Padding(Group(*lines), (0, 0, 0, 2)))
