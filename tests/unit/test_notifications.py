import json

import pytest

from graphsync.errors import MalformedNotification
from graphsync.notifications import (
    MAX_ITEM_ID,
    MAX_ITEMS,
    MAX_VALIDATION_TOKEN,
    ChangeNotification,
    LifecycleEvent,
    LifecycleNotification,
    item_id,
    parse,
    validation_token,
)

SUBSCRIPTION = "c2a9d5f4-1c57-4f0e-8a3f-6a0d0c7b9e21"
USER = "4b0f3c1e-6d0a-4c0c-9a5e-0d7d0c2a1f11"
EVENT = "AAkALgAAAAAAHYQDEapmEc2byACqAC_EWg0AAA-b="
JSON = "application/json; charset=utf-8"


def an_item(**members):
    """A change notification as the reference page shows it; None leaves a member out."""
    item = {
        "subscriptionId": SUBSCRIPTION,
        "subscriptionExpirationDateTime": "2026-12-01T09:30:00+05:30",
        "changeType": "updated",
        "resource": f"Users/{USER}/Events/{EVENT}",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": "x", "id": EVENT},
        "clientState": "s3-8d1c0f7e2b",
        "tenantId": "3d0a8c2e-2f41-4a52-9d3b-71a0c5f4e6b8",
    } | members
    return {name: value for name, value in item.items() if value is not None}


def a_lifecycle_item(event):
    return {"subscriptionId": SUBSCRIPTION, "clientState": "s3", "tenantId": "t", "lifecycleEvent": event}


def a_body(*items, **members):
    return json.dumps({"value": list(items)} | members).encode()


def a_change(*, resource="", resource_id=""):
    return ChangeNotification(
        subscription_id=SUBSCRIPTION,
        client_state="",
        change_type="updated",
        resource=resource,
        resource_id=resource_id,
        odata_type="",
        tenant_id="",
    )


def test_a_change_is_taken_with_what_is_needed_of_it():
    received = parse(a_body(an_item(), validationTokens=["eyJ0"]), JSON)

    assert received.malformed == 0
    assert received.items == (
        ChangeNotification(
            subscription_id=SUBSCRIPTION,
            client_state="s3-8d1c0f7e2b",
            change_type="updated",
            resource=f"Users/{USER}/Events/{EVENT}",
            resource_id=EVENT,
            odata_type="#Microsoft.Graph.Event",
            tenant_id="3d0a8c2e-2f41-4a52-9d3b-71a0c5f4e6b8",
        ),
    )


def test_members_that_are_not_needed_may_be_missing_or_null():
    bare = {"subscriptionId": SUBSCRIPTION, "changeType": "deleted"}
    with_nulls = bare | dict.fromkeys(("clientState", "resource", "resourceData", "tenantId", "lifecycleEvent"))

    received = parse(a_body(bare, with_nulls), JSON)

    assert received.malformed == 0
    assert received.items[0] == received.items[1]
    assert received.items[0].client_state == ""
    assert item_id(received.items[0]) is None


@pytest.mark.parametrize(
    ("on_the_wire", "event"),
    [
        ("missed", LifecycleEvent.MISSED),
        ("subscriptionRemoved", LifecycleEvent.SUBSCRIPTION_REMOVED),
        ("reauthorizationRequired", LifecycleEvent.REAUTHORIZATION_REQUIRED),
        ("SubscriptionRemoved", LifecycleEvent.SUBSCRIPTION_REMOVED),
        ("addedNextYear", LifecycleEvent.UNKNOWN),
        ("", LifecycleEvent.UNKNOWN),
    ],
)
def test_lifecycle_events_are_known_in_any_case_and_new_ones_are_kept(on_the_wire, event):
    [notification] = parse(a_body(a_lifecycle_item(on_the_wire)), JSON).items

    assert isinstance(notification, LifecycleNotification)
    assert notification.lifecycle_event is event


def test_both_kinds_may_come_in_one_request_in_their_order():
    items = parse(a_body(an_item(), a_lifecycle_item("missed"), an_item()), JSON).items

    assert [type(item) for item in items] == [ChangeNotification, LifecycleNotification, ChangeNotification]


@pytest.mark.parametrize(
    "junk",
    [
        None,
        1,
        "text",
        [],
        {},
        {"subscriptionId": SUBSCRIPTION},
        an_item(subscriptionId=7),
        an_item(subscriptionId=""),
        an_item(subscriptionId="someone@fabrikam.example"),
        an_item(subscriptionId="a\nb"),
        an_item(subscriptionId="a" * 129),
        an_item(changeType=""),
        an_item(clientState=["s3-8d1c0f7e2b"]),
        an_item(resourceData=[]),
        an_item(resourceData={"id": {}}),
    ],
    ids=str,
)
def test_a_malformed_item_is_counted_and_its_neighbors_stay(junk):
    received = parse(a_body(an_item(), junk, an_item()), JSON)

    assert received.malformed == 1
    assert len(received.items) == 2


@pytest.mark.parametrize(
    "member",
    [
        b'"clientState":"\xff"',
        b'"clientState":"\xed\xa0\x80"',
        b'"clientState":1e400',
        b'"clientState":' + b"9" * 5000,
    ],
    ids=["not UTF-8", "surrogate in UTF-8", "huge float", "huge integer"],
)
def test_odd_text_and_numbers_cost_their_own_item_only(member):
    odd = b'{"subscriptionId":"a","changeType":"updated",' + member + b"}"

    received = parse(b'{"value":[' + odd + b"," + json.dumps(an_item()).encode() + b"]}", JSON)

    assert (received.malformed, len(received.items)) == (1, 1)


def test_of_duplicate_keys_the_last_one_counts():
    body = b'{"value":[1,2,3],"value":[{"subscriptionId":"a","subscriptionId":"b","changeType":"updated"}]}'

    received = parse(body, JSON)

    assert received.malformed == 0
    assert received.items[0].subscription_id == "b"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"validationToken",
        b"[]",
        b"null",
        b"{}",
        b'{"value":null}',
        b'{"value":{}}',
        b'{"Value":[]}',
        b'{"value":[NaN]}',
        b'{"value":[Infinity]}',
        b'{"value":[1,]}',
        b'{"value":["\\ud800"]}',
        b'{"value":[]}{"value":[]}',
        b'{"value":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b'{"value":[],"x":' + b'{"x":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        '{"value":[]}'.encode("utf-16"),
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_not_graphs_is_refused_whole(body):
    with pytest.raises(MalformedNotification, match="not a JSON object with a list 'value'"):
        parse(body, JSON)


def test_a_byte_order_mark_is_skipped():
    assert len(parse(b"\xef\xbb\xbf" + a_body(an_item()), JSON).items) == 1


def test_more_items_than_graph_could_send_are_refused():
    assert parse(b'{"value":[' + b",".join([b"0"] * MAX_ITEMS) + b"]}", JSON).malformed == MAX_ITEMS
    with pytest.raises(MalformedNotification, match=f"found {MAX_ITEMS + 1} items in 'value'; expected at most"):
        parse(b'{"value":[' + b",".join([b"0"] * (MAX_ITEMS + 1)) + b"]}", JSON)


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "APPLICATION/JSON;charset=UTF-8", "text/plain; charset=utf-8", "application/x+json"],
)
def test_the_content_type_is_taken_leniently(content_type):
    assert len(parse(a_body(an_item()), content_type).items) == 1


@pytest.mark.parametrize("content_type", ["text/html", "multipart/form-data; boundary=json", "image/png"])
def test_a_content_type_that_holds_no_json_is_refused(content_type):
    with pytest.raises(MalformedNotification, match="content type") as caught:
        parse(a_body(an_item()), content_type)

    assert content_type not in str(caught.value)


def test_a_notification_does_not_show_its_client_state():
    changed, lifecycle = parse(a_body(an_item(clientState="s3cret"), a_lifecycle_item("missed")), JSON).items

    assert "s3cret" not in repr(changed)
    assert "s3" not in repr(lifecycle)


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (f"Users/{USER}/Events/{EVENT}", EVENT),
        (f"/users/{USER}@3d0a8c2e/events/{EVENT}/", EVENT),
        (f"users('{USER}')/events('{EVENT}')", EVENT),
        (f"users/{USER}/events/{EVENT}?$select=id", EVENT),
        ("chats('19:6f2d@thread.v2')/messages('1764012345678')", "1764012345678"),
        ("chats/19%3A6f2d%40thread.v2/messages/1764012345678", "1764012345678"),
        ("teams('t')/channels('19:c@thread.tacv2')/messages('17')", "17"),
        ("Events/a%2Bb", "a+b"),
        ("users('x')/events('O''Hara')", "O'Hara"),
        (f"users/{USER}/events", None),
        (f"users/{USER}/events/", None),
        (f"users/{USER}/contacts/{EVENT}", None),
        (f"users/{USER}/notevents/{EVENT}", None),
        ("events/%00", None),
        ("events/" + "a" * (MAX_ITEM_ID + 1), None),
        ("events/" + "a" * (2 * MAX_ITEM_ID), None),
        ("", None),
    ],
)
def test_the_item_is_found_in_all_forms_of_the_path(resource, found):
    assert item_id(a_change(resource=resource)) == found


def test_resource_data_goes_before_the_path_unless_it_cannot_be_an_id():
    resource = f"Users/{USER}/Events/{EVENT}"

    assert item_id(a_change(resource=resource, resource_id="AAMk1")) == "AAMk1"
    assert item_id(a_change(resource=resource, resource_id="a\x00b")) == EVENT
    assert item_id(a_change(resource="", resource_id="a" * MAX_ITEM_ID)) == "a" * MAX_ITEM_ID
    assert item_id(a_change(resource="", resource_id="a" * (MAX_ITEM_ID + 1))) is None


TOKEN = "Validation: Testing client application reachability for subscription Request-Id: 5f0c2f0a"
WIRE_TOKEN = b"Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+5f0c2f0a"


@pytest.mark.parametrize(
    ("query", "token"),
    [
        (b"validationToken=" + WIRE_TOKEN, TOKEN),
        (b"shard=3&validationToken=" + WIRE_TOKEN + b"&x=1", TOKEN),
        (b"validation%54oken=a%20b", "a b"),
        (b"validationToken=a&validationToken=b", "a"),
        (b"validationToken=%c3%a9%26%3d%2b", "é&=+"),
        (b"validationToken=a=b%zz%", "a=b%zz%"),
        (b"validationToken=" + b"%78" * MAX_VALIDATION_TOKEN, "x" * MAX_VALIDATION_TOKEN),
        (b"validationToken=", None),
        (b"validationToken", None),
        (b"validationtoken=a", None),
        (b"\xff=a&=", None),
        (b"", None),
    ],
)
def test_the_validation_token_is_form_decoded(query, token):
    assert validation_token(query) == token


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"a" * (MAX_VALIDATION_TOKEN + 1), "of 2001 characters; expected at most 2000"),
        (b"%ff", "not UTF-8"),
        (b"%3cscript%3e", "markup"),
    ],
)
def test_a_token_graph_never_sends_is_refused(value, message):
    with pytest.raises(MalformedNotification, match=message) as caught:
        validation_token(b"validationToken=" + value)

    assert "script" not in str(caught.value)
