"""The bot: a message -> Reply, on one index version, for every channel alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import structlog

from bot.documents import Viewer
from bot.errors import TriageError
from bot.guidance import Guidance, compose
from bot.guidance.details import Facet, detail
from bot.index.version import IndexVersion
from bot.retrieval.documents import DocumentIndex, OwnDocument
from bot.retrieval.encoder import Encoder, Vectors
from bot.triage import Answer, Explanation, Look, Message, Thresholds, Triage, Triager, load_thresholds

Today = Callable[[], date]

DOCUMENTS_SHOWN = 3

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reply:
    """An outcome, and the guidance when it is an answer."""

    explanation: Explanation
    guidance: Guidance | None

    @property
    def outcome(self) -> Triage:
        return self.explanation.outcome


class Bot:
    """Answers on one index version, for every channel alike."""

    def __init__(
        self, version: IndexVersion, encoder: Encoder, today: Today, *, thresholds: Thresholds | None = None
    ) -> None:
        self.version = version
        self._today = today
        self._retriever = version.retriever(encoder)
        self._triager = Triager(
            version.knowledge,
            version.heads,
            thresholds or load_thresholds(),
            version.similarity,
            encoder,
            self._retriever,
        )

    def triage(self, message: Message) -> Explanation:
        """Retrieval, ranking, scope and reasons. Raises MessageUnreadable."""
        return self._triager.triage(message)

    def look(self, text: str) -> Look:
        """Tell what a text would come to by itself, at a part of the cost. Raises MessageUnreadable."""
        return self._triager.look(text)

    def detail(self, facet: Facet, barrier: str) -> str:
        """Tell what the record of a barrier says about a part of what was told."""
        knowledge = self.version.knowledge
        return detail(facet, knowledge.barrier_by_id[barrier], knowledge, self._today())

    @cached_property
    def documents(self) -> DocumentIndex | None:
        """The organisation's own; None where there are none, or they cannot be read: answers do without, then."""
        try:
            return self.version.documents
        except TriageError as error:
            log.error("documents cannot be cited", reason=str(error))
            return None

    def reply(self, message: Message, viewer: Viewer | None = None, documents: DocumentIndex | None = None) -> Reply:
        """Take a message the whole way. Raises MessageUnreadable.

        Cited are those of `documents` that `viewer` may read.
        """
        explanation = self.triage(message)
        text, outcome, version = explanation.message.text, explanation.outcome, self.version
        if not isinstance(outcome, Answer):
            return Reply(explanation, None)
        records = self._retriever.records_of(outcome.barrier.id, explanation.vector)
        cited = self._cited(documents, outcome.barrier.id, viewer, explanation.vector)
        guidance = compose(
            outcome, text, version.knowledge, records, explanation.hits, self._today(), version.number, cited
        )
        return Reply(explanation, guidance)

    def _cited(
        self, documents: DocumentIndex | None, barrier: str, viewer: Viewer | None, vector: Vectors
    ) -> Sequence[OwnDocument]:
        if documents is None or viewer is None:
            return ()
        try:
            return documents.search(barrier, viewer, vector, DOCUMENTS_SHOWN)
        except TriageError as error:  # a server that is away for a moment; the answer is whole without them
            log.warning("documents were not cited", reason=str(error))
            return ()
