"""A corpus of broken configurations, one fault each: what is said of each, with line, column and words."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from graphsync.errors import ConfigError
from graphsync.rules.config import FileNames, parse_config
from graphsync.rules.json_schema import schemas
from graphsync.teams.messages import Override

ROOT = Path(__file__).parents[3]
CORPUS = YAML(typ="safe").load((ROOT / "tests" / "data" / "broken_configs.yaml").read_text(encoding="utf-8"))
IN_ORDER = {
    "graphsync": """\
tenant:
  id: 11111111-2222-4333-8444-555555555555
  client_id: 11111111-2222-4333-8444-666666666666
  default_time_zone: Europe/Berlin
service: {public_url: "https://graphsync.example"}
mail: {sender: mentoring@fabrikam.test}
coordinators: [coordinator@fabrikam.test]
cohorts: {new-hires: {}, alumni: {}}
""",
    "rules": "- name: weekly\n  practice: book_ahead\n  for: new-hires\n",
    "mentorships": "mentor,mentee,cohort,started\nmira@fabrikam.test,tom@fabrikam.test,new-hires,2026-03-02\n",
}


def config_of(messages=None, **files):
    given = IN_ORDER | files
    return parse_config(
        given["graphsync"], given["rules"], given["mentorships"], names=FileNames(), messages=messages or {}
    )


def problems_of(file, text):
    messages = {}
    if file.startswith("messages/"):
        _, language, name = file.split("/")
        messages[language, name.removesuffix(".html")] = Override(file=file, source=text)
    with pytest.raises(ConfigError) as caught:
        config_of(messages, **({} if messages else {file: text}))
    return [str(problem) for problem in caught.value.problems]


def test_the_rest_of_each_is_in_order():
    assert config_of().remarks == ()
    assert len(CORPUS) >= 60
    assert len({case["name"] for case in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case["name"])
def test_what_is_said_of_a_broken_configuration(case):
    assert case["said"]
    assert problems_of(case["file"], case["text"]) == case["said"]


def test_all_broken_rules_in_one_file_are_told_at_once():
    alone = {"not-a-list", "empty", "a-tab", "unclosed", "an-anchor"}
    cases = [case for case in CORPUS if case["file"] == "rules" and case["name"] not in alone]
    said = problems_of("rules", "".join(case["text"] for case in cases))
    words = [line.partition(": ")[2] for line in said]
    # Rules that are wrong by themselves are left out of what is looked for among rules.
    among = {"condition-constant", "same-condition", "all-are-named", "cadence-under-lead-time"}
    for case in cases:
        for line in case["said"] if case["name"] not in among else ():
            plain = line.partition(": ")[2].partition(" (line")[0].partition(" (in line")[0]
            assert any(plain in found for found in words), line


# ---------------------------------------------------------------- remarks


def remarks(**files):
    return [str(remark) for remark in config_of(**files).remarks]


ROWS = "mentor,mentee,cohort,started,"


def test_a_cohort_nobody_is_in_is_remarked():
    rules = "- {name: x, practice: prepare, for: [new-hires, alumni]}\n"
    assert remarks(rules=rules) == [
        "rules.yaml:1:49: rule 'x': found cohort 'alumni', which nobody is in; expected a cohort of a line in"
        " mentorships.csv, or people to come"
    ]


@pytest.mark.parametrize(
    ("columns", "cells", "said"),
    [
        (
            "mentor_time_zone,mentee_time_zone",
            "Australia/Sydney,America/New_York",
            "found no hour in common (Australia/Sydney, America/New_York); expected hours that meet",
        ),
        ("mentor_time_zone,mentee_time_zone", "America/New_York,Europe/Berlin", None),
        ("mentor_hours,mentee_hours", "mon 09:00-12:00,tue 09:00-12:00", "found no hour in common"),
        ("mentor_time_zone,mentor_offers", "Australia/Sydney,mon-fri 19:00-21:00", None),
        ("cadence,", "3 days,", "found cadence '3 days'; expected at least the 7 days that rule 'weekly' books ahead"),
    ],
)
def test_hours_that_never_meet_and_a_cadence_that_cannot_be_kept_are_remarked(columns, cells, said):
    text = f"{ROWS}{columns.rstrip(',')}\na@x.test,b@x.test,new-hires,2026-03-02,{cells.rstrip(',')}\n"
    found = remarks(mentorships=text)
    assert (found == []) is (said is None)
    if said is not None:
        assert f"mentorships.csv:2:1: {said}" in found[0]


def test_a_large_rule_file_is_checked_all_the_same():
    rules = "".join(
        f"- {{name: r{n}, practice: prepare, when: sessions.past == {n}, for: new-hires}}\n" for n in range(5000)
    )
    assert len(config_of(rules=rules).rules.rules) == 5000


# ---------------------------------------------------------------- schemas for editors


def test_the_published_schemas_are_those_of_the_models():
    for name, schema in schemas().items():
        published = (ROOT / "config" / "schemas" / name).read_text(encoding="utf-8")
        assert published == schema, "run `graphsync check --schema config/schemas`"


@pytest.mark.parametrize("file", ["rules", "graphsync"])
def test_the_shipped_files_carry_the_modeline_and_keep_to_their_schema(file):
    from json import loads

    from jsonschema import Draft202012Validator

    text = (ROOT / "config" / f"{file}.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema=schemas/{file}.schema.json\n")
    validator = Draft202012Validator(loads(schemas()[f"{file}.schema.json"]))
    assert list(validator.iter_errors(YAML(typ="safe").load(text))) == []
    broken = [{"name": "x", "practice": "book_ahead", "cadance": "7 days"}] if file == "rules" else {"mial": {}}
    assert list(validator.iter_errors(broken))


def test_a_silence_of_a_rule_and_a_cohort_there_are_is_in_order():
    silences = (
        "silences: [{from: 2026-12-21T00:00Z, until: 2027-01-04T00:00Z, reason: x, rules: [weekly], for: alumni}]\n"
    )
    assert len(config_of(graphsync=IN_ORDER["graphsync"] + silences).rules.silences) == 1
