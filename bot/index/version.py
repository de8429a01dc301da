"""One immutable built index: a directory with everything that answering needs."""

from __future__ import annotations

import atexit
import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import cached_property
from hashlib import file_digest, sha256
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Literal, Protocol, TypeVar
from weakref import finalize

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import ChromaUnavailable, HomeUnwritable, IndexDamaged
from bot.index.readers import READERS, begin_reading
from bot.knowledge import Knowledge
from bot.retrieval.chroma import ChromaServer, ServedCollection
from bot.retrieval.documents import DocumentCatalogue, DocumentIndex
from bot.retrieval.encoder import Encoder
from bot.retrieval.lexical import LexicalIndex
from bot.retrieval.retriever import Retriever
from bot.retrieval.vectors import LoadedVectors, RecordVectors, VectorIndex
from bot.triage.heads import Heads
from bot.triage.similarity import Similarity

MANIFEST, KNOWLEDGE, LEXICAL = "manifest.json", "knowledge.json", "lexical.sqlite"
CHROMA, HEADS, PHRASES = "chroma", "heads", "phrases.npy"
DOCUMENTS, CATALOGUE = "documents", "documents.json"
CHROMA_DATABASE = "chroma.sqlite3"
CHROMA_BOOKKEEPING = ("acquire_write", "maintenance_log", "migrations")


class _Counting(Protocol):
    def count(self) -> int: ...
    def close(self) -> None: ...


Opened = TypeVar("Opened", bound=_Counting)


class Manifest(BaseModel):
    """What a version says of itself. `files` maps each file to the SHA-256 of what it holds.

    `collection` is the name, on a Chroma server, of what its vectors are in; None where they stand beside it.
    `format` counts up when a release writes the files of a version differently; others are built again.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[3]
    number: int
    built_at: datetime
    content_hash: str
    encoder: str
    records: int
    barriers: int
    knowledge_files: dict[str, str]
    collection: str | None = None
    documents_hash: str = ""
    document_passages: int = 0
    files: dict[str, str]


class IndexVersion:
    """Opened for reading. All but the knowledge is loaded when first needed.

    Raises IndexDamaged when a file is missing, cut short, altered or written by another release. Where its folder takes
    no files Chroma gets a copy of its part in the temporary folder; `vectors` raises HomeUnwritable where that fails.
    """

    def __init__(self, folder: Path, server: ChromaServer | None = None) -> None:
        self.folder = folder
        self._server = server
        self._copy: TemporaryDirectory[str] | None = None
        lease = begin_reading(folder)
        # Also let go by who never closes: what is read by nobody must not stand for ever.
        self._end_reading = None if lease is None else finalize(self, os.close, lease)
        try:
            self.manifest = _read_manifest(folder)
            _verify_files(folder, self.manifest)
            self.knowledge = _read_knowledge(folder)
        except IndexDamaged:
            self.close()
            raise

    @property
    def number(self) -> int:
        return self.manifest.number

    @cached_property
    def heads(self) -> Heads:
        return Heads.load(self.folder / HEADS)

    @cached_property
    def similarity(self) -> Similarity:
        return Similarity(self.knowledge, np.load(self.folder / PHRASES, allow_pickle=False))

    @cached_property
    def lexical(self) -> LexicalIndex:
        return LexicalIndex(self.folder / LEXICAL)

    @cached_property
    def vectors(self) -> RecordVectors:
        if self.manifest.collection is not None:
            served = self._served(self.manifest.collection)
            with self._there():
                return self._checked(LoadedVectors(*served), self.manifest.records)
        return self._opened(CHROMA, VectorIndex, self.manifest.records, "records")

    @cached_property
    def catalogue(self) -> DocumentCatalogue:
        """What there is of the organisation's own documents."""
        if CATALOGUE not in self.manifest.files:
            return DocumentCatalogue()
        try:
            return DocumentCatalogue.model_validate_json((self.folder / CATALOGUE).read_bytes())
        except (OSError, ValidationError) as error:
            raise IndexDamaged(self.folder, f"{CATALOGUE} was written by another release") from error

    @cached_property
    def documents(self) -> DocumentIndex | None:
        """Their passages; None where no document helps with a barrier. Checked here, since there may be many."""
        passages = self.manifest.document_passages
        if not passages:
            return None
        if self.manifest.collection is not None:
            place = ServedCollection(*self._served(documents_of(self.manifest.collection)))
            with self._there():
                return self._checked(DocumentIndex(place, self.catalogue), passages)
        _verify_files(self.folder, self.manifest, of_documents=True)
        return self._opened(DOCUMENTS, lambda folder: DocumentIndex(folder, self.catalogue), passages, "passages")

    def _opened(self, name: str, open_: Callable[[Path], Opened], count: int, what: str) -> Opened:
        index, _ = _counted(self.folder / name, open_) or self._opened_in_a_copy(name, open_)
        return self._checked(index, count, what)

    def _checked(self, index: Opened, count: int, what: str = "records") -> Opened:
        if (there := index.count()) != count:
            index.close()
            raise IndexDamaged(self.folder, f"it holds {there} {what} and should hold {count}")
        return index

    @contextmanager
    def _there(self) -> Generator[None]:
        try:
            yield
        except LookupError as error:
            raise IndexDamaged(self.folder, "the Chroma server does not hold its vectors") from error

    def _served(self, collection: str) -> tuple[ChromaServer, str]:
        if self._server is None:
            raise IndexDamaged(self.folder, "its vectors are on a Chroma server, and CHROMA_URL names none")
        return self._server, collection

    def _opened_in_a_copy(self, name: str, open_: Callable[[Path], Opened]) -> tuple[Opened, int]:
        # The files are whole, so Chroma could not write: it writes a row of its own whenever it opens a database.
        try:
            if self._copy is None:
                self._copy = TemporaryDirectory(prefix="triage-index-")
                atexit.register(self._copy.cleanup)  # a command ends without closing what it read
            copy = Path(self._copy.name) / name
            copy.mkdir()
            for file in (self.folder / name).rglob("*"):
                target = copy / file.relative_to(self.folder / name)
                target.mkdir() if file.is_dir() else copyfile(file, target)
        except OSError as error:
            why = f"to open an index Chroma must write to its folder or to the temporary one ({_reason(error)})"
            raise HomeUnwritable(self.folder, why) from error
        if opened := _counted(copy, open_):
            return opened
        self._copy.cleanup()
        raise IndexDamaged(self.folder, "Chroma cannot open it")

    def retriever(self, encoder: Encoder) -> Retriever:
        return Retriever(encoder, self.vectors, self.lexical)

    def close(self) -> None:
        for part in ("vectors", "lexical", "documents"):
            if (opened := self.__dict__.pop(part, None)) is not None:
                opened.close()
        if self._copy:
            self._copy.cleanup()
        if self._end_reading:
            self._end_reading()


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).partition(" in [")[0]  # else it lists where a temporary folder may be


def collection_of(folder: Path) -> str | None:
    """Return where a version's vectors are on a server; None where they are not, or its manifest cannot be read."""
    try:
        return _read_manifest(folder).collection
    except IndexDamaged:
        return None


def forget_collections(server: ChromaServer, collection: str) -> None:
    """Remove what a server keeps of a version, as far as it answers."""
    with suppress(ChromaUnavailable):
        for name in (collection, documents_of(collection)):
            server.remove(name)


def documents_of(collection: str) -> str:
    """Return the name of the collection with the documents' passages, beside the one with the records."""
    return f"{collection}-documents"


def _counted(folder: Path, open_: Callable[[Path], Opened]) -> tuple[Opened, int] | None:
    """Return the database and how much it holds; None when Chroma cannot open it."""
    from chromadb.errors import ChromaError

    try:
        index = open_(folder)
        return index, index.count()
    except (ChromaError, sqlite3.Error, ValueError, OSError):
        return None


def describe_files(folder: Path) -> dict[str, str]:
    """SHA-256 of what every file of a version holds."""
    return {
        str(file.relative_to(folder)): _digest(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name not in (MANIFEST, READERS)
    }


def _verify_files(folder: Path, manifest: Manifest, *, of_documents: bool = False) -> None:
    # Before Chroma sees them: it ends the whole process on an altered graph, and answers from altered vectors.
    for name, digest in manifest.files.items():
        if name.startswith(f"{DOCUMENTS}/") != of_documents:
            continue
        try:
            whole = _digest(folder / name) == digest
        except (OSError, sqlite3.Error):
            whole = False
        if not whole:
            raise IndexDamaged(folder, f"{name} is missing or altered")


def _read_manifest(folder: Path) -> Manifest:
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise IndexDamaged(folder, f"{MANIFEST} is missing or unreadable") from error


def _read_knowledge(folder: Path) -> Knowledge:
    try:
        return Knowledge.model_validate_json((folder / KNOWLEDGE).read_bytes())
    except (OSError, ValidationError) as error:
        raise IndexDamaged(folder, f"{KNOWLEDGE} was written by another release") from error


def _digest(file: Path) -> str:
    if file.name == CHROMA_DATABASE:
        return _digest_of_rows(file)
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def _digest_of_rows(database: Path) -> str:
    # Of the rows and not of the bytes: Chroma writes a row of its own each time that it opens the database.
    digest = sha256()
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=rw", uri=True)) as db:
        db.text_factory = _latin_1  # altered text need not be UTF-8
        digest.update(repr(db.execute("pragma integrity_check").fetchall()).encode())
        tables = "select name from sqlite_master where type = 'table' and sql not like 'create virtual%' order by name"
        for (table,) in db.execute(tables).fetchall():
            if table not in CHROMA_BOOKKEEPING:
                rows = sorted(map(repr, db.execute(f'select * from "{table}"')))  # noqa: S608 - the database's own name
                digest.update(repr((table, rows)).encode())
    return digest.hexdigest()


def _latin_1(raw: bytes) -> str:
    return raw.decode("latin-1")
