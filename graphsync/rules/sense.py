"""What is wrong with a configuration although each part of it is right: rules that can never hold, names nobody has.

A problem keeps the service from starting; a remark is told by `graphsync check` and may be meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Final

from graphsync.calendar import iso_week, working_slots
from graphsync.errors import Problem, one_of
from graphsync.mentoring import DayHours, WeeklyHours
from graphsync.rules.conditions import Condition
from graphsync.rules.deployment import Deployment
from graphsync.rules.durations import format_duration
from graphsync.rules.kinds import ALL
from graphsync.rules.mentorships import MentorshipRow
from graphsync.rules.positions import Document
from graphsync.rules.schema import BookAhead, Rule, RuleSet

A_WEEK_OF: Final = (datetime(2026, 1, 14, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC))
"""Weeks in winter and in summer: hours that meet in neither never meet."""


def problems_in(deployment: Deployment, document: Document, rules: RuleSet, rules_file: Document) -> Iterator[Problem]:
    """Yield what keeps rules or silences from ever meaning anything.

    Args:
        deployment: the settings.
        document: the file they are from.
        rules: the rules.
        rules_file: the file they are from.
    """
    yield from _silences(deployment, document, rules)
    earlier: dict[tuple[str, Condition], list[Rule]] = {}
    for index, rule in enumerate(rules.rules):
        before = earlier.setdefault((rule.practice, rule.when), []) if rule.when is not None else []
        yield from _never(rule, index, before, rules, rules_file, deployment)
        yield from _cadence(rule, index, rules_file)
        before.append(rule)


def remarks_on(
    rules: RuleSet, rules_file: Document, rows: Sequence[MentorshipRow], rows_file: str, deployment: Deployment
) -> Iterator[Problem]:
    """Yield what may be meant and often is not.

    Args:
        rules: the rules.
        rules_file: the file they are from.
        rows: the mentorships.
        rows_file: the name of their file.
        deployment: the settings.
    """
    peopled = {row.cohort for row in rows}
    for index, rule in enumerate(rules.rules):
        for place, cohort in enumerate(rule.cohorts if not rule.for_all else ()):
            if cohort not in peopled:
                yield rules_file.problem(
                    (index, "for", place),
                    found=f"cohort {cohort!r}, which nobody is in",
                    expected="a cohort of a line in mentorships.csv, or people to come",
                    rule=rule.name,
                )
    for row in rows:
        yield from _cadence_of(row, rules, rows_file)
        yield from _hours_of(row, rows_file, deployment.tenant.default_time_zone)


def _silences(deployment: Deployment, document: Document, rules: RuleSet) -> Iterator[Problem]:
    names = [rule.name for rule in rules.rules]
    for index, silence in enumerate(deployment.silences):
        for place, name in enumerate(silence.rules):
            if name not in names:
                expected = f"a rule of rules.yaml: {one_of(names, name)}"
                yield document.problem(("silences", index, "rules", place), found=f"rule {name!r}", expected=expected)
        known = [*deployment.cohorts, ALL]
        for place, cohort in enumerate(silence.cohorts):
            if cohort not in known:
                expected = f"a cohort of this file: {one_of(known, cohort)}"
                yield document.problem(("silences", index, "for", place), found=f"cohort {cohort!r}", expected=expected)


def _never(
    rule: Rule, index: int, before: list[Rule], rules: RuleSet, rules_file: Document, deployment: Deployment
) -> Iterator[Problem]:
    if rule.when is not None and not rule.when.facts:
        yield rules_file.problem(
            (index, "when"),
            found=f"a condition that looks at nothing: {rule.when.text}",
            expected="one that names a fact, or no `when`",
            rule=rule.name,
        )
    same = next((other for other in before if _covers(other, rule)), None)
    if same is not None:
        yield rules_file.problem(
            (index, "when"),
            found=f"the condition of rule {same.name!r} again, for the same cohort",
            expected="another condition: that rule comes first, and leaves this one nothing",
            rule=rule.name,
        )
    if rule.for_all and deployment.cohorts:
        naming = [o for o in rules.rules if o.practice == rule.practice and not o.for_all and o.when is None]
        left = set(deployment.cohorts) - {cohort for other in naming for cohort in other.cohorts}
        if not left:
            yield rules_file.problem(
                (index, "for") if rules_file.get(index, "for") is not None else (index,),
                found="a rule for all cohorts, each of which has a rule of its own",
                expected="a cohort it is left with, or no such rule",
                rule=rule.name,
            )


def _covers(other: Rule, rule: Rule) -> bool:
    return other.for_all == rule.for_all and set(rule.cohorts) <= set(other.cohorts)


def _cadence(rule: Rule, index: int, rules_file: Document) -> Iterator[Problem]:
    if isinstance(rule, BookAhead) and rule.cadence < rule.lead_time.at_least:
        lead = format_duration(rule.lead_time.at_least)
        yield rules_file.problem(
            (index, "cadence"),
            found=f"cadence {format_duration(rule.cadence)!r}",
            expected=f"at least lead_time.at_least ({lead}): one session is booked ahead, at least that long before",
            rule=rule.name,
        )


def _cadence_of(row: MentorshipRow, rules: RuleSet, rows_file: str) -> Iterator[Problem]:
    held = rules.candidates(BookAhead, row.cohort)
    if row.cadence is not None and held and row.cadence < held[0].lead_time.at_least:
        lead = format_duration(held[0].lead_time.at_least)
        yield _of_row(
            row,
            rows_file,
            f"cadence {format_duration(row.cadence)!r}",
            f"at least the {lead} that rule {held[0].name!r} books ahead; they will meet that often",
        )


def _hours_of(row: MentorshipRow, rows_file: str, default_zone: str) -> Iterator[Problem]:
    """Yield a remark where the hours that the file gives for a pair never meet, in winter or in summer."""
    mentor_zone, mentee_zone = row.mentor_time_zone or default_zone, row.mentee_time_zone or default_zone
    pairs = (
        (mentor_zone, row.mentor_hours or usual_hours(), row.mentor_offers),
        (mentee_zone, row.mentee_hours or usual_hours(), row.mentee_offers),
    )
    for week in (iso_week(instant, mentee_zone) for instant in A_WEEK_OF):
        mine, theirs = (
            working_slots(WeeklyHours(time_zone=zone, hours=(*hours, *offers)), week) for zone, hours, offers in pairs
        )
        if any(one.common(other) for one in mine for other in theirs):
            return
    yield _of_row(
        row,
        rows_file,
        f"no hour in common ({mentor_zone}, {mentee_zone})",
        "hours that meet: offer some in mentor_offers or mentee_offers",
    )


def usual_hours() -> tuple[DayHours, ...]:
    """Return the hours of somebody of whom the file gives none: Monday to Friday, nine to five."""
    return tuple(DayHours(weekday=day, start=time(9), end=time(17)) for day in range(5))


def _of_row(row: MentorshipRow, file: str, found: str, expected: str) -> Problem:
    return Problem(file=file, line=row.line, column=1, found=found, expected=expected)
