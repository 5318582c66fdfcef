from graphsync.rules.mentorship_lines import offers_cell, rewritten
from graphsync.rules.mentorships import parse_mentorships

FILE = "mentor,mentee,cohort,phone\na@x.test,b@x.test,new,\n\n"


def test_a_line_is_rewritten_in_the_columns_of_its_file_and_what_is_not_named_stays():
    made = rewritten(FILE, 2, {"mentor": "c@x.test", "phone": "", "standing": ""})
    assert (made.number, made.header, made.line) == (2, "", "c@x.test,b@x.test,new,")


def test_a_column_the_file_has_not_is_added_with_the_first_line_to_be():
    made = rewritten(FILE, 2, {"ends": "2026-04-01"})
    assert made.header == "mentor,mentee,cohort,phone,ends"
    assert made.line == "a@x.test,b@x.test,new,,2026-04-01"


def test_a_new_line_has_the_cells_that_are_named_and_no_others():
    assert rewritten(FILE, None, {"mentor": "c@x.test", "cohort": "old"}).line == "c@x.test,,old,"


def test_semicolons_byte_order_marks_and_quotes_are_kept_to():
    text = '\ufeff\r\nmentor;mentee;phone\r\na@x.test; b@x.test ;"A; at 1"\r\n'
    made = rewritten(text, 3, {"mentor": "c@x.test"})
    assert made.line == 'c@x.test;b@x.test;"A; at 1"'


def test_cells_that_are_missing_at_the_end_of_a_line_are_filled_up():
    assert rewritten("mentor,mentee,cohort\na@x.test,b@x.test\n", 2, {"cohort": "new"}).line == "a@x.test,b@x.test,new"


def test_offered_hours_are_written_as_they_are_read():
    text = (
        "mentor,mentee,cohort,started,mentee_offers\n"
        'a@x.test,b@x.test,new,2026-03-02,"mon-tue 07:00-08:00, fri 18:00-19:30"\n'
    )
    (row,) = parse_mentorships(text, file="m.csv", cohorts=None)
    cell = offers_cell(row.mentee_offers)
    assert cell == "mon 07:00-08:00, tue 07:00-08:00, fri 18:00-19:30"
    line = rewritten(text, 2, {"mentee_offers": cell})
    (again,) = parse_mentorships(f"{text.partition(chr(10))[0]}\n{line.line}\n", file="m.csv", cohorts=None)
    assert again == row
