"""What single people were told, so that the desk can take note of it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("incident", sa.String(80), nullable=False),
        sa.Column("audience", sa.String(80), nullable=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_index("ix_notices_incident", "notices", ["incident"])
    op.create_index("ix_notices_at_ns", "notices", ["at_ns"])
