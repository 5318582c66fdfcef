"""Looks at people: who the mentorships file means, their hours and absences, and whether they can be reached at all."""

from __future__ import annotations

import logging
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from graphsync.engine.context import Context, mark_mentorship
from graphsync.engine.directory import Seen, look_up, said_of
from graphsync.engine.heeding import forget_order, heed_order, holds_unlisted
from graphsync.engine.needed import AWAY_WITHOUT_END, UNKNOWN_ZONE, events_of, is_over
from graphsync.engine.ports import Alert, DirectoryUser, Ledger, Subject, SubjectKind
from graphsync.engine.state import organizer_of
from graphsync.errors import GraphAuthError, GraphError, GraphNotFound
from graphsync.mentoring import Choice, Mentorship, OptIn, Person, PersonId, Reach, Status, WeeklyHours
from graphsync.rules.mentorships import MentorshipRow
from graphsync.rules.schema import StartWell

log = logging.getLogger(__name__)

TEAMS_PROVIDER = "teamsForBusiness"
UNKNOWN = "unknown-person/"
AWAY_LONG = timedelta(days=14)
"""After so long automatic replies without an end are more likely forgotten than meant."""
NEVER_SET = WeeklyHours(time_zone="UTC", hours=())


@dataclass(frozen=True, slots=True)
class PeopleLooks:
    """The looks at the directory and at mailbox settings."""

    context: Context

    def enlist(self, rows: Sequence[MentorshipRow]) -> tuple[list[MentorshipRow], GraphError | None]:
        """Bring the store in step with the mentorships file: its people by address, then the mentorships.

        An address the directory does not know is an alert that names the line; the other mentorships go on, and so
        they do where Graph fails.

        Args:
            rows: the lines that have not been taken up in this life of the service.

        Returns:
            The lines that could not be taken up, and Graph's last error, if the reason was one.
        """
        deployment = self.context.config.deployment
        left: list[MentorshipRow] = []
        released = self._released()
        unknown: set[str] = set()
        last_error: GraphError | None = None
        for address in sorted({*deployment.organizers.programme_mailboxes, deployment.mail.sender}):
            try:
                mailbox = self._enlist_person(address, None, f"mailbox {address!r} of graphsync.yaml", unknown)
            except GraphError as error:
                last_error, mailbox = error, None
            if mailbox is not None:
                with self.context.store.transaction() as ledger:
                    watch(self.context, ledger, mailbox, self.context.now())
        for row in rows:
            try:
                mentor = self._enlist_person(row.mentor, row.mentor_time_zone, _place(row, "mentor"), unknown)
                mentee = self._enlist_person(row.mentee, row.mentee_time_zone, _place(row, "mentee"), unknown)
            except GraphError as error:
                last_error, mentor, mentee = error, None, None
            if mentor is None or mentee is None:
                left.append(row)
                continue
            now = self.context.now()
            with self.context.store.transaction() as ledger:
                listed = row.mentorship(mentor.id, mentee.id)
                known = ledger.mentorships.get(listed.id)
                mentorship = self._taken_up(ledger, listed, now, released)
                ledger.mentorships.save(heed_order(ledger, mentorship, row, now))
                mark_mentorship(ledger, mentorship.id, now)
                for person in (mentor, mentee):
                    watch(self.context, ledger, person, now)
                # Also where they have just taken it back: what waits is then forgotten.
                _look_at_messages(ledger, mentorship, now, known.opt_ins if known else frozenset())
        self._end_those_not_listed()
        with self.context.store.transaction() as ledger:
            for alert in ledger.records.alerts():
                # Found by now, or the line was corrected or removed.
                if alert.key.startswith(UNKNOWN) and alert.key not in unknown:
                    ledger.records.clear_alert(alert.key)
        return left, last_error

    def _taken_up(self, ledger: Ledger, mentorship: Mentorship, now: datetime, released: Counter[str]) -> Mentorship:
        """Return a mentorship of the file with what is known of it: when it takes its turn, and whether it was closed.

        New ones are released in parts, as many a day as `start_well` says. One that is over begins anew with another
        first day, whoever ended it.
        """
        known = ledger.mentorships.get(mentorship.id)
        if known is not None and known.started_on == mentorship.started_on:
            return replace(
                mentorship,
                released_at=known.released_at,
                closed_at=known.closed_at,
                rematched_to=known.rematched_to,
            )
        if known is not None and is_over(ledger, known, now):
            for choice in (Choice.END, Choice.PAUSE):
                ledger.replies.withdraw(mentorship.id, choice)
        rules = self.context.config.rules.candidates(StartWell, mentorship.cohort)
        if not rules:
            return mentorship
        before = released[mentorship.cohort]
        released[mentorship.cohort] += 1
        return replace(mentorship, released_at=now + timedelta(days=before // rules[0].a_day))

    def _released(self) -> Counter[str]:
        """Return how many mentorships of each cohort were released within a day, or wait for their turn."""
        since = self.context.now() - timedelta(days=1)
        with self.context.store.transaction() as ledger:
            known = ledger.mentorships.all()
        return Counter(m.cohort for m in known if m.released_at is not None and m.released_at > since)

    def _end_those_not_listed(self) -> None:
        """Stop acting on mentorships whose line is gone from the file; a line that comes back takes them up again."""
        listed = {row.id for row in self.context.config.mentorships}
        with self.context.store.transaction() as ledger:
            for mentorship in ledger.mentorships.all():
                if mentorship.id in listed or mentorship.status is Status.ENDED:
                    continue
                if holds_unlisted(ledger, mentorship):
                    mark_mentorship(ledger, mentorship.id, self.context.now())
                else:
                    forget_order(ledger, mentorship.id)
                    ledger.mentorships.save(replace(mentorship, status=Status.ENDED))
                    _look_at_messages(ledger, mentorship, self.context.now())
                    log.warning(
                        "mentorship %s is not in mentorships.csv any more: nothing is done for it", mentorship.id
                    )

    def _enlist_person(self, address: str, zone_override: str | None, where: str, unknown: set[str]) -> Person | None:
        """Return the person with an address, asking the directory once; where it knows nobody `unknown` grows."""
        now = self.context.now()
        with self.context.store.transaction() as ledger:
            known = ledger.people.by_address(address)
            if known is not None:
                return known
        try:
            user = self.context.graph.get_user(address)
        except GraphNotFound:
            with self.context.store.transaction() as ledger:
                text = f"{where}: the directory knows nobody by this address: correct it, or remove the line"
                ledger.records.raise_alert(Alert(key=f"{UNKNOWN}{where}", text=text, raised_at=now))
            unknown.add(f"{UNKNOWN}{where}")
            return None
        person = newly_known(user, address, zone_override or self.context.config.deployment.tenant.default_time_zone)
        with self.context.store.transaction() as ledger:
            ledger.people.save(person)
        return person

    def person(self, person_id: PersonId) -> None:
        """Look at one person: directory entry, working hours, automatic replies; for organizers Teams as well."""
        graph, now = self.context.graph, self.context.now()
        with self.context.store.transaction() as ledger:
            known = ledger.people.get(person_id)
            own = ledger.mentorships.of(person_id)
            mentorships = own or ledger.mentorships.all()  # of a programme mailbox all may hang on it
            organizes = self._organizes(ledger, person_id)
        if known is None:
            return
        said = partial(self._said, known.address)
        # Of somebody who mentors or is mentored; a shared mailbox has no account that anybody signs in with.
        looked = look_up(graph, known, said, now, needs_account=bool(own))
        self._tell(known, looked, now, in_programme=bool(own))
        seen = looked.person
        if seen.reach is Reach.OK and organizes and not seen.has_teams:
            # Who has Teams is asked again when a session is booked; who has none, until it is there.
            try:
                providers = graph.allowed_online_meeting_providers(person_id)
                seen = replace(seen, has_teams=TEAMS_PROVIDER in providers)
            except GraphNotFound:
                seen = replace(seen, reach=Reach.ON_PREMISES)
            except GraphAuthError:
                seen = replace(seen, reach=Reach.OUT_OF_SCOPE)
        if seen != known:
            self._keep(known, seen, mentorships, now)

    def _tell(self, known: Person, looked: Seen, now: datetime, *, in_programme: bool) -> None:
        """Have the admin told what keeps somebody's clock from being right, as long as it does.

        The clock of a mailbox of ours counts for nothing, and neither does that of somebody who has left.
        """
        in_programme = in_programme and looked.person.reach is not Reach.GONE
        endless = next((absence for absence in looked.person.absences if absence.ends_at is None), None)
        texts = {
            f"{UNKNOWN_ZONE}{known.id}": in_programme
            and looked.unknown_zone
            and f"person {known.id} has a mailbox in the time zone {looked.unknown_zone!r}, which is not a known one: "
            f"their hours are taken to be in {looked.person.hours.time_zone}; name their zone in mentorships.csv",
            f"{AWAY_WITHOUT_END}{known.id}": in_programme
            and endless is not None
            and now - endless.starts_at >= AWAY_LONG
            and f"person {known.id} has had automatic replies on without an end for {AWAY_LONG.days} days or more: "
            "nothing is booked for them, and no clock of theirs runs; ask them for an end, or to switch them off",
        }
        with self.context.store.transaction() as ledger:
            for key, text in texts.items():
                if text:
                    ledger.records.raise_alert(Alert(key=key, text=text, raised_at=now))
                else:
                    ledger.records.clear_alert(key)

    def _keep(self, known: Person, seen: Person, mentorships: Iterable[Mentorship], now: datetime) -> None:
        with self.context.store.transaction() as ledger:
            ledger.people.save(seen)
            key = f"unreachable/{seen.id}"
            if seen.reach is Reach.OK:
                ledger.records.clear_alert(key)
                if known.reach is not Reach.OK:
                    ledger.work.mark(Subject(kind=SubjectKind.MAILBOX, owner=seen.id), now)
                    ledger.work.mark(Subject(kind=SubjectKind.SUBSCRIPTION, owner=events_of(seen.id)), now)
            elif seen.reach is not known.reach:
                ledger.records.raise_alert(Alert(key=key, text=_unreachable(seen), raised_at=now))
            if seen.has_teams:
                ledger.records.clear_alert(f"no-teams/{seen.id}")
            for mentorship in mentorships:
                mark_mentorship(ledger, mentorship.id, now)

    def _organizes(self, ledger: Ledger, person_id: PersonId) -> bool:
        for mentorship in ledger.mentorships.of(person_id) or ledger.mentorships.all():
            organizer = organizer_of(ledger, self.context.config.deployment, mentorship)
            if mentorship.status is Status.ACTIVE and organizer is not None and organizer.id == person_id:
                return True
        return False

    def _said(self, address: str, what: str) -> Any:
        """Return what the mentorships file says of somebody; see `directory.said_of`."""
        return said_of(self.context.config.mentorships, address, what)


def newly_known(user: DirectoryUser, address: str, time_zone: str) -> Person:
    """Return somebody as the directory alone tells of them; hours and absences are looked at afterwards."""
    return Person(
        id=user.id,
        address=address,
        display_name=user.display_name,
        hours=replace(NEVER_SET, time_zone=time_zone),
        office_location=user.office_location,
    )


def watch(context: Context, ledger: Ledger, person: Person, now: datetime) -> None:
    """Have a person and their calendar looked at now, and again and again."""
    sweep = context.config.deployment.sweep
    for kind, every in ((SubjectKind.PERSON, sweep.people), (SubjectKind.MAILBOX, sweep.mailboxes)):
        subject = Subject(kind=kind, owner=person.id)
        ledger.work.mark(subject, now)
        ledger.work.set_sweep(subject, next_sweep(subject, every, now))


def _look_at_messages(
    ledger: Ledger, mentorship: Mentorship, now: datetime, before: frozenset[OptIn] = frozenset()
) -> None:
    """Have the messages looked at that the two let be read, or did `before`."""
    for opt_in, kind in ((OptIn.CHAT, SubjectKind.PAIR), (OptIn.MAIL, SubjectKind.MAIL)):
        if opt_in in mentorship.opt_ins | before:
            ledger.work.mark(Subject(kind=kind, owner=mentorship.id), now)


def next_sweep(subject: Subject, every: timedelta, now: datetime, step: timedelta = timedelta(hours=1)) -> datetime:
    """Return when a subject is swept next: once in each span of `every`, at its own hour, so that load spreads.

    `step` is what stands in for the hour where `every` is not much longer.
    """
    steps = every // step
    own_step = zlib.crc32(subject.owner.encode()) % steps
    present = int(now.timestamp()) // int(step.total_seconds())
    ahead = (own_step - present) % steps or steps
    return datetime.fromtimestamp(present * step.total_seconds(), UTC) + ahead * step


def _place(row: MentorshipRow, role: str) -> str:
    return f"mentorships.csv:{row.line}: {role} {getattr(row, role)!r}"


def _unreachable(person: Person) -> str:
    what = {
        Reach.GONE: "has left the directory or is disabled: the mentorship has to be renewed with somebody else",
        Reach.ON_PREMISES: "has no mailbox in the cloud: give them one, or end the mentorship",
        Reach.OUT_OF_SCOPE: "has a mailbox outside the scope granted to graphsync: add it to the scope",
        Reach.EXTERNAL: "is outside the organization: their calendar cannot be read, so sessions are booked at the "
        "standing time of the pair and confirmed by their answer, on the calendar of the other one; settle a standing "
        "time where there is none, and name a mailbox in organizers.programme_mailboxes where both are outside",
        Reach.OK: "can be reached",
    }
    return f"person {person.id} {what[person.reach]}"
