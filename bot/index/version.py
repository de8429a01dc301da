"""One immutable built index: a directory with everything that answering needs."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from functools import cached_property
from hashlib import file_digest
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import IndexDamaged
from bot.knowledge import Knowledge
from bot.retrieval.encoder import Encoder
from bot.retrieval.lexical import LexicalIndex
from bot.retrieval.retriever import Retriever
from bot.retrieval.vectors import VectorIndex
from bot.triage.heads import Heads
from bot.triage.likeness import Likeness

MANIFEST, KNOWLEDGE, LEXICAL = "manifest.json", "knowledge.json", "lexical.sqlite"
CHROMA, HEADS, SOUNDS = "chroma", "heads", "sounds.npy"


class Manifest(BaseModel):
    """What a version says of itself. `files` maps each file to its size and, where nothing rewrites it, its SHA-256."""

    model_config = ConfigDict(frozen=True)

    number: int
    built_at: datetime
    content_hash: str
    encoder: str
    ranking_encoder: str
    records: int
    barriers: int
    knowledge_files: dict[str, str]
    files: dict[str, tuple[int, str | None]]


class IndexVersion:
    """Opened for reading. Its parts are loaded when first needed.

    Raises IndexDamaged when a file is missing, cut short or altered.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = _read_manifest(folder)
        _verify_files(folder, self.manifest)

    @property
    def number(self) -> int:
        return self.manifest.number

    @cached_property
    def knowledge(self) -> Knowledge:
        try:
            return Knowledge.model_validate_json((self.folder / KNOWLEDGE).read_bytes())
        except ValidationError as error:
            raise IndexDamaged(self.folder, f"{KNOWLEDGE} was written by another release") from error

    @cached_property
    def heads(self) -> Heads:
        return Heads.load(self.folder / HEADS)

    @cached_property
    def likeness(self) -> Likeness:
        return Likeness(self.knowledge, np.load(self.folder / SOUNDS, allow_pickle=False))

    @cached_property
    def lexical(self) -> LexicalIndex:
        return LexicalIndex(self.folder / LEXICAL)

    @cached_property
    def vectors(self) -> VectorIndex:
        from chromadb.errors import ChromaError

        try:
            vectors = VectorIndex(self.folder / CHROMA)
            records = vectors.count()
        except (ChromaError, sqlite3.Error, ValueError, OSError) as error:
            raise IndexDamaged(self.folder, f"Chroma cannot open it ({type(error).__name__})") from error
        if records != self.manifest.records:
            vectors.close()
            raise IndexDamaged(self.folder, f"it holds {records} records and should hold {self.manifest.records}")
        return vectors

    def retriever(self, encoder: Encoder) -> Retriever:
        return Retriever(encoder, self.vectors, self.lexical)

    def close(self) -> None:
        for part in ("vectors", "lexical"):
            if part in self.__dict__:
                self.__dict__.pop(part).close()


def describe_files(folder: Path) -> dict[str, tuple[int, str | None]]:
    """Size and SHA-256 of every file of a version; no SHA-256 for Chroma's, which it touches when it opens them."""
    return {
        str(file.relative_to(folder)): (
            file.stat().st_size,
            None if file.is_relative_to(folder / CHROMA) else _sha256(file),
        )
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != MANIFEST
    }


def _verify_files(folder: Path, manifest: Manifest) -> None:
    for name, (size, digest) in manifest.files.items():
        file = folder / name
        try:
            whole = file.stat().st_size == size and digest in (None, _sha256(file))
        except OSError:
            whole = False
        if not whole:
            raise IndexDamaged(folder, f"{name} is missing or altered")


def _read_manifest(folder: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise IndexDamaged(folder, f"{MANIFEST} is missing or unreadable") from error


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()
