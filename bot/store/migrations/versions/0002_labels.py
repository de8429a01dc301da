"""What a turn came to, a column each: a decline's kind, a question's id, a notice; questions answered in words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TURNS = sa.table(
    "turns", *map(sa.column, ("action", "kind", "decline_kind", "question", "notice", "confidence", "reply"))
)


def upgrade() -> None:
    with op.batch_alter_table("turns") as turns:
        for name in ("decline_kind", "question", "notice"):
            turns.add_column(sa.Column(name, sa.String(), nullable=True))
        turns.add_column(sa.Column("closed", sa.Boolean(), nullable=False, server_default=sa.false()))
    # A notice was kept as a decline that nobody was sure of; which of the notices it was nobody can tell any more.
    op.execute(
        TURNS.update()
        .where(TURNS.c.action == "decline", TURNS.c.kind == "wordless", TURNS.c.confidence.is_(None))
        .values(action="notice", kind=None)
    )
    op.execute(TURNS.update().where(TURNS.c.action == "decline").values(decline_kind=TURNS.c.kind))
    op.execute(TURNS.update().where(TURNS.c.action == "clarify").values(question=TURNS.c.kind))
    with op.batch_alter_table("turns") as turns:
        turns.drop_column("kind")
        turns.alter_column("closed", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("turns") as turns:
        turns.add_column(sa.Column("kind", sa.String(), nullable=True))
    op.execute(TURNS.update().values(kind=sa.func.coalesce(TURNS.c.decline_kind, TURNS.c.question)))
    op.execute(TURNS.update().where(TURNS.c.action == "notice").values(action="decline", kind="wordless"))
    with op.batch_alter_table("turns") as turns:
        for name in ("decline_kind", "question", "notice", "closed"):
            turns.drop_column(name)
