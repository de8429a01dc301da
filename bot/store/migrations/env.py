"""Alembic's entry: `Database.migrate` hands the connection in."""

from typing import Literal

from alembic import context

from bot.store.tables import Moment, Table

connection = context.config.attributes["connection"]


def render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own column types out: a migration must not change when they do."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True, render_item=render)
with context.begin_transaction():
    context.run_migrations()
