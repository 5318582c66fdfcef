from datetime import timedelta
from itertools import permutations

import pytest
from builders import MENTEE, MENTOR, NOW

from graphsync.teams.mail import Received, ReceivedMail, waiting_mail

MINUTE = timedelta(minutes=1)
ADDRESSES = {MENTOR: "mira@fabrikam.test", MENTEE: "tom@fabrikam.test"}
OTHER = {MENTOR: MENTEE, MENTEE: MENTOR}


def a_mail(minute, author=MENTEE, **changes):
    """Return who wrote it, and a mail that came at a minute to the other one alone."""
    values = {"id": f"at-{minute}", "received_at": NOW + minute * MINUTE, "to": (ADDRESSES[OTHER[author]],)}
    return author, ReceivedMail(**values | changes)


def waits(*mails, closed=(), answered=()):
    """Return when what waits has come, in minutes, and who wrote it; `answered` holds when the mentor said so."""
    mailboxes = [
        Received(
            author=author,
            address=ADDRESSES[OTHER[author]],
            mail=tuple(mail for by, mail in mails if by == author),
            answered_at=max((NOW + minute * MINUTE for minute in answered), default=None) if author == MENTEE else None,
        )
        for author in (MENTOR, MENTEE)
    ]
    found = waiting_mail(mailboxes, {f"at-{minute}" for minute in closed})
    assert found is None or found.message_id == f"at-{(found.sent_at - NOW) // MINUTE}"
    return found and ((found.sent_at - NOW) // MINUTE, found.author)


@pytest.mark.parametrize(
    ("mails", "waiting"),
    [
        pytest.param([], None, id="no mail"),
        pytest.param([a_mail(1)], (1, MENTEE), id="a question"),
        pytest.param([a_mail(1), a_mail(2), a_mail(3)], (1, MENTEE), id="the first of several in a row"),
        pytest.param([a_mail(1), a_mail(2, MENTOR)], (2, MENTOR), id="an answer waits for one itself"),
        pytest.param([a_mail(1), a_mail(2, MENTOR), a_mail(3)], (3, MENTEE), id="answered, then asked again"),
    ],
)
def test_what_waits_between_two_mailboxes_in_any_order_of_the_mail(mails, waiting):
    assert {waits(*ordered) for ordered in permutations(mails)} == {waiting}


NO_LETTERS = {
    "to several": {"to": ("mira@fabrikam.test", "eve@fabrikam.test")},
    "by a list": {"to": ("list@fabrikam.test",)},
    "in blind copy": {"to": ()},
    "with copies": {"copied": True},
    "about a meeting": {"is_meeting": True},
}


@pytest.mark.parametrize("changes", NO_LETTERS.values(), ids=NO_LETTERS)
def test_what_is_no_letter_to_the_other_alone_does_not_wait_and_answers_all_the_same(changes):
    assert waits(a_mail(1, **changes)) is None
    answer = a_mail(2, MENTOR, **changes)
    assert waits(a_mail(1), answer) is None
    assert waits(a_mail(1), answer, a_mail(3)) == (3, MENTEE)
    assert waits(a_mail(1), a_mail(2, **changes)) == (1, MENTEE), "nobody answers themselves"


@pytest.mark.parametrize("changes", [{"is_draft": True}, {"is_automatic": True}], ids=["a draft", "automatic"])
def test_what_nobody_has_sent_by_hand_neither_waits_nor_answers(changes):
    assert waits(a_mail(1, **changes)) is None
    assert waits(a_mail(1), a_mail(2, MENTOR, **changes)) == (1, MENTEE)


def test_addresses_are_the_same_in_any_case_of_letters():
    assert waits(a_mail(1, to=("Mira@Fabrikam.TEST",))) == (1, MENTEE)


def test_what_was_closed_waits_no_more_and_what_came_after_it_does():
    assert waits(a_mail(1), closed=[1]) is None
    assert waits(a_mail(1), a_mail(2), closed=[1]) == (2, MENTEE)


def test_saying_that_it_is_answered_holds_for_all_mail_until_then():
    mails = [a_mail(1), a_mail(2), a_mail(3)]
    assert waits(*mails, answered=[2]) == (3, MENTEE)
    assert waits(*mails, answered=[5]) is None
    assert waits(a_mail(1, MENTOR), answered=[5]) == (1, MENTOR), "it says nothing of what the other one owes"
