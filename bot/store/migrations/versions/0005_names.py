"""Columns carry the words that the code does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RENAMED = [
    ("turns", "heard_at", "received_at"),
    ("turns", "alone", "is_aside"),
    ("turns", "outsider", "external_user"),
    ("rooms", "manners", "reply_mode"),
]
STATE = sa.table("turns", sa.column("state"))


def upgrade() -> None:
    op.drop_index("ix_turns_heard_at", "turns")
    for table, old, new in RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    op.create_index("ix_turns_received_at", "turns", ["received_at"])
    op.execute(STATE.update().where(STATE.c.state == "heard").values(state="received"))


def downgrade() -> None:
    op.drop_index("ix_turns_received_at", "turns")
    for table, old, new in RENAMED:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
    op.create_index("ix_turns_heard_at", "turns", ["heard_at"])
    op.execute(STATE.update().where(STATE.c.state == "received").values(state="heard"))
