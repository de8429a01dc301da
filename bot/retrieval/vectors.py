"""Records by their vectors: one embedded Chroma database per index version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.retrieval.encoder import Vectors
from bot.retrieval.hits import Hit
from bot.retrieval.lexical import Row

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

COLLECTION = "records"
BATCH = 1000


def write_vector_index(folder: Path, rows: Sequence[Row], vectors: Vectors) -> None:
    """Build the database in a new folder. Raises what Chroma or the file system raises when it cannot be written."""
    client = _client(folder)
    try:
        # Without a given embedding function Chroma attaches its default, which downloads a model.
        # Chroma writes its graph when as many records as the threshold are in, and makes it anew at each opening until
        # then.
        threshold = max(2, len(rows))
        collection = client.create_collection(
            COLLECTION,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "sync_threshold": threshold, "batch_size": min(100, threshold)}},
        )
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            collection.add(
                ids=[row[0] for row in part],
                embeddings=vectors[start : start + BATCH],
                metadatas=[{"kind": row[1], "barrier": row[2]} for row in part],
                documents=[row[3] for row in part],
            )
    finally:
        client.close()


class VectorIndex:
    """Reads a database that `write_vector_index` made."""

    def __init__(self, folder: Path) -> None:
        self._client = _client(folder)
        self._records: dict[str, tuple[list[Hit], Vectors]] = {}
        self._collection: Collection = self._client.get_collection(COLLECTION, embedding_function=None)

    def count(self) -> int:
        return self._collection.count()

    def search(self, vectors: Vectors, limit: int) -> list[list[Hit]]:
        """For each row of `vectors` the nearest `limit` records, score = cosine similarity."""
        found = self._collection.query(
            query_embeddings=vectors, n_results=limit, include=["documents", "metadatas", "distances"]
        )
        documents, metadatas, distances = found["documents"], found["metadatas"], found["distances"]
        if documents is None or metadatas is None or distances is None:
            raise ValueError("Chroma left out what was asked for")
        return [
            [
                Hit(id, str(metadata["kind"]), str(metadata["barrier"]), text, 1 - distance, "vectors")
                for id, text, metadata, distance in zip(*row, strict=True)
            ]
            for row in zip(found["ids"], documents, metadatas, distances, strict=True)
        ]

    def records_of(self, barrier: str, vector: Vectors) -> list[Hit]:
        """Return every record of a barrier, nearest to `vector` (1, dimensions) first, score = cosine similarity."""
        if barrier not in self._records:  # they never change
            self._records[barrier] = self._of_barrier(barrier)
        hits, vectors = self._records[barrier]
        scored = [replace(hit, score=float(cosine)) for hit, cosine in zip(hits, vectors @ vector[0], strict=True)]
        return sorted(scored, key=lambda hit: (-hit.score, hit.id))

    def _of_barrier(self, barrier: str) -> tuple[list[Hit], Vectors]:
        found = self._collection.get(where={"barrier": barrier}, include=["documents", "metadatas", "embeddings"])
        documents, metadatas, embeddings = found["documents"], found["metadatas"], found["embeddings"]
        if documents is None or metadatas is None or embeddings is None:
            raise ValueError("Chroma left out what was asked for")
        hits = [
            Hit(id, str(metadata["kind"]), str(metadata["barrier"]), text, 0.0, "vectors")
            for id, text, metadata in zip(found["ids"], documents, metadatas, strict=True)
        ]
        vectors = np.asarray(embeddings, dtype=np.float32)
        return hits, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def close(self) -> None:
        self._client.close()


def _client(folder: Path) -> Client:
    import chromadb
    from chromadb.api.client import Client
    from chromadb.config import Settings

    client = chromadb.PersistentClient(
        folder, settings=Settings(anonymized_telemetry=False, chroma_otel_collection_endpoint="")
    )
    assert isinstance(client, Client)
    return client
