"""What officers send from their phones."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    # name: words with an index, words without one, moments
    "field_duties": (("officer",), (), ("start_ns", "end_ns")),
    "field_acts": (("officer",), ("kind",), ("at_ns",)),
    "field_track": (("officer",), (), ("at_ns",)),
    "field_media": (("officer", "incident", "state"), (), ()),
    "field_alarms": (("officer", "state"), (), ("at_ns",)),
}


def upgrade() -> None:
    for name, (indexed, words, moments) in _TABLES.items():
        op.create_table(
            name,
            sa.Column("id", sa.String(80), primary_key=True),
            *(sa.Column(one, sa.String(80), nullable=False) for one in (*indexed, *words)),
            *(sa.Column(one, sa.BigInteger, nullable=False) for one in moments),
            sa.Column("body", sa.JSON, nullable=False),
        )
        for one in (*indexed, *moments):
            op.create_index(f"ix_{name}_{one}", name, [one])
