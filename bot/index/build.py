"""Knowledge to a built index folder."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

import numpy as np

from bot.clock import utc_now
from bot.errors import HomeUnwritable, IndexDamaged, TriageError
from bot.index.documents import LinkCache, documents_hash, write_documents
from bot.index.records import records_of
from bot.index.source import KnowledgeSource
from bot.index.vectors import OnEncoded, VectorCache
from bot.index.version import (
    CATALOGUE,
    CHROMA,
    DOCUMENTS,
    HEADS,
    KNOWLEDGE,
    LEXICAL,
    MANIFEST,
    PHRASES,
    IndexVersion,
    Manifest,
    describe_files,
    documents_of,
    forget_collections,
)
from bot.retrieval.chroma import ChromaServer, ServedCollection
from bot.retrieval.encoder import Encoder, Vectors
from bot.retrieval.lexical import LexicalIndex, write_lexical_index
from bot.retrieval.retriever import Retriever
from bot.retrieval.vectors import LoadedVectors, VectorIndex, write_vector_index
from bot.triage import Triager, load_thresholds
from bot.triage.heads import Heads, TrainedHead
from bot.triage.similarity import Similarity, phrases_of
from bot.triage.training_examples import encoded_examples, fit_key, training_examples_of

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of the whole build is done, from 0 to 1."""

CORE, CHECKED_FROM = 0.3, 0.95
"""How much of a build the knowledge is, where there are documents, too; and where the checking begins."""
COLLECTIONS = "triage-"
"""How the names of our collections on a server begin."""

PACKAGED = Path(__file__).parent.parent / "packaged"
PACKAGED_HEADS, PACKAGED_VECTORS = PACKAGED / "heads", PACKAGED / "vectors.npz"


def build(
    source: KnowledgeSource, number: int, encoder: Encoder, cache: VectorCache, folder: Path, progress: Progress,
    server: ChromaServer | None = None,
) -> None:  # fmt: skip
    """Write a complete version into the empty `folder`, its vectors to the `server` if there is one, and verify it.

    Raises HomeUnwritable when a write fails (disk full, no permission), IndexDamaged when what was written cannot be
    read back, EncoderUnavailable and ChromaUnavailable when these do not answer.
    """
    from chromadb.errors import ChromaError

    # A name that no other host gives its version of that number.
    collection = f"{COLLECTIONS}{number}-{int(time.time())}-{token_hex(4)}" if server else None
    building = _Building(source, number, encoder, cache, folder, progress, server, collection)
    try:
        manifest = building.write()
        (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        progress("checking the new index", CHECKED_FROM)
        building.verify()
    except (OSError, sqlite3.Error, ChromaError) as error:
        building.take_back()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise HomeUnwritable(folder.parent, reason) from error
    except TriageError:
        building.take_back()
        raise
    progress("ready", 1.0)


@dataclass(frozen=True, slots=True)
class _Building:
    """One version being built. `collection` is its name on the server, if there is one."""

    source: KnowledgeSource
    number: int
    encoder: Encoder
    cache: VectorCache
    folder: Path
    progress: Progress
    server: ChromaServer | None
    collection: str | None

    def write(self) -> Manifest:
        source, folder, core = self.source, self.folder, self._core
        core("writing the knowledge", 0.0)
        (folder / KNOWLEDGE).write_text(source.knowledge.model_dump_json(), encoding="utf-8")
        self._write_heads()
        records = records_of(source.knowledge)
        vectors = self._encoded(
            [record.text for record in records],
            lambda done, of: core("encoding records", 0.6 + 0.1 * done / of),
        )
        phrases = self._encoded([phrase for _, phrase in phrases_of(source.knowledge)])
        np.save(folder / PHRASES, phrases, allow_pickle=False)
        core("indexing words", 0.7)
        rows = [(record.id, record.kind, record.barrier, record.text) for record in records]
        write_lexical_index(folder / LEXICAL, rows)
        core("indexing vectors", 0.75)
        write_vector_index(self._place(CHROMA, self.collection), rows, vectors)
        content_hash = sha256(source.knowledge.model_dump_json().encode()).hexdigest()
        passages = self._write_documents(f"{content_hash} {self.encoder.id}")
        return Manifest(
            format=3,
            number=self.number,
            built_at=utc_now(),
            content_hash=content_hash,
            encoder=self.encoder.id,
            records=len(records),
            barriers=len(source.knowledge.barriers),
            knowledge_files=dict(source.fingerprint),
            collection=self.collection,
            documents_hash=documents_hash(source.documents),
            document_passages=passages,
            files=describe_files(folder),
        )

    def verify(self) -> None:
        """Raises IndexDamaged unless the counts are right and every record finds itself."""
        folder, version = self.folder, IndexVersion(self.folder, self.server)
        try:
            records = records_of(self.source.knowledge)
            if version.knowledge != self.source.knowledge:
                raise IndexDamaged(folder, "the knowledge in it is not what was read")
            vectors = self._encoded([record.text for record in records])
            found = version.vectors.search(vectors, 3)
            for record, hits in zip(records, found, strict=True):
                if not any(hit.id == record.id or hit.text == record.text for hit in hits):
                    raise IndexDamaged(folder, f"record {record.id} does not find itself")
            _ = version.documents  # which checks itself
        finally:
            version.close()

    def take_back(self) -> None:
        """Remove what a server was given of it; what it does not let go now is removed another day."""
        if self.server is not None and self.collection is not None:
            forget_collections(self.server, self.collection)

    def _write_heads(self) -> None:
        source, folder = self.source, self.folder / HEADS
        examples = training_examples_of(source.knowledge, source.messages)
        themes_of = {barrier.id: barrier.theme for barrier in source.knowledge.barriers}
        key = fit_key(examples, themes_of, self.encoder.id)
        if (PACKAGED_HEADS / "KEY").exists() and (PACKAGED_HEADS / "KEY").read_text(encoding="ascii").strip() == key:
            folder.mkdir()
            for file in PACKAGED_HEADS.iterdir():  # copytree would hide why a file was not written
                shutil.copyfile(file, folder / file.name)
            return
        from bot.triage.fitting import fit

        vectors = self._encoded(
            [example.text for example in encoded_examples(examples)],
            lambda done, of: self._core("encoding messages to learn from", 0.4 * done / of),
        )
        self._core("fitting the ranking", 0.4)
        fit(examples, themes_of, vectors, head_of(self.encoder)).save(folder)
        (folder / "KEY").write_text(key, encoding="ascii")

    def _write_documents(self, state: str) -> int:
        """Write the documents' part, if there are any; how many passages it holds. `state` stands for the triage."""
        documents, folder = self.source.documents, self.folder
        if not (documents.documents or documents.skipped):
            return 0
        place = self._place(CHROMA, self.collection)
        vectors = VectorIndex(place) if isinstance(place, Path) else LoadedVectors(place.server, place.name)
        lexical = LexicalIndex(folder / LEXICAL)
        try:
            triager = Triager(
                self.source.knowledge,
                Heads.load(folder / HEADS),
                load_thresholds(),
                Similarity(self.source.knowledge, np.load(folder / PHRASES, allow_pickle=False)),
                self.encoder,
                Retriever(self.encoder, vectors, lexical),
            )

            def on_done(done: int, of: int) -> None:
                self.progress("linking documents", CORE + (CHECKED_FROM - CORE) * done / max(of, 1))

            catalogue, passages = write_documents(
                documents,
                triager,
                self.encoder,
                self.cache,
                LinkCache(self.cache.file.with_name("links.sqlite"), state),
                self._place(DOCUMENTS, self.collection and documents_of(self.collection)),
                on_done,
            )
        finally:
            vectors.close()
            lexical.close()
        (folder / CATALOGUE).write_text(catalogue.model_dump_json(), encoding="utf-8")
        return passages

    def _place(self, name: str, collection: str | None) -> Path | ServedCollection:
        if self.server is None or collection is None:
            return self.folder / name
        return ServedCollection(self.server, collection)

    def _encoded(self, texts: Sequence[str], on_encoded: OnEncoded = lambda _done, _of: None) -> Vectors:
        return self.cache.encode(self.encoder, texts, on_encoded)

    def _core(self, what: str, done: float) -> None:
        self.progress(what, done * (CORE if self.source.documents.documents else 1.0))


def head_of(encoder: Encoder) -> TrainedHead | None:
    return TrainedHead.load(encoder.trained_head) if encoder.trained_head else None
