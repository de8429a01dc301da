"""Index versions whose vectors a Chroma server keeps: their other files, and which of them serves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "index_versions",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("collection", sa.String(), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "index_pointer",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("served", sa.JSON(), nullable=False),
        sa.Column("candidate", sa.Integer()),
    )


def downgrade() -> None:
    op.drop_table("index_pointer")
    op.drop_table("index_versions")
