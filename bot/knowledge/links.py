"""The web between barriers: causes with two ends, circles named as such, look-alikes that know each other."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from bot.knowledge.files import File, Problem
from bot.knowledge.folder import Folder
from bot.knowledge.models import Barrier


def link_problems(folder: Folder) -> Iterator[Problem]:
    for file in folder.whole_barriers:
        yield from _linked_ids(file, folder)
    for file in folder.by_id.values():
        yield from _one_ended(file, folder)
    yield from _unnamed_loops(folder)
    if not folder.damaged:  # else the rest of a circle may stand in a file that could not be read
        yield from _loops_that_are_none(folder)


def _linked_ids(file: File[Barrier], folder: Folder) -> Iterator[Problem]:
    barrier = file.record
    links = {
        "caused_by": tuple(cause.id for cause in barrier.caused_by),
        "leads_to": barrier.leads_to,
        "confusable_with": barrier.confusable_with,
    }
    for key, ids in links.items():
        for index, linked in enumerate(ids):
            if problem := folder.unknown_barrier(linked):
                yield file.problem(problem, key, index)
            elif linked == barrier.id:
                yield file.problem(f"{key} names the barrier itself; remove it", key, index)


def _one_ended(file: File[Barrier], folder: Folder) -> Iterator[Problem]:
    """Links that the other barrier does not know of. What a damaged barrier knows nobody can tell."""
    barrier = file.record
    others = {id: other for id, other in folder.by_id.items() if id not in folder.damaged and id != barrier.id}
    for index, cause in enumerate(barrier.caused_by):
        if (other := others.get(cause.id)) and barrier.id not in other.record.leads_to:
            yield file.problem(half(other, "leads_to", barrier.id), "caused_by", index)
    for index, effect in enumerate(barrier.leads_to):
        if (other := others.get(effect)) and barrier.id not in _causes_of(other):
            yield file.problem(half(other, "caused_by", barrier.id), "leads_to", index)
    for index, twin in enumerate(barrier.confusable_with):
        if (other := others.get(twin)) and barrier.id not in other.record.confusable_with:
            yield file.problem(half(other, "confusable_with", barrier.id), "confusable_with", index)


def half(other: File[Barrier], key: str, barrier_id: str) -> str:
    return f"{other.path} does not list {barrier_id} in {key}; add it there, or remove {other.record.id} here"


def _causes_of(file: File[Barrier], loops: bool = True) -> list[str]:
    return [cause.id for cause in file.record.caused_by if loops or not cause.loop]


def _unnamed_loops(folder: Folder) -> Iterator[Problem]:
    """Yield one problem for each circle that remains when the links marked as loops are taken away."""
    causes = {
        id: [cause for cause in _causes_of(file, loops=False) if cause in folder.by_id and cause != id]
        for id, file in folder.by_id.items()
    }
    while circle := _find_circle(causes):
        cause, effect = circle[-2:]
        causes[effect].remove(cause)
        names = " -> ".join(f'{id} "{folder.by_id[id].record.name}"' for id in circle)
        file = folder.by_id[effect]
        yield file.problem(
            f"causes run in a circle: {names}; mark the link that closes it with loop: true, or remove one",
            "caused_by",
            _causes_of(file).index(cause),
        )


def _find_circle(causes: dict[str, list[str]]) -> list[str]:
    """Ids from cause to effect, the first again at the end; empty if there is no circle."""
    try:
        TopologicalSorter(causes).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def _loops_that_are_none(folder: Folder) -> Iterator[Problem]:
    for file in folder.by_id.values():
        for index, cause in enumerate(file.record.caused_by):
            if cause.loop and cause.id in folder.by_id and file.record.id not in upstream(cause.id, folder):
                message = f"{cause.id} is marked as a loop, but {file.record.id} does not bring it about"
                yield file.problem(f"{message}; remove the mark", "caused_by", index)


def upstream(barrier_id: str, folder: Folder) -> set[str]:
    """Return all that brings a barrier about, over any number of links."""
    found: set[str] = set()
    waiting = [barrier_id]
    while waiting:
        if file := folder.by_id.get(waiting.pop()):
            new = set(_causes_of(file)) - found
            found |= new
            waiting.extend(new)
    return found
