"""The one question worth asking: the one whose answer would split the probability best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from textwrap import shorten

import numpy as np
from numpy.typing import NDArray

from bot.knowledge import Choice, Knowledge, Question
from bot.knowledge.models import LABEL_CHARACTERS
from bot.triage.heads import Floats
from bot.triage.outcome import AskedQuestion, Ranking

SOUNDS_ALIKE, TOUCHES = 0.5, 0.1
"""A message this alike (cosine) is asked the question whose choices hold at least this share of the probability."""
SOUNDS_RELATED, COVERS = 0.35, 0.4
"""One that sounds less alike is asked it only if they hold this much."""
SURENESS_COUNTS = 0.5
"""A short message looks vague to the scope model even when the ranking knows well what it is about."""
THEME_QUESTION, POSSIBILITIES = "theme", "possibilities"
MAX_CHOICES = 4
CHOSEN = 0.9
"""How much of the probability a choice takes: people press the wrong button too."""


def worth_asking(vague: float, first_barrier: float) -> float:
    """How much a question might change the answer: less, the surer the first barrier is. From -0.5 to 1.

    `vague` is the share of vague in what is not declined, `first_barrier` the probability of the likeliest barrier.
    """
    return vague - SURENESS_COUNTS * first_barrier


def best_question(knowledge: Knowledge, ranking: Ranking, likeness: Mapping[str, float]) -> AskedQuestion:
    """From the knowledge base where one fits, else which of the likeliest themes it is.

    `likeness` is the cosine of the message to what each question sounds like, by question id.
    """
    probability = {barrier.id: barrier.probability for barrier in ranking.barriers}
    fitting = [
        (gain + likeness[question.id], question)
        for question in knowledge.questions
        if (gain := split(question.choices, probability)) and _fits(likeness[question.id], _mass(question, probability))
    ]
    if not fitting:
        return _theme_question(knowledge, ranking)
    _, best = max(fitting, key=lambda item: (item[0], item[1].id))
    return AskedQuestion(best.id, best.ask, best.choices)


def possibilities(knowledge: Knowledge, ranking: Ranking) -> AskedQuestion:
    """The likeliest barriers, each in a line, for who cannot answer anything more general."""
    choices = tuple(
        Choice(
            label=shorten(knowledge.barrier_by_id[barrier.id].editorial.one_line, LABEL_CHARACTERS, placeholder="…"),
            barriers=(barrier.id,),
        )
        for barrier in ranking.barriers[:MAX_CHOICES]
    )
    return AskedQuestion(POSSIBILITIES, "It could be one of these. Which comes closest?", choices)


def split(choices: Sequence[Choice], probability: Mapping[str, float]) -> float:
    """How much of the uncertainty (nats) the answer takes away, as far as the choices hold it."""
    masses = (sum(probability.get(id, 0.0) for id in choice.barriers) for choice in choices)
    return sum(-mass * log(mass) for mass in masses if 0 < mass < 1)


def condition(probabilities: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Jeffrey's rule: the chosen barriers get CHOSEN of the probability, in their own proportions."""
    inside = float(probabilities[chosen].sum())
    if not 0 < inside < 1:
        return probabilities
    return np.where(chosen, probabilities * CHOSEN / inside, probabilities * (1 - CHOSEN) / (1 - inside))


def _fits(alike: float, covered: float) -> bool:
    return (alike >= SOUNDS_ALIKE and covered >= TOUCHES) or (alike >= SOUNDS_RELATED and covered >= COVERS)


def _mass(question: Question, probability: Mapping[str, float]) -> float:
    return sum(probability.get(id, 0.0) for choice in question.choices for id in choice.barriers)


def _theme_question(knowledge: Knowledge, ranking: Ranking) -> AskedQuestion:
    themes = [knowledge.theme_by_id[theme.id] for theme in ranking.themes[:MAX_CHOICES]]
    choices = tuple(
        Choice(label=theme.plain, barriers=tuple(b.id for b in ranking.barriers if b.theme == theme.id))
        for theme in themes
    )
    return AskedQuestion(THEME_QUESTION, "Which of these comes closest to what holds you back?", choices)
