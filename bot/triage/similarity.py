"""How much a message sounds like those that questions and out-of-scope replies were written for."""

from __future__ import annotations

from bot.knowledge import Knowledge
from bot.retrieval.encoder import Vectors
from bot.triage.heads import Floats


def phrases_of(knowledge: Knowledge) -> list[tuple[str, str]]:
    """Pairs of a question's or reply's id and a message that it was written for, in the files' order."""
    questions = [(question.id, question.sounds_like) for question in knowledge.questions]
    return questions + [(reply.id, phrase) for reply in knowledge.scope.replies for phrase in reply.sounds_like]


class Similarity:
    """`vectors` are those of `phrases_of(knowledge)`, in its order, by the records' encoder."""

    def __init__(self, knowledge: Knowledge, vectors: Vectors) -> None:
        self._ids = [id for id, _ in phrases_of(knowledge)]
        self._questions = len(knowledge.questions)
        self._vectors = vectors

    def to_questions(self, vector: Floats) -> dict[str, float]:
        """Cosine to each question's message, by the question's id."""
        return self._best(vector, slice(0, self._questions))

    def to_replies(self, vector: Floats) -> dict[str, float]:
        """Cosine to the nearest message of each out-of-scope reply, by the reply's id."""
        return self._best(vector, slice(self._questions, None))

    def _best(self, vector: Floats, part: slice) -> dict[str, float]:
        best: dict[str, float] = {}
        for id, cosine in zip(self._ids[part], self._vectors[part] @ vector, strict=True):
            best[id] = max(float(cosine), best.get(id, -1.0))
        return best
