"""Labels, data sets, models"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("model_version", sa.String(length=100), nullable=False, server_default=""))
    op.create_table(
        "labels",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("call_id", sa.String(length=36), sa.ForeignKey("calls.id"), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
    )
    op.create_index("ix_labels_call_id", "labels", ["call_id"])
    op.create_index("labels_by_user", "labels", ["user_id", "id"])
    op.create_table(
        "examples",
        sa.Column("id", sa.String(length=200), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
    )
    op.create_table(
        "datasets",
        sa.Column("kind", sa.String(length=10), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
    )
    op.create_table(
        "dataset_examples",
        sa.Column("kind", sa.String(length=10), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("example_id", sa.String(length=200), primary_key=True),
        sa.Column("body", sa.JSON(), nullable=False),
    )
    op.create_table(
        "models",
        sa.Column("version", sa.String(length=100), primary_key=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("dataset", sa.Integer(), nullable=False),
        sa.Column("parent", sa.String(length=100), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("comparison", sa.JSON(), nullable=False),
    )
    op.create_table(
        "promotions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(length=36), nullable=False),
    )


def downgrade() -> None:
    for table in ("promotions", "models", "dataset_examples", "datasets", "examples", "labels"):
        op.drop_table(table)
    op.drop_column("calls", "model_version")
