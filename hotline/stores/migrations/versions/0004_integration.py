"""API keys, web hooks, external ids; who called whom and how the audio is laid out"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("direction", sa.String(length=10), nullable=False, server_default=""))
    op.add_column("calls", sa.Column("layout", sa.String(length=20), nullable=False, server_default=""))
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("last_used_at", sa.DateTime()),
        sa.Column("revoked_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "hook_deliveries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("webhook_id", sa.String(length=36), nullable=False),
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=200), nullable=False),
        sa.Column("delivered_at", sa.DateTime()),
        sa.Column("failed_at", sa.DateTime()),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"]),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_hook_deliveries_call_id", "hook_deliveries", ["call_id"])
    op.create_index("ix_hook_deliveries_created_at", "hook_deliveries", ["created_at"])
    op.create_table(
        "external_calls",
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("external_id"),
    )


def downgrade() -> None:
    for table in ("external_calls", "hook_deliveries", "webhooks", "api_keys"):
        op.drop_table(table)
    with op.batch_alter_table("calls") as calls:
        calls.drop_column("layout")
        calls.drop_column("direction")
