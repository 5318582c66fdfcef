import pytest

from graphsync.rules.positions import Place, parse_yaml

TEXT = """\
# rules
- name: first
  for: [a, "b"]
  limits: {a_day: 2, empty: }
- name: second
  odd: [1_000, 0x10, 7.5, 2026-01-01, yes, true, False, ~, -3, 12345678901]
"""


def problems_of(text):
    return [(p.line, p.column, p.found, p.expected) for p in parse_yaml(text, file="f.yaml").problems]


def test_data_is_plain_and_every_key_and_value_has_its_place():
    document = parse_yaml(TEXT, file="f.yaml")
    assert document.is_read
    assert document.problems == ()
    assert document.data == [
        {"name": "first", "for": ["a", "b"], "limits": {"a_day": 2, "empty": None}},
        {
            "name": "second",
            "odd": ["1_000", "0x10", "7.5", "2026-01-01", "yes", True, False, None, -3, "12345678901"],
        },
    ]
    assert document.values[()] == Place("f.yaml", 2, 1)
    assert document.values[0,] == Place("f.yaml", 2, 3)
    assert document.values[0, "name"] == Place("f.yaml", 2, 9)
    assert document.keys[0, "limits", "a_day"] == Place("f.yaml", 4, 12)
    assert document.values[0, "for", 1] == Place("f.yaml", 3, 12)


def test_a_byte_order_mark_moves_nothing():
    assert parse_yaml("\ufeffname: x\n", file="f.yaml").values["name",] == Place("f.yaml", 1, 7)


def test_lines_are_counted_as_an_editor_does():
    document = parse_yaml("a: 1 # \x85 \u2028\r\nb: 2\rc: 3\n", file="f.yaml")
    assert [document.values[key,] for key in "abc"] == [("f.yaml", line, 4) for line in (1, 2, 3)]


def test_values_are_got_by_path():
    document = parse_yaml(TEXT, file="f.yaml")
    assert document.get(0, "limits", "a_day") == 2
    assert document.get(7) is None
    assert document.get(0, "name", "deeper") is None
    assert document.get(0, "nothing") is None


def test_a_problem_is_said_of_the_value_the_key_or_what_is_around_it():
    document = parse_yaml(TEXT, file="f.yaml")

    def place(*path, **options):
        problem = document.problem(path, found="x", expected="y", **options)
        return problem.file, problem.line, problem.column

    assert place(0, "name") == ("f.yaml", 2, 9)
    assert place(0, "name", at_key=True) == ("f.yaml", 2, 3)
    assert place(0, "missing", "deeper") == ("f.yaml", 2, 3)
    assert document.problem((), found="x", expected="y", rule="r").rule == "r"
    nothing = parse_yaml("", file="f.yaml").problem((), found="x", expected="y")
    assert (nothing.file, nothing.line, nothing.column) == ("f.yaml", 0, 0)


@pytest.mark.parametrize(
    ("text", "line", "column", "found"),
    [
        pytest.param("a:\n\tb: 1\n", 2, 1, "a tab", id="tab"),
        pytest.param("a: [1, 2\nb: 3\n", 2, 2, "text that is not YAML", id="open bracket"),
        pytest.param("a: b: c\n", 1, 5, "text that is not YAML", id="two colons"),
        pytest.param("a: 1\n---\nb: 2\n", 2, 1, "text that is not YAML", id="two documents"),
        pytest.param("a: 'open\n", 2, 1, "text that is not YAML", id="open quote"),
        pytest.param("a: x\nb: *nowhere\n", 2, 4, "text that is not YAML", id="alias of nothing"),
        pytest.param("a: 1\nb: \x07\n", 2, 4, "the character U+0007", id="control character"),
        pytest.param('a: "\\UFFFFFFFF"\n', 0, 0, "text that is not YAML", id="escape beyond Unicode"),
        pytest.param("[" * 5000, 0, 0, "text that is not YAML", id="nested too deep"),
        pytest.param("# only this\n", 0, 0, "an empty file", id="empty"),
    ],
)
def test_what_cannot_be_read_is_one_problem_with_its_place(text, line, column, found):
    document = parse_yaml(text, file="f.yaml")
    assert not document.is_read
    assert document.data is None
    (problem,) = document.problems
    assert (problem.line, problem.column) == (line, column)
    assert problem.found.startswith(found)


def test_every_key_that_is_there_twice_is_told_and_the_first_stands():
    document = parse_yaml("a: 1\nb: {c: 1, c: 2}\na: 2\n", file="f.yaml")
    assert document.data == {"a": 1, "b": {"c": 1}}
    assert [(p.line, p.column, p.found, p.expected) for p in document.problems] == [
        (2, 11, "key 'c' a second time", "each key once (line 2 has it too)"),
        (3, 1, "key 'a' a second time", "each key once (line 1 has it too)"),
    ]


def test_anchors_and_tags_and_odd_keys_are_refused():
    assert problems_of("a: &x [*x]\nb: *x\n") == [
        (1, 4, "the anchor '&x'", "each value written where it is used"),
        (1, 4, "the anchor '&x'", "each value written where it is used"),
    ]
    assert problems_of("a: !secret x\n") == [(1, 4, "the tag '!secret'", "a value without a tag")]
    assert problems_of("? [a, b]\n: 1\n") == [(1, 3, "a key that is no plain text", "text as a key")]


def test_a_value_from_elsewhere_wins_and_problems_name_its_source():
    document = parse_yaml("a: {b: 1, c: 2}\n", file="f.yaml")
    changed = document.with_value(("a", "b"), "new", source="VARIABLE")
    assert changed.data == {"a": {"b": "new", "c": 2}}
    problem = changed.problem(("a", "b"), found="x", expected="y")
    assert (problem.file, problem.line) == ("VARIABLE", 0)
    assert document.data == {"a": {"b": 1, "c": 2}}


def test_a_value_from_elsewhere_makes_the_mappings_it_needs():
    assert parse_yaml("x: 1\n", file="f").with_value(("a", "b"), "v", source="V").data == {"x": 1, "a": {"b": "v"}}


def test_a_value_from_elsewhere_does_not_replace_what_is_no_mapping():
    document = parse_yaml("a: text\n", file="f.yaml")
    assert document.with_value(("a", "b"), "v", source="V") is document


def test_a_value_from_elsewhere_does_not_make_an_unreadable_file_readable():
    assert not parse_yaml("a: [", file="f.yaml").with_value(("a", "b"), "v", source="V").is_read
