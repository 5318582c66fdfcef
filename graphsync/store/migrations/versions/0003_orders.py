"""What coordinators order by command: pauses, ends, swapped mentors.

Written out and not taken from `tables.py`: what this file makes must not change when the tables do.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the table of orders, and which mentorship took another's place.

    A pause with an end is over by itself from now on, so its mentorship is active.
    """
    op.add_column("mentorships", sa.Column("rematched_to", TEXT))
    op.create_table(
        "orders",
        sa.Column("mentorship", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("paused_until", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("row", TEXT, nullable=False),
        sa.Column("given_at", INSTANT, nullable=False),
        sa.Column("unlisted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("mentorship", name="pk_orders"),
        sa.ForeignKeyConstraint(["mentorship"], ["mentorships.id"], name="fk_orders_mentorship", ondelete="CASCADE"),
    )
    op.execute("UPDATE mentorships SET status = 'active' WHERE status = 'paused' AND paused_until IS NOT NULL")


def downgrade() -> None:
    """Drop what was added; pauses with an end are marked as pauses again."""
    op.execute("UPDATE mentorships SET status = 'paused' WHERE status = 'active' AND paused_until IS NOT NULL")
    op.drop_table("orders")
    op.drop_column("mentorships", "rematched_to")
