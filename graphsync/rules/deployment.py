"""What `graphsync.yaml` may say: the tenant, the service, and what holds for every rule.

Defaults are written here and nowhere else. Secrets have no key: they come from the environment, which
`graphsync.settings` reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, cast

from pydantic import BeforeValidator, Field, PlainValidator

from graphsync.errors import Problem
from graphsync.rules import kinds
from graphsync.rules.checking import checked, gathered, refuse
from graphsync.rules.kinds import ALL, wrong
from graphsync.rules.positions import Document
from graphsync.rules.schema import DAY, HOUR, NudgePolicy, Section, Silence, Slug

Address = Annotated[str, PlainValidator(kinds.address)]
Addresses = Annotated[tuple[Address, ...], BeforeValidator(kinds.listed("mail addresses", empty=True))]
Guid = Annotated[str, PlainValidator(kinds.guid)]
Url = Annotated[str, PlainValidator(kinds.https_url)]
Interval = Annotated[timedelta, PlainValidator(kinds.span(HOUR, 7 * DAY, step=HOUR))]


class OrganizerKind(StrEnum):
    """Whose calendar the sessions of a cohort live on."""

    MENTEE = "mentee"
    MENTOR = "mentor"
    PROGRAMME = "programme"


class Tenant(Section):
    """The Microsoft 365 tenant, and the app registered in it."""

    id: Guid = Field(description="directory (tenant) id, as Entra ID shows it")
    client_id: Guid = Field(description="application (client) id of the app registration")
    default_time_zone: Annotated[str, PlainValidator(kinds.time_zone)] = Field(
        description="the zone of people whose mailbox names none; an IANA or a Windows name"
    )
    authority: Url = Field(default="https://login.microsoftonline.com", description="where tokens come from")
    graph_url: Url = Field(default="https://graph.microsoft.com/v1.0", description="where Microsoft Graph is")


class Service(Section):
    """Where graphsync itself runs."""

    public_url: Url = Field(description="where Graph reaches the service with its notifications; https")
    database: Annotated[str, PlainValidator(kinds.database_url)] = Field(
        default="sqlite:///graphsync.db", description="where state is kept: SQLite, or PostgreSQL"
    )
    listen: Annotated[str, PlainValidator(kinds.listen_address)] = Field(
        default="127.0.0.1:8443", description="host and port the service listens on"
    )


class Organizers(Section):
    """Mailboxes that organize sessions on behalf of the programme."""

    programme_mailboxes: Addresses = Field(
        default=(), description="mailboxes for cohorts whose organizer is `programme`, and for pairs of two guests"
    )


class Mail(Section):
    """How messages to people are sent."""

    sender: Address = Field(description="the mailbox that nudges come from")


class CohortSettings(Section):
    """What holds for one cohort."""

    organizer: Annotated[OrganizerKind, PlainValidator(kinds.choice(tuple(OrganizerKind)))] = Field(
        default=OrganizerKind.MENTEE,
        description="whose calendar the sessions live on: `mentee`, `mentor` or `programme`; the other one's where "
        "that one is a guest",
    )


class Privacy(Section):
    """How long what is stored is kept; shorter is allowed, longer is not."""

    open_requests: Annotated[timedelta, PlainValidator(kinds.span(DAY, 30 * DAY, step=DAY))] = Field(
        default=30 * DAY, description="how long the times of open requests are kept at most"
    )
    session_facts: Annotated[timedelta, PlainValidator(kinds.span(30 * DAY, 365 * DAY, step=DAY))] = Field(
        default=365 * DAY, description="how long facts about past sessions are kept"
    )


class Sweep(Section):
    """How often each is looked at though nothing was heard of it."""

    mailboxes: Interval = Field(default=24 * HOUR, description="calendars of the people and programme mailboxes")
    people: Interval = Field(default=24 * HOUR, description="directory entries, working hours and absences")
    chats: Interval = Field(default=24 * HOUR, description="chats of pairs that opted in")
    mail: Interval = Field(default=HOUR, description="mail between pairs that opted in")


def _named(value: object) -> object:
    if not isinstance(value, Mapping) or not value:
        raise wrong("at least one cohort and its settings, such as 'new-hires: {organizer: mentee}'")
    if ALL in value:
        raise wrong("another name: 'all' stands for every cohort in a rule", found="a cohort named 'all'", at=(ALL,))
    # A cohort with nothing said about it holds the defaults.
    return {name: {} if settings is None else settings for name, settings in value.items()}


class Deployment(Section):
    """Everything `graphsync.yaml` says."""

    tenant: Tenant = Field(description="the Microsoft 365 tenant and the app registered in it")
    service: Service = Field(description="where graphsync itself runs")
    organizers: Organizers = Field(default=Organizers(), description="mailboxes that organize sessions")
    mail: Mail = Field(description="how messages to people are sent")
    coordinators: Annotated[tuple[Address, ...], BeforeValidator(kinds.listed("mail addresses"))] = Field(
        description="who looks after the programme; at least one address"
    )
    cohorts: Annotated[Mapping[Slug, CohortSettings], BeforeValidator(_named)] = Field(
        description="the cohorts by name, each with its settings; at least one"
    )
    privacy: Privacy = Field(default=Privacy(), description="how long what is stored is kept")
    nudges: NudgePolicy = Field(default=NudgePolicy(), description="how many nudges people get at most")
    silences: tuple[Silence, ...] = Field(default=(), description="spans in which rules only observe, each with an end")
    sweep: Sweep = Field(default=Sweep(), description="how often each is looked at though nothing was heard of it")


def parse_deployment(document: Document) -> Deployment:
    """Return what `graphsync.yaml` says.

    Raises:
        ConfigError: the file cannot be read or says something else; every problem is listed.
    """
    problems: list[Problem] = []
    deployment = gathered(lambda: checked(Deployment, document), problems) if document.is_read else None
    problems.extend(_without_mailbox(document))
    refuse(document, problems)
    return cast("Deployment", deployment)


def parse_tenant(document: Document) -> Tenant:
    """Return the tenant that `graphsync.yaml` names, whatever else it says or does not say.

    Raises:
        ConfigError: the section is not there or wrong; every problem of it is listed.
    """
    problems: list[Problem] = []
    tenant = gathered(lambda: checked(Tenant, document, ("tenant",)), problems)
    refuse(document, problems)
    return cast("Tenant", tenant)


def known_cohorts(document: Document) -> frozenset[str] | None:
    """Return the names of the cohorts, whatever else is wrong with the file; None where it has no list of them."""
    named = document.get("cohorts")
    return frozenset(named) if isinstance(named, dict) else None


def _without_mailbox(document: Document) -> Iterator[Problem]:
    """Yield a problem for each cohort that is organized by a programme mailbox where there is none."""
    if not document.get("organizers", "programme_mailboxes"):
        for name in sorted(known_cohorts(document) or ()):
            if document.get("cohorts", name, "organizer") == OrganizerKind.PROGRAMME:
                yield document.problem(
                    ("cohorts", name, "organizer"),
                    found="organizer 'programme' and no programme mailbox",
                    expected="a mailbox in organizers.programme_mailboxes, or organizer 'mentee' or 'mentor'",
                )
