"""What is to be seen of an erased turn needs no thought: `delivered <= answered <= revision` holds for it, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    turns = sa.table("turns", sa.column("erased"), sa.column("answered"), sa.column("revision"))
    op.execute(turns.update().where(turns.c.erased.is_not(None)).values(answered=turns.c.revision))


def downgrade() -> None:
    """An earlier release takes such turns as they are."""
