"""Nothing that arrives at the receiver can do more than be refused, and nothing genuine is lost beside it."""

import json
from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from graphsync.errors import MalformedNotification
from graphsync.notifications import (
    MAX_VALIDATION_TOKEN,
    ChangeNotification,
    LifecycleEvent,
    Received,
    item_id,
    parse,
    validation_token,
)

member_names = st.sampled_from(
    ["value", "subscriptionId", "changeType", "clientState", "lifecycleEvent", "resource", "resourceData", "id"]
)


def json_of(texts, floats):
    return st.recursive(
        st.none() | st.booleans() | st.integers() | floats | texts,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts | member_names, inner, max_size=4),
        max_leaves=8,
    )


# With lone surrogates, NaN and infinities: what JSON text can say and what Unicode or JSON forbid.
wild_json = json_of(st.text(st.characters(), max_size=10), st.floats())
sound_texts = st.text(max_size=10)
sound_json = json_of(sound_texts, st.floats(allow_nan=False, allow_infinity=False))
ids = st.from_regex(r"[A-Za-z0-9-]{1,40}", fullmatch=True)


@st.composite
def change_items(draw):
    return {
        "subscriptionId": draw(ids),
        "changeType": draw(st.sampled_from(["created", "updated", "deleted"])),
        "clientState": draw(sound_texts),
        "resource": f"Users/{draw(ids)}/Events/{draw(ids)}",
        "resourceData": {"id": draw(ids)},
        f"x-{draw(sound_texts)}": draw(sound_json),
    }


@st.composite
def lifecycle_items(draw):
    return {
        "subscriptionId": draw(ids),
        "clientState": draw(ids),
        "lifecycleEvent": draw(st.sampled_from(LifecycleEvent) | ids),
    }


def is_no_notification(value):
    return not (isinstance(value, dict) and "subscriptionId" in value)


def parse_or_refuse(body, content_type):
    with suppress(MalformedNotification):
        received = parse(body, content_type)
        assert isinstance(received, Received)
        for item in received.items:
            item.client_state.encode()
            if isinstance(item, ChangeNotification):
                found = item_id(item)
                assert found is None or (found and found.isprintable() and found.encode())


@given(st.binary(), sound_texts)
def test_any_bytes_are_parsed_or_refused(body, content_type):
    parse_or_refuse(body, content_type)


@given(wild_json)
@example({"value": [{"subscriptionId": "a", "changeType": "u", "clientState": "\udc00"}]})
@example({"value": [{"subscriptionId": "a", "changeType": "u", "resource": "events('" + "'" * 2000}]})
def test_any_json_is_parsed_or_refused(value):
    parse_or_refuse(json.dumps(value).encode(), "application/json")


@given(st.lists(wild_json, max_size=4), st.integers(0, 200), st.binary(min_size=1, max_size=3))
def test_a_damaged_batch_is_parsed_or_refused(values, position, damage):
    body = json.dumps({"value": values}).encode()
    parse_or_refuse(body[:position] + damage + body[position:], "application/json")


@given(
    st.lists(
        st.tuples(st.just(True), change_items() | lifecycle_items())
        | st.tuples(st.just(False), sound_json.filter(is_no_notification)),
        max_size=12,
    )
)
def test_a_batch_with_junk_in_between_keeps_all_that_is_valid(tagged):
    body = json.dumps({"value": [item for _, item in tagged]}).encode()

    received = parse(body, "application/json")

    valid = [item for is_valid, item in tagged if is_valid]
    assert [item.subscription_id for item in received.items] == [item["subscriptionId"] for item in valid]
    assert [item.client_state for item in received.items] == [item["clientState"] for item in valid]
    assert received.malformed == len(tagged) - len(valid)


@given(st.binary(max_size=200))
def test_any_query_gives_a_token_none_or_is_refused(query):
    with suppress(MalformedNotification):
        token = validation_token(query)
        assert token is None or (0 < len(token) <= MAX_VALIDATION_TOKEN and "<" not in token)
