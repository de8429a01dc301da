"""Outcomes -> what a terminal shows. Pure: no clock, no network, no settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    return Group(*_guidance_lines(guidance, more=more))


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


def _guidance_lines(guidance: Guidance, *, more: bool) -> Iterator[RenderableType]:
    for note in (guidance.acknowledgement, guidance.language_note):
        if note:
            yield Text(note, style="italic")
    barrier = guidance.barrier
    headline = Text(barrier.name, style="bold")
    headline.append(f"  ({guidance.sureness})", style="dim")
    yield headline
    yield Text(f"{barrier.dimension} · {barrier.theme} · {barrier.id}", style="cyan")
    yield Text(guidance.summary.text)
    yield _table(_rows(guidance, more=more))
    yield from _second_and_parked(guidance, more=more)
    yield _table(_provenance(guidance, more=more))
    if more:
        yield from _sources(guidance)


def _rows(guidance: Guidance, *, more: bool) -> Iterator[tuple[str, str]]:
    if guidance.barrier.reason:
        yield "Why", f"you wrote “{guidance.barrier.reason}”"
    if guidance.measure_note:
        yield "Figures", guidance.measure_note
    yield "This week", guidance.first_step.text
    if more:
        yield "", f"You then have: {guidance.deliverable} It takes {guidance.effort}."
    steps = guidance.next_quarter if more else guidance.next_quarter[:STEPS_BEFORE_MORE]
    for place, step in enumerate(steps):
        yield ("Next quarter" if place == 0 else ""), f"• {step.text}"
    yield "Good is", guidance.good_looks_like
    if not guidance.measure_note:
        yield "Fixed when", guidance.fixed_when
    if guidance.upstream:
        yield "Often from", guidance.upstream
    if guidance.not_yet_when:
        yield "Can wait", guidance.not_yet_when
    if more:
        yield "Ask back", guidance.ask_back
        if guidance.tools:
            yield "Tools", guidance.tools


def _second_and_parked(guidance: Guidance, *, more: bool) -> Iterator[RenderableType]:
    rows = [("If not that", _one_line(guidance.runner_up))]
    if guidance.second and guidance.second.id != guidance.runner_up.id:
        rows.append(("Also likely", _one_line(guidance.second)))
    if more:
        known = {guidance.runner_up.id, guidance.second.id if guidance.second else ""}
        rows += [("Parked", _one_line(line)) for line in guidance.parked if line.id not in known]
    yield _table(rows)


def _one_line(line: BarrierLine) -> str:
    because = f" (“{line.reason}”)" if line.reason else ""
    return f"{line.name}, {line.theme}: {line.one_line}{because}"


def _provenance(guidance: Guidance, *, more: bool) -> Iterator[tuple[str, str]]:
    codes = ", ".join(f"“{code}”" for code in guidance.study.codes)
    match guidance.study.provenance:
        case "study-code":
            yield "The study", f"names this under {guidance.study.theme}: {codes} [R01]"
        case "related":
            yield "The study", f"has related codes under {guidance.study.theme}: {codes} [R01]; the match is ours"
        case _:
            yield "The study", "has no code for this; we put it under the nearest of its themes"
    ids = ", ".join(source.id for source in guidance.sources)
    yield "Our advice", f"{guidance.evidence}. Sources: {ids}" + ("" if more else " (--more shows them)")


def _sources(guidance: Guidance) -> Iterator[RenderableType]:
    yield Text("Sources", style="bold")
    for source in guidance.sources:
        line = Text(f"  {source.id}  {source.authors} ({source.year}): {source.title}. {source.venue}. ")
        line.append(source.url, style="dim")
        yield line
    records = ", ".join(citation.record for citation in guidance.citations)
    yield Text(f"  Records {records}; index {guidance.index_version}", style="dim")


def _table(rows: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="green", no_wrap=True, min_width=12)
    table.add_column()
    for label, text in rows:
        table.add_row(Text(label), Text(text))
    return table


def _scores(name: str, scores: Sequence[tuple[str, float]], digits: int = 2) -> RenderableType:
    lines = [Text(f"{score:.{digits}f}  {label}") for label, score in scores]
    return Group(Text(name, style="cyan"), Padding(Group(*lines), (0, 0, 0, 2)))
