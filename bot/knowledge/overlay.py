"""An organisation's own knowledge, laid over the project's: barriers added, replaced by their id, switched off.

Links between one of its barriers and one of the project's are whole if either end names them: it writes one end only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bot.knowledge.files import Broken, File, Problem, read_file
from bot.knowledge.folder import BASE_FILES, Folder, read_barriers
from bot.knowledge.links import upstream
from bot.knowledge.messages import MessageFiles, read_message_files
from bot.knowledge.models import Barrier, Cause, Plays, Questions, Scope, Sources, SwitchedOff
from bot.sentences import did_you_mean

OWN = "organisation"
SWITCHED_OFF, SOURCES = "switched_off.yaml", "sources.yaml"
EXPECTED = {SWITCHED_OFF, SOURCES, "training/messages.jsonl", "training/real.jsonl"}


@dataclass(frozen=True)
class Laid:
    """Base and overlay as one, and what is wrong with the overlay by itself."""

    folder: Folder
    messages: tuple[MessageFiles, ...]
    problems: tuple[Problem, ...]
    files: int


def is_overlay(path: Path) -> bool:
    """Tell an overlay from a whole knowledge base: it has none of the files that there is one of."""
    return not any((path / name).exists() for name in BASE_FILES)


def lay_over(base: Folder, base_messages: MessageFiles, path: Path) -> Laid:
    """Read the overlay in `path`, and lay it over the base."""
    own = read_barriers(path)
    off = read_file(path / SWITCHED_OFF, SwitchedOff) if (path / SWITCHED_OFF).exists() else None
    sources = read_file(path / SOURCES, Sources) if (path / SOURCES).exists() else None
    own_ids = {file.path.stem for file in own}
    gone = frozenset(off.record.barriers if isinstance(off, File) else ()) - own_ids
    kept = [file for file in base.barriers if file.path.stem not in own_ids | gone]
    folder = replace(
        base,
        is_overlaid=True,
        barriers=tuple(sorted([*kept, *own], key=lambda file: file.path.stem)),
        sources=_with_sources(base.sources, sources),
    )
    folder = replace(folder, barriers=tuple(_linked(folder, own_ids, gone)))
    folder = replace(
        folder,
        barriers=tuple(_without_idle_marks(folder)),
        questions=_asked(folder.questions, gone),
        scope=_replied(folder.scope, gone),
        plays=_played(folder.plays, gone),
    )
    messages = read_message_files(path, optional=True)
    problems = (
        *(problem for file in (off, sources) if file for problem in file.problems),
        *_own_problems(own),
        *_off_problems(off, base, own_ids),
        *_source_problems(sources, base),
    )
    files = len(own) + sum(file is not None for file in (off, sources))
    return Laid(folder, (_about(base_messages, gone), messages), problems, files)


def _own_problems(own: Iterable[File[Barrier] | Broken]) -> Iterator[Problem]:
    for file in own:
        if isinstance(file, File) and file.record.provenance != OWN:
            yield file.problem(f"what an organisation adds is its own; write {OWN}", "provenance")


def _off_problems(off: File[SwitchedOff] | Broken | None, base: Folder, own: set[str]) -> Iterator[Problem]:
    if not isinstance(off, File):
        return
    for index, id in enumerate(off.record.barriers):
        if id not in base.by_id:
            way_out = did_you_mean(id, sorted(base.by_id))
            yield off.problem(f'barrier "{id}" is none of the project\'s{way_out}', "barriers", index)
        elif id in own:
            yield off.problem(f"{id} is replaced by a file of yours, too; do one or the other", "barriers", index)


def _source_problems(sources: File[Sources] | Broken | None, base: Folder) -> Iterator[Problem]:
    if not isinstance(sources, File) or not isinstance(base.sources, File):
        return
    taken = {source.id for source in base.sources.record.sources}
    for index, source in enumerate(sources.record.sources):
        if source.id in taken:
            yield sources.problem(f"source {source.id} is there already; choose another id", "sources", index, "id")
        taken.add(source.id)


def _with_sources(base: File[Sources] | Broken, own: File[Sources] | Broken | None) -> File[Sources] | Broken:
    if not isinstance(base, File) or not isinstance(own, File):
        return base
    taken = {source.id for source in base.record.sources}
    added = tuple(source for source in own.record.sources if source.id not in taken)
    return replace(base, record=Sources(sources=(*base.record.sources, *added)))


def _linked(folder: Folder, own: set[str], gone: frozenset[str]) -> Iterator[File[Barrier] | Broken]:
    """Write the other ends of the links that have an own barrier at one of them; take out links to what is gone."""
    by_id = {id: file.record for id, file in folder.by_id.items()}
    whys = {(effect, cause.id): cause for effect, barrier in by_id.items() for cause in barrier.caused_by}
    leads = {(id, effect) for id, barrier in by_id.items() for effect in barrier.leads_to}
    alike = {(id, twin) for id, barrier in by_id.items() for twin in barrier.confusable_with}
    for file in folder.barriers:
        if not isinstance(file, File) or file.record.id not in by_id:
            yield file
            continue
        barrier = file.record
        others = [id for id in sorted(by_id) if id != barrier.id and (id in own or barrier.id in own)]
        named = {cause.id for cause in barrier.caused_by}
        causes = [Cause(id=id, why=by_id[id].summary) for id in others if (id, barrier.id) in leads and id not in named]
        effects = [id for id in others if (id, barrier.id) in whys and id not in barrier.leads_to]
        twins = [id for id in others if (id, barrier.id) in alike and id not in barrier.confusable_with]
        linked = {
            "caused_by": (*(cause for cause in barrier.caused_by if cause.id not in gone), *causes),
            "leads_to": (*(id for id in barrier.leads_to if id not in gone), *effects),
            "confusable_with": (*(id for id in barrier.confusable_with if id not in gone), *twins),
        }
        yield replace(file, record=barrier.model_copy(update=linked))


def _without_idle_marks(folder: Folder) -> Iterator[File[Barrier] | Broken]:
    """Take the marks off links that close no circle any more, because a barrier of it is gone or replaced."""
    for file in folder.barriers:
        if not isinstance(file, File) or not any(cause.loop for cause in file.record.caused_by):
            yield file
            continue
        causes = tuple(
            cause.model_copy(update={"loop": cause.loop and file.record.id in upstream(cause.id, folder)})
            for cause in file.record.caused_by
        )
        yield replace(file, record=file.record.model_copy(update={"caused_by": causes}))


def _asked(file: File[Questions] | Broken, gone: frozenset[str]) -> File[Questions] | Broken:
    """Leave out choices that are about nothing that is left, and questions that have less than two."""
    if not isinstance(file, File) or not gone:
        return file
    questions = [
        question.model_copy(
            update={
                "choices": tuple(
                    choice.model_copy(update={"barriers": barriers})
                    for choice in question.choices
                    if (barriers := _left(choice.barriers, gone))
                )
            }
        )
        for question in file.record.questions
    ]
    asked = tuple(question for question in questions if len(question.choices) > 1)
    return replace(file, record=Questions(questions=asked))


def _replied(file: File[Scope] | Broken, gone: frozenset[str]) -> File[Scope] | Broken:
    if not isinstance(file, File) or not gone:
        return file
    replies = tuple(reply.model_copy(update={"barriers": _left(reply.barriers, gone)}) for reply in file.record.replies)
    return replace(file, record=file.record.model_copy(update={"replies": replies}))


def _played(file: File[Plays] | Broken, gone: frozenset[str]) -> File[Plays] | Broken:
    if not isinstance(file, File) or not gone:
        return file
    plays = tuple(
        play.model_copy(update={"barriers": barriers})
        for play in file.record.plays
        if (barriers := _left(play.barriers, gone))
    )
    return replace(file, record=Plays(plays=plays))


def _left(ids: tuple[str, ...], gone: frozenset[str]) -> tuple[str, ...]:
    return tuple(id for id in ids if id not in gone)


def _about(files: MessageFiles, gone: frozenset[str]) -> MessageFiles:
    """Leave out the messages about what is gone."""
    learning = {number: each for number, each in files.learning.messages.items() if each.barrier not in gone}
    real = {
        number: each.model_copy(update={"barriers": named, "also_barriers": _left(each.also_barriers, gone)})
        for number, each in files.real.messages.items()
        if (named := _left(each.barriers, gone))
    }
    return replace(files, learning=replace(files.learning, messages=learning), real=replace(files.real, messages=real))
