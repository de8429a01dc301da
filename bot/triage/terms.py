"""The words and characters of a message, as the lexical models see them.

scikit-learn fits on these terms but is not needed to score: importing it takes longer than answering.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\b\w\w+\b")
_SPACES = re.compile(r"\s+")


def words(text: str) -> Iterator[str]:
    """Word 1-grams and 2-grams, lower case, one-letter words left out."""
    found = _WORD.findall(text.lower())
    yield from found
    for first, second in zip(found, found[1:], strict=False):
        yield f"{first} {second}"


def characters(text: str) -> Iterator[str]:
    """Character 3- to 5-grams within words, each word padded with one space on either side."""
    for word in _SPACES.split(text.lower().strip()):
        padded = f" {word} "
        for size in (3, 4, 5):
            for start in range(max(len(padded) - size + 1, 1)):
                yield f"~{padded[start : start + size]}"


@dataclass(frozen=True, slots=True)
class Terms:
    """A fitted vocabulary with inverse document frequencies; words and characters are weighed apart."""

    index: Mapping[str, int]
    idf: NDArray[np.float32]

    def weigh(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Columns and weights of the text: (1 + log tf) · idf, unit length for words and again for characters."""
        columns, weights = zip(*(self._block(block(text)) for block in (words, characters)), strict=True)
        return np.concatenate(columns), np.concatenate(weights)

    def _block(self, terms: Iterator[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        counts = Counter(column for term in terms if (column := self.index.get(term)) is not None)
        columns = np.fromiter(counts.keys(), np.int64, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[columns]
        length = float(np.linalg.norm(weights))
        return columns, (weights / length if length else weights).astype(np.float32)
