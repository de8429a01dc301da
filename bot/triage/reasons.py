"""The asker's own words that speak for a barrier: the whole clause that says it most clearly by itself, or none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bot.triage.heads import Floats

MAX_SHARE = 0.6
MAX_CLAUSES = 8
MIN_WORDS = 3
SPEAKS_FOR = 0.5
"""Of the barrier's probability for the whole message: a clause that gives it less is beside the point."""
AMONG_FIRST = 3
"""Where the barrier must stand in what a clause says by itself."""

_WHO = (
    r"(?:i|we|you|he|she|it|they|there|nobody|everybody|everyone|somebody|someone|nothing|everything|people|none"
    r"|i'm|we're|they're|it's|that's|there's|we've|i've|they've|he's|she's|no\s+one)\b"
)
_WHAT = r"(?:this|that|the|our|my|their|each|every|all|most|half|now)\b"
_BREAK = re.compile(
    r"[.!?;…]+(?=\s|$)\s*|\s*\n\s*|\s*[–—]\s*|\s+-+\s+|\s*(?:->|→|⇒)\s*"
    r"|,?\s+(?=(?:because|although|though|unless|whereas)\s)|,\s+(?=(?:and|but|so|or|yet)\s)"
    rf"|,?\s+(?=(?:and|but|so|since|while|until|whenever|when)\s+(?:then\s+)?{_WHO})|,\s+(?={_WHO}|{_WHAT})",
    re.IGNORECASE,
)
_CONJUNCTION = r"(?:and|but|or|so|because|while|since|although|though|yet|then|also|plus)\b"
_OPENING = re.compile(
    rf"(?:(?:{_CONJUNCTION}|(?:well|ok|okay|hi|hello|hey|still|meanwhile|basically)\b)[\s,]*)+", re.IGNORECASE
)
_CLOSING = re.compile(r"[\s,]+(?:and|but|or|so|because|while|since)$", re.IGNORECASE)
_EDGE = " \t\n\r\"'“”‘’.,;:!?…–—-*_`>#"
_WORD = re.compile(r"\w[\w'’/-]*")
_PAIRS = ("()", "[]", "“”")


@dataclass(frozen=True, slots=True)
class Clause:
    """Where a phrase stands in the message: `text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


def clauses(text: str) -> tuple[Clause, ...]:
    """At most MAX_CLAUSES whole clauses, each at most MAX_SHARE of the message; empty where it is a single one.

    Broken at the ends of sentences, at dashes, and at a comma or conjunction that a subject follows. A part of fewer
    than MIN_WORDS words is none.
    """
    limit = int(len(text.strip()) * MAX_SHARE)
    parts = list(_split(text))
    fitting = [clause for part in parts if (clause := _opened(part, text)) and clause.end - clause.start <= limit]
    return tuple(fitting)[:MAX_CLAUSES] if len(parts) > 1 else ()


def speaking(
    clauses: Sequence[Clause], whole: Floats, alone: Sequence[Floats], columns: Sequence[int]
) -> list[Clause | None]:
    """For the barriers of `columns` the clause that by itself makes it likeliest, each clause for one barrier only.

    `whole` are the barriers' log-probabilities for the message, `alone` those for each clause by itself. None where no
    clause speaks for it: where all leave it less likely by far, or others likelier.
    """
    claims = [
        (float(logs[column]), place, row)
        for row, column in enumerate(columns)
        for place, logs in enumerate(alone)
        if logs[column] >= whole[column] + np.log(SPEAKS_FOR) and int((logs > logs[column]).sum()) < AMONG_FIRST
    ]
    given: list[Clause | None] = [None] * len(columns)
    taken: set[int] = set()
    for _, place, row in sorted(claims, key=lambda claim: (-claim[0], claim[1], claim[2])):
        if given[row] is None and place not in taken:
            given[row] = clauses[place]
            taken.add(place)
    return given


def _split(text: str) -> Iterator[Clause]:
    start = 0
    for gap in _BREAK.finditer(text):
        yield from _trimmed(text, start, gap.start())
        start = gap.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[Clause]:
    while start < end and text[start] in _EDGE:
        start += 1
    while end > start and text[end - 1] in _EDGE:
        end -= 1
    if _WORD.search(text, start, end):
        yield Clause(start, end)


def _opened(part: Clause, text: str) -> Clause | None:
    """Without the conjunctions at its ends; None where too little is left, or half of a bracket."""
    opening = _OPENING.match(text, part.start, part.end)
    start = opening.end() if opening else part.start
    closing = _CLOSING.search(text[start : part.end])
    rest = Clause(start, start + closing.start() if closing else part.end)
    return rest if _words(rest, text) >= MIN_WORDS and _whole(rest.of(text)) else None


def _whole(phrase: str) -> bool:
    """Tell whether brackets and quotation marks that open in it close in it."""
    return (
        phrase.count('"') % 2 == 0
        and phrase.count(" '") == 0
        and all(phrase.count(pair[0]) == phrase.count(pair[1]) for pair in _PAIRS)
    )


def _words(part: Clause, text: str) -> int:
    return len(_WORD.findall(text, part.start, part.end))
