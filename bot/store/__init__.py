"""What is remembered: tables, migrations, erasure. SQLite or Postgres, one schema."""

from bot.store.audit import AuditLog
from bot.store.database import Database
from bot.store.gaps import Gaps, Unanswered
from bot.store.index_versions import IndexVersions, SharedState
from bot.store.refreshes import Refreshes
from bot.store.rooms import Room, Rooms
from bot.store.turns import Turns

__all__ = [
    "AuditLog",
    "Database",
    "Gaps",
    "IndexVersions",
    "Refreshes",
    "Room",
    "Rooms",
    "SharedState",
    "Turns",
    "Unanswered",
]
