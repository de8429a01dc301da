"""Chroma, embedded: one database a folder, with collections that are written once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bot.retrieval.encoder import Vectors

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

BATCH = 1000
Fields = dict[str, str]


def open_client(folder: Path) -> Client:
    """Raises what Chroma, SQLite or the file system raises where it cannot be opened."""
    import chromadb
    from chromadb.api.client import Client
    from chromadb.config import Settings

    client = chromadb.PersistentClient(
        folder, settings=Settings(anonymized_telemetry=False, chroma_otel_collection_endpoint="")
    )
    assert isinstance(client, Client)
    return client


def open_collection(client: Client, name: str) -> Collection:
    return client.get_collection(name, embedding_function=None)


def write_collection(
    client: Client, name: str, ids: Sequence[str], vectors: Vectors, fields: Sequence[Fields],
    texts: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Write a new collection. Raises what Chroma raises when it cannot be written."""
    # Without a given embedding function Chroma attaches its default, which downloads a model.
    # Chroma writes its graph when as many records as the threshold are in, and makes it anew at each opening until
    # then.
    threshold = max(2, len(ids))
    collection = client.create_collection(
        name,
        embedding_function=None,
        configuration={"hnsw": {"space": "cosine", "sync_threshold": threshold, "batch_size": min(100, threshold)}},
    )
    for start in range(0, len(ids), BATCH):
        part = slice(start, start + BATCH)
        collection.add(
            ids=[*ids[part]],
            embeddings=vectors[part],
            metadatas=[{**each} for each in fields[part]],
            documents=None if texts is None else [*texts[part]],
        )


def matching(collection: Collection, key: str, value: str) -> tuple[list[str], list[Fields], list[str], Vectors]:
    """Return all whose field has the value: ids, fields, texts (none where none were written), unit vectors."""
    found = collection.get(where={key: value}, include=["documents", "metadatas", "embeddings"])
    texts, metadatas, embeddings = found["documents"], found["metadatas"], found["embeddings"]
    if metadatas is None or embeddings is None:
        raise ValueError("Chroma left out what was asked for")
    fields = [{key: str(value) for key, value in each.items()} for each in metadatas]
    vectors = np.asarray(embeddings, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return found["ids"], fields, texts or [], vectors / np.where(lengths, lengths, 1.0)
