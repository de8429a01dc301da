"""What a turn may become, without a database: each transition by itself, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.bot import Bot
from bot.conversations import turns
from bot.conversations.channel import PRIVATE
from bot.conversations.incoming import BURST_WITHIN, ButtonAction, IncomingMessage
from bot.conversations.message_view import HOW_TO_ASK, MAX_REFUSALS, Failed, stored
from bot.conversations.replying import Answered, Labels
from bot.conversations.turns import SENDER_IS_GONE_AFTER, Refused
from bot.guidance import Guidance
from bot.knowledge import Choice
from bot.store import Room
from bot.store.tables import Conversation, Turn
from bot.triage import AskedQuestion, Message

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOM = Room("slack", "T1", "C1")
INCOMING = IncomingMessage("q", ROOM, "direct", "ana", "legal takes weeks", NOW, "q", is_root=True, external_user=False)
NOTICE = Answered(HOW_TO_ASK, Labels("notice", notice="how-to-ask"), 3, True)
QUESTION = AskedQuestion(
    "Q1", "Which?", tuple(Choice(label=label, barriers=("ORG-08",)) for label in ("first", "second"))
)


def received(**changed: Any) -> Turn:
    return replace(turns.received(INCOMING, "c", NOW, private=False), **changed)


def settled(**changed: Any) -> Turn:
    return received(answered=1, delivered=1, state="delivered", posted="m1", reply=stored(HOW_TO_ASK), **changed)


def answer(turn: Turn, revision: int = 1) -> Turn | None:
    return turns.answered(turn, revision, NOTICE, NOW, external_user=True)


def deliver(turn: Turn, revision: int, sender: str = "w", **changed: Any) -> Turn:
    known: dict[str, Any] = {"posted": "m1", "failure": None, "used_url": None, "unsure": False}
    return turns.delivered(turn, revision, sender, NOW, **(known | changed))


def counters(turn: Turn | None) -> tuple[int, int, int]:
    assert turn is not None
    return turn.delivered, turn.answered, turn.revision


def test_the_way_of_a_turn():
    turn = turns.received(INCOMING, "c", NOW, private=False)
    assert (counters(turn), turn.waits, turn.external_user) == ((0, 0, 1), True, False)
    assert turns.is_to_answer(turn)
    assert not turns.is_to_deliver(turn)
    turn = turns.joined(turn)
    assert counters(turn) == (0, 0, 2)
    assert answer(turn, 1) is None, "it asks for more by now"
    turn = answer(turn, 2)
    assert turn is not None
    assert (counters(turn), turn.action, turn.external_user, turn.index_version) == ((0, 2, 2), "notice", True, 3)
    assert turns.is_to_deliver(turn)
    turn = turns.claimed(turn, "w", NOW)
    assert turn is not None
    assert (turn.state, turn.sender, turn.sending_since) == ("sending", "w", NOW)
    turn = deliver(turn, 2)
    assert (counters(turn), turn.state, turn.sender, turn.posted) == ((2, 2, 2), "delivered", None, "m1")
    assert not turns.is_to_deliver(turn)


@pytest.mark.parametrize(
    "transition",
    [
        turns.joined, turns.edited, turns.closed, lambda turn: turns.claimed(turn, "w", NOW),
        lambda turn: turns.erased(turn, "deleted"), lambda turn: turns.unfolded(turn, wanted=True),
        lambda turn: deliver(turn, 1),
    ],
)  # fmt: skip
def test_the_turn_before_stays_as_it_was(transition: Callable[[Turn], Turn]):
    before = settled()
    as_it_was = copy(before.__dict__)
    assert transition(before) is not before
    assert before.__dict__ == as_it_was


@pytest.mark.parametrize(
    ("turn", "at_its_place", "takes"),
    [
        pytest.param(received(), False, True, id="nothing is seen of it yet"),
        pytest.param(settled(), True, True, id="still being typed"),
        pytest.param(settled(), False, False, id="a reply to its answer"),
        pytest.param(settled(waits=False), True, False, id="a mention is its own question"),
        pytest.param(received(erased="deleted"), True, False, id="erased"),
        pytest.param(received(shares="q0"), True, False, id="a copy"),
        pytest.param(received(state="undeliverable"), True, False, id="undeliverable"),
    ],
)
def test_what_joins_a_turn(turn: Turn, at_its_place: bool, takes: bool):
    assert turns.takes_in(turn, at_its_place=at_its_place) is takes


def test_one_may_send_until_that_one_is_gone():
    turn = turns.claimed(received(answered=1), "first", NOW)
    assert turn is not None
    assert turns.claimed(turn, "second", NOW + SENDER_IS_GONE_AFTER) is None
    assert turns.claimed(turn, "first", NOW + timedelta(seconds=5)) is not None
    taken = turns.claimed(turn, "second", NOW + SENDER_IS_GONE_AFTER + timedelta(seconds=1))
    assert taken is not None
    assert (taken.sender, taken.sending_since) == ("second", NOW), "what was begun was begun then"
    late = deliver(taken, 1, "first", posted="m0")
    assert (late.state, late.sender) == ("sending", "second"), "who was taken for gone ends nothing"


def test_what_is_refused_is_undeliverable_until_it_changes():
    claimed = turns.claimed(received(answered=1), "w", NOW)
    assert claimed is not None
    turn = deliver(claimed, 1, posted=None, failure="channel_not_found")
    assert (turn.state, turn.failure, turns.is_to_deliver(turn)) == ("undeliverable", "channel_not_found", False)


def test_an_address_for_a_private_reply_goes_once_it_served():
    assert deliver(received(answered=1, reply_url="u"), 1, used_url="u").reply_url is None
    assert deliver(received(answered=1, reply_url="newer"), 1, used_url="u").reply_url == "newer"
    assert turns.reachable(received(private=True), "u").reply_url == "u"
    assert turns.reachable(received(), "u").reply_url is None


@pytest.mark.parametrize(
    ("turn", "seen"),
    [
        pytest.param(settled(), True, id="seen"),
        pytest.param(received(state="sending"), True, id="may have been seen"),
        pytest.param(received(), False, id="never seen"),
    ],
)
def test_what_was_seen_of_a_deleted_question_is_withdrawn(turn: Turn, seen: bool):
    gone = turns.erased(turn, "deleted")
    assert (gone.reply, gone.offered, gone.answered) == (None, [], gone.revision)
    assert turns.is_to_deliver(gone) is seen
    assert not turns.is_to_deliver(turns.erased(turn, "expired")), "retention leaves what is seen"
    assert turns.erased(gone, "expired") is gone
    assert turns.edited(gone) is gone
    assert answer(gone, gone.revision) is gone
    assert turns.closed(gone) is gone


def test_a_greeting_waits_for_what_is_being_typed_and_an_answer_does_not():
    turn = received(answered=1, action="notice")
    assert turns.waits_for_more(turn, NOW, NOW) == BURST_WITHIN
    assert turns.waits_for_more(turn, NOW, NOW + BURST_WITHIN) == timedelta()
    for other in (replace(turn, action="answer"), replace(turn, posted="m"), replace(turn, waits=False)):
        assert turns.waits_for_more(other, NOW, NOW) == timedelta()


def test_a_failure_is_told_by_its_reference():
    failed = Answered(Failed("abc"), Labels("failed"), 3, False)
    turn = turns.answered(received(), 1, failed, NOW, external_user=False)
    assert turn is not None
    assert (turn.failure, turn.action) == ("abc", "failed")


def action(**changed: Any) -> ButtonAction:
    known: dict[str, Any] = {"id": "p", "room": ROOM, "person": "ana", "turn": "q", "message": "m1", "private": False}
    return ButtonAction(**(known | changed))


def conversation(**changed: Any) -> Conversation:
    known: dict[str, Any] = {"id": "c", "channel": "slack", "workspace": "T1", "room": "C1"}
    return Conversation(**(known | changed))


@pytest.mark.parametrize(
    ("turn", "press", "sentence"),
    [
        pytest.param(None, action(), turns.GONE, id="no such turn"),
        pytest.param(settled(), action(room=Room("slack", "T2", "C1")), turns.GONE, id="another workspace"),
        pytest.param(settled(), action(room=Room("slack", "T1", "C2")), turns.ELSEWHERE, id="another room"),
        pytest.param(settled(), action(room=Room("teams", "T1", "C1")), turns.ELSEWHERE, id="another platform"),
        pytest.param(settled(), action(message="m2"), turns.ELSEWHERE, id="another message"),
        pytest.param(settled(), action(private=True), turns.ELSEWHERE, id="claimed to be private"),
        pytest.param(settled(private=True), action(), turns.ELSEWHERE, id="claimed to be public"),
        pytest.param(turns.erased(settled(), "expired"), action(), turns.GONE, id="erased"),
        pytest.param(settled(), action(person="bo"), turns.NOT_YOURS, id="not the asker's"),
    ],
)
def test_who_may_not_press(turn: Turn | None, press: ButtonAction, sentence: str):
    with pytest.raises(Refused, match=sentence[:20]):
        turns.allowed(turn, conversation() if turn else None, press, asker_only=True)


def test_who_may_press():
    assert turns.allowed(settled(), conversation(), action(), asker_only=True)
    assert turns.allowed(settled(), conversation(), action(person="bo"), asker_only=False)
    with pytest.raises(Refused):
        private = replace(settled(), private=True, posted=PRIVATE)
        turns.allowed(private, conversation(), action(private=True, person="bo"), asker_only=False)


def test_a_question_is_answered_by_one_of_its_choices():
    offered = [choice.model_dump(mode="json") for choice in QUESTION.choices]
    turn = settled(action="clarify", offered=offered)
    assert (turns.chosen(turn, 1).chosen, turns.chosen(turn, None).asked) == (1, True)
    for choice in (-1, 2):
        with pytest.raises(Refused):
            turns.chosen(turn, choice)
    with pytest.raises(Refused):
        turns.chosen(settled(action="answer"), 0)


@pytest.fixture(scope="module")
def guidance(bot: Bot) -> Guidance:
    found = bot.reply(Message("legal needs six weeks for every model update")).guidance
    assert found is not None
    return found


def test_a_barrier_is_picked_and_one_goes_back(guidance: Guidance):
    turn = replace(settled(), reply=stored(guidance), rejected=[])
    beside = guidance.others[0].id
    picked = turns.picked(turn, beside)
    assert (picked.picked, picked.tapped, picked.revision) == (beside, True, 2)
    back = turns.went_back(picked)
    assert (back.picked, back.tapped, back.revision) == (None, False, 3)
    for refused in (lambda: turns.picked(turn, "ORG-99"), lambda: turns.went_back(turn)):
        with pytest.raises(Refused):
            refused()
    with pytest.raises(Refused):
        turns.picked(replace(turn, shares="q0"), beside)


def test_nothing_fits_once_and_then_no_more_guesses(guidance: Guidance):
    turn = replace(settled(), reply=stored(guidance))
    none = turns.fitted_nothing(turn)
    assert none.refusals == 1
    assert none.rejected[0] == guidance.barrier.id
    with pytest.raises(Refused, match="looking"):
        turns.fitted_nothing(none)
    assert turns.fitted_nothing(replace(turn, asked=True)).refusals == MAX_REFUSALS + 1
    with pytest.raises(Refused):
        turns.fitted_nothing(settled())


def test_a_private_answer_is_shared_as_a_copy():
    turn = replace(settled(), private=True, posted=PRIVATE, theme="slow-processes")
    copied = turns.shared(turn, "p", "c2", NOW, with_quotes=False)
    assert (counters(copied), copied.shares, copied.private, copied.with_quotes) == ((0, 1, 1), "q", False, False)
    assert (copied.reply, copied.theme, copied.asker) == (turn.reply, "slow-processes", "ana")
    assert turns.is_to_deliver(copied)
    assert turns.answered(copied, 1, None, NOW, external_user=False) is not None
    with pytest.raises(Refused):
        turns.shared(settled(), "p", "c2", NOW, with_quotes=False)


def test_a_step_is_taken_on_where_there_is_one(guidance: Guidance):
    turn, shown = turns.tried(replace(settled(), reply=stored(guidance)))
    assert (turn.revision, shown) == (2, guidance)
    with pytest.raises(Refused):
        turns.tried(settled())


def test_what_is_seen_before_it_was_thought_is_no_turn():
    with pytest.raises(AssertionError):
        deliver(received(), 1)
