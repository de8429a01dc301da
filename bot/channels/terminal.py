"""Outcomes -> what a terminal shows. Pure: no clock, no network, no settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.bot import Reply
from bot.conversations.dialogue import SOMETHING_ELSE
from bot.guidance import Guidance, Listed, listed
from bot.guidance.cues import acknowledged
from bot.guidance.declined import Declined, declined
from bot.guidance.outline import (
    DOCUMENTS_HEADING,
    GAP,
    LABEL_WIDTH,
    Row,
    document_title,
    options,
    outline,
    source_title,
)
from bot.knowledge import Knowledge
from bot.triage import Answer, AskedQuestion, Clarify, Decline, Explanation, ShortList


def render(
    reply: Reply, knowledge: Knowledge, number: int, *, more: bool = False, opening: bool = True
) -> RenderableType:
    """Everything that the asker should read, none of it taken for markup. `number` is the index version's.

    Who is fed up is told once that it sounds so: at the opening of a conversation.
    """
    message = reply.explanation.message.text if opening else ""
    match reply.outcome:
        case Clarify(question=question):
            return question_block(acknowledged(question, message))
        case ShortList() as shortlist:
            return listed_block(listed(shortlist, message, knowledge, number))
        case Decline() as decline:
            return decline_block(declined(decline, knowledge))
        case Answer():
            assert reply.guidance is not None, "an answer comes with its guidance"
            guidance = reply.guidance if opening else replace(reply.guidance, acknowledgement=None)
            return guidance_block(guidance, more=more)


def guidance_block(guidance: Guidance, *, more: bool) -> RenderableType:
    shown = outline(guidance, more=more)
    headline = Text(shown.headline, style="bold")
    headline.append(f"  {shown.sureness}", style="dim")
    opening = [*(Text(note, style="italic") for note in shown.notes), headline, Text(shown.place, style="cyan")]
    tables = [_table(rows) for rows in (shown.advice, shown.alternatives, shown.provenance) if rows]
    lists = (*_sources(guidance), *_documents(guidance)) if more else ()
    return Group(*opening, *tables, *lists)


def listed_block(shown: Listed) -> RenderableType:
    rows = [*options(shown), Row(str(len(shown.barriers) + 1), SOMETHING_ELSE)]
    table = Table.grid(padding=(0, GAP))
    table.add_column(style="green", no_wrap=True)
    table.add_column()
    for row in rows:
        text = Text(row.text)
        if row.quote:
            text.append(f"  {row.quote}", style="dim")
        table.add_row(Text(row.label), text)
    notes = [Text(shown.language_note, style="italic")] if shown.language_note else []
    return Group(*notes, Text(shown.ask, style="bold"), Padding(table, (0, 0, 0, 2)))


def question_block(question: AskedQuestion) -> RenderableType:
    choices = [choice.label for choice in question.choices] + [SOMETHING_ELSE]
    lines = [Text(f"  {number}  {label}") for number, label in enumerate(choices, start=1)]
    return Group(Text(question.ask, style="bold"), *lines)


def decline_block(said: Declined) -> RenderableType:
    lines = [Text(line) for line in said.lines]
    if said.offer:
        lines[-1].stylize("dim")
    return Group(*lines)


def explanation_block(explanation: Explanation) -> RenderableType:
    """Show every stage with its scores, for `--explain`."""
    scope = ", ".join(f"{name} {p:.2f}" for name, p in explanation.scope.items())
    closest = sorted(explanation.question_similarity.items(), key=lambda item: -item[1])[:3]
    replies = sorted(explanation.reply_similarity.items(), key=lambda item: -item[1])[:3]
    return Group(
        Text("How I got there", style="bold"),
        Text(f"language   {explanation.language or 'en'}"),
        Text(f"scope      {scope}"),
        _scores("dimensions", [(r.id, r.probability) for r in explanation.ranking.dimensions]),
        _scores("themes", [(r.id, r.probability) for r in explanation.ranking.themes[:6]]),
        _scores("barriers", [(b.id, b.probability) for b in explanation.ranking.barriers[:6]]),
        _scores("by the clause alone, the first barrier has", list(explanation.clauses.items())),
        _scores("questions that sound alike", closest),
        _scores("out-of-scope replies that sound alike", replies),
        _scores("records", [(f"{h.id} ({h.origin}) {h.text[:60]}", h.score) for h in explanation.hits[:6]], digits=4),
    )


def _sources(guidance: Guidance) -> Iterator[RenderableType]:
    yield Text("Sources", style="bold")
    for source in guidance.sources:
        line = Text(f"  {source.id}  {source_title(source)}  ")
        line.append(source.url, style="dim")
        yield line


def _documents(guidance: Guidance) -> Iterator[RenderableType]:
    if guidance.documents:
        yield Text(DOCUMENTS_HEADING, style="bold")
    for document in guidance.documents:
        line = Text(f"  {document_title(document)}  ")
        line.append(document.link or document.id, style="dim")
        yield line


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
