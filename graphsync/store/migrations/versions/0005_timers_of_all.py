"""Timers are sought over all mentorships, ended ones included.

Written out and not taken from `tables.py`: what this file makes must not change when the tables do.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Have the index begin with the instant."""
    op.drop_index("ix_mentorships_wake_at", table_name="mentorships")
    op.create_index("ix_mentorships_wake_at", "mentorships", ["wake_at", "id"])


def downgrade() -> None:
    """Have it begin with the status."""
    op.drop_index("ix_mentorships_wake_at", table_name="mentorships")
    op.create_index("ix_mentorships_wake_at", "mentorships", ["status", "wake_at", "id"])
