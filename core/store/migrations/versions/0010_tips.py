"""What the public tells us."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tips",
        sa.Column("id", sa.String(80), primary_key=True),
        *(sa.Column(one, sa.String(80), nullable=False) for one in _WORDS),
        sa.Column("unsealed", sa.Boolean, nullable=False),
        sa.Column("submitted_ns", sa.BigInteger, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
    for one in (*_WORDS, "unsealed", "submitted_ns"):
        op.create_index(f"ix_tips_{one}", "tips", [one])


_WORDS = ("state", "code_hash", "incident")
