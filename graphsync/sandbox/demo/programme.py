"""Who takes part in the demo: the people, the mentorships, and what they have settled. Facts only.

The world is built from it in `scenario.py`; how the people behave is drawn in `habits.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from graphsync.sandbox.demo.hours import WorkHours, parse_days

STARTS_AT = datetime(2026, 10, 5, tzinfo=UTC)
"""A Monday. Sydney changed its clocks the day before; Berlin and London do on 25 October, New York on 1 November."""

DOMAIN = "fabrikam.test"
PROGRAMME_MAILBOX = f"mentoring@{DOMAIN}"
COORDINATOR = f"coordinator@{DOMAIN}"

# CLDR windowsZones (https://github.com/unicode-org/cldr): place -> (IANA name, Windows name in the mailbox).
ZONES = {
    "Berlin": ("Europe/Berlin", "W. Europe Standard Time"),
    "London": ("Europe/London", "GMT Standard Time"),
    "New York": ("America/New_York", "Eastern Standard Time"),
    "Montreal": ("America/Toronto", "Eastern Standard Time"),
    "Kolkata": ("Asia/Kolkata", "India Standard Time"),
    "Sydney": ("Australia/Sydney", "AUS Eastern Standard Time"),
}

ORGANIZERS = {
    "new-hires": "mentee",
    "newly-promoted": "mentor",
    "new-system": "programme",
    "back-from-leave": "mentee",
}

# The mailboxes hold meetings for longer than is played, because sessions are booked up to three weeks ahead.
WEEKS_BEYOND = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A mentor or mentee; `start` and `end` are the wall-clock hours of every working day, Monday to Friday."""

    name: str
    place: str
    start: str = "09:00"
    end: str = "17:00"
    office: str

    @property
    def address(self) -> str:
        """The mail address, in lower case."""
        return f"{'.'.join(self.name.lower().split())}@{DOMAIN}"

    @property
    def first_name(self) -> str:
        """What colleagues say."""
        return self.name.split()[0]

    @property
    def zone(self) -> str:
        """The IANA zone of the place."""
        return ZONES[self.place][0]

    @property
    def windows_zone(self) -> str:
        """The Windows name of the zone, as the mailbox has it."""
        return ZONES[self.place][1]

    @property
    def hours(self) -> WorkHours:
        """The person's own working hours."""
        span = (time.fromisoformat(self.start), time.fromisoformat(self.end))
        return WorkHours(zone=self.zone, days=tuple((weekday, *span) for weekday in range(5)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One mentorship as the programme's file has it; `mentor` and `mentee` are addresses."""

    mentor: str
    mentee: str
    cohort: str
    started: date
    cadence_days: int = 14
    standing: str = ""
    medium: str = "video"
    phone: str = ""
    opt_ins: frozenset[str] = frozenset()
    mentor_offers: str = ""
    mentee_offers: str = ""

    @property
    def key(self) -> str:
        """Names the pair in draws and tables; the same in every run."""
        return f"{self.mentor}+{self.mentee}"

    @property
    def people(self) -> frozenset[str]:
        """Both addresses."""
        return frozenset((self.mentor, self.mentee))

    @property
    def organizer(self) -> str:
        """The address whose calendar holds the sessions."""
        return {"mentee": self.mentee, "mentor": self.mentor, "programme": PROGRAMME_MAILBOX}[ORGANIZERS[self.cohort]]

    def other(self, address: str) -> str:
        """Return the one of the two who is not `address`."""
        return self.mentee if address == self.mentor else self.mentor


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """The whole of it: people by address, pairs in the order of the file, and the span that is played."""

    weeks: int
    people: dict[str, Person] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()
    starts_at: datetime = STARTS_AT

    @property
    def ends_at(self) -> datetime:
        """The instant the play ends: whole weeks after the start."""
        return self.starts_at + timedelta(weeks=self.weeks)

    @property
    def calm_from(self) -> datetime:
        """From here on nobody makes new trouble, so that what was lost can be put back before the end."""
        return self.ends_at - timedelta(days=5)

    def pair_of(self, addresses: frozenset[str]) -> Pair | None:
        """Return the mentorship of exactly these people (the programme's mailbox does not count), if there is one."""
        wanted = addresses - {PROGRAMME_MAILBOX}
        return next((pair for pair in self.pairs if pair.people == wanted), None)

    def pairs_with(self, address: str) -> list[Pair]:
        """Return the mentorships `address` is part of."""
        return [pair for pair in self.pairs if address in pair.people]

    def hours(self, address: str, pair: Pair | None = None) -> WorkHours:
        """Return the hours `address` works, with those offered to `pair` where one is named."""
        own = self.people[address].hours
        if pair is None:
            return own
        return own.with_more(parse_days(pair.mentor_offers if address == pair.mentor else pair.mentee_offers))


_BERLIN, _LONDON, _NEW_YORK = "Berlin Hauptbahnhof", "London Holborn", "New York Hudson Yards"
_KOLKATA, _SYDNEY, _MONTREAL = "Kolkata Salt Lake", "Sydney Barangaroo", "Montreal Vieux-Port"

_PEOPLE = (
    Person(name="Ines Vogel", place="Berlin", office=_BERLIN),
    Person(name="Omar Haddad", place="Berlin", office=_BERLIN),
    Person(name="Priya Nair", place="Kolkata", start="09:30", end="18:00", office=_KOLKATA),
    Person(name="Tom Ashworth", place="London", office=_LONDON),
    Person(name="Margaret Doyle", place="London", start="08:30", end="16:30", office=_LONDON),
    Person(name="Sofia Lindqvist", place="Berlin", start="08:00", end="16:30", office="Berlin Adlershof"),
    Person(name="Daniel Okafor", place="New York", office=_NEW_YORK),
    Person(name="Emily Carter", place="New York", office="New York Brooklyn"),
    Person(name="Luis Herrera", place="New York", start="08:30", end="16:30", office=_NEW_YORK),
    Person(name="Arjun Mehta", place="Kolkata", start="10:00", end="18:30", office=_KOLKATA),
    Person(name="Kavya Rao", place="Kolkata", start="09:30", end="18:00", office="Kolkata New Town"),
    Person(name="Claire Tremblay", place="Montreal", office=_MONTREAL),
    Person(name="Liam Walsh", place="Sydney", office=_SYDNEY),
    Person(name="Robert Kaplan", place="New York", office=_NEW_YORK),
    Person(name="Deepa Iyer", place="Kolkata", start="09:30", end="18:00", office=_KOLKATA),
    Person(name="Fatima Benali", place="London", office=_LONDON),
    Person(name="Oliver Grant", place="London", office="London Canary Wharf"),
    Person(name="Nadia Petrova", place="Berlin", office="Berlin Adlershof"),
    Person(name="Lukas Brandt", place="Berlin", start="08:30", end="17:00", office=_BERLIN),
    Person(name="Grace Chen", place="Sydney", office=_SYDNEY),
    Person(name="Mia Thompson", place="Sydney", start="08:30", end="16:30", office="Sydney Parramatta"),
    Person(name="Anita Desai", place="Kolkata", start="10:00", end="18:30", office=_KOLKATA),
    Person(name="Chloe Martin", place="London", office=_LONDON),
    Person(name="Katrin Schulz", place="Berlin", office=_BERLIN),
    Person(name="Matteo Ricci", place="Berlin", office="Berlin Adlershof"),
    Person(name="Samuel Wright", place="New York", start="08:00", end="16:30", office=_NEW_YORK),
    Person(name="Julia Novak", place="London", start="09:30", end="18:00", office=_LONDON),
    Person(name="Ewan Campbell", place="London", office=_LONDON),
    Person(name="Aisha Khan", place="London", office="London Canary Wharf"),
)

_BOTH = frozenset({"chat", "self_booked"})
_CHAT = frozenset({"chat"})
_SELF = frozenset({"self_booked"})


def _pair(mentor: str, mentee: str, cohort: str, started: str, cadence_days: int = 14, **settled: Any) -> Pair:
    addresses = {person.name: person.address for person in _PEOPLE}
    return Pair(
        mentor=addresses[mentor],
        mentee=addresses[mentee],
        cohort=cohort,
        started=date.fromisoformat(started),
        cadence_days=cadence_days,
        **settled,
    )


def the_programme(weeks: int) -> Programme:
    """Return the sixteen mentorships of the demo, played for `weeks`."""
    pairs = (
        _pair("Ines Vogel", "Omar Haddad", "new-hires", "2026-10-05", opt_ins=_BOTH, standing="tue 10:00"),
        _pair("Ines Vogel", "Priya Nair", "new-hires", "2026-09-28", opt_ins=_CHAT),
        _pair("Ines Vogel", "Tom Ashworth", "new-system", "2026-09-14", standing="wed 14:00"),
        _pair("Margaret Doyle", "Sofia Lindqvist", "newly-promoted", "2026-09-01", opt_ins=_SELF),
        _pair("Daniel Okafor", "Emily Carter", "new-hires", "2026-10-05", 7, opt_ins=_CHAT, standing="thu 11:00"),
        _pair("Daniel Okafor", "Luis Herrera", "back-from-leave", "2026-10-12"),
        _pair("Arjun Mehta", "Kavya Rao", "new-system", "2026-09-21"),
        _pair(
            "Claire Tremblay",
            "Liam Walsh",
            "newly-promoted",
            "2026-09-28",
            mentor_offers="mon-thu 17:00-20:00",
            mentee_offers="mon-fri 07:00-09:00",
        ),
        _pair("Robert Kaplan", "Deepa Iyer", "new-hires", "2026-10-05"),
        _pair(
            "Fatima Benali",
            "Oliver Grant",
            "back-from-leave",
            "2026-10-06",
            medium="phone",
            phone="Fatima calls Oliver at +44 20 7946 0018",
        ),
        _pair("Nadia Petrova", "Lukas Brandt", "newly-promoted", "2026-08-31", opt_ins=_BOTH, standing="mon 15:00"),
        _pair("Grace Chen", "Mia Thompson", "new-hires", "2026-10-07", 7, opt_ins=_CHAT, standing="wed 10:30"),
        _pair("Anita Desai", "Chloe Martin", "newly-promoted", "2026-10-12"),
        _pair("Katrin Schulz", "Matteo Ricci", "new-system", "2026-10-05", 7),
        _pair("Samuel Wright", "Julia Novak", "back-from-leave", "2026-09-15", opt_ins=_SELF),
        _pair("Ewan Campbell", "Aisha Khan", "new-hires", "2026-10-13", standing="fri 11:00"),
    )
    return Programme(weeks=weeks, people={person.address: person for person in _PEOPLE}, pairs=pairs)
