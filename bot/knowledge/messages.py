"""The labelled messages that the ranking learns from: `training/*.jsonl`, one a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from bot.errors import KnowledgeInvalid
from bot.knowledge.files import Problem
from bot.knowledge.folder import Folder
from bot.knowledge.models import BarrierId, Record, Slug
from bot.knowledge.wording import sentence

MessageText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class LearningMessage(Record):
    """Somebody's words, the barrier that they are about, and its theme."""

    barrier: BarrierId
    theme: Slug
    text: MessageText


class RealMessage(Record):
    """What somebody wrote somewhere, retold, and labelled by reading.

    `barriers` were named first, `also_barriers` would do as well; `readings` counts how many labelled it without seeing
    each other's labels; `url` is empty where it was composed.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z]\d{3,5}$")]
    text: MessageText
    barriers: Annotated[tuple[BarrierId, ...], Field(min_length=1, max_length=2)]
    also_barriers: tuple[BarrierId, ...] = ()
    readings: Literal[1, 2]
    lang: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    source: str
    url: str


class ContrastMessage(Record):
    """Words that sound like one theme and belong to another."""

    theme: Slug
    looks_like: Slug
    text: MessageText


class ScopeMessage(Record):
    """Words that are not ours to answer, or, when vague, that several themes (`themes`, where known) would explain."""

    kind: Literal["out_near", "out_far", "vague", "about"]
    text: MessageText
    themes: Annotated[tuple[Slug, ...], Field(max_length=4)] = ()


@dataclass(frozen=True)
class Messages:
    learning: tuple[LearningMessage, ...]
    real: tuple[RealMessage, ...]
    contrast: tuple[ContrastMessage, ...]
    scope: tuple[ScopeMessage, ...]


M = TypeVar("M", bound=Record)


@dataclass(frozen=True)
class Lines(Generic[M]):
    """The good lines of a file by their number, and what is wrong with the others."""

    path: Path
    messages: dict[int, M]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class MessageFiles:
    learning: Lines[LearningMessage]
    real: Lines[RealMessage]
    contrast: Lines[ContrastMessage]
    scope: Lines[ScopeMessage]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*self.learning.problems, *self.real.problems, *self.contrast.problems, *self.scope.problems)

    def messages(self) -> Messages:
        return Messages(
            tuple(self.learning.messages.values()),
            tuple(self.real.messages.values()),
            tuple(self.contrast.messages.values()),
            tuple(self.scope.messages.values()),
        )


def read_messages(folder: Path) -> Messages:
    """For those who learn from them. Whether their barriers and themes exist is found by `read_knowledge`."""
    files = read_message_files(folder)
    if files.problems:
        raise KnowledgeInvalid(sorted(files.problems), files=4)
    return files.messages()


def read_message_files(folder: Path, *, optional: bool = False) -> MessageFiles:
    """Read all four; where they are `optional`, one that is not there holds nothing."""
    return MessageFiles(
        _read_lines(folder / "training" / "messages.jsonl", LearningMessage, optional),
        _read_lines(folder / "training" / "real.jsonl", RealMessage, optional),
        _read_lines(folder / "training" / "contrast.jsonl", ContrastMessage, optional),
        _read_lines(folder / "training" / "scope.jsonl", ScopeMessage, optional),
    )


def messages_of(files: Sequence[MessageFiles]) -> Messages:
    """Return what all of them hold, one after the other."""
    parts = [each.messages() for each in files]
    return Messages(
        tuple(message for part in parts for message in part.learning),
        tuple(message for part in parts for message in part.real),
        tuple(message for part in parts for message in part.contrast),
        tuple(message for part in parts for message in part.scope),
    )


def _read_lines(path: Path, model: type[M], optional: bool) -> Lines[M]:
    if optional and not path.exists():
        return Lines(path, {}, ())
    try:
        raw = path.read_bytes()
    except OSError as error:
        return Lines(path, {}, (Problem(path, 1, f"the file cannot be read: {error.strerror}; restore it"),))
    validate: Callable[[bytes], M] = TypeAdapter(model).validate_json
    messages: dict[int, M] = {}
    problems: list[Problem] = []
    # Not splitlines(): a message may hold characters that Python takes for the end of a line.
    for number, line in enumerate(raw.removesuffix(b"\n").split(b"\n"), start=1):
        try:
            messages[number] = validate(line)
        except ValidationError as error:
            reasons = error.errors(include_url=False)
            problems += [Problem(path, number, sentence(reason, model)) for reason in reasons]
    return Lines(path, messages, tuple(problems))


def check_messages(files: MessageFiles, folder: Folder) -> Iterator[Problem]:
    """Tell what a line cannot know of itself: that its barrier and themes exist and belong together."""
    yield from files.problems
    yield from _check_learning(files.learning, folder)
    for number, real in files.real.messages.items():
        for barrier in (*real.barriers, *real.also_barriers):
            if complaint := folder.unknown_barrier(barrier):
                yield Problem(files.real.path, number, complaint)
    for number, contrast in files.contrast.messages.items():
        for complaint in _contrast_complaints(contrast, folder):
            yield Problem(files.contrast.path, number, complaint)
    for number, scope in files.scope.messages.items():
        for complaint in _scope_complaints(scope, folder):
            yield Problem(files.scope.path, number, complaint)


def _check_learning(lines: Lines[LearningMessage], folder: Folder) -> Iterator[Problem]:
    """Yield one problem a label, with the number of its messages: a barrier has some sixty."""
    labels: dict[tuple[str, str], list[int]] = {}
    for number, message in lines.messages.items():
        labels.setdefault((message.barrier, message.theme), []).append(number)
    for (barrier, theme), numbers in labels.items():
        more = f" ({len(numbers)} messages from here on)" if len(numbers) > 1 else ""
        for complaint in _label_complaints(barrier, theme, folder):
            yield Problem(lines.path, numbers[0], f"{complaint}{more}")


def _label_complaints(barrier: str, theme: str, folder: Folder) -> Iterator[str]:
    if complaint := folder.unknown_barrier(barrier):
        yield complaint
    if complaint := folder.unknown_theme(theme):
        yield complaint
        return
    file = folder.by_id.get(barrier)
    if file and file.record.theme != theme and not folder.unknown_theme(file.record.theme):
        yield f"{barrier} is of {file.record.theme}, not of {theme}; change one of them"


def _contrast_complaints(message: ContrastMessage, folder: Folder) -> Iterator[str]:
    for theme in (message.theme, message.looks_like):
        if complaint := folder.unknown_theme(theme):
            yield complaint
    if message.theme == message.looks_like:
        yield "theme and looks_like are the same, so there is no contrast; change one of them"


def _scope_complaints(message: ScopeMessage, folder: Folder) -> Iterator[str]:
    for theme in message.themes:
        if complaint := folder.unknown_theme(theme):
            yield complaint
    if message.kind == "vague" and len(set(message.themes)) == 1:
        yield "a vague message could mean several themes; name two or more, or none"
    if message.kind != "vague" and message.themes:
        yield f"a message of kind {message.kind} has no themes; remove them, or call it vague"
