from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from graphsync.errors import ConfigError
from graphsync.sandbox.demo.programme import the_programme
from graphsync.sandbox.scenarios.calendar_files import load_calendars
from graphsync.sandbox.scenarios.ical import read_calendar

DATA = Path(__file__).parents[2] / "data" / "calendars"
SPAN = (datetime(2026, 10, 4, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC))


def read(text, **options):
    return read_calendar(text, **{"file": "x.ics", "zone": "Europe/Berlin", "span": SPAN, **options})


def read_file(name, **options):
    return read((DATA / name).read_text(encoding="utf-8"), file=name, **options)


def an_event(*lines, uid="UID:1"):
    return "\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", uid, *lines, "END:VEVENT", "END:VCALENDAR", ""])


def times(found):
    return [f"{entry.start:%m-%d %H:%M}-{entry.end:%H:%M}" for entry in found.entries]


# The clocks of Berlin and London change on 25 October 2026: nine o'clock in Berlin is 7:00 UTC before, 8:00 after.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "windows-zone.ics",
            [
                "10-06 08:00-09:00",
                "10-07 08:30-09:30",
                "10-13 08:00-09:00",
                "10-20 08:00-09:00",
                "10-27 09:00-10:00",
                "11-03 09:00-10:00",
            ],
        ),
        ("custom-zone.ics", ["10-06 08:00-09:00", "10-22 07:00-08:00", "10-23 08:00-09:00", "10-29 08:00-09:00"]),
        (
            "series-with-exceptions.ics",
            [
                "10-05 07:00-08:00",
                "10-08 09:00-10:00",
                "10-14 13:00-14:00",
                "10-20 11:00-12:30",
                "11-02 08:00-09:00",
                "11-09 08:00-09:00",
            ],
        ),
        ("all-day.ics", ["10-06 22:00-22:00", "10-08 22:00-22:00", "10-22 22:00-23:00"]),
        ("floating-and-duration.ics", ["10-08 12:00-13:30", "10-23 06:00-06:45", "10-26 07:00-07:45"]),
        ("private.ics", ["10-06 14:00-15:00", "10-07 14:00-15:00"]),
        ("several-calendars-without-uids.ics", ["10-06 08:00-09:00", "10-06 14:00-15:00"]),
        ("bom-and-folded-lines.ics", ["10-06 07:00-08:00"]),
        ("other-weeks.ics", []),
    ],
)
def test_an_odd_calendar_is_read_without_a_problem(name, expected):
    found = read_file(name)
    assert times(found) == expected
    assert found.problems == ()


def test_each_word_for_how_an_event_shows_is_understood():
    found = read_file("busy-status.ics")
    # Each event there is named for what it should show as.
    assert [entry.show_as for entry in found.entries] == [entry.subject for entry in found.entries]
    assert {entry.show_as for entry in found.entries} == {"free", "tentative", "busy", "oof", "workingElsewhere"}
    assert [(problem.line, problem.found) for problem in found.problems] == [
        (68, "'X-MICROSOFT-CDO-BUSYSTATUS:ELSEWHERE' in VEVENT '9@status'")
    ]


def test_all_day_is_from_midnight_to_midnight_of_the_person_also_over_the_clock_change():
    leave = read_file("all-day.ics").entries[-1]
    assert (leave.is_all_day, leave.show_as) == (True, "oof")
    assert (leave.start, leave.end) == (
        datetime(2026, 10, 22, 22, tzinfo=UTC),
        datetime(2026, 10, 26, 23, tzinfo=UTC),
    )
    in_kolkata = read_file("all-day.ics", zone="Asia/Kolkata").entries[-1]
    assert in_kolkata.end - in_kolkata.start == timedelta(days=4)


def test_folded_lines_and_escapes_are_undone():
    assert read_file("bom-and-folded-lines.ics").entries[0].subject == (
        "A long title that is folded in the middle of a word, and has an umlaut: ü"
    )


def test_private_is_private():
    assert [entry.is_private for entry in read_file("private.ics").entries] == [True, False]


def test_two_files_may_give_one_zone_name_two_meanings():
    definition = """\
BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:EST
BEGIN:STANDARD
DTSTART:20000101T000000
TZOFFSETFROM:{offset}
TZOFFSETTO:{offset}
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=EST:20261006T120000
DURATION:PT1H
END:VEVENT
END:VCALENDAR
"""
    assert times(read(definition.format(offset="+0300"))) == ["10-06 09:00-10:00"]
    assert times(read(definition.format(offset="+1000"))) == ["10-06 02:00-03:00"]


def test_a_short_zone_name_without_definition_is_an_iana_name():
    assert times(read(an_event("DTSTART;TZID=UTC:20261006T120000", "DURATION:PT1H"))) == ["10-06 12:00-13:00"]


def test_what_cannot_be_read_is_named_and_counts_as_busy_where_its_time_is_known():
    found = read_file("unreadable.ics")
    assert times(found) == [
        "10-05 09:00-10:00",  # no start
        "10-05 09:00-10:00",  # a start that is none
        "10-05 09:00-10:00",  # an end that is none
        "10-06 09:00-10:00",
        "10-07 09:00-10:00",
        "10-08 09:00-10:00",
        "10-09 09:00-10:00",
        "10-12 07:00-08:00",
        "10-13 09:00-10:00",
        "10-14 09:00-10:00",
    ]
    assert {entry.show_as for entry in found.entries} == {"busy"}
    assert [(problem.file, problem.line, problem.found) for problem in found.problems] == [
        ("unreadable.ics", 4, "no DTSTART in VEVENT 'no-start@unreadable'"),
        ("unreadable.ics", 11, "'DTSTART:20261345T090000' in VEVENT 'bad-start@unreadable'"),
        ("unreadable.ics", 17, "'DTEND:later' in VEVENT 'bad-end@unreadable'"),
        ("unreadable.ics", 20, "an end before the start in VEVENT 'end-first@unreadable'"),
        ("unreadable.ics", 29, "'RRULE:FREQ=NOWANDTHEN' in VEVENT 'bad-rule@unreadable'"),
        ("unreadable.ics", 35, "a series that cannot be expanded in VEVENT 'bad-day@unreadable' (it has no FREQ)"),
        (
            "unreadable.ics",
            41,
            "a series that cannot be expanded in VEVENT 'every-second@unreadable' (it repeats every minute or second)",
        ),
        ("unreadable.ics", 44, "the time zone '(UTC+01:00) Amsterdam, Berlin, Bern'"),
        ("unreadable.ics", 52, "'EXDATE:someday' in VEVENT 'bad-exdate@unreadable'"),
        ("unreadable.ics", 54, "a VFREEBUSY"),
    ]


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes():
    found = read_file("cut-off.ics")
    assert times(found) == ["10-06 09:00-10:00", "10-07 09:00-10:00"]
    assert [(problem.line, problem.found) for problem in found.problems] == [
        (1, "a VCALENDAR without its end"),
        (4, "a VEVENT without its end"),
    ]


@pytest.mark.parametrize(
    ("lines", "expected", "problem"),
    [
        pytest.param(
            ["DTSTART:20261006T090000Z", "DTSTART:20261007T090000Z", "DURATION:PT1H"],
            ["10-06 09:00-10:00"],
            "a second DTSTART in VEVENT '1'",
            id="two starts",
        ),
        pytest.param(
            ["DTSTART:20261006T090000Z", "DURATION:P-"],
            ["10-06 09:00-10:00"],
            "'DURATION:P-' in VEVENT '1'",
            id="a length that is none",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20261006", "DTEND:soon"],
            ["10-05 22:00-22:00"],
            "'DTEND:soon' in VEVENT '1'",
            id="an unreadable end of a day",
        ),
        pytest.param(
            ["DTEND;VALUE=DATE:20261007"],
            ["10-05 22:00-22:00"],
            "no DTSTART in VEVENT '1'",
            id="a day with an end alone",
        ),
        pytest.param(["SUMMARY:Idea"], [], "no DTSTART in VEVENT '1'", id="no time at all"),
        pytest.param(
            ["DTSTART:02021006T090000Z", "DURATION:PT1H"],
            [],
            "'DTSTART:02021006T090000Z' in VEVENT '1'",
            id="a year that is a slip",
        ),
        pytest.param(
            ["DTSTART:20261006T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;INTERVAL=0"],
            ["10-06 09:00-10:00"],
            "a series that cannot be expanded in VEVENT '1' (its INTERVAL is no whole number over zero)",
            id="a rule without end at one place",
        ),
        pytest.param(
            ["DTSTART:20261006T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;BYSETPOS=400"],
            ["10-06 09:00-10:00"],
            "a series that cannot be expanded in VEVENT '1' ('FREQ=DAILY;BYSETPOS=400')",
            id="a rule that the libraries refuse",
        ),
        pytest.param(
            ["DTSTART:20261006T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=1;UNTIL=20261007T120000Z"],
            ["10-06 09:00-10:00", "10-07 09:00-10:00"],
            "COUNT beside UNTIL in VEVENT '1'",
            id="two ends of a series",
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE,X:20261006", "DTEND:20261006T100000Z"],
            ["10-06 09:00-10:00"],
            "'DTSTART;VALUE=DATE,X:20261006' in VEVENT '1'",
            id="a start of two kinds",
        ),
        pytest.param(
            ["DTSTART:20261006T090000Z", "DURATION:PT1H", "RECURRENCE-ID:then"],
            ["10-06 09:00-10:00"],
            "'RECURRENCE-ID:then' in VEVENT '1'",
            id="an exception of nobody knows which day",
        ),
    ],
)
def test_a_component_half_readable_counts_for_what_is_known(lines, expected, problem):
    found = read(an_event(*lines))
    assert times(found) == expected
    assert [problem.found for problem in found.problems] == [problem]


def test_a_definition_that_defines_nothing_leaves_the_time_to_the_persons_zone():
    text = an_event("DTSTART;TZID=Nowhere:20261006T090000", "DTEND;TZID=Nowhere:20261006T100000").replace(
        "BEGIN:VEVENT", "BEGIN:VTIMEZONE\nTZID:Nowhere\nEND:VTIMEZONE\nBEGIN:VEVENT", 1
    )
    found = read(text)
    assert times(found) == ["10-06 07:00-08:00"]
    assert [(problem.line, problem.found) for problem in found.problems] == [(7, "the time zone 'Nowhere'")]


def test_of_two_different_events_with_one_uid_both_count():
    first, second = ("DTSTART:20261006T090000Z", "DURATION:PT1H"), ("DTSTART:20261007T090000Z", "DURATION:PT1H")
    found = read(an_event(*first) + an_event(*second) + an_event(*second))
    assert times(found) == ["10-06 09:00-10:00", "10-07 09:00-10:00"]
    assert [problem.found for problem in found.problems] == ["another VEVENT '1'"]


def test_of_one_event_exported_twice_the_later_version_counts():
    old, new = ("DTSTART:20261006T090000Z", "DURATION:PT1H"), ("DTSTART:20261007T090000Z", "DURATION:PT1H")
    found = read(an_event(*old, "SEQUENCE:1") + an_event(*new, "SEQUENCE:2"))
    assert times(found) == ["10-07 09:00-10:00"]
    assert found.problems == ()


@pytest.mark.parametrize("zone", ["", ";TZID=Romance Standard Time"])
def test_a_day_as_the_end_of_a_timed_series_is_within(zone):
    found = read(an_event(f"DTSTART{zone}:20261023T220000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261025"))
    assert times(found) == ["10-23 20:00-21:00", "10-24 20:00-21:00", "10-25 21:00-22:00"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            ["DTSTART:20261006T090000Z", "DTEND:20261006T093000Z", "DURATION:PT1H"], ["10-06 09:00-09:30"], id="both"
        ),
        pytest.param(["DTSTART:20261006T090000Z", "DTEND;VALUE=DATE:20261007"], ["10-06 09:00-00:00"], id="mixed"),
        pytest.param(
            ["DTSTART;TZID=Europe/Berlin:20261006T110000", "DTEND;TZID=Europe/London:20261006T100000"],
            [],
            id="no length, in two zones",
        ),
        pytest.param(
            ["dtstart;tzid=Europe/Berlin:20261006T110000", "duration:PT1H", "rrule:freq=weekly;count=1"],
            ["10-06 09:00-10:00"],
            id="small letters",
        ),
    ],
)
def test_ends_and_spellings_that_are_unusual_but_clear(lines, expected):
    found = read(an_event(*lines))
    assert times(found) == expected
    assert found.problems == ()


@pytest.mark.parametrize(
    ("before", "after", "problems"),
    [
        ("END:VEVENT", "BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VEVENT", ["a VALARM without its end"]),
        ("BEGIN:VEVENT", "END:VTODO\nBEGIN:VEVENT", ["'END:VTODO'"]),
        ("END:VCALENDAR", "BEGIN:VCALENDAR\nEND:VCALENDAR", ["a VCALENDAR without its end"]),
        ("BEGIN:VCALENDAR", "BEGIN:X\nEND:X\nBEGIN:VCALENDAR", ["'END:X'"]),
    ],
)
def test_a_frame_that_does_not_fit_costs_no_event(before, after, problems):
    found = read(an_event("DTSTART:20261006T090000Z", "DURATION:PT1H").replace(before, after, 1))
    assert times(found) == ["10-06 09:00-10:00"]
    assert [problem.found for problem in found.problems] == problems


def test_a_cancelled_series_takes_no_time():
    lines = ("DTSTART:20261006T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", "STATUS:CANCELLED")
    assert read(an_event(*lines)).entries == ()


def test_what_reaches_into_the_span_from_before_is_there():
    found = read(an_event("DTSTART:20260901T090000Z", "DTEND:20261005T090000Z"))
    assert len(found.entries) == 1


def test_a_move_keeps_the_wall_clock_and_the_zone_over_clock_changes():
    # From the week of 24 March 2025 to that of 19 October 2026: Berlin changes on 30 March, and on 25 October.
    found = read_file("other-weeks.ics", moved_by=date(2026, 10, 19) - date(2025, 3, 24))
    assert times(found) == [
        "10-20 07:00-07:30",  # 9:00 in Berlin, in summer
        "10-21 12:00-13:00",  # 14:00 in Berlin, though the file says UTC
        "10-22 13:00-14:00",  # 9:00 in New York, in summer on both sides
        "10-22 22:00-22:00",  # a whole day
        "10-27 08:00-08:30",  # 9:00 in Berlin, in winter
    ]


def test_a_time_the_clocks_leave_out_in_the_week_it_is_moved_to_keeps_its_length():
    text = an_event("DTSTART;TZID=Europe/Berlin:20260308T023000", "DTEND;TZID=Europe/Berlin:20260308T030000")
    span = (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))
    entry = read(text, span=span, moved_by=timedelta(weeks=3)).entries[0]
    assert entry.end - entry.start == timedelta(minutes=30)


@pytest.mark.parametrize("text", ["", "\n\n", "<!DOCTYPE html>\n", "BEGIN:VCARD\nEND:VCARD\n"])
def test_what_is_no_calendar_is_refused_with_its_first_line(text):
    with pytest.raises(ConfigError) as caught:
        read(text)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("x.ics", 1)
    assert problem.expected == "an iCalendar file (BEGIN:VCALENDAR)"


# The folder.


def a_folder(directory, **files):
    for name, source in files.items():
        (directory / f"{name}.ics").write_bytes((DATA / source).read_bytes())
    return directory


@pytest.mark.parametrize("name", ["Ines", "ines.vogel", "ines.vogel@fabrikam.test"])
def test_a_file_may_be_named_by_first_name_local_part_or_address(tmp_path, name):
    folder = a_folder(tmp_path, **{name: "private.ics"})
    (folder / "README.txt").write_text("not a calendar", encoding="utf-8")
    files = load_calendars(folder, the_programme(1))
    assert list(files.entries) == ["ines.vogel@fabrikam.test"]
    assert list(files.told()) == []


def test_everything_wrong_with_a_folder_is_told_at_once(tmp_path):
    folder = a_folder(
        tmp_path, nobody="private.ics", ines="private.ics", **{"ines.vogel": "private.ics"}, omar="no-calendar.ics"
    )
    with pytest.raises(ConfigError) as caught:
        load_calendars(folder, the_programme(1))
    assert [(Path(problem.file).name, problem.line, problem.found) for problem in caught.value.problems] == [
        ("ines.vogel.ics", 0, "a second calendar of ines.vogel@fabrikam.test"),
        ("nobody.ics", 0, "the name 'nobody', which nobody in the demo has"),
        ("omar.ics", 1, "'<!DOCTYPE html>'"),
    ]
    named = next(problem for problem in caught.value.problems if "nobody" in problem.found)
    assert all(address.partition("@")[0] in named.expected for address in the_programme(1).people)


def test_a_folder_that_is_not_there_or_empty_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no directory that can be read"):
        load_calendars(tmp_path / "missing", the_programme(1))
    with pytest.raises(ConfigError, match=r"no file whose name ends in \.ics"):
        load_calendars(tmp_path, the_programme(1))


def test_a_file_of_other_weeks_is_said_to_have_nothing_and_can_be_moved(tmp_path):
    folder = a_folder(tmp_path, ines="other-weeks.ics")
    (line,) = load_calendars(folder, the_programme(1)).told()
    assert "nothing between 2026-10-05 and 2026-10-11" in line
    assert "between 2025-03-25 and 2025-03-28" in line
    moved = load_calendars(folder, the_programme(1), week_of=date(2025, 3, 26))
    assert list(moved.told()) == []
    starts = [entry.start for entry in moved.entries["ines.vogel@fabrikam.test"]]
    assert starts[0] == datetime(2026, 10, 6, 7, tzinfo=UTC)


def test_a_byte_that_is_not_utf_8_costs_no_meeting(tmp_path):
    text = an_event("DTSTART:20261006T090000Z", "DURATION:PT1H", "SUMMARY:Fr\u00fch")
    (tmp_path / "ines.ics").write_bytes(text.encode("latin-1"))
    files = load_calendars(tmp_path, the_programme(1))
    assert len(files.entries["ines.vogel@fabrikam.test"]) == 1
    assert [(problem.line, problem.column, problem.found) for problem in files.problems] == [
        (6, 11, "a byte that is not UTF-8")
    ]
    assert len(list(files.told())) == 1


def test_a_file_in_which_nothing_has_a_time_is_told(tmp_path):
    (tmp_path / "ines.ics").write_text(an_event("SUMMARY:Idea"), encoding="utf-8")
    assert [line.partition("; ")[2] for line in load_calendars(tmp_path, the_programme(1)).remarks] == [
        "no event in it has a time"
    ]
