"""The room of a session in person, and those that have turned it down.

Written out and not taken from `tables.py`: what this file makes must not change when the tables do.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the two columns; sessions there are have no room."""
    op.add_column("sessions", sa.Column("room", TEXT, nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("rooms_declined", TEXT, nullable=False, server_default=sa.text("'[]'")))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("sessions", "rooms_declined")
    op.drop_column("sessions", "room")
