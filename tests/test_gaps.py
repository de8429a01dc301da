"""Questions without a good answer: which count, how they are clustered."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.bot import Bot
from bot.conversations.incoming import IncomingMessage
from bot.conversations.turns import erased, received
from bot.errors import GapUnknown
from bot.gaps import gap_named, gaps_in
from bot.store import Database, Gaps, Room, Rooms, Turns, Unanswered
from bot.store.tables import Feedback, Message
from tests.knowledge.overlays import OWN
from tests.standins.postgres import database_url, postgres, postgres_url

__all__ = ["database_url", "postgres", "postgres_url"]

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SHIPS = OWN["ACME-01"][2][:4]
VPN = ("how do I reset my vpn password", "vpn password reset please", "password for the vpn expired")


def questions(*texts: str, asker: str = "") -> list[Unanswered]:
    return [Unanswered(f"t:{text}", asker or f"p:{text}", "C1", NOW, text) for text in texts]


def test_those_that_resemble_one_another_are_one_gap(bot: Bot):
    asked = questions(*SHIPS, *VPN, "deploying models is painful")
    gaps = gaps_in(asked, bot)
    assert [{question.text for question in gap.questions} for gap in gaps] == [set(SHIPS), set(VPN)]
    first = gaps[0]
    assert (first.askers, first.rooms, len(first.key)) == (4, 1, 6)
    assert first.theme in bot.version.knowledge.theme_by_id
    assert set(first.barriers) <= bot.version.knowledge.barrier_by_id.keys()
    assert gap_named(gaps, first.key) is first
    with pytest.raises(GapUnknown, match="triage gaps"):
        gap_named(gaps, "nope")


def test_what_fewer_than_three_people_asked_is_nobodys_business(bot: Bot):
    assert gaps_in(questions(*VPN, asker="ana"), bot) == []
    assert gaps_in([*questions(*VPN, asker="ana"), *questions(VPN[0], asker="bo")], bot) == []
    assert gaps_in(questions(VPN[0]), bot) == []
    assert gaps_in([], bot) == []


ROOM = Room("slack", "T1", "C1")


def stored(home: Path, url: str | None, **changed: Any) -> tuple[list[str], list[str]]:
    """What counts of one question that was changed so, and of one that was not."""

    async def storing() -> list[str]:
        database = Database(home, url)
        try:
            await database.migrate()
            async with database.writing() as session:
                turns, rooms = Turns(session), Rooms(session)
                await rooms.note_visibility(ROOM, public=True)
                for name, difference in (("plain", {}), ("changed", changed)):
                    await _add(turns, name, dict(difference))
            async with database.reading() as session:
                return [each.turn for each in await Gaps(session).unanswered(NOW - timedelta(days=90))]
        finally:
            await database.close()

    found = asyncio.run(storing())
    return [turn for turn in found if turn == "changed"], [turn for turn in found if turn == "plain"]


async def _add(turns: Turns, id: str, changed: dict[str, Any]) -> None:
    room = Room("slack", "T1", changed.pop("room", "C1"))
    author, helpful = changed.pop("author", "ana"), changed.pop("helpful", None)
    gone, text = changed.pop("gone", None), changed.pop("text", "our ships are offline")
    said_at = changed.pop("said_at", NOW)
    incoming = IncomingMessage(id, room, "mention", "ana", text, said_at, id, is_root=True, external_user=False)
    await turns.open(id, room, id, "ana", NOW)
    turn = received(incoming, id, said_at, private=changed.pop("private", False))
    fields = {"action": "decline", "decline_kind": "near", "answered": 1, "answered_at": NOW} | changed
    for name, value in fields.items():
        setattr(turn, name, value)
    await turns.add(turn if gone is None else erased(turn, gone))
    turns.add_message(
        Message(
            id=id, turn=id, workspace="T1", room=room.id, author=author, said_at=said_at, edited=None,
            text=None if gone else text,
        )
    )  # fmt: skip
    if helpful is not None:
        await turns.keep_opinion(Feedback(turn=id, person="ana", helpful=helpful, at=NOW))


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        pytest.param({}, True, id="declined as near"),
        pytest.param({"decline_kind": "far"}, True, id="declined as far"),
        pytest.param({"decline_kind": "about"}, False, id="about the bot"),
        pytest.param({"action": "shortlist", "decline_kind": None}, True, id="not sure"),
        pytest.param({"action": "clarify", "decline_kind": None}, True, id="asked back"),
        pytest.param({"action": "answer", "decline_kind": None}, False, id="answered"),
        pytest.param({"action": "answer", "decline_kind": None, "helpful": False}, True, id="helped nobody"),
        pytest.param({"action": "answer", "decline_kind": None, "helpful": True}, False, id="helped"),
        pytest.param({"private": True}, False, id="asked privately"),
        pytest.param({"room": "C2"}, False, id="a room that may be private"),
        pytest.param({"external_user": True}, False, id="somebody else's"),
        pytest.param({"gone": "deleted"}, False, id="deleted"),
        pytest.param({"gone": "forgotten"}, False, id="forgotten"),
        pytest.param({"said_at": NOW - timedelta(days=91)}, False, id="older than is kept"),
        pytest.param({"author": "bo"}, False, id="somebody else's words"),
    ],
)
def test_what_counts_as_a_gap(changed: dict[str, Any], counts: bool, tmp_path: Path, database_url: str | None):
    ours, plain = stored(tmp_path, database_url, **changed)
    assert ours == (["changed"] if counts else [])
    assert plain == ["plain"]


def test_a_room_that_becomes_private_no_longer_counts(tmp_path: Path):
    async def noted() -> list[int]:
        database = Database(tmp_path)
        counts: list[int] = []
        try:
            await database.migrate()
            async with database.writing() as session:
                await _add(Turns(session), "one", {})
            for public in (False, True, True, False):
                async with database.writing() as session:
                    await Rooms(session).note_visibility(ROOM, public=public)
                async with database.reading() as session:
                    counts.append(len(await Gaps(session).unanswered(NOW - timedelta(days=90))))
            return counts
        finally:
            await database.close()

    assert asyncio.run(noted()) == [0, 1, 1, 0]


def test_all_that_somebody_said_in_a_turn_is_one_question(tmp_path: Path):
    async def asked() -> list[str]:
        database = Database(tmp_path)
        try:
            await database.migrate()
            async with database.writing() as session:
                await Rooms(session).note_visibility(ROOM, public=True)
                turns = Turns(session)
                await _add(turns, "one", {"text": "our ships"})
                more = {"workspace": "T1", "room": "C1", "author": "ana", "edited": None}
                turns.add_message(
                    Message(id="2", turn="one", said_at=NOW + timedelta(seconds=1), text="go dark", **more)
                )
            async with database.reading() as session:
                return [each.text for each in await Gaps(session).unanswered(NOW - timedelta(days=90))]
        finally:
            await database.close()

    assert asyncio.run(asked()) == ["our ships\ngo dark"]
