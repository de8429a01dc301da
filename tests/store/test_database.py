"""Where things are kept, who may read them, and what happens when they cannot be."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text

from bot.errors import HomeUnwritable, StoreUnavailable
from bot.store import Database, Room, Turns
from bot.store.database import STORE, WORKFLOWS
from bot.store.tables import Turn

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ROOM = Room("slack", "T1", "C1")
NOBODY_LISTENS = "127.0.0.1:9"
Result = TypeVar("Result")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        pytest.param("mysql://ana:hunter2@db/triage", "mysql is not supported", id="another dialect"),
        pytest.param("sqlite:///hunter2.db", "sqlite is not supported", id="SQLite by address"),
        pytest.param("hunter2", "no database address", id="no address"),
        pytest.param("postgresql://ana:hunter2@db:port/triage", "no database address", id="no port"),
        pytest.param("postgresql://ana:x@hunter2@db/triage", "as %40", id="a bare @ in the password"),
        pytest.param(f"postgresql://ana:hunter2@{NOBODY_LISTENS}/triage", "refused", id="nobody listens"),
        pytest.param(f"postgres://ana:hunter2@{NOBODY_LISTENS}/triage", "refused", id="Heroku's scheme"),
        pytest.param(f"postgresql+asyncpg://ana:hunter2@{NOBODY_LISTENS}/triage", "refused", id="another driver"),
        pytest.param(f"postgresql://{NOBODY_LISTENS}/t?user=ana&password=hunter2", "refused", id="in the query"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence_without_the_password(url: str, told: str, tmp_path: Path):
    with pytest.raises(StoreUnavailable, match=told) as raised:
        run(tmp_path, url, Database.migrate)
    assert "hunter2" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_missing_database_is_named(postgres_url: str, tmp_path: Path):
    with pytest.raises(StoreUnavailable, match=r"nowhere.*does not exist"):
        run(tmp_path, f"{postgres_url.rpartition('/')[0]}/nowhere", Database.migrate)


def test_the_short_scheme_is_postgres_too(postgres_url: str, tmp_path: Path):
    run(tmp_path, postgres_url.replace("postgresql://", "postgres://"), Database.migrate)


def test_a_home_below_a_file_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(HomeUnwritable, match="TRIAGE_HOME"):
        run(tmp_path / "file" / "home", None, Database.migrate)


def test_a_damaged_file_is_one_sentence(tmp_path: Path):
    (tmp_path / STORE).write_bytes(b"no database, certainly not" * 400)
    with pytest.raises(StoreUnavailable, match="not a database"):
        run(tmp_path, None, Database.migrate)


def test_only_the_owner_can_read_the_files(tmp_path: Path):
    modes: dict[str, int] = {}

    async def look(database: Database) -> None:
        await database.migrate()
        with database.workflows_engine.begin() as opened:
            opened.execute(text("CREATE TABLE something (id INTEGER)"))
            async with database.writing() as session:
                await Turns(session).open("c", ROOM, "t", "ana", NOW)
            modes.update(
                {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir() if "sqlite" in each.name}
            )

    run(tmp_path, None, look)
    expected = {f"{name}{suffix}" for name in (STORE, WORKFLOWS) for suffix in ("", "-wal", "-shm")}
    assert set(modes) == expected
    assert set(modes.values()) == {0o600}


def test_files_that_others_could_read_are_closed_to_them(tmp_path: Path):
    for name in (STORE, WORKFLOWS):
        (tmp_path / name).touch(mode=0o644)

    async def look(database: Database) -> None:
        with database.workflows_engine.connect():
            pass

    run(tmp_path, None, look)
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (STORE, WORKFLOWS)} == {0o600}


def test_both_files_keep_a_write_ahead_log(tmp_path: Path):
    async def make(database: Database) -> None:
        await database.migrate()
        with database.workflows_engine.connect():
            pass

    run(tmp_path, None, make)
    for name in (STORE, WORKFLOWS):
        with closing(sqlite3.connect(tmp_path / name)) as opened:
            assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_writers_of_one_row_lose_nothing(tmp_path: Path, database_url: str | None):
    """Each reads, waits, and writes what it read plus one."""

    async def count(database: Database) -> int:
        await with_a_turn(database)

        async def add_one() -> None:
            async with database.writing(ROOM.key("ana")) as session:
                turn = await session.get_one(Turn, "t")
                seen = turn.revision
                await asyncio.sleep(0.005)
                turn.revision = seen + 1

        await asyncio.gather(*(add_one() for _ in range(12)))
        async with database.reading() as session:
            return (await session.get_one(Turn, "t")).revision

    assert run(tmp_path, database_url, count) == 1 + 12


def test_a_locked_row_is_read_as_it_is_after_the_wait(tmp_path: Path, database_url: str | None):
    async def count(database: Database) -> int:
        await with_a_turn(database)

        async def add_one() -> None:
            async with database.writing() as session:
                turn = await session.get_one(Turn, "t", with_for_update=True)
                seen = turn.revision
                await asyncio.sleep(0.005)
                turn.revision = seen + 1

        await asyncio.gather(*(add_one() for _ in range(12)))
        async with database.reading() as session:
            return (await session.get_one(Turn, "t")).revision

    assert run(tmp_path, database_url, count) == 1 + 12


def test_two_that_hear_the_same_for_the_first_time_write_it_once(tmp_path: Path, database_url: str | None):
    """Nothing to lock is there yet, so that only the named lock keeps them apart."""

    async def heard(database: Database) -> int:
        await database.migrate()
        written = 0

        async def hear() -> None:
            nonlocal written
            async with database.writing(ROOM.key("ana")) as session:
                if await session.get(Turn, "t") is None:
                    await asyncio.sleep(0.005)
                    await open_a_turn(Turns(session))
                    written += 1

        await asyncio.gather(*(hear() for _ in range(8)))
        return written

    assert run(tmp_path, database_url, heard) == 1


def test_a_failure_takes_back_all_that_was_written_with_it(tmp_path: Path, database_url: str | None):
    async def fail(database: Database) -> int:
        await with_a_turn(database)
        with pytest.raises(ZeroDivisionError):
            async with database.writing() as session:
                (await session.get_one(Turn, "t")).revision = 99
                await session.flush()
                raise ZeroDivisionError
        async with database.reading() as session:
            return (await session.get_one(Turn, "t")).revision

    assert run(tmp_path, database_url, fail) == 1


def test_times_come_back_in_utc(tmp_path: Path, database_url: str | None):
    async def read(database: Database) -> datetime:
        await with_a_turn(database)
        async with database.reading() as session:
            return (await session.get_one(Turn, "t")).received_at

    received_at = run(tmp_path, database_url, read)
    assert received_at == NOW
    assert received_at.utcoffset() == NOW.utcoffset()


async def with_a_turn(database: Database) -> None:
    await database.migrate()
    async with database.writing() as session:
        await open_a_turn(Turns(session))


async def open_a_turn(turns: Turns) -> None:
    await turns.open("c", ROOM, "t", "ana", NOW)
    await turns.add(Turn(id="t", conversation="c", asker="ana", received_at=NOW, post_in="C1", post_under=None))


def run(home: Path, url: str | None, what: Callable[[Database], Awaitable[Result]]) -> Result:
    async def running() -> Result:
        database = Database(home, url)
        try:
            return await what(database)
        finally:
            await database.close()

    return asyncio.run(running())
