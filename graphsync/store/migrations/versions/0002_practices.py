"""What all practices keep: replies, flags, holds, pauses and ends; and decisions with the states they were made on.

Written out and not taken from `tables.py`: what this file makes must not change when the tables do.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NONE_YET = sa.text("'[]'")


def _new_columns() -> dict[str, list[sa.Column[Any]]]:
    return {
        "people": [
            sa.Column("weekly_digest", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("language", TEXT, nullable=False, server_default="en"),
            sa.Column("country", TEXT, nullable=False, server_default=""),
            sa.Column("region", TEXT, nullable=False, server_default=""),
        ],
        "mentorships": [
            sa.Column("paused_until", sa.Date()),
            sa.Column("ends_on", sa.Date()),
            sa.Column("released_at", INSTANT),
            sa.Column("closed_at", INSTANT),
        ],
        "sessions": [
            sa.Column("booked_over", TEXT, nullable=False, server_default=NONE_YET),
            sa.Column("attended", TEXT, nullable=False, server_default=NONE_YET),
            sa.Column("holds", TEXT, nullable=False, server_default=NONE_YET),
        ],
        "attempts": [sa.Column("no_hours", sa.Boolean(), nullable=False, server_default=sa.false())],
    }


def _mentorship(of: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    foreign_key = sa.ForeignKeyConstraint(
        ["mentorship"], ["mentorships.id"], name=f"fk_{of}_mentorship", ondelete="CASCADE"
    )
    return sa.Column("mentorship", TEXT, nullable=False), foreign_key


def upgrade() -> None:
    """Add columns and tables; traces are not taken over, as each mentorship has a new decision within a day."""
    for table, columns in _new_columns().items():
        for column in columns:
            op.add_column(table, column)
    mentorship, foreign_key = _mentorship("replies")
    op.create_table(
        "replies",
        mentorship,
        sa.Column("person", TEXT, nullable=False),
        sa.Column("about", TEXT, nullable=False),
        sa.Column("choice", TEXT, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("starts_at", INSTANT),
        sa.PrimaryKeyConstraint("mentorship", "person", "about", name="pk_replies"),
        foreign_key,
    )
    op.create_index("ix_replies_at", "replies", ["at"])
    mentorship, foreign_key = _mentorship("flags")
    op.create_table(
        "flags",
        mentorship,
        sa.Column("kind", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("mentorship", "kind", name="pk_flags"),
        foreign_key,
    )
    op.drop_table("traces")
    mentorship, foreign_key = _mentorship("decisions")
    op.create_table(
        "decisions",
        sa.Column("id", ROW_NUMBER, nullable=False),
        mentorship,
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("wanted", TEXT, nullable=False),
        sa.Column("trace", sa.LargeBinary(), nullable=False),
        sa.Column("places", sa.LargeBinary(), nullable=False),
        sa.Column("wake_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
        foreign_key,
    )
    op.create_index("ix_decisions_mentorship_at", "decisions", ["mentorship", "at"])
    op.create_index("ix_decisions_last_at", "decisions", ["last_at"])


def downgrade() -> None:
    """Bring back the table of traces, empty, and drop what was added."""
    for table in ("decisions", "flags", "replies"):
        op.drop_table(table)
    for table, columns in _new_columns().items():
        for column in columns:
            op.drop_column(table, column.name)
    mentorship, foreign_key = _mentorship("traces")
    op.create_table(
        "traces",
        mentorship,
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("trace", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("mentorship", name="pk_traces"),
        foreign_key,
    )
    op.create_index("ix_traces_at", "traces", ["at"])
