"""The first look a coordinator takes: what pairs have booked and lost, and when they could meet."""

import json
from datetime import UTC, timedelta

import pytest
from command_line import graphsync
from tenant import SYDNEY, a_pair, a_person, address_of, berlin

from graphsync.clock import SystemClock
from graphsync.engine.preview import preview
from graphsync.errors import GraphAuthError, WriteRefused
from graphsync.graph.read_only import read_only
from graphsync.reports.preview import FINDINGS, preview_json, preview_page, preview_text
from graphsync.rules.mentorships import PAIRS, parse_mentorships

NOW = berlin("2026-03-02 10:00")
OBSERVE = "- {name: book, practice: book_ahead, mode: observe}\n"
PEOPLE = ("mira", "tom", "noor", "lena", "omar")


@pytest.fixture
def tenant(open_tenant):
    people = [a_person(name) for name in PEOPLE] + [a_person("ann", "Australia/Sydney")]
    return open_tenant(
        people=people, pairs=[a_pair("mira", "tom")], rules=OBSERVE, starts_at=berlin("2026-02-16 09:00")
    )


def pairs_of(*pairs, more=()):
    lines = [("mentor", "mentee", *more[:1]), *((*map(address_of, pair), *more[1:]) for pair in pairs)]
    return parse_mentorships("\n".join(map(",".join, lines)), file="people.csv", cohorts=None, required=PAIRS)


def look(tenant, *pairs):
    tenant.run_until(NOW)
    return preview(read_only(tenant.graph), pairs_of(*pairs), "Europe/Berlin", NOW.astimezone(UTC))


def found(seen):
    return {finding.name: len(finding.among(seen.pairs)) for finding in FINDINGS}


def test_what_is_booked_is_seen_from_either_calendar_and_each_once(tenant):
    tenant.book("tom", "mira", berlin("2026-03-10 10:00"))
    tenant.book("mira", "noor", berlin("2026-03-12 10:00"))
    seen = look(tenant, ("mira", "tom"), ("mira", "noor"), ("mira", "lena"))
    assert [pair.next_at for pair in seen.pairs] == [
        berlin("2026-03-10 10:00"),
        berlin("2026-03-12 10:00"),
        None,
    ]
    assert found(seen) == {"nothing_booked": 1, "never_put_back": 0, "no_hours_in_common": 0, "cannot_be_read": 0}


def test_a_meeting_with_a_third_person_is_not_one_of_the_two(tenant):
    third = {"emailAddress": {"address": address_of("noor")}, "type": "required"}
    two = {"emailAddress": {"address": address_of("mira")}, "type": "required"}
    tenant.book("tom", "mira", berlin("2026-03-10 10:00"), attendees=[two, third])
    assert found(look(tenant, ("mira", "tom")))["nothing_booked"] == 1


@pytest.mark.parametrize("organizer", ["tom", "mira"])
def test_what_was_cancelled_and_not_put_back_in_its_week_is_found(tenant, organizer):
    other = "mira" if organizer == "tom" else "tom"
    tenant.book(organizer, other, berlin("2026-02-26 10:00"))
    tenant.cancel(organizer, tenant.only_meeting(organizer, other))
    (pair,) = look(tenant, ("mira", "tom")).pairs
    assert [slot.start for slot in pair.lost] == [berlin("2026-02-26 10:00")]


def test_what_was_put_back_in_its_week_is_well(tenant):
    tenant.book("tom", "mira", berlin("2026-02-26 10:00"))
    tenant.cancel("tom", tenant.only_meeting("tom", "mira"))
    tenant.book("tom", "mira", berlin("2026-02-27 10:00"))
    assert found(look(tenant, ("mira", "tom")))["never_put_back"] == 0


def test_hours_that_never_meet_are_named_with_both_zones(tenant):
    seen = look(tenant, ("ann", "tom"))
    assert found(seen)["no_hours_in_common"] == 1
    assert "Europe/Berlin and Australia/Sydney" in preview_text(seen)
    assert seen.pairs[0].hours_in_common == timedelta()


def test_hours_that_somebody_offers_count(tenant):
    tenant.run_until(NOW)
    rows = pairs_of(("ann", "tom"), more=("mentor_offers", "wed 18:00-20:00"))
    seen = preview(read_only(tenant.graph), rows, "Europe/Berlin", NOW.astimezone(UTC))
    assert seen.pairs[0].hours_in_common == timedelta(hours=1)
    assert seen.pairs[0].first_free.astimezone(SYDNEY).strftime("%a %H:%M") == "Wed 19:00"


def test_time_that_both_have_is_that_of_their_hours_without_what_is_taken(tenant):
    for day in range(9, 23):
        tenant.busy("tom", berlin(f"2026-03-{day:02} 00:00"), berlin(f"2026-03-{day:02} 23:45"))
    tenant.busy("mira", berlin("2026-03-23 09:00"), berlin("2026-03-23 09:50"))
    seen = look(tenant, ("mira", "tom"))
    assert (seen.pairs[0].days_free, seen.pairs[0].first_free) == (0, None)
    assert "no time that both have free" in preview_text(seen)
    tenant.run_until(NOW + timedelta(days=7))
    again = preview(read_only(tenant.graph), pairs_of(("mira", "tom")), "Europe/Berlin", tenant.now.astimezone(UTC))
    assert again.pairs[0].first_free == berlin("2026-03-23 10:00")


def test_who_cannot_be_read_is_said_in_words_and_the_others_are_seen(tenant):
    tenant.world.user(address_of("lena")).account_enabled = False
    seen = look(tenant, ("mira", "tom"), ("mira", "nobody@fabrikam.test"), ("lena", "omar"))
    text = preview_text(seen)
    assert "nobody in the directory has the address nobody@fabrikam.test" in text
    assert "Lena has left, or the account is disabled" in text
    assert found(seen) == {"nothing_booked": 1, "never_put_back": 0, "no_hours_in_common": 0, "cannot_be_read": 2}


def test_a_mailbox_out_of_scope_is_one_that_was_not_granted(open_tenant):
    tenant = open_tenant(
        people=[a_person(name) for name in ("mira", "tom")],
        pairs=[a_pair("mira", "tom")],
        rules=OBSERVE,
        out_of_scope=["tom"],
        starts_at=NOW,
    )
    assert "Tom has a calendar that graphsync was not granted" in preview_text(look(tenant, ("mira", "tom")))


def test_where_nothing_is_granted_it_says_so(open_tenant):
    tenant = open_tenant(
        people=[a_person(name) for name in ("mira", "tom")],
        pairs=[a_pair("mira", "tom")],
        rules=OBSERVE,
        permissions={"Calendars.ReadWrite": "refused"},
        starts_at=NOW,
    )
    with pytest.raises(GraphAuthError):
        look(tenant, ("mira", "tom"))


def test_nothing_can_be_written(tenant):
    tenant.book("tom", "mira", berlin("2026-03-10 10:00"))
    tenant.run_until(NOW)
    before = dict(tenant.world.request_counts)
    look(tenant, ("mira", "tom"))
    asked = {name for name, count in tenant.world.request_counts.items() if count > before.get(name, 0)}
    assert asked <= {"getUser", "getMailboxSettings", "listCalendarView", "getSchedule"}
    with pytest.raises(WriteRefused):
        read_only(tenant.graph).cancel_event("x", "y", "")


def test_the_page_and_the_data_say_the_same_as_the_text(tenant):
    seen = look(tenant, ("mira", "tom"), ("ann", "noor"))
    page, data = preview_page(seen), json.loads(preview_json(seen))
    for finding in FINDINGS:
        assert finding.headline(seen.pairs) in preview_text(seen)
        assert finding.headline(seen.pairs).partition(" ")[2] in page
    assert data["findings"] == found(seen)
    assert "<script" not in page
    assert "http" not in page


@pytest.fixture
def now_tenant(open_tenant):
    return open_tenant(
        people=[a_person("mira"), a_person("tom")],
        pairs=[a_pair("mira", "tom")],
        rules=OBSERVE,
        starts_at=SystemClock().now(),
    )


def run_command(tenant, tmp_path, *arguments):
    environment = tenant.write_files(tmp_path)
    return graphsync("preview", "--config", tmp_path, *arguments, environment=environment, cwd=tmp_path)


def test_the_command_prints_writes_the_page_and_needs_no_rule(now_tenant, tmp_path):
    now_tenant.files = {"graphsync.yaml": now_tenant.files["graphsync.yaml"].partition("service:")[0]}
    (tmp_path / "people.csv").write_text("mentor,mentee\nmira@fabrikam.test,tom@fabrikam.test\n", encoding="utf-8")
    result = run_command(now_tenant, tmp_path, "people.csv", "--html", "page.html")
    assert (result.returncode, result.stderr) == (0, "the page is in page.html\n")
    assert "1 of 1 pair has nothing booked" in result.stdout
    assert "of 1 pair has nothing booked" in (tmp_path / "page.html").read_text(encoding="utf-8")
    as_data = run_command(now_tenant, tmp_path, "people.csv", "--json")
    assert json.loads(as_data.stdout)["findings"]["nothing_booked"] == 1


def test_every_problem_of_files_and_environment_is_told_at_once(now_tenant, tmp_path):
    (tmp_path / "people.csv").write_text("mentor,mentees\nmira@fabrikam.test,tom\n", encoding="utf-8")
    now_tenant.files["graphsync.yaml"] = now_tenant.files["graphsync.yaml"].replace("  client_id:", "  klient_id:")
    result = run_command(now_tenant, tmp_path, "people.csv")
    assert result.returncode == 2
    assert "people.csv:1:8: found column 'mentees'" in result.stdout
    assert "found no column 'mentee'" in result.stdout
    assert "klient_id" in result.stdout
    missing = run_command(now_tenant, tmp_path, "nobody.csv")
    assert "nobody.csv" in missing.stdout
