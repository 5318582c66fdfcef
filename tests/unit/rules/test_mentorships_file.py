from datetime import date, time, timedelta

import pytest

from graphsync.errors import ConfigError
from graphsync.mentoring import DayHours, Medium, OptIn, PersonId, StandingTime, Status, mentorship_id
from graphsync.rules.mentorships import PAIRS, MentorshipRow, parse_mentorships

HEADER = "mentor,mentee,cohort,started"
COHORTS = ("new-hires", "newly-promoted")


def read(text, cohorts=COHORTS):
    return parse_mentorships(text, file="m.csv", cohorts=cohorts)


def problems_of(text, cohorts=COHORTS):
    with pytest.raises(ConfigError) as caught:
        read(text, cohorts)
    return [str(problem) for problem in caught.value.problems]


def cell(column, text):
    """Return what the row is that says `text` in an extra column."""
    (row,) = read(f"{HEADER},{column}\na@x.test,b@x.test,new-hires,2026-03-02,{text}\n")
    return row


def test_the_least_a_row_says():
    (row,) = read(f"{HEADER}\na@x.test,b@x.test,new-hires,2026-03-02\n")
    assert row == MentorshipRow(mentor="a@x.test", mentee="b@x.test", cohort="new-hires", started_on=date(2026, 3, 2))
    assert row.line == 2
    assert (row.status, row.medium, row.opt_ins, row.cadence) == (Status.ACTIVE, Medium.VIDEO, frozenset(), None)


def test_a_list_of_pairs_needs_to_say_no_more_than_who_the_two_are():
    (row,) = parse_mentorships("mentor,mentee\na@x.test,b@x.test\n", file="m.csv", cohorts=None, required=PAIRS)
    assert (row.mentor, row.mentee, row.cohort) == ("a@x.test", "b@x.test", "")
    with pytest.raises(ConfigError) as caught:
        parse_mentorships("mentor,started\na@x.test,\n", file="m.csv", cohorts=None, required=PAIRS)
    assert [problem.found for problem in caught.value.problems] == ["no column 'mentee'"]


def test_a_row_becomes_a_mentorship_once_its_people_are_known():
    text = (
        "mentor,mentee,cohort,started,status,cadence,standing,medium,phone,opt_ins,mentor_offers,mentee_offers\n"
        "a@x.test,b@x.test,new-hires,2026-03-02,paused,7 days,Tue 10:15,phone,a calls +49 30 1,chat self_booked,"
        '"mon 07:00-08:00","sat-sun 09:00-10:30, tue 18:00-19:00"\n'
    )
    (row,) = read(text)
    mentorship = row.mentorship(PersonId("A"), PersonId("B"))
    assert mentorship.id == row.id == mentorship_id("A@x.test", "b@x.test")
    assert (mentorship.mentor, mentorship.mentee, mentorship.cohort) == ("A", "B", "new-hires")
    assert (mentorship.started_on, mentorship.status) == (date(2026, 3, 2), Status.PAUSED)
    assert mentorship.cadence == timedelta(days=7)
    assert mentorship.standing == StandingTime(weekday=1, at=time(10, 15))
    assert (mentorship.medium, mentorship.phone) == (Medium.PHONE, "a calls +49 30 1")
    assert mentorship.opt_ins == {OptIn.CHAT, OptIn.SELF_BOOKED}
    assert mentorship.mentor_offers == (DayHours(weekday=0, start=time(7), end=time(8)),)
    assert mentorship.mentee_offers == (
        DayHours(weekday=5, start=time(9), end=time(10, 30)),
        DayHours(weekday=6, start=time(9), end=time(10, 30)),
        DayHours(weekday=1, start=time(18), end=time(19)),
    )


def test_days_may_run_over_the_weekend():
    offers = cell("mentor_offers", "sun-mon 07:00-08:00").mentor_offers
    assert [hours.weekday for hours in offers] == [6, 0]


def test_time_zones_are_named_as_iana_does():
    assert cell("mentee_time_zone", "W. Europe Standard Time").mentee_time_zone == "Europe/Berlin"
    assert cell("mentor_time_zone", "Australia/Sydney").mentor_time_zone == "Australia/Sydney"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"\ufeff{HEADER}\r\na@x.test,b@x.test,new-hires,2026-03-02\r\n", id="as Excel saves it"),
        pytest.param(f"{HEADER}\n\n , , ,\na@x.test, b@x.test , new-hires,2026-03-02", id="spaces and empty lines"),
        pytest.param(
            "started;cohort;mentee;mentor\n2026-03-02;new-hires;b@x.test;a@x.test\n", id="semicolons, another order"
        ),
        pytest.param(f'{HEADER},status\n"a@x.test","b@x.test",new-hires,2026-03-02\n', id="quotes, a cell too few"),
        pytest.param(f"{HEADER}\na@x.test,b@x.test,new-hires,2026-03-02,,\n", id="empty cells too many"),
    ],
)
def test_other_ways_to_write_the_same_row(text):
    (row,) = read(text)
    assert row == MentorshipRow(mentor="a@x.test", mentee="b@x.test", cohort="new-hires", started_on=date(2026, 3, 2))


@pytest.mark.parametrize(
    ("column", "text", "problem"),
    [
        ("status", "activ", "found status 'activ'; expected 'active', 'ended' or 'paused' (did you mean 'active'?)"),
        ("cadence", "weekly", "found cadence 'weekly'; expected '1 day' to '92 days', in whole days"),
        (
            "mentor_time_zone",
            "Europe/Belrin",
            "found mentor_time_zone 'Europe/Belrin'; expected an IANA time zone such as 'Europe/Berlin', or its"
            " Windows name (did you mean 'Europe/Berlin'?)",
        ),
        (
            "standing",
            "tue 10:10",
            "found standing 'tue 10:10'; expected a weekday and a time on the quarter hour, such as 'tue 10:00'",
        ),
        (
            "standing",
            "tuesday",
            "found standing 'tuesday'; expected a weekday and a time on the quarter hour, such as 'tue 10:00'",
        ),
        ("medium", "in_person", "found medium 'in_person'; expected 'phone' or 'video'"),
        ("medium", "phone", "found medium 'phone' and no phone; expected 'phone' (who calls whom, at which number)"),
        (
            "opt_ins",
            "chat phone",
            "found opt_ins 'chat phone'; expected 'chat', 'mail', 'reread' or 'self_booked'",
        ),
        (
            "mentor_offers",
            "mon 7-8",
            "found mentor_offers 'mon 7-8'; expected days and hours such as 'mon-thu 07:00-08:00, fri 18:00-19:30'",
        ),
        (
            "mentee_offers",
            "mon 08:00-08:00",
            "found hours 'mon 08:00-08:00'; expected hours that end later on the same day",
        ),
    ],
)
def test_a_wrong_cell_is_told_with_line_and_column(column, text, problem):
    line = "a@x.test,b@x.test,new-hires,2026-03-02,"
    assert problems_of(f"{HEADER},{column}\n{line}{text}\n") == [f"m.csv:2:{len(line) + 1}: {problem}"]


def test_a_pause_and_an_end_have_their_days():
    row = cell("paused_until,status", "2026-05-04,paused")
    assert row.mentorship("a", "b").paused_until == date(2026, 5, 4)
    assert row.mentorship("a", "b").status is Status.ACTIVE
    assert row.stands == "2026-03-02 paused 2026-05-04 -"
    assert cell("ends", "2026-12-18").mentorship("a", "b").ends_on == date(2026, 12, 18)


def test_working_hours_and_a_region_win_over_what_the_mailbox_says():
    row = cell("mentee_hours", '"mon-tue 09:00-13:00, fri 10:00-12:00"')
    assert [hours.weekday for hours in row.mentee_hours] == [0, 1, 4]
    assert cell("mentor_region", "de-by").mentor_region == "DE-BY"


@pytest.mark.parametrize(
    ("columns", "cells", "problem"),
    [
        ("paused_until", "2026-05-04", "found paused_until without a pause; expected 'paused' as its status"),
        ("ends", "2026-03-01", "found a last day before the first, 2026-03-02; expected a day after it"),
        (
            "mentor_region",
            "DE-BX",
            "found mentor_region 'DE-BX'; expected a region with holidays of its own, such as 'DE-BY' (did you mean",
        ),
        ("mentor_region", "Bavaria", "found mentor_region 'Bavaria'; expected a region with holidays of its own"),
    ],
)
def test_days_and_regions_that_cannot_be_are_told(columns, cells, problem):
    (said,) = problems_of(f"{HEADER},{columns}\na@x.test,b@x.test,new-hires,2026-03-02,{cells}\n")
    assert problem in said


def test_somebody_who_comes_several_times_has_one_set_of_hours():
    text = (
        f"{HEADER},mentor_hours\n"
        "a@x.test,b@x.test,new-hires,2026-03-02,mon 09:00-12:00\n"
        "a@x.test,c@x.test,new-hires,2026-03-02,\n"
        "a@x.test,d@x.test,new-hires,2026-03-02,tue 09:00-12:00\n"
    )
    (said,) = problems_of(text)
    assert said == "m.csv:4:40: found set of hours that differ; expected one set of hours for each person (line 2)"


def test_every_wrong_line_is_told_at_once():
    text = (
        f"{HEADER},mentee_time_zone\n"
        "a@x.test,A@x.test,new-hires,2026-02-30\n"
        "nobody,b@x.test,newhires,2 March\n"
        '"a@x.test", b@x.test,new-hires,2026-03-02,Europe/Berlin\n'
        "a@x.test,B@x.test,,2026-03-02,Europe/Paris\n"
        'a@x.test,"c@x.test,new-hires,2026-03-02\n'
        "a@x.test,d@x.test,new-hires,2026-03-02,,mon 07:00\n"
        "a@x.test\n"
    )
    assert problems_of(text) == [
        "m.csv:2:10: found the mentor as their own mentee; expected two different people",
        "m.csv:2:29: found started '2026-02-30'; expected a date such as '2026-03-02'",
        "m.csv:3:1: found no mail address; expected a mail address such as 'name@fabrikam.test'",
        "m.csv:3:17: found cohort 'newhires'; expected a cohort of graphsync.yaml: 'new-hires' or 'newly-promoted'"
        " (did you mean 'new-hires'?)",
        "m.csv:3:26: found started '2 March'; expected a date such as '2026-03-02'",
        "m.csv:5:10: found the same mentor and mentee again; expected each pair once (line 4 has it too)",
        "m.csv:5:19: found an empty cohort; expected 'cohort' (the cohort, as `graphsync.yaml` names it)",
        "m.csv:5:31: found time zone 'Europe/Paris'; expected one time zone for each person (line 4 has"
        " 'Europe/Berlin')",
        "m.csv:6:1: found quotes that do not pair (unexpected end of data); expected a cell in quotes closed on its"
        " line",
        "m.csv:7:41: found cell 6; expected 5 cells, one for each column (put quotes around a cell with commas)",
        "m.csv:8:9: found an empty cohort; expected 'cohort' (the cohort, as `graphsync.yaml` names it)",
        "m.csv:8:9: found an empty mentee; expected 'mentee' (the mentee's mail address)",
        "m.csv:8:9: found an empty started; expected 'started' (the day the two were matched, `2026-03-02`)",
    ]


def test_the_names_of_the_columns_are_checked():
    assert problems_of("mentor,mentee,chort,started,started\n") == [
        "m.csv:1:1: found no column 'cohort'; expected 'cohort' (the cohort, as `graphsync.yaml` names it)",
        "m.csv:1:15: found column 'chort'; expected one of 'cadence', 'cohort', 'ends', 'medium', 'mentee',"
        " 'mentee_hours', 'mentee_offers', 'mentee_region', 'mentee_time_zone', 'mentor', 'mentor_hours',"
        " 'mentor_offers', 'mentor_region', 'mentor_time_zone', 'opt_ins', 'paused_until', 'phone', 'standing',"
        " 'started' or 'status' (did you mean 'cohort'?)",
        "m.csv:1:29: found column 'started' a second time; expected each column once",
    ]


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_told(text):
    (problem,) = problems_of(text)
    assert problem.startswith("m.csv: found an empty file; expected a first line naming the columns: mentor, mentee")


def test_a_file_without_rows_is_no_problem():
    assert read(f"{HEADER}\n") == ()


def test_cohorts_are_not_complained_about_where_they_are_not_known():
    (row,) = read(f"{HEADER}\na@x.test,b@x.test,anything,2026-03-02\n", cohorts=None)
    assert row.cohort == "anything"


def test_a_quote_within_a_cell_is_a_sign_like_others():
    (row,) = read(f'{HEADER},medium,phone\na@x.test,b@x.test,new-hires,2026-03-02,phone,A "calls" B at 7\n')
    assert row.phone == 'A "calls" B at 7'
    quoted = '"2, ""March"" "'
    assert problems_of(f'{HEADER},status\na"@x.test,b@x.test,new-hires,{quoted},on\n') == [
        "m.csv:2:1: found no mail address; expected a mail address such as 'name@fabrikam.test'",
        "m.csv:2:30: found started '2, \"March\"'; expected a date such as '2026-03-02'",
        "m.csv:2:46: found status 'on'; expected 'active', 'ended' or 'paused'",
    ]
