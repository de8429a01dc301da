"""The likeliest barriers to choose from: as different from one another as people would want to be asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from bot.triage.heads import Heads
from bot.triage.outcome import RankedBarrier, Ranking, Sureness

LISTED, BESIDE = 5, 4
"""How many barriers a short list has, and how many stand beside a full answer."""
NEAR_DUPLICATE = 0.86
"""Cosine of two barriers' centroids from which the less likely one is left out, unless it is about as likely."""
ABOUT_AS_LIKELY = 0.5
RELATED, AT_LEAST = 0.05, 2
"""Of a sure first barrier's probability: of what is less likely than this no more stand beside it than so many."""


class Alternatives:
    def __init__(self, heads: Heads) -> None:
        weights = heads.own_head.weights
        unit = weights / np.linalg.norm(weights, axis=0, keepdims=True)
        self._alike = unit.T @ unit
        self._place = {barrier: place for place, barrier in enumerate(heads.barriers)}

    def listed(self, ranking: Ranking) -> tuple[RankedBarrier, ...]:
        return tuple(islice(self._thinned(ranking), LISTED))

    def beside(self, ranking: Ranking, sureness: Sureness) -> tuple[RankedBarrier, ...]:
        """Tell what else it could be than the first; beside a sure one little of what is unlikely."""
        first, *others = islice(self._thinned(ranking), BESIDE + 1)
        least = RELATED * first.probability if sureness == "quite sure" else 0.0
        related = [other for other in others if other.probability >= least]
        return tuple(related if len(related) >= AT_LEAST else others[:AT_LEAST])

    def _thinned(self, ranking: Ranking) -> Iterator[RankedBarrier]:
        kept: list[RankedBarrier] = []
        for barrier in ranking.barriers:
            if not any(self._repeats(barrier, other) for other in kept) and barrier.probability > 1e-9:
                kept.append(barrier)
                yield barrier

    def _repeats(self, barrier: RankedBarrier, other: RankedBarrier) -> bool:
        alike = self._alike[self._place[barrier.id], self._place[other.id]] >= NEAR_DUPLICATE
        return bool(alike) and barrier.probability < ABOUT_AS_LIKELY * other.probability
