"""The knowledge folder -> Knowledge and Messages, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.carried import carried
from bot.errors import KnowledgeInvalid, KnowledgeMissing
from bot.knowledge.checks import check
from bot.knowledge.files import Broken, Problem
from bot.knowledge.folder import MESSAGE_FILES, Folder, read_folder, stray_files
from bot.knowledge.messages import Messages, check_messages, messages_of, read_message_files
from bot.knowledge.models import Knowledge
from bot.knowledge.overlay import EXPECTED as OVERLAY_FILES
from bot.knowledge.overlay import is_overlay, lay_over
from bot.knowledge.schema import SHAPES, schema_problems


@dataclass(frozen=True)
class Reading:
    """What a folder holds: knowledge and messages, or else the problems that forbid their use."""

    knowledge: Knowledge | None
    messages: Messages | None
    problems: tuple[Problem, ...]
    files: int


def load_knowledge(folder: Path, today: date) -> Knowledge:
    reading = read_knowledge(folder, today)
    if reading.knowledge is None:
        raise KnowledgeInvalid(reading.problems, reading.files)
    return reading.knowledge


def read_knowledge(folder: Path, today: date) -> Reading:
    """Finds every problem in one run; a broken file does not stop the checks of the others."""
    if not folder.is_dir():
        raise KnowledgeMissing(folder)
    path = _as_typed(folder)
    base = _as_typed(packaged_knowledge()) if is_overlay(path) else path
    read = read_folder(base)
    messages = (read_message_files(base),)
    files, more = len(read.files) + len(MESSAGE_FILES), list(stray_files(base))
    if base != path:
        laid = lay_over(read, messages[0], path)
        read, messages, files = laid.folder, laid.messages, files + laid.files
        more += [*laid.problems, *stray_files(path, OVERLAY_FILES)]
    problems = _in_order(
        [
            *(problem for file in read.files for problem in file.problems),
            *more,
            *check(read, today),
            *(problem for each in messages for problem in check_messages(each, read)),
        ]
    )
    if problems:
        return Reading(None, None, problems, files)
    return Reading(_assembled(read), messages_of(messages), (), files)


def check_knowledge(folder: Path, today: date) -> Reading:
    """For authors: also whether the schemas are current. They guide editors only, so no load stops for it."""
    reading = read_knowledge(folder, today)
    if is_overlay(folder):
        return reading
    problems = _in_order([*reading.problems, *schema_problems(_as_typed(folder))])
    return Reading(reading.knowledge, reading.messages, problems, reading.files + len(SHAPES))


def packaged_knowledge() -> Path:
    """Return the folder that the wheel carries; in a source checkout the repository's own."""
    return carried("knowledge", "knowledge")


def _assembled(folder: Folder) -> Knowledge | None:
    if (
        isinstance(folder.themes, Broken)
        or isinstance(folder.sources, Broken)
        or isinstance(folder.questions, Broken)
        or isinstance(folder.scope, Broken)
        or isinstance(folder.plays, Broken)
        or isinstance(folder.banned_claims, Broken)
    ):
        return None
    return Knowledge(
        dimensions=folder.themes.record.dimensions,
        themes=folder.themes.record.themes,
        border_rules=folder.themes.record.border_rules,
        barriers=tuple(file.record for file in folder.whole_barriers),
        sources=folder.sources.record.sources,
        questions=folder.questions.record.questions,
        scope=folder.scope.record,
        plays=folder.plays.record.plays,
        banned_claims=folder.banned_claims.record.claims,
    )


def _as_typed(folder: Path) -> Path:
    """Relative where people work in it, so that problems read `knowledge/barriers/…`."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(set(problems)))
