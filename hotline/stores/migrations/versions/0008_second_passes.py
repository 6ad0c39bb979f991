"""Second passes"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_passes",
        sa.Column("call_id", sa.String(length=36), sa.ForeignKey("calls.id"), primary_key=True),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=True),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("second_passes")
