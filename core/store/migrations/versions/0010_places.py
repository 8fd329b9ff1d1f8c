"""Where acts are, and which incident a sighting belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Until now no incident knew the place of its act, so there is none to fill in.
    cell = sa.Column("cell", sa.String(80), nullable=False, server_default="")
    op.add_column("incidents", cell)
    op.create_index("ix_incidents_cell", "incidents", ["cell"])
    op.create_table(
        "homes",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("body", sa.JSON, nullable=False),
    )
