"""Text to ranked records: vectors and words, fused."""

from __future__ import annotations

from bot.retrieval.encoder import Encoder, Vectors
from bot.retrieval.hits import Hit, fuse
from bot.retrieval.lexical import LexicalIndex
from bot.retrieval.vectors import RecordVectors

DEPTH = 40
"""How many records each of the two rankings gives to the fusion."""


class Retriever:
    """Searches one index version. `search_vector` spares the encoding when the caller has the vector."""

    def __init__(self, encoder: Encoder, vectors: RecordVectors, lexical: LexicalIndex) -> None:
        self._encoder = encoder
        self._vectors = vectors
        self._lexical = lexical

    def search(self, text: str, limit: int = 20) -> list[Hit]:
        return self.search_vector(self._encoder.encode([text]), text, limit)

    def search_vector(self, vector: Vectors, text: str, limit: int = 20) -> list[Hit]:
        """Search as `search` does; `vector` has shape (1, dimensions)."""
        return fuse(*self.rankings(vector, text), limit)

    def rankings(self, vector: Vectors, text: str) -> tuple[list[Hit], list[Hit]]:
        """Return the nearest records by vectors (score: cosine) and by words (score: BM25), before they are fused."""
        return self._vectors.search(vector, DEPTH)[0], self._lexical.search(text, DEPTH)

    def records_of(self, barrier: str, vector: Vectors) -> list[Hit]:
        """Return every record of a barrier, the one that resembles the message most first; score: cosine."""
        return self._vectors.records_of(barrier, vector)
