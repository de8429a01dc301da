"""Message -> Answer, ShortList, Clarify or Decline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.knowledge import Knowledge, ScopeReply
from bot.retrieval.encoder import Encoder, Vectors
from bot.retrieval.hits import Hit, fuse
from bot.retrieval.retriever import Retriever
from bot.triage.alternatives import Alternatives
from bot.triage.decision import Weighed, weigh
from bot.triage.heads import SCOPES, Floats, Heads, calibrated
from bot.triage.language import foreign_language
from bot.triage.message import Message, clean, has_words
from bot.triage.outcome import (
    Answer,
    Clarify,
    Decline,
    DeclineKind,
    Look,
    Ranked,
    RankedBarrier,
    Ranking,
    ShortList,
    Triage,
)  # fmt: skip
from bot.triage.questions import best_question, condition, worth_asking
from bot.triage.reasons import clauses, speaking
from bot.triage.resemblance import by_records
from bot.triage.similarity import Similarity
from bot.triage.thresholds import Thresholds

REJECTED_THEME = 0.25
"""A rejected barrier speaks against its theme, too: what the theme's other barriers keep of their probability."""
REPLY_SIMILAR = 0.4
"""Cosine from which a reply written for such a message is given, not the general one."""
HITS = 20
HELPS_FROM, HELPS_WITH = 0.25, 3
"""How likely a barrier must be for a text to be said to help with it, and with how many at most."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that led to an outcome.

    `vector` is the message's, shape (1, dimensions); `scope` maps each of SCOPES to its probability; `hits` are the
    records that the message resembles; `clauses` maps each clause to what the first barrier gets by it alone.
    """

    message: Message
    vector: Vectors
    language: str | None
    scope: dict[str, float]
    hits: tuple[Hit, ...]
    ranking: Ranking
    question_similarity: dict[str, float]
    reply_similarity: dict[str, float]
    clauses: dict[str, float]
    outcome: Triage


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the models make of a message. `barriers` are log-probabilities (barriers,), after what the asker chose."""

    message: Message
    vectors: Vectors
    rankings: tuple[Sequence[Hit], Sequence[Hit]]
    scope: dict[str, float]
    barriers: Floats
    ranking: Ranking

    @property
    def weighed(self) -> Weighed:
        first, is_chosen = self.ranking.barriers[0].probability, self.message.chosen is not None
        return weigh(self.scope, first, self.message.text, is_chosen=is_chosen)


class Triager:
    """Ranks on one knowledge base."""

    def __init__(
        self,
        knowledge: Knowledge,
        heads: Heads,
        thresholds: Thresholds,
        similarity: Similarity,
        encoder: Encoder,
        retriever: Retriever,
    ) -> None:
        self._knowledge = knowledge
        self._heads = heads
        self._thresholds = thresholds
        self._similarity = similarity
        self._encoder = encoder
        self._retriever = retriever
        self._alternatives = Alternatives(heads)

    def triage(self, message: Message) -> Explanation:
        """Decide, and tell all that led to it. Raises MessageUnreadable for an empty or overlong message."""
        reading = self._read(message)
        explanation = Explanation(
            message=reading.message,
            vector=reading.vectors,
            language=foreign_language(reading.message.text),
            scope=reading.scope,
            hits=tuple(fuse(*reading.rankings, HITS)),
            ranking=reading.ranking,
            question_similarity=self._similarity.to_questions(reading.vectors[0]),
            reply_similarity=self._similarity.to_replies(reading.vectors[0]),
            clauses={},
            outcome=Decline(reading.ranking, "wordless", None, 1.0),
        )
        return self._decided(explanation, reading) if has_words(reading.message.text) else explanation

    def look(self, text: str) -> Look:
        """Tell what a text would come to by itself, without looking for reasons or a question. Raises the same."""
        reading = self._read(Message(text))
        if not has_words(reading.message.text):
            return Look("wordless", 1.0, None)
        weighed = reading.weighed
        if weighed.is_declined(self._thresholds):
            kind, _ = self._reply(reading.scope, self._similarity.to_replies(reading.vectors[0]))
            return Look(kind, weighed.beyond, None)
        is_answered = weighed.sureness(self._thresholds) != "a first guess"
        return Look(None, weighed.meant, reading.ranking.barriers[0].id if is_answered else None)

    def helps_with(self, text: str, vectors: Vectors) -> tuple[str, ...]:
        """Return the barriers that a text about how things are done speaks of, likeliest first; none, mostly.

        `vectors` is the text's, shape (1, dimensions).
        """
        reading = self._reading(Message(text), vectors)
        if reading.weighed.is_declined(self._thresholds):
            return ()
        likeliest = reading.ranking.barriers[:HELPS_WITH]
        return tuple(barrier.id for barrier in likeliest if barrier.probability >= HELPS_FROM)

    def _read(self, message: Message) -> _Reading:
        message = replace(message, text=clean(message.text))
        return self._reading(message, self._encoder.encode([message.text]))

    def _reading(self, message: Message, vectors: Vectors) -> _Reading:
        rankings = self._retriever.rankings(vectors, message.text)
        records = by_records(self._heads.barriers, *rankings)
        barriers = self._chosen(self._barriers(message.text, vectors[0], records), message)
        scope = dict(zip(SCOPES, map(float, self._heads.scope(vectors[0], message.text)), strict=True))
        return _Reading(message, vectors, rankings, scope, barriers, self._ranked(barriers))

    def _decided(self, explanation: Explanation, reading: _Reading) -> Explanation:
        message, weighed = reading.message, reading.weighed
        ranking, language = explanation.ranking, explanation.language
        chose = message.picked or message.offered or message.rejected or message.unsure
        if not chose and weighed.is_declined(self._thresholds):
            kind, reply = self._reply(reading.scope, explanation.reply_similarity)
            return replace(explanation, outcome=Decline(ranking, kind, reply, weighed.beyond, language))
        sure = weighed.sureness(self._thresholds)
        if not message.settled and (sure == "a first guess" or message.unsure or message.none_fits):
            question = best_question(self._knowledge, ranking, explanation.question_similarity)
            alike = explanation.question_similarity.get(question.id, 0.0)
            gain = worth_asking(question, ranking, weighed.vague, alike)
            if message.none_fits or (gain > 0 and not (message.asked or message.rejected or message.unsure)):
                return replace(explanation, outcome=Clarify(ranking, question, weighed.vague, language))
            listed, by_clause = self._with_reasons(reading, self._alternatives.listed(ranking))
            return replace(explanation, outcome=ShortList(ranking, listed, language), clauses=by_clause)
        beside = self._alternatives.beside(ranking, sure)
        (first, *others), by_clause = self._with_reasons(reading, (ranking.barriers[0], *beside))
        answer = Answer(ranking, first, tuple(others), None if message.settled else sure, language)
        return replace(explanation, outcome=answer, clauses=by_clause)

    def _barriers(self, text: str, vector: Floats, records: Floats | None) -> Floats:
        """Calibrated log-probabilities of the barriers for the message or a part of it."""
        _, barriers = self._heads.rank(vector, text, records)
        return calibrated(barriers, self._thresholds.temperature)

    def _chosen(self, ranked: Floats, message: Message) -> Floats:
        """After what the asker pressed."""
        if message.offered:
            offered = {id for choice in message.offered for id in choice.barriers}
            meant = set(message.chosen.barriers) if message.chosen else set(self._heads.barriers) - offered
            ranked = self._conditioned(ranked, meant)
        if message.rejected:
            ranked = self._without(ranked, message.rejected)
        return self._conditioned(ranked, {message.picked}) if message.picked else ranked

    def _conditioned(self, ranked: Floats, meant: set[str]) -> Floats:
        chosen = np.array([id in meant for id in self._heads.barriers])
        return np.log(condition(np.exp(ranked), chosen) + 1e-12).astype(np.float32)

    def _without(self, ranked: Floats, rejected: tuple[str, ...]) -> Floats:
        gone = np.array([id in rejected for id in self._heads.barriers])
        near = np.isin(self._heads.theme_of, self._heads.theme_of[gone])
        left = np.exp(ranked) * np.where(gone, 0.0, np.where(near, REJECTED_THEME, 1.0))
        return np.log(left / left.sum() + 1e-12).astype(np.float32)

    def _ranked(self, barriers: Floats) -> Ranking:
        probabilities = np.exp(barriers)
        dimension_of = {theme.id: theme.dimension for theme in self._knowledge.themes}
        ranked = [
            RankedBarrier(id, theme := self._knowledge.barrier_by_id[id].theme, dimension_of[theme], float(p))
            for id, p in zip(self._heads.barriers, probabilities, strict=True)
        ]
        ranked.sort(key=lambda barrier: (-barrier.probability, barrier.id))
        return Ranking(
            dimensions=_summed((barrier.dimension, barrier.probability) for barrier in ranked),
            themes=_summed((barrier.theme, barrier.probability) for barrier in ranked),
            barriers=tuple(ranked),
        )

    def _with_reasons(
        self, reading: _Reading, ranked: Sequence[RankedBarrier]
    ) -> tuple[tuple[RankedBarrier, ...], dict[str, float]]:
        """Return the barriers with the clauses that speak for them, and what the first gets by each clause alone."""
        text = reading.message.text
        parts = clauses(text)
        texts = [part.of(text) for part in parts]
        vectors = self._encoder.encode_together(texts)
        alone = [self._barriers(part, vector, None) for part, vector in zip(texts, vectors, strict=True)]
        columns = [self._heads.barriers.index(barrier.id) for barrier in ranked]
        reasons = speaking(parts, reading.barriers, alone, columns)
        reasoned = (
            replace(barrier, reason=clause.of(text) if clause else None)
            for barrier, clause in zip(ranked, reasons, strict=True)
        )
        by_clause = {part: float(np.exp(logs[columns[0]])) for part, logs in zip(texts, alone, strict=True)}
        return tuple(reasoned), by_clause

    def _reply(self, scope: dict[str, float], similarity: dict[str, float]) -> tuple[DeclineKind, ScopeReply]:
        kinds: tuple[DeclineKind, ...] = ("near", "far", "about")
        kind = max(kinds, key=lambda kind: scope[kind])
        replies = {reply.id: reply for reply in self._knowledge.scope.replies}
        id, alike = max(similarity.items(), key=lambda item: item[1])
        if alike >= REPLY_SIMILAR:
            return replies[id].kind, replies[id]
        return kind, replies[self._knowledge.scope.defaults[kind]]


def _summed(pairs: Iterable[tuple[str, float]]) -> tuple[Ranked, ...]:
    sums: dict[str, float] = {}
    for id, probability in pairs:
        sums[id] = sums.get(id, 0.0) + probability
    return tuple(Ranked(id, p) for id, p in sorted(sums.items(), key=lambda item: (-item[1], item[0])))
