"""Versions of warning texts, what was found about them, and their recordings."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLES: dict[str, tuple[str, ...]] = {
    "text_versions": ("text", "kind"),
    "text_findings": ("version",),
    "text_recordings": ("version",),
}


def upgrade() -> None:
    for name, indexed in _TABLES.items():
        op.create_table(
            name,
            sa.Column("id", sa.String(80), primary_key=True),
            *(sa.Column(one, sa.String(80), nullable=False) for one in indexed),
            sa.Column("body", sa.JSON, nullable=False),
        )
        for one in indexed:
            op.create_index(f"ix_{name}_{one}", name, [one])
