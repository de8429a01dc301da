"""Records by their vectors: one Chroma collection per index version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bot.retrieval.chroma import (
    ChromaServer,
    Fields,
    ServedCollection,
    everything,
    matching,
    open_client,
    open_collection,
    write_to,
)
from bot.retrieval.encoder import Vectors
from bot.retrieval.hits import Hit
from bot.retrieval.lexical import Row

COLLECTION = "records"


def write_vector_index(place: Path | ServedCollection, rows: Sequence[Row], vectors: Vectors) -> None:
    """Build the database in a new folder, or the collection on a server.

    Raises what Chroma or the file system raises when it cannot be written; ChromaUnavailable.
    """
    fields = [{"kind": kind, "barrier": barrier} for _, kind, barrier, _ in rows]
    write_to(place, COLLECTION, [row[0] for row in rows], vectors, fields, [row[3] for row in rows])


class RecordVectors(Protocol):
    """The records of one version, by their vectors."""

    def count(self) -> int: ...

    def search(self, vectors: Vectors, limit: int) -> list[list[Hit]]:
        """For each row of `vectors` the nearest `limit` records, score = cosine similarity."""
        ...

    def records_of(self, barrier: str, vector: Vectors) -> list[Hit]:
        """Return every record of a barrier, nearest to `vector` (1, dimensions) first, score = cosine similarity."""
        ...

    def close(self) -> None: ...


class VectorIndex:
    """Reads a database that `write_vector_index` made."""

    def __init__(self, folder: Path) -> None:
        self._client = open_client(folder)
        self._records: dict[str, tuple[list[Hit], Vectors]] = {}
        self._collection = open_collection(self._client, COLLECTION)

    def count(self) -> int:
        return self._collection.count()

    def search(self, vectors: Vectors, limit: int) -> list[list[Hit]]:
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
        if barrier not in self._records:  # they never change
            self._records[barrier] = self._of_barrier(barrier)
        hits, vectors = self._records[barrier]
        return _scored(hits, vectors @ vector[0])

    def _of_barrier(self, barrier: str) -> tuple[list[Hit], Vectors]:
        ids, fields, texts, vectors = matching(self._collection, "barrier", barrier)
        return _hits(ids, fields, texts), vectors

    def close(self) -> None:
        self._client.close()


class LoadedVectors:
    """All the records of a version that a server keeps, in memory: answering does not wait for the network.

    Raises ChromaUnavailable or LookupError when they cannot be loaded; afterwards the server is not asked again.
    """

    def __init__(self, server: ChromaServer, name: str) -> None:
        collection = server.open(name)
        with server.answering():
            ids, fields, texts, self._vectors = everything(collection)
        self._hits = _hits(ids, fields, texts)

    def count(self) -> int:
        return len(self._hits)

    def search(self, vectors: Vectors, limit: int) -> list[list[Hit]]:
        return [_scored(self._hits, cosines)[:limit] for cosines in vectors @ self._vectors.T]

    def records_of(self, barrier: str, vector: Vectors) -> list[Hit]:
        return [hit for hit in _scored(self._hits, self._vectors @ vector[0]) if hit.barrier == barrier]

    def close(self) -> None:
        """Nothing is held open."""


def _hits(ids: Sequence[str], fields: Sequence[Fields], texts: Sequence[str]) -> list[Hit]:
    return [
        Hit(id, each["kind"], each["barrier"], text, 0.0, "vectors")
        for id, each, text in zip(ids, fields, texts, strict=True)
    ]


def _scored(hits: Sequence[Hit], cosines: Vectors) -> list[Hit]:
    scored = [replace(hit, score=float(cosine)) for hit, cosine in zip(hits, cosines, strict=True)]
    return sorted(scored, key=lambda hit: (-hit.score, hit.id))
