"""Documents -> the part of an index version that cites them: linked to barriers by the triage that answers, too."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from bot.documents import Document, Documents, Passage
from bot.index.vectors import OnEncoded, VectorCache, content_hash, on_cache
from bot.retrieval.chroma import ServedCollection
from bot.retrieval.documents import (
    DocumentCatalogue,
    IndexedDocument,
    LinkedPassage,
    SkippedDocument,
    audiences_of,
    write_document_index,
)
from bot.retrieval.encoder import Encoder, Vectors
from bot.triage import Triager

LINKS = "links (state text, key blob, barriers text, primary key (state, key))"

Links = Sequence[Sequence[tuple[str, ...]]]
"""For each document, for each of its passages, the barriers that it helps with."""


@dataclass(frozen=True, slots=True)
class DocumentsDiff:
    """`added` and `changed` with the barriers that they help with, as far as they are known yet."""

    added: tuple[IndexedDocument, ...] = ()
    changed: tuple[IndexedDocument, ...] = ()
    removed: tuple[str, ...] = ()
    skipped: tuple[SkippedDocument, ...] = ()
    audiences: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.added or self.changed or self.removed)


def catalogue_of(documents: Documents, links: Links | None = None) -> DocumentCatalogue:
    """Tell what there is; `links` are None where nothing was linked yet."""
    audiences = audiences_of(document.audience for document in documents.documents)
    said = documents.links or {}
    indexed: list[IndexedDocument] = []
    for place, document in enumerate(documents.documents):
        barriers = {barrier: None for passage in links[place] for barrier in passage} if links else {}
        indexed.append(
            IndexedDocument(
                id=document.id,
                title=document.title,
                link=document.link,
                digest=document.digest,
                audience=audiences.index(document.audience),
                passages=len(document.passages),
                barriers=tuple(sorted(barriers)) if links else said.get(document.id, ()),
                said_by_an_admin=document.id in said,
            )
        )
    skipped = tuple(SkippedDocument(id=each.document, reason=each.reason) for each in documents.skipped)
    return DocumentCatalogue(audiences=audiences, documents=tuple(indexed), skipped=skipped)


def documents_diff(before: DocumentCatalogue, after: DocumentCatalogue) -> DocumentsDiff:
    """Tell which documents came, went, or have other words, readers, addresses or an admin's say."""
    old, new = ({each.id: each for each in catalogue.documents} for catalogue in (before, after))

    def state(document: IndexedDocument, catalogue: DocumentCatalogue) -> object:
        said = document.barriers if document.said_by_an_admin else None
        return document.digest, document.title, document.link, catalogue.audiences[document.audience], said

    return DocumentsDiff(
        added=tuple(new[id] for id in sorted(new.keys() - old.keys())),
        changed=tuple(
            new[id] for id in sorted(old.keys() & new.keys()) if state(old[id], before) != state(new[id], after)
        ),
        removed=tuple(sorted(old.keys() - new.keys())),
        skipped=after.skipped,
        audiences=tuple(map(str, after.audiences)),
    )


def write_documents(
    documents: Documents, triager: Triager, encoder: Encoder, cache: VectorCache, links: LinkCache,
    into: Path | ServedCollection, on_done: OnEncoded,
) -> tuple[DocumentCatalogue, int]:  # fmt: skip
    """Link and write what was read, into a new folder or a server's collection, and tell how many passages that is.

    What helps with no barrier is in the catalogue only.
    """
    texts = [_text(document, passage) for document in documents.documents for passage in document.passages]
    count = len(texts)
    vectors = cache.encode(encoder, texts, lambda done, of: on_done(done, 2 * of))
    linked = iter(links.of(triager, texts, vectors, lambda done, of: on_done(of + done, 2 * of)))
    said = documents.links or {}
    found = [[next(linked) for _ in document.passages] for document in documents.documents]
    by_document = [
        [said.get(document.id, barriers) for barriers in passages]
        for document, passages in zip(documents.documents, found, strict=True)
    ]
    catalogue = catalogue_of(documents, by_document)
    rows: list[int] = []
    records: list[LinkedPassage] = []
    for row, (place, passage, barriers) in enumerate(_flat(documents.documents, by_document)):
        for barrier in barriers:
            rows.append(row)
            records.append(LinkedPassage(place, passage.section, barrier))
    if len(records) == 1:  # Chroma keeps the graph of two at least, and makes a smaller one anew at each opening
        records, rows = records * 2, rows * 2
    if records:
        write_document_index(into, catalogue, records, vectors[rows])
    on_done(2 * count, 2 * count)
    return catalogue, len(records)


def _text(document: Document, passage: Passage) -> str:
    return "\n".join(part for part in (document.title, passage.section, passage.text) if part)


def _flat(documents: Sequence[Document], links: Links) -> Iterator[tuple[int, Passage, tuple[str, ...]]]:
    for place, (document, barriers_of) in enumerate(zip(documents, links, strict=True)):
        for passage, barriers in zip(document.passages, barriers_of, strict=True):
            yield place, passage, barriers


class LinkCache:
    """Which barriers a text helps with, by one state of the knowledge and the encoder; other states are forgotten."""

    def __init__(self, file: Path, state: str) -> None:
        self._file = file
        self._state = state

    def of(
        self, triager: Triager, texts: Sequence[str], vectors: Vectors, on_linked: OnEncoded
    ) -> list[tuple[str, ...]]:
        keys = [content_hash(text) for text in texts]

        def linked(db: sqlite3.Connection) -> list[tuple[str, ...]]:
            db.execute("delete from links where state <> ?", (self._state,))
            known = {key: tuple(named.split()) for key, named in db.execute("select key, barriers from links")}
            for done, (key, text, vector) in enumerate(zip(keys, texts, vectors, strict=True)):
                if key not in known:
                    known[key] = triager.helps_with(text, vector[np.newaxis])
                    db.execute("insert into links values (?, ?, ?)", (self._state, key, " ".join(known[key])))
                if done % 100 == 0:
                    on_linked(done, len(keys))
            return [known[key] for key in keys]

        return on_cache(self._file, LINKS, linked)


def documents_hash(documents: Documents) -> str:
    """Stand for all that the documents' part of an index depends on, beside the knowledge; empty for none."""
    if not documents.documents and not documents.skipped:
        return ""
    catalogue = catalogue_of(documents)
    return sha256(catalogue.model_dump_json().encode()).hexdigest()[:16]
