"""Knowledge to a built index folder."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np

from bot.clock import utc_now
from bot.errors import HomeUnwritable, IndexDamaged
from bot.index.documents import LinkCache, documents_hash, write_documents
from bot.index.records import records_of
from bot.index.source import KnowledgeSource
from bot.index.vectors import VectorCache
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
)
from bot.retrieval.encoder import Encoder
from bot.retrieval.lexical import LexicalIndex, write_lexical_index
from bot.retrieval.retriever import Retriever
from bot.retrieval.vectors import VectorIndex, write_vector_index
from bot.triage import Triager, load_thresholds
from bot.triage.heads import Heads, TrainedHead
from bot.triage.similarity import Similarity, phrases_of
from bot.triage.training_examples import encoded_examples, fit_key, training_examples_of

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of the whole build is done, from 0 to 1."""

CORE = 0.3
"""How much of a build the knowledge is, where there are documents, too."""

PACKAGED = Path(__file__).parent.parent / "packaged"
PACKAGED_HEADS, PACKAGED_VECTORS = PACKAGED / "heads", PACKAGED / "vectors.npz"


def build(
    source: KnowledgeSource, number: int, encoder: Encoder, cache: VectorCache, folder: Path, progress: Progress
) -> None:
    """Write a complete version into the empty `folder` and verify it.

    Raises HomeUnwritable when a write fails (disk full, no permission), IndexDamaged when what was written cannot be
    read back, EncoderUnavailable when the encoder does not answer.
    """
    from chromadb.errors import ChromaError

    core = _part(progress, 0.0, CORE if source.documents.documents else 1.0)
    try:
        manifest = _write(source, number, encoder, cache, folder, core, progress)
        (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        progress("checking the new index", 0.95)
        verify(folder, source, encoder, cache)
    except (OSError, sqlite3.Error, ChromaError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise HomeUnwritable(folder.parent, reason) from error
    progress("ready", 1.0)


def verify(folder: Path, source: KnowledgeSource, encoder: Encoder, cache: VectorCache) -> None:
    """Raises IndexDamaged unless the counts are right and every record finds itself."""
    version = IndexVersion(folder)
    try:
        records = records_of(source.knowledge)
        if version.knowledge != source.knowledge:
            raise IndexDamaged(folder, "the knowledge in it is not what was read")
        vectors = cache.encode(encoder, [record.text for record in records], _silent)
        found = version.vectors.search(vectors, 3)
        for record, hits in zip(records, found, strict=True):
            if not any(hit.id == record.id or hit.text == record.text for hit in hits):
                raise IndexDamaged(folder, f"record {record.id} does not find itself")
        if version.documents is not None and version.documents.count() != version.manifest.document_passages:
            raise IndexDamaged(folder, "passages of documents are missing")
    finally:
        version.close()


def _write(
    source: KnowledgeSource, number: int, encoder: Encoder, cache: VectorCache, folder: Path, progress: Progress,
    whole: Progress,
) -> Manifest:  # fmt: skip
    progress("writing the knowledge", 0.0)
    (folder / KNOWLEDGE).write_text(source.knowledge.model_dump_json(), encoding="utf-8")
    _write_heads(source, encoder, cache, folder / HEADS, progress)
    records = records_of(source.knowledge)
    vectors = cache.encode(
        encoder,
        [record.text for record in records],
        lambda done, of: progress("encoding records", 0.6 + 0.1 * done / of),
    )
    phrases = cache.encode(encoder, [phrase for _, phrase in phrases_of(source.knowledge)], _silent)
    np.save(folder / PHRASES, phrases, allow_pickle=False)
    progress("indexing words", 0.7)
    rows = [(record.id, record.kind, record.barrier, record.text) for record in records]
    write_lexical_index(folder / LEXICAL, rows)
    progress("indexing vectors", 0.75)
    write_vector_index(folder / CHROMA, rows, vectors)
    content_hash = sha256(source.knowledge.model_dump_json().encode()).hexdigest()
    passages = _write_documents(source, f"{content_hash} {encoder.id}", encoder, cache, folder, whole)
    return Manifest(
        format=3,
        number=number,
        built_at=utc_now(),
        content_hash=content_hash,
        encoder=encoder.id,
        records=len(records),
        barriers=len(source.knowledge.barriers),
        knowledge_files=dict(source.fingerprint),
        documents_hash=documents_hash(source.documents),
        document_passages=passages,
        files=describe_files(folder),
    )


def _write_documents(
    source: KnowledgeSource, state: str, encoder: Encoder, cache: VectorCache, folder: Path, progress: Progress
) -> int:
    """Write the documents' part, if there are any; how many passages it holds."""
    if not (source.documents.documents or source.documents.skipped):
        return 0
    vectors, lexical = VectorIndex(folder / CHROMA), LexicalIndex(folder / LEXICAL)
    try:
        triager = Triager(
            source.knowledge,
            Heads.load(folder / HEADS),
            load_thresholds(),
            Similarity(source.knowledge, np.load(folder / PHRASES, allow_pickle=False)),
            encoder,
            Retriever(encoder, vectors, lexical),
        )

        def on_done(done: int, of: int) -> None:
            progress("linking documents", CORE + (0.95 - CORE) * done / max(of, 1))

        links = LinkCache(cache.file.with_name("links.sqlite"), state)
        catalogue, passages = write_documents(
            source.documents, triager, encoder, cache, links, folder / DOCUMENTS, on_done
        )
    finally:
        vectors.close()
        lexical.close()
    (folder / CATALOGUE).write_text(catalogue.model_dump_json(), encoding="utf-8")
    return passages


def _part(progress: Progress, start: float, end: float) -> Progress:
    return lambda what, done: progress(what, start + (end - start) * done)


def _write_heads(
    source: KnowledgeSource, encoder: Encoder, cache: VectorCache, folder: Path, progress: Progress
) -> None:
    examples = training_examples_of(source.knowledge, source.messages)
    themes_of = {barrier.id: barrier.theme for barrier in source.knowledge.barriers}
    key = fit_key(examples, themes_of, encoder.id)
    if (PACKAGED_HEADS / "KEY").exists() and (PACKAGED_HEADS / "KEY").read_text(encoding="ascii").strip() == key:
        folder.mkdir()
        for file in PACKAGED_HEADS.iterdir():  # copytree would hide why a file was not written
            shutil.copyfile(file, folder / file.name)
        return
    from bot.triage.fitting import fit

    vectors = cache.encode(
        encoder,
        [example.text for example in encoded_examples(examples)],
        lambda done, of: progress("encoding messages to learn from", 0.4 * done / of),
    )
    progress("fitting the ranking", 0.4)
    fit(examples, themes_of, vectors, head_of(encoder)).save(folder)
    (folder / "KEY").write_text(key, encoding="ascii")


def head_of(encoder: Encoder) -> TrainedHead | None:
    return TrainedHead.load(encoder.trained_head) if encoder.trained_head else None


def _silent(_done: int, _of: int) -> None:
    pass
