"""The tables. A column has the name of the field it holds, so a row and a value of ours name the same things.

`migrations/` makes them; a test keeps the two the same. Indexes are named here, each for the query it serves.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
)

from graphsync.engine.ports import ActionKind, Outcome, SubjectKind
from graphsync.mentoring import (
    Absence,
    Answer,
    Choice,
    DayHours,
    FlagKind,
    Hold,
    Loss,
    Medium,
    OptIn,
    OrderKind,
    PersonId,
    Proposal,
    Reach,
    RequestSource,
    StandingTime,
    Status,
    WeeklyHours,
)
from graphsync.store.types import TEXT, Document, Length, UtcDateTime, Word

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# A row number: SQLite counts up by itself only in a column that is INTEGER and nothing else
# (https://www.sqlite.org/autoinc.html).
_ROW_NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")


def _mentorship(*, primary_key: bool = False) -> Column[str]:
    """Return the column of a row that goes when its mentorship goes."""
    return Column(
        "mentorship", TEXT, ForeignKey("mentorships.id", ondelete="CASCADE"), primary_key=primary_key, nullable=False
    )


def _subject_columns() -> tuple[Column[SubjectKind], Column[str], Column[str]]:
    return (
        Column("kind", Word(SubjectKind), primary_key=True),
        Column("owner", TEXT, primary_key=True),
        Column("item", TEXT, primary_key=True),
    )


# ---------------------------------------------------------------- people and mentorships

people: Final = Table(
    "people",
    metadata,
    Column("id", TEXT, primary_key=True),
    Column("address", TEXT, nullable=False),
    Column("address_folded", TEXT, nullable=False),
    Column("display_name", TEXT, nullable=False),
    Column("hours", Document(WeeklyHours), nullable=False),
    Column("office_location", TEXT),
    Column("absences", Document(tuple[Absence, ...]), nullable=False),
    Column("reach", Word(Reach), nullable=False),
    Column("has_teams", Boolean),
    Column("weekly_digest", Boolean, nullable=False),
    Column("language", TEXT, nullable=False),
    Column("country", TEXT, nullable=False),
    Column("region", TEXT, nullable=False),
    Index("ix_people_address", "address_folded", "id"),
)

# `mentor` and `mentee` name people that the directory may not have been asked about yet: no foreign key.
mentorships: Final = Table(
    "mentorships",
    metadata,
    Column("id", TEXT, primary_key=True),
    Column("mentor", TEXT, nullable=False),
    Column("mentee", TEXT, nullable=False),
    Column("cohort", TEXT, nullable=False),
    Column("started_on", Date, nullable=False),
    Column("status", Word(Status), nullable=False),
    Column("cadence", Length),
    Column("standing", Document(StandingTime)),
    Column("medium", Word(Medium), nullable=False),
    Column("phone", TEXT, nullable=False),
    Column("opt_ins", Document(frozenset[OptIn]), nullable=False),
    Column("mentor_offers", Document(tuple[DayHours, ...]), nullable=False),
    Column("mentee_offers", Document(tuple[DayHours, ...]), nullable=False),
    Column("paused_until", Date),
    Column("ends_on", Date),
    Column("released_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("rematched_to", TEXT),
    Column("wake_at", UtcDateTime),
    Column("chat_id", TEXT),
    Column("chat_read_until", UtcDateTime),
    Index("ix_mentorships_mentor", "mentor"),
    Index("ix_mentorships_mentee", "mentee"),
    Index("ix_mentorships_wake_at", "wake_at", "id"),
    Index("ix_mentorships_chat", "chat_id"),
)

# What coordinators ordered by command, while the mentorships file does not say something new.
orders: Final = Table(
    "orders",
    metadata,
    _mentorship(primary_key=True),
    Column("kind", Word(OrderKind), nullable=False),
    Column("status", Word(Status), nullable=False),
    Column("paused_until", Date),
    Column("ends_on", Date),
    Column("row", TEXT, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Column("unlisted", Boolean, nullable=False),
)

# When the two were last in touch: met, talked, asked.
contacts: Final = Table(
    "contacts",
    metadata,
    _mentorship(primary_key=True),
    Column("kind", TEXT, primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Index("ix_contacts_at", "at"),
)

# ---------------------------------------------------------------- sessions

sessions: Final = Table(
    "sessions",
    metadata,
    _mentorship(primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("organizer", TEXT, nullable=False),
    Column("event_id", TEXT, nullable=False),
    Column("ical_uid", TEXT, nullable=False),
    Column("invited_at", UtcDateTime, nullable=False),
    Column("written_start", UtcDateTime, nullable=False),
    Column("written_end", UtcDateTime, nullable=False),
    Column("medium", Word(Medium), nullable=False),
    Column("online", Boolean, nullable=False),
    Column("rule", TEXT, nullable=False),
    Column("replaces", Integer),
    Column("self_booked", Boolean, nullable=False),
    Column("loss", Word(Loss)),
    Column("lost_at", UtcDateTime),
    Column("no_slot_reason", TEXT, nullable=False),
    Column("asked_at", UtcDateTime),
    Column("answers", Document(dict[PersonId, Answer]), nullable=False),
    Column("agreed", Document(frozenset[PersonId]), nullable=False),
    Column("proposal", Document(Proposal)),
    Column("copies", Document(dict[PersonId, str]), nullable=False),
    Column("copies_looked_at", UtcDateTime),
    Column("booked_over", Document(frozenset[PersonId]), nullable=False),
    Column("attended", Document(frozenset[PersonId]), nullable=False),
    Column("holds", Document(tuple[Hold, ...]), nullable=False),
    Column("room", TEXT, nullable=False),
    Column("rooms_declined", Document(frozenset[str]), nullable=False),
    Index("ix_sessions_event", "organizer", "event_id", "number"),
    Index("ix_sessions_ical_uid", "ical_uid", "number"),
    Index("ix_sessions_standing", "mentorship", "ends_at"),
    Index("ix_sessions_ends_at", "ends_at"),
)

attempts: Final = Table(
    "attempts",
    metadata,
    _mentorship(primary_key=True),
    Column("key", TEXT, primary_key=True),
    Column("tried_at", UtcDateTime, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("retry_at", UtcDateTime),
    Column("no_hours", Boolean, nullable=False),
    Index("ix_attempts_tried_at", "tried_at"),
)

# ---------------------------------------------------------------- open requests and nudges

open_requests: Final = Table(
    "open_requests",
    metadata,
    Column("key", TEXT, primary_key=True),
    _mentorship(),
    Column("source", Word(RequestSource), nullable=False),
    Column("owed_by", TEXT, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Index("ix_open_requests_mentorship", "mentorship", "key"),
    Index("ix_open_requests_asked_at", "asked_at"),
)

# What was closed is known by a keyed hash alone: neither the matter nor a time can be read from it.
closed_requests: Final = Table("closed_requests", metadata, Column("digest", TEXT, primary_key=True))

nudges: Final = Table(
    "nudges",
    metadata,
    _mentorship(primary_key=True),
    Column("person", TEXT, primary_key=True),
    Column("practice", TEXT, primary_key=True),
    Column("about", TEXT, primary_key=True),
    Column("rung", Integer, primary_key=True, autoincrement=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Index("ix_nudges_person", "person", "sent_at"),
    Index("ix_nudges_sent_at", "sent_at"),
)

# ---------------------------------------------------------------- replies and flags

# What people answered by their personal links; the last answer of each about each matter.
replies: Final = Table(
    "replies",
    metadata,
    _mentorship(primary_key=True),
    Column("person", TEXT, primary_key=True),
    Column("about", TEXT, primary_key=True),
    Column("choice", Word(Choice), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("until", Date),
    Column("starts_at", UtcDateTime),
    Index("ix_replies_at", "at"),
)

# What a coordinator is told of a mentorship: without a time, so that nobody can tell since when.
flags: Final = Table(
    "flags",
    metadata,
    _mentorship(primary_key=True),
    Column("kind", Word(FlagKind), primary_key=True),
)

# ---------------------------------------------------------------- work and actions

# `not_before` is when the subject is due, or, while it is claimed, when the claim runs out.
dirty_subjects: Final = Table(
    "dirty_subjects",
    metadata,
    *_subject_columns(),
    Column("not_before", UtcDateTime, nullable=False),
    Column("marked_at", UtcDateTime, nullable=False),
    Column("again_at", UtcDateTime),
    Column("claimed", Boolean, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Index("ix_dirty_subjects_due", "kind", "not_before", "owner", "item"),
    Index("ix_dirty_subjects_not_before", "not_before"),
)

sweeps: Final = Table(
    "sweeps",
    metadata,
    *_subject_columns(),
    Column("next_at", UtcDateTime, nullable=False),
    Index("ix_sweeps_next_at", "next_at", "kind", "owner", "item"),
)

# `next_attempt_at` is None from the moment an action has ended: the index on it holds what is to be done, only.
outbox: Final = Table(
    "outbox",
    metadata,
    Column("key", TEXT, primary_key=True),
    Column("kind", Word(ActionKind), nullable=False),
    Column("mentorship", TEXT, nullable=False),
    Column("rule", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("payload", TEXT, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("progress", TEXT, nullable=False),
    Column("outcome", Word(Outcome)),
    Column("detail", TEXT, nullable=False),
    Column("finished_at", UtcDateTime),
    Index("ix_outbox_due", "next_attempt_at", "created_at", "key"),
    Index("ix_outbox_pending", "mentorship", "next_attempt_at"),
    Index("ix_outbox_finished", "kind", "finished_at"),
)

# The keys of actions whose rows have had their term: still used, and no longer readable.
spent_keys: Final = Table(
    "spent_keys",
    metadata,
    Column("digest", TEXT, primary_key=True),
    Column("mentorship", TEXT, nullable=False),
    Index("ix_spent_keys_mentorship", "mentorship"),
)

# Overlaps for one person are refused by triggers, which the migration makes.
reservations: Final = Table(
    "reservations",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("person", TEXT, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("holder", TEXT, nullable=False),
    CheckConstraint("starts_at < ends_at", name="ends_after_start"),
    Index("ix_reservations_person", "person", "ends_at", "starts_at"),
    Index("ix_reservations_holder", "holder"),
    Index("ix_reservations_ends_at", "ends_at"),
)

# ---------------------------------------------------------------- subscriptions

subscriptions: Final = Table(
    "subscriptions",
    metadata,
    Column("resource", TEXT, primary_key=True),
    Column("subject_kind", Word(SubjectKind), nullable=False),
    Column("subject_owner", TEXT, nullable=False),
    Column("subject_item", TEXT, nullable=False),
    Column("client_state", TEXT, nullable=False),
    Column("id", TEXT),
    Column("expires_at", UtcDateTime),
    Column("last_notified_at", UtcDateTime),
)

delta_links: Final = Table(
    "delta_links",
    metadata,
    Column("mailbox", TEXT, primary_key=True),
    Column("window_start", UtcDateTime, nullable=False),
    Column("window_end", UtcDateTime, nullable=False),
    Column("delta_link", TEXT, nullable=False),
)

# ---------------------------------------------------------------- records

audit: Final = Table(
    "audit",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("mentorship", TEXT, nullable=False),
    Column("action", TEXT, nullable=False),
    Column("rule", TEXT, nullable=False),
    Column("outcome", TEXT, nullable=False),
    Column("detail", TEXT, nullable=False),
    Index("ix_audit_mentorship", "mentorship", "id"),
    Index("ix_audit_at", "at"),
)

decisions: Final = Table(
    "decisions",
    metadata,
    Column("id", _ROW_NUMBER, primary_key=True),
    _mentorship(),
    Column("at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("wanted", TEXT, nullable=False),
    Column("trace", LargeBinary, nullable=False),
    Column("places", LargeBinary, nullable=False),
    Column("wake_at", UtcDateTime),
    Index("ix_decisions_mentorship_at", "mentorship", "at"),
    Index("ix_decisions_last_at", "last_at"),
)

alerts: Final = Table(
    "alerts",
    metadata,
    Column("key", TEXT, primary_key=True),
    Column("text", TEXT, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
)

# What belongs to the database itself: the key of its hashes, and when it was made.
meta: Final = Table(
    "meta",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("value", TEXT, nullable=False),
)
