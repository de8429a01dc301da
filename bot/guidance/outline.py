"""Guidance -> labelled rows, in reading order and short enough: what every channel shows, before any markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.guidance.guidance import BarrierLine, Guidance

SHORT_LIMIT = 1800
"""Characters of an answer before "more" (DESIGN §8)."""
STEPS_BEFORE_MORE = 2
QUOTE_LIMIT = 120
"""Characters of the asker's own phrase that are quoted."""
LABEL_WIDTH, GAP = 12, 2
WHY = "Why"


@dataclass(frozen=True, slots=True)
class Row:
    """`quote` is the asker's own phrase, or None: a channel must never take it for markup.

    `spare` rows leave a short answer that would be too long, the highest first; those with 0 stay.
    """

    label: str
    text: str
    quote: str | None = None
    spare: Literal[0, 1, 2, 3, 4, 5] = 0

    @property
    def whole(self) -> str:
        return self.text if self.quote is None else f"{self.text} {self.quote}".lstrip()

    def __len__(self) -> int:
        return max(len(self.label), LABEL_WIDTH) + GAP + len(self.whole) + 1


@dataclass(frozen=True, slots=True)
class Outline:
    """`notes` come first, where there are any; the rows stand in three groups: advice, alternatives, provenance."""

    notes: tuple[str, ...]
    headline: str
    sureness: str
    place: str
    summary: str
    advice: tuple[Row, ...]
    alternatives: tuple[Row, ...]
    provenance: tuple[Row, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        return (*self.advice, *self.alternatives, *self.provenance)


def outline(guidance: Guidance, *, more: bool) -> Outline:
    """The whole answer with `more`, else at most SHORT_LIMIT characters of it."""
    barrier = guidance.barrier
    notes = tuple(note for note in (guidance.acknowledgement, guidance.language_note) if note)
    headline, sureness = barrier.name, f"({guidance.sureness})"
    place = f"{barrier.dimension} · {barrier.theme} · {barrier.id}"
    summary = guidance.summary.text
    groups = [list(rows(guidance, more=more)) for rows in (_advice, _alternatives, _provenance)]
    if not more:
        opening = (*notes, f"{headline}  {sureness}", place, summary)
        groups = _shortened(groups, SHORT_LIMIT - sum(len(line) + 1 for line in opening))
    advice, alternatives, provenance = map(tuple, groups)
    return Outline(notes, headline, sureness, place, summary, advice, alternatives, provenance)


def without_quotes(told: Outline) -> Outline:
    """For other eyes than the asker's: none of their own words."""

    def cleared(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(replace(row, quote=None) for row in rows if row.label != WHY)

    return replace(told, advice=cleared(told.advice), alternatives=cleared(told.alternatives))


def quoted(reason: str) -> str:
    """On one line, cut where it is long."""
    phrase = " ".join(reason.split())
    return f"“{phrase}”" if len(phrase) <= QUOTE_LIMIT else f"“{phrase[: QUOTE_LIMIT - 1].rstrip()}…”"


def _advice(guidance: Guidance, *, more: bool) -> Iterator[Row]:
    if guidance.barrier.reason:
        yield Row(WHY, "you wrote", quoted(guidance.barrier.reason))
    if guidance.measure_note:
        yield Row("Figures", guidance.measure_note)
    yield Row("This week", guidance.first_step.text)
    if more:
        yield Row("", f"You then have: {guidance.deliverable} It takes {guidance.effort}.")
    first, *others = guidance.next_quarter if more else guidance.next_quarter[:STEPS_BEFORE_MORE]
    yield Row("Next quarter", f"• {first.text}")
    for step in others:
        yield Row("", f"• {step.text}", spare=3)
    yield Row("Good is", guidance.good_looks_like, spare=2)
    if not guidance.measure_note:
        yield Row("Fixed when", guidance.fixed_when)
    if guidance.upstream:
        yield Row("Often from", guidance.upstream, spare=1)
    if guidance.not_yet_when:
        yield Row("Can wait", guidance.not_yet_when, spare=5)
    if more:
        yield Row("Ask back", guidance.ask_back)
        if guidance.tools:
            yield Row("Tools", guidance.tools)


def _alternatives(guidance: Guidance, *, more: bool) -> Iterator[Row]:
    said = guidance.barrier.reason
    yield _one_line("If not that", guidance.runner_up, said)
    if guidance.second and guidance.second.id != guidance.runner_up.id:
        yield _one_line("Also likely", guidance.second, said, spare=4)
    if more:
        known = {guidance.runner_up.id, guidance.second.id if guidance.second else ""}
        yield from (_one_line("Parked", line, said) for line in guidance.parked if line.id not in known)


def _one_line(label: str, line: BarrierLine, said: str | None, spare: Literal[0, 4] = 0) -> Row:
    """With the phrase that speaks for it, unless `said` was that phrase."""
    because = f"({quoted(line.reason)})" if line.reason and line.reason != said else None
    return Row(label, f"{line.name}, {line.theme}: {line.one_line}", because, spare)


def _provenance(guidance: Guidance, *, more: bool) -> Iterator[Row]:
    codes = ", ".join(f"“{code}”" for code in guidance.study.codes)
    match guidance.study.provenance:
        case "study-code":
            yield Row("The study", f"names this under {guidance.study.theme}: {codes} [R01]")
        case "related":
            says = f"has related codes under {guidance.study.theme}: {codes} [R01]; the match is ours"
            yield Row("The study", says)
        case _:
            yield Row("The study", "has no code for this; we put it under the nearest of its themes")
    ids = ", ".join(source.id for source in guidance.sources)
    yield Row("Our advice", f"{guidance.evidence}. Sources: {ids}" + ("" if more else " (“more” shows them)"))


def _shortened(groups: Sequence[Sequence[Row]], limit: int) -> list[list[Row]]:
    """Without the rows that are spared most easily, as many as it takes to stay within `limit` characters."""
    kept = [row for group in groups for row in group]
    for row in sorted((row for row in kept if row.spare), key=lambda row: -row.spare):
        if sum(map(len, kept)) <= limit:
            break
        kept.remove(row)
    return [[row for row in group if row in kept] for group in groups]
