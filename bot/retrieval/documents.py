"""Passages of an organisation's documents, by the barrier they help with and by who may read them.

A query names both at once, so that what somebody may not read is never fetched. The few hundred passages of a barrier
are compared one by one: with such a condition Chroma's graph is slower and less exact (50,000 passages: 40 ms).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bot.documents.audience import Audience, Viewer
from bot.retrieval.chroma import ServedCollection, matching, open_client, open_collection, write_to
from bot.retrieval.encoder import Vectors

COLLECTION = "documents"
HELPS_FROM = 0.2
"""Cosine to the message from which a passage is cited."""
BARRIERS_KEPT = 64
"""Barriers and audiences whose passages are kept in memory: those of 10,000 documents take some 30 MB."""


class IndexedDocument(BaseModel):
    """`audience` is its place among the catalogue's; `barriers` are those that it helps with, by whose judgement."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    link: str | None
    digest: str
    audience: int
    passages: int
    barriers: tuple[str, ...]
    said_by_an_admin: bool = False


class SkippedDocument(BaseModel):
    """One that is not in the index, and why."""

    model_config = ConfigDict(frozen=True)

    id: str
    reason: str


class DocumentCatalogue(BaseModel):
    """What an index version knows of documents, beside their passages."""

    model_config = ConfigDict(frozen=True)

    audiences: tuple[Audience, ...] = ()
    documents: tuple[IndexedDocument, ...] = ()
    skipped: tuple[SkippedDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedPassage:
    """A passage under one barrier that it helps with; `document` is a place in the catalogue."""

    document: int
    section: str
    barrier: str


@dataclass(frozen=True, slots=True)
class OwnDocument:
    """A document of the organisation's for people to open; `score` is the cosine of its nearest passage."""

    id: str
    title: str
    section: str
    link: str | None
    score: float


@dataclass(frozen=True, slots=True)
class _Passages:
    """Of one barrier and one audience, a row each; `documents` are places in the catalogue."""

    documents: Sequence[int]
    sections: Sequence[str]
    vectors: Vectors

    def nearest(self, vector: Vectors) -> Iterator[tuple[int, str, float]]:
        """Yield document, section and cosine."""
        if self.documents:
            scores: list[float] = (self.vectors @ vector[0]).tolist()
            yield from zip(self.documents, self.sections, scores, strict=True)


def write_document_index(
    place: Path | ServedCollection, catalogue: DocumentCatalogue, passages: Sequence[LinkedPassage], vectors: Vectors
) -> None:
    """Build the database in a new folder, or the collection on a server; a row of `vectors` a passage.

    Raises what Chroma or the file system raises when it cannot be written; ChromaUnavailable.
    """
    audience_of = [document.audience for document in catalogue.documents]
    fields = [
        {
            "of": _key(passage.barrier, audience_of[passage.document]),
            "document": str(passage.document),
            "section": passage.section,
        }
        for passage in passages
    ]
    write_to(place, COLLECTION, [str(number) for number in range(len(passages))], vectors, fields)


class DocumentIndex:
    """Reads what `write_document_index` made; may be used from several threads.

    Where a server keeps it, everything but `close` raises ChromaUnavailable.
    """

    def __init__(self, place: Path | ServedCollection, catalogue: DocumentCatalogue) -> None:
        self._server = place.server if isinstance(place, ServedCollection) else None
        if isinstance(place, ServedCollection):
            self._client, self._collection = None, place.server.open(place.name)
        else:
            self._client = open_client(place)
            self._collection = open_collection(self._client, COLLECTION)
        self._catalogue = catalogue
        self._fetched: Callable[[str], _Passages] = lru_cache(BARRIERS_KEPT)(self._fetch)

    def count(self) -> int:
        with self._server.answering() if self._server else nullcontext():
            return self._collection.count()

    def search(self, barrier: str, viewer: Viewer, vector: Vectors, limit: int) -> list[OwnDocument]:
        """Return the documents that help with the barrier and may be shown there, the nearest to `vector` first."""
        found: dict[int, OwnDocument] = {}
        for number, audience in enumerate(self._catalogue.audiences):
            if not audience.includes(viewer):
                continue
            passages = self._fetched(_key(barrier, number))
            for place, section, score in passages.nearest(vector):
                if score >= HELPS_FROM and (place not in found or found[place].score < score):
                    document = self._catalogue.documents[place]
                    found[place] = OwnDocument(document.id, document.title, section, document.link, score)
        return sorted(found.values(), key=lambda each: (-each.score, each.id))[:limit]

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _fetch(self, key: str) -> _Passages:
        with self._server.answering() if self._server else nullcontext():
            _, fields, _, vectors = matching(self._collection, "of", key)
        return _Passages([int(each["document"]) for each in fields], [each["section"] for each in fields], vectors)


def _key(barrier: str, audience: int) -> str:
    return f"{barrier}@{audience}"


def audiences_of(each: Iterable[Audience]) -> tuple[Audience, ...]:
    """Return each audience once, in an order that does not depend on that of the documents."""
    return tuple(sorted(set(each), key=str))
