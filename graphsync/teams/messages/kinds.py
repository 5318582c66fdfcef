"""The kinds of text there are: when each is sent, which variables its template may use, and samples to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final

COMMON: Final[Mapping[str, str]] = MappingProxyType(
    {
        "name": "the reader's name",
        "other": "the name of the other one of the two",
        "contact": "whom to write to: the programme's coordinator",
        "pause_link": "where a pause can be asked for; empty where there is no such page",
    }
)
"""The variables that the templates of all messages may use beside their own."""

WHEN, LATER = datetime(2026, 10, 22, 8, tzinfo=UTC), datetime(2026, 10, 29, 8, 30, tzinfo=UTC)
LAST = datetime(2026, 10, 30, 14, tzinfo=UTC)
LINK: Final = "https://graphsync.example/a/sample"


class ByLanguage(dict[str, Any]):
    """A sample that is a text itself, or several, by language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKind:
    """One kind of text.

    Attributes:
        name: names its template, `en/<name>.html`.
        description: when it is used, and for whom.
        is_message: whether it is a mail with a subject and a reason, or a text that goes into something else.
        may_pause: whether the small print says how to pause; it does not where all is over, or paused already.
        variables: what its template may use beside `COMMON` (of messages), each with what it is.
        samples: values for those, one set for each way the text can turn out.
    """

    name: str
    description: str
    is_message: bool = True
    may_pause: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    samples: tuple[Mapping[str, Any], ...] = ({},)

    def samples_in(self, language: str) -> Iterator[dict[str, Any]]:
        """Yield the samples as a reader of `language` gets them."""
        for sample in self.samples:
            yield {name: value[language] if isinstance(value, ByLanguage) else value for name, value in sample.items()}


_WHEN = "when the session is, an instant"
_PAIR = {"mentor": "the mentor's name", "mentee": "the mentee's name"}
_SAMPLE_PAIR = {"mentor": "Mira Vogel", "mentee": "Tom Ek"}
_ITEM = {"mentorship": "m0a1b2c3", **_SAMPLE_PAIR}
_REASON_CODES = (
    "outside_hours",
    "busy",
    "away",
    "no_overlap",
    "unreadable",
    "limit",
    "week_over",
    "no_common_hour",
    "moved_often",
    "skipped",
    "ended",
    "outside",
    "last_day",
    "not_agreed",
)
_AWAY = ByLanguage(en="Mira Vogel is away", fr="absence de Mira Vogel")
_NO_HOUR = ByLanguage(en="there was no hour that both had free", fr="il n’y avait aucun créneau libre pour les deux")
_NO_OVERLAP = ByLanguage(
    en="the working hours of the two do not overlap",
    fr="les heures de travail des deux personnes n’ont aucun moment en commun",
)
_FULL = ByLanguage(
    en="the calendar of Mira Vogel had no hour left that suited both",
    fr="il n’y avait plus, dans l’agenda de Mira Vogel, de créneau qui convienne aux deux",
)
_PUT_BACK = {
    "lost": WHEN,
    "slot": None,
    "reason": "",
    "suggestion": None,
    "alternatives": (),
    "ask_standing_time": False,
    "last": False,
    "skip_link": "",
}
_SUGGESTION = {
    "proposed": False,
    "when": WHEN,
    "instead_of": None,
    "yes_link": LINK,
    "no_link": LINK,
}


def _text(name: str, description: str, variables: Mapping[str, str], *samples: Mapping[str, Any]) -> MessageKind:
    return MessageKind(
        name=name, description=description, is_message=False, variables=variables, samples=samples or ({},)
    )


def _message(
    name: str,
    description: str,
    variables: Mapping[str, str] | None = None,
    *samples: Mapping[str, Any],
    may_pause: bool = True,
) -> MessageKind:
    return MessageKind(
        name=name,
        description=description,
        may_pause=may_pause,
        variables=variables or {},
        samples=samples or ({},),
    )


_ALL: Final = (
    _text("session_subject", "the subject of a session's event", _PAIR, _SAMPLE_PAIR),
    _text("closing_session_subject", "the subject of the last session's event", _PAIR, _SAMPLE_PAIR),
    _text(
        "invite",
        "the body of an invite, read by both; written once",
        {
            **_PAIR,
            "how": "how the two meet, a sentence",
            "why": "why it is at this time",
            "contact": COMMON["contact"],
            "first": "whether it is their first session",
            "closing": "whether it is their last session",
            "undisturbed": "whether it reminds of a quiet room",
        },
        *(
            {
                **_SAMPLE_PAIR,
                "how": ByLanguage(en="on video in Teams, cameras on.", fr="en visio sur Teams, caméras allumées."),
                "why": ByLanguage(
                    en="the best hour you both have free", fr="c’est le meilleur créneau que vous ayez tous deux"
                ),
                "contact": "coordinator@fabrikam.test",
                "first": first,
                "closing": closing,
                "undisturbed": undisturbed,
            }
            for first, closing, undisturbed in ((False, False, True), (True, False, False), (False, True, True))
        ),
    ),
    _text(
        "how_to_meet",
        "how the two meet, for the invite",
        {
            "medium": "`video`, `phone` or `in_person`",
            "phone": "caller and number, or empty",
            "office": "the office, or empty",
            "room": "the room, or empty",
        },
        {"medium": "video", "phone": "", "office": "", "room": ""},
        {
            "medium": "phone",
            "phone": ByLanguage(en="Mira calls +49 30 1234", fr="Mira appelle le +49 30 1234"),
            "office": "",
            "room": "",
        },
        {"medium": "in_person", "phone": "", "office": "Berlin 2", "room": "Linden"},
        {"medium": "in_person", "phone": "", "office": "", "room": ""},
    ),
    _text(
        "why_this_time",
        "why a session is at this time, for the invite",
        {"kind": "`first_choice` or `replacement`", "reason": "why not in the lost week, or empty"},
        {"kind": "first_choice", "reason": ""},
        {"kind": "replacement", "reason": ""},
        {"kind": "replacement", "reason": _AWAY},
    ),
    _text(
        "reason",
        "why there was no time where one was wanted most",
        {"code": f"one of {', '.join(f'`{code}`' for code in _REASON_CODES)}", "name": "whom it is about, or empty"},
        *({"code": code, "name": "Mira Vogel"} for code in _REASON_CODES),
    ),
    _text(
        "cancelled",
        "what is said with the cancelling of a session, to both",
        {"code": "why: `ended` or `skipped`"},
        {"code": "ended"},
        {"code": "skipped"},
    ),
    _text(
        "standing_time",
        "a weekday and time that the two have settled",
        {"weekday": "the weekday in the reader's language", "time": "the time of day"},
        {"weekday": ByLanguage(en="Tuesday", fr="mardi"), "time": "10:00"},
    ),
    _text(
        "hold_subject",
        "the subject of time kept free around a session, in one person's own calendar",
        {"kind": "`before`, `after` or `reread`", "other": COMMON["other"]},
        {"kind": "before", "other": "Tom Ek"},
        {"kind": "reread", "other": "Tom Ek"},
    ),
    _message(
        "welcome",
        "when a mentorship begins, to both: how they will work together",
        {
            "cadence_days": "days between two sessions, a number",
            "standing": "their weekday and time, or empty",
            "medium": "`video`, `phone` or `in_person`",
            "settle_link": "says that all of it suits",
            "ask_link": "where a question can be asked, or empty",
        },
        {"cadence_days": 14, "standing": "", "medium": "video", "settle_link": LINK, "ask_link": LINK},
        {
            "cadence_days": 7,
            "standing": ByLanguage(en="Tuesdays at 10:00", fr="le mardi à 10:00"),
            "medium": "phone",
            "settle_link": LINK,
            "ask_link": LINK,
        },
        {"cadence_days": 21, "standing": "", "medium": "in_person", "settle_link": "", "ask_link": ""},
    ),
    _message(
        "unanswered_invite",
        "two working days after an invite, to whoever has not answered it, alone",
        {"when": _WHEN},
        {"when": WHEN},
    ),
    _message(
        "unanswered_question",
        "one working day after a question, to whom it was put, alone",
        {"source": "`question`, `chat` or `mail`", "answered_link": "says that it is answered, or empty"},
        {"source": "question", "answered_link": LINK},
        {"source": "chat", "answered_link": ""},
        {"source": "mail", "answered_link": ""},
    ),
    _message(
        "question",
        "when one of the two asks the other something through the programme, to the other",
        {"lines": "what was asked, line by line", "answered_link": "says that it is answered"},
        {
            "lines": ByLanguage(
                en=("How did you come to your first project?", "", "I would like to hear more about it next time."),
                fr=(
                    "Comment avez-vous trouvé votre premier projet\u00a0?",
                    "",
                    "J’aimerais en parler avec vous.",
                ),
            ),
            "answered_link": LINK,
        },
        may_pause=False,
    ),
    _message(
        "offer_help",
        "when something has stayed open for long, to both",
        {"help_link": "asks for help, or empty"},
        {"help_link": LINK},
        {"help_link": ""},
    ),
    _message(
        "put_back",
        "when a session was lost: where it was put, or why nowhere",
        {
            "lost": "when the lost session was, an instant",
            "slot": "the new time, an instant, or nothing",
            "reason": "why not in the same week, or empty",
            "suggestion": "a time at short notice, an instant, or nothing",
            "alternatives": "other times, instants",
            "ask_standing_time": "whether another weekday and hour is asked for",
            "last": "whether the last day comes before any other time",
            "skip_link": "goes without it this time, or empty",
        },
        {**_PUT_BACK, "slot": LATER, "alternatives": (LAST,), "skip_link": LINK},
        {**_PUT_BACK, "slot": LATER, "reason": _AWAY, "suggestion": WHEN, "skip_link": LINK},
        {**_PUT_BACK, "reason": _NO_HOUR},
        {**_PUT_BACK, "ask_standing_time": True},
        {**_PUT_BACK, "last": True},
    ),
    _message(
        "no_session",
        "when the hours of the two leave no room for sessions at all, to both",
        {"reason": "why"},
        {"reason": _NO_OVERLAP},
    ),
    _message(
        "not_moved",
        "when no other time was found for a session that another meeting lies over, to who wished it moved",
        {"when": _WHEN, "reason": "why"},
        {"when": WHEN, "reason": _FULL},
    ),
    _message("new_standing_time", "when replacements were lost several times in a row, to both"),
    _message(
        "suggestion",
        "before anything is added to a calendar or moved under `mode: suggest`, to one person",
        {
            "action": "`book`, `rebook`, `move`, `add_video` or `hold`",
            "when": "the time it is about, an instant, or nothing",
            "instead_of": "the time it stood at, an instant, or nothing",
            "proposed": "whether somebody proposed that time",
            "yes_link": "agrees",
            "no_link": "declines",
        },
        *({**_SUGGESTION, "action": action} for action in ("book", "add_video", "hold")),
        *(
            {**_SUGGESTION, "action": action, "when": LATER, "instead_of": WHEN, "proposed": proposed}
            for action, proposed in (("rebook", False), ("move", False), ("move", True))
        ),
    ),
    _message(
        "consent",
        "when a session less than 48 hours ahead could be moved, to the one who did not propose it",
        {"when": _WHEN, "new_when": "the time proposed, an instant", "yes_link": "agrees", "no_link": "declines"},
        {"when": WHEN, "new_when": LATER, "yes_link": LINK, "no_link": LINK},
    ),
    _message(
        "booked_over",
        "when another meeting lies over a session, to whose calendar it is, alone",
        {"when": _WHEN, "move_link": "has the session moved, or empty"},
        {"when": WHEN, "move_link": LINK},
        {"when": WHEN, "move_link": ""},
    ),
    _message("prepare", "three working days before a session, to both", {"when": _WHEN}, {"when": WHEN}),
    _message(
        "notes",
        "when a session has ended, to both; once more the next working day",
        {"when": _WHEN, "again": "whether it is the second time"},
        {"when": WHEN, "again": False},
        {"when": WHEN, "again": True},
    ),
    _message(
        "did_you_meet",
        "when a session has ended, to both",
        {"when": _WHEN, "met_link": "says yes", "not_met_link": "says no"},
        {"when": WHEN, "met_link": LINK, "not_met_link": LINK},
    ),
    _message(
        "idea",
        "halfway between two sessions, to both: one optional idea",
        {"idea": "which of the eight, 0 to 7", "ask_link": "where a question can be asked, or empty"},
        *({"idea": number, "ask_link": LINK} for number in range(8)),
    ),
    _message(
        "missed_sessions",
        "after two cadences without a session, to both",
        {"talked_link": "says that they talked, or empty"},
        {"talked_link": LINK},
        {"talked_link": ""},
    ),
    _message(
        "lost_touch",
        "after three cadences without a session, to both",
        {"talked_link": "says that they talked, or empty", "end_link": "ends the mentoring"},
        {"talked_link": LINK, "end_link": LINK},
        {"talked_link": "", "end_link": ""},
    ),
    _message(
        "paused",
        "when one of the two pauses, to both",
        {"until": "the day it is over, or nothing"},
        {"until": date(2026, 11, 2)},
        {"until": None},
        may_pause=False,
    ),
    _message("resumed", "when a pause is over, to both"),
    _message("ended", "when a mentorship was ended, to both", may_pause=False),
    _message("closed", "when there was no session for long, to both", may_pause=False),
    _message("has_left", "when one of the two has left the organization, to the other", may_pause=False),
    _message(
        "coordinator_week",
        "once a week, to coordinators: which mentorships need a hand; no delays, counts, or which of the two",
        {"items": "each with `mentorship`, `mentor`, `mentee` and `what`"},
        {
            "items": tuple(
                {**_ITEM, "what": what}
                for what in ("not_started", "not_meeting", "lost_touch", "help_asked", "to_renew", "no_hours")
            )
        },
        may_pause=False,
    ),
    _text(
        "frame",
        "around every message: greeting and small print",
        {
            "name": COMMON["name"],
            "content": "the message itself",
            "why": "why it was sent: sentences",
            "contact": COMMON["contact"],
            "pause_link": COMMON["pause_link"],
            "may_pause": "whether to say how to pause",
        },
        {
            "name": "Tom Ek",
            "content": "…",
            "why": ("You both get this once.",),
            "contact": "coordinator@fabrikam.test",
            "pause_link": "",
            "may_pause": True,
        },
    ),
    _text(
        "digest",
        "several matters of one day in one message",
        {"sections": "each with `heading` and `content`"},
        {"sections": ({"heading": "Does Thursday suit you?", "content": "…"},)},
    ),
)

KINDS: Final[Mapping[str, MessageKind]] = MappingProxyType({kind.name: kind for kind in _ALL})
"""Every kind by its name."""
