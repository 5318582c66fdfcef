"""All messages as their receivers would see them, a page for each language, to be looked at before one is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from graphsync.teams.messages.kinds import KINDS, MessageKind
from graphsync.teams.messages.texts import LANGUAGES, Message, Reader, Texts

SAMPLE_CONTACT: Final = "coordinator@fabrikam.test"
SAMPLE_PAUSE: Final = "https://graphsync.example/a/pause"
_NAMES: Final = {"en": "Tom Ek", "fr": "Anaïs Petit"}
_OTHER: Final = "Mira Vogel"

_PAGE: Final = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Messages ({{ language }})</title>
<style>
:root { color-scheme: light dark; --line: light-dark(#d5d5d5, #444); --soft: light-dark(#f5f5f4, #232323); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
article { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0 2rem; overflow: hidden; }
header { background: var(--soft); padding: .6rem 1rem; border-bottom: 1px solid var(--line); }
header b { display: block; font-size: 1.05rem; }
.mail { padding: .4rem 1rem; overflow-wrap: anywhere; }
h2 { margin-top: 3rem; } h2 small, .about, header small { color: light-dark(#666, #aaa); font-weight: normal; }
nav a { margin-right: .8rem; } .own { color: light-dark(#9a3412, #fdba74); }
</style>
</head>
<body>
<h1>Messages in {{ title }}</h1>
<nav>{% for other in languages %}<a href="{{ other }}.html">{{ other }}</a>{% endfor %}</nav>
<p class="about">With sample names and times; what the programme has in its own words is marked.</p>
{% for kind in kinds %}
<h2 id="{{ kind.name }}">{{ kind.name }}{% if kind.own %} <small class="own">own text</small>{% endif %}</h2>
<p class="about">{{ kind.description }}</p>
{% for sample in kind.samples %}
<article>
{% if sample.subject %}
<header><b>{{ sample.subject }}</b><small>{{ sender }} → {{ reader }}</small></header>
{% endif %}
<div class="mail">{{ sample.body }}</div>
</article>
{% endfor %}
{% endfor %}
</body>
</html>
""")


def pages(texts: Texts) -> dict[str, str]:
    """Return the pages by file name: `en.html` and `fr.html`, each whole in itself."""
    return {f"{language}.html": _page(texts, language) for language in LANGUAGES}


def _page(texts: Texts, language: str) -> str:
    reader = Reader(name=_NAMES[language], language=language, time_zone="Europe/Berlin")
    kinds = [
        {
            "name": kind.name,
            "description": kind.description,
            "own": (language, kind.name) in texts.overrides,
            "samples": list(_samples(texts, kind, reader)),
        }
        for kind in KINDS.values()
        if kind.name not in ("frame", "digest")
    ]
    kinds.append(
        {
            "name": "digest",
            "description": KINDS["digest"].description,
            "own": (language, "digest") in texts.overrides,
            "samples": [_shown(_digest(texts, reader))],
        }
    )
    return _PAGE.render(
        language=language,
        title={"en": "English", "fr": "French"}[language],
        languages=LANGUAGES,
        kinds=kinds,
        sender="Mentoring",
        reader=reader.name,
    )


def _samples(texts: Texts, kind: MessageKind, reader: Reader) -> Iterator[Mapping[str, Any]]:
    for sample in kind.samples_in(reader.language):
        if kind.is_message:
            values = {"other": _OTHER, **sample}
            yield _shown(texts.message(kind.name, values, reader, contact=SAMPLE_CONTACT, pause_link=SAMPLE_PAUSE))
        else:
            yield {"subject": "", "body": Markup(texts.text(kind.name, sample, reader))}


def _digest(texts: Texts, reader: Reader) -> Message:
    sections = [
        texts.section(
            name,
            {"other": _OTHER, **next(KINDS[name].samples_in(reader.language))},
            reader,
            contact=SAMPLE_CONTACT,
            pause_link=SAMPLE_PAUSE,
        )
        for name in ("unanswered_invite", "prepare")
    ]
    return texts.together(sections, reader, contact=SAMPLE_CONTACT, pause_link=SAMPLE_PAUSE)


def _shown(message: Message) -> Mapping[str, Any]:
    return {"subject": message.subject, "body": Markup(message.body_html)}
