"""What the ranking learns from: symptoms, learning, real and contrast messages, and messages out of scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from bot.knowledge import Knowledge, Messages, RealMessage

RECIPE = 7
"""Counts up when fitting the same lessons would give other heads."""

FIRST_SHARE = 0.7
"""Of a real message's lesson for the barriers that were named first; those that would do as well share the rest."""
REAL_WEIGHT = {2: 3.0, 1: 2.4}
"""How much a real message counts beside an invented one, by how often it was labelled."""

_SCOPE_OF_KIND = {"out_near": "near", "out_far": "far", "vague": "vague", "about": "about"}


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text with what it teaches.

    `shares` are the barriers it speaks for, with shares that sum to one. A contrast message has a theme and no
    barrier, one out of scope has neither.
    """

    text: str
    scope: str
    theme: str | None = None
    shares: tuple[tuple[str, float], ...] = ()
    weight: float = 1.0

    @property
    def real(self) -> bool:
        return self.weight > 1.0


def lessons_of(knowledge: Knowledge, messages: Messages) -> tuple[Lesson, ...]:
    """Every lesson once, in the order of the files."""
    return tuple(dict.fromkeys(_lessons(knowledge, messages)))


def encoded_lessons(lessons: Sequence[Lesson]) -> list[Lesson]:
    """Those whose vectors are learnt from, barriers and scope: all but the contrast messages, which teach words."""
    return [lesson for lesson in lessons if lesson.shares or lesson.scope != "in"]


def _lessons(knowledge: Knowledge, messages: Messages) -> Iterator[Lesson]:
    for barrier in knowledge.barriers:
        for symptom in barrier.symptoms:
            yield Lesson(symptom, "in", barrier.theme, ((barrier.id, 1.0),))
    for message in messages.learning:
        yield Lesson(message.text, "in", message.theme, ((message.barrier, 1.0),))
    for message in messages.real:
        theme = knowledge.barrier_by_id[message.barriers[0]].theme
        yield Lesson(message.text, "in", theme, tuple(_shares(message)), REAL_WEIGHT[message.readings])
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


def _shares(message: RealMessage) -> Iterator[tuple[str, float]]:
    first = FIRST_SHARE if message.also_barriers else 1.0
    yield from ((barrier, first / len(message.barriers)) for barrier in message.barriers)
    yield from ((barrier, (1 - first) / len(message.also_barriers)) for barrier in message.also_barriers)


def fit_key(lessons: Sequence[Lesson], themes_of: Mapping[str, str], encoder_id: str) -> str:
    """Names what fitting would give, so that heads fitted once are found again."""
    digest = sha256(f"{RECIPE} {encoder_id} {sorted(themes_of.items())}".encode())
    for lesson in lessons:
        digest.update(repr(lesson).encode())
    return digest.hexdigest()[:32]
