"""Calls are found by the telephone system's id"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("calls_by_external_id", "calls", ["external_id"])


def downgrade() -> None:
    op.drop_index("calls_by_external_id", "calls")
