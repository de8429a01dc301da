"""Guidance -> labelled rows, in reading order and short enough: what every channel shows, before any markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from bot.guidance.guidance import Guidance, Listed
from bot.knowledge import Source
from bot.retrieval.documents import OwnDocument

SHORT_LIMIT, SHORT_LINES, COLUMNS = 700, 12, 80
"""Characters and lines (of a terminal of so many columns) of an answer before "more" (DESIGN §8)."""
QUOTE_LIMIT = 110
"""Characters of the asker's own clause that are quoted; one that is longer is not."""
LABEL_WIDTH, GAP = 12, 2
WHY, RATHER = "Why", "Rather this?"
OWN = "your organisation's own"
DOCUMENTS, DOCUMENTS_HEADING = "Your docs", "Your own documents"
CHOSEN = "you chose it"
STUDY = "Kolar Narayanappa & Amrit 2023"
SOURCE_TITLE = 70


@dataclass(frozen=True, slots=True)
class Row:
    """`quote` is the asker's own clause, or None: a channel must never take it for markup."""

    label: str
    text: str
    quote: str | None = None

    @property
    def whole(self) -> str:
        return self.text if self.quote is None else f"{self.text} {self.quote}".lstrip()

    @property
    def lines(self) -> int:
        """In a terminal of 80 columns."""
        return len(wrap(self.whole, COLUMNS - max(len(self.label), LABEL_WIDTH) - GAP)) or 1

    def __len__(self) -> int:
        return max(len(self.label), LABEL_WIDTH) + GAP + len(self.whole) + 1


@dataclass(frozen=True, slots=True)
class Outline:
    """`notes` come first, where there are any. `alternatives` are the names of the likeliest others, numbered.

    `provenance` says whose words these are; it, and all of `advice` but three rows, is there with "more" only.
    """

    notes: tuple[str, ...]
    headline: str
    sureness: str
    place: str
    advice: tuple[Row, ...]
    alternatives: tuple[Row, ...]
    provenance: tuple[Row, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        return (*self.advice, *self.alternatives, *self.provenance)


def outline(guidance: Guidance, *, more: bool) -> Outline:
    """Return the whole answer with `more`, else what fits into SHORT_LIMIT characters and SHORT_LINES lines of it."""
    barrier = guidance.barrier
    notes = tuple(note for note in (guidance.acknowledgement, guidance.language_note) if note)
    headline, sureness = barrier.name, f"({guidance.sureness or CHOSEN})"
    own = f" · {OWN}" if guidance.study.provenance == "organisation" else ""
    place = f"{barrier.dimension} · {barrier.theme}{own}"
    advice = tuple(_advice(guidance, more=more))
    opening = tuple(Row("", line) for line in (*notes, f"{headline}  {sureness}", place))
    alternatives = _alternatives(guidance, None if more else (*opening, *advice))
    if not more and (nearest := _nearest_document(guidance, (*opening, *advice))):
        beside = _alternatives(guidance, (*opening, *advice, *nearest))  # perhaps fewer
        if _fit((*opening, *advice, *nearest, *beside)):
            advice, alternatives = (*advice, *nearest), beside
    return Outline(
        notes,
        headline,
        sureness,
        place,
        advice,
        alternatives=alternatives,
        provenance=tuple(_provenance(guidance)) if more else (),
    )


def without_quotes(outline: Outline) -> Outline:
    """For other eyes than the asker's: none of their own words."""
    return replace(outline, advice=tuple(row for row in outline.advice if row.label != WHY))


def options(listed: Listed, *, with_quotes: bool = True) -> tuple[Row, ...]:
    """Return a short list's rows: each barrier with its number and the clause that speaks for it."""
    return tuple(
        Row(str(number), barrier.one_line, quoted(barrier.reason) if with_quotes else None)
        for number, barrier in enumerate(listed.barriers, start=1)
    )


def quoted(reason: str | None) -> str | None:
    """On one line; None where it is long: half a clause says something else."""
    phrase = " ".join(reason.split()) if reason else ""
    return f"“{phrase}”" if 0 < len(phrase) <= QUOTE_LIMIT else None


def source_title(source: Source) -> str:
    """Who, when and what, short enough for a list."""
    first = source.authors.split(";")[0].split(",")[0].split(" (")[0].removesuffix(" et al.").strip()
    others = " et al." if ";" in source.authors or "et al" in source.authors else ""
    title = source.title if len(source.title) <= SOURCE_TITLE else source.title.split(": ")[0]
    title = title if len(title) <= SOURCE_TITLE else f"{title[:SOURCE_TITLE].rsplit(' ', 1)[0]} …"
    year = re.search(r"\d{4}(?:[-–]\d{2,4})?", source.year)
    return f"{first}{others} {year[0] if year else source.year}: {title}"


def document_title(document: OwnDocument) -> str:
    """Name a document and where in it. What it says is not ours: a channel must never take it for markup."""
    return f"{document.title} › {document.section}" if document.section else document.title


def _advice(guidance: Guidance, *, more: bool) -> Iterator[Row]:
    if quote := quoted(guidance.barrier.reason):
        yield Row(WHY, "you wrote", quote)
    if more:
        yield Row("In short", guidance.summary.text)
    if guidance.measure_note:
        yield Row("Figures", guidance.measure_note)
    yield Row("This week", guidance.first_step.text)
    if more:
        yield Row("", f"You then have: {guidance.deliverable} It takes {guidance.effort}.")
        first, *others = guidance.next_quarter
        yield Row("Next quarter", f"• {first.text}")
        yield from (Row("", f"• {step.text}") for step in others)
        yield Row("The aim", guidance.good_looks_like)
    if not guidance.measure_note:
        yield Row("Fixed when", guidance.fixed_when)
    if not more:
        return
    if guidance.upstream:
        yield Row("Caused by", guidance.upstream)
    if guidance.not_yet_when:
        yield Row("Not now if", guidance.not_yet_when)
    yield Row("Ask the team", guidance.ask_back)
    if guidance.tools:
        yield Row("Tools", guidance.tools)


def _alternatives(guidance: Guidance, beside: Sequence[Row] | None) -> tuple[Row, ...]:
    """Return one row of as many names as there is room for; of all where there is nothing `beside` it to count."""
    names = [f"{number} {other.name}" for number, other in enumerate(guidance.others, start=1)]
    while names:
        row = Row(RATHER, " · ".join(names))
        rows = (*(beside or ()), row)
        if beside is None or _fit(rows) or len(names) == 1:
            return (row,)
        names.pop()
    return ()


def _nearest_document(guidance: Guidance, beside: Sequence[Row]) -> tuple[Row, ...]:
    """Return a row that names it, with its section if there is room for that; none where there is room for neither."""
    for document in guidance.documents[:1]:
        for name in (document_title(document), document.title):
            row = Row(DOCUMENTS, "read", f"“{name}”")
            if _fit((*beside, row)):
                return (row,)
    return ()


def _fit(rows: Sequence[Row]) -> bool:
    """Tell whether a short answer may be as long."""
    return sum(map(len, rows)) <= SHORT_LIMIT and sum(each.lines for each in rows) <= SHORT_LINES


def _provenance(guidance: Guidance) -> Iterator[Row]:
    codes = ", ".join(f"“{code}”" for code in guidance.study.codes)
    match guidance.study.provenance:
        case "study-code":
            yield Row("The study", f"names this under {guidance.study.theme}: {codes} ({STUDY})")
        case "related":
            says = f"has related codes under {guidance.study.theme}: {codes} ({STUDY}); the match is ours"
            yield Row("The study", says)
        case "organisation":
            yield Row("The study", "has no part in this: your organisation wrote it, and put it under this theme")
        case _:
            yield Row("The study", "has no code for this; we put it under the nearest of its themes")
    yield Row("Our advice", guidance.evidence)
    records = ", ".join(citation.record for citation in guidance.citations)
    yield Row("Records", f"{records}; index {guidance.index_version}")
