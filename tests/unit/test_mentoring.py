from dataclasses import FrozenInstanceError
from datetime import time, timedelta

import pytest
from builders import DAY, HOUR, MENTEE, MENTOR, NOW, a_mentorship, a_person, a_session, at

from graphsync.mentoring import Absence, Answer, DayHours, Loss, Response, mentorship_id


@pytest.mark.parametrize("weekday", [-1, 7])
def test_hours_are_on_a_weekday(weekday):
    with pytest.raises(ValueError, match=f"weekday is 0 \\(Monday\\) to 6 \\(Sunday\\), not {weekday}"):
        DayHours(weekday=weekday, start=time(9), end=time(17))


@pytest.mark.parametrize("end", [time(9), time(8)])
def test_hours_end_the_same_day_later(end):
    with pytest.raises(ValueError, match="they end the same day, later"):
        DayHours(weekday=0, start=time(9), end=end)


@pytest.mark.parametrize(
    ("instant", "covered"),
    [
        pytest.param(NOW - timedelta(seconds=1), False, id="before"),
        pytest.param(NOW, True, id="its start"),
        pytest.param(NOW + DAY - timedelta(seconds=1), True, id="within"),
        pytest.param(NOW + DAY, False, id="its end"),
    ],
)
def test_an_absence_covers_its_start_and_not_its_end(instant, covered):
    assert Absence(starts_at=NOW, ends_at=NOW + DAY).covers(instant) == covered


def test_an_absence_without_an_end_lasts():
    assert Absence(starts_at=NOW).covers(NOW + 1000 * DAY)
    assert not Absence(starts_at=NOW).covers(NOW - DAY)


def test_a_person_lives_by_the_zone_of_their_hours():
    assert a_person(MENTOR, "Asia/Kolkata").time_zone == "Asia/Kolkata"


def test_a_mentorship_is_named_by_its_pair_and_names_neither():
    name = mentorship_id("Mo@fabrikam.test", "em@fabrikam.test")
    assert name == mentorship_id("mo@fabrikam.test", "EM@fabrikam.test")
    assert name != mentorship_id("em@fabrikam.test", "mo@fabrikam.test")
    assert name[0] == "m"
    assert len(name) == 13
    assert "fabrikam" not in name


def test_each_has_the_other():
    mentorship = a_mentorship()
    assert (mentorship.other(MENTOR), mentorship.other(MENTEE)) == (MENTEE, MENTOR)


@pytest.mark.parametrize("length", [timedelta(), -HOUR])
def test_a_session_ends_after_it_starts(length):
    with pytest.raises(ValueError, match="session 3 ends before it starts"):
        a_session(3, NOW, ends_at=NOW + length)


@pytest.mark.parametrize("loss", [None, *Loss])
def test_a_session_stands_until_it_is_lost(loss):
    assert a_session(loss=loss).stands == (loss is None)


@pytest.mark.parametrize(
    ("changes", "moved"),
    [
        ({}, False),
        ({"written_start": at("09-22 09:00")}, True),
        ({"written_end": at("09-22 12:00")}, True),
    ],
)
def test_a_session_is_moved_by_a_person_where_its_times_are_not_ours(changes, moved):
    assert a_session(1, "09-22 10:00", **changes).moved_by_person == moved


def test_nobody_has_answered_what_nothing_is_known_of():
    assert Answer() == Answer(response=Response.NONE, answered_at=None)


def test_values_do_not_change():
    with pytest.raises(FrozenInstanceError):
        a_session().number = 2
