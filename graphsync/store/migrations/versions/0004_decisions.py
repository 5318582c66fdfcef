"""Decisions with the states they were made on, in the place of the last trace alone.

Written out and not taken from `tables.py`: what this file makes must not change when the tables do.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table of decisions; the traces are not taken over, each mentorship has a new one within a day."""
    op.drop_table("traces")
    op.create_table(
        "decisions",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("mentorship", TEXT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("wanted", TEXT, nullable=False),
        sa.Column("trace", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        sa.ForeignKeyConstraint(["mentorship"], ["mentorships.id"], name="fk_decisions_mentorship", ondelete="CASCADE"),
    )
    op.create_index("ix_decisions_mentorship_at", "decisions", ["mentorship", "at"])
    op.create_index("ix_decisions_last_at", "decisions", ["last_at"])


def downgrade() -> None:
    """Bring back the table of traces, empty."""
    op.drop_table("decisions")
    op.create_table(
        "traces",
        sa.Column("mentorship", TEXT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("trace", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("mentorship", name="pk_traces"),
        sa.ForeignKeyConstraint(["mentorship"], ["mentorships.id"], name="fk_traces_mentorship", ondelete="CASCADE"),
    )
    op.create_index("ix_traces_at", "traces", ["at"])
