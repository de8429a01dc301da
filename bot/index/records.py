"""What of the knowledge base is indexed: one record a statement that a message can resemble."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.knowledge import Barrier, Knowledge

RecordKind = Literal["card", "symptom", "step"]


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """`id` is `ORG-08/card`, `ORG-08/symptom/3` or `ORG-08/step/0`: the barrier, the kind, the place in its list."""

    id: str
    kind: RecordKind
    barrier: str
    text: str


def records_of(knowledge: Knowledge) -> tuple[IndexRecord, ...]:
    """Return every record of the knowledge base, in the order of its files."""
    return tuple(record for barrier in knowledge.barriers for record in _records_of_barrier(barrier))


def _records_of_barrier(barrier: Barrier) -> Iterator[IndexRecord]:
    card = f"{barrier.name}. {barrier.summary} {barrier.editorial.title_question}"
    yield IndexRecord(f"{barrier.id}/card", "card", barrier.id, card)
    for place, symptom in enumerate(barrier.symptoms):
        yield IndexRecord(f"{barrier.id}/symptom/{place}", "symptom", barrier.id, symptom)
    for place, step in enumerate(barrier.recommendations):
        yield IndexRecord(f"{barrier.id}/step/{place}", "step", barrier.id, step.text)
