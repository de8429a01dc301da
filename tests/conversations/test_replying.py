"""What a turn asks -> what it is answered, without a store or a platform."""

from __future__ import annotations

import pickle

import pytest

from bot.app import Bot
from bot.conversations.replying import Answered, Asked, Presses, answered
from bot.conversations.shown import HOW_TO_ASK, MAX_REJECTED, OUT_OF_GUESSES, STOP, Failed, Notice, restored, stored
from bot.guidance import Guidance
from bot.guidance.declined import Declined
from bot.triage import AskedQuestion, Message

APPROVAL = "legal needs six weeks for every model update"
VAGUE = "deploying models is painful"


def asked(*texts: str, **changed: object) -> Asked:
    known = {"presses": Presses(), "alone": False, "earlier": None, "pending": None, "told": None, "outsider": False}
    return Asked(texts, **(known | changed))  # type: ignore[arg-type]


def test_an_answer_has_its_labels(bot: Bot):
    given = answered(bot, asked(APPROVAL))
    assert isinstance(given.body, Guidance)
    assert (given.labels.action, given.labels.barrier, given.labels.theme) == ("answer", "ORG-08", "slow-processes")
    assert given.labels.notice is given.labels.decline_kind is given.labels.question is None
    assert given.index_version == bot.version.number
    assert not given.alone


def test_a_question_is_offered_with_its_choices(bot: Bot):
    given = answered(bot, asked(VAGUE))
    assert isinstance(given.body, AskedQuestion)
    assert given.offered == given.body.choices
    assert (given.labels.action, given.labels.question) == ("clarify", given.body.id)
    chosen = answered(bot, asked(VAGUE, presses=Presses(True, given.offered, 0)))
    assert chosen.labels.action == "answer"
    assert chosen.labels.barrier in given.offered[0].barriers


def test_a_decline_stands_alone(bot: Bot):
    given = answered(bot, asked("what's the weather like in Paris today"))
    assert isinstance(given.body, Declined)
    assert (given.labels.action, given.labels.decline_kind, given.alone) == ("decline", "far", True)


@pytest.mark.parametrize(
    ("what", "body", "about"),
    [
        (asked(), HOW_TO_ASK, "how-to-ask"),
        (asked(" ", "\n"), HOW_TO_ASK, "how-to-ask"),
        (asked(APPROVAL, presses=Presses(rejected=("A",) * (MAX_REJECTED + 1))), OUT_OF_GUESSES, "out-of-guesses"),
        (asked("stop!", earlier=Message(APPROVAL)), STOP, "stop"),
    ],
)
def test_a_notice_is_no_decline(bot: Bot, what: Asked, body: Notice, about: str):
    given = answered(bot, what)
    assert given.body == body
    assert (given.labels.action, given.labels.notice, given.labels.decline_kind) == ("notice", about, None)


def test_what_is_too_long_is_a_notice_too(bot: Bot):
    given = answered(bot, asked("x" * 10_001))
    assert isinstance(given.body, Notice)
    assert given.labels.notice == "unreadable"


def test_dunno_leads_to_possibilities_of_which_one_press_chooses(bot: Bot):
    question = answered(bot, asked(VAGUE)).body
    assert isinstance(question, AskedQuestion)
    given = answered(bot, asked("dunno", earlier=Message(VAGUE), pending=question))
    assert given.labels.question == "possibilities"
    assert [len(choice.barriers) for choice in given.offered] == [1, 1, 1, 1]
    for place, choice in enumerate(given.offered):
        earlier = Message(VAGUE, asked=True, unsure=True)
        chosen = answered(bot, asked("dunno", earlier=earlier, presses=Presses(True, given.offered, place)))
        assert chosen.labels.barrier == choice.barriers[0]


def test_a_rant_that_is_asked_back_is_recognised_first(bot: Bot):
    given = answered(bot, asked("deployment is a nightmare"))
    assert isinstance(given.body, AskedQuestion)
    assert given.body.ask.startswith("That sounds wearing. ")
    again = answered(bot, asked("dunno", earlier=Message("deployment is a nightmare"), pending=given.body))
    assert isinstance(again.body, AskedQuestion)
    assert not again.body.ask.startswith("That sounds wearing.")


@pytest.mark.parametrize("text", [APPROVAL, VAGUE, "what's the weather like in Paris today", ""])
def test_it_passes_from_one_process_to_another_and_into_the_store(bot: Bot, text: str):
    what = asked(text) if text else asked()
    given: Answered = answered(bot, pickle.loads(pickle.dumps(what)))
    assert pickle.loads(pickle.dumps(given)) == given
    assert restored(stored(given.body)) == given.body


def test_a_failure_is_kept_too():
    assert restored(stored(Failed("0badc0de"))) == Failed("0badc0de")
