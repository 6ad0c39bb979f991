"""After the call: wrap-ups, corrections, quality checks, second persons"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FILTERED = {
    "calls_by_label": "label",
    "calls_by_risk": "risk",
    "calls_by_operator": "operator_id",
    "calls_by_disposition": "disposition",
    "calls_by_money": "at_risk_fen",
}


def upgrade() -> None:
    op.add_column("calls", sa.Column("at_risk_fen", sa.BigInteger(), nullable=False, server_default="0"))
    _fill_money_at_risk(op.get_bind())
    for name, column in FILTERED.items():
        op.create_index(name, "calls", [column, "started_at"])
    op.create_index("freezes_by_status", "freezes", ["status", "created_at"])
    op.create_table(
        "freeze_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        *_who_and_when(),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["freezes.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_freeze_decisions_request_id", "freeze_decisions", ["request_id"])
    _of_calls(
        "segment_corrections",
        sa.Column("segment_id", sa.String(length=36), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("normalised", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"]),
    )
    _of_calls(
        "wrap_ups",
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("disposition", sa.String(length=20), nullable=False),
        sa.Column("side_codes", sa.JSON(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("at_risk_fen", sa.BigInteger(), nullable=False),
        sa.Column("prevented_fen", sa.BigInteger(), nullable=False),
        sa.Column("stopped_fen", sa.BigInteger(), nullable=False),
        sa.Column("returned_fen", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
    )
    op.create_index("wrap_ups_by_day", "wrap_ups", ["day", "counts"])
    _of_calls(
        "qa_reviews",
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("breached", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
    )
    op.create_table(
        "trainer_marks",
        sa.Column("call_id", sa.String(length=36), nullable=False),
        *_who_and_when(),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"]),
        sa.PrimaryKeyConstraint("call_id"),
    )
    op.create_index("ix_trainer_marks_at", "trainer_marks", ["at"])


def _fill_money_at_risk(connection: sa.Connection) -> None:
    """Take the largest amount that was heard in each stored call."""
    entities = sa.table("entities", sa.column("call_id"), sa.column("type"), sa.column("body", sa.JSON()))
    largest: dict[str, int] = {}
    for row in connection.execute(sa.select(entities.c.call_id, entities.c.body).where(entities.c.type == "amount")):
        largest[row.call_id] = max(largest.get(row.call_id, 0), int(row.body["value"]))
    for call_id, yuan in largest.items():
        connection.execute(
            sa.text("UPDATE calls SET at_risk_fen = :fen WHERE id = :id"), {"fen": 100 * yuan, "id": call_id}
        )


def _who_and_when() -> list[sa.Column]:
    return [
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    ]


def _of_calls(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(length=36), nullable=False),
        *_who_and_when(),
        *columns,
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(f"ix_{name}_call_id", name, ["call_id"])


def downgrade() -> None:
    for name in ("trainer_marks", "qa_reviews", "wrap_ups", "segment_corrections", "freeze_decisions"):
        op.drop_table(name)
    op.drop_index("freezes_by_status", "freezes")
    for name in FILTERED:
        op.drop_index(name, "calls")
    op.drop_column("calls", "at_risk_fen")
