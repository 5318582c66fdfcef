import re
from datetime import UTC, datetime

import pytest

from graphsync.teams.messages import KINDS, LANGUAGES, Override, Reader, Texts, problems_in
from graphsync.teams.messages.checks import variables_of
from graphsync.teams.messages.preview import pages

CONTACT = "coordinator@fabrikam.test"
WHEN = datetime(2026, 10, 22, 8, tzinfo=UTC)
MESSAGES = [kind for kind in KINDS.values() if kind.is_message]
FORBIDDEN = {
    "en": r"\b(late|overdue|delay\w*|waiting for you|still has not|has not answered|reminder|please)\b|!",
    "fr": r"\b(retard\w*|attend depuis|relance|s’il vous plaît|n’a pas répondu)\b|!",
}


def reader(language="en", time_zone="Europe/Berlin", name="Tom"):
    return Reader(name=name, language=language, time_zone=time_zone)


def rendered(kind, language, sample, texts=None, **options):
    values = {"other": "Mira", **sample}
    return (texts or Texts()).message(kind.name, values, reader(language), contact=CONTACT, **options)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.name)
def test_every_message_says_what_why_and_how_to_pause(kind, language):
    for sample in kind.samples_in(language):
        message = rendered(kind, language, sample)
        greeting = {"en": "Hello Tom,", "fr": "Bonjour Tom,"}[language]
        assert greeting in message.body_html
        assert CONTACT in message.body_html
        assert message.subject == " ".join(message.subject.split(" "))
        assert "\n" not in message.subject
        pauses = {"en": "pause the programme", "fr": "uspendre votre participation"}[language]
        assert (pauses in message.body_html) is kind.may_pause
        assert not re.search(FORBIDDEN[language], message.subject + message.body_html, re.IGNORECASE)
        assert 'href=""' not in message.body_html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if not kind.is_message], ids=lambda kind: kind.name)
def test_every_other_text_can_be_put_together(kind, language):
    for sample in kind.samples_in(language):
        assert Texts().text(kind.name, sample, reader(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_shipped_keeps_the_rules_for_texts_of_ones_own(language):
    texts = Texts()
    everything = {
        (language, name): Override(file=f"{language}/{name}.html", source=texts.source(language, name))
        for name in KINDS
    }
    assert problems_in(everything) == []


def test_french_has_its_spaces_and_quotation_marks():
    for kind in KINDS:
        source = Texts().source("fr", kind)
        prose = re.sub(r"\{[{%].*?[%}]\}|<[^>]*>|^(Subject|Why):|https?:|[\w-]+:[\w(]", "", source, flags=re.MULTILINE)
        assert not re.search(r"[^\u00a0\s][;?»]|(?<! )[ ][;?!»]|«[^\u00a0]|(?<=\w)'(?=\w)", prose), kind


@pytest.mark.parametrize(
    ("language", "time_zone", "shown"),
    [
        ("en", "Europe/Berlin", "Thursday 22 October at 10:00 (Berlin time)"),
        ("en", "America/New_York", "Thursday 22 October at 04:00 (New York time)"),
        ("fr", "Europe/Paris", "jeudi 22 octobre à 10:00 (heure de Paris)"),
        ("en", "UTC", "Thursday 22 October at 08:00 (UTC)"),
        ("en", "AST-3ADT,M3.5.0/2,M10.5.0/3", "Thursday 22 October at 12:00 (your time)"),
        ("fr", "AST-3ADT,M3.5.0/2,M10.5.0/3", "jeudi 22 octobre à 12:00 (votre heure)"),
    ],
)
def test_times_are_those_of_the_readers_clock_and_language(language, time_zone, shown):
    message = Texts().message("prepare", {"other": "Mira", "when": WHEN}, reader(language, time_zone), contact=CONTACT)
    assert shown in message.body_html


def test_what_comes_from_outside_is_escaped():
    message = Texts().message("resumed", {"other": "<script>x</script> & Co"}, reader(name="<b>"), contact="<i>")
    assert "<script>" not in message.body_html
    assert "<b>," not in message.body_html
    assert message.subject == "Your mentoring with <script>x</script> & Co goes on"


@pytest.mark.parametrize(
    ("name", "shown"), [("Mira", "de la part de Mira"), ("Anna", "de la part d’Anna"), ("Ève", "de la part d’Ève")]
)
def test_french_elides_de_before_a_vowel(name, shown):
    values = {"other": name, "source": "chat", "answered_link": ""}
    assert shown in Texts().message("unanswered_question", values, reader("fr"), contact=CONTACT).body_html


def test_several_matters_go_into_one_message_with_one_small_print():
    texts = Texts()
    sections = [
        texts.section(name, {"other": "Mira", **KINDS[name].samples[0]}, reader(), contact=CONTACT)
        for name in ("prepare", "resumed", "resumed")
    ]
    message = texts.together(sections, reader(), contact=CONTACT)
    assert message.subject == "Your mentoring: 3 things in one mail"
    assert message.body_html.count("<h3>") == 3
    assert message.body_html.count("Hello Tom") == 1
    assert message.body_html.count("because your mentoring goes on after a pause") == 1


def test_a_pause_link_is_offered_where_there_is_one():
    message = rendered(KINDS["resumed"], "en", {}, pause_link="https://x.test/p")
    assert '<a href="https://x.test/p">Pause the programme, or have one mail a week</a>' in message.body_html


# ---------------------------------------------------------------- texts of one's own

OWN = "Subject: Hi {{ other }}\nWhy: Because.\n\n<p>Our words for {{ when|day }}.</p>\n"


def own(source, kind="prepare", language="en"):
    return {(language, kind): Override(file=f"messages/{language}/{kind}.html", source=source)}


def test_a_text_of_ones_own_takes_the_place_of_the_shipped_one():
    texts = Texts(own(OWN))
    message = rendered(KINDS["prepare"], "en", {"when": WHEN}, texts)
    assert message.subject == "Hi Mira"
    assert "<p>Our words for Thursday 22 October.</p>" in message.body_html
    assert "Because." in message.body_html
    assert rendered(KINDS["prepare"], "fr", {"when": WHEN}, texts) == rendered(KINDS["prepare"], "fr", {"when": WHEN})
    assert problems_in(own(OWN)) == []


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        (own(OWN, language="de"), "messages/de/prepare.html: found the language 'de'; expected a folder named 'en'"),
        (own(OWN, kind="prepar"), "found a text named 'prepar'; expected one of docs/messages.md, as <name>.html (did"),
        (own(" \n"), "found an empty text; expected the text itself, or no such file"),
        (own("<p>x</p>"), "prepare.html:1:1: found no line 'Subject:'; expected a first line 'Subject: …'"),
        (own("Subject: x\n\n<p>x</p>"), "prepare.html:1:1: found no line 'Why:'"),
        (own(OWN + "{{ wen }}"), ":5:1: found the unknown variable 'wen'; expected one of 'contact', 'name', 'other'"),
        (own(OWN.replace("{{ other", "{{ othr")), ":1:1: found the unknown variable 'othr'"),
        (own(OWN + "\n\n{% if %}"), ":7:1: found a template that cannot be read: Expected an expression"),
        (own(OWN + "{{ when|dya }}"), ":5:1: found the unknown filter 'dya'; expected a known one (did you mean 'day'"),
        (own(OWN + "{% if when is evn %}{% endif %}"), ":5:1: found the unknown test 'evn'"),
        (own(OWN + "{{ when.isoformat() }}"), ":5:1: found a call, an import or a macro; expected variables, filters"),
        (own(OWN + "{% include 'x' %}"), ":5:1: found a call, an import or a macro"),
        (own(OWN + "{{ other|day }}"), ":4:1: found a text that breaks when it is put together: 'str' object has no"),
        (own(OWN + "{{ when / 3 }}"), "found a text that breaks when it is put together: unsupported operand"),
        (own("<h3>x</h3>", kind="digest"), "digest.html:1:1: found no line 'Subject:'"),
    ],
)
def test_what_is_wrong_with_it_is_found_before_anybody_is_sent_one(overrides, problem):
    said = [str(found) for found in problems_in(overrides)]
    assert any(problem in line for line in said), said


def test_all_that_is_wrong_is_told_at_once():
    broken = {**own(OWN + "{{ a }}{{ b }}\n{{ c|d }}"), **own("", kind="resumed", language="fr")}
    assert len(problems_in(broken)) == 2  # the filter first: what it is given cannot be known without it
    assert len(problems_in(own(OWN + "{{ a }}{{ b }}"))) == 2


def test_what_breaks_with_each_sample_is_told_once():
    assert len(problems_in(own(OWN.replace("{{ when|day }}", "{{ again / 'x' }}"), kind="notes"))) == 1


def test_a_text_for_a_subject_line_is_one_line_without_markup():
    shown = Texts().plain("session_subject", {"mentor": "A & B", "mentee": "Tom"}, reader())
    assert shown == "Mentoring: Tom and A & B"


def test_templates_reach_nothing_of_python():
    sneaky = own(OWN + "{{ when.__class__.__mro__ }}")
    assert any("breaks" in str(problem) for problem in problems_in(sneaky))


# ---------------------------------------------------------------- to be looked at


def test_there_is_a_page_for_each_language_with_every_text_on_it():
    texts = Texts(own(OWN))
    made = pages(texts)
    assert sorted(made) == ["en.html", "fr.html"]
    for page in made.values():
        for kind in KINDS:
            assert kind == "frame" or f'<h2 id="{kind}">' in page
        assert "http" not in re.sub(r"https://graphsync\.example/\S*", "", page)
    assert made["en.html"].count("own text") == 1
    assert "own text" not in made["fr.html"]


def test_variables_are_those_of_the_kind_and_of_all_messages():
    assert {"other", "name", "contact", "pause_link", "when"} == set(variables_of(KINDS["prepare"]))
    assert set(variables_of(KINDS["reason"])) == {"code", "name"}
