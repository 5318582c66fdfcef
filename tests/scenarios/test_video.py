"""Video comes first: every session has its Teams link, and where none can be made somebody hears of it."""

import pytest
from tenant import a_pair, a_person, berlin

WITHOUT_TEAMS = [a_person("mira"), a_person("tom", teams_licence=False)]


def organizer_alert(tenant, who):
    return f"no-teams/{tenant.world.user(f'{who}@fabrikam.test').id}"


def test_an_organizer_without_teams_is_an_alert_and_not_a_quiet_fall_to_phone(open_tenant):
    tenant = open_tenant(people=WITHOUT_TEAMS)
    tenant.run_for(hours=2)
    meeting = tenant.only_meeting("tom")
    assert not meeting.is_online_meeting
    assert "has no Teams licence or policy" in tenant.alerts()[organizer_alert(tenant, "tom")]
    assert [session.medium for session in tenant.sessions()] == ["video"]
    assert "phone" not in meeting.body_html.lower()


def test_a_licence_that_is_gone_between_looking_and_creating_is_noticed_in_the_answer(open_tenant):
    tenant = open_tenant()
    tom = tenant.world.user("tom@fabrikam.test")

    def take_the_licence(operation, phase):
        if (operation, phase) == ("createEvent", "received"):
            tom.teams_licence = False

    tenant.world.on_request = take_the_licence
    tenant.run_for(hours=2)
    assert not tenant.only_meeting("tom").is_online_meeting
    assert list(tenant.alerts()) == [organizer_alert(tenant, "tom")]


def test_the_link_is_added_once_the_organizer_has_a_licence_and_the_alert_goes(open_tenant):
    tenant = open_tenant(people=WITHOUT_TEAMS, sweep_hours=24)
    tenant.run_for(hours=2)
    before = tenant.only_meeting("tom")
    kept = (before.id, before.start, before.subject)
    tenant.world.user("tom@fabrikam.test").teams_licence = True
    tenant.run_for(days=1, hours=2)
    after = tenant.only_meeting("tom")
    assert (after.id, after.start, after.subject) == kept
    assert after.join_url
    assert tenant.only_meeting("mira").join_url == after.join_url
    assert tenant.alerts() == {}


def test_nobody_is_asked_again_and_again_for_a_licence(open_tenant):
    tenant = open_tenant(people=WITHOUT_TEAMS, sweep_hours=24)
    tenant.run_for(days=3)
    assert tenant.requests("updateEvent") == 0
    assert len(tenant.alerts()) == 1


@pytest.mark.parametrize("who", ["mira", "tom"])
def test_a_session_people_booked_themselves_gets_the_link_and_nothing_else_changes(open_tenant, who):
    tenant = open_tenant(pairs=[a_pair("mira", "tom", opt_ins="self_booked", standing="tue 10:00")])
    tenant.run_for(minutes=5)
    other = "tom" if who == "mira" else "mira"
    own = tenant.book(who, other, berlin("2026-03-05 10:00"), location={"displayName": "Café"})
    tenant.answer(other, own, "accepted")
    tenant.run_for(minutes=5)
    kept = (own.id, own.start, own.end, own.subject, own.body_html, own.location, own.attendees[0].response)
    tenant.run_for(hours=2)
    assert own.join_url
    assert kept[:4] == (own.id, own.start, own.end, own.subject)
    assert own.body_html.startswith(kept[4])
    assert (own.location, own.attendees[0].response) == kept[5:]
    assert own.extended_properties == {}


def test_a_self_booked_session_of_somebody_without_teams_is_an_alert_too(open_tenant):
    tenant = open_tenant(
        people=[a_person("mira", teams_licence=False), a_person("tom")],
        pairs=[a_pair("mira", "tom", opt_ins="self_booked")],
    )
    tenant.run_for(minutes=5)
    tenant.book("mira", "tom", berlin("2026-03-05 10:00"))
    tenant.run_for(hours=2)
    assert organizer_alert(tenant, "mira") in tenant.alerts()


def test_a_session_stays_on_video_when_it_is_put_back(open_tenant):
    tenant = open_tenant()
    tenant.run_for(minutes=5)
    tenant.cancel("tom", tenant.only_meeting("tom"))
    tenant.run_for(hours=4)
    assert tenant.only_meeting("tom").join_url
