"""One database: SQLite in TRIAGE_HOME, or Postgres by DATABASE_URL."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from functools import cached_property
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from bot.errors import HomeUnwritable, StoreNewer, StoreUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
STORE, WORKFLOWS = "store.sqlite", "workflows.sqlite"
MIGRATION_LOCK = 5_318_008
"""Any number, the same in every replica: Postgres' advisory lock while the schema changes."""
ADVISORY_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 0))")
BUSY_TIMEOUT_MS, MIGRATION_TIMEOUT_MS = 2_000, 30_000
"""How long another process that writes is waited for; while serving nobody is answered meanwhile."""
POOL = 20
TRUNCATE_SOON_S = 1.0
CHECKPOINT_TRIES, CHECKPOINT_PAUSE_S = 50, 0.1


class Database:
    """Sessions that read, sessions that write. Raises StoreUnavailable, HomeUnwritable or StoreNewer on `migrate`."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self._home = home
        self._url = _postgres(url) if url else None
        self._writing = asyncio.Lock()
        self._truncating: asyncio.Task[None] | None = None
        if self._url is None:
            _private_file(home / STORE)
            self._engine = _sqlite(home / STORE, BUSY_TIMEOUT_MS)
        else:
            self._engine = create_async_engine(self._url, pool_size=POOL, pool_pre_ping=True).sync_engine
        self._writer = self._engine.execution_options(writes=True)

    @cached_property
    def workflows_engine(self) -> Engine:
        """Where DBOS keeps its own state: the same Postgres, or a file beside the store."""
        if self._url is not None:
            return create_engine(self._url, pool_size=POOL, max_overflow=0, pool_pre_ping=True)
        file = self._home / WORKFLOWS
        _private_file(file)
        # One connection, which its threads take turns at: those who wait for SQLite's own lock sleep and retry, and the
        # unlucky ones for seconds. By itself DBOS would leave the journal at DELETE and write through at each commit.
        engine = create_engine(URL.create("sqlite", database=str(file)), pool_size=1, max_overflow=0, pool_timeout=60)

        def prepare(connection: DBAPIConnection, _record: object) -> None:
            connection.isolation_level = "IMMEDIATE"  # type: ignore[attr-defined]
            _pragmas(connection, MIGRATION_TIMEOUT_MS)

        event.listen(engine, "connect", prepare)
        return engine

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        async with self._session(self._engine) as session:
            yield session

    @asynccontextmanager
    async def writing(self, *locks: str) -> AsyncGenerator[AsyncSession]:
        """Open one transaction. Others that name one of `locks` wait; on SQLite every writer waits for the others."""
        if self._url is None:
            # In line here: those who wait for SQLite's own lock sleep and retry, and the unlucky ones for seconds.
            async with self._writing, self._session(self._writer) as session, session.begin():
                yield session
            return
        async with self._session(self._writer) as session, session.begin():
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
        """Tell whether the store answers and has this release's schema."""
        try:
            async with self.reading() as session:
                return await session.run_sync(lambda opened: _revision(opened.connection())) == _head()
        except (SQLAlchemyError, OSError):
            return False

    async def truncate_wal(self) -> None:
        """Cut off what SQLite's write-ahead log still holds of what was erased."""
        if self._url is not None:
            return
        for _ in range(CHECKPOINT_TRIES):
            if await asyncio.to_thread(self._checkpointed):
                return
            await asyncio.sleep(CHECKPOINT_PAUSE_S)

    def truncate_wal_soon(self) -> None:
        """Truncate as `truncate_wal` does, a moment later, once for all who ask meanwhile."""

        async def truncating() -> None:
            await asyncio.sleep(TRUNCATE_SOON_S)
            self._truncating = None  # who asks from now on may come too late for this one
            await self.truncate_wal()

        if self._truncating is None and self._url is None:
            self._truncating = asyncio.create_task(truncating())

    async def close(self) -> None:
        if self._truncating is not None:
            self._truncating.cancel()
            await asyncio.gather(self._truncating, return_exceptions=True)
        if "workflows_engine" in self.__dict__:
            self.workflows_engine.dispose()
        if self._url is None:
            self._engine.dispose()
        else:
            await AsyncEngine(self._engine).dispose()

    @asynccontextmanager
    async def _session(self, engine: Engine) -> AsyncGenerator[AsyncSession]:
        session = AsyncSession(expire_on_commit=False)
        session.sync_session.bind = engine
        if self._url is not None:
            async with session:
                yield session
            return
        # SQLite's plain driver never waits: each statement runs where it stands, in some 50 µs. Through a thread each
        # would wait for its turn in the loop twice, and with it everybody who waits to write.
        try:
            yield session
        finally:
            session.sync_session.close()  # at once: the session's own way would hold the connection for another turn

    def _checkpointed(self) -> bool:
        """Tell whether no reader stood in the way."""
        with closing(sqlite3.connect(self._home / STORE, timeout=BUSY_TIMEOUT_MS / 1000)) as opened:
            (busy, *_), *_ = opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return not busy

    def _migrate(self) -> None:
        if self._url is None:
            with FileLock(self._home / "store.lock"):
                engine = _sqlite(self._home / STORE, MIGRATION_TIMEOUT_MS)
                event.listen(engine, "connect", _unchecked)
                try:
                    with engine.execution_options(writes=True).connect() as connection:
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


def _sqlite(file: Path, busy_timeout_ms: int) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(file)), max_overflow=-1)  # nobody may wait for one

    def prepare(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined] - begun below, not by the driver
        _pragmas(connection, busy_timeout_ms)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _pragmas(connection: DBAPIConnection, busy_timeout_ms: int) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
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
