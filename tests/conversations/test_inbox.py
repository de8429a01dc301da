"""What is safe once it is committed, though the process dies before its workflow is started."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.conversations.backlog import Backlog
from bot.conversations.inbox import Inbox
from bot.conversations.incoming import IncomingEdit, IncomingMessage
from bot.conversations.turns import unfolded
from bot.store import Database, Room, Rooms, Turns
from bot.store.tables import ReplyMode

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOM = Room("slack", "T1", "C1")
QUESTION = IncomingMessage("q", ROOM, "mention", "ana", "legal takes weeks", NOW, "q", is_root=True)
Story = Callable[[Database, Inbox, "Starts"], Awaitable[None]]


class Starts:
    """Keeps what was started; the process dies in the place of the next start when `dies` says so."""

    dies = False

    def __init__(self) -> None:
        self.workflows: list[tuple[str, str]] = []

    async def __call__(self, workflow: str, turn: str) -> None:
        if self.dies:
            self.dies = False
            raise Died
        self.workflows.append((workflow, turn))


class Died(Exception):
    pass


def play(home: Path, story: Story, now: datetime = NOW) -> Starts:
    starts = Starts()

    async def playing() -> None:
        database = Database(home)
        await database.migrate()
        await story(database, Inbox(database, starts, Backlog(), lambda: now), starts)
        await database.close()

    asyncio.run(playing())
    return starts


def test_a_message_told_again_is_started_once_it_can_be(tmp_path: Path):
    async def story(_database: Database, inbox: Inbox, starts: Starts) -> None:
        starts.dies = True
        with pytest.raises(Died):
            await inbox.receive(QUESTION)
        assert await inbox.receive(QUESTION) == "q"

    assert play(tmp_path, story).workflows == [("q", "q")]


def test_an_edit_told_again_is_answered_though_its_text_was_kept_already(tmp_path: Path):
    edited = IncomingEdit(replace(QUESTION, text="security takes weeks"), "e1")

    async def story(_database: Database, inbox: Inbox, starts: Starts) -> None:
        await inbox.receive(QUESTION)
        starts.dies = True
        with pytest.raises(Died):
            await inbox.edit(edited)
        assert await inbox.edit(edited) == "q"
        assert await inbox.edit(IncomingEdit(replace(QUESTION, text="older"), "e0")) is None

    assert play(tmp_path, story).workflows == [("q", "q"), ("q+e1", "q")]


def test_what_nobody_began_is_taken_up_once_a_revision(tmp_path: Path):
    async def story(database: Database, inbox: Inbox, starts: Starts) -> None:
        await inbox.receive(QUESTION)
        later = Inbox(database, starts, Backlog(), lambda: NOW + timedelta(minutes=2))
        assert await inbox.take_up_lost() == 0  # a moment ago: it is under way
        assert await later.take_up_lost() == 1
        async with database.writing() as session:  # a press was kept, and its process died
            turns = Turns(session)
            turn = await turns.locked("q")
            assert turn is not None
            await turns.save(unfolded(turn, wanted=True))
        assert await later.take_up_lost() == 1

    assert play(tmp_path, story).workflows == [("q", "q"), ("q", "q"), ("q~2", "q")]


def reply(text: str = "it is worse now", **changed: Any) -> IncomingMessage:
    """What somebody says in the question's thread, an hour later."""
    later = NOW + timedelta(hours=1)
    known = IncomingMessage("r", ROOM, "thread", "ana", text, later, "q", is_root=False)
    return replace(known, **changed)


@pytest.mark.parametrize(
    ("said", "mode", "is_for_us"),
    [
        pytest.param(reply(), "open", True, id="the asker goes on"),
        pytest.param(reply(), "mentions-only", False, id="who wants to be named is left alone"),
        pytest.param(reply(), "quiet", False, id="so is a quiet room"),
        pytest.param(reply(author="bo"), "open", False, id="somebody else"),
        pytest.param(reply(thread="other"), "open", False, id="another thread"),
        pytest.param(reply(room=Room("slack", "T2", "C1")), "open", False, id="another workspace"),
        pytest.param(reply(said_at=NOW + timedelta(hours=25)), "open", False, id="a day later"),
        pytest.param(reply(to_another=True), "open", False, id="to a colleague"),
        pytest.param(reply("Bob, can you bring the numbers?"), "open", False, id="to a colleague by name"),
        pytest.param(reply(kind="mention", author="bo"), "quiet", True, id="who names us is answered anywhere"),
    ],
)
def test_whose_reply_in_a_thread_is_answered(tmp_path: Path, said: IncomingMessage, mode: ReplyMode, is_for_us: bool):
    async def story(database: Database, inbox: Inbox, starts: Starts) -> None:
        await inbox.receive(QUESTION)
        async with database.writing() as session:
            await Rooms(session).set_reply_mode(ROOM, mode, "bo", NOW)
        assert await inbox.receive(said) == ("r" if is_for_us else None)
        async with database.reading() as session:
            assert (await Turns(session).message("r") is not None) is is_for_us

    assert len(play(tmp_path, story).workflows) == 1 + is_for_us


@pytest.mark.parametrize(
    ("edit", "after", "kept", "answered"),
    [
        pytest.param("security does", timedelta(minutes=4), "security does", True, id="in time"),
        pytest.param("security does", timedelta(minutes=6), "security does", False, id="too late to be answered again"),
        pytest.param(QUESTION.text, timedelta(minutes=1), QUESTION.text, False, id="the same words"),
    ],
)
def test_what_an_edit_changes(tmp_path: Path, edit: str, after: timedelta, kept: str, answered: bool):
    async def story(database: Database, inbox: Inbox, starts: Starts) -> None:
        await inbox.receive(QUESTION)
        later = Inbox(database, starts, Backlog(), lambda: NOW + after)
        assert await later.edit(IncomingEdit(replace(QUESTION, text=edit), "e1")) == ("q" if answered else None)
        assert await later.edit(IncomingEdit(replace(QUESTION, author="bo", text="forged"), "e2")) is None
        async with database.reading() as session:
            assert await Turns(session).texts_of("q") == (kept,)

    assert len(play(tmp_path, story).workflows) == 1 + answered


def test_an_edit_that_names_us_only_now_is_a_question_of_its_own(tmp_path: Path):
    async def story(database: Database, inbox: Inbox, starts: Starts) -> None:
        assert await inbox.edit(IncomingEdit(QUESTION, "e1")) == "q"
        thread = replace(QUESTION, id="r", kind="thread")
        assert await inbox.edit(IncomingEdit(thread, "e1")) is None
        late = Inbox(database, starts, Backlog(), lambda: NOW + timedelta(minutes=6))
        assert await late.edit(IncomingEdit(replace(QUESTION, id="s"), "e1")) is None

    assert play(tmp_path, story).workflows == [("q", "q")]


def test_a_deletion_erases_whenever_it_comes(tmp_path: Path):
    async def story(database: Database, inbox: Inbox, starts: Starts) -> None:
        assert await inbox.delete(ROOM, "early") is None
        assert await inbox.receive(replace(QUESTION, id="early")) is None  # taken away before it was told
        await inbox.receive(QUESTION)
        assert await inbox.delete(Room("slack", "T2", "C1"), "q") is None
        assert await inbox.delete(ROOM, "q") == "q"
        async with database.reading() as session:
            assert await Turns(session).texts_of("q") == ()

    assert play(tmp_path, story).workflows == [("q", "q"), ("q-deleted", "q")]


@pytest.mark.parametrize(
    ("second", "joins"),
    [
        pytest.param({"said_at": NOW + timedelta(seconds=2)}, True, id="within two seconds"),
        pytest.param({"said_at": NOW - timedelta(seconds=2)}, True, id="told in the other order"),
        pytest.param({"said_at": NOW + timedelta(seconds=3)}, False, id="later"),
        pytest.param({"author": "bo"}, False, id="somebody else's"),
        pytest.param({"kind": "command"}, False, id="a command"),
        pytest.param({"room": Room("slack", "T1", "D2")}, False, id="elsewhere"),
    ],
)
def test_what_is_one_question_in_several_messages(tmp_path: Path, second: dict[str, Any], joins: bool):
    direct = replace(QUESTION, kind="direct", room=Room("slack", "T1", "D1"))

    async def story(database: Database, inbox: Inbox, starts: Starts) -> None:
        await inbox.receive(direct)
        assert await inbox.receive(replace(direct, **({"id": "r", "thread": "r"} | second))) == ("q" if joins else "r")

    play(tmp_path, story)
