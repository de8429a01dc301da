"""What people can tell the bot about itself, in every channel alike."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.conversations.backlog import Backlog
from bot.conversations.commands import NOT_IN_DIRECT, REPLY_MODES, Command, CommandReply, Commands
from bot.conversations.inbox import Inbox
from bot.conversations.incoming import IncomingMessage
from bot.conversations.privacy import Privacy
from bot.store import Database, Room
from tests.standins.admin import index_admin
from tests.standins.carrier import CarrierChannel

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOM = Room("carrier", "T1", "C1")


def answers(home: Path, *texts: str, direct: bool = False) -> list[CommandReply | None]:
    """What one person is told who types these one after the other, having asked once before."""

    async def playing() -> list[CommandReply | None]:
        database = Database(home)
        await database.migrate()
        inbox = Inbox(database, _started, Backlog(), lambda: NOW)
        await inbox.receive(IncomingMessage("q", ROOM, "mention", "ana", "legal takes weeks", NOW, "q", is_root=True))
        privacy = Privacy(database, 90, _pruned, lambda: NOW)
        admin = index_admin({"carrier": CarrierChannel()}, database, home, lambda: NOW)
        commands = Commands("!bot", database, privacy, admin, lambda: 7, lambda: NOW)
        said = [await commands.answer(Command(ROOM, "ana", text, direct, text)) for text in texts]
        await database.close()
        return said

    return asyncio.run(playing())


async def _started(_workflow: str, _turn: str) -> None: ...


async def _pruned(_before: datetime) -> int:
    return 0


@pytest.mark.parametrize("typed", ["", "  ", "help", "HELP", "help me, please"])
def test_help_names_the_command_as_it_is_typed_there(tmp_path: Path, typed: str):
    (reply,) = answers(tmp_path, typed)
    assert reply is not None
    assert reply.announcement is None
    assert "!bot quiet mentions" in reply.text
    assert "/mlops" not in reply.text


def test_status_tells_how_it_behaves_and_what_it_keeps(tmp_path: Path):
    (reply,) = answers(tmp_path, "status")
    assert reply == CommandReply(
        f"{REPLY_MODES['open']}\nI answer from knowledge index 7.\n"
        "I keep one message of yours, each for 90 days at most; !bot forget-me erases them now."
    )


@pytest.mark.parametrize("typed", ["forget-me", "forget me", "Forget_Me!", "forgetme"])
def test_who_is_forgotten_is_told_what_that_took(tmp_path: Path, typed: str):
    forgotten, again, status = answers(tmp_path, typed, typed, "status")
    assert forgotten is not None and forgotten.text.startswith("One message of yours is erased")
    assert again is not None and again.text.startswith("There was nothing of your words to erase.")
    assert status is not None and status.text.endswith("I keep none of your words.")


@pytest.mark.parametrize(
    ("typed", "mode"),
    [
        ("quiet", "quiet"), ("quiet on", "quiet"), ("Quiet  Mentions", "mentions-only"),
        ("quiet mentions-only", "mentions-only"), ("quiet off", "open"),
    ],
)  # fmt: skip
def test_a_channel_says_how_the_bot_behaves_in_it(tmp_path: Path, typed: str, mode: str):
    reply, again, status = answers(tmp_path, typed, typed, "status")
    assert reply is not None and again is not None and status is not None
    assert reply.text == f"Done. {REPLY_MODES[mode]}"
    changed = f"has changed how I behave here. {REPLY_MODES[mode]} !bot quiet off takes it back."
    assert reply.announcement == (changed if mode != "open" else None)
    assert again == CommandReply(f"Done. {REPLY_MODES[mode]}")
    assert status.text.startswith(REPLY_MODES[mode])


def test_two_people_alone_have_nobody_to_be_quiet_for(tmp_path: Path):
    quiet, status = answers(tmp_path, "quiet", "status", direct=True)
    assert quiet == CommandReply(NOT_IN_DIRECT)
    assert status is not None and not any(each in status.text for each in REPLY_MODES.values())


def test_a_way_of_being_quiet_that_is_not_known_is_told(tmp_path: Path):
    (reply,) = answers(tmp_path, "quiet please")
    assert reply is not None and reply.text == "I know !bot quiet, !bot quiet mentions and !bot quiet off."


@pytest.mark.parametrize(
    "typed",
    [
        "our releases wait three weeks for security",
        "quiet people never report data problems",
        "statuses of our models are unknown",
        "forget me not: nobody owns the model",
    ],
)
def test_anything_else_is_a_question(tmp_path: Path, typed: str):
    assert answers(tmp_path, typed) == [None]
