"""Sessions are booked ahead: on both calendars, in both people's hours, and never twice at one time."""

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from tenant import BERLIN, NEW_YORK, SESSION, SYDNEY, TamperedGraph, a_pair, a_person, berlin, wall, week_of

from graphsync.errors import GraphTransient
from graphsync.sandbox.tenant.directory import Profile

TAG = "mentorship={};number=1;rule=everyone-meets"


def on_calendar_of_both(tenant, mentor="mira", mentee="tom"):
    return tenant.only_meeting(mentee), tenant.only_meeting(mentor)


def test_a_new_pair_gets_its_first_session_at_least_a_week_ahead_and_within_ten_working_days(tenant):
    tenant.run_for(minutes=5)
    kept, received = on_calendar_of_both(tenant)
    assert kept.ical_uid == received.ical_uid
    assert kept.created_at + timedelta(days=7) <= kept.start
    assert kept.start < berlin("2026-03-17 00:00")
    assert kept.end - kept.start == SESSION


def test_the_invite_carries_a_teams_link_an_agenda_and_the_mark_it_is_found_by(tenant):
    tenant.run_for(minutes=5)
    kept, received = on_calendar_of_both(tenant)
    (session,) = tenant.sessions()
    assert kept.is_online_meeting
    assert received.join_url == kept.join_url
    assert "Agenda" in received.body_html
    assert list(kept.extended_properties.values()) == [TAG.format(session.mentorship)]
    assert received.extended_properties == {}
    assert (session.online, session.event_id, session.organizer) == (
        True,
        kept.id,
        tenant.world.user("tom@fabrikam.test").id,
    )


@pytest.mark.parametrize(
    ("cohort", "organizer"),
    [("by-mentee", "tom"), ("by-mentor", "mira"), ("by-programme", "mentoring")],
    ids=["mentee", "mentor", "programme mailbox"],
)
def test_the_cohort_says_whose_calendar_the_session_lives_on(open_tenant, cohort, organizer):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", cohort=cohort)])
    tenant.run_for(minutes=5)
    kept, received = on_calendar_of_both(tenant)
    assert {kept.organizer_address, received.organizer_address} == {f"{organizer}@fabrikam.test"}
    assert tenant.only_meeting(organizer).is_organizer


def test_the_standing_time_is_kept_when_it_is_free(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", standing="tue 14:30")])
    tenant.run_for(days=9)
    assert tenant.starts("tom") == ["Tue 10 Mar 14:30", "Tue 24 Mar 14:30"]


def test_a_weekly_pair_comes_back_to_its_standing_time_after_a_session_elsewhere(open_tenant):
    """Issue 3: within a quarter of a week around a Friday there is no Tuesday, so it was never seen again."""
    tenant = open_tenant(pairs=[a_pair("mira", "tom", standing="tue 14:30", cadence="7 days")])
    tenant.run_for(minutes=5)
    tenant.move("tom", tenant.only_meeting("tom"), berlin("2026-03-13 10:00"))
    tenant.run_for(days=10)
    assert tenant.starts("tom") == ["Fri 13 Mar 10:00", "Tue 24 Mar 14:30"]


def test_the_standing_time_follows_the_wall_clock_through_both_changes_of_clocks(open_tenant):
    tenant = open_tenant(
        people=[a_person("mira"), a_person("ana", "America/New_York")],
        pairs=[a_pair("mira", "ana", standing="wed 09:00", cadence="7 days")],
    )
    tenant.run_for(days=22)
    starts = [meeting.start for meeting in tenant.meetings("ana")]
    assert [wall(start, NEW_YORK) for start in starts] == [
        f"Wed {day} 09:00" for day in ("11 Mar", "18 Mar", "25 Mar", "1 Apr")
    ]
    # New York is an hour nearer to Berlin between the two changes.
    assert [f"{start.astimezone(BERLIN):%H}" for start in starts] == ["14", "14", "14", "15"]


@pytest.mark.parametrize(("cadence", "days"), [("7 days", 7), ("14 days", 14)])
def test_sessions_follow_each_other_in_the_pairs_cadence_each_invited_a_week_ahead(open_tenant, cadence, days):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", cadence=cadence)])
    tenant.run_for(days=days + 2)
    meetings = tenant.meetings("tom")
    assert len(meetings) >= 2
    for before, after in pairwise(meetings):
        assert abs((after.start - before.start) - timedelta(days=days)) <= timedelta(days=days / 4)
    assert all(meeting.start - meeting.created_at >= timedelta(days=7) for meeting in meetings)


def test_there_is_always_a_session_to_come(tenant):
    for _ in range(3):
        tenant.run_for(days=4)
        assert tenant.coming("mira").ical_uid == tenant.coming("tom").ical_uid


def test_three_mentees_of_one_mentor_never_meet_her_at_the_same_time(open_tenant):
    mentees = ("tom", "noor", "ana")
    tenant = open_tenant(
        people=[a_person(name) for name in ("mira", *mentees)],
        pairs=[a_pair("mira", mentee, standing="tue 10:00", cadence="7 days") for mentee in mentees],
    )
    tenant.run_for(days=8)
    meetings = tenant.meetings("mira")
    assert {attendee for m in meetings for attendee in [m.organizer_address]} == {f"{m}@fabrikam.test" for m in mentees}
    assert all(before.end <= after.start for before, after in pairwise(meetings))
    a_day = [wall(meeting.start)[:10] for meeting in meetings]
    a_week = [week_of(meeting.start) for meeting in meetings]
    assert max(map(a_day.count, a_day)) <= 2
    assert max(map(a_week.count, a_week)) <= 4


@pytest.mark.parametrize("show_as", ["busy", "tentative", "oof"])
def test_a_session_is_not_put_over_what_either_has_planned(open_tenant, show_as):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", standing="tue 10:00")])
    tenant.busy("mira", berlin("2026-03-10 09:00"), berlin("2026-03-10 13:00"), show_as)
    tenant.busy("tom", berlin("2026-03-10 13:00"), berlin("2026-03-10 15:00"), show_as)
    tenant.run_for(minutes=5)
    start = tenant.only_meeting("tom").start
    assert not berlin("2026-03-10 08:11") < start < berlin("2026-03-10 15:00")


def test_time_that_shows_as_free_can_be_met_in(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", standing="tue 10:00")])
    tenant.busy("mira", berlin("2026-03-10 09:00"), berlin("2026-03-10 13:00"), "free")
    tenant.run_for(minutes=5)
    assert tenant.starts("tom") == ["Tue 10 Mar 10:00"]


def test_a_full_calendar_is_said_and_looked_at_again_the_next_day(open_tenant):
    tenant = open_tenant()
    tenant.busy("mira", berlin("2026-03-02 00:00"), berlin("2026-03-24 12:00"))
    tenant.run_for(minutes=5)
    assert tenant.meetings("tom") == []
    assert "the calendar of the mentor had no hour left that suited both" in [entry.detail for entry in tenant.audit()]
    tenant.run_for(days=4)
    assert tenant.only_meeting("tom").start >= berlin("2026-03-24 12:00")


def test_people_without_a_common_hour_are_told_why_and_nothing_is_booked(open_tenant):
    tenant = open_tenant(
        people=[a_person("mira"), a_person("liam", "Australia/Sydney")], pairs=[a_pair("mira", "liam")]
    )
    tenant.run_for(days=2)
    assert tenant.meetings("liam") == []
    reason = "the working hours of the two do not overlap"
    assert {entry.detail for entry in tenant.audit() if entry.outcome == "no slot"} == {reason}
    for who in ("mira", "liam"):
        (mail,) = tenant.mails(who, "book_ahead")
        assert reason in mail.body.lower()


def test_where_hours_do_not_meet_only_offered_ones_are_used_and_the_two_take_turns(open_tenant):
    tenant = open_tenant(
        people=[a_person("mira"), a_person("liam", "Australia/Sydney")],
        pairs=[
            a_pair(
                "mira",
                "liam",
                cadence="7 days",
                mentor_offers="mon-fri 06:00-07:00",
                mentee_offers="mon-fri 19:00-21:00",
            )
        ],
    )
    tenant.run_for(days=13)
    meetings = tenant.meetings("liam")
    in_berlin = [meeting.start.astimezone(BERLIN).hour for meeting in meetings]
    in_sydney = [meeting.start.astimezone(SYDNEY).hour for meeting in meetings]
    assert len(meetings) == 3
    # Early for Mira (within Liam's day), then late for Liam (within hers), and so on.
    turns = ["mira" if hour == 6 else "liam" for hour in in_berlin]
    assert turns in (["liam", "mira", "liam"], ["mira", "liam", "mira"]), (in_berlin, in_sydney)
    for turn, hour in zip(turns, in_sydney, strict=True):
        assert (19 <= hour < 21) if turn == "liam" else (9 <= hour < 17)


def test_colleagues_of_one_office_meet_in_person_first_and_by_video_from_then_on(open_tenant):
    tenant = open_tenant(people=[a_person("mira", office_location="Berlin"), a_person("tom", office_location="Berlin")])
    tenant.run_for(days=8)
    first, second = tenant.meetings("tom")
    assert (first.is_online_meeting, first.location) == (False, "Berlin")
    assert (second.is_online_meeting, second.location) == (True, "")
    assert [session.medium for session in tenant.sessions()] == ["in_person", "video"]


def test_who_chose_the_phone_is_called_and_gets_no_link(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", medium="phone", phone="Mira calls Tom at +49 30 5550 0142")])
    tenant.run_for(days=10)
    assert [meeting.is_online_meeting for meeting in tenant.meetings("tom")] == [False, False]
    assert all("+49 30 5550 0142" in meeting.body_html for meeting in tenant.meetings("mira"))
    assert tenant.alerts() == {}


@pytest.mark.parametrize("status", ["paused", "ended"])
def test_a_mentorship_that_is_not_active_is_left_alone(open_tenant, status):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", status=status)])
    tenant.run_for(days=8)
    assert tenant.meetings("tom") == []


def test_a_mentorship_that_starts_later_is_booked_from_its_first_day(open_tenant):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", started="2026-03-09")])
    tenant.run_until(berlin("2026-03-08 23:59"))
    assert tenant.meetings("tom") == []
    tenant.run_until(berlin("2026-03-09 00:01"))
    assert tenant.only_meeting("tom").start >= berlin("2026-03-16 00:00")


def test_meetings_with_others_are_no_business_of_the_service(open_tenant):
    tenant = open_tenant(people=[a_person(name) for name in ("mira", "tom", "eve")])
    theirs = tenant.book("mira", "eve", berlin("2026-03-11 10:00"))
    before = (theirs.start, theirs.body_html, theirs.change_key)
    tenant.run_for(days=5)
    assert (theirs.start, theirs.body_html, theirs.change_key) == before
    assert [session.event_id for session in tenant.sessions() if session.event_id == theirs.id] == []
    assert len(tenant.meetings("tom")) == 1


def test_a_second_start_of_the_service_changes_nothing(tenant):
    tenant.run_for(minutes=5)
    tenant.start_service()
    tenant.run_for(days=1)
    assert len(tenant.meetings("tom")) == 1
    assert tenant.requests("createEvent") == 1
    assert len(tenant.world.live_subscriptions()) == 3


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York"])
def test_working_hours_of_both_are_kept_in_their_own_zones(open_tenant, zone):
    tenant = open_tenant(
        people=[a_person("mira"), a_person("ana", zone, start="08:30", end="12:00")],
        pairs=[a_pair("mira", "ana", cadence="7 days")],
    )
    tenant.run_for(days=7)
    for meeting in tenant.meetings("ana"):
        own = meeting.start.astimezone(ZoneInfo(zone))
        assert own.strftime("%H:%M") >= "08:30"
        assert (own + SESSION).strftime("%H:%M") <= "12:00"
        assert meeting.start.astimezone(BERLIN).hour >= 9
        assert meeting.end.astimezone(BERLIN).strftime("%H:%M") <= "17:00"
    assert len(tenant.meetings("ana")) >= 2


@pytest.mark.parametrize(
    ("guests", "organizer"), [(["tom"], "mira"), (["mira"], "tom"), (["mira", "tom"], "mentoring")]
)
def test_a_guest_is_invited_by_the_other_one_and_two_guests_by_the_programme(open_tenant, guests, organizer):
    guest = {"profile": Profile(user_type="Guest")}
    people = [{"name": name, **(guest if name in guests else {})} for name in ("mira", "tom")]
    tenant = open_tenant(people=people, pairs=[a_pair("mira", "tom", standing="tue 10:00")])
    tenant.run_for(days=1)
    meeting = tenant.only_meeting(organizer)
    assert meeting.start == berlin("2026-03-10 10:00")
    assert {one.address for one in meeting.attendees} == {
        f"{n}@fabrikam.test" for n in ("mira", "tom") if n != organizer
    }
    assert [key for key in tenant.alerts() if not key.startswith("unreachable/")] == []


def test_a_session_on_its_way_to_calendars_counts_against_the_limits_of_its_mentor(open_tenant):
    pairs = [a_pair("mira", "tom", standing="tue 10:00"), a_pair("mira", "noor", standing="tue 14:00")]
    rules = "- {name: book, practice: book_ahead, mode: enforce, mentor_limits: {a_day: 1}}\n"
    tenant = open_tenant(people=[a_person(name) for name in ("mira", "tom", "noor")], pairs=pairs[:1], rules=rules)

    def throttled(_real, *_arguments):
        raise GraphTransient("create_event", status=429, retry_after=timedelta(minutes=30))

    tenant.start_service(graph=TamperedGraph(tenant.graph, create_event=throttled))
    tenant.run_for(minutes=5)
    tenant.rewrite(pairs=pairs)
    tenant.start_service(graph=tenant.graph)
    tenant.run_for(minutes=5)
    assert tenant.meetings("tom") == []
    assert len(tenant.meetings("noor")) == 1
    tenant.run_for(hours=1)
    assert wall(tenant.only_meeting("tom").start) == "Tue 10 Mar 10:00"
    assert len({start[:10] for start in tenant.starts("mira")}) == 2
