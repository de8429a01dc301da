"""What is safe once it is committed, though the process dies before its workflow is started."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.conversations.backlog import Backlog
from bot.conversations.inbox import Inbox
from bot.conversations.incoming import IncomingEdit, IncomingMessage
from bot.conversations.turns import unfolded
from bot.store import Database, Room, Turns

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
