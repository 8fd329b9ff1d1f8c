"""Written transcripts of what was spoken."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transcripts",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("evidence", sa.String(80), nullable=False),
        sa.Column("incident", sa.String(80), nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
    for column in ("evidence", "incident"):
        op.create_index(f"ix_transcripts_{column}", "transcripts", [column])
