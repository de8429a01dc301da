"""The one question worth asking: the one whose answer would split the probability best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from bot.knowledge import Choice, Knowledge, Question
from bot.triage.alternatives import LISTED
from bot.triage.heads import Floats
from bot.triage.outcome import AskedQuestion, Ranking

SIMILAR, TOUCHES = 0.62, 0.1
"""A message this alike (cosine) is asked the question whose choices hold at least this share of the probability."""
RELATED, COVERS = 0.5, 0.4
"""One that sounds less alike is asked it only if they hold this much."""
HELD_BY_OWN, HELD_BY_OTHERS = 0.8, 0.6
"""How often a choice holds what a vague message means: of a question that was written for it, of another."""
THEME_QUESTION = "theme"
MAX_CHOICES = 4
CHOSEN = 0.9
"""How much of the probability a choice takes: people press the wrong button too."""


def worth_asking(question: AskedQuestion, ranking: Ranking, vague: float, alike: float) -> float:
    """Tell how many taps the question is expected to save over a short list of the likeliest barriers; negative: costs.

    From the list the right barrier is one tap away where it is on it, else three (none of these, a question, another
    list); from the question two where one of its choices holds it, else four. As far as the message is vague (`vague`,
    from 0 to 1) the ranking knows nothing, and a question that was written for it is the better guess. One that was
    not (`alike` is the cosine of the message to what it was written for) must not overrule a ranking that peaks.
    """
    own = alike >= SIMILAR
    vague *= 1.0 if own else 1 - ranking.barriers[0].probability
    known = 1 - vague
    on_list = known * sum(barrier.probability for barrier in ranking.barriers[:LISTED])
    meant = {id for choice in question.choices for id in choice.barriers}
    held = sum(barrier.probability for barrier in ranking.barriers if barrier.id in meant)
    by_question = known * held + vague * (HELD_BY_OWN if own else HELD_BY_OTHERS)
    return (3 - 2 * on_list) - (4 - 2 * by_question)


def best_question(knowledge: Knowledge, ranking: Ranking, similarity: Mapping[str, float]) -> AskedQuestion:
    """From the knowledge base where one fits, else which of the likeliest themes it is.

    `similarity` is the cosine of the message to what each question sounds like, by question id.
    """
    probability = {barrier.id: barrier.probability for barrier in ranking.barriers}
    fitting = [
        (gain + similarity[question.id], question)
        for question in knowledge.questions
        if (gain := split(question.choices, probability))
        and _fits(similarity[question.id], _mass(question, probability))
    ]
    if not fitting:
        return _theme_question(knowledge, ranking)
    _, best = max(fitting, key=lambda item: (item[0], item[1].id))
    return AskedQuestion(best.id, best.ask, best.choices)


def split(choices: Sequence[Choice], probability: Mapping[str, float]) -> float:
    """Tell how much of the uncertainty (nats) the answer takes away, as far as the choices hold it."""
    masses = (sum(probability.get(id, 0.0) for id in choice.barriers) for choice in choices)
    return sum(-mass * log(mass) for mass in masses if 0 < mass < 1)


def condition(probabilities: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Jeffrey's rule: the chosen barriers get CHOSEN of the probability, in their own proportions."""
    inside = float(probabilities[chosen].sum())
    if not 0 < inside < 1:
        return probabilities
    return np.where(chosen, probabilities * CHOSEN / inside, probabilities * (1 - CHOSEN) / (1 - inside))


def _fits(alike: float, covered: float) -> bool:
    return (alike >= SIMILAR and covered >= TOUCHES) or (alike >= RELATED and covered >= COVERS)


def _mass(question: Question, probability: Mapping[str, float]) -> float:
    return sum(probability.get(id, 0.0) for choice in question.choices for id in choice.barriers)


def _theme_question(knowledge: Knowledge, ranking: Ranking) -> AskedQuestion:
    themes = [knowledge.theme_by_id[theme.id] for theme in ranking.themes[:MAX_CHOICES]]
    choices = tuple(
        Choice(label=theme.plain, barriers=tuple(b.id for b in ranking.barriers if b.theme == theme.id))
        for theme in themes
    )
    return AskedQuestion(THEME_QUESTION, "Which of these comes closest to what holds you back?", choices)
