"""Renders the texts: in the reader's language, by the reader's clock, from the shipped templates or a programme's own.

A template begins with lines `Subject:` and `Why:` where it is a message; the rest is its body. Everything that comes
from outside is escaped. Templates are written by admins: they run in Jinja2's sandbox, without calls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from babel import Locale
from babel.dates import format_date, format_time
from jinja2 import StrictUndefined, Template, pass_context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from graphsync.calendar.time_zones import zone
from graphsync.teams.messages.kinds import KINDS

LANGUAGES: Final = ("en", "fr")
DEFAULT_LANGUAGE: Final = "en"
_LOCALES: Final = {"en": Locale("en", "GB"), "fr": Locale("fr", "FR")}
_HEAD: Final = re.compile(r"\s*(Subject|Why):[ \t]*(.*)\n")
_HEADLINES: Final = ("Subject", "Why")
_VOWELS: Final = "aeiouyhâàéèêëîïôöûüœæ"

_DAY: Final = "EEEE d MMMM"
_DATE: Final = {"en": "d MMMM yyyy", "fr": "d MMMM yyyy"}
_DAY_AND_TIME: Final = {"en": "{day} at {time} ({place})", "fr": "{day} à {time} ({place})"}
_PLACE: Final = {"en": "{city} time", "fr": "heure de {city}"}
_OWN_CLOCK: Final = {"en": "your time", "fr": "votre heure"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail's subject line and its body in HTML."""

    subject: str
    body_html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads a text: their name, a language of `LANGUAGES`, and the IANA zone whose clock they follow."""

    name: str
    language: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One matter of a message, rendered: its subject line, why it is said, its body in HTML, and the small print."""

    heading: str
    why: str
    content: str
    may_pause: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A template of the programme's own: the file it is from, and its source."""

    file: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A template's source taken apart: the head lines it has, its body, and in which line that begins."""

    head: Mapping[str, tuple[int, str]]
    body: str
    body_line: int


def taken_apart(source: str) -> Parts:
    """Return the head lines and the body of a template."""
    head: dict[str, tuple[int, str]] = {}
    at = 0
    while (line := _HEAD.match(source, at)) and line[1] not in head:
        head[line[1]] = (source.count("\n", 0, line.start(2)) + 1, line[2])
        at = line.end()
    rest = source[at:]
    body = rest.lstrip("\n") if head else rest
    return Parts(head=head, body=body, body_line=source.count("\n", 0, len(source) - len(body)) + 1)


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts in all languages; what a programme overrides is in the place of what is shipped."""

    overrides: Mapping[tuple[str, str], Override] = field(default_factory=dict)

    def message(
        self, kind: str, variables: Mapping[str, Any], reader: Reader, *, contact: str, pause_link: str = ""
    ) -> Message:
        """Return a whole mail about one matter.

        Args:
            kind: one of `KINDS` that is a message.
            variables: those of the kind, and `other`.
            reader: who gets it.
            contact: whom to write to.
            pause_link: where a pause can be asked for, if there is such a page.
        """
        section = self.section(kind, variables, reader, contact=contact, pause_link=pause_link)
        return self.together([section], reader, contact=contact, pause_link=pause_link)

    def section(
        self, kind: str, variables: Mapping[str, Any], reader: Reader, *, contact: str, pause_link: str = ""
    ) -> Section:
        """Return one matter rendered, for `together`."""
        common = {"name": reader.name, "contact": contact, "pause_link": pause_link, "other": ""}
        values = common | dict(variables)
        parts = self._parts(reader.language, kind)
        subject, why = (parts.head[line][1] for line in _HEADLINES)
        return Section(
            heading=_one_line(self._render(reader, subject, values)),
            why=_one_line(self._render(reader, why, values)),
            content=self._render(reader, parts.body, values),
            may_pause=KINDS[kind].may_pause,
        )

    def together(self, sections: Sequence[Section], reader: Reader, *, contact: str, pause_link: str = "") -> Message:
        """Return one mail about one or several matters: a greeting, each matter, and one small print."""
        if len(sections) == 1:
            heading, content = sections[0].heading, Markup(sections[0].content)
        else:
            shown = [{"heading": Markup(section.heading), "content": Markup(section.content)} for section in sections]
            digest = self._parts(reader.language, "digest")
            heading = _one_line(self._render(reader, digest.head["Subject"][1], {"sections": shown}))
            content = Markup(self._render(reader, digest.body, {"sections": shown}))
        framed = self.text(
            "frame",
            {
                "name": reader.name,
                "content": content,
                "why": [Markup(why) for why in dict.fromkeys(section.why for section in sections)],
                "contact": contact,
                "pause_link": pause_link,
                "may_pause": any(section.may_pause for section in sections),
            },
            reader,
        )
        return Message(subject=str(Markup(heading).unescape()), body_html=framed)

    def text(self, kind: str, variables: Mapping[str, Any], reader: Reader) -> str:
        """Return a text in HTML that is no message of its own."""
        return self._render(reader, self._parts(reader.language, kind).body, variables).strip()

    def plain(self, kind: str, variables: Mapping[str, Any], reader: Reader) -> str:
        """Return a text in one line that goes where there is no HTML, such as an event's subject."""
        return str(Markup(_one_line(self.text(kind, variables, reader))).unescape())

    def source(self, language: str, kind: str) -> str:
        """Return the template that is used for a kind in a language."""
        own = self.overrides.get((language, kind))
        return shipped(language, kind) if own is None else own.source

    def _parts(self, language: str, kind: str) -> Parts:
        return taken_apart(self.source(language, kind))

    def _render(self, reader: Reader, source: str, variables: Mapping[str, Any]) -> str:
        return compiled(source, reader.language).render(variables, _clock=reader.time_zone)


@cache
def shipped(language: str, kind: str) -> str:
    """Return the shipped template of a kind in a language."""
    return (files("graphsync.teams.messages") / language / f"{kind}.html").read_text(encoding="utf-8")


@cache
def compiled(source: str, language: str) -> Template:
    """Return `source` as a template whose filters speak `language`."""
    return environment(language).from_string(source)


@cache
def environment(language: str) -> ImmutableSandboxedEnvironment:
    """Return what templates of a language run in: its filters and no others, nothing to call."""
    made = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.globals.clear()
    allowed = {name: made.filters[name] for name in ("join", "length", "upper", "lower", "capitalize", "default")}
    made.filters.clear()
    made.filters |= allowed | _filters(language)
    return made


def _filters(language: str) -> dict[str, Any]:
    locale = _LOCALES[language]

    @pass_context
    def day(context: Any, instant: datetime) -> str:
        return format_date(_local(context, instant), _DAY, locale=locale)

    @pass_context
    def clock_time(context: Any, instant: datetime) -> str:
        return format_time(_local(context, instant), "HH:mm", locale=locale)

    @pass_context
    def day_and_time(context: Any, instant: datetime) -> str:
        return _DAY_AND_TIME[language].format(
            day=day(context, instant), time=clock_time(context, instant), place=_place(context["_clock"], language)
        )

    def in_full(on: date) -> str:
        return format_date(on, _DATE[language], locale=locale)

    filters = {"day": day, "time": clock_time, "day_and_time": day_and_time, "date": in_full}
    return filters | ({"de": _de} if language == "fr" else {})


def _local(context: Any, instant: datetime) -> datetime:
    return instant.astimezone(zone(context["_clock"]))


def _place(time_zone: str, language: str) -> str:
    """Return what tells a reader by which clock a time is: theirs by its city, where the zone is named after one."""
    if time_zone == "UTC":
        return "UTC"
    if "/" not in time_zone or "," in time_zone:
        return _OWN_CLOCK[language]  # a rule that somebody set by hand, which has no name
    return _PLACE[language].format(city=time_zone.rsplit("/", 1)[-1].replace("_", " "))


def _de(name: str) -> Markup:
    """Return a name after "de", elided where French wants it: de Mira, d'Anna."""
    apart = name[:1].casefold() in _VOWELS
    return Markup("d’") + escape(name) if apart and name else Markup("de ") + escape(name)


def _one_line(text: str) -> str:
    """Return `text` in one line; a no-break space stays one."""
    return re.sub(r"[ \t\n]+", " ", text).strip()
