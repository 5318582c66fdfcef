"""All tables, their indexes, and the refusal of overlapping reservations.

Written out and not taken from `tables.py`: what this file makes must not change when the tables do.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# An instant: whole microseconds since 1970 on SQLite, `timestamptz` on PostgreSQL.
INSTANT = sa.BigInteger().with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make everything."""
    _people_and_mentorships()
    _sessions()
    _requests()
    _work()
    _outbox()
    _reservations()
    _subscriptions()
    _records()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_overlaps_on_postgresql()
    else:
        _refuse_overlaps_on_sqlite()


def downgrade() -> None:
    """Remove everything."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER reservations_no_overlap ON reservations")
        op.execute("DROP FUNCTION graphsync_refuse_overlap")
    else:
        op.execute("DROP TRIGGER reservations_no_overlap_insert")
        op.execute("DROP TRIGGER reservations_no_overlap_update")
    for table in (
        "meta", "alerts", "traces", "audit", "delta_links", "subscriptions", "reservations", "spent_keys", "outbox",
        "sweeps", "dirty_subjects", "nudges", "closed_requests", "open_requests", "attempts", "sessions", "contacts",
        "mentorships", "people",
    ):  # fmt: skip
        op.drop_table(table)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, INSTANT, nullable=nullable)


def _primary_key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _goes_with_mentorship(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["mentorship"], ["mentorships.id"], name=f"fk_{table}_mentorship", ondelete="CASCADE"
    )


def _people_and_mentorships() -> None:
    op.create_table(
        "people",
        _text("id"),
        _text("address"),
        _text("address_folded"),
        _text("display_name"),
        _text("hours"),
        _text("office_location", nullable=True),
        _text("absences"),
        _text("reach"),
        sa.Column("has_teams", sa.Boolean(), nullable=True),
        _primary_key("people", "id"),
    )
    op.create_index("ix_people_address", "people", ["address_folded", "id"])
    op.create_table(
        "mentorships",
        _text("id"),
        _text("mentor"),
        _text("mentee"),
        _text("cohort"),
        sa.Column("started_on", sa.Date(), nullable=False),
        _text("status"),
        sa.Column("cadence", sa.BigInteger(), nullable=True),
        _text("standing", nullable=True),
        _text("medium"),
        _text("phone"),
        _text("opt_ins"),
        _text("mentor_offers"),
        _text("mentee_offers"),
        _instant("wake_at", nullable=True),
        _text("chat_id", nullable=True),
        _instant("chat_read_until", nullable=True),
        _primary_key("mentorships", "id"),
    )
    op.create_index("ix_mentorships_mentor", "mentorships", ["mentor"])
    op.create_index("ix_mentorships_mentee", "mentorships", ["mentee"])
    op.create_index("ix_mentorships_wake_at", "mentorships", ["status", "wake_at", "id"])
    op.create_index("ix_mentorships_chat", "mentorships", ["chat_id"])
    op.create_table(
        "contacts",
        _text("mentorship"),
        _text("kind"),
        _instant("at"),
        _primary_key("contacts", "mentorship", "kind", "at"),
        _goes_with_mentorship("contacts"),
    )
    op.create_index("ix_contacts_at", "contacts", ["at"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        _text("mentorship"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _instant("starts_at"),
        _instant("ends_at"),
        _text("organizer"),
        _text("event_id"),
        _text("ical_uid"),
        _instant("invited_at"),
        _instant("written_start"),
        _instant("written_end"),
        _text("medium"),
        sa.Column("online", sa.Boolean(), nullable=False),
        _text("rule"),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.Column("self_booked", sa.Boolean(), nullable=False),
        _text("loss", nullable=True),
        _instant("lost_at", nullable=True),
        _text("no_slot_reason"),
        _instant("asked_at", nullable=True),
        _text("answers"),
        _text("agreed"),
        _text("proposal", nullable=True),
        _text("copies"),
        _instant("copies_looked_at", nullable=True),
        _primary_key("sessions", "mentorship", "number"),
        _goes_with_mentorship("sessions"),
    )
    op.create_index("ix_sessions_event", "sessions", ["organizer", "event_id", "number"])
    op.create_index("ix_sessions_ical_uid", "sessions", ["ical_uid", "number"])
    op.create_index("ix_sessions_standing", "sessions", ["mentorship", "ends_at"])
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"])
    op.create_table(
        "attempts",
        _text("mentorship"),
        _text("key"),
        _instant("tried_at"),
        _text("reason"),
        _instant("retry_at", nullable=True),
        _primary_key("attempts", "mentorship", "key"),
        _goes_with_mentorship("attempts"),
    )
    op.create_index("ix_attempts_tried_at", "attempts", ["tried_at"])


def _requests() -> None:
    op.create_table(
        "open_requests",
        _text("key"),
        _text("mentorship"),
        _text("source"),
        _text("owed_by"),
        _instant("asked_at"),
        _primary_key("open_requests", "key"),
        _goes_with_mentorship("open_requests"),
    )
    op.create_index("ix_open_requests_mentorship", "open_requests", ["mentorship", "key"])
    op.create_index("ix_open_requests_asked_at", "open_requests", ["asked_at"])
    op.create_table("closed_requests", _text("digest"), _primary_key("closed_requests", "digest"))
    op.create_table(
        "nudges",
        _text("mentorship"),
        _text("person"),
        _text("practice"),
        _text("about"),
        sa.Column("rung", sa.Integer(), autoincrement=False, nullable=False),
        _instant("sent_at"),
        _primary_key("nudges", "mentorship", "person", "practice", "about", "rung"),
        _goes_with_mentorship("nudges"),
    )
    op.create_index("ix_nudges_person", "nudges", ["person", "sent_at"])
    op.create_index("ix_nudges_sent_at", "nudges", ["sent_at"])


def _work() -> None:
    op.create_table(
        "dirty_subjects",
        _text("kind"),
        _text("owner"),
        _text("item"),
        _instant("not_before"),
        _instant("marked_at"),
        _instant("again_at", nullable=True),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _primary_key("dirty_subjects", "kind", "owner", "item"),
    )
    op.create_index("ix_dirty_subjects_due", "dirty_subjects", ["kind", "not_before", "owner", "item"])
    op.create_index("ix_dirty_subjects_not_before", "dirty_subjects", ["not_before"])
    op.create_table(
        "sweeps",
        _text("kind"),
        _text("owner"),
        _text("item"),
        _instant("next_at"),
        _primary_key("sweeps", "kind", "owner", "item"),
    )
    op.create_index("ix_sweeps_next_at", "sweeps", ["next_at", "kind", "owner", "item"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        _text("key"),
        _text("kind"),
        _text("mentorship"),
        _text("rule"),
        _text("reason"),
        _text("payload"),
        _instant("created_at"),
        _instant("next_attempt_at", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _text("progress"),
        _text("outcome", nullable=True),
        _text("detail"),
        _instant("finished_at", nullable=True),
        _primary_key("outbox", "key"),
    )
    op.create_index("ix_outbox_due", "outbox", ["next_attempt_at", "created_at", "key"])
    op.create_index("ix_outbox_pending", "outbox", ["mentorship", "next_attempt_at"])
    op.create_index("ix_outbox_finished", "outbox", ["kind", "finished_at"])
    op.create_table("spent_keys", _text("digest"), _text("mentorship"), _primary_key("spent_keys", "digest"))
    op.create_index("ix_spent_keys_mentorship", "spent_keys", ["mentorship"])


def _reservations() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", ROW_NUMBER, nullable=False),
        _text("person"),
        _instant("starts_at"),
        _instant("ends_at"),
        _text("holder"),
        _primary_key("reservations", "id"),
        sa.CheckConstraint("starts_at < ends_at", name="ck_reservations_ends_after_start"),
    )
    op.create_index("ix_reservations_person", "reservations", ["person", "ends_at", "starts_at"])
    op.create_index("ix_reservations_holder", "reservations", ["holder"])
    op.create_index("ix_reservations_ends_at", "reservations", ["ends_at"])


def _refuse_overlaps_on_sqlite() -> None:
    for when, columns, not_itself in (
        ("insert", "", ""),
        ("update", "OF person, starts_at, ends_at ", "id <> OLD.id AND "),
    ):
        op.execute(f"""
            CREATE TRIGGER reservations_no_overlap_{when}
            BEFORE {when.upper()} {columns}ON reservations
            WHEN EXISTS (
                SELECT 1 FROM reservations
                WHERE {not_itself}person = NEW.person AND ends_at > NEW.starts_at AND starts_at < NEW.ends_at
            )
            BEGIN
                SELECT RAISE(ABORT, 'the reservation overlaps another of the same person');
            END
        """)


def _refuse_overlaps_on_postgresql() -> None:
    # A trigger and not EXCLUDE USING gist: that needs the extension btree_gist, which not every server has. The lock
    # makes two transactions that reserve for one person follow each other, so that the second sees what the first
    # wrote; it is let go when the transaction ends.
    op.execute("""
        CREATE FUNCTION graphsync_refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended(NEW.person, 1735551344));
            IF EXISTS (
                SELECT 1 FROM reservations
                WHERE id <> NEW.id AND person = NEW.person
                    AND ends_at > NEW.starts_at AND starts_at < NEW.ends_at
            ) THEN
                RAISE EXCEPTION 'the reservation overlaps another of the same person'
                    USING ERRCODE = 'exclusion_violation';
            END IF;
            RETURN NEW;
        END
        $$
    """)
    op.execute("""
        CREATE TRIGGER reservations_no_overlap
        BEFORE INSERT OR UPDATE OF person, starts_at, ends_at ON reservations
        FOR EACH ROW EXECUTE FUNCTION graphsync_refuse_overlap()
    """)


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        _text("resource"),
        _text("subject_kind"),
        _text("subject_owner"),
        _text("subject_item"),
        _text("client_state"),
        _text("id", nullable=True),
        _instant("expires_at", nullable=True),
        _instant("last_notified_at", nullable=True),
        _primary_key("subscriptions", "resource"),
    )
    op.create_table(
        "delta_links",
        _text("mailbox"),
        _instant("window_start"),
        _instant("window_end"),
        _text("delta_link"),
        _primary_key("delta_links", "mailbox"),
    )


def _records() -> None:
    op.create_table(
        "audit",
        sa.Column("id", ROW_NUMBER, nullable=False),
        _instant("at"),
        _text("mentorship"),
        _text("action"),
        _text("rule"),
        _text("outcome"),
        _text("detail"),
        _primary_key("audit", "id"),
    )
    op.create_index("ix_audit_mentorship", "audit", ["mentorship", "id"])
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "traces",
        _text("mentorship"),
        _instant("at"),
        _text("trace"),
        _primary_key("traces", "mentorship"),
        _goes_with_mentorship("traces"),
    )
    op.create_index("ix_traces_at", "traces", ["at"])
    op.create_table("alerts", _text("key"), _text("text"), _instant("raised_at"), _primary_key("alerts", "key"))
    op.create_table("meta", _text("name"), _text("value"), _primary_key("meta", "name"))
