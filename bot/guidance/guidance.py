"""What a person reads, as data: no markup, no channel."""

from __future__ import annotations

from dataclasses import dataclass

from bot.knowledge import Source
from bot.retrieval.documents import OwnDocument
from bot.triage import Sureness


@dataclass(frozen=True, slots=True)
class Citation:
    """A retrieved record and the sources of its barrier. Nothing else can be cited."""

    record: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence and the record that it rests on."""

    text: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class BarrierLine:
    """A barrier told in one line, with the asker's clause that speaks for it."""

    id: str
    name: str
    dimension: str
    theme: str
    one_line: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class StudySays:
    """What the study is cited for: labels only. `codes` is empty for a barrier that is ours alone."""

    dimension: str
    theme: str
    codes: tuple[str, ...]
    provenance: str


@dataclass(frozen=True, slots=True)
class Guidance:
    """One answer. `study` holds the study's words, everything else is ours; `evidence` says how well it is known.

    `sureness` is None where the asker chose the barrier. `others` are the likeliest others, best first: one tap, or a
    number, shows the answer for one of them instead. `documents` are the organisation's own, which nobody here vouches
    for.
    """

    barrier: BarrierLine
    sureness: Sureness | None
    study: StudySays
    acknowledgement: str | None
    language_note: str | None
    measure_note: str | None
    summary: Cited
    first_step: Cited
    deliverable: str
    effort: str
    next_quarter: tuple[Cited, ...]
    good_looks_like: str
    fixed_when: str
    upstream: str | None
    not_yet_when: str | None
    others: tuple[BarrierLine, ...]
    tools: str | None
    ask_back: str
    evidence: str
    sources: tuple[Source, ...]
    citations: tuple[Citation, ...]
    index_version: int
    documents: tuple[OwnDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A short list: no barrier leads clearly, so these are shown to choose from, best first."""

    ask: str
    barriers: tuple[BarrierLine, ...]
    language_note: str | None
    index_version: int
