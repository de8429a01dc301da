"""The asker's own phrase that speaks for a barrier: the clause whose removal lowers its probability most."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MAX_SHARE = 0.6
MAX_CLAUSES = 6

_BREAK = re.compile(
    r"[.!?;:,\n()–—]+\s*|\s+-+\s+"
    r"|\s+(?=(?:but|and|because|so|while|since|although|though|until|unless|when|whenever|if|which|who|or|then)\b)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\S+")
_EDGE = " \t\n\r\"'“”‘’.,;:!?()–—-*_`"
_LETTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Clause:
    """Where a phrase stands in the message: `text[start:end]`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def removed_from(self, text: str) -> str:
        return f"{text[: self.start]} {text[self.end :]}".strip()


def clauses(text: str) -> tuple[Clause, ...]:
    """At most MAX_CLAUSES phrases, each at most MAX_SHARE of the message and never all of it.

    Clauses by punctuation and conjunctions; a message without any gives runs of its words. Empty for one word.
    """
    limit = int(len(text.strip()) * MAX_SHARE)
    parts = list(_grouped(list(_split(text)), limit))
    fitting = [clause for clause in parts if clause.end - clause.start <= limit]
    if len(fitting) < 2:
        fitting += [run for run in _runs_of_words(text) if run.end - run.start <= limit]
    return tuple(dict.fromkeys(fitting))[:MAX_CLAUSES]


def strongest(clauses: Sequence[Clause], whole: float, without: Iterable[float]) -> Clause | None:
    """The clause without which the barrier is least likely; None when each removal makes it likelier.

    `whole` is the barrier's log-probability for the message, `without` that for the message less each clause.
    """
    drops = [(whole - left, -clause.start, clause) for clause, left in zip(clauses, without, strict=True)]
    if not drops:
        return None
    drop, _, clause = max(drops, key=lambda item: item[:2])
    return clause if drop > 0 else None


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
    if _LETTER.search(text, start, end):
        yield Clause(start, end)


def _grouped(parts: list[Clause], limit: int) -> Iterator[Clause]:
    # Neighbours are joined until there are few enough, the shortest pair first, so that none is left out.
    while len(parts) > MAX_CLAUSES:
        place = min(range(len(parts) - 1), key=lambda i: parts[i + 1].end - parts[i].start)
        parts[place : place + 2] = [Clause(parts[place].start, parts[place + 1].end)]
    yield from parts
    if len(parts) <= MAX_CLAUSES // 2:
        for first, second in zip(parts, parts[1:], strict=False):
            if second.end - first.start <= limit:
                yield Clause(first.start, second.end)


def _runs_of_words(text: str) -> Iterator[Clause]:
    found = [clause for word in _WORD.finditer(text) for clause in _trimmed(text, word.start(), word.end())]
    if len(found) < 2:
        return
    for parts in (2, 3):
        size = max(len(found) // parts, 1)
        for start in range(0, len(found) - size + 1, size):
            yield Clause(found[start].start, found[start + size - 1].end)
