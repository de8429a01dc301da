"""One database: SQLite in TRIAGE_HOME, or Postgres by DATABASE_URL."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from bot.errors import HomeUnwritable, StoreNewer, StoreUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
STORE, WORKFLOWS = "store.sqlite", "workflows.sqlite"
MIGRATION_LOCK = 5_318_008
"""Any number, the same in every replica: Postgres' advisory lock while the schema changes."""
ADVISORY_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 0))")
BUSY_TIMEOUT_MS = 30_000
POOL = 20
CHECKPOINT_TRIES, CHECKPOINT_PAUSE_S = 50, 0.1


class Database:
    """Sessions that read, sessions that write. Raises StoreUnavailable, HomeUnwritable or StoreNewer on `migrate`."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self._home = home
        self._url = _postgres(url) if url else None
        self._writing = asyncio.Lock()
        if self._url is None:
            _private_file(home / STORE)
        made_from = self._url or URL.create("sqlite+aiosqlite", database=str(home / STORE))
        kept = {"pool_size": POOL, "pool_pre_ping": True} if self._url else {}
        self._engine = create_async_engine(made_from, **kept)
        if self._url is None:
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self._engine.sync_engine, "begin", _begin_sqlite)
        self._readers = async_sessionmaker(self._engine, expire_on_commit=False)
        writer = self._engine.execution_options(writes=True)
        self._writers = async_sessionmaker(writer, expire_on_commit=False)

    @property
    def on_postgres(self) -> bool:
        return self._url is not None

    @property
    def workflows_url(self) -> str:
        """Where DBOS keeps its own state: the same Postgres, or a file beside the store."""
        if self._url is not None:
            return self._url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        file = self._home / WORKFLOWS
        _private_file(file)
        with closing(sqlite3.connect(file)) as opened:
            opened.execute("PRAGMA journal_mode=WAL")  # stays with the file; DBOS would leave it at DELETE
        return f"sqlite:///{file}"

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        async with self._readers() as session:
            yield session

    @asynccontextmanager
    async def writing(self, *locks: str) -> AsyncGenerator[AsyncSession]:
        """One transaction. Others that name one of `locks` wait; on SQLite every writer waits for the others."""
        if self._url is None:
            # In line here: those who wait for SQLite's own lock sleep and retry, and the unlucky ones for seconds.
            async with self._writing, self._writers.begin() as session:
                yield session
            return
        async with self._writers.begin() as session:
            for lock in sorted(locks):
                await session.execute(ADVISORY_LOCK, {"lock": lock})
            yield session

    async def migrate(self) -> None:
        """Bring the schema to this release's. Replicas that start together take turns."""
        try:
            await asyncio.to_thread(self._migrate)
        except (SQLAlchemyError, OSError) as error:
            raise StoreUnavailable(self._named(), _reason(error)) from error

    async def at_head(self) -> bool:
        """Whether the store answers and has this release's schema."""
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(_revision) == _head()
        except (SQLAlchemyError, OSError):
            return False

    async def forget_pages(self) -> None:
        """After an erasure: what SQLite's write-ahead log still holds of the erased is cut off."""
        if self._url is not None:
            return
        for _ in range(CHECKPOINT_TRIES):
            async with self._engine.connect() as connection:
                raw = await connection.get_raw_connection()
                rows = list(await raw.driver_connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)"))  # type: ignore[union-attr]
            if not rows[0][0]:  # not busy: no reader stood in the way
                return
            await asyncio.sleep(CHECKPOINT_PAUSE_S)

    async def close(self) -> None:
        await self._engine.dispose()

    def _migrate(self) -> None:
        if self._url is None:
            with FileLock(self._home / "store.lock"):
                engine = create_engine(f"sqlite:///{self._home / STORE}", execution_options={"writes": True})
                event.listen(engine, "connect", _prepare_sqlite)
                event.listen(engine, "connect", _unchecked)
                event.listen(engine, "begin", _begin_sqlite)
                try:
                    with engine.connect() as connection:
                        self._upgrade(connection)
                finally:
                    engine.dispose()
            return
        engine = create_engine(self._url)
        try:
            with engine.connect() as connection, engine.connect() as holder:
                holder.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
                self._upgrade(connection)
        finally:
            engine.dispose()

    def _upgrade(self, connection: Connection) -> None:
        known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
        if (current := _revision(connection)) and current not in known:
            raise StoreNewer(self._named(), current)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()

    def _named(self) -> str:
        # Without the query: it may hold a password, too.
        return self._url.set(query={}).render_as_string() if self._url else str(self._home / STORE)


def _postgres(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        raise StoreUnavailable("DATABASE_URL", "it is no database address") from None
    if parsed.get_backend_name() not in ("postgres", "postgresql"):
        raise StoreUnavailable("DATABASE_URL", f"{parsed.get_backend_name()} is not supported; use postgresql://")
    if "@" in (parsed.host or ""):  # a part of the password would be told as the host
        raise StoreUnavailable("DATABASE_URL", "write an @ in its password as %40")
    return parsed.set(drivername="postgresql+psycopg")


def _private_file(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        file.chmod(0o600)
    except OSError as error:
        raise HomeUnwritable(file.parent, error.strerror or type(error).__name__) from error


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined] - transactions are begun below, not by the driver
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()


def _unchecked(connection: DBAPIConnection, _record: object) -> None:
    # To change a table SQLite needs it copied and dropped, which it refuses while rows of another refer to it.
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock before it reads: two that have read cannot both go on to write.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _head() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _reason(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
