"""The sandbox's page over HTTP: what each page shows, what forms do, what is refused; without a browser."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import quote

import httpx
import pytest
from sandbox_page_tenant import (
    DANIEL,
    EMILY,
    MAILBOX,
    MIA,
    NOBOX,
    SCRIPT,
    START,
    a_tenant,
    an_event,
    copy_of,
    mail_with,
    page_of,
)
from teams_builders import CLIENT_ID, MANIFEST_ID, a_manifest
from wire_client import CERTIFICATES, graph_of, serving

from graphsync.sandbox.faults import Fault
from graphsync.sandbox.teams.feed import Notice

VOID = {"meta", "link", "input", "br"}
LABELLED = {"input", "select", "textarea"}


class Page(HTMLParser):
    """A page read strictly: tags must close in order; keeps what the tests look for."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.wrong = [], []
        self.tags, self.texts, self.headings = Counter(), [], []
        self.elements, self.labels, self.forms = [], set(), []
        self._option = None
        assert html.startswith("<!doctype html>")
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags[tag] += 1
        self.elements.append((tag, found, tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "label":
            self.labels.add(found.get("for"))
        if tag == "form":
            self.forms.append({"action": found["action"], "method": found["method"], "fields": {}})
        if tag == "select":
            self._option = (found["name"], True)
        if tag == "option":
            name, is_first = self._option
            if is_first or "selected" in found:
                self.forms[-1]["fields"][name] = found.get("value")
            self._option = (name, False)
        if tag == "input" and found.get("type") != "checkbox":
            self.forms[-1]["fields"][found["name"]] = found.get("value", "")

    def handle_endtag(self, tag):
        if tag in VOID or not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> in {self.open}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] in {"h1", "h2", "h3"}:
            self.headings.append(self.open[-1])
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def hrefs(self):
        return [found["href"] for tag, found, _ in self.elements if tag == "a"]

    def form(self, action):
        return next(form["fields"] for form in self.forms if form["action"] == action)

    def values(self, name):
        return [found["value"] for _, found, _ in self.elements if found.get("name") == name and "value" in found]


class Browser:
    """Opens pages and sends their forms, as a browser without scripts would."""

    def __init__(self, world, url):
        self.world, self.url = world, url
        self.client = httpx.Client(base_url=url, headers={"Accept": "text/html"}, trust_env=False)

    def get(self, path, status=200):
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return Page(answer.text)

    def submit(self, path, action, /, **fields):
        """Send the form with this action that is on a page; return what is shown then."""
        form = self.get(path).form(action) | fields
        answer = self.client.post(action, data=form)
        assert answer.status_code == 303, answer.text
        self.landed = answer.headers["location"]
        return self.get(self.landed)


@pytest.fixture(scope="module")
def shared():
    """A page nobody changes anything on."""
    world = a_tenant()
    with page_of(world) as url:
        browser = Browser(world, url)
        yield browser
        browser.client.close()


@pytest.fixture
def browser():
    world = a_tenant()
    with page_of(world) as url:
        browser = Browser(world, url)
        yield browser
        browser.client.close()


def event_path(world, address, subject):
    return f"/page/people/{address}/events/{quote(copy_of(world, address, subject).id, safe='')}"


def paths(world):
    mail = quote(mail_with(world, DANIEL, f"A session waits {SCRIPT}").id, safe="")
    chat = quote(world.chats()[0].id, safe="@")
    return {
        "week": "/",
        "week of another": f"/?person={MIA}&week=2026-03-30",
        "week without mailbox": f"/?person={NOBOX}",
        "event invited to": event_path(world, DANIEL, "Mentoring: Emily and Daniel"),
        "event organized": event_path(world, DANIEL, "Goals"),
        "occurrence": event_path(world, DANIEL, "Stand-up") + "20260107",
        "people": "/page/people",
        "people searched for": "/page/people?q=emily",
        "mail": f"/page/people/{DANIEL}/mail",
        "mail sent": f"/page/people/{MAILBOX}/mail?folder=sent",
        "message": f"/page/people/{DANIEL}/mail/{mail}",
        "teams": f"/page/people/{DANIEL}/teams",
        "chat": f"/page/people/{DANIEL}/teams/{chat}",
        "subscriptions": "/page/subscriptions",
        "traffic": "/page/traffic",
        "faults": "/page/faults",
        "switches": "/page/switches",
        "clock": "/page/clock",
    }


NAMES = list(paths(a_tenant()))


@pytest.mark.parametrize("name", NAMES)
def test_each_page_is_well_formed_and_can_be_used_without_sight_or_style(shared, name):
    page = shared.get(paths(shared.world)[name])
    assert page.wrong == []
    assert (page.tags["h1"], page.tags["main"], page.tags["script"], page.tags["iframe"]) == (1, 1, 0, 0)
    levels = [int(heading[1]) for heading in page.headings]
    assert all(after - before <= 1 for before, after in zip([0, *levels], levels, strict=False))
    ids = [found["id"] for _, found, _ in page.elements if "id" in found]
    assert len(ids) == len(set(ids))
    for tag, found, within in page.elements:
        if tag == "html":
            assert found["lang"] == "en"
        if tag in LABELLED and found.get("type") != "hidden":
            assert found.get("id") in page.labels, found
        if tag == "th":
            assert found["scope"] in {"col", "row"}
        if tag == "thead":
            assert "table" in within
        if "aria-describedby" in found or "aria-labelledby" in found:
            assert found.get("aria-describedby") or found["aria-labelledby"] in ids
        assert not any(key.startswith("on") or key == "style" for key in found)
        for key in ("href", "src", "action"):
            assert found.get(key, "/").startswith(("/", "#")), found
    assert page.tags["caption"] == page.tags["table"]
    assert all("token" in form["fields"] for form in page.forms if form["method"] == "post")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_others_wrote_is_live_html(shared, name):
    answer = shared.client.get(paths(shared.world)[name])
    assert "<script" not in answer.text
    assert "not-to-be-shown" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"


def test_a_subject_with_marks_is_shown_as_it_was_written(shared):
    assert f"Odd {SCRIPT}" in shared.get(f"/?person={DANIEL}").text
    message = shared.get(paths(shared.world)["message"]).text
    assert f"A session waits {SCRIPT}" in message
    assert "Dear Daniel, a session waits." in message
    assert "Dear Daniel, a session waits. alert" not in message


def test_the_root_is_a_page_for_browsers_and_json_for_all_others(shared):
    assert shared.client.get("/").headers["content-type"] == "text/html; charset=utf-8"
    plain = httpx.get(f"{shared.url}/", trust_env=False)
    assert "POST /clock" in plain.json()["value"]
    assert shared.client.get("/clock").json()["mode"] == "virtual"


def test_the_style_sheet_is_shipped_and_asks_for_nothing_else(shared):
    answer = shared.client.get("/page/style.css")
    assert answer.headers["content-type"] == "text/css"
    assert "url(" not in answer.text
    assert "@import" not in answer.text
    assert "prefers-color-scheme: dark" in answer.text


def test_a_week_shows_events_by_the_clock_of_its_owner_with_state_answer_and_organizer(shared):
    daniel = shared.get(f"/?person={DANIEL}").text
    assert "15:00–15:50 Mentoring: Emily and Daniel tentative · not answered · from Emily Carter" in daniel
    assert "all day Spring conference out of office" in daniel
    assert "13:00–15:00 Writing at home working elsewhere" in daniel
    assert "16:00–16:30 Canceled: Coffee cancelled" in daniel
    assert "now 09:20" in daniel
    emily = shared.get(f"/?person={EMILY}").text
    assert "10:00–10:50 Mentoring: Emily and Daniel busy · organizer" in emily
    assert "09:00–10:00 Goals busy · accepted · from Daniel Okafor" in emily
    assert "now 04:20" in emily
    assert "works 08:30–16:30" in emily


def test_weeks_are_leafed_through(shared):
    page = shared.get(f"/?person={DANIEL}")
    before = f"/?person={quote(DANIEL, safe='')}&week=2025-12-29"
    after = f"/?person={quote(DANIEL, safe='')}&week=2026-01-12"
    assert {before, after} <= set(page.hrefs())
    following = shared.get(after).text
    assert "Mon 12 Jan to Sun 18 Jan 2026" in following
    assert "09:30–09:45 Stand-up" in following
    assert "now 09:20" not in following


def test_an_event_has_its_ids_its_text_and_those_invited(shared):
    copy = copy_of(shared.world, DANIEL, "Mentoring: Emily and Daniel")
    text = shared.get(event_path(shared.world, DANIEL, copy.subject)).text
    for told in (copy.id, copy.ical_uid, copy.change_key, copy.join_url, "Bring the two goals we spoke of."):
        assert told in text
    assert "Daniel Okafor daniel.okafor@fabrikam.test required not answered" in text
    organizers = shared.get(event_path(shared.world, DANIEL, "Goals")).text
    assert "Emily Carter emily.carter@fabrikam.test required accepted Mon 5 Jan 2026 09:20" in organizers


def test_people_are_listed_with_what_their_mailbox_says(shared):
    text = shared.get("/page/people").text
    assert "Daniel Okafor daniel.okafor@fabrikam.test GMT Standard Time 09:00–17:00 Mon–Thu London 2 yes" in text
    assert "Noah Berg noah.berg@fabrikam.test W. Europe Standard Time 09:00–17:00 Mon–Fri London 2 yes on prem" in text
    assert "no mailbox" not in text
    found = shared.get("/page/people?q=EMILY").text
    assert "Emily Carter" in found
    assert "Daniel Okafor" not in found
    assert "Nobody has “zzz” in name or address" in shared.get("/page/people?q=zzz").text


def test_automatic_replies_are_shown(browser):
    browser.world.set_automatic_replies(MIA, "scheduled", START, START + timedelta(days=1))
    assert "Wed 7 Jan 2026 09:20 to Thu 8 Jan 2026 09:20 UTC" in browser.get("/page/people").text


def test_somebody_without_a_mailbox_has_no_week_and_no_mail(shared):
    assert "hosted on-premise" in shared.get(f"/?person={NOBOX}").text
    assert "hosted on-premise" in shared.get(f"/page/people/{NOBOX}/mail").text


def test_mail_is_listed_newest_first_with_its_kind(shared):
    text = shared.get(f"/page/people/{DANIEL}/mail").text
    order = ["A session waits", "Accepted: Goals", "Mentoring: Emily and Daniel"]
    assert [text.index(subject) for subject in order] == sorted(text.index(subject) for subject in order)
    assert "Accepted: Goals emily.carter@fabrikam.test answer" in text
    assert "A session waits" in shared.get(f"/page/people/{MAILBOX}/mail?folder=sent").text


def test_what_apps_and_bots_told_a_person_is_shown_escaped_newest_first(browser):
    world, user = browser.world, browser.world.user(EMILY)
    assert "Nothing in the feed." in browser.get(f"/page/people/{EMILY}/teams").text
    world.add_teams_app(a_manifest())
    installation = world.install_app(EMILY, MANIFEST_ID)
    notice = Notice(
        activity_type="approvalRequested",
        source="text",
        topic="Review",
        preview=SCRIPT,
        parameters={"meetingTitle": "Goals & plans"},
    )
    world.feed_service.deliver(user, installation, notice, actor="app")
    world.clock.set(world.clock.now() + timedelta(minutes=5))
    actions = [{"type": "Action.Execute", "verb": "yes", "title": "Yes"}]
    card = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "Does 15:00 suit you?"}], "actions": actions}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    conversation = world.bots.open(CLIENT_ID, user)
    world.bots.post(conversation, {"type": "message", "attachments": [attachment]})
    page = browser.get(f"/page/people/{EMILY}/teams")
    for told in (
        "Meeting Assist asks you to decide about Goals & plans",
        "Does 15:00 suit you?",
        "Buttons: Yes",
        SCRIPT,
    ):
        assert told in page.text
    assert page.text.index("Does 15:00") < page.text.index("asks you to decide")


def test_chats_are_read_newest_first_with_reactions(shared):
    assert "Emily Carter Thursday is fine. 2" in shared.get(f"/page/people/{DANIEL}/teams").text
    text = shared.get(paths(shared.world)["chat"]).text
    assert text.index("Thursday is fine.") < text.index("Shall we move it?")
    assert "like by Daniel Okafor" in text


def test_subscriptions_show_what_waits_and_never_the_client_state(shared):
    text = shared.get("/page/subscriptions").text
    assert f"users/{DANIEL}/events Whose {DANIEL} Change types created, updated" in text
    waiting = {shared.world.notifications_waiting(item.id) for item in shared.world.live_subscriptions()}
    assert waiting == {0, max(waiting)}
    assert f"Waiting {max(waiting)} notification" in text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/page/nowhere", "found path '/page/nowhere'"),
        ("/?person=nobody@fabrikam.test", "found nobody with the address 'nobody@fabrikam.test'"),
        ("/?week=soon", "found week 'soon'; expected a day such as '2026-01-07'"),
        ("/?week=9999-12-31", "expected a year from 1970 to 2199"),
        (f"/page/people/{DANIEL}/events/none", "ErrorItemNotFound"),
        (f"/page/people/{NOBOX}/events/none", "MailboxNotEnabledForRESTAPI"),
        (f"/page/people/{DANIEL}/mail/none", "ErrorItemNotFound"),
        (f"/page/people/{DANIEL}/mail?folder=spam", "found folder 'spam'; expected one of inbox, sent, drafts"),
        (f"/page/people/{MIA}/teams/19:x", "found chat '19:x'; expected one of Mia Thompson"),
    ],
)
def test_what_is_not_there_is_said_on_a_page(shared, path, said):
    page = shared.get(path, status=404)
    assert page.wrong == []
    assert said in page.text


def test_the_clock_is_stepped_and_what_is_due_is_done(browser):
    page = browser.submit(f"/?person={DANIEL}", "/page/clock", step="10 minutes", run_to="")
    assert browser.world.clock.now() == START + timedelta(minutes=10)
    assert browser.landed.startswith(f"/?person={quote(DANIEL, safe='')}&said=")
    assert "Done: It is Wed 7 Jan 2026 09:30 UTC; " in page.text
    assert "now 09:30" in page.text
    page = browser.submit("/page/clock", "/page/clock", run_to="2026-01-08T06:00:00Z")
    assert "Done: It is Thu 8 Jan 2026 06:00 UTC" in page.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"step": "2 hrs"}, "Not done: step: found '2 hrs'; expected a duration such as '90 seconds'"),
        ({"run_to": "2025-01-08T06:00:00Z"}, "which is past; expected 2026-01-07T09:20:00+00:00 or later"),
        ({}, "Not done: found neither; expected either 'run_to' or 'step'"),
    ],
)
def test_wrong_input_is_explained_and_kept_in_the_form(browser, fields, said):
    page = browser.submit("/page/clock", "/page/clock", **({"step": "", "run_to": ""} | fields))
    assert said in page.text
    assert [value for value in fields.values() if value not in page.values("step") + page.values("run_to")] == []
    assert browser.world.clock.now() == START


def test_a_real_clock_is_not_stepped():
    world = a_tenant()
    with page_of(world, clock_follows=True) as url:
        browser = Browser(world, url)
        page = browser.get("/page/clock")
        assert "follows the machine’s" in page.text
        assert [found for tag, found, _ in page.elements if tag == "fieldset" and "disabled" not in found] == []
        assert page.values("step") == [""]
        page = browser.submit("/page/clock", "/page/clock", step="1 hour")
        assert "expected --clock virtual to step it" in page.text
        browser.client.close()


@pytest.mark.parametrize(
    ("response", "told"), [("accepted", "accepted"), ("tentativelyAccepted", "tentatively accepted")]
)
def test_an_invitation_is_answered_as_the_person(browser, response, told):
    path = event_path(browser.world, DANIEL, "Mentoring: Emily and Daniel")
    page = browser.submit(path, f"{path}/answer", response=response, comment="Gladly")
    assert f"Done: Daniel Okafor {told} the meeting" in page.text
    assert copy_of(browser.world, DANIEL, "Mentoring: Emily and Daniel").response == response
    (entry,) = browser.world.journal.entries("responded", actor=DANIEL)
    assert entry.details["comment"] == "Gladly"
    browser.submit("/", "/page/clock", step="10 minutes", run_to="")
    (attendee,) = copy_of(browser.world, EMILY, "Mentoring: Emily and Daniel").attendees
    assert attendee.response == response


def test_a_declined_invitation_leads_back_to_the_week_it_left(browser):
    path = event_path(browser.world, DANIEL, "Mentoring: Emily and Daniel")
    page = browser.submit(path, f"{path}/answer", response="declined")
    assert browser.landed.startswith(f"/?person={quote(DANIEL, safe='')}&week=2026-01-08&said=")
    assert "Daniel Okafor declined the meeting" in page.text
    assert "Mentoring: Emily and Daniel" not in page.text


def test_an_answer_that_cannot_be_given_is_explained(browser):
    path = event_path(browser.world, DANIEL, "Mentoring: Emily and Daniel")
    page = browser.submit(path, f"{path}/answer", response="maybe")
    assert "Not done: response: found 'maybe'; expected one of 'accepted'" in page.text
    token = page.values("token")[0]
    own = event_path(browser.world, DANIEL, "Goals")
    answer = browser.client.post(f"{own}/answer", data={"token": token, "response": "accepted", "back": own})
    assert "you're the meeting organizer" in browser.get(answer.headers["location"]).text
    gone = browser.client.post(f"{own[:-9]}xx/answer", data={"token": token, "response": "accepted", "back": "/"})
    assert "ErrorItemNotFound" in browser.get(gone.headers["location"]).text


def test_only_who_may_answer_or_cancel_is_offered_it(shared):
    def actions(subject, address=DANIEL):
        path = event_path(shared.world, address, subject)
        return {form["action"].removeprefix(path) for form in shared.get(path).forms} - {"/page/clock"}

    assert actions("Mentoring: Emily and Daniel") == {"/answer"}
    assert actions("Mentoring: Emily and Daniel", EMILY) == {"/cancel"}
    assert actions("Canceled: Coffee") == set()


def test_a_meeting_is_cancelled_as_its_organizer(browser):
    path = event_path(browser.world, DANIEL, "Goals")
    page = browser.submit(path, f"{path}/cancel", comment="Ill")
    assert "Done: Daniel Okafor cancelled the event." in page.text
    assert copy_of(browser.world, EMILY, "Canceled: Goals").is_cancelled


def test_a_fault_is_added_shown_and_removed(browser):
    page = browser.submit(
        "/page/faults",
        "/page/faults",
        kind="throttled",
        path="GET /users/*/events",
        times="always",
        probability="0.5",
        retry_after_s="3",
        **{"from": "2026-01-07T09:00:00Z"},
    )
    assert "Done: Fault 1 waits: throttled for any request." in page.text
    (fault,) = browser.world.faults.waiting()
    assert (fault.kind, fault.path, fault.times, fault.retry_after_s) == (
        "throttled",
        "GET /users/*/events",
        "always",
        3,
    )
    assert (fault.probability, fault.from_at) == (0.5, START - timedelta(minutes=20))
    assert "path GET /users/*/events" in page.text
    assert "Done: Removed fault 1." in browser.submit("/page/faults", "/page/faults/1/remove").text
    assert browser.world.faults.waiting() == []


def test_faults_show_how_often_they_struck_and_are_cleared_at_once(browser):
    browser.world.faults.add(Fault(operation="getUser", kind="unavailable", times=3))
    browser.world.faults.add(Fault(operation="notify", kind="lost"))
    browser.world.faults.strike("getUser", "/users/x")
    assert "getUser, 3 times – 1" in browser.get("/page/faults").text
    assert "Done: Cleared 2 faults." in browser.submit("/page/faults", "/page/faults/clear").text
    assert "None waits" in browser.get("/page/faults").text


def test_a_fault_that_cannot_be_is_explained_and_kept_in_the_form(browser):
    page = browser.submit("/page/faults", "/page/faults", kind="lost", operation="getUser", times="many")
    assert "Not done: times: found 'many'; expected a whole number from 1" in page.text
    form = page.form("/page/faults")
    assert (form["kind"], form["operation"], form["times"]) == ("lost", "getUser", "many")
    page = browser.submit("/page/faults", "/page/faults", kind="lost", operation="getUser")
    assert "'lost' with operation 'getUser'" in page.text
    token = page.values("token")[0]
    gone = browser.client.post("/page/faults/9/remove", data={"token": token, "back": "/page/faults"})
    assert "Not done: found fault id '9'" in browser.get(gone.headers["location"]).text


def test_switches_are_changed_by_form_each_by_its_kind(browser):
    page = browser.submit(
        "/page/switches",
        "/page/switches",
        strict="off",
        schedule_limit="7",
        duplicate_transaction_status="409",
        response_delay="1 to 2.5",
        longest_grant="2 days",
    )
    behavior = browser.world.behavior
    assert (behavior.strict, behavior.schedule_limit, behavior.duplicate_transaction_status) == (False, 7, 409)
    assert (behavior.response_delay, behavior.longest_grant) == ((1, 2.5), timedelta(days=2))
    assert (
        "Done: Set strict to off, duplicate_transaction_status to 409, schedule_limit to 7, longest_grant" in page.text
    )
    assert page.form("/page/switches")["response_delay"] == "1 to 2.5"
    browser.submit("/page/switches", "/page/switches", retry_schedule="30 seconds, 2 minutes")
    assert behavior.retry_schedule == (timedelta(seconds=30), timedelta(minutes=2))
    page = browser.submit("/page/switches", "/page/switches", longest_grant="none")
    assert browser.world.behavior.longest_grant is None
    assert "Done: Set longest_grant to none." in page.text
    assert "Nothing was changed" in browser.submit("/page/switches", "/page/switches").text


def test_a_switch_says_what_is_known_of_it(shared):
    text = shared.get("/page/switches").text
    assert "schedule_limit 20 by the page, 100 let through in 2020: https://github.com/microsoftgraph" in text
    assert "response_delay 5 to 90" not in text
    assert "response_delay least to most 5 to 90" in text


def test_a_switch_that_cannot_be_set_so_is_explained(browser):
    page = browser.submit("/page/switches", "/page/switches", schedule_limit="lots", response_delay="9 to 1")
    assert "schedule_limit: found 'lots'; expected a whole number" in page.text
    assert "response_delay: found 9 and 1; expected the least before the most" in page.text
    assert page.form("/page/switches")["schedule_limit"] == "lots"
    assert browser.world.behavior.schedule_limit == 20


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "-1", "0x10"])
def test_a_number_that_is_none_is_refused_wherever_it_is_written(browser, value):
    for name in ("times", "probability", "hold_s"):
        page = browser.submit("/page/faults", "/page/faults", kind="timeout", **{name: value})
        assert f"Not done: {name}: found " in page.text
    page = browser.submit("/page/switches", "/page/switches", schedule_limit=value, request_lasts_s=value)
    assert "Not done: schedule_limit: found " in page.text
    assert "request_lasts_s: found " in page.text


def test_every_switch_set_to_what_it_says_is_left_as_it_is(shared):
    before = shared.client.get("/behavior").json()
    page = shared.submit("/page/switches", "/page/switches")
    assert "Nothing was changed" in page.text
    assert shared.client.get("/behavior").json() == before


def subscription_of(world, kind):
    return next(item for item in world.live_subscriptions() if item.kind == kind)


def test_what_waits_for_a_subscription_is_lost_with_and_without_missed(browser):
    found = subscription_of(browser.world, "events")
    waiting = browser.world.notifications_waiting(found.id)
    action = f"/page/subscriptions/{found.id}/lose"
    page = browser.submit("/page/subscriptions", action)
    assert f"Done: Lost {waiting} notification" in page.text
    assert browser.world.notifications_waiting(found.id) == 0
    page = browser.submit("/page/subscriptions", action, announce="true")
    assert "Lost 0 notifications of" in page.text
    assert "Its lifecycle URL is told missed when time next passes." in page.text
    browser.submit("/page/clock", "/page/clock", step="1 second")
    assert "missed" in browser.get("/page/traffic").text


def test_a_subscription_is_asked_for_reauthorization_and_removed(browser):
    found, deaf = subscription_of(browser.world, "events"), subscription_of(browser.world, "messages")
    page = browser.submit("/page/subscriptions", f"/page/subscriptions/{found.id}/reauthorize")
    assert "Its lifecycle URL is told reauthorizationRequired" in page.text
    page = browser.submit("/page/subscriptions", f"/page/subscriptions/{deaf.id}/remove")
    assert "There is no lifecycle URL to be told subscriptionRemoved." in page.text
    browser.submit("/page/subscriptions", f"/page/subscriptions/{found.id}/remove")
    assert browser.world.live_subscriptions() == []
    browser.submit("/page/clock", "/page/clock", step="1 second")
    text = browser.get("/page/traffic").text
    assert "subscriptionRemoved" in text
    assert "failed 503" in text
    token = browser.get("/").values("token")[0]
    gone = browser.client.post(f"/page/subscriptions/{found.id}/remove", data={"token": token})
    assert (
        f"Not done: found subscription '{found.id}'; expected one that is live"
        in browser.get(gone.headers["location"]).text
    )


def test_requests_to_graph_are_shown_with_the_words_of_a_refusal():
    world = a_tenant()
    world.add_application(client_id="app", secret="secret", permissions={"User.Read.All": None})
    with page_of(world) as url, graph_of(world) as graph:
        graph.get(f"/users/{DANIEL}")
        graph.get("/users/x/klendar")
        browser = Browser(world, url)
        text = browser.get("/page/traffic").text
        assert f"getUser GET /v1.0/users/{DANIEL} 200" in text
        assert "no route GET /v1.0/users/x/klendar BadRequest: Resource not found for the segment 'klendar'" in text
        browser.client.close()


@pytest.mark.parametrize("action", ["/page/clock", "/page/faults/clear", "/page/switches"])
@pytest.mark.parametrize("token", [None, "", "guessed"])
def test_a_form_without_the_token_of_this_run_is_refused(browser, action, token):
    browser.world.faults.add(Fault(operation="*", kind="dropped"))
    fields = {"step": "1 hour", "strict": "off"} | ({} if token is None else {"token": token})
    answer = browser.client.post(action, data=fields)
    assert answer.status_code == 403
    assert "found a form without the token of this run" in Page(answer.text).text
    assert browser.world.clock.now() == START
    assert browser.world.behavior.strict
    assert len(browser.world.faults.waiting()) == 1


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "https://127.0.0.1:1"])
def test_a_form_of_another_origin_is_refused_though_it_has_the_token(browser, origin):
    form = browser.get("/").form("/page/clock") | {"step": "1 hour", "run_to": ""}
    answer = browser.client.post("/page/clock", data=form, headers={"Origin": origin})
    assert answer.status_code == 403
    assert f"found a form of '{origin}'" in Page(answer.text).text
    own = browser.client.post("/page/clock", data=form, headers={"Origin": browser.url})
    assert own.status_code == 303
    assert browser.world.clock.now() == START + timedelta(hours=1)


@pytest.mark.parametrize(
    ("method", "path", "headers", "content", "status", "said"),
    [
        ("POST", "/page/clock", {"Content-Type": "text/plain"}, b"x=1", 415, "found content type 'text/plain'"),
        ("POST", "/page/clock", {"Content-Type": "application/x-www-form-urlencoded"}, b"a=%ff", 400, "cannot be read"),
        ("POST", "/page/nowhere", {"Content-Type": "application/x-www-form-urlencoded"}, b"", 404, "/page/nowhere"),
        ("DELETE", "/page/clock", {}, b"", 405, "found DELETE; expected GET or POST"),
    ],
)
def test_what_no_form_of_ours_sends_is_refused_on_a_page(shared, method, path, headers, content, status, said):
    answer = shared.client.request(method, path, headers=headers, content=content)
    assert answer.status_code == status
    assert said in Page(answer.text).text


def test_another_host_is_refused_as_by_the_control_api(shared):
    answer = shared.client.get("/", headers={"Host": "evil.test"})
    assert answer.status_code == 400
    assert "found host 'evil.test'" in answer.json()["error"]


@pytest.mark.parametrize("back", ["https://evil.test/", "//evil.test/", "/page/nowhere", "/\r\nX: y", ""])
def test_a_form_leads_back_to_pages_of_ours_alone(browser, back):
    token = browser.get("/").values("token")[0]
    answer = browser.client.post("/page/faults/clear", data={"token": token, "back": back})
    assert answer.headers["location"] == "/?said=1"


def test_what_was_done_is_told_on_the_next_page_alone(browser):
    page = browser.submit("/page/faults", "/page/clock", step="1 hour", run_to="")
    assert "Done:" in page.text
    assert page.form("/page/clock")["back"] == "/page/faults"
    assert "Done:" not in browser.get("/page/faults").text


def test_ten_thousand_people_are_searched_and_not_listed():
    world = a_tenant()
    for number in range(10_000):
        world.add_user(address=f"p{number}@contoso.test", display_name=f"Person {number}", windows_time_zone="UTC")
    with page_of(world) as url:
        browser = Browser(world, url)
        page = browser.get("/page/people")
        assert "The first 50 of 10,005; search to see others." in page.text
        assert page.tags["tr"] == 51
        week = browser.get("/")
        assert week.tags["option"] == 0
        assert "Find one of 10,005 people" in week.text
        assert "Person 9999 p9999@contoso.test" in browser.get("/page/people?q=p9999@").text
        browser.client.close()


def test_a_full_inbox_shows_the_newest_fifty(browser):
    for number in range(60):
        browser.world.create_event(
            EMILY, an_event(f"No {number}", "2026-02-03T10:00:00", "2026-02-03T11:00:00", to=(MIA,)), actor=EMILY
        )
    browser.submit("/", "/page/clock", step="1 day", run_to="")
    page = browser.get(f"/page/people/{MIA}/mail")
    assert "The newest 50 of 60." in page.text
    assert page.tags["tr"] == 51


def test_an_empty_tenant_says_so():
    world = a_tenant()
    for user in world.users():
        world.remove_user(user)
    with page_of(world) as url:
        browser = Browser(world, url)
        assert "There is nobody in this tenant." in browser.get("/").text
        assert "There is nobody in this tenant." in browser.get("/page/people").text
        browser.client.close()


def test_the_root_of_graph_leads_to_the_page_where_there_is_one():
    world = a_tenant()
    with serving(world) as server, httpx.Client(verify=CERTIFICATES.ssl_context(), trust_env=False) as client:
        plain = client.get(f"{server.base_url}/")
        assert plain.status_code == 200
        assert plain.headers["content-type"] == "text/plain; charset=utf-8"
        assert server.graph_url in plain.text
        server.face.page_url = "http://127.0.0.1:1/"
        led = client.get(f"{server.base_url}/")
        assert (led.status_code, led.headers["location"]) == (303, "http://127.0.0.1:1/")


def test_pages_and_the_control_api_change_the_same(browser):
    page = browser.submit("/page/faults", "/page/faults", kind="dropped")
    assert "dropped" in page.text
    (fault,) = browser.client.get("/faults").json()["value"]
    assert fault["kind"] == "dropped"
    browser.client.request("DELETE", "/faults", content=json.dumps(None), headers={"Content-Type": "application/json"})
    assert "None waits" in browser.get("/page/faults").text
