"""The schema: from every earlier revision to this release's, on both databases."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Float, MetaData, Table, create_engine, inspect, make_url, select, text
from sqlalchemy import types as sql

from bot.errors import StoreNewer
from bot.store import Database
from bot.store.database import MIGRATIONS, STORE
from bot.store.tables import Table as Model
from tests.scenarios.conftest import bare_environment

REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
REPLACED = {"turns": {"kind"}}
"""Columns whose content other columns took over: a test of its own says how."""
RENAMED = {
    "turns": {"heard_at": "received_at", "alone": "is_aside", "outsider": "external_user"},
    "rooms": {"manners": "reply_mode"},
}
MIGRATE = """
import asyncio, sys
from pathlib import Path
from bot.store import Database
asyncio.run(Database(Path(sys.argv[1]), sys.argv[2] or None).migrate())
"""


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_every_earlier_release_are_kept(revision: str, tmp_path: Path, database_url: str | None):
    with connected(tmp_path, database_url) as connection:
        command.upgrade(alembic(connection), revision)
        before = {name: fill(connection, table) for name, table in tables(connection).items()}
        connection.commit()
    migrate(tmp_path, database_url)
    with connected(tmp_path, database_url) as connection:
        after = tables(connection)
        for name, row in before.items():
            kept = connection.execute(select(after[name])).mappings().one()
            now_called = {old: RENAMED.get(name, {}).get(old, old) for old in row if old not in REPLACED.get(name, ())}
            assert {old: kept[new] for old, new in now_called.items()} == {old: row[old] for old in now_called}, name


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(("decline", "far", 0.9), ("decline", "far", None), id="a decline's kind"),
        pytest.param(("decline", "wordless", 1.0), ("decline", "wordless", None), id="no words"),
        pytest.param(("decline", "wordless", None), ("notice", None, None), id="a notice was no decline"),
        pytest.param(("clarify", "Q07", 0.4), ("clarify", None, "Q07"), id="a question's id"),
        pytest.param(("answer", None, 0.8), ("answer", None, None), id="an answer"),
    ],
)
def test_what_a_turn_came_to_gets_a_column_each(
    before: tuple[str, str | None, float | None],
    after: tuple[str, str | None, str | None],
    tmp_path: Path,
    database_url: str | None,
):
    with connected(tmp_path, database_url) as connection:
        command.upgrade(alembic(connection), "0001")
        for name, table in tables(connection).items():
            if name in ("conversations", "turns"):
                fill(connection, table)
        update = "UPDATE turns SET action = :action, kind = :kind, confidence = :confidence"
        connection.execute(text(update), dict(zip(("action", "kind", "confidence"), before, strict=True)))
        connection.commit()
    migrate(tmp_path, database_url)
    with connected(tmp_path, database_url) as connection:
        labels = connection.execute(text("SELECT action, decline_kind, question FROM turns")).one()
        assert tuple(labels) == after
        command.downgrade(alembic(connection), "0001")
        kind = connection.scalar(text("SELECT kind FROM turns"))
        assert kind == before[1]


def test_the_migrated_schema_is_that_of_the_models(tmp_path: Path, database_url: str | None):
    migrate(tmp_path, database_url)
    with connected(tmp_path, database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Model.metadata) == []
        assert set(tables(connection)) == set(Model.metadata.tables)


def test_every_migration_can_be_taken_back(tmp_path: Path, database_url: str | None):
    migrate(tmp_path, database_url)
    with connected(tmp_path, database_url) as connection:
        command.downgrade(alembic(connection), "base")
        connection.commit()
        assert tables(connection) == {}
    migrate(tmp_path, database_url)


def test_migrating_again_changes_nothing(tmp_path: Path, database_url: str | None):
    migrate(tmp_path, database_url)
    before = schema(tmp_path, database_url)
    migrate(tmp_path, database_url)
    assert schema(tmp_path, database_url) == before


def test_there_is_one_newest_revision():
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1


def test_a_later_releases_database_is_refused_untouched(tmp_path: Path, database_url: str | None):
    migrate(tmp_path, database_url)
    with connected(tmp_path, database_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("ALTER TABLE audit ADD COLUMN signed_by VARCHAR"))
        connection.commit()
    before = schema(tmp_path, database_url)
    with pytest.raises(StoreNewer, match=r"later release.*9999.*nothing was changed"):
        migrate(tmp_path, database_url)
    assert schema(tmp_path, database_url) == before


def test_processes_that_start_together_take_turns(tmp_path: Path, database_url: str | None):
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", MIGRATE, str(tmp_path), database_url or ""],
            env=bare_environment(tmp_path, tmp_path),
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    told = [each.communicate(timeout=60)[1].decode() for each in started]
    assert [each.returncode for each in started] == [0, 0, 0], "\n".join(told)
    with connected(tmp_path, database_url) as connection:
        assert MigrationContext.configure(connection).get_current_revision() == REVISIONS[-1]


def test_a_store_is_ready_once_it_is_migrated(tmp_path: Path, database_url: str | None):
    async def ready_before_and_after() -> tuple[bool, bool]:
        database = Database(tmp_path, database_url)
        try:
            before = await database.at_head()
            await database.migrate()
            return before, await database.at_head()
        finally:
            await database.close()

    assert asyncio.run(ready_before_and_after()) == (False, True)


@contextmanager
def connected(home: Path, url: str | None) -> Iterator[Connection]:
    address = make_url(url).set(drivername="postgresql+psycopg") if url else f"sqlite:///{home / STORE}"
    engine = create_engine(address)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def migrate(home: Path, url: str | None) -> None:
    async def migrating() -> None:
        database = Database(home, url)
        try:
            await database.migrate()
        finally:
            await database.close()

    asyncio.run(migrating())


def alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def tables(connection: Connection) -> dict[str, Table]:
    """As they are in the database, parents first."""
    found = MetaData()
    found.reflect(connection)
    return {table.name: table for table in found.sorted_tables if table.name != "alembic_version"}


def schema(home: Path, url: str | None) -> dict[str, list[str]]:
    with connected(home, url) as connection:
        look = inspect(connection)
        return {
            name: sorted(str(column["name"]) for column in look.get_columns(name)) for name in look.get_table_names()
        } | {"": list(connection.scalars(text("SELECT version_num FROM alembic_version")))}


def fill(connection: Connection, table: Table) -> dict[str, Any]:
    """One row with a value in every column; those that refer to another table refer to its row."""
    row = {column.name: value_for(column.type) for column in table.columns}
    connection.execute(table.insert().values(row))
    return dict(connection.execute(select(table)).mappings().one())


def value_for(kind: sql.TypeEngine[Any]) -> Any:
    match kind:
        case sql.Boolean():
            return True
        case sql.Integer():
            return 7
        case sql.DateTime():
            return datetime(2026, 11, 23, 9, tzinfo=UTC)
        case Float():
            return 0.5
        case sql.JSON():
            return {"kept": ["as it was"]}
        case sql.LargeBinary():
            return b"as it was"
        case _:
            return "the same everywhere"
