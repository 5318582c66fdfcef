"""What people are sent: short, concrete, with why it was sent and how to pause; never about somebody else's delay.

Times are given in the reader's own zone. Everything that comes from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from graphsync.mentoring import Medium

_TEMPLATES = {
    "invite": """\
<p>{{ mentee }} and {{ mentor }}: time for a mentoring session.</p>
<p><b>Agenda</b> (whoever organizes can edit it here)</p>
<ul><li>Subjects: </li><li>Tools: </li><li>Documents: </li></ul>
<p><b>How you meet</b>: {{ how }}</p>
<p><b>Why this time</b>: {{ why }}</p>
<p><small>Does it not suit? Decline, or propose a new time: a new one is found in the same week where there is one.
To pause the programme for a while, write to {{ contact }}.</small></p>
""",
    "frame": """\
<p>Hello {{ name }},</p>
{{ content }}
<p><small>{{ why }} To pause the programme for a while, write to {{ contact }}.</small></p>
""",
    "unanswered_invite": """\
<p>your mentoring session with {{ other }} on {{ when }} is in your calendar, not answered yet.
One click on Accept lets {{ other }} plan; if the time does not suit, decline it or propose another.</p>
""",
    "unanswered_question": """\
<p>there is a message from {{ other }} in your chat that may still wait for you.
A line, or a thumbs up, is enough.</p>
""",
    "offer_help": """\
<p>sometimes the days are just too full. If something about your mentoring with {{ other }} would be easier with a hand
from outside, answer this mail or write to {{ contact }}: nobody else is told unless you do.</p>
""",
    "no_session": """\
<p>no mentoring session with {{ other }} could be booked yet: {{ reason }}.
If one of you can offer an hour early or late now and then, tell {{ contact }}, and sessions will be booked there, both
of you taking turns.</p>
""",
    "put_back": """\
<p>your session with {{ other }} on {{ lost }} does not take place. {% if slot %}It is put back: <b>{{ slot }}</b>;
the invite is in your calendar.{% elif standing %}It has been moved a few times in a row now: which weekday and hour
would suit you both better? Tell each other, and move the next session there: the ones after it will follow.
{% else %}No new time was found for it yet; your next session will be booked as usual.{% endif %}</p>
{% if reason and not standing %}<p>Why not in the same week: {{ reason }}.</p>{% endif %}
{% if suggestion %}<p>At short notice you would both be free on <b>{{ suggestion }}</b>: if you like that better,
just move the session there.</p>{% endif %}
{% if alternatives %}<p>Also free for both of you:</p><ul>{% for other_slot in alternatives %}<li>{{ other_slot }}</li>
{% endfor %}</ul><p>If one of these suits better, move the session there in your calendar, or propose it as a new
time.</p>
{% endif %}
""",
}


_ENVIRONMENT = Environment(loader=DictLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail's subject line and its body in HTML."""

    subject: str
    body_html: str


def day_and_time(instant: datetime, clock: tzinfo) -> str:
    """Return an instant as its reader says it by their clock, such as `Thursday 22 October at 10:00 (Berlin time)`."""
    local = instant.astimezone(clock)
    place = clock.key.rsplit("/", 1)[-1].replace("_", " ") if isinstance(clock, ZoneInfo) else "your"
    return f"{local:%A} {local.day} {local:%B} at {local:%H:%M} ({place} time)"


def session_subject(mentor: str, mentee: str) -> str:
    """Return the subject line of a session's invite."""
    return f"Mentoring: {mentee} and {mentor}"


def how_to_meet(medium: Medium, *, phone: str, office: str | None) -> str:
    """Return one sentence on how the two meet."""
    if medium is Medium.PHONE:
        return f"by phone: {phone}."
    if medium is Medium.IN_PERSON:
        return f"in person, at {office or 'the office you share'}: take an hour away from the screens."
    return "on video in Teams, cameras on: show each other the room you sit in."


def invite_body(*, mentor: str, mentee: str, how: str, why: str, contact: str) -> str:
    """Return the body of a session's invite; it is written once and read by both, and by whoever it is forwarded to."""
    template = _ENVIRONMENT.get_template("invite")
    return template.render(mentor=mentor, mentee=mentee, how=how, why=why, contact=contact)


def _framed(content: str, *, name: str, why: str, contact: str) -> str:
    """Return a whole mail around `content`, which a template has rendered and so escaped."""
    return _ENVIRONMENT.get_template("frame").render(name=name, content=Markup(content), why=why, contact=contact)


def unanswered_invite(*, name: str, other: str, starts_at: datetime, clock: tzinfo, contact: str) -> Message:
    """Return the nudge about an invite; for whoever owes the answer, alone."""
    when = day_and_time(starts_at, clock)
    content = _ENVIRONMENT.get_template("unanswered_invite").render(other=other, when=when)
    why = "You get this because an invite to your mentoring session is open."
    return Message(subject=f"Does {when} suit you?", body_html=_framed(content, name=name, why=why, contact=contact))


def unanswered_question(*, name: str, other: str, contact: str) -> Message:
    """Return the nudge about a chat message; for whoever owes the answer, alone."""
    content = _ENVIRONMENT.get_template("unanswered_question").render(other=other)
    why = "You get this because you have both agreed that open messages are noticed."
    return Message(subject=f"A message from {other}", body_html=_framed(content, name=name, why=why, contact=contact))


def offer_help(*, name: str, other: str, contact: str) -> Message:
    """Return the offer of help that goes to both."""
    content = _ENVIRONMENT.get_template("offer_help").render(other=other, contact=contact)
    why = "You both get this once."
    return Message(
        subject="Can we help with your mentoring?", body_html=_framed(content, name=name, why=why, contact=contact)
    )


def no_session(*, name: str, other: str, reason: str, contact: str) -> Message:
    """Return the message to both where the hours of the two leave no room for a session at all."""
    content = _ENVIRONMENT.get_template("no_session").render(other=other, reason=reason, contact=contact)
    why = "You both get this once."
    return Message(
        subject="Your mentoring sessions need an hour", body_html=_framed(content, name=name, why=why, contact=contact)
    )


def put_back(
    *,
    name: str,
    other: str,
    clock: tzinfo,
    lost: datetime,
    slot: datetime | None,
    reason: str,
    suggestion: datetime | None,
    alternatives: Sequence[datetime],
    ask_standing_time: bool,
    contact: str,
) -> Message:
    """Return the message about a lost session: where it was put back to, or why it was not, and what else is free."""
    content = _ENVIRONMENT.get_template("put_back").render(
        other=other,
        lost=day_and_time(lost, clock),
        slot=slot and day_and_time(slot, clock),
        reason=reason,
        suggestion=suggestion and day_and_time(suggestion, clock),
        alternatives=[day_and_time(alternative, clock) for alternative in alternatives],
        standing=ask_standing_time,
    )
    why = "You get this because a session of yours was lost."
    subject = "Your mentoring session has a new time" if slot else "Your mentoring session does not take place"
    return Message(subject=subject, body_html=_framed(content, name=name, why=why, contact=contact))
