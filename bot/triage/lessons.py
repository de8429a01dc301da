"""What the ranking learns from: symptoms, learning and contrast messages, and messages out of scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from bot.knowledge import Knowledge, Messages

RECIPE = 3
"""Counts up when fitting the same lessons would give other heads."""

SCOPE_SAMPLE = 3

_SCOPE_OF_KIND = {"out_near": "near", "out_far": "far", "vague": "vague", "about": "about"}


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text with what it teaches. A contrast message has a theme and no barrier, one out of scope has neither."""

    text: str
    scope: str
    theme: str | None = None
    barrier: str | None = None


def lessons_of(knowledge: Knowledge, messages: Messages) -> tuple[Lesson, ...]:
    """Every lesson once, in the order of the files."""
    return tuple(dict.fromkeys(_lessons(knowledge, messages)))


def of_barriers(lessons: Sequence[Lesson]) -> list[Lesson]:
    """Those that teach the ranking's vectors."""
    return [lesson for lesson in lessons if lesson.barrier]


def of_scope(lessons: Sequence[Lesson]) -> list[Lesson]:
    """Those that teach scope: all that are out of scope or vague, and every third in scope, which is as good."""
    inside = [lesson for lesson in lessons if lesson.scope == "in"]
    return [lesson for lesson in lessons if lesson.scope != "in"] + inside[::SCOPE_SAMPLE]


def _lessons(knowledge: Knowledge, messages: Messages) -> Iterator[Lesson]:
    for barrier in knowledge.barriers:
        for symptom in barrier.symptoms:
            yield Lesson(symptom, "in", barrier.theme, barrier.id)
    for message in messages.learning:
        yield Lesson(message.text, "in", message.theme, message.barrier)
    for message in messages.contrast:
        yield Lesson(message.text, "in", message.theme)
    for message in messages.scope:
        yield Lesson(message.text, _SCOPE_OF_KIND[message.kind])
    for question in knowledge.questions:
        if question.kind == "ambiguous":
            yield Lesson(question.sounds_like, "vague")
    for reply in knowledge.scope.replies:
        for sound in reply.sounds_like:
            yield Lesson(sound, reply.kind)


def fit_key(lessons: Sequence[Lesson], themes_of: Mapping[str, str], encoder_ids: Sequence[str]) -> str:
    """Names what fitting would give, so that heads fitted once are found again."""
    digest = sha256(f"{RECIPE} {list(encoder_ids)} {sorted(themes_of.items())}".encode())
    for lesson in lessons:
        digest.update(repr((lesson.text, lesson.scope, lesson.theme, lesson.barrier)).encode())
    return digest.hexdigest()[:32]
