"""The duty desk, and notices on their way."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# table: (words indexed, words, moments)
_ENTITIES: dict[str, tuple[list[str], list[str], list[str]]] = {
    "duty_turns": (["state"], [], ["began_ns"]),
    "duty_tasks": (["kind", "state"], [], ["due_ns"]),
    "handovers": ([], [], ["made_ns"]),
    "deliveries": (["channel", "state"], [], ["due_ns", "made_ns"]),
    "channels": ([], [], []),
    "cursors": ([], [], []),
}


def upgrade() -> None:
    for table, (indexed, words, moments) in _ENTITIES.items():
        op.create_table(
            table,
            sa.Column("id", sa.String(160), primary_key=True),
            *(sa.Column(name, sa.String(80), nullable=False) for name in indexed + words),
            *(sa.Column(name, sa.BigInteger, nullable=False) for name in moments),
            sa.Column("body", sa.JSON, nullable=False),
        )
        for name in indexed + moments:
            op.create_index(f"ix_{table}_{name}", table, [name])
