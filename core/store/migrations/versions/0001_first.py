"""First schema: entities with their search columns, and the append-only audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# table: (words indexed, words, moments, flags)
_ENTITIES: dict[str, tuple[list[str], list[str], list[str], list[str]]] = {
    "incidents": (["kind", "camera", "state"], ["severity", "zone"], ["started_ns"], ["active"]),
    "sightings": (["camera", "kind"], ["zone"], ["started_ns"], []),
    "announcements": (["incident", "camera"], [], ["requested_ns"], []),
    "receipts": (["incident", "camera"], [], [], ["ok"]),
    "orders": (["incident", "officer", "state"], [], [], []),
    "evidence": (["incident", "role", "camera"], [], [], []),
    "positions": (["status"], [], [], []),
    "users": (["role"], [], [], []),
    "marks": ([], [], [], []),
    "outbox": ([], [], [], []),
}


def upgrade() -> None:
    for table, (indexed, words, moments, flags) in _ENTITIES.items():
        op.create_table(
            table,
            sa.Column("id", sa.String(80), primary_key=True),
            *(sa.Column(name, sa.String(80), nullable=False) for name in indexed + words),
            *(sa.Column(name, sa.BigInteger, nullable=False) for name in moments),
            *(sa.Column(name, sa.Boolean, nullable=False) for name in flags),
            sa.Column("body", sa.JSON, nullable=False),
        )
        for name in indexed + moments:
            op.create_index(f"ix_{table}_{name}", table, [name])
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at_ns", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("object", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    for name in ("at_ns", "action", "object"):
        op.create_index(f"ix_audit_{name}", "audit", [name])
    _forbid_changes_to_audit()


def _forbid_changes_to_audit() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )
