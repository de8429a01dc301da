"""Vectors that need not be computed twice: by content hash and encoder."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np

from bot.retrieval.encoder import Encoder, Vectors

CHUNK = 64
UNIT_TOLERANCE = 1e-3
TABLE = "vectors (encoder text, key blob, vector blob, primary key (encoder, key)) without rowid"
Item = TypeVar("Item")

OnEncoded = Callable[[int, int], None]
"""Called with how many of how many texts are done."""


def content_hash(text: str) -> bytes:
    """16 bytes that stand for a text."""
    return sha256(text.encode()).digest()[:16]


class VectorCache:
    """Vectors from the wheel first, then from `file` (SQLite), then from the encoder, which fills `file`."""

    def __init__(self, file: Path, packaged: Path | None = None) -> None:
        self.file = file
        self._packaged = packaged

    def encode(self, encoder: Encoder, texts: Sequence[str], on_encoded: OnEncoded) -> Vectors:
        """Encode each text to a row, in order. Float32; encoding what is new takes some 3 ms a text."""
        keys = [content_hash(text) for text in texts]
        known = self._from_package(encoder.id)
        wanted = [key for key in dict.fromkeys(keys) if key not in known]
        known |= self._from_file(encoder.id, wanted)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        done = len(keys) - len(missing)
        on_encoded(done, len(keys))
        for chunk in _chunks(list(missing.items()), CHUNK):
            vectors = encoder.encode([text for _, text in chunk])
            new = {key: vector for (key, _), vector in zip(chunk, vectors, strict=True)}
            self._keep(encoder.id, new)
            known |= new
            done += len(chunk)
            on_encoded(done, len(keys))
        return np.stack([known[key] for key in keys])

    def _from_package(self, encoder_id: str) -> dict[bytes, np.ndarray]:
        if self._packaged is None or not self._packaged.exists():
            return {}
        return read_packaged(self._packaged, encoder_id)

    def _from_file(self, encoder_id: str, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        if not keys:
            return {}
        rows = self._on_file(
            lambda db: [
                row
                for chunk in _chunks(keys, 500)
                for row in db.execute(  # only question marks are filled in
                    f"select key, vector from vectors where encoder = ? and key in ({','.join('?' * len(chunk))})",  # noqa: S608
                    (encoder_id, *chunk),
                )
            ]
        )
        vectors = {key: np.frombuffer(vector, dtype=np.float32) for key, vector in rows}
        # An altered vector is no longer of unit length, and is encoded again.
        return {key: vector for key, vector in vectors.items() if abs(np.linalg.norm(vector) - 1) < UNIT_TOLERANCE}

    def _keep(self, encoder_id: str, vectors: dict[bytes, np.ndarray]) -> None:
        rows = [(encoder_id, key, vector.astype(np.float32).tobytes()) for key, vector in vectors.items()]
        self._on_file(lambda db: db.executemany("insert or replace into vectors values (?, ?, ?)", rows))

    def _on_file(self, work: Callable[[sqlite3.Connection], Item]) -> Item:
        return on_cache(self.file, TABLE, work)


def on_cache(file: Path, table: str, work: Callable[[sqlite3.Connection], Item]) -> Item:
    """Do `work` in one transaction on a cache in `file`, whose `table` is created where it is not there yet.

    Only a cache: a damaged one is thrown away and filled again.
    """
    try:
        return _on_cache_as_it_is(file, table, work)
    except sqlite3.DatabaseError as error:
        if "not a database" not in str(error) and "malformed" not in str(error):
            raise
    for part in ("", "-wal", "-shm"):
        Path(f"{file}{part}").unlink(missing_ok=True)
    return _on_cache_as_it_is(file, table, work)


def _on_cache_as_it_is(file: Path, table: str, work: Callable[[sqlite3.Connection], Item]) -> Item:
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file, timeout=30)) as db, db:
        db.execute("pragma journal_mode = wal")
        db.execute(f"create table if not exists {table}")
        return work(db)


def _chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def write_packaged(file: Path, vectors: dict[str, dict[bytes, np.ndarray]]) -> None:
    """Write the vectors that the wheel carries: encoder id -> content hash -> vector."""
    arrays: dict[str, np.ndarray] = {}
    for encoder_id, of_encoder in vectors.items():
        keys = sorted(of_encoder)
        arrays[f"{encoder_id} keys"] = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, 16)
        arrays[f"{encoder_id} vectors"] = np.stack([of_encoder[key] for key in keys]).astype(np.float32)
    np.savez(file, allow_pickle=False, **arrays)


def read_packaged(file: Path, encoder_id: str) -> dict[bytes, np.ndarray]:
    """Return the packaged vectors of one encoder; empty when the wheel carries none of it."""
    with np.load(file, allow_pickle=False) as arrays:
        if f"{encoder_id} keys" not in arrays:
            return {}
        keys, vectors = arrays[f"{encoder_id} keys"], arrays[f"{encoder_id} vectors"]
    return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}
