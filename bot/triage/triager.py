"""Message -> Answer, Clarify or Decline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.knowledge import Knowledge, ScopeReply
from bot.retrieval.encoder import Encoder, Vectors
from bot.triage.bounds import Bounds
from bot.triage.heads import SCOPES, Floats, Heads, calibrated
from bot.triage.language import foreign_language
from bot.triage.likeness import Likeness
from bot.triage.message import Message, clean, has_words
from bot.triage.outcome import Answer, Clarify, Decline, DeclineKind, Ranked, RankedBarrier, Ranking, Triage
from bot.triage.questions import best_question, condition, possibilities, worth_asking
from bot.triage.reasons import clauses, strongest

TOLD = 3
"""How many barriers an answer tells."""
WORTH_TELLING = 0.25
"""Of the first barrier's probability: what is less likely than this is left out."""
FOREIGN_DECLINE_AT = 0.8
"""In another language scope is judged badly, and a question turned away is worse than one too many answered."""
REJECTED_THEME = 0.25
"""A rejected barrier speaks against its theme, too: what the theme's other barriers keep of their probability."""
REPLY_SOUNDS_ALIKE = 0.4
"""Cosine from which a reply written for such a message is given, not the general one."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Everything that led to an outcome.

    `vector` is the records' encoder's, shape (1, dimensions); `scope` maps each of SCOPES to its probability.
    """

    message: Message
    vector: Vectors
    language: str | None
    scope: dict[str, float]
    ranking: Ranking
    question_likeness: dict[str, float]
    reply_likeness: dict[str, float]
    removals: dict[str, float]
    outcome: Triage


class Triager:
    """Ranks on one knowledge base. `records` judges scope and likeness, `ranking` the barriers."""

    def __init__(
        self,
        knowledge: Knowledge,
        heads: Heads,
        bounds: Bounds,
        likeness: Likeness,
        records: Encoder,
        ranking: Encoder,
    ) -> None:
        self._knowledge = knowledge
        self._heads = heads
        self._bounds = bounds
        self._likeness = likeness
        self._records = records
        self._ranking_encoder = ranking

    def triage(self, message: Message) -> Triage:
        """Raises MessageUnreadable for an empty or overlong message."""
        return self.explain(message).outcome

    def explain(self, message: Message) -> Stages:
        """As `triage`, with every stage's scores. Raises the same."""
        message = replace(message, text=clean(message.text))
        vectors = self._records.encode([message.text])
        vector = vectors[0]
        barriers = self._barriers(message, message.text, self._ranking_encoder.encode([message.text])[0])
        ranking = self._ranked(barriers)
        scope = dict(zip(SCOPES, map(float, self._heads.scope(vector, message.text)), strict=True))
        stages = Stages(
            message=message,
            vector=vectors,
            language=foreign_language(message.text),
            scope=scope,
            ranking=ranking,
            question_likeness=self._likeness.to_questions(vector),
            reply_likeness=self._likeness.to_replies(vector),
            removals={},
            outcome=Decline(ranking, "wordless", None, 1.0),
        )
        return self._decided(stages, barriers) if has_words(message.text) else stages

    def _decided(self, stages: Stages, barriers: Floats) -> Stages:
        message, scope, ranking = stages.message, stages.scope, stages.ranking
        outside = scope["near"] + scope["far"] + scope["about"]
        vague = scope["vague"] / (scope["vague"] + scope["in"])
        decline_at = FOREIGN_DECLINE_AT if stages.language else self._bounds.decline_at
        if not (message.offered or message.rejected or message.unsure) and outside >= decline_at:
            kind, reply = self._reply(scope, stages.reply_likeness)
            return replace(stages, outcome=Decline(ranking, kind, reply, outside, stages.language))
        if message.unsure:
            question = possibilities(self._knowledge, ranking)
            return replace(stages, outcome=Clarify(ranking, question, vague, stages.language))
        if (
            not (message.asked or message.rejected)
            and worth_asking(vague, ranking.barriers[0].probability) >= self._bounds.clarify_at
        ):
            question = best_question(self._knowledge, ranking, stages.question_likeness)
            return replace(stages, outcome=Clarify(ranking, question, vague, stages.language))
        told, removals = self._with_reasons(message, barriers, ranking)
        answer = Answer(ranking, told, ranking.themes[0].probability, stages.language)
        return replace(stages, outcome=answer, removals=removals)

    def _barriers(self, message: Message, text: str, vector: Floats) -> Floats:
        """Calibrated log-probabilities of the barriers for a part of the message, with what the asker chose."""
        themes, barriers = self._heads.rank(vector, text)
        ranked = calibrated(themes, barriers, self._heads.theme_of, self._bounds.temperature)
        if message.offered:
            offered = {id for choice in message.offered for id in choice.barriers}
            meant = set(message.chosen.barriers) if message.chosen else set(self._heads.barriers) - offered
            chosen = np.array([id in meant for id in self._heads.barriers])
            ranked = np.log(condition(np.exp(ranked), chosen) + 1e-12).astype(np.float32)
        return self._without(ranked, message.rejected) if message.rejected else ranked

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
        self, message: Message, barriers: Floats, ranking: Ranking
    ) -> tuple[tuple[RankedBarrier, ...], dict[str, float]]:
        parts = clauses(message.text)
        texts = [part.removed_from(message.text) for part in parts]
        vectors = self._ranking_encoder.encode_together(texts)
        without = [self._barriers(message, text, vector) for text, vector in zip(texts, vectors, strict=True)]
        told: list[RankedBarrier] = []
        for barrier in self._worth_telling(ranking):
            column = self._heads.barriers.index(barrier.id)
            clause = strongest(parts, float(barriers[column]), [float(left[column]) for left in without])
            told.append(replace(barrier, reason=clause.of(message.text) if clause else None))
        first = self._heads.barriers.index(told[0].id)
        removals = {
            part.of(message.text): float(np.exp(left[first])) for part, left in zip(parts, without, strict=True)
        }
        return tuple(told), removals

    @staticmethod
    def _worth_telling(ranking: Ranking) -> Sequence[RankedBarrier]:
        """The first of the likeliest theme, the first of the runner-up theme, and what else is likely enough."""
        first, runner_up = (
            next(barrier for barrier in ranking.barriers if barrier.theme == theme.id) for theme in ranking.themes[:2]
        )
        others = [
            barrier
            for barrier in ranking.barriers
            if barrier not in (first, runner_up) and barrier.probability >= WORTH_TELLING * first.probability
        ]
        return [first, *sorted([runner_up, *others[: TOLD - 2]], key=lambda barrier: -barrier.probability)]

    def _reply(self, scope: dict[str, float], likeness: dict[str, float]) -> tuple[DeclineKind, ScopeReply]:
        kinds: tuple[DeclineKind, ...] = ("near", "far", "about")
        kind = max(kinds, key=lambda kind: scope[kind])
        replies = {reply.id: reply for reply in self._knowledge.scope.replies}
        id, alike = max(likeness.items(), key=lambda item: item[1])
        if alike >= REPLY_SOUNDS_ALIKE:
            return replies[id].kind, replies[id]
        return kind, replies[self._knowledge.scope.defaults[kind]]


def _summed(pairs: Iterable[tuple[str, float]]) -> tuple[Ranked, ...]:
    sums: dict[str, float] = {}
    for id, probability in pairs:
        sums[id] = sums.get(id, 0.0) + probability
    return tuple(Ranked(id, p) for id, p in sorted(sums.items(), key=lambda item: (-item[1], item[0])))
