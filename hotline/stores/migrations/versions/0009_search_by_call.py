"""Numbers in the full-text index that say which call and when"""

from datetime import UTC

import sqlalchemy as sa
from alembic import op

from hotline.stores.search import index_text, searchable_text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CALL_BITS, SEGMENT_BITS = 8, 16


def upgrade() -> None:
    op.add_column("calls", sa.Column("number", sa.BigInteger(), nullable=True))
    op.create_index("calls_by_number", "calls", ["number"], unique=True)
    op.drop_table("segment_grams")
    op.drop_table("searchable")
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "searchable",
        sa.Column("id", big, nullable=False, autoincrement=False),
        sa.Column("segment_id", sa.String(length=36), nullable=False),
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"]),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("segment_id"),
    )
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        # Single characters are looked for as beginnings of pairs.
        op.execute("CREATE VIRTUAL TABLE segment_grams USING fts5(grams, tokenize='unicode61', prefix='1')")
    else:
        op.execute("CREATE TABLE segment_grams (id BIGINT PRIMARY KEY, grams tsvector NOT NULL)")
        op.execute("CREATE INDEX segment_grams_by_grams ON segment_grams USING gin (grams)")
    _index_what_is_there(connection)


def _index_what_is_there(connection: sa.Connection) -> None:
    corrected = {
        row.segment_id: (row.text, row.normalised)
        for row in connection.execute(
            sa.text("SELECT segment_id, text, normalised FROM segment_corrections ORDER BY id")
        )
    }
    calls = sa.table("calls", sa.column("id"), sa.column("started_at", sa.DateTime()))
    number = 0
    for call in connection.execute(sa.select(calls).order_by(calls.c.started_at, calls.c.id)).all():
        segments = connection.execute(
            sa.text("SELECT id, text, normalised FROM segments WHERE call_id = :id ORDER BY start_s"), {"id": call.id}
        ).all()
        if not segments:
            continue
        second = int(call.started_at.replace(tzinfo=UTC).timestamp())
        number = max(second << CALL_BITS, number + 1)
        connection.execute(
            sa.text("UPDATE calls SET number = :number WHERE id = :id"), {"number": number, "id": call.id}
        )
        for place, segment in enumerate(segments, number << SEGMENT_BITS):
            connection.execute(
                sa.text("INSERT INTO searchable (id, segment_id, call_id) VALUES (:place, :segment_id, :call_id)"),
                {"place": place, "segment_id": segment.id, "call_id": call.id},
            )
            text, normalised = corrected.get(segment.id, (segment.text, segment.normalised))
            index_text(connection, place, searchable_text(text, normalised))


def downgrade() -> None:
    raise NotImplementedError("numbers of the old kind cannot be had back; restore a backup")
