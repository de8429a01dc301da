"""The barrier that the asker picked from a list, and how often none of those listed fitted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("turns") as turns:
        turns.add_column(sa.Column("picked", sa.String(), nullable=True))
        turns.add_column(sa.Column("tapped", sa.Boolean(), nullable=False, server_default=sa.false()))
        turns.add_column(sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("turns") as turns:
        for name in ("tapped", "refusals"):
            turns.alter_column(name, server_default=None)


def downgrade() -> None:
    turns = sa.table("turns", sa.column("action"))
    op.execute(turns.update().where(turns.c.action == "shortlist").values(action="clarify"))
    with op.batch_alter_table("turns") as altered:
        for name in ("picked", "tapped", "refusals"):
            altered.drop_column(name)
