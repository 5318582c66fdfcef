"""Once a week, tells the coordinators which mentorships need a hand: no delays, no counts, and not which of the two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from graphsync.calendar import zone
from graphsync.engine.compose import Composer, reader_of
from graphsync.engine.context import Context, pair_of
from graphsync.engine.payloads import NudgePart, NudgePayload, StillTrue, to_json
from graphsync.engine.ports import Action, ActionKind, Ledger, Subject, SubjectKind
from graphsync.mentoring import MentorshipId, PersonId
from graphsync.teams.messages import Reader

MONDAY_AT: Final = time(8)
"""When the message goes out, by the clock of `tenant.default_time_zone`."""

PROGRAMME: Final = MentorshipId("")
"""Stands for the mentorship in what is about all of them."""

WEEK: Final = Subject(kind=SubjectKind.COORDINATORS, owner="week")


@dataclass(frozen=True, slots=True)
class CoordinatorLooks:
    """Has the coordinators' weekly message sent."""

    context: Context

    def want(self) -> None:
        """Set the first Monday to come; one that is set and has gone by while the service was down is made up for."""
        with self.context.store.transaction() as ledger:
            ledger.work.want_sweep(WEEK, self._monday(self.context.now(), weeks_on=1))

    def week(self) -> None:
        """Send what stands this week, once, and look again next Monday; where nothing stands nothing is sent."""
        now = self.context.now()
        monday = self._monday(now)
        with self.context.store.transaction() as ledger:
            ledger.work.set_sweep(WEEK, self._monday(now, weeks_on=1))
            items = self._items(ledger)
            for number, address in enumerate(self.context.config.deployment.coordinators if items else ()):
                key = f"coordinators/{monday:%Y%m%d}/{number}"
                payload = self._payload(ledger, address, items, f"week/{monday:%Y-%m-%d}")
                ledger.outbox.add(
                    Action(
                        key=key,
                        kind=ActionKind.NUDGE,
                        mentorship=PROGRAMME,
                        rule="",
                        reason="the week has begun, and some mentorships need a hand",
                        payload=to_json(payload),
                        created_at=now,
                        next_attempt_at=now,
                    )
                )

    def _monday(self, now: datetime, *, weeks_on: int = 0) -> datetime:
        """Return when this week's message is due, or that of a later week, UTC."""
        clock = zone(self.context.config.deployment.tenant.default_time_zone)
        local = now.astimezone(clock)
        monday = local.date() - timedelta(days=local.weekday())
        begun = datetime.combine(monday, MONDAY_AT, clock).astimezone(UTC) <= now
        monday += timedelta(weeks=weeks_on if begun else weeks_on - 1)
        return datetime.combine(monday, MONDAY_AT, clock).astimezone(UTC)

    def _items(self, ledger: Ledger) -> list[dict[str, str]]:
        """Return what stands, one entry for each flag of a mentorship, by the names of the two."""
        items = []
        for mentorship_id, flags in ledger.records.flags().items():
            mentorship = ledger.mentorships.get(mentorship_id)
            people = None if mentorship is None else pair_of(ledger, mentorship)
            if people is None:
                continue
            mentor, mentee = people
            names = {"mentorship": mentorship_id, "mentor": mentor.display_name, "mentee": mentee.display_name}
            items += [{**names, "what": str(flag)} for flag in sorted(flags)]
        return sorted(items, key=lambda item: (item["mentee"], item["mentor"], item["mentorship"], item["what"]))

    def _payload(self, ledger: Ledger, address: str, items: list[dict[str, str]], about: str) -> NudgePayload:
        person = ledger.people.by_address(address)
        time_zone = self.context.config.deployment.tenant.default_time_zone
        reader = Reader(name=address, language="en", time_zone=time_zone) if person is None else reader_of(person)
        section = Composer(self.context).texts.section("coordinator_week", {"items": items}, reader, contact="")
        part = NudgePart(
            mentorship=PROGRAMME,
            about=about,
            still=StillTrue.ALWAYS,
            heading=section.heading,
            why=section.why,
            content=section.content,
            may_pause=section.may_pause,
        )
        return NudgePayload(
            person=PersonId(address),
            address=address,
            name=reader.name,
            language=reader.language,
            time_zone=reader.time_zone,
            pause_link="",
            headers=(("x-graphsync-practice", "coordinators"), ("x-graphsync-about", about)),
            parts=(part,),
        )
