from datetime import timedelta
from itertools import permutations

import pytest
from builders import MENTEE, MENTOR, NOW

from graphsync.teams.chats import Chat, ChatMessage, Reaction, waiting_message
from graphsync.teams.waiting import WaitingMessage

PAIR = frozenset({MENTOR, MENTEE})
MINUTE = timedelta(minutes=1)


def a_message(minute, author=MENTEE, reacted=(), **changes):
    sent_at = NOW + minute * MINUTE
    values = {
        "id": f"at-{minute}",
        "chat_id": "chat",
        "author": author,
        "created_at": sent_at,
        "modified_at": sent_at,
        "reactions": tuple(Reaction(by=by, at=sent_at + MINUTE) for by in reacted),
    }
    return ChatMessage(**values | changes)


@pytest.mark.parametrize(
    ("messages", "waiting"),
    [
        pytest.param([], None, id="an empty chat"),
        pytest.param([a_message(1)], 1, id="a question"),
        pytest.param([a_message(1), a_message(2, MENTOR)], 2, id="the answer is what waits now"),
        pytest.param([a_message(1), a_message(2), a_message(3)], 1, id="the first of several in a row"),
        pytest.param([a_message(1), a_message(2, MENTOR), a_message(3)], 3, id="answered, then asked again"),
        pytest.param([a_message(1, reacted=[MENTOR])], None, id="a reaction answers"),
        pytest.param([a_message(1), a_message(2, reacted=[MENTOR])], None, id="a reaction to a later one answers"),
        pytest.param([a_message(1, reacted=[MENTOR]), a_message(2)], 2, id="a reaction to an earlier one does not"),
        pytest.param([a_message(1, reacted=[MENTEE])], 1, id="a reaction of one's own does not"),
        pytest.param([a_message(1, reacted=["bo"])], 1, id="nor does somebody else's"),
        pytest.param([a_message(1), a_message(2, MENTOR, reacted=[MENTEE])], None, id="a thumbs up to the answer"),
        pytest.param([a_message(1), a_message(2, "bo"), a_message(3, None)], 1, id="others and bots do not count"),
        pytest.param([a_message(1, "bo"), a_message(2, None)], None, id="others and bots wait for nothing"),
    ],
)
def test_what_waits_for_an_answer_in_any_order_of_the_messages(messages, waiting):
    expected = {message.id: message for message in messages}.get(f"at-{waiting}")
    for ordered in permutations(messages):
        found = waiting_message(ordered, PAIR)
        assert found == (
            expected and WaitingMessage(message_id=expected.id, author=expected.author, sent_at=expected.created_at)
        )


def test_of_a_message_read_twice_the_later_state_counts():
    """A page of messages may bring one again, with the reaction it has got meanwhile, and pages come in any order."""
    before = a_message(1)
    after = a_message(1, reacted=[MENTOR], modified_at=NOW + 9 * MINUTE)
    assert waiting_message([before, after], PAIR) is None
    assert waiting_message([after, before], PAIR) is None


def test_messages_of_the_same_instant_are_told_apart_by_their_ids():
    messages = [a_message(1, id="b"), a_message(1, MENTOR, id="a")]
    assert waiting_message(messages, PAIR).message_id == "b"


def test_a_chat_is_its_members():
    chat = Chat(id="chat", chat_type="oneOnOne", members=PAIR)
    assert chat == Chat(id="chat", chat_type="oneOnOne", members=frozenset({MENTEE, MENTOR}))
