"""What a turn asks -> what it is answered, without a store or a platform."""

from __future__ import annotations

import pickle

import pytest

from bot.bot import Bot
from bot.conversations.dialogue import Said
from bot.conversations.message_view import (
    HOW_TO_ASK,
    MAX_REFUSALS,
    OUT_OF_GUESSES,
    STOP,
    Failed,
    Notice,
    restored,
    said_by,
    stored,
)
from bot.conversations.replying import Answered, Asked, Selections, answered
from bot.guidance import Guidance, Listed
from bot.guidance.declined import Declined
from bot.guidance.details import asks_about
from bot.knowledge import Choice
from bot.triage import AskedQuestion, Message

APPROVAL = "legal needs six weeks for every model update"
VAGUE = "deploying models is painful"


def asked(*texts: str, **changed: object) -> Asked:
    known = {"selections": Selections(), "is_aside": False, "earlier": None, "said": Said(), "external_user": False}
    return Asked(texts, **(known | changed))  # type: ignore[arg-type]


def test_an_answer_has_its_labels(bot: Bot):
    given = answered(bot, asked(APPROVAL))
    assert isinstance(given.body, Guidance)
    assert (given.labels.action, given.labels.barrier, given.labels.theme) == ("answer", "ORG-08", "slow-processes")
    assert given.labels.notice is given.labels.decline_kind is given.labels.question is None
    assert given.index_version == bot.version.number
    assert not given.is_aside


def test_a_question_is_offered_with_its_choices(bot: Bot):
    given = answered(bot, asked(VAGUE))
    assert isinstance(given.body, AskedQuestion)
    assert given.offered == given.body.choices
    assert (given.labels.action, given.labels.question) == ("clarify", given.body.id)
    chosen = answered(bot, asked(VAGUE, selections=Selections(True, given.offered, 0)))
    assert chosen.labels.action in ("answer", "shortlist")
    first = said_by(chosen.body)
    assert (first.barrier or first.options[0]) in given.offered[0].barriers


def test_a_decline_stands_alone(bot: Bot):
    given = answered(bot, asked("what's the weather like in Paris today"))
    assert isinstance(given.body, Declined)
    assert (given.labels.action, given.labels.decline_kind, given.is_aside) == ("decline", "far", True)


@pytest.mark.parametrize(
    ("what", "body", "about"),
    [
        (asked(), HOW_TO_ASK, "how-to-ask"),
        (asked(" ", "\n"), HOW_TO_ASK, "how-to-ask"),
        (asked(APPROVAL, selections=Selections(refusals=MAX_REFUSALS + 1)), OUT_OF_GUESSES, "out-of-guesses"),
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


UNSURE = "something with the data"


def test_what_nobody_is_sure_of_is_a_list_from_which_a_tap_shows_an_answer_and_another_goes_back(bot: Bot):
    listed = answered(bot, asked(UNSURE))
    assert isinstance(listed.body, Listed)
    assert (listed.labels.action, listed.labels.barrier) == ("shortlist", None)
    third = said_by(listed.body).options[2]
    tapped = answered(bot, asked(UNSURE, selections=Selections(picked=third)))
    assert isinstance(tapped.body, Guidance)
    assert (tapped.labels.barrier, tapped.body.sureness, tapped.picked) == (third, None, third)
    assert answered(bot, asked(UNSURE, selections=Selections())) == listed


def test_a_full_answer_carries_what_it_could_be_instead(bot: Bot):
    given = answered(bot, asked(APPROVAL))
    assert isinstance(given.body, Guidance)
    other = said_by(given.body).options[0]
    tapped = answered(bot, asked(APPROVAL, selections=Selections(picked=other)))
    assert isinstance(tapped.body, Guidance)
    assert tapped.labels.barrier == other
    assert "ORG-08" in said_by(tapped.body).options


def test_none_of_these_asks_and_after_that_gives_in(bot: Bot):
    gone = said_by(answered(bot, asked(UNSURE)).body).options
    once = answered(bot, asked(UNSURE, selections=Selections(refusals=1, rejected=gone)))
    assert isinstance(once.body, AskedQuestion)
    chosen = answered(bot, asked(UNSURE, selections=Selections(True, once.offered, 0, refusals=1, rejected=gone)))
    assert isinstance(chosen.body, Guidance | Listed)
    assert not set(gone) & {*said_by(chosen.body).options, chosen.labels.barrier}
    assert answered(bot, asked(UNSURE, selections=Selections(refusals=2, rejected=gone))).body == OUT_OF_GUESSES


def test_a_number_picks_words_take_back_and_a_question_is_answered_from_the_record(bot: Bot):
    first = answered(bot, asked(APPROVAL))
    said, earlier = said_by(first.body), Message(APPROVAL)
    picked = answered(bot, asked("1", earlier=earlier, said=said))
    assert (picked.labels.barrier, picked.picked) == (said.options[0], said.options[0])
    for text in ("none of these", "Neither."):
        assert isinstance(answered(bot, asked(text, earlier=earlier, said=said)).body, AskedQuestion)
    for text in ("no, it is the fight between the two teams", "nope", "that's not it, honestly"):
        corrected = answered(bot, asked(text, earlier=earlier, said=said))
        assert corrected.labels.action != "decline"
        assert corrected.labels.barrier != "ORG-08"
        assert "ORG-08" in corrected.rejected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("what does that cost?", "I know no price. The first step takes days, 3 people"),
        ("and how long?", "The first step takes days, 3 people. It is fixed when"),
        ("why?", "It usually comes from"),
        ("who should do it?", "ask the team"),
        ("which tool?", "Registry with approval states"),
        ("any sources?", "The steps are our reasoning"),
        ("how do we know that it is fixed?", "It is fixed when: Last quarter"),
        ("what next?", "Next quarter:"),
        ("ok, where do we start?", "This week: Draft three change classes"),
    ],
)
def test_a_question_about_the_answer_is_answered_and_leaves_the_diagnosis_alone(bot: Bot, text: str, says: str):
    given = answered(bot, asked(text, earlier=Message(APPROVAL), said=Said(barrier="ORG-08")))
    assert isinstance(given.body, Notice)
    assert says in given.body.text
    assert given.body.text.startswith("Approval and change processes do not fit models. ")
    assert (given.labels.notice, given.is_aside) == ("detail", True)


@pytest.mark.parametrize(
    "text",
    [
        "who owns the model once it is live? nobody here seems to know, and it keeps breaking",
        "our tools do not talk to each other",
        "deploys are slow because one person does them",
    ],
)
def test_what_says_something_of_its_own_is_no_question_about_the_answer(text: str):
    assert asks_about(text) is None


def test_more_about_another_matter_leaves_what_was_picked(bot: Bot):
    earlier = Message(APPROVAL, picked="BUS-13")
    more = answered(bot, asked("we can't hire ML engineers, they all go to big tech", earlier=earlier))
    assert more.picked is None


@pytest.mark.parametrize("typed", ["dunno", "no idea", "all of them"])
def test_dunno_leads_from_a_question_to_a_list_and_from_a_list_to_a_question(bot: Bot, typed: str):
    question = answered(bot, asked(VAGUE))
    assert isinstance(question.body, AskedQuestion)
    listed = answered(bot, asked(typed, earlier=Message(VAGUE), said=said_by(question.body)))
    assert isinstance(listed.body, Listed)
    again = answered(bot, asked(typed, earlier=Message(UNSURE), said=said_by(answered(bot, asked(UNSURE)).body)))
    assert isinstance(again.body, AskedQuestion)


def test_a_rant_that_is_asked_back_is_recognised_first(bot: Bot):
    given = answered(bot, asked("deployment is a nightmare"))
    assert isinstance(given.body, AskedQuestion)
    assert given.body.ask.startswith("That sounds wearing. ")
    again = answered(bot, asked("dunno", earlier=Message("deployment is a nightmare"), said=said_by(given.body)))
    assert isinstance(again.body, Listed)
    assert not again.body.ask.startswith("That sounds wearing.")


@pytest.mark.parametrize("text", [APPROVAL, VAGUE, UNSURE, "what's the weather like in Paris today", ""])
def test_it_passes_from_one_process_to_another_and_into_the_store(bot: Bot, text: str):
    what = asked(text) if text else asked()
    given: Answered = answered(bot, pickle.loads(pickle.dumps(what)))
    assert pickle.loads(pickle.dumps(given)) == given
    assert restored(stored(given.body)) == given.body


def test_a_failure_is_kept_too():
    assert restored(stored(Failed("0badc0de"))) == Failed("0badc0de")


def test_barriers_that_the_index_no_longer_has_are_left_out(bot: Bot):
    gone, kept = "GONE-01", "ORG-08"
    offered = (Choice(label="here", barriers=(gone, kept)), Choice(label="there", barriers=(gone,)))
    for selections in (
        Selections(picked=gone),
        Selections(rejected=(gone,)),
        Selections(True, offered, 0),
        Selections(True, offered, 1),
    ):
        given = answered(bot, asked(APPROVAL, selections=selections))
        assert given.labels.action in ("answer", "shortlist", "clarify")
        assert gone not in f"{given}"
    about = next(said for said in ("what does that cost?", "how long does it take?") if asks_about(said))
    earlier = Message(APPROVAL)
    given = answered(bot, asked(about, earlier=earlier, said=Said(barrier=gone)))
    assert given.labels.notice != "detail"
