"""People, groups, places and the tenant itself, over TLS.

Pages: https://learn.microsoft.com/graph/api/user-list, user-get, group-list-members, place-list,
https://learn.microsoft.com/graph/aad-advanced-queries, https://learn.microsoft.com/graph/api/user-update-mailboxsettings
"""

from __future__ import annotations

import pytest
from wire_client import PERMISSIONS, a_world, an_event, error, graph_of, run

from graphsync.sandbox.tenant.directory import Profile, Room

EVENTUAL = {"ConsistencyLevel": "eventual"}
ANA, GUEST = "/users/ana@fabrikam.test", "/users/eva@contoso.test"
GRANTED = {
    **PERMISSIONS,
    **dict.fromkeys(
        (
            "MailboxSettings.ReadWrite",
            "Group.Read.All",
            "Place.Read.All",
            "Organization.Read.All",
            "Application.Read.All",
        )
    ),
}


@pytest.fixture
def world():
    world = a_world()
    world.add_application(client_id="app", secret="secret", permissions=GRANTED)
    world.add_user(
        address="dee@fabrikam.test",
        display_name="Dee Olsen",
        windows_time_zone="UTC",
        office_location="Lyon 3",
        usage_location="FR",
        preferred_language="fr-FR",
        profile=Profile(
            job_title="Engineer",
            department="Platform",
            employee_id="4711",
            other_mails=("dee@home.test",),
            manager="ana@fabrikam.test",
        ),
    )
    world.add_user(
        address="eva@contoso.test",
        display_name="Eva",
        windows_time_zone="UTC",
        profile=Profile(user_type="Guest", department="Platform"),
    )
    return world


@pytest.fixture
def graph(world):
    with graph_of(world) as client:
        yield client


def names(answer):
    assert answer.status_code == 200, answer.text
    return [item["displayName"] for item in answer.json()["value"]]


def users(graph, wanted=None, *, headers=None, **options):
    if wanted:
        options["$filter"] = wanted
    return graph.get("/users", params=options, headers=headers)


# Users -------------------------------------------------------------------------------------------------------


def test_the_properties_that_come_unasked_and_those_that_are_selected(graph):
    default = graph.get("/users/dee@fabrikam.test").json()
    assert {name for name in default if not name.startswith("@")} == {
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
        "id",
    }
    chosen = {
        "department": "Platform",
        "employeeId": "4711",
        "otherMails": ["dee@home.test"],
        "proxyAddresses": ["SMTP:dee@fabrikam.test"],
        "usageLocation": "FR",
        "userType": "Member",
        "accountEnabled": True,
    }
    found = graph.get("/users/dee@fabrikam.test", params={"$select": ",".join(chosen)}).json()
    assert found.pop("@odata.context").endswith(f"#users({','.join(chosen)})/$entity")
    assert found == chosen


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("mail eq 'DEE@fabrikam.test'", ["Dee Olsen"]),
        ("userPrincipalName eq 'dee@fabrikam.test'", ["Dee Olsen"]),
        ("startsWith(displayName,'de')", ["Dee Olsen"]),
        ("department eq 'Platform'", ["Dee Olsen", "Eva"]),
        ("officeLocation eq 'Lyon 3'", ["Dee Olsen"]),
        ("displayName in ('Ana', 'Bo')", ["Ana", "Bo"]),
        ("department in ('Platform') and userType eq 'Member'", ["Dee Olsen"]),
        ("accountEnabled eq false", []),
        ("otherMails/any(m:m eq 'dee@home.test')", ["Dee Olsen"]),
        ("proxyAddresses/any(p:startsWith(p,'smtp:dee'))", ["Dee Olsen"]),
    ],
)
def test_users_by_filter(graph, wanted, found):
    assert names(users(graph, wanted)) == found


@pytest.mark.parametrize("wanted", ["department ne 'Platform'", "endsWith(mail,'@fabrikam.test')"])
def test_advanced_filters_need_their_header_and_a_count(graph, wanted):
    assert error(users(graph, wanted)) == (400, "Request_UnsupportedQuery")
    assert error(users(graph, wanted, headers=EVENTUAL)) == (400, "Request_UnsupportedQuery")
    answer = users(graph, wanted, headers=EVENTUAL, **{"$count": "true", "$top": "2"})
    assert (len(answer.json()["value"]), answer.json()["@odata.count"]) == (2, 4)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"$filter": "contains(displayName,'a')"}, (400, "Request_UnsupportedQuery")),
        ({"$search": '"displayName:Ana"'}, (501, "NotImplemented")),
        ({"$expand": "manager"}, (501, "NotImplemented")),
        ({"$filter": "businessPhones eq 'x'"}, (400, "UnsupportedEntityExpression")),
        ({"$skip": "1"}, (400, "BadRequest")),
        ({"$skiptoken": "x"}, (400, "Directory_ExpiredPageToken")),
        ({"$orderby": "department"}, (400, "BadRequest")),
        ({"$orderby": "displayName", "$filter": "accountEnabled eq true"}, (400, "Request_UnsupportedQuery")),
        ({"$select": "shoeSize"}, (400, "BadRequest")),
        ({"$filter": "displayName in 'Ana'"}, (400, "BadRequest")),
    ],
    ids=lambda value: next(iter(value.items()))[0] if isinstance(value, dict) else None,
)
def test_what_cannot_be_asked_of_users(graph, options, status):
    assert error(graph.get("/users", params=options)) == status


def test_pages_counts_and_order(graph):
    first = users(graph, **{"$top": "4", "$count": "true"})
    assert "@odata.count" not in first.json()
    second = graph.get(first.json()["@odata.nextLink"])
    assert names(first) + names(second) == ["Ana", "Bo", "Cy", "Dee Olsen", "Eva", "No"]
    assert "@odata.nextLink" not in second.json()
    ordered = users(graph, headers=EVENTUAL, **{"$orderby": "displayName desc", "$count": "true"})
    assert names(ordered)[:2] == ["No", "Eva"]
    counted = graph.get("/users/$count", headers=EVENTUAL)
    assert (counted.text, counted.headers["content-type"]) == ("6", "text/plain")
    few = graph.get("/users/$count", headers=EVENTUAL, params={"$filter": "department eq 'Platform'"})
    assert few.text == "2"
    assert error(graph.get("/users/$count")) == (400, "Request_BadRequest")


def test_a_guest_has_another_principal_name_and_no_mailbox(graph, world):
    guest = graph.get(GUEST, params={"$select": "mail,userPrincipalName,userType"}).json()
    assert (guest["mail"], guest["userPrincipalName"], guest["userType"]) == (
        "eva@contoso.test",
        "eva_contoso.test#EXT#@fabrikam.test",
        "Guest",
    )
    assert graph.get("/users/eva_contoso.test%23EXT%23@fabrikam.test").json()["displayName"] == "Eva"
    assert error(graph.get(f"{GUEST}/events")) == (404, "MailboxNotEnabledForRESTAPI")
    assert error(graph.get("/users/none@fabrikam.test/events")) == (404, "MailboxNotEnabledForRESTAPI")
    assert graph.get("/users/none@fabrikam.test").json()["mail"] is None
    world.send_mail(
        "ana@fabrikam.test",
        {"subject": "x", "toRecipients": [{"emailAddress": {"address": "nobody@contoso.test"}}]},
        actor="ana@fabrikam.test",
    )
    assert world.messages("ana@fabrikam.test", "inbox") == []


def test_managers_and_reports(graph):
    manager = graph.get("/users/dee@fabrikam.test/manager", params={"$select": "displayName"}).json()
    assert (manager["@odata.type"], manager["displayName"]) == ("#microsoft.graph.user", "Ana")
    assert names(graph.get(f"{ANA}/directReports")) == ["Dee Olsen"]
    assert error(graph.get(f"{ANA}/manager")) == (404, "Request_ResourceNotFound")
    assert error(graph.get("/users/ghost@fabrikam.test/manager")) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("who", "teams"), [("ana@fabrikam.test", "Success"), ("cy@fabrikam.test", "Disabled"), ("eva@contoso.test", None)]
)
def test_whether_somebody_has_teams_is_in_the_licence_details(graph, who, teams):
    plans = [
        plan
        for product in graph.get(f"/users/{who}/licenseDetails").json()["value"]
        for plan in product["servicePlans"]
        if plan["servicePlanName"] == "TEAMS1"
    ]
    assert [plan["provisioningStatus"] for plan in plans] == ([teams] if teams else [])


def test_nobody_has_a_photo_and_changes_of_users_are_not_served(graph):
    for path in ("photo", "photo/$value"):
        assert error(graph.get(f"{ANA}/{path}")) == (404, "ImageNotFound")
    assert error(graph.get("/users/delta")) == (501, "NotImplemented")


def test_a_basic_permission_reads_users_and_not_who_they_report_to(world):
    world.add_application(client_id="app", secret="secret", permissions={"User.ReadBasic.All": None})
    with graph_of(world) as graph:
        assert graph.get(ANA).status_code == 200
        assert error(graph.get(f"{ANA}/manager")) == (403, "Authorization_RequestDenied")
        assert error(graph.get("/groups")) == (403, "Authorization_RequestDenied")
        assert error(graph.get("/places/microsoft.graph.room")) == (403, "ErrorAccessDenied")
        assert error(graph.get("/organization")) == (403, "Authorization_RequestDenied")


# Groups ------------------------------------------------------------------------------------------------------


@pytest.fixture
def cohorts(world):
    inner = world.add_group("New hires", ["bo@fabrikam.test", "dee@fabrikam.test"])
    outer = world.add_group("Mentoring", ["ana@fabrikam.test", inner], mail="mentoring@fabrikam.test")
    inner.member_ids.append(outer.id)
    return outer, inner


def test_groups_and_their_members_also_through_other_groups(graph, cohorts):
    outer, inner = cohorts
    assert names(graph.get("/groups")) == ["Mentoring", "New hires"]
    assert names(graph.get("/groups", params={"$filter": "startsWith(displayName,'new')"})) == ["New hires"]
    found = graph.get(f"/groups/{outer.id}").json()
    assert (found["mail"], found["groupTypes"], found["securityEnabled"]) == (
        "mentoring@fabrikam.test",
        ["Unified"],
        False,
    )
    assert set(graph.get(f"/groups/{outer.id}?$select=id,mail").json()) == {"@odata.context", "id", "mail"}
    members = graph.get(f"/groups/{outer.id}/members").json()["value"]
    assert [(item["@odata.type"], item["displayName"]) for item in members] == [
        ("#microsoft.graph.user", "Ana"),
        ("#microsoft.graph.group", "New hires"),
    ]
    through = graph.get(f"/groups/{outer.id}/transitiveMembers", params={"$top": "2", "$select": "id,displayName"})
    rest = graph.get(through.json()["@odata.nextLink"])
    assert names(through) + names(rest) == ["Ana", "Bo", "Dee Olsen", "New hires"]
    assert set(through.json()["value"][0]) == {"@odata.type", "id", "displayName"}
    assert names(graph.get(f"/groups/{outer.id}/transitiveMembers/microsoft.graph.user")) == ["Ana", "Bo", "Dee Olsen"]
    assert names(graph.get(f"/groups/{inner.id}/members/microsoft.graph.user")) == ["Bo", "Dee Olsen"]
    assert error(graph.get("/groups/none/members")) == (404, "Request_ResourceNotFound")


def test_who_left_the_directory_is_no_member(graph, world, cohorts):
    world.remove_user("bo@fabrikam.test")
    assert names(graph.get(f"/groups/{cohorts[1].id}/members")) == ["Dee Olsen", "Mentoring"]


def test_members_are_ids_alone_without_a_permission_to_read_people(world, cohorts):
    world.add_application(client_id="app", secret="secret", permissions={"GroupMember.Read.All": None})
    with graph_of(world) as graph:
        [ana, group] = graph.get(f"/groups/{cohorts[0].id}/members").json()["value"]
        assert (ana["id"], ana["displayName"]) == (world.user("ana@fabrikam.test").id, None)
        assert group["displayName"] == "New hires"


def test_a_group_has_one_name_and_known_members(world, cohorts):
    with pytest.raises(ValueError, match="exists already"):
        world.add_group("mentoring", [])


# Places ------------------------------------------------------------------------------------------------------


@pytest.fixture
def rooms(world):
    room = Room(
        building="B1",
        floor_number=2,
        capacity=6,
        room_list="b1@fabrikam.test",
        audio_device="Speaker",
        video_device="Camera",
        tags=("window",),
    )
    world.add_room_list("b1@fabrikam.test", "Building 1")
    for name, what in (("r1", room), ("r2", Room(capacity=20, room_list="B1@fabrikam.test")), ("r3", None)):
        world.add_user(
            address=f"{name}@fabrikam.test", display_name=name, windows_time_zone="UTC", purpose="room", room=what
        )


def test_rooms_and_the_lists_they_are_in(graph, rooms):
    found = graph.get("/places/microsoft.graph.room", params={"$count": "true", "$top": "2"}).json()
    assert (found["@odata.count"], len(found["value"])) == (3, 2)
    assert names(graph.get(found["@odata.nextLink"])) == ["r3"]
    room = found["value"][0]
    assert {
        name: room[name] for name in ("emailAddress", "building", "floorNumber", "capacity", "videoDeviceName")
    } == {
        "emailAddress": "r1@fabrikam.test",
        "building": "B1",
        "floorNumber": 2,
        "capacity": 6,
        "videoDeviceName": "Camera",
    }
    large = graph.get("/places/microsoft.graph.room", params={"$filter": "capacity ge 10", "$select": "displayName"})
    assert large.json()["value"] == [{"displayName": "r2"}]
    [listed] = graph.get("/places/microsoft.graph.roomlist").json()["value"]
    assert (listed["displayName"], listed["emailAddress"]) == ("Building 1", "b1@fabrikam.test")
    assert names(graph.get("/places/b1@fabrikam.test/microsoft.graph.roomlist/rooms")) == ["r1", "r2"]
    by_id = graph.get(f"/places/{listed['id']}/microsoft.graph.roomlist/rooms")
    assert error(by_id) == (404, "ErrorItemNotFound")
    for key in (room["id"], "R1@fabrikam.test"):
        one = graph.get(f"/places/{key}").json()
        assert (one["@odata.type"], one["id"]) == ("#microsoft.graph.room", room["id"])
    assert graph.get(f"/places/{listed['id']}").json()["@odata.type"] == "#microsoft.graph.roomList"
    assert error(graph.get("/places/ana@fabrikam.test")) == (404, "ErrorItemNotFound")


def test_a_room_of_the_directory_can_be_booked(graph, world, rooms):
    room = {"emailAddress": {"address": "r1@fabrikam.test"}, "type": "resource"}
    event = graph.post(f"{ANA}/events", json=an_event(attendees=[room])).json()
    run(world, world.clock.now().resolution * 30_000_000)
    [attendee] = graph.get(f"{ANA}/events/{event['id']}").json()["attendees"]
    assert attendee["status"]["response"] == "accepted"


# The tenant and what was granted -----------------------------------------------------------------------------


def test_the_tenant_and_its_domains(graph, world):
    [tenant] = graph.get("/organization").json()["value"]
    assert tenant["id"] == world.tenant_id
    assert [domain["name"] for domain in tenant["verifiedDomains"]] == ["fabrikam.test"]


def test_what_was_granted_to_an_application_can_be_listed(graph):
    [mine] = graph.get("/servicePrincipals", params={"$filter": "appId eq 'app'"}).json()["value"]
    microsoft = {"$filter": "appId eq '00000003-0000-0000-c000-000000000000'"}
    [resource] = graph.get("/servicePrincipals", params=microsoft).json()["value"]
    roles = {role["id"]: role["value"] for role in resource["appRoles"]}
    granted = graph.get(f"/servicePrincipals/{mine['id']}/appRoleAssignments").json()["value"]
    assert {roles[item["appRoleId"]] for item in granted} == set(GRANTED)
    assert {item["resourceId"] for item in granted} == {resource["id"]}
    assert graph.get(f"/servicePrincipals/{mine['id']}").json()["appId"] == "app"
    assert error(graph.get("/servicePrincipals")) == (501, "NotImplemented")
    assert error(graph.get("/servicePrincipals?$filter=appId ne 'x'")) == (400, "BadRequest")
    assert error(graph.get("/servicePrincipals/none")) == (404, "Request_ResourceNotFound")


# Mailbox settings --------------------------------------------------------------------------------------------


def test_mailbox_settings_are_changed_together_or_not_at_all(graph, world):
    body = {
        "timeZone": "Tokyo Standard Time",
        "timeFormat": "h:mm tt",
        "language": {"locale": "ja-JP"},
        "workingHours": {"daysOfWeek": ["Monday"], "startTime": "08:30:00.0000000", "endTime": "16:00:00"},
        "automaticRepliesSetting": {
            "status": "scheduled",
            "externalAudience": "All",
            "internalReplyMessage": "Back soon",
            "scheduledStartDateTime": {"dateTime": "2026-01-05T00:00:00", "timeZone": "UTC"},
            "scheduledEndDateTime": {"dateTime": "2026-01-09T00:00:00", "timeZone": "UTC"},
        },
    }
    answer = graph.patch(f"{ANA}/mailboxSettings", json=body)
    assert (answer.status_code, set(answer.json())) == (200, {"@odata.context", *body})
    found = graph.get(f"{ANA}/mailboxSettings").json()
    assert (found["timeZone"], found["timeFormat"], found["language"]["locale"]) == (
        "Tokyo Standard Time",
        "h:mm tt",
        "ja-JP",
    )
    assert found["workingHours"]["daysOfWeek"] == ["monday"]
    assert found["workingHours"]["startTime"] == "08:30:00.0000000"
    replies = found["automaticRepliesSetting"]
    assert (replies["status"], replies["externalAudience"], replies["internalReplyMessage"]) == (
        "scheduled",
        "all",
        "Back soon",
    )
    assert world.user("ana@fabrikam.test").is_away(world.clock.now())
    [entry] = world.journal.entries("automatic_replies")
    assert (entry.actor, entry.details["status"]) == ("app:app", "scheduled")
    wrong = {"dateFormat": "dd.MM.yyyy", "timeZone": "Mars"}
    assert error(graph.patch(f"{ANA}/mailboxSettings", json=wrong)) == (400, "TimeZoneNotSupportedException")
    assert graph.get(f"{ANA}/mailboxSettings/dateFormat").json()["value"] == "yyyy-MM-dd"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"userPurpose": "room"}, (400, "ErrorInvalidPropertySet")),
        ({"timezone": "UTC"}, (400, "RequestBodyRead")),
        ({"workingHours": {"startTime": "18:00"}}, (400, "ErrorPropertyValidationFailure")),
        ({"workingHours": {"startTime": "8"}}, (400, "ErrorPropertyValidationFailure")),
        ({"workingHours": {"timeZone": {"name": "UTC"}}}, (501, "NotImplemented")),
        ({"automaticRepliesSetting": {"status": "scheduled"}}, (400, "ErrorInvalidParameter")),
        ({"automaticRepliesSetting": {"status": "sometimes"}}, (400, "RequestBodyRead")),
        ({"automaticRepliesSetting": {"state": "disabled"}}, (400, "RequestBodyRead")),
        ({"delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly"}, (501, "NotImplemented")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_mailbox_settings_that_are_not_taken(graph, world, body, status):
    before = graph.get(f"{ANA}/mailboxSettings").json()
    assert error(graph.patch(f"{ANA}/mailboxSettings", json=body)) == status
    assert graph.get(f"{ANA}/mailboxSettings").json() == before


def test_working_hours_move_to_another_zone_with_their_mailbox(graph):
    tokyo = "Tokyo Standard Time"
    for body in (
        {"workingHours": {"startTime": "08:30", "timeZone": {"name": tokyo}}, "timeZone": tokyo},
        {"timeZone": "UTC", "workingHours": {"timeZone": {"name": "UTC"}}},
    ):
        assert graph.patch(f"{ANA}/mailboxSettings", json=body).status_code == 200
        found = graph.get(f"{ANA}/mailboxSettings").json()
        assert found["workingHours"]["timeZone"]["name"] == found["timeZone"] == body["timeZone"]
    apart = {"timeZone": tokyo, "workingHours": {"timeZone": {"name": "UTC"}}}
    assert error(graph.patch(f"{ANA}/mailboxSettings", json=apart)) == (501, "NotImplemented")


def test_reading_mailbox_settings_does_not_let_change_them(world):
    world.add_application(client_id="app", secret="secret", permissions={"MailboxSettings.Read": None})
    with graph_of(world) as graph:
        assert error(graph.patch(f"{ANA}/mailboxSettings", json={"timeZone": "UTC"})) == (403, "ErrorAccessDenied")
