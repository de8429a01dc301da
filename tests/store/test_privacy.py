from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.conversations.privacy import Privacy
from bot.store import Database, Room, Turns
from bot.store.tables import Message, Turn

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOM = Room("slack", "T1", "C1")


async def told(database: Database, key: str, author: str, said_at: datetime) -> None:
    async with database.writing() as session:
        turns = Turns(session)
        await turns.open(key, ROOM, key, author, said_at)
        await turns.add(
            Turn(
                id=key, conversation=key, asker=author, received_at=said_at, post_in=ROOM.id, post_under=key,
                theme="slow-processes", reply_url="https://hooks", answered=1, reply={"quotes": f"marker-{key}"},
            )
        )  # fmt: skip
        turns.add_message(
            Message(
                id=key, turn=key, workspace=ROOM.workspace, room=ROOM.id, author=author, said_at=said_at, edited=None,
                text=f"marker-{key}",
            )
        )  # fmt: skip


async def prune(_before: datetime) -> int:
    return 0


def test_what_is_older_than_the_retention_loses_its_words_and_keeps_its_labels(
    tmp_path: Path, database_url: str | None
):
    async def story() -> None:
        database = Database(tmp_path, database_url)
        await database.migrate()
        await told(database, "old", "U1", NOW - timedelta(days=91))
        await told(database, "new", "U1", NOW - timedelta(days=89))
        privacy = Privacy(database, 90, prune, lambda: NOW)
        await privacy.retain()
        async with database.reading() as session:
            old, new = await session.get_one(Turn, "old"), await session.get_one(Turn, "new")
            assert (old.erased, old.reply, old.theme) == ("expired", None, "slow-processes")
            assert (await session.get_one(Message, "old")).text is None
            assert new.reply == {"quotes": "marker-new"}
            assert new.reply_url is None
        assert await privacy.kept("T1", "U1") == 1
        assert await privacy.forget("T2", "U1") == 0
        assert await privacy.forget("T1", "U1") == 1
        assert await privacy.kept("T1", "U1") == 0
        await database.close()

    asyncio.run(story())
    if database_url is None:
        assert not [file for file in tmp_path.rglob("*") if file.is_file() and b"marker-" in file.read_bytes()]


def test_thousands_of_messages_are_forgotten_at_once(tmp_path: Path, database_url: str | None):
    async def story() -> None:
        database = Database(tmp_path, database_url)
        await database.migrate()
        await told(database, "first", "U1", NOW)
        async with database.writing() as session:
            for number in range(3000):
                session.add(
                    Message(
                        id=f"m{number}", turn="first", workspace="T1", room="C1", author="U1", said_at=NOW,
                        edited=None, text="words",
                    )
                )  # fmt: skip
        assert await Privacy(database, 90, prune, lambda: NOW).forget("T1", "U1") == 3001
        await database.close()

    asyncio.run(story())
