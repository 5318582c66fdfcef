"""The pages that personal links open: a GET shows what would be answered, a POST answers it.

Mail scanners open every link, so opening one changes nothing. No sign-in: a link is for one person and one matter, and
shows no more of it than the other's name. No cookies, no scripts, nothing from outside.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from flask import Blueprint, Response, render_template, request

from graphsync.clock import Clock
from graphsync.engine.context import mark_mentorship
from graphsync.engine.ports import Ledger, Store
from graphsync.errors import ActionRefused, GraphError
from graphsync.mentoring import Choice, MentorshipId, Person, PersonId, Reply, Status
from graphsync.teams.messages import LANGUAGES
from graphsync.web.answer_words import WORDS, Words
from graphsync.web.links import PATH, Answer, LinkExpired, LinkForged, SignedLinks

log = logging.getLogger(__name__)

USUAL_PAUSE: Final = timedelta(days=28)
LONGEST_PAUSE: Final = timedelta(days=365)


LONGEST_QUESTION: Final = 4000

Ask = Callable[[MentorshipId, PersonId, str, str], None]
"""`Asking.ask`: relays a question of somebody; the number tells one from another."""


def answers_blueprint(
    store: Store, links: SignedLinks, clock: Clock, on_marked: Callable[[], None], ask: Ask | None = None
) -> Blueprint:
    """Return the answer pages.

    Args:
        store: where answers are kept.
        links: reads what a link says.
        clock: the service's time.
        on_marked: called when an answer was kept, so that it is acted on at once.
        ask: relays a question; without it none can be asked.
    """
    blueprint = Blueprint("answers", __name__, template_folder="templates")

    @blueprint.get(f"{PATH}<token>")
    def show(token: str) -> Response:
        answer = _read(links, token)
        if isinstance(answer, Response):
            return answer
        with store.transaction() as ledger:
            known = _people(ledger, answer)
            said = _said(ledger, answer)
        if known is None:
            return _kindly("gone", LANGUAGES[0], 410)
        person, other = known
        words = WORDS[person.language]
        today = clock.now().date()
        return _page(
            words,
            person.language,
            heading=words.headings[answer.choice].format(other=other.display_name),
            text=words.noted if said is answer.choice else words.texts[answer.choice],
            button=words.buttons[answer.choice],
            days=(today + timedelta(days=1), today + USUAL_PAUSE, today + LONGEST_PAUSE)
            if answer.choice is Choice.PAUSE
            else None,
            question=_Question(number=f"{clock.now().timestamp():.3f}") if answer.choice is Choice.ASK else None,
            digest=not person.weekly_digest if answer.choice is Choice.PAUSE else None,
        )

    @blueprint.post(f"{PATH}<token>")
    def act(token: str) -> Response:
        answer = _read(links, token)
        if isinstance(answer, Response):
            return answer
        if answer.choice is Choice.ASK:
            return asked(answer)
        if answer.choice is Choice.PAUSE and "digest" in request.form:
            return chosen(answer, weekly=request.form["digest"] == "weekly")
        now = clock.now()
        until = _day(request.form.get("until", "")) if answer.choice is Choice.PAUSE else None
        with store.transaction() as ledger:
            known = _people(ledger, answer)
            if known is None:
                return _kindly("gone", LANGUAGES[0], 410)
            words = WORDS[known[0].language]
            if answer.choice is Choice.PAUSE and not _may_pause_until(until, now.date()):
                heading = words.headings[answer.choice].format(other=known[1].display_name)
                return _page(words, known[0].language, heading=heading, text=words.no_such_day, status=400)
            ledger.replies.save(
                Reply(
                    mentorship=answer.mentorship,
                    person=answer.person,
                    about=answer.about,
                    choice=answer.choice,
                    at=now,
                    until=until,
                    starts_at=answer.starts_at,
                )
            )
            if answer.choice is Choice.ANSWERED:
                ledger.requests.close(answer.about)
            mark_mentorship(ledger, answer.mentorship, now)
        on_marked()
        return _page(words, known[0].language, heading=words.thanks, text=words.done[answer.choice])

    def chosen(answer: Answer, *, weekly: bool) -> Response:
        """Keep how somebody wants their messages: all that can wait in one mail a week, or as they come."""
        with store.transaction() as ledger:
            known = _people(ledger, answer)
            if known is None:
                return _kindly("gone", LANGUAGES[0], 410)
            person = known[0]
            ledger.people.save(replace(person, weekly_digest=weekly))
            for mentorship in ledger.mentorships.of(person.id):
                mark_mentorship(ledger, mentorship.id, clock.now())
        on_marked()
        words = WORDS[person.language]
        return _page(words, person.language, heading=words.thanks, text=words.digest_done[weekly])

    def asked(answer: Answer) -> Response:
        """Relay what was asked; where that cannot be done the page comes back with the text still on it."""
        with store.transaction() as ledger:
            known = _people(ledger, answer)
        if known is None or ask is None:
            return _kindly("gone", LANGUAGES[0], 410)
        person, other = known
        words = WORDS[person.language]
        question = _Question(number=request.form.get("number", ""), text=request.form.get("question", ""))
        wrong, status = "", 200
        if not question.text.strip():
            wrong, status = words.nothing_asked, 400
        elif len(question.text) > LONGEST_QUESTION:
            wrong, status = words.too_long, 400
        else:
            try:
                ask(answer.mentorship, answer.person, question.number, question.text)
            except (GraphError, ActionRefused) as error:
                log.warning("a question of mentorship %s was not relayed: %s", answer.mentorship, error)
                wrong, status = words.not_relayed, 503
        if wrong:
            return _page(
                words,
                person.language,
                heading=words.headings[Choice.ASK].format(other=other.display_name),
                text=wrong,
                button=words.buttons[Choice.ASK],
                question=question,
                status=status,
            )
        on_marked()
        return _page(words, person.language, heading=words.thanks, text=words.done[Choice.ASK])

    return blueprint


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """The field for a question: a number that tells it from others, and what was typed already."""

    number: str
    text: str = ""


def _read(links: SignedLinks, token: str) -> Answer | Response:
    try:
        return links.read(token)
    except LinkForged:
        return _kindly("forged", LANGUAGES[0], 404)
    except LinkExpired:
        return _kindly("expired", LANGUAGES[0], 410)


def _people(ledger: Ledger, answer: Answer) -> tuple[Person, Person] | None:
    """Return who answers and the other one; None where the mentorship is over or not theirs any more."""
    mentorship = ledger.mentorships.get(answer.mentorship)
    if mentorship is None or mentorship.status is Status.ENDED:
        return None
    if answer.person not in (mentorship.mentor, mentorship.mentee):
        return None
    person, other = ledger.people.get(answer.person), ledger.people.get(mentorship.other(answer.person))
    return None if person is None or other is None else (person, other)


def _said(ledger: Ledger, answer: Answer) -> Choice | None:
    """Return what the person has answered about the matter already."""
    replies = [r for r in ledger.replies.of(answer.mentorship) if (r.person, r.about) == (answer.person, answer.about)]
    return replies[-1].choice if replies else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _may_pause_until(day: date | None, today: date) -> bool:
    return day is not None and today < day <= today + LONGEST_PAUSE


def _kindly(what: str, language: str, status: int) -> Response:
    """Return a page that says that a link cannot be used, and what to do instead, in both languages."""
    texts = [WORDS[name].unusable[what] for name in LANGUAGES]
    words = WORDS[language]
    return _page(words, language, heading=words.sorry, text=" ".join(texts), status=status)


def _page(
    words: Words,
    language: str,
    *,
    heading: str,
    text: str,
    button: str = "",
    days: tuple[date, date, date] | None = None,
    question: _Question | None = None,
    digest: bool | None = None,
    status: int = 200,
) -> Response:
    body = render_template(
        "answer.html",
        language=language,
        heading=heading,
        text=text,
        button=button,
        days=days,
        question=question,
        digest=digest,
        longest=LONGEST_QUESTION,
        words=words,
    )
    response = Response(body, status=status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the key
    response.headers["X-Robots-Tag"] = "noindex"
    return response
