"""Versions of catalogue rows, their confirmation, and the list of powers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, *words in (
        ("row_versions", "row", "kind"),
        ("confirmations", "version"),
        ("powers", "row"),
    ):
        op.create_table(
            name,
            sa.Column("id", sa.String(80), primary_key=True),
            *(sa.Column(word, sa.String(80), nullable=False) for word in words),
            sa.Column("body", sa.JSON, nullable=False),
        )
        for word in words:
            op.create_index(f"ix_{name}_{word}", name, [word])
