"""What has no good answer yet: which rooms are public, who wants to be told, which barrier was drafted from what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "public_rooms",
        sa.Column("workspace", sa.String(), primary_key=True),
        sa.Column("room", sa.String(), primary_key=True),
    )
    op.create_table(
        "agreements",
        sa.Column("turn", sa.String(), sa.ForeignKey("turns.id"), primary_key=True),
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "gap_drafts",
        sa.Column("barrier", sa.String(), primary_key=True),
        sa.Column("turn", sa.String(), sa.ForeignKey("turns.id"), primary_key=True),
    )


def downgrade() -> None:
    for table in ("gap_drafts", "agreements", "public_rooms"):
        op.drop_table(table)
