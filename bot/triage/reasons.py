"""The asker's own words that speak for a barrier: the whole clause that says it most clearly by itself, or none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bot.triage.heads import Floats

MAX_SHARE = 0.6
MAX_CLAUSES = 6
MIN_WORDS = 3
SPEAKS_FOR = 0.25
"""Of the barrier's probability for the whole message: a clause that gives it less is beside the point."""

_SUBJECT = (
    r"(?:i|we|you|he|she|it|they|there|this|that|these|those|the|our|my|your|his|her|their|its|a|an|nobody|no|none"
    r"|everybody|everyone|every|each|all|some|somebody|someone|people|most|many|few|half|only|now|then|nothing"
    r"|everything|i'm|we're|they're|it's|that's|there's|we've|i've|they've|don't|can't|won't)\b"
)
_BREAK = re.compile(
    r"[.!?;…]+(?=\s|$)\s*|\s*\n\s*|:(?=\s)\s*|\s*[()]\s*|\s*[–—]\s*|\s+-+\s+|\s*(?:->|→|⇒)\s*"
    rf"|,?\s+(?=(?:but|because|while|since|although|though|until|unless|whenever|whereas)\s)"
    rf"|,?\s+(?=(?:and|or|so|then|yet|also)\s+{_SUBJECT})"
    rf"|,\s+(?={_SUBJECT})",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"(?:(?:and|but|or|so|because|while|since|although|though|yet|then|also|plus|well|ok|okay|hi|hello|hey|still)\b[\s,]*)+",
    re.IGNORECASE,
)
_EDGE = " \t\n\r\"'“”‘’.,;:!?…()–—-*_`>#"
_WORD = re.compile(r"\w[\w'’/-]*")


@dataclass(frozen=True, slots=True)
class Clause:
    """Where a phrase stands in the message: `text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


def clauses(text: str) -> tuple[Clause, ...]:
    """At most MAX_CLAUSES whole clauses, each at most MAX_SHARE of the message; empty where it is a single one.

    Broken at the ends of sentences, at dashes and brackets, and at a comma or conjunction that a subject follows. A
    part of fewer than MIN_WORDS words goes with what stands before it, else with what follows.
    """
    limit = int(len(text.strip()) * MAX_SHARE)
    parts = _joined(list(_split(text)), text)
    fitting = [clause for part in parts if (clause := _opened(part, text)) and clause.end - clause.start <= limit]
    return tuple(fitting)[:MAX_CLAUSES] if len(parts) > 1 else ()


def strongest(clauses: Sequence[Clause], whole: Floats, alone: Sequence[Floats], column: int) -> Clause | None:
    """The clause that by itself makes the barrier of `column` likeliest; None where none speaks for it.

    `whole` are the barriers' log-probabilities for the message, `alone` those for each clause by itself.
    """
    if not clauses:
        return None
    said = [float(logs[column]) for logs in alone]
    best = int(np.argmax(said))
    return clauses[best] if said[best] >= float(whole[column]) + np.log(SPEAKS_FOR) else None


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


def _joined(parts: list[Clause], text: str) -> list[Clause]:
    while len(parts) > 1:
        short = next((place for place, part in enumerate(parts) if _words(part, text) < MIN_WORDS), None)
        if short is None:
            break
        first = max(short - 1, 0)
        parts[first : first + 2] = [Clause(parts[first].start, parts[first + 1].end)]
    return parts


def _opened(part: Clause, text: str) -> Clause | None:
    """Without the conjunction that it opens with."""
    opening = _OPENING.match(text, part.start, part.end)
    rest = Clause(opening.end() if opening else part.start, part.end)
    return rest if _words(rest, text) >= MIN_WORDS else None


def _words(part: Clause, text: str) -> int:
    return len(_WORD.findall(text, part.start, part.end))
