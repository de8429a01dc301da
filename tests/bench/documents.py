"""A document index of any size, without reading a document: what a search costs depends on how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.documents import Audience, Viewer
from bot.retrieval.documents import (
    DocumentCatalogue,
    DocumentIndex,
    IndexedDocument,
    LinkedPassage,
    write_document_index,
)

MEMBER = Viewer("T1", "C1", external=False)
AUDIENCES = (Audience(), Audience(channels=("C1",)), Audience(channels=("C2",)), Audience(workspaces=("T2",)))
PASSAGES = 3


def made_documents(folder: Path, count: int, barriers: Sequence[str]) -> DocumentIndex:
    """Write and open an index of `count` documents with PASSAGES passages each, spread over barriers and audiences."""
    chosen = np.random.default_rng(1)
    documents = tuple(
        IndexedDocument(
            id=f"wiki/{place}.md",
            title=f"Page {place}",
            link=None,
            digest="",
            audience=int(chosen.integers(len(AUDIENCES))),
            passages=PASSAGES,
            barriers=(),
        )
        for place in range(count)
    )
    passages = [
        LinkedPassage(place, f"Section {number}", barrier)
        for place in range(count)
        for number in range(PASSAGES)
        for barrier in chosen.choice(barriers, 1 + number % 2, replace=False)
    ]
    vectors = chosen.normal(size=(len(passages), 384)).astype(np.float32)
    catalogue = DocumentCatalogue(audiences=AUDIENCES, documents=documents)
    write_document_index(folder, catalogue, passages, vectors)
    return DocumentIndex(folder, catalogue)
