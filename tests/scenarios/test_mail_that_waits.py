"""A mail from one of the two to the other waits for an answer, where both agreed that mail is looked at."""

import pytest
from tenant import RULES, TamperedGraph, a_pair, a_person, berlin, wall

from graphsync.errors import GraphAuthError, GraphNotFound
from graphsync.mentoring import RequestSource
from graphsync.rules.config import FileNames, parse_config

WITH_MAIL = RULES.replace("[invite, chat]", "[invite, mail]")
READ_BASIC = "Mail.ReadBasic.All"


@pytest.fixture
def opened(open_tenant):
    """A function that opens a tenant with Mira and Tom, whose first invite is answered, so that nothing is open."""

    def open_one(**options):
        values = {
            "pairs": [a_pair("mira", "tom", opt_ins="mail")],
            "permissions": {READ_BASIC: None},
            "rules": WITH_MAIL,
            "sweep_hours": 24,
        }
        tenant = open_tenant(**values | options)
        tenant.run_for(minutes=5)
        tenant.answer("mira", tenant.only_meeting("tom"), "accepted")
        tenant.run_for(minutes=5)
        return tenant

    return open_one


def mailed(tenant, author="tom", *to, copy=(), headers=None):
    """Let somebody write a mail, to the other one of the two unless others are named."""
    people = to or ({"tom": "mira", "mira": "tom"}[author],)
    body = {
        "subject": "private words",
        "body": {"contentType": "text", "content": "private words"},
        "toRecipients": [{"emailAddress": {"address": f"{name}@fabrikam.test"}} for name in people],
        "ccRecipients": [{"emailAddress": {"address": f"{name}@fabrikam.test"}} for name in copy],
    }
    user = tenant.world.user(f"{author}@fabrikam.test")
    tenant.world.mailroom.send_mail(user, body, actor=user.address, save=True, headers=headers)
    tenant.run_for(minutes=1)


def told(tenant, who):
    mails = tenant.mails(who, "answer_promptly")
    return [wall(mail.received_at) for mail in mails]


def waiting(tenant):
    """Return who owes an answer to a mail, and since when."""
    with tenant.store.transaction() as ledger:
        (mentorship,) = ledger.mentorships.all()
        open_requests = ledger.requests.of(mentorship.id)
        found = [request for request in open_requests if request.source is RequestSource.MAIL]
        return [(ledger.people.get(one.owed_by).address.split("@")[0], wall(one.asked_at)) for one in found]


def reads(tenant):
    return tenant.requests("listMessages")


def reload(tenant, **changed):
    files = tenant.files | {name.replace("_", "."): text for name, text in changed.items()}
    tenant.engine.offer(parse_config(*(files[name] for name in FileNames()), names=FileNames()))
    tenant.next_at = tenant.now
    tenant.run_for(minutes=1)


def test_a_mail_that_waits_a_working_day_is_told_to_whoever_owes_the_answer_alone(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-03 11:00"))
    mailed(tenant)
    tenant.run_until(berlin("2026-03-03 12:30"))
    assert waiting(tenant) == [("mira", "Tue 3 Mar 11:00")]
    tenant.run_until(berlin("2026-03-04 10:59"))
    assert told(tenant, "mira") == []
    tenant.run_until(berlin("2026-03-05 17:00"))
    assert told(tenant, "mira") == ["Wed 4 Mar 11:00"]
    assert told(tenant, "tom") == []
    assert "private words" not in tenant.mails("mira", "answer_promptly")[0].body


def test_an_answer_closes_it_and_the_answer_waits_itself(opened):
    tenant = opened()
    mailed(tenant)
    tenant.run_for(hours=2)
    mailed(tenant, "mira")
    tenant.run_for(hours=2)
    assert [who for who, _ in waiting(tenant)] == ["tom"]


def test_the_first_of_several_counts(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-03 11:00"))
    mailed(tenant)
    tenant.run_until(berlin("2026-03-03 15:00"))
    mailed(tenant)
    tenant.run_until(berlin("2026-03-03 17:00"))
    assert waiting(tenant) == [("mira", "Tue 3 Mar 11:00")]


def test_an_answer_since_the_last_look_keeps_the_message_back(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-03 11:00"))
    mailed(tenant)
    tenant.run_until(berlin("2026-03-04 10:58"))
    assert [who for who, _ in waiting(tenant)] == ["mira"]
    mailed(tenant, "mira")
    assert [who for who, _ in waiting(tenant)] == ["mira"], "no sweep has come upon it"
    tenant.run_until(berlin("2026-03-04 11:10"))
    assert told(tenant, "mira") == []
    assert "it was answered meanwhile" in {entry.detail for entry in tenant.audit()}
    assert [who for who, _ in waiting(tenant)] == ["tom"]


def test_an_answer_with_a_copy_to_somebody_closes_it_and_does_not_wait_itself(opened):
    tenant = opened(people=[a_person(name) for name in ("mira", "tom", "noor")])
    mailed(tenant)
    tenant.run_for(hours=2)
    mailed(tenant, "mira", copy=["noor"])
    tenant.run_for(hours=2)
    assert waiting(tenant) == []


def test_an_automatic_reply_neither_closes_it_nor_waits(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-03 11:00"))
    mailed(tenant)
    mailed(tenant, "mira", headers={"Auto-Submitted": "auto-replied"})
    tenant.run_until(berlin("2026-03-03 15:00"))
    assert waiting(tenant) == [("mira", "Tue 3 Mar 11:00")]
    tenant.run_until(berlin("2026-03-04 17:00"))
    assert told(tenant, "mira") == ["Wed 4 Mar 11:00"]


def test_invites_and_answers_to_them_are_no_mail_that_waits(opened):
    tenant = opened()
    tenant.run_for(hours=4)
    assert len(tenant.invites("mira")) == 1
    assert reads(tenant) >= 6
    assert waiting(tenant) == []


def test_saying_that_it_is_answered_closes_all_until_then_and_what_comes_later_waits_anew(opened):
    tenant = opened(nudges={"per_person_and_week": 7})
    tenant.run_until(berlin("2026-03-03 11:00"))
    mailed(tenant)
    tenant.run_until(berlin("2026-03-03 15:00"))
    mailed(tenant)
    tenant.run_until(berlin("2026-03-04 11:30"))
    tenant.click("mira", "I have answered")
    tenant.run_until(berlin("2026-03-05 16:00"))
    assert (told(tenant, "mira"), waiting(tenant)) == (["Wed 4 Mar 11:00"], [])
    mailed(tenant)
    tenant.run_for(hours=2)
    assert waiting(tenant) == [("mira", "Thu 5 Mar 16:00")]


def test_nothing_of_a_mail_is_in_the_store(opened):
    tenant = opened()
    mailed(tenant)
    tenant.run_for(hours=30)
    assert len(told(tenant, "mira")) == 1
    held = b"".join(path.read_bytes() for path in tenant.directory.glob("graphsync.db*"))
    assert b"private words" not in held


def test_nobody_elses_mail_is_asked_for(opened):
    tenant = opened(people=[a_person(name) for name in ("mira", "tom", "noor")])
    seen = []

    def remembered(real, *asked):
        found = real(*asked)
        seen.extend(found)
        return found

    tenant.start_service(graph=TamperedGraph(tenant.graph, list_mail_from=remembered))
    mailed(tenant, "noor", "mira")
    tenant.run_for(hours=2)
    assert {mail.is_meeting for mail in seen} == {True}, "what is there is the invite of the two, and its answer"
    assert waiting(tenant) == []


@pytest.mark.parametrize(
    "options",
    [{"pairs": [a_pair("mira", "tom")]}, {"rules": RULES}],
    ids=["without consent", "where no rule looks at mail"],
)
def test_no_mail_is_read_at_all(opened, options):
    tenant = opened(**options)
    mailed(tenant)
    tenant.run_for(hours=30)
    assert (reads(tenant), told(tenant, "mira"), tenant.alerts()) == (0, [], {})


@pytest.mark.parametrize("how", ["consent taken back", "mentorship gone from the file", "no rule looks at mail"])
def test_where_its_ground_is_gone_what_waits_is_forgotten_and_no_mail_is_read(opened, how):
    tenant = opened()
    mailed(tenant)
    tenant.run_for(hours=2)
    assert [who for who, _ in waiting(tenant)] == ["mira"]
    rows = tenant.files["mentorships.csv"]
    header = rows.splitlines()[0]
    changed = {
        "consent taken back": {"mentorships_csv": rows.replace(",mail", ",")},
        "mentorship gone from the file": {"mentorships_csv": header + "\n"},
        "no rule looks at mail": {"rules_yaml": RULES},
    }
    reload(tenant, **changed[how])
    assert waiting(tenant) == []
    before = reads(tenant)
    tenant.run_for(hours=30)
    assert (reads(tenant), told(tenant, "mira")) == (before, [])


def test_in_a_pause_no_mail_is_read_and_what_waits_stays(opened):
    tenant = opened()
    mailed(tenant)
    tenant.run_for(hours=2)
    rows = tenant.files["mentorships.csv"].replace("opt_ins", "opt_ins,status").replace(",mail", ",mail,paused")
    reload(tenant, mentorships_csv=rows)
    before = reads(tenant)
    tenant.run_for(hours=30)
    assert (reads(tenant), told(tenant, "mira")) == (before, [])
    assert [who for who, _ in waiting(tenant)] == ["mira"]


def test_where_the_permission_is_missing_the_admin_hears_once_and_nobody_is_told_anything(opened):
    people = [a_person(name) for name in ("mira", "tom", "noor")]
    pairs = [a_pair("mira", "tom", opt_ins="mail"), a_pair("mira", "noor", opt_ins="mail")]
    tenant = opened(people=people, pairs=pairs, permissions={})
    tenant.answer("mira", tenant.only_meeting("noor"), "accepted")
    mailed(tenant)
    tenant.run_for(days=2)
    (text,) = [text for key, text in tenant.alerts().items() if key.startswith("no-mail-permission/")]
    assert "grant Mail.ReadBasic.All" in text
    assert "take 'mail' out of the sources" in text
    assert told(tenant, "mira") == []


def test_mail_is_read_once_the_permission_is_there_and_the_alert_goes(opened):
    tenant = opened(permissions={})
    mailed(tenant)
    tenant.run_for(hours=3)
    tenant.permissions[READ_BASIC] = None
    tenant.grant()
    tenant.run_for(hours=3)
    assert tenant.alerts() == {}
    assert [who for who, _ in waiting(tenant)] == ["mira"]


def test_a_message_waits_while_it_cannot_be_told_whether_it_was_answered(opened):
    tenant = opened()
    tenant.run_until(berlin("2026-03-03 11:00"))
    mailed(tenant)
    tenant.run_until(berlin("2026-03-04 10:00"))
    del tenant.permissions[READ_BASIC]
    tenant.grant()
    tenant.run_until(berlin("2026-03-04 14:00"))
    assert told(tenant, "mira") == []
    tenant.permissions[READ_BASIC] = None
    tenant.grant()
    tenant.run_until(berlin("2026-03-04 16:30"))
    assert len(told(tenant, "mira")) == 1


def test_one_mailbox_out_of_scope_leaves_things_as_they_are(opened):
    tenant = opened()
    mailed(tenant)
    tenant.run_for(hours=2)

    def out_of_scope(real, user, sender, since):
        raise GraphAuthError("list_mail_from", status=403, code="ErrorAccessDenied")

    tenant.start_service(graph=TamperedGraph(tenant.graph, list_mail_from=out_of_scope))
    mailed(tenant, "mira")
    tenant.run_for(hours=3)
    assert [who for who, _ in waiting(tenant)] == ["mira"]


def test_a_mailbox_that_is_gone_leaves_things_as_they_are(opened):
    tenant = opened()
    mailed(tenant)
    tenant.run_for(hours=2)

    def gone(real, user, sender, since):
        raise GraphNotFound("list_mail_from", status=404, code="MailboxNotEnabledForRESTAPI")

    tenant.start_service(graph=TamperedGraph(tenant.graph, list_mail_from=gone))
    tenant.run_for(hours=30)
    assert [who for who, _ in waiting(tenant)] == ["mira"]
    assert (tenant.alerts(), told(tenant, "mira")) == ({}, [])


def test_a_mailbox_known_to_be_out_of_reach_is_not_asked(opened):
    tenant = opened()
    tenant.run_for(hours=2)
    before = reads(tenant)
    tenant.world.user("mira@fabrikam.test").mailbox = "on_premises"
    tenant.run_for(days=2)
    after = reads(tenant)
    tenant.run_for(days=1)
    assert before <= after == reads(tenant)


def test_a_refused_token_is_no_matter_of_mail(opened):
    tenant = opened()

    def refused(real, user, sender, since):
        raise GraphAuthError("list_mail_from", status=401, code="InvalidAuthenticationToken")

    tenant.start_service(graph=TamperedGraph(tenant.graph, list_mail_from=refused))
    tenant.run_for(hours=2)
    assert [key.split("/")[:2] for key in tenant.alerts()] == [["refused", "mail"]]


def test_mail_is_looked_at_every_hour_and_every_mailbox_once(opened):
    tenant = opened()
    tenant.run_for(hours=1)
    before = reads(tenant)
    tenant.run_for(hours=10)
    assert reads(tenant) - before == 20
