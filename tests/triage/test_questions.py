from __future__ import annotations

from math import log

import numpy as np
import pytest

from bot.bot import Bot
from bot.knowledge import Choice
from bot.triage import Clarify, Message
from bot.triage.outcome import AskedQuestion
from bot.triage.questions import (
    CHOSEN,
    RELATED,
    SIMILAR,
    THEME_QUESTION,
    best_question,
    condition,
    split,
    worth_asking,
)
from tests.triage.made import ranking_of


@pytest.fixture
def knowledge(bot: Bot):
    return bot.version.knowledge


def test_deployment_is_a_nightmare_gets_its_own_question(bot: Bot):
    outcome = bot.triage(Message("deployment is a nightmare")).outcome
    assert isinstance(outcome, Clarify)
    assert outcome.question.ask == "What hurts most when you deploy?"
    assert [choice.label for choice in outcome.question.choices][:2] == [
        "Too many manual steps",
        "Waiting for people to do their part",
    ]


def test_an_even_split_tells_more_than_a_lopsided_one():
    choices = (Choice(label="one", barriers=("AA-01",)), Choice(label="two", barriers=("BB-01", "BB-02")))
    assert split(choices, {"AA-01": 0.5, "BB-01": 0.2, "BB-02": 0.3}) == pytest.approx(log(2))
    assert split(choices, {"AA-01": 0.05, "BB-01": 0.95}) < 0.3
    assert split(choices, {}) == 0


def test_of_the_questions_that_cover_the_doubt_the_best_splitter_is_asked(knowledge):
    question = next(q for q in knowledge.questions if q.kind == "confusable" and len(q.choices) == 2)
    first, second = (choice.barriers[0] for choice in question.choices)
    ranking = ranking_of(knowledge, {first: 0.45, second: 0.45})
    related = dict.fromkeys((q.id for q in knowledge.questions), RELATED)
    asked = best_question(knowledge, ranking, related)
    probability = {b.id: b.probability for b in ranking.barriers}
    best = max(
        split(q.choices, probability)
        for q in knowledge.questions
        if sum(probability[id] for c in q.choices for id in c.barriers) >= 0.4
    )
    assert split(asked.choices, probability) == pytest.approx(best)
    assert asked.id != THEME_QUESTION
    unlike = dict.fromkeys((q.id for q in knowledge.questions), 0.0)
    assert best_question(knowledge, ranking, unlike).id == THEME_QUESTION


def test_a_message_that_sounds_like_a_question_of_ours_gets_it(knowledge):
    for question in knowledge.questions:
        first, second = (choice.barriers[0] for choice in question.choices[:2])
        ranking = ranking_of(knowledge, {first: 0.1, second: 0.1})
        alike = {q.id: 1.0 if q.id == question.id else SIMILAR - 0.01 for q in knowledge.questions}
        assert best_question(knowledge, ranking, alike).id == question.id


def test_without_a_fitting_question_the_likeliest_themes_are_offered(knowledge):
    in_no_question = next(
        b.id for b in knowledge.barriers if not any(b.id in c.barriers for q in knowledge.questions for c in q.choices)
    )
    ranking = ranking_of(knowledge, {in_no_question: 0.9})
    asked = best_question(knowledge, ranking, dict.fromkeys((q.id for q in knowledge.questions), 0.0))
    assert asked.id == THEME_QUESTION
    assert 2 <= len(asked.choices) <= 4
    assert asked.choices[0].label == knowledge.theme_of(in_no_question).plain
    assert in_no_question in asked.choices[0].barriers
    offered = [id for choice in asked.choices for id in choice.barriers]
    assert len(offered) == len(set(offered))


def test_the_chosen_get_their_share_in_their_own_proportions():
    probabilities, chosen = np.array([0.1, 0.3, 0.4, 0.2]), np.array([True, True, False, False])
    after = condition(probabilities, chosen)
    assert after.sum() == pytest.approx(1)
    assert after[chosen].sum() == pytest.approx(CHOSEN)
    assert after[1] / after[0] == pytest.approx(3)
    assert after[2] / after[3] == pytest.approx(2)


@pytest.mark.parametrize("chosen", [[False, False], [True, True]], ids=["none chosen", "all chosen"])
def test_a_choice_that_tells_nothing_changes_nothing(chosen: list[bool]):
    np.testing.assert_array_equal(condition(np.array([0.4, 0.6]), np.array(chosen)), [0.4, 0.6])


def question_of(*barriers: str) -> AskedQuestion:
    return AskedQuestion("own", "Which?", tuple(Choice(label=barrier, barriers=(barrier,)) for barrier in barriers))


def test_a_question_is_worth_it_only_where_the_list_would_miss_and_its_choices_hold(knowledge):
    flat = ranking_of(knowledge, {})
    likely = ranking_of(knowledge, {"ORG-08": 0.4, "ORG-07": 0.3})
    own = question_of("ORG-08", "ORG-07")
    assert worth_asking(own, likely, vague=0.0, alike=1.0) < 0
    assert worth_asking(own, likely, vague=1.0, alike=1.0) > 0
    assert worth_asking(own, flat, vague=0.0, alike=1.0) < 0


def test_a_question_that_was_not_written_for_it_is_not_put_to_a_ranking_that_peaks(knowledge):
    peaked, flat = ranking_of(knowledge, {"ORG-08": 0.9}), ranking_of(knowledge, {})
    question = question_of("ORG-08")
    assert worth_asking(question, peaked, vague=0.95, alike=0.55) < 0 < worth_asking(question, peaked, 0.95, alike=0.9)
    assert worth_asking(question, flat, vague=0.95, alike=0.0) > 0
