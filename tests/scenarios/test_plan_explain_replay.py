"""What a coordinator asks of rules: what would be done, why it was, why not, and what other rules would have done."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from command_line import graphsync
from tenant import a_pair, a_person, berlin

from graphsync.clock import SteppedClock
from graphsync.engine.context import Context
from graphsync.engine.explain import explain_named
from graphsync.engine.ports import Graph
from graphsync.engine.recorded import recorded
from graphsync.engine.rehearsal import rehearse
from graphsync.engine.replay import replay
from graphsync.errors import NotKnown, WriteRefused
from graphsync.graph.read_only import READS, read_only
from graphsync.reports.differences import differences_data, differences_text
from graphsync.reports.explanation import explanation_data, explanation_text
from graphsync.reports.plan import as_json, plan_data, plan_text
from graphsync.rules.positions import parse_yaml
from graphsync.rules.rules_file import parse_rules
from graphsync.store import open_copy

RULES = """\
- {name: book, practice: book_ahead, mode: enforce}
- {name: back, practice: rebook_same_week, mode: enforce}
- {name: answers, practice: answer_promptly, mode: enforce}
- {name: start, practice: start_well, mode: observe}
- {name: quiet, practice: undisturbed, mode: enforce}
"""


@pytest.fixture
def opened(open_tenant):
    def open_one(rules=RULES, **options):
        people = [a_person(name) for name in ("mira", "tom", "noor")]
        return open_tenant(people=people, pairs=[a_pair("mira", "tom"), a_pair("mira", "noor")], rules=rules, **options)

    return open_one


def planned(tenant):
    """Return the plan for this instant, made on a copy and a Graph that refuses writes."""
    clock = SteppedClock(tenant.now)
    store = open_copy(f"sqlite:///{tenant.directory / 'graphsync.db'}", clock)
    store.take_over()
    try:
        return rehearse(
            Context(store=store, graph=read_only(tenant.graph), clock=clock, config=tenant.config, notification_url="")
        )
    finally:
        store.close()


def keys_of(plan):
    return sorted((action.key, action.starts_at) for one in plan.considered for action in one.planned)


def done_in(tenant, since):
    """Return the actions that were carried out or wait in the outbox, with the times they are for."""
    with tenant.store.transaction() as ledger:
        audit = {entry.action for entry in ledger.records.audit() if entry.at >= since and entry.outcome == "done"}
        waiting = {a.key for m in ledger.mentorships.all() for a in ledger.outbox.pending(m.id)}
        starts = {s.starts_at for m in ledger.mentorships.all() for s in ledger.sessions.of(m.id)}
    return audit | waiting, starts


def test_a_round_does_what_was_planned_and_planning_writes_nothing(opened):
    tenant = opened()
    before = len(tenant.world.events("tom@fabrikam.test"))
    plan = planned(tenant)
    assert len(tenant.world.events("tom@fabrikam.test")) == before
    with tenant.store.transaction() as ledger:
        assert ledger.mentorships.all() == []
    tenant.run_for(minutes=0)
    done, starts = done_in(tenant, tenant.now)
    bookings = [action for one in plan.considered for action in one.planned if str(action.kind) == "book"]
    assert len(bookings) == 2
    assert {action.key for action in bookings} <= done
    assert {action.starts_at for action in bookings} == starts
    assert not plan.is_empty


def test_after_a_round_nothing_is_left_to_plan(opened):
    tenant = opened()
    tenant.run_for(minutes=5)
    assert planned(tenant).is_empty


def test_a_lost_session_is_planned_before_it_is_put_back_and_then_put_back_like_that(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-02 10:00"))
    tenant.cancel("tom", tenant.only_meeting("tom"))
    tenant.run_for(minutes=5)
    tenant.world.clock.set(tenant.next_at)
    tenant.clock.set(tenant.next_at)
    plan = planned(tenant)
    keys = {key for key, _ in keys_of(plan)}
    tenant.run_until(tenant.next_at)
    done, starts = done_in(tenant, tenant.now)
    assert keys
    assert keys <= done
    assert {start for _, start in keys_of(plan) if start} <= starts | {None}


def test_a_plan_says_what_to_whom_when_why_and_what_is_held_back(opened):
    tenant = opened()
    for clock in (tenant.world.clock, tenant.clock):
        clock.set(berlin("2026-03-02 09:00"))
    plan = planned(tenant)
    text = plan_text(plan, full=False)
    assert "Plan for Mon 2 Mar 2026 08:00 UTC, nothing written: 2 things to do for 2 of 2 mentorships" in text
    assert "Tom and Mira (by-mentee, m" in text
    assert re.search(r"book a session, Mon 9 Mar 2026 \d\d:\d\d-\d\d:\d\d \(Europe/Berlin\)", text)
    assert "book: the pair has no session yet" in text
    assert "also free: " in text
    assert "held back by its mode: start: the mentorship begins" in text
    assert "looks again " in text
    data = plan_data(plan, full=True)
    assert as_json(data).startswith('{\n  "at": "2026-03-02T08:00:00+00:00"')
    assert [action["kind"] for one in data["mentorships"] for action in one["planned"]] == ["book", "book"]


def waiting(tenant):
    """Bring about that an invite waits for Mira's answer."""
    tenant.run_until(berlin("2026-03-04 08:59"))
    tenant.world.clock.set(berlin("2026-03-04 09:00"))
    tenant.clock.set(berlin("2026-03-04 09:00"))
    return planned(tenant)


def test_a_coordinator_is_not_shown_who_owes_whom_an_answer(opened):
    plan = waiting(opened())
    safe, full = plan_text(plan, full=False), plan_text(plan, full=True)
    assert "send a message, to Mira: Does" in full
    assert "send a message" not in safe
    assert "answers" not in safe
    assert "Does" not in as_json(plan_data(plan, full=False))
    assert not plan.is_empty


def test_every_write_is_refused_before_it_is_sent(opened):
    tenant = opened()
    graph = read_only(tenant.graph)
    calls = {name for name in vars(Graph) if not name.startswith("_")}
    assert calls >= READS
    requests = dict(tenant.world.request_counts)
    for name in calls - READS:
        with pytest.raises(WriteRefused, match=name):
            getattr(graph, name)("x")
    assert dict(tenant.world.request_counts) == requests


def explained(tenant, named, at=None):
    with tenant.store.transaction() as ledger:
        return explain_named(ledger, tenant.config, named, at, tenant.now)


def test_an_explanation_has_rules_conditions_values_and_the_times_found(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-02 12:00"))
    it = explained(tenant, "mira@fabrikam.test,tom@fabrikam.test")
    text = explanation_text(it, full=True)
    assert "book_ahead: book (enforce)" in text
    assert "✓ the mentorship has started: 2026-03-02" in text
    assert "✗ session 1 is the last one, and the next is due to be booked" in text
    assert "[book_ahead.not_due]" in text
    assert "chosen: Mon 9 Mar 2026" in text
    assert "also free: " in text
    assert "starts from" in text
    assert "Tom: " in text
    assert "outside working hours" in text
    assert "no rule for this cohort: close_well, video_first, prepare, stay_in_touch" in text
    assert "looks again " in text


def test_the_view_of_a_coordinator_leaves_out_people_and_what_is_open(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-04 12:00"))
    it = explained(tenant, "mira@fabrikam.test,tom@fabrikam.test")
    safe, full = explanation_text(it, full=False), explanation_text(it, full=True)
    assert "answer_promptly: answers" in full
    assert "answer_promptly" not in safe
    assert "outside working hours" not in safe
    assert "answer_promptly" not in as_json(explanation_data(it, full=False)["steps"])
    assert "fell_away" in as_json(explanation_data(it, full=True))


def test_why_nothing_was_found_is_kept_without_names_and_a_coordinator_reads_only_that_nothing_was(opened):
    tenant = opened()
    for day in range(45):
        start = berlin("2026-03-02 00:00") + timedelta(days=day)
        tenant.busy("mira", start, start + timedelta(hours=24))
    tenant.run_until(berlin("2026-03-02 12:00"))
    it = explained(tenant, "mira@fabrikam.test,tom@fabrikam.test")
    why = "the calendar of the mentor had no hour left"
    safe, full = explanation_text(it, full=False), explanation_text(it, full=True)
    assert why in full
    assert why not in safe
    assert "an earlier try came to nothing" in safe
    assert why not in as_json(explanation_data(it, full=False))
    with tenant.store.transaction() as ledger:
        (attempt,) = ledger.sessions.attempts(it.mentorship.id)
        traces = [line.text for made in recorded_now(ledger, tenant) for line in made.trace]
    kept = [attempt.reason, *traces, *(entry.detail for entry in tenant.audit())]
    assert any(why in text for text in kept)
    assert not [text for text in kept if "Mira" in text or "Tom" in text]


def test_whose_clock_is_not_right_is_no_part_of_a_coordinators_plan(opened):
    tenant = opened()
    tenant.world.user("mira@fabrikam.test").windows_time_zone = "Mars Standard Time"
    plan = planned(tenant)
    assert "Mars Standard Time" in plan_text(plan, full=True)
    assert "Mars Standard Time" not in plan_text(plan, full=False)
    assert plan_data(plan, full=True)["alerts"] != []
    assert plan_data(plan, full=False)["alerts"] == []


def recorded_now(ledger, tenant):
    return recorded(ledger, None, since=tenant.now - timedelta(days=1), until=tenant.now + timedelta(days=1))


def test_a_look_at_one_mentorship_is_kept(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-02 12:00"))
    explained(tenant, "mira@fabrikam.test, tom@fabrikam.test")
    assert [entry.outcome for entry in tenant.audit() if entry.action == "explained"] == ["looked at"]


def test_an_action_and_a_time_lead_to_the_decision_as_it_was_made(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-05 12:00"))
    (key,) = [e.action for e in tenant.audit() if e.action.startswith("book/") and e.mentorship in e.action][:1]
    by_action = explained(tenant, key)
    assert by_action.is_recorded
    assert "the pair has no session yet" in explanation_text(by_action, full=True)
    assert "as it was made" in explanation_text(by_action, full=True)
    at = explained(tenant, key.split("/")[1], berlin("2026-03-02 09:00").astimezone(UTC))
    assert at.last_at >= at.at


@pytest.mark.parametrize("named", ["nobody", "a@x.test,b@x.test", "book/nobody/1"])
def test_what_is_not_known_is_said_with_what_would_be(opened, named):
    tenant = opened()
    tenant.run_for(minutes=1)
    with pytest.raises(NotKnown, match="no mentorship's id, no action's key"):
        explained(tenant, named)


def test_before_the_first_decision_there_is_nothing_to_explain(opened):
    tenant = opened()
    tenant.run_for(minutes=1)
    with pytest.raises(NotKnown, match="no decision is kept from before"):
        explained(tenant, "mira@fabrikam.test,tom@fabrikam.test", datetime(2026, 1, 1, tzinfo=UTC))


def kept(tenant):
    with tenant.store.transaction() as ledger:
        return recorded(ledger, since=tenant.now - timedelta(days=30), until=tenant.now + timedelta(seconds=1))


def other_rules(tenant, text):
    found = parse_rules(parse_yaml(text, file="r"), cohorts=tenant.config.deployment.cohorts)
    return replace(found, nudges=tenant.config.rules.nudges)


def test_replayed_under_their_own_rules_recorded_facts_show_no_difference(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-05 12:00"))
    tenant.cancel("tom", tenant.only_meeting("tom"))
    tenant.run_until(berlin("2026-03-20 12:00"))
    decisions = kept(tenant)
    assert len(decisions) > 10
    assert replay(decisions, tenant.config.rules, until=tenant.now) == []
    text = differences_text((), len(decisions), tenant.now - timedelta(days=18), tenant.now)
    assert text.endswith("no difference\n")


def test_other_rules_show_what_they_would_have_done(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-12 12:00"))
    rules = other_rules(
        tenant,
        RULES.replace("start_well, mode: observe", "start_well, mode: enforce").replace(
            "answer_promptly, mode: enforce", "answer_promptly, mode: observe"
        ),
    )
    differences = replay(kept(tenant), rules, until=tenant.now)
    text = differences_text(differences, 9, tenant.now - timedelta(days=10), tenant.now)
    assert "/invite/1/1/mentor  other mode  answers (enforce)  answers (observe)" in text
    assert "other mode  book (enforce)     book (suggest)" in text  # until both have answered the welcome
    assert {one["what"] for one in differences_data(differences)} == {"nudge", "session"}


def test_nothing_personal_lies_in_the_recorded_states(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-03 12:00"))
    for decision in kept(tenant):
        assert "@" not in repr(decision.state)
        assert "Tom" not in repr(decision.state)


# ---------------------------------------------------------------- the commands


def run(directory, environment, *arguments):
    return graphsync(*arguments, "--config", directory, environment=environment)


def test_the_commands_answer_with_what_they_found(opened, tmp_path):
    tenant = opened()
    directory = tmp_path / "files"
    directory.mkdir()
    environment = tenant.write_files(directory)
    before = dict(tenant.world.request_counts)
    made = run(directory, environment, "plan")
    assert (made.returncode, made.stderr) == (2, "")
    assert made.stdout.startswith("Plan for ")
    assert "book a session" in made.stdout
    written = {name for name, count in tenant.world.request_counts.items() if count > before.get(name, 0)}
    assert not [name for name in written if name.startswith(("create", "update", "send", "delete"))]
    assert json.loads(run(directory, environment, "plan", "--json").stdout)["mentorships"]

    tenant.run_until(berlin("2026-03-06 12:00"))
    mentorship = tenant.sessions()[0].mentorship
    why = run(directory, environment, "explain", mentorship, "--at", "2026-03-02T12:00+01:00")
    assert (why.returncode, why.stderr) == (0, "")
    assert "book_ahead: book (enforce)" in why.stdout
    assert json.loads(run(directory, environment, "explain", mentorship, "--json", "--at", "2026-03-02T12:00Z").stdout)[
        "recorded"
    ]

    span = ("--from", "2026-03-01T00:00Z", "--to", "2026-03-07T00:00Z")
    same = run(directory, environment, "replay", *span)
    assert same.stdout.endswith("no difference\n")
    (directory / "other.yaml").write_text(RULES.replace("answer_promptly, mode: enforce", "answer_promptly"))
    other = run(directory, environment, "replay", *span, "--rules", str(directory / "other.yaml"))
    assert "answers (enforce)  answers (observe)" in other.stdout
    broken = directory / "broken.yaml"
    broken.write_text("- {name: x, practice: book_ahed}\n")
    refused = run(directory, environment, "replay", *span, "--rules", str(broken))
    assert refused.returncode == 2
    assert "broken.yaml:1:23: rule 'x': found practice 'book_ahed'" in refused.stdout


def test_the_commands_refuse_times_without_zones_and_a_wrong_configuration(opened, tmp_path):
    tenant = opened()
    environment = tenant.write_files(tmp_path)
    naive = run(tmp_path, environment, "explain", "m1", "--at", "2026-03-02T12:00")
    assert (naive.returncode, "has no time zone" in naive.stderr) == (2, True)
    assert "is no date and time" in run(tmp_path, environment, "explain", "m1", "--at", "noon").stderr
    span = ("--from", "2026-03-07T00:00Z", "--to", "2026-03-01T00:00Z")
    assert "--from lies after --to" in run(tmp_path, environment, "replay", *span).stderr
    unknown = run(tmp_path, environment, "explain", "m1")
    assert (unknown.returncode, "no mentorship's id" in unknown.stderr) == (1, True)
    (tmp_path / "rules.yaml").write_text("- {name: x, practice: book_ahed}\n")
    broken = run(tmp_path, environment, "plan")
    assert (broken.returncode, "found practice 'book_ahed'" in broken.stderr) == (1, True)
