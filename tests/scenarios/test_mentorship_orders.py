"""A coordinator pauses, resumes, ends and rematches mentorships while the service runs, and between its lives."""

import json
from dataclasses import replace
from datetime import date

import pytest
from command_line import graphsync
from tenant import TamperedGraph, a_pair, a_person, berlin

from graphsync.engine.context import Context, mark_mentorship
from graphsync.engine.orders import Orders
from graphsync.engine.overview import overview
from graphsync.engine.people import newly_known
from graphsync.errors import GraphConflict, GraphUnavailable, NotKnown, OrderRefused
from graphsync.graph.read_only import read_only
from graphsync.mentoring import Choice, Reach, Reply, Status, mentorship_id
from graphsync.reports.mentorships import ordered_text, overview_data, overview_text
from graphsync.rules.config import FileNames, parse_config
from graphsync.rules.mentorship_lines import rewritten

RULES = """\
- {name: book, practice: book_ahead, mode: enforce}
- {name: close, practice: close_well, mode: enforce}
- {name: start, practice: start_well, mode: enforce}
"""
NO_CLOSING = "- {name: book, practice: book_ahead, mode: enforce}\n"
PAIR = "mira@fabrikam.test,tom@fabrikam.test"
OLD = mentorship_id("mira@fabrikam.test", "tom@fabrikam.test")
NEW = mentorship_id("noor@fabrikam.test", "tom@fabrikam.test")


@pytest.fixture
def opened(open_tenant):
    """A function that opens a tenant in which Mira has mentored Tom for long, and the next session is booked."""

    def open_one(rules=RULES, pairs=(), **options):
        people = [a_person(name) for name in ("mira", "tom", "noor", "ana")]
        pairs = pairs or [a_line("mira")]
        tenant = open_tenant(people=people, pairs=pairs, rules=rules, nudges={"per_person_and_week": 7}, **options)
        tenant.run_until(berlin("2026-03-02 12:00"))
        return tenant

    return open_one


def a_line(mentor, mentee="tom", **more):
    return a_pair(mentor, mentee, **({"started": "2026-01-05", "cadence": "7 days", "status": "", "ends": ""} | more))


def orders(tenant, graph=None):
    return Orders(
        Context(
            store=tenant.store,
            graph=read_only(graph or tenant.graph),
            clock=tenant.clock,
            config=tenant.config,
            notification_url="",
        )
    )


def listed(tenant):
    with tenant.store.transaction() as ledger:
        return {one.id: one for one in overview(ledger, tenant.config, tenant.now)}


def of(tenant, mentorship=OLD):
    with tenant.store.transaction() as ledger:
        return ledger.mentorships.get(mentorship)


def after(tenant, **length):
    """Let the running service find what was marked from outside, as its next tick does."""
    tenant.next_at = tenant.now
    tenant.run_for(**(length or {"minutes": 1}))


def restart(tenant, *pairs, rules=None):
    """Begin another life of the service on other lines of the file."""
    if pairs:
        tenant.pairs = list(pairs)
        rows = tenant._rows()
        tenant.files["mentorships.csv"] = rows
        tenant.config = parse_config(
            tenant.files["graphsync.yaml"], rules or tenant.files["rules.yaml"], rows, names=FileNames()
        )
    tenant.start_service()
    after(tenant)


def line_of(tenant, ordered):
    return rewritten(tenant.files["mentorships.csv"], ordered.line, ordered.cells)


# ---------------------------------------------------------------- pauses


def test_a_pause_stops_booking_and_ends_by_itself_on_its_day(opened):
    tenant = opened()
    orders(tenant).pause(PAIR, date(2026, 4, 1))
    after(tenant)
    tenant.run_until(berlin("2026-03-31 12:00"))
    assert len(tenant.starts("tom")) == 1
    assert str(listed(tenant)[OLD].paused_until) == "2026-04-01"
    tenant.run_until(berlin("2026-04-02 12:00"))
    assert listed(tenant)[OLD].status is Status.ACTIVE
    assert len(tenant.starts("tom")) == 2
    assert any("goes on" in mail.body for mail in tenant.mails("tom"))


def test_a_resumed_mentorship_goes_on_and_both_are_told_whoever_paused_it(opened):
    tenant = opened()
    orders(tenant).pause(PAIR, date(2026, 5, 1))
    after(tenant, days=9)
    assert len(tenant.starts("tom")) == 1
    ordered = orders(tenant).resume(PAIR)
    after(tenant, hours=3)
    assert len(tenant.starts("tom")) == 2
    assert "Both are told." in ordered_text(ordered, line_of(tenant, ordered))
    for name in ("tom", "mira"):
        assert any("goes on" in mail.body for mail in tenant.mails(name))


def test_a_pause_that_one_of_the_two_set_gives_way_to_a_later_command(opened):
    tenant = opened()
    with tenant.store.transaction() as ledger:
        person = ledger.people.by_address("tom@fabrikam.test").id
        ledger.replies.save(
            Reply(
                mentorship=OLD,
                person=person,
                about=f"mentorship/{OLD}",
                choice=Choice.PAUSE,
                at=tenant.now,
                until=date(2026, 6, 1),
            )
        )
    assert listed(tenant)[OLD].paused_until == date(2026, 6, 1)
    orders(tenant).pause(PAIR, date(2026, 4, 1))
    assert listed(tenant)[OLD].paused_until == date(2026, 4, 1)
    orders(tenant).resume(PAIR)
    assert listed(tenant)[OLD].status is Status.ACTIVE


def test_a_booking_decided_before_the_pause_is_not_made_after_it(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-06 12:00"))

    class PausingGraph:
        """A Graph during whose free/busy a coordinator pauses the mentorship."""

        def __getattr__(self, name):
            if name == "get_schedule" and not paused:
                paused.append(orders(tenant).pause(PAIR, date(2026, 4, 1)))
            return getattr(tenant.graph, name)

    paused = []
    tenant.start_service(graph=PausingGraph())
    tenant.run_until(berlin("2026-03-09 07:00"))
    assert paused
    assert len(tenant.sessions()) == 1
    assert any(entry.outcome == "refused" and "not active" in entry.detail for entry in tenant.audit())


# ---------------------------------------------------------------- ends


def test_an_end_cancels_what_is_to_come_and_thanks_both(opened):
    tenant = opened()
    ordered = orders(tenant).end(PAIR, None)
    after(tenant, hours=3)
    assert tenant.meetings("tom") == []
    assert of(tenant).closed_at is not None
    for name in ("tom", "mira"):
        assert "Thank you" in tenant.mails(name, "close_well")[-1].subject
    said = ordered_text(ordered, line_of(tenant, ordered))
    assert "Tom and Mira (m2875afa22c38) are ended. Sessions to come are cancelled" in said
    assert "  mira@fabrikam.test,tom@fabrikam.test,by-mentee,2026-01-05,7 days,ended,\n" in said


def test_a_known_last_day_gets_a_closing_session_and_thanks_afterwards(opened):
    tenant = opened()
    ordered = orders(tenant).end(PAIR, date(2026, 3, 13))
    after(tenant)
    assert listed(tenant)[OLD].ends_on == date(2026, 3, 13)
    tenant.run_until(berlin("2026-03-13 23:00"))
    assert of(tenant).closed_at is None
    tenant.run_until(berlin("2026-03-16 12:00"))
    assert of(tenant).closed_at is not None
    assert "A closing session is booked before it" in ordered_text(ordered, line_of(tenant, ordered))


def test_without_a_rule_that_closes_it_is_said_that_sessions_stay_and_nobody_is_told(opened):
    tenant = opened(rules=NO_CLOSING)
    ordered = orders(tenant).end(PAIR, None)
    after(tenant, days=1)
    assert len(tenant.meetings("tom")) == 1
    assert tenant.mails("tom", "close_well") == []
    said = ordered_text(ordered, line_of(tenant, ordered))
    assert "sessions to come stay in the calendars, and nobody is told" in said


# ---------------------------------------------------------------- another mentor


def test_a_rematch_ends_the_old_well_and_begins_the_new_with_a_welcome(opened):
    tenant = opened()
    ordered = orders(tenant).rematch(PAIR, "noor@fabrikam.test")
    after(tenant, hours=3)
    assert (ordered.successor, of(tenant).rematched_to) == (NEW, NEW)
    assert tenant.meetings("tom") == []
    assert "Thank you" in tenant.mails("mira", "close_well")[-1].subject
    assert tenant.mails("noor", "start_well")
    assert any("Noor" in mail.body for mail in tenant.mails("tom"))
    begun = of(tenant, NEW)
    assert (begun.cohort, begun.cadence, begun.started_on) == ("by-mentee", of(tenant).cadence, date(2026, 3, 2))
    with tenant.store.transaction() as ledger:
        assert len(ledger.sessions.of(OLD)) == 1
        assert ledger.sessions.of(NEW) == []
        resources = {s.resource for s in ledger.subscriptions.all()}
        noor = ledger.people.by_address("noor@fabrikam.test").id
    assert f"users/{noor}/events" in resources
    said = ordered_text(ordered, line_of(tenant, ordered))
    assert "Noor mentors Tom from today" in said
    assert "put this line in the place of line 2" in said
    assert "  noor@fabrikam.test,tom@fabrikam.test,by-mentee,2026-03-02,7 days,,\n" in said


def test_a_rematch_is_kept_though_the_file_has_the_old_line_and_goes_on_with_the_new_one(opened):
    tenant = opened()
    ordered = orders(tenant).rematch(PAIR, "noor@fabrikam.test")
    after(tenant, hours=1)
    restart(tenant)
    assert listed(tenant)[NEW].unlisted
    assert "No line in mentorships.csv yet" in overview_text(list(listed(tenant).values()))
    assert f"unlisted/{NEW}" in tenant.alerts()
    assert "@" not in tenant.alerts()[f"unlisted/{NEW}"]
    assert (listed(tenant)[NEW].status, listed(tenant)[OLD].status) == (Status.ACTIVE, Status.ENDED)
    before = of(tenant, NEW)
    (line,) = [line_of(tenant, ordered).line.split(",")]
    restart(tenant, dict(zip(tenant.pairs[0], line, strict=True)))
    assert of(tenant, NEW) == before
    assert not listed(tenant)[NEW].unlisted
    assert not tenant.alerts()
    restart(tenant, a_line("ana", "mira"))
    assert listed(tenant)[NEW].status is Status.ENDED


def test_what_was_ordered_for_a_new_mentorship_holds_when_its_line_is_added(opened):
    tenant = opened()
    ordered = orders(tenant).rematch(PAIR, "noor@fabrikam.test")
    orders(tenant).pause(NEW, date(2026, 4, 1))
    restart(tenant, dict(zip(tenant.pairs[0], line_of(tenant, ordered).line.split(","), strict=True)))
    assert listed(tenant)[NEW].paused_until == date(2026, 4, 1)
    orders(tenant).end(NEW, None)
    restart(tenant, a_line("mira"))
    assert listed(tenant)[NEW].status is Status.ENDED
    assert not tenant.alerts()


def test_an_end_that_the_service_has_not_seen_yet_is_done_well_though_the_line_is_gone(opened):
    tenant = opened()
    orders(tenant).end(PAIR, None)
    restart(tenant, a_line("ana", "noor"))
    tenant.run_for(hours=3)
    assert tenant.meetings("tom") == []
    assert "Thank you" in tenant.mails("tom", "close_well")[-1].subject
    restart(tenant)
    assert of(tenant).status is Status.ENDED


def test_an_end_that_the_service_has_not_seen_yet_is_done_well_though_the_line_says_ended(opened):
    tenant = opened()
    orders(tenant).end(PAIR, None)
    restart(tenant, a_line("mira", status="ended"))
    tenant.run_for(hours=3)
    assert tenant.meetings("tom") == []
    assert of(tenant).closed_at is not None


def follow(tenant, ordered):
    """Put the printed line into the file, which the service then reads."""
    restart(tenant, dict(zip(tenant.pairs[0], line_of(tenant, ordered).line.split(","), strict=True)))


def test_a_thank_you_that_waits_for_the_morning_comes_though_the_file_has_the_printed_line_by_then(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-02 20:00"))
    ordered = orders(tenant).end(PAIR, None)
    after(tenant)
    assert of(tenant).closed_at is not None
    follow(tenant, ordered)
    tenant.run_for(days=1)
    assert [mail.subject for mail in tenant.mails("tom", "close_well")] == ["Thank you for your mentoring with Mira"]


def test_a_rematch_in_the_evening_thanks_both_though_the_line_is_replaced_at_once(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-02 20:00"))
    ordered = orders(tenant).rematch(PAIR, "noor@fabrikam.test")
    after(tenant)
    follow(tenant, ordered)
    assert of(tenant).status is Status.ENDED
    tenant.run_for(days=1)
    assert [mail.subject for mail in tenant.mails("mira", "close_well")] == ["Thank you for your mentoring with Tom"]


@pytest.mark.parametrize("line", ["printed", "gone"])
def test_a_session_that_could_not_be_cancelled_at_the_end_is_cancelled_later_whatever_the_file_says(opened, line):
    tenant = opened()

    def stale(_real, *_arguments):
        raise GraphConflict("cancel_event")

    tenant.start_service(graph=TamperedGraph(tenant.graph, cancel_event=stale))
    ordered = orders(tenant).end(PAIR, None)
    after(tenant)
    assert len(tenant.meetings("tom")) == 1
    if line == "printed":
        follow(tenant, ordered)
    else:
        restart(tenant, a_line("ana", "noor"))
    tenant.start_service(graph=tenant.graph)
    tenant.run_for(days=1)
    assert tenant.meetings("tom") == []


def test_a_mentor_can_be_swapped_again_before_the_first_swap_is_in_the_file(opened):
    tenant = opened(pairs=[a_line("mira", mentee_offers="mon 07:00-08:00", ends="2026-06-30")])
    orders(tenant).rematch(PAIR, "noor@fabrikam.test")
    ordered = orders(tenant).rematch(NEW, "ana@fabrikam.test")
    line = line_of(tenant, ordered)
    assert line.line == "ana@fabrikam.test,tom@fabrikam.test,by-mentee,2026-03-02,7 days,,2026-06-30,mon 07:00-08:00"
    assert "In mentorships.csv add this line" in ordered_text(ordered, line)
    restart(tenant)
    assert {one.status for one in listed(tenant).values()} == {Status.ACTIVE, Status.ENDED}
    assert [one.id for one in listed(tenant).values() if one.unlisted] == [ordered.successor]


# ---------------------------------------------------------------- beginning anew


def test_what_one_of_the_two_ended_begins_anew_with_another_first_day(opened):
    tenant = opened()
    with tenant.store.transaction() as ledger:
        tom = ledger.people.by_address("tom@fabrikam.test").id
        pause = Reply(
            mentorship=OLD,
            person=tom,
            about="mentorship",
            choice=Choice.PAUSE,
            at=tenant.now,
            until=date(2026, 9, 1),
        )
        ledger.replies.save(pause)
        ledger.replies.save(replace(pause, about=f"mentorship/{OLD}", choice=Choice.END, until=None))
        mark_mentorship(ledger, OLD, tenant.now)
    after(tenant, days=3)
    assert tenant.meetings("tom") == []
    restart(tenant, a_line("mira", started="2026-03-05"))
    tenant.run_for(days=2)
    assert listed(tenant)[OLD].status is Status.ACTIVE
    assert len(tenant.meetings("tom")) == 1


def test_what_begins_anew_ends_well_as_well(opened):
    tenant = opened()
    orders(tenant).end(PAIR, None)
    after(tenant, days=2)
    restart(tenant, a_line("mira", started="2026-03-04"))
    tenant.run_for(days=1)
    assert len(tenant.meetings("tom")) == 1
    orders(tenant).end(PAIR, None)
    after(tenant, days=1)
    assert tenant.meetings("tom") == []
    assert [mail.subject for mail in tenant.mails("tom", "close_well")] == [
        "Thank you for your mentoring with Mira"
    ] * 2


# ---------------------------------------------------------------- the file


def test_an_order_holds_over_starts_until_its_line_says_something_new(opened):
    tenant = opened()
    orders(tenant).pause(PAIR, date(2026, 4, 1))
    restart(tenant)
    assert listed(tenant)[OLD].paused_until == date(2026, 4, 1)
    restart(tenant, a_line("mira", cadence="14 days"))
    assert (listed(tenant)[OLD].paused_until, of(tenant).cadence.days) == (date(2026, 4, 1), 14)
    restart(tenant, a_line("mira", ends="2026-06-30"))
    assert (listed(tenant)[OLD].status, listed(tenant)[OLD].ends_on) == (Status.ACTIVE, date(2026, 6, 30))
    assert [entry.outcome for entry in tenant.audit() if entry.action == "pause"] == ["ordered", "holds no more"]


def test_a_line_that_comes_to_say_what_was_ordered_is_no_change(opened):
    tenant = opened()
    orders(tenant).pause(PAIR, date(2026, 4, 1))
    restart(tenant, a_line("mira", status="paused", paused_until="2026-04-01"))
    assert listed(tenant)[OLD].paused_until == date(2026, 4, 1)
    with tenant.store.transaction() as ledger:
        assert ledger.mentorships.order(OLD) is None
    assert [entry.outcome for entry in tenant.audit() if entry.action == "pause"] == ["ordered"]


def test_an_order_holds_when_the_running_service_reads_the_file_again(opened):
    tenant = opened()
    orders(tenant).pause(PAIR, date(2026, 4, 1))
    tenant.engine.offer(tenant.config)
    after(tenant)
    assert listed(tenant)[OLD].paused_until == date(2026, 4, 1)


def test_a_line_that_says_paused_gives_way_to_a_command_and_the_line_to_be_is_printed(opened):
    tenant = opened(pairs=[a_line("mira", status="paused")])
    assert listed(tenant)[OLD].status is Status.PAUSED
    ordered = orders(tenant).resume(PAIR)
    restart(tenant)
    assert listed(tenant)[OLD].status is Status.ACTIVE
    tenant.run_for(days=1)
    assert len(tenant.meetings("tom")) == 1
    assert line_of(tenant, ordered).line == "mira@fabrikam.test,tom@fabrikam.test,by-mentee,2026-01-05,7 days,,"


def test_a_pause_in_the_file_ends_by_itself_while_the_service_runs(opened):
    pair = a_line("mira", status="paused", paused_until="2026-03-10")
    tenant = opened(pairs=[pair])
    assert tenant.meetings("tom") == []
    tenant.run_until(berlin("2026-03-11 12:00"))
    assert len(tenant.meetings("tom")) == 1


def test_of_a_line_that_is_gone_only_an_end_may_be_ordered(opened):
    tenant = opened()
    tenant.config = replace(tenant.config, mentorships=())
    with pytest.raises(OrderRefused, match="put the line back first"):
        orders(tenant).pause(PAIR, date(2026, 4, 1))
    ordered = orders(tenant).end(PAIR, None)
    assert "It has no line" in ordered_text(ordered, rewritten(tenant.files["mentorships.csv"], None, {}))


# ---------------------------------------------------------------- who has left


def test_a_mentor_who_has_left_is_shown_as_to_renew_until_the_match_is_renewed(opened):
    tenant = opened(sweep_hours=2)
    tenant.world.user("mira@fabrikam.test").account_enabled = False
    tenant.run_for(hours=5)
    one = listed(tenant)[OLD]
    assert (one.status, one.to_renew) == (Status.ENDED, True)
    assert tenant.flags() == {"to_renew"}
    assert "ended, to renew" in overview_text([one])
    leave(tenant, "ana")
    with pytest.raises(OrderRefused, match="has left the directory"):
        orders(tenant).rematch(PAIR, "ana@fabrikam.test")
    orders(tenant).rematch(PAIR, "noor@fabrikam.test")
    after(tenant, minutes=5)
    assert not listed(tenant)[OLD].to_renew
    assert tenant.flags() == set()
    assert listed(tenant)[NEW].status is Status.ACTIVE


def leave(tenant, name):
    """Let somebody whom the service knows be gone."""
    user = tenant.graph.get_user(f"{name}@fabrikam.test")
    with tenant.store.transaction() as ledger:
        ledger.people.save(replace(newly_known(user, user.address, "UTC"), reach=Reach.GONE))


def test_a_mentee_who_has_left_cannot_get_another_mentor(opened):
    tenant = opened(sweep_hours=2)
    tenant.world.user("tom@fabrikam.test").account_enabled = False
    tenant.run_for(hours=5)
    assert listed(tenant)[OLD].to_renew
    with pytest.raises(OrderRefused, match="there is nobody to be mentored"):
        orders(tenant).rematch(PAIR, "noor@fabrikam.test")


# ---------------------------------------------------------------- what cannot be


def test_what_cannot_be_ordered_is_refused_with_what_would_do(opened):
    tenant = opened()
    given = orders(tenant)
    for order, said in (
        (lambda: given.pause(PAIR, date(2026, 3, 2)), "is over already: for the mentee it is 2026-03-02"),
        (lambda: given.resume(PAIR), "is not paused"),
        (lambda: given.end(PAIR, date(2026, 3, 1)), "is past"),
        (lambda: given.rematch(PAIR, "Mira@fabrikam.test"), "the one it has already"),
        (lambda: given.rematch(PAIR, "tom@fabrikam.test"), "their own mentor"),
    ):
        with pytest.raises(OrderRefused, match=said):
            order()
    given.end(PAIR, None)
    for order in (
        lambda: given.end(PAIR, None),
        lambda: given.pause(PAIR, date(2026, 4, 1)),
        lambda: given.resume(PAIR),
    ):
        with pytest.raises(OrderRefused, match="is ended already"):
            order()
    with pytest.raises(OrderRefused, match="a new pair is a new line"):
        given.rematch(PAIR, "noor@fabrikam.test")


def test_a_pair_that_has_a_mentorship_already_is_not_made_again(opened):
    tenant = opened(pairs=[a_line("mira"), a_line("noor")])
    with pytest.raises(OrderRefused, match=rf"already, {NEW} \(line 3 of mentorships.csv\)"):
        orders(tenant).rematch(PAIR, "noor@fabrikam.test")
    orders(tenant).rematch(PAIR, "ana@fabrikam.test")
    with pytest.raises(OrderRefused, match="is rematched already"):
        orders(tenant).rematch(PAIR, "ana@fabrikam.test")


def test_a_last_day_before_the_first_is_refused(opened):
    tenant = opened(pairs=[a_line("mira", started="2026-05-04")])
    with pytest.raises(OrderRefused, match="lies before the first, 2026-05-04"):
        orders(tenant).end(PAIR, date(2026, 4, 1))


def test_the_day_is_the_mentees(open_tenant):
    people = [a_person("mira"), a_person("tom", "Australia/Sydney")]
    tenant = open_tenant(people=people, pairs=[a_line("mira")], rules=RULES)
    tenant.run_until(berlin("2026-03-02 20:00"))  # the third, in Sydney
    with pytest.raises(OrderRefused, match="for the mentee it is 2026-03-03"):
        orders(tenant).pause(PAIR, date(2026, 3, 3))


class Unasked:
    """A Graph that cannot be reached."""

    def get_user(self, _address):
        raise GraphUnavailable("get_user", status=503)


def test_nothing_is_written_where_the_directory_knows_nobody_or_cannot_be_asked(opened):
    tenant = opened()
    before = of(tenant)
    with pytest.raises(NotKnown, match="the directory knows nobody"):
        orders(tenant).rematch(PAIR, "nobody@fabrikam.test")
    with pytest.raises(OrderRefused, match="could not be asked about the new mentor, and nothing was written"):
        orders(tenant, Unasked()).rematch(PAIR, "noor@fabrikam.test")
    tenant.world.user("noor@fabrikam.test").account_enabled = False
    with pytest.raises(OrderRefused, match="account is disabled"):
        orders(tenant).rematch(PAIR, "noor@fabrikam.test")
    assert of(tenant) == before
    assert not any(entry.outcome == "ordered" for entry in tenant.audit())


def test_another_address_of_the_mentor_does_not_make_another_mentor(opened):
    tenant = opened()
    mira = tenant.graph.get_user("mira@fabrikam.test")

    class Alias:
        def get_user(self, _address):
            return mira

    with pytest.raises(OrderRefused, match="one of the two already"):
        orders(tenant, Alias()).rematch(PAIR, "m.lindqvist@fabrikam.test")


def test_a_name_that_comes_close_is_offered(opened):
    tenant = opened()
    with pytest.raises(NotKnown, match=r"did you mean 'mira@fabrikam.test,tom@fabrikam.test'\?"):
        orders(tenant).resume("mira@fabrikam.test, tim@fabrikam.test")
    with pytest.raises(NotKnown, match=rf"did you mean '{OLD}'\?"):
        orders(tenant).resume(OLD[:-1])


# ---------------------------------------------------------------- what is shown and kept


def test_the_list_has_no_delays_and_no_counts_and_is_kept_in_the_audit(opened):
    tenant = opened()
    (one,) = listed(tenant).values()
    assert overview_data([one]) == [
        {
            "id": OLD,
            "mentor": "Mira",
            "mentee": "Tom",
            "cohort": "by-mentee",
            "started": "2026-01-05",
            "status": "active",
            "paused_until": None,
            "last_day": None,
            "next_session": "2026-03-09",
            "to_renew": False,
            "rematched_to": None,
            "has_line": True,
        }
    ]
    assert [entry.outcome for entry in tenant.audit() if entry.action == "listed"] == ["looked at"]
    assert overview_text([]).startswith("no mentorships")


def test_orders_are_kept_under_the_mentorships_id_and_name_nobody(opened):
    tenant = opened()
    orders(tenant).pause(PAIR, date(2026, 4, 1))
    orders(tenant).rematch(PAIR, "noor@fabrikam.test")
    kept = [(e.mentorship, e.action, e.detail) for e in tenant.audit() if e.outcome == "ordered"]
    assert kept == [
        (OLD, "pause", "until 2026-04-01"),
        (NEW, "start", f"rematched from {OLD}"),
        (OLD, "end", f"rematched to {NEW}"),
    ]


# ---------------------------------------------------------------- the commands


def run(directory, environment, *arguments):
    return graphsync("mentorships", *arguments, "--config", directory, environment=environment)


def test_the_commands_work_on_the_database_of_the_running_service(opened, tmp_path):
    tenant = opened()
    environment = tenant.write_files(tmp_path)
    before = dict(tenant.world.request_counts)
    shown = run(tmp_path, environment, "list")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Tom     Mira    by-mentee  active" in shown.stdout
    assert json.loads(run(tmp_path, environment, "list", "--json").stdout)[0]["id"] == OLD
    without_secret = {name: value for name, value in environment.items() if name != "GRAPHSYNC_CLIENT_SECRET"}
    paused = run(tmp_path, without_secret, "pause", PAIR, "--until", "2999-01-01")
    assert (paused.returncode, paused.stderr) == (0, "")
    assert "Tom and Mira (m2875afa22c38) are paused until 2999-01-01" in paused.stdout
    assert "  mira@fabrikam.test,tom@fabrikam.test,by-mentee,2026-01-05,7 days,paused,,2999-01-01\n" in paused.stdout
    assert "mentor,mentee,cohort,started,cadence,status,ends,paused_until" in paused.stdout
    after(tenant, days=10)
    assert len(tenant.meetings("tom")) == 1
    resumed = run(tmp_path, environment, "resume", OLD, "--json")
    assert json.loads(resumed.stdout)["ordered"] == "resume"
    last = run(tmp_path, environment, "end", OLD, "--on", "2999-01-01", "--json")
    assert json.loads(last.stdout)["day"] == "2999-01-01"
    assert dict(tenant.world.request_counts).get("get_user") == before.get("get_user")
    swapped = run(tmp_path, environment, "rematch", OLD, "--mentor", "noor@fabrikam.test", "--json")
    assert (swapped.returncode, swapped.stderr) == (0, "")
    assert json.loads(swapped.stdout)["successor"] == NEW
    assert json.loads(swapped.stdout)["file"]["number"] == 2


def test_the_commands_say_what_is_wrong_on_standard_error(opened, tmp_path):
    tenant = opened()
    environment = tenant.write_files(tmp_path)
    for arguments, code, said in (
        (("resume", "m1"), 1, "no mentorship's id"),
        (("pause", OLD, "--until", "2020-01-01"), 1, "graphsync: a pause until 2020-01-01 is over already"),
        (("pause", OLD, "--until", "soon"), 2, "does not match the format"),
        (("pause", OLD), 2, "Missing option '--until'"),
        (("rematch", OLD, "--mentor", "noor"), 2, "--mentor is no mail address"),
        (("rematch", OLD, "--mentor", "nobody@fabrikam.test"), 1, "the directory knows nobody"),
    ):
        answer = run(tmp_path, environment, *arguments)
        assert (answer.returncode, answer.stdout) == (code, "")
        assert said in answer.stderr
