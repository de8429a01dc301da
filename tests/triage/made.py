"""Examples and rankings small enough to know what should come out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bot.knowledge import Knowledge
from bot.retrieval.encoder import Vectors
from bot.triage import Ranked, RankedBarrier, Ranking
from bot.triage.fitting import fit
from bot.triage.heads import Heads, TrainedHead
from bot.triage.training_examples import TrainingExample, encoded_examples

THEMES_OF = {"A-01": "data", "A-02": "data", "B-01": "people", "B-02": "people", "C-01": "money", "C-02": "money"}
WORDS = {
    "A-01": "warehouse tables join",
    "A-02": "labels annotators quality",
    "B-01": "hiring engineers leave",
    "B-02": "training courses skills",
    "C-01": "invoices cloud bill",
    "C-02": "budget finance refuses",
}
OUTSIDE = {
    "vague": "everything is somehow bad",
    "near": "keras shape error",
    "far": "lunch menu",
    "about": "who are you",
}


def small_examples() -> list[TrainingExample]:
    fillers = ("again today", "since spring", "every single week", "for us")
    inside = [
        TrainingExample(f"{words} {filler}", "in", THEMES_OF[barrier], ((barrier, 1.0),))
        for barrier, words in WORDS.items()
        for filler in fillers
    ]
    contrast = [
        TrainingExample(f"{WORDS[barrier]} in general", "in", THEMES_OF[barrier])
        for barrier in ("A-01", "B-01", "C-01")
    ]
    outside = [TrainingExample(f"{words} {filler}", scope) for scope, words in OUTSIDE.items() for filler in fillers]
    return [*inside, *contrast, *outside]


def vector_of(text: str) -> Vectors:
    """A stand-in encoder: each word has a direction of its own."""
    directions = [np.random.default_rng(sum(word.encode()) * 31 + len(word)).normal(size=24) for word in text.split()]
    total = np.sum(directions or [np.ones(24)], axis=0)
    return (total / np.linalg.norm(total)).astype(np.float32)


def fitted(trained: TrainedHead | None = None) -> Heads:
    examples = small_examples()
    return fit(
        examples, THEMES_OF, np.stack([vector_of(example.text) for example in encoded_examples(examples)]), trained
    )


def ranking_of(knowledge: Knowledge, probabilities: Mapping[str, float]) -> Ranking:
    """What is left of one is shared evenly by the barriers that are not named."""
    left = max(1 - sum(probabilities.values()), 0.0) / (len(knowledge.barriers) - len(probabilities))
    by_id = {barrier.id: probabilities.get(barrier.id, left) for barrier in knowledge.barriers}
    barriers = [
        RankedBarrier(id, theme.id, theme.dimension, probability)
        for id, probability in by_id.items()
        if (theme := knowledge.theme_of(id))
    ]
    barriers.sort(key=lambda barrier: (-barrier.probability, barrier.id))
    return Ranking(
        _summed([(b.dimension, b.probability) for b in barriers]),
        _summed([(b.theme, b.probability) for b in barriers]),
        tuple(barriers),
    )


def _summed(pairs: list[tuple[str, float]]) -> tuple[Ranked, ...]:
    ids = dict.fromkeys(id for id, _ in pairs)
    ranked = [Ranked(id, sum(p for other, p in pairs if other == id)) for id in ids]
    return tuple(sorted(ranked, key=lambda r: -r.probability))
