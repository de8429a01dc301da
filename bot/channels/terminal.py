"""Outcomes -> what a terminal shows. Pure: no clock, no network, no settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.app import Reply
from bot.conversations.dialogue import SOMETHING_ELSE
from bot.guidance import Guidance
from bot.guidance.declined import Declined, declined
from bot.guidance.outline import GAP, LABEL_WIDTH, Row, outline
from bot.guidance.tone import acknowledged
from bot.knowledge import Knowledge
from bot.triage import AskedQuestion, Clarify, Decline, Stages


def render(reply: Reply, knowledge: Knowledge, *, more: bool = False) -> RenderableType:
    """Everything that the asker should read, none of it taken for markup."""
    match reply.outcome:
        case Clarify(question=question):
            return question_block(acknowledged(question, reply.stages.message.text))
        case Decline() as decline:
            return decline_block(declined(decline, knowledge))
        case _:
            assert reply.guidance is not None, "an answer comes with its guidance"
            return guidance_block(reply.guidance, more=more)


def guidance_block(guidance: Guidance, *, more: bool) -> RenderableType:
    shown = outline(guidance, more=more)
    headline = Text(shown.headline, style="bold")
    headline.append(f"  {shown.sureness}", style="dim")
    opening = [*(Text(note, style="italic") for note in shown.notes), headline, Text(shown.place, style="cyan")]
    tables = map(_table, (shown.advice, shown.alternatives, shown.provenance))
    return Group(*opening, Text(shown.summary), *tables, *(_sources(guidance) if more else ()))


def question_block(question: AskedQuestion) -> RenderableType:
    choices = [choice.label for choice in question.choices] + [SOMETHING_ELSE]
    lines = [Text(f"  {number}  {label}") for number, label in enumerate(choices, start=1)]
    return Group(Text(question.ask, style="bold"), *lines)


def decline_block(said: Declined) -> RenderableType:
    lines = [Text(line) for line in said.lines]
    if said.offer:
        lines[-1].stylize("dim")
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


def _sources(guidance: Guidance) -> Iterator[RenderableType]:
    yield Text("Sources", style="bold")
    for source in guidance.sources:
        line = Text(f"  {source.id}  {source.authors} ({source.year}): {source.title}. {source.venue}. ")
        line.append(source.url, style="dim")
        yield line
    records = ", ".join(citation.record for citation in guidance.citations)
    yield Text(f"  Records {records}; index {guidance.index_version}", style="dim")


def _table(rows: Iterable[Row]) -> RenderableType:
    table = Table.grid(padding=(0, GAP))
    table.add_column(style="green", no_wrap=True, min_width=LABEL_WIDTH)
    table.add_column()
    for row in rows:
        table.add_row(Text(row.label), Text(row.whole))
    return table


def _scores(name: str, scores: Sequence[tuple[str, float]], digits: int = 2) -> RenderableType:
    lines = [Text(f"{score:.{digits}f}  {label}") for label, score in scores]
    return Group(Text(name, style="cyan"), Padding(Group(*lines), (0, 0, 0, 2)))
