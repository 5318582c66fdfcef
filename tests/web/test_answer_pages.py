"""The pages that personal links open, as a browser and a mail scanner meet them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from graphsync.clock import SteppedClock
from graphsync.mentoring import Choice, Mentorship, Person, Status, WeeklyHours
from graphsync.store import open_store
from graphsync.teams.messages import LANGUAGES
from graphsync.web.answer_words import WORDS
from graphsync.web.answers import answers_blueprint
from graphsync.web.links import LASTS, LinkForged, SignedLinks

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PUBLIC = "https://graphsync.example"


class Pages:
    def __init__(self, store, clock):
        self.store, self.clock, self.woken = store, clock, 0
        self.links = SignedLinks(store.link_key, PUBLIC, clock)
        app = Flask("test")
        app.register_blueprint(answers_blueprint(store, self.links, clock, on_marked=self._wake))
        self.web = app.test_client()

    def _wake(self):
        self.woken += 1

    def link(self, choice, person="tom", about="x/1", starts_at=None):
        return self.links.answer("m1", person, about, choice, starts_at).removeprefix(PUBLIC)

    def replies(self):
        with self.store.transaction() as ledger:
            return ledger.replies.of("m1")


def a_person(name, language="en"):
    hours = WeeklyHours(time_zone="Europe/Berlin", hours=())
    return Person(id=name, address=f"{name}@x.test", display_name=name.title(), hours=hours, language=language)


@pytest.fixture
def pages():
    clock = SteppedClock(NOW)
    store = open_store("sqlite://", clock)
    with store.transaction() as ledger:
        ledger.people.save(a_person("mira", "fr"))
        ledger.people.save(a_person("tom"))
        ledger.mentorships.save(
            Mentorship(id="m1", mentor="mira", mentee="tom", cohort="c", started_on=date(2026, 3, 2))
        )
    yield Pages(store, clock)
    store.close()


@pytest.mark.parametrize("choice", [choice for choice in Choice if choice not in (Choice.PAUSE, Choice.ASK)])
def test_a_get_shows_and_a_post_answers(pages, choice):
    link = pages.link(choice)
    shown = pages.web.get(link)
    assert (shown.status_code, pages.replies(), pages.woken) == (200, [], 0)
    assert WORDS["en"].buttons[choice] in shown.text
    assert "Mira" in shown.text
    done = pages.web.post(link)
    assert done.status_code == 200
    (reply,) = pages.replies()
    assert (reply.person, reply.about, reply.choice, reply.at) == ("tom", "x/1", choice, NOW)
    assert pages.woken == 1


def test_a_yes_carries_the_time_it_is_for(pages):
    at = datetime(2026, 3, 12, 9, tzinfo=UTC)
    pages.web.post(pages.link(Choice.YES, starts_at=at))
    assert pages.replies()[0].starts_at == at


def test_a_link_used_twice_says_so_and_does_no_harm(pages):
    link = pages.link(Choice.MET)
    pages.web.post(link)
    assert WORDS["en"].noted in pages.web.get(link).text
    pages.web.post(link)
    assert len(pages.replies()) == 1


def test_a_pause_asks_until_when(pages):
    link = pages.link(Choice.PAUSE, person="mira")
    shown = pages.web.get(link)
    assert 'lang="fr"' in shown.text
    assert 'min="2026-03-03" value="2026-03-30" max="2027-03-02"' in shown.text
    assert pages.web.post(link, data={"until": "2026-05-04"}).status_code == 200
    assert pages.replies()[0].until == date(2026, 5, 4)


@pytest.mark.parametrize("until", ["", "2026-03-02", "2027-03-03", "tomorrow", "9999999-01-01"])
def test_a_day_that_will_not_do_is_refused_kindly(pages, until):
    refused = pages.web.post(pages.link(Choice.PAUSE), data={"until": until})
    assert refused.status_code == 400
    assert WORDS["en"].no_such_day in refused.text
    assert pages.replies() == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_forged_an_old_and_an_outdated_link_say_what_to_do(pages, method):
    call = getattr(pages.web, method)
    link = pages.link(Choice.YES)
    forged = call(link[:-3] + "abc")
    assert forged.status_code == 404
    assert all(WORDS[name].unusable["forged"] in forged.text for name in LANGUAGES)
    pages.clock.set(NOW + LASTS + timedelta(seconds=1))
    assert call(link).status_code == 410
    with pages.store.transaction() as ledger:
        ledger.mentorships.save(
            Mentorship(
                id="m1", mentor="mira", mentee="tom", cohort="c", started_on=date(2026, 3, 2), status=Status.ENDED
            )
        )
    assert call(pages.link(Choice.YES)).status_code == 410
    assert pages.replies() == []


def test_a_link_of_somebody_else_opens_nothing(pages):
    assert pages.web.get(pages.link(Choice.YES, person="nobody")).status_code == 410


def test_a_link_of_another_database_is_a_forged_one(pages):
    other = SignedLinks("another key", PUBLIC, pages.clock)
    token = other.answer("m1", "tom", "x", Choice.YES, None).rpartition("/")[2]
    with pytest.raises(LinkForged):
        pages.links.read(token)


def test_pages_load_nothing_and_tell_nobody_where_they_are(pages):
    shown = pages.web.get(pages.link(Choice.END))
    assert "script" not in shown.text
    assert "http" not in shown.text
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in shown.headers


def test_names_are_escaped(pages):
    with pages.store.transaction() as ledger:
        ledger.people.save(replace(a_person("mira"), display_name="<b>x"))
    assert "<b>x" not in pages.web.get(pages.link(Choice.MET)).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_has_its_words(language):
    words = WORDS[language]
    for phrases in (words.headings, words.texts, words.buttons, words.done):
        assert set(phrases) == set(Choice)
    assert set(words.unusable) == {"forged", "expired", "gone"}


def test_the_page_of_a_pause_offers_one_mail_a_week_and_the_way_back(pages):
    link = pages.link(Choice.PAUSE)
    assert WORDS["en"].digest_button[True] in pages.web.get(link).text
    assert pages.web.post(link, data={"digest": "weekly"}).status_code == 200
    with pages.store.transaction() as ledger:
        assert (ledger.people.get("tom").weekly_digest, ledger.people.get("mira").weekly_digest) == (True, False)
    assert WORDS["en"].digest_button[False] in pages.web.get(link).text
    assert (pages.replies(), pages.woken) == ([], 1)
    pages.web.post(link, data={"digest": "at_once"})
    with pages.store.transaction() as ledger:
        assert not ledger.people.get("tom").weekly_digest


def test_other_pages_offer_no_digest(pages):
    assert WORDS["en"].digest_button[True] not in pages.web.get(pages.link(Choice.MET)).text
    pages.web.post(pages.link(Choice.MET), data={"digest": "weekly"})
    with pages.store.transaction() as ledger:
        assert not ledger.people.get("tom").weekly_digest
