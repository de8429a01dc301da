"""What a refresh would change."""

from __future__ import annotations

from dataclasses import dataclass

from bot.knowledge import Barrier, Knowledge


@dataclass(frozen=True, slots=True)
class BarrierChange:
    """One barrier that both sides have, and which of its fields differ."""

    id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnowledgeDiff:
    """`others` names what differs outside the barriers: themes, sources, questions, scope, plays, banned claims."""

    added: tuple[str, ...]
    changed: tuple[BarrierChange, ...]
    removed: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def empty(self) -> bool:
        return not (self.added or self.changed or self.removed or self.others)


def diff(before: Knowledge, after: Knowledge) -> KnowledgeDiff:
    """Barriers by id, everything else as a whole."""
    old, new = before.barrier_by_id, after.barrier_by_id
    kept = sorted(old.keys() & new.keys())
    return KnowledgeDiff(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(BarrierChange(id, _fields(old[id], new[id])) for id in kept if old[id] != new[id]),
        removed=tuple(sorted(old.keys() - new.keys())),
        others=tuple(
            name
            for name in Knowledge.model_fields
            if name != "barriers" and getattr(before, name) != getattr(after, name)
        ),
    )


def _fields(old: Barrier, new: Barrier) -> tuple[str, ...]:
    return tuple(name for name in Barrier.model_fields if getattr(old, name) != getattr(new, name))
