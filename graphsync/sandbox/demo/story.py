"""Tells what happened: a few plain sentences per mentorship, then a table of the practices kept and not kept.

Told from the judge's record. Dates are in the mentee's time zone. Nobody is blamed: a session was called off or
declined, whoever did it; a reason is the one the two were told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from graphsync.sandbox.demo.diary import free_starts
from graphsync.sandbox.demo.forbidden import reason_for, replacement_of, week_of
from graphsync.sandbox.demo.outcome import Outcome, RequestLine, invites, outcome_of, replaces
from graphsync.sandbox.demo.programme import PROGRAMME_MAILBOX, Pair, Person
from graphsync.sandbox.demo.record import Record, Session

COHORTS = {
    "new-hires": "new hire",
    "newly-promoted": "new manager",
    "new-system": "new system",
    "back-from-leave": "back from leave",
}
_WIDTH = 100
_MEDIA = {"video": "on video", "in_person": "in person at the office", "phone": "by phone"}


def day(person: Person, instant: datetime) -> str:
    """Return a date by the person's wall clock, such as `Tue 13 Oct`."""
    local = person.hours.local(instant)
    return f"{local:%a} {local.day} {local:%b}"


def moment(person: Person, instant: datetime) -> str:
    """Return a date and time by the person's wall clock, such as `Tue 13 Oct 10:00`."""
    return f"{day(person, instant)} {person.hours.local(instant):%H:%M}"


def story(record: Record, outcome: Outcome) -> RenderableType:
    """Return all stories, the table, and what was forbidden if there was anything, ready to print."""
    parts: list[RenderableType] = [_mentorship(record, outcome, pair) for pair in record.programme.pairs]
    return Group(*parts, practices(record, outcome), *_forbidden(outcome))


def print_story(console: Console, record: Record, outcome: Outcome) -> None:
    """Print the story at most 100 columns wide."""
    console.print(story(record, outcome), width=min(console.width, _WIDTH))


def summary(outcome: Outcome) -> str:
    """Return the run in one line."""
    sessions = outcome["sessions"]
    ended = Counter(line["outcome"] for line in sessions)
    lost = sum(ended[name] for name in ("cancelled", "declined", "dropped"))
    back = [line["same_week"] for line in sessions if line["replaces"] is not None]
    found = len(outcome["violations"])
    return (
        f"{_count(outcome['weeks'], 'week')}, seed {outcome['seed']}: {_count(outcome['mentorships'], 'mentorship')}, "
        f"{_count(ended['held'], 'session')} held, {ended['upcoming']} to come, {lost} lost, {len(back)} put back "
        f"({back.count(True)} in the same week), {_count(len(outcome['nudges']), 'message')}, "
        f"{sum(outcome['graph_requests'].values()):,} Graph requests, "
        f"{'no violations' if not found else _count(found, 'violation')}, {outcome['wall_s']:.0f} s"
    )


def troubles(struck: Mapping[str, int], percent: float) -> str:
    """Return which faults struck how often, in one line; the most frequent first."""
    order = sorted(struck, key=lambda kind: (-struck[kind], kind))
    told = ", ".join(f"{kind} {struck[kind]:,}" for kind in order)
    total = sum(struck.values())
    return f"Faults, each at {percent:g} %, struck {total:,} {'time' if total == 1 else 'times'}: {told}"


# One mentorship.


def _mentorship(record: Record, outcome: Outcome, pair: Pair) -> RenderableType:
    people = record.programme.people
    mentor, mentee = people[pair.mentor], people[pair.mentee]
    title = Text()
    title.append(f"{mentee.name} with {mentor.name}", style="bold")
    places = mentee.place if mentee.place == mentor.place else f"{mentee.place}/{mentor.place}"
    title.append(f"  {COHORTS[pair.cohort]} · {places} · {_calendar(pair, mentor, mentee)}", style="dim")
    lines = Table.grid(padding=(0, 2))
    lines.add_column(width=10, no_wrap=True, style="cyan", justify="right")
    lines.add_column(ratio=1)
    for at, text in sentences(record, outcome, pair):
        lines.add_row(day(mentee, at) if at else "", text)
    return Padding(Group(title, lines), (0, 0, 1, 0))


def _calendar(pair: Pair, mentor: Person, mentee: Person) -> str:
    if pair.organizer == PROGRAMME_MAILBOX:
        where = "programme's calendar"
    else:
        where = f"{(mentor if pair.organizer == pair.mentor else mentee).first_name}'s calendar"
    return where if mentor.zone == mentee.zone else f"{where} · {mentee.place} time"


def sentences(record: Record, outcome: Outcome, pair: Pair) -> list[tuple[datetime | None, str]]:
    """Return the pair's story as (when it begins, sentences), oldest first; the last ones may have no date."""
    own = sorted((session for session in record.sessions if session.pair == pair), key=lambda session: session.index)
    told: list[tuple[datetime | None, str]] = []
    for session in own:
        if replaces(record, session) is None:
            told.append((session.invited_at, " ".join(_chain(record, session))))
    if not own:
        told.append((None, _never_booked(record, pair)))
    lines = [
        line for line in outcome["requests"] if line["source"] == "chat" and {line["from"], line["to"]} <= pair.people
    ]
    if lines:
        told.append((None, _chat(lines)))
    return told


def _chain(record: Record, first: Session) -> list[str]:
    """Return the sentences of a session and of all that replaced it."""
    parts = [_invited(record, first)]
    session = first
    while True:
        parts.extend(_moves(record, session))
        parts.extend(_reminders(record, session))
        if not session.is_lost:
            parts.append("They met." if outcome_of(record, session) == "held" else "Still to come.")
            return parts
        replacement = replacement_of(record, session)
        parts.append(_lost(record, session, replacement))
        if replacement is None or replacement.index <= session.index:
            return parts
        session = replacement


def _invited(record: Record, session: Session) -> str:
    mentee = record.programme.people[session.pair.mentee]
    first = session.placements[0]
    when = moment(mentee, first.start)
    if not session.by_service:
        link = "; the video link was added for them" if session.online else ""
        return f"The two fixed {when} between themselves{link}."
    days = (first.start - session.invited_at) // timedelta(days=1)
    return f"Invite for {when}, {_MEDIA.get(session.medium, session.medium)}, {_count(days, 'day')} ahead."


def _moves(record: Record, session: Session) -> list[str]:
    mentee = record.programme.people[session.pair.mentee]
    told: list[str] = []
    for placement in session.placements[1:]:
        when = moment(mentee, placement.start)
        if placement.by_service:
            told.append(f"The time proposed instead was taken: {when}.")
        else:
            told.append(f"Moved by hand to {when}, and left there.")
    return told


def _reminders(record: Record, session: Session) -> list[str]:
    lines = [line for line in invites(record, session) if line["flagged_at"]]
    if not lines:
        return []
    if all(line["answered_at"] for line in lines):
        return ["The answer came after a reminder."]
    return ["A reminder went out; no answer came."]


_LOSSES = {"cancelled": "called off", "declined": "declined", "dropped": "taken out of a calendar without a word"}


def _lost(record: Record, session: Session, replacement: Session | None) -> str:
    mentee = record.programme.people[session.pair.mentee]
    lost_at = session.lost_at or session.superseded_at or session.invited_at
    if session.absent:
        how = f"A leave told on {day(mentee, lost_at)} came in between"
    elif session.loss is None:
        how = f"Another time was asked for on {day(mentee, lost_at)}"
    else:
        how = f"{_LOSSES[session.loss].capitalize()} on {day(mentee, lost_at)}"
    reason = reason_for(record, session)
    if replacement is None:
        if reason:
            return f"{how}; not put back: {reason.rstrip('.')}."
        late = lost_at > record.programme.ends_at - timedelta(days=3)
        return f"{how}; {'the run ended before it was put back' if late else 'not put back, and no reason was given'}."
    first = replacement.placements[0]
    when = moment(mentee, first.start)
    if not replacement.by_service:
        return f"{how}; the two found another time themselves: {when}."
    if any(span == first.span for _, span in session.proposals):
        return f"{how}, and the proposed time was taken: {when}."
    if week_of(first.start, record, mentee.address) == week_of(session.start, record, mentee.address):
        return f"{how}; put back into the same week: {when}."
    return (
        f"{how}; put back for {when}, {f'because {reason.rstrip(chr(46))}' if reason else 'without a stated reason'}."
    )


def _never_booked(record: Record, pair: Pair) -> str:
    mentorship = record.mentorship_ids().get(pair.key)
    told = next((mail.reason for mail in record.mails if mail.reason and mail.mentorship == mentorship), None)
    if told:
        return f"Nothing could be booked: {told.rstrip('.')}."
    if not shares_hours(record, pair):
        return "Nothing could be booked: their working hours have nothing in common, and neither has offered others."
    return "Nothing was booked."


def shares_hours(record: Record, pair: Pair) -> bool:
    """Tell whether a session fits into the hours the two work or offer in the first or in the last week."""
    programme, week = record.programme, timedelta(days=7)
    both = [programme.hours(address, pair) for address in (pair.mentor, pair.mentee)]
    return any(
        free_starts(both, [[], []], (start, start + week), timedelta(minutes=50))
        for start in (programme.starts_at, programme.ends_at - week)
    )


def _chat(lines: Sequence[RequestLine]) -> str:
    answered = [line for line in lines if line["answered_at"]]
    reminded = [line for line in answered if line["flagged_at"]]
    text = f"{_count(len(lines), 'question').capitalize()} in the chat"
    if len(answered) < len(lines):
        text += f", {len(answered)} answered by the end"
    else:
        text += ", answered" if len(lines) == 1 else ", all answered"
    if reminded:
        text += f"; {len(reminded)} after a reminder" if len(lines) > 1 else " after a reminder"
    return text + "."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# The table.


def practices(record: Record, outcome: Outcome) -> Table:
    """Return the table of practices: how often each was kept, and why not where it was not."""
    table = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False, header_style="bold")
    table.add_column("practice", width=31)
    table.add_column("kept", width=10, no_wrap=True)
    table.add_column("how, and where not, why", ratio=1)
    for name, kept, possible, why in _rows(record, outcome):
        style = "green" if kept == possible else "yellow"
        table.add_row(name, Text(f"{kept} of {possible}", style=style), why or "–")
    return table


_Row = tuple[str, int, int, str]


def _rows(record: Record, outcome: Outcome) -> list[_Row]:
    pairs = record.programme.pairs
    fresh = [session for session in record.sessions if session.by_service and session.replaces is None]
    ahead = [session for session in fresh if session.placements[0].start - session.invited_at >= timedelta(days=7)]
    booked = {session.pair.key for session in record.sessions}
    missing = [
        f"{_couple(record, pair)}: {'not booked' if shares_hours(record, pair) else 'no common hours, none offered'}"
        for pair in pairs
        if pair.key not in booked
    ]
    rows: list[_Row] = [
        ("every pair has sessions", len(pairs) - len(missing), len(pairs), "; ".join(missing)),
        ("booked at least 7 days ahead", len(ahead), len(fresh), ""),
        _put_back(record),
        _seen(record),
        _answered(outcome, "invite", "invites answered"),
        _answered(outcome, "chat", "chat questions answered"),
        _moved_by_hand(record),
    ]
    return rows


def _couple(record: Record, pair: Pair) -> str:
    people = record.programme.people
    return f"{people[pair.mentee].first_name} and {people[pair.mentor].first_name}"


def _put_back(record: Record) -> _Row:
    lost = [session for session in record.sessions if session.is_lost]
    kept = 0
    others: dict[str, list[str]] = defaultdict(list)
    for session in lost:
        replacement = replacement_of(record, session)
        mentee = session.pair.mentee
        if replacement and week_of(replacement.placements[0].start, record, mentee) == week_of(
            session.start, record, mentee
        ):
            kept += 1
            continue
        where = "put back later" if replacement else "not put back"
        lost_at = session.lost_at or session.superseded_at or session.invited_at
        late = lost_at > record.programme.ends_at - timedelta(days=3)
        reason = reason_for(record, session) or ("lost in the last 3 days of the run" if late else "no reason given")
        others[f"{where}, {reason.rstrip('.')}"].append(_couple(record, session.pair))
    why = "; ".join(f"{', '.join(couples)}: {text}" for text, couples in others.items())
    return ("lost, and back in the same week", kept, len(lost), why)


def _seen(record: Record) -> _Row:
    standing = [session for session in record.sessions if not session.is_lost]
    names = {"phone": "by phone, as the pair has chosen", "in_person": "in person, at the office both work at"}
    media = Counter(
        "on video" if session.online else names.get(session.medium, "without a link") for session in standing
    )
    how = "; ".join(
        f"{media[name]} {name}" for name in ("on video", *sorted(names.values()), "without a link") if media[name]
    )
    return ("on video, in person or by phone", len(standing) - media["without a link"], len(standing), how)


def _moved_by_hand(record: Record) -> _Row:
    moved = [
        session for session in record.sessions if any(not placement.by_service for placement in session.placements[1:])
    ]
    kept = [session for session in moved if not session.placements[-1].by_service]
    taken = sum(
        placement.by_service and any(span == placement.span for _, span in session.proposals)
        for session in record.sessions
        for placement in session.placements[1:]
    )
    for session in record.sessions:
        replacement = replacement_of(record, session) if session.is_lost else None
        if replacement and any(span == replacement.placements[0].span for _, span in session.proposals):
            taken += 1
    how = (
        f"{_count(taken, 'time')} that somebody proposed instead {'was' if taken == 1 else 'were'} taken"
        if taken
        else ""
    )
    return ("moved by hand, and left there", len(kept), len(moved), how)


def _answered(outcome: Outcome, source: str, name: str) -> _Row:
    lines = [line for line in outcome["requests"] if line["source"] == source]
    answered = [line for line in lines if line["answered_at"]]
    reminded = [line for line in answered if line["flagged_at"]]
    flagged = [line for line in lines if not line["answered_at"] and line["flagged_at"]]
    silent = len(lines) - len(answered) - len(flagged)
    parts = [f"{len(reminded)} of these after a reminder"] if reminded else []
    if flagged:
        parts.append(f"{len(flagged)} still open after a reminder")
    if silent:
        parts.append(f"{silent} not yet due, or overtaken by another time")
    return (name, len(answered), len(lines), "; ".join(parts))


def _forbidden(outcome: Outcome) -> list[RenderableType]:
    found = outcome["violations"]
    if not found:
        return [Text("Nothing that must not happen was seen: no double booking, nothing lost, nothing done twice.")]
    lines: list[RenderableType] = [Text(f"{_count(len(found), 'violation')}:", style="bold red")]
    lines.extend(Text(f"  {line['at']}  {line['kind']}  {line['who']}: {line['what']}", style="red") for line in found)
    return lines
