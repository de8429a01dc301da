"""What a refresh would change."""

from __future__ import annotations

from dataclasses import dataclass

from bot.knowledge import Barrier, Knowledge


@dataclass(frozen=True, slots=True)
class BarrierChange:
    """One barrier that both sides have: which of its fields differ, and which symptoms came and went."""

    id: str
    fields: tuple[str, ...]
    symptoms_added: tuple[str, ...] = ()
    symptoms_removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the study's codes lead to a barrier."""

    covered: int
    codes: int


@dataclass(frozen=True, slots=True)
class KnowledgeDiff:
    """`others` names what differs outside the barriers: themes, sources, questions, scope, plays, banned claims."""

    added: tuple[str, ...]
    changed: tuple[BarrierChange, ...]
    removed: tuple[str, ...]
    others: tuple[str, ...]
    coverage_before: Coverage
    coverage: Coverage

    @property
    def empty(self) -> bool:
        return not (self.added or self.changed or self.removed or self.others)


def diff(before: Knowledge, after: Knowledge) -> KnowledgeDiff:
    """Barriers by id, everything else as a whole."""
    old, new = before.barrier_by_id, after.barrier_by_id
    kept = sorted(old.keys() & new.keys())
    return KnowledgeDiff(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(_change(old[id], new[id]) for id in kept if old[id] != new[id]),
        removed=tuple(sorted(old.keys() - new.keys())),
        others=tuple(
            name
            for name in Knowledge.model_fields
            if name != "barriers" and getattr(before, name) != getattr(after, name)
        ),
        coverage_before=coverage(before),
        coverage=coverage(after),
    )


def coverage(knowledge: Knowledge) -> Coverage:
    codes = {code for theme in knowledge.themes for code in theme.study_codes}
    covered = {code for barrier in knowledge.barriers for code in barrier.study_codes}
    return Coverage(len(codes & covered), len(codes))


def _change(old: Barrier, new: Barrier) -> BarrierChange:
    return BarrierChange(
        id=new.id,
        fields=tuple(name for name in Barrier.model_fields if getattr(old, name) != getattr(new, name)),
        symptoms_added=tuple(symptom for symptom in new.symptoms if symptom not in old.symptoms),
        symptoms_removed=tuple(symptom for symptom in old.symptoms if symptom not in new.symptoms),
    )
