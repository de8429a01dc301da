"""Retrieved records -> a view of the message for the ranking: how much each barrier's records resemble it.

This is how a barrier is found that nobody has written messages for: its card, symptoms and steps are enough.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.retrieval.hits import Hit
from bot.triage.heads import Floats, log_softmax

VECTOR_SCALE, WORDS_SCALE = 12.0, 2.0
"""Of the cosine of a barrier's nearest record, and of its best BM25 score as a share of the best of all."""


def by_records(barriers: Sequence[str], by_vectors: Sequence[Hit], by_words: Sequence[Hit]) -> Floats:
    """Log-probabilities of the barriers (barriers,). A barrier without a hit is as far as the farthest hit."""
    place = {barrier: column for column, barrier in enumerate(barriers)}
    farthest = min((hit.score for hit in by_vectors), default=0.0)
    nearest = np.full(len(barriers), farthest)
    for hit in by_vectors:
        nearest[place[hit.barrier]] = max(nearest[place[hit.barrier]], hit.score)
    most = max((hit.score for hit in by_words), default=1.0)
    words = np.zeros(len(barriers))
    for hit in by_words:
        words[place[hit.barrier]] = max(words[place[hit.barrier]], hit.score / most)
    return log_softmax(VECTOR_SCALE * nearest + WORDS_SCALE * words)
