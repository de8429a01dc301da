"""What the ranking learns from: symptoms, learning, real and contrast messages, and messages out of scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from hashlib import sha256

from bot.knowledge import Knowledge, Messages, RealMessage

RECIPE = 7
"""Counts up when fitting the same examples would give other heads."""

FIRST_SHARE = 0.7
"""Of a real message's example for the barriers that were named first; those that would do as well share the rest."""
REAL_WEIGHT = {2: 3.0, 1: 2.4}
"""How much a real message counts beside an invented one, by how often it was labelled."""

_SCOPE_OF_KIND = {"out_near": "near", "out_far": "far", "vague": "vague", "about": "about"}


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """A text with what is learnt from it.

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


def training_examples_of(knowledge: Knowledge, messages: Messages) -> tuple[TrainingExample, ...]:
    """Return every example once, in the order of the files."""
    return tuple(dict.fromkeys(_examples(knowledge, messages)))


def encoded_examples(examples: Sequence[TrainingExample]) -> list[TrainingExample]:
    """Return those whose vectors are learnt from, barriers and scope: of contrast messages words alone are."""
    return [example for example in examples if example.shares or example.scope != "in"]


def _examples(knowledge: Knowledge, messages: Messages) -> Iterator[TrainingExample]:
    for barrier in knowledge.barriers:
        for symptom in barrier.symptoms:
            yield TrainingExample(symptom, "in", barrier.theme, ((barrier.id, 1.0),))
    for message in messages.learning:
        yield TrainingExample(message.text, "in", message.theme, ((message.barrier, 1.0),))
    for message in messages.real:
        theme = knowledge.barrier_by_id[message.barriers[0]].theme
        yield TrainingExample(message.text, "in", theme, tuple(_shares(message)), REAL_WEIGHT[message.readings])
    for message in messages.contrast:
        yield TrainingExample(message.text, "in", message.theme)
    for message in messages.scope:
        yield TrainingExample(message.text, _SCOPE_OF_KIND[message.kind])
    for question in knowledge.questions:
        if question.kind == "ambiguous":
            yield TrainingExample(question.sounds_like, "vague")
    for reply in knowledge.scope.replies:
        for phrase in reply.sounds_like:
            yield TrainingExample(phrase, reply.kind)


def _shares(message: RealMessage) -> Iterator[tuple[str, float]]:
    first = FIRST_SHARE if message.also_barriers else 1.0
    yield from ((barrier, first / len(message.barriers)) for barrier in message.barriers)
    yield from ((barrier, (1 - first) / len(message.also_barriers)) for barrier in message.also_barriers)


def fit_key(examples: Sequence[TrainingExample], themes_of: Mapping[str, str], encoder_id: str) -> str:
    """Name what fitting would give, so that heads fitted once are found again."""
    digest = sha256(f"{RECIPE} {encoder_id} {sorted(themes_of.items())}".encode())
    for example in examples:
        digest.update(repr(astuple(example)).encode())
    return digest.hexdigest()[:32]
