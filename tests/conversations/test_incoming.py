from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.conversations.backlog import LONG_S, RATED_ON, Backlog
from bot.conversations.dialogue import typed, wants_quiet
from bot.conversations.inbox import Remembered
from bot.conversations.incoming import (
    FOLLOW_UP_FOR,
    IncomingMessage,
    Kind,
    can_be_a_burst,
    continues,
    is_for_us,
    speaks_to_another,
)
from bot.knowledge import Choice
from bot.store import Room
from bot.triage import AskedQuestion, Message

NOW = datetime(2026, 11, 28, tzinfo=UTC)
ROOM = Room("slack", "T1", "C1")


def incoming(
    kind: Kind, text: str = "legal takes weeks", *, is_root: bool = True, to_another: bool = False
) -> IncomingMessage:
    return IncomingMessage("id", ROOM, kind, "ana", text, NOW, "thread", is_root, to_another)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (incoming("mention"), True),
        (incoming("direct"), True),
        (incoming("command"), True),
        (incoming("thread"), None),
        (incoming("thread", to_another=True), False),
        (incoming("thread", "Bob, you bring the numbers"), False),
        (incoming("direct", "Bob, you bring the numbers"), True),
        (incoming("mention", "Bob, you bring the numbers"), True),
    ],
)
def test_is_it_for_us(what: IncomingMessage, expected: bool | None):
    assert is_for_us(what) is expected


@pytest.mark.parametrize(
    "text",
    [
        "Bob, you bring the numbers", "Mei: can you look?", "Ana Ruiz, could this wait", "José – please check",
        "Bob, what do you think?", "Bob, thanks!",
    ],
)  # fmt: skip
def test_a_colleague_is_spoken_to(text: str):
    assert speaks_to_another(text)


@pytest.mark.parametrize(
    "text",
    [
        "No, it is the fight between the two teams", "Actually, you see, legal blocks us", "Also, security adds weeks",
        "Kubernetes, Airflow and MLflow are all too much", "bob, you bring it", "Legal, you know, is slow",
        "Yes, please",
        "Security: three weeks more", "the team, you know, is tiny", "",
    ],
)  # fmt: skip
def test_nobody_is_spoken_to(text: str):
    assert not speaks_to_another(text)


def test_what_can_be_a_burst():
    assert not can_be_a_burst(incoming("mention"))
    assert not can_be_a_burst(incoming("command"))
    assert can_be_a_burst(incoming("direct"))
    assert can_be_a_burst(incoming("mention", is_root=False))


def test_how_long_a_thread_is_open():
    assert continues(NOW, "open", NOW + FOLLOW_UP_FOR)
    assert not continues(NOW, "open", NOW + FOLLOW_UP_FOR + timedelta(seconds=1))
    assert not continues(NOW, "mentions-only", NOW)
    assert not continues(NOW, "quiet", NOW)
    assert not continues(None, "open", NOW)


@pytest.mark.parametrize(
    "word", ["dunno", "Dunno.", "I don't know", "i do not know", "idk", "no idea!", "???", "not sure"]
)
def test_who_cannot_say_is_unsure(word: str):
    question = AskedQuestion(
        "Q", "Which?", tuple(Choice(label=label, barriers=("ORG-08",)) for label in ("a b", "c d"))
    )
    assert typed(Message("x"), question, word) == Message("x", asked=True, unsure=True)


@pytest.mark.parametrize(
    ("text", "quiet"), [("stop", True), ("Shut up!", True), ("stop the retraining", False), ("", False)]
)
def test_who_wants_quiet(text: str, quiet: bool):
    assert wants_quiet(text) is quiet


def test_the_ids_of_late_are_remembered_and_no_more():
    late = Remembered(2)
    for id in "abc":
        late.add(id)
    assert ["a" in late, "b" in late, "c" in late] == [False, True, True]


def test_a_wait_is_told_once_it_is_long():
    now = 0.0
    backlog = Backlog(lambda: now)
    for turn in range(RATED_ON):
        backlog.begun(f"done {turn}")
    for turn in range(RATED_ON):
        now += 0.1
        backlog.done(f"done {turn}")
    assert backlog.wait_s == 0
    for turn in range(100):
        backlog.begun(f"waits {turn}")
    assert not backlog.is_long
    for turn in range(100, 400):
        backlog.begun(f"waits {turn}")
    assert backlog.wait_s > LONG_S
    assert backlog.is_long
    backlog.done("of another process")
    assert len(backlog._done_at) == RATED_ON
