"""Full-text search in segments"""

import sqlalchemy as sa
from alembic import op

from hotline.stores.search import index_text, searchable_text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "searchable",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.String(length=36), nullable=False),
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segments.id"]),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("segment_id"),
    )
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE segment_grams USING fts5(grams, tokenize='unicode61')")
    else:
        op.execute("CREATE TABLE segment_grams (id INTEGER PRIMARY KEY, grams tsvector NOT NULL)")
        op.execute("CREATE INDEX segment_grams_by_grams ON segment_grams USING gin (grams)")
    _index_what_is_there(connection)


def _index_what_is_there(connection: sa.Connection) -> None:
    stored = connection.execute(
        sa.text(
            "SELECT s.id, s.call_id, s.text, s.normalised FROM segments s JOIN calls c ON c.id = s.call_id"
            " ORDER BY c.started_at, s.start_s"
        )
    )
    for number, row in enumerate(stored.all(), 1):
        connection.execute(
            sa.text("INSERT INTO searchable (id, segment_id, call_id) VALUES (:number, :segment_id, :call_id)"),
            {"number": number, "segment_id": row.id, "call_id": row.call_id},
        )
        index_text(connection, number, searchable_text(row.text, row.normalised))
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text(
                "SELECT setval(pg_get_serial_sequence('searchable', 'id'), coalesce(max(id), 0) + 1) FROM searchable"
            )
        )


def downgrade() -> None:
    op.drop_table("segment_grams")
    op.drop_table("searchable")
