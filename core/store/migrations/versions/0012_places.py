"""Where acts are, and which incident a sighting belongs to."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Until now no incident knew the place of its act, so there is none to fill in.
    cell = sa.Column("cell", sa.String(80), nullable=False, server_default="")
    op.add_column("incidents", cell)
    # What happened on one ground lately is asked for whenever an incident is opened.
    for column in ("camera", "cell"):
        op.create_index(f"ix_incidents_{column}_started", "incidents", [column, "started_ns"])
    op.create_table(
        "homes",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("body", sa.JSON, nullable=False),
    )
