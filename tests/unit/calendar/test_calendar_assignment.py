import itertools
import random

import pytest

from graphsync.calendar.assignment import RELAXED_TASKS, assign
from graphsync.calendar.relaxation import Relaxation
from graphsync.calendar.tasks import Option, Quota, Task


def a_task(*options, people=("mentor",), cells=2):
    return Task(
        cells=cells,
        people=frozenset(people),
        options=tuple(Option(worth=worth, start=start) for worth, start in options),
    )


def is_valid(starts, tasks, quotas):
    placed = [
        (task, number, start)
        for number, (task, start) in enumerate(zip(tasks, starts, strict=True))
        if start is not None
    ]
    apart = all(
        not (a.people & b.people) or a_start + a.cells <= b_start or b_start + b.cells <= a_start
        for (a, _, a_start), (b, _, b_start) in itertools.combinations(placed, 2)
    )
    return apart and all(
        sum(number in quota.tasks and quota.starts >> start & 1 for _, number, start in placed) <= quota.room
        for quota in quotas
    )


def worth_of(starts, tasks):
    return sum(
        next(option.worth for option in task.options if option.start == start)
        for task, start in zip(tasks, starts, strict=True)
        if start is not None
    )


def best_by_trying_all(tasks, quotas):
    choices = [[None, *(option.start for option in task.options)] for task in tasks]
    return max(worth_of(starts, tasks) for starts in itertools.product(*choices) if is_valid(starts, tasks, quotas))


def random_tasks(rnd, count, options, *, worths=6, span=14):
    people = ["mentor", "mentor", "mentor", "other"]
    return [
        Task(
            cells=rnd.choice([2, 3, 4]),
            people=frozenset((rnd.choice(people), rnd.choice([f"mentee{number}", "shared"]))),
            options=tuple(
                Option(worth=rnd.randint(1, worths), start=start)
                for start in sorted(rnd.sample(range(span), rnd.randint(0, options)))
            ),
        )
        for number in range(count)
    ]


def crowd(seed, count=8, *, busy=0.3):
    """Mentees of one mentor who all want the same few times, over two weeks of two sessions a day, four a week."""
    rnd = random.Random(seed)
    tasks = [
        a_task(
            *(
                (10_000 + 20 * (14 - abs(day - 7)) + 10 * (2 <= quarter < 30), day * 288 + quarter * 3)
                for day in range(14)
                for quarter in range(33)
                if day % 7 < 5 and rnd.random() > busy
            ),
            people=("mentor", f"mentee{number}"),
            cells=10,
        )
        for number in range(count)
    ]
    everyone = frozenset(range(count))
    days = [Quota(starts=((1 << 288) - 1) << day * 288, room=2, tasks=everyone) for day in range(14)]
    weeks = [Quota(starts=((1 << 2016) - 1) << week * 2016, room=4, tasks=everyone) for week in range(2)]
    return tasks, [*days, *weeks]


def test_each_takes_its_best_where_nothing_is_shared():
    tasks = [a_task((1, 0), (5, 2), people=("a",)), a_task((3, 2), people=("b",))]
    found = assign(tasks)
    assert (found.starts, found.worth, found.bound, found.optimal) == ((2, 2), 8, 8, True)


def test_of_equal_options_the_first_is_taken():
    assert assign([a_task((4, 6), (4, 2), (4, 9))]).starts == (6,)


def test_a_task_without_options_is_left_out():
    assert assign([a_task(), a_task((2, 0))]).starts == (None, 0)


def test_one_slot_in_the_way_of_two_gives_way():
    # Whoever is served first takes start 2 and blocks the other two; only giving it up is best.
    tasks = [a_task((5, 2), (4, 9)), a_task((4, 1), (1, 20)), a_task((4, 3), (1, 22))]
    assert assign(tasks).worth == best_by_trying_all(tasks, []) == 12


def test_better_one_less_than_a_worse_sum():
    tasks = [a_task((9, 2)), a_task((4, 1)), a_task((4, 3))]
    assert assign(tasks).starts == (2, None, None)


def test_quota_holds():
    tasks = [a_task((5, 0)), a_task((5, 4)), a_task((5, 8), (1, 40))]
    quotas = [Quota(starts=(1 << 12) - 1, room=2, tasks=frozenset({0, 1, 2}))]
    assert assign(tasks, quotas).starts == (0, 4, 40)


def test_quota_concerns_its_own_tasks_only():
    tasks = [a_task((5, 0)), a_task((5, 4)), a_task((5, 8))]
    assert assign(tasks, [Quota(starts=(1 << 12) - 1, room=1, tasks=frozenset({0}))]).worth == 15


@pytest.mark.parametrize("seed", range(60))
def test_plain_search_is_as_good_as_trying_all(seed):
    rnd = random.Random(seed)
    tasks = random_tasks(rnd, 5, 5)
    quotas = [
        Quota(starts=0b1111111 << rnd.randrange(8), room=rnd.randint(1, 2), tasks=frozenset(rnd.sample(range(5), 3)))
        for _ in range(rnd.randint(0, 2))
    ]
    found = assign(tasks, quotas)
    assert is_valid(found.starts, tasks, quotas)
    assert found.worth == found.bound == worth_of(found.starts, tasks) == best_by_trying_all(tasks, quotas)


@pytest.mark.parametrize("seed", range(6))
def test_relaxed_search_proves_what_the_plain_one_cannot(seed):
    tasks, quotas = crowd(seed)
    given_up = assign(tasks, quotas, relaxed_work=0)
    assert not given_up.optimal
    found = assign(tasks, quotas)
    assert found.optimal
    assert is_valid(found.starts, tasks, quotas)
    assert given_up.worth <= found.worth == worth_of(found.starts, tasks) <= given_up.bound


@pytest.mark.parametrize("seed", range(25))
def test_relaxed_search_is_as_good_as_trying_all(seed):
    rnd = random.Random(seed)
    tasks = random_tasks(rnd, 5, 6, worths=3)
    quotas = [
        Quota(starts=0b11111111 << shift, room=2, tasks=frozenset(range(5))) for shift in (0, rnd.randrange(3, 9))
    ]
    found = assign(tasks, quotas, plain_nodes=1)
    assert is_valid(found.starts, tasks, quotas)
    assert found.worth == found.bound == best_by_trying_all(tasks, quotas)


def test_given_up_it_still_keeps_all_rules_and_bounds_what_it_missed():
    tasks, quotas = crowd(0, count=RELAXED_TASKS + 1, busy=0.9)
    found = assign(tasks, quotas)
    assert not found.optimal
    assert is_valid(found.starts, tasks, quotas)
    assert sum(start is not None for start in found.starts) == 8
    assert found.worth == worth_of(found.starts, tasks) < found.bound


def test_given_up_it_leaves_nobody_out_who_has_a_start():
    tasks, quotas = crowd(3, busy=0.9)
    found = assign(tasks, quotas, relaxed_work=0)
    for number, task in enumerate(tasks):
        for option in task.options:
            moved = [*found.starts[:number], option.start, *found.starts[number + 1 :]]
            assert not is_valid(moved, tasks, quotas) or worth_of(moved, tasks) <= found.worth


def test_given_up_at_once_each_gets_what_is_left():
    tasks = [a_task((5, 2), (4, 9)), a_task((4, 1), (1, 20)), a_task((4, 3))]
    found = assign(tasks, plain_nodes=1, relaxed_work=0)
    assert (found.starts, found.worth, found.optimal) == ((2, 20, None), 6, False)
    assert found.bound >= 12


def test_large_groups_are_as_deep_as_they_are_large():
    # A chain of pairs: everybody mentors the next, five hundred of them.
    tasks = [a_task((3, 0), (2, 2), (1, 4), people=(f"p{number}", f"p{number + 1}")) for number in range(500)]
    assert assign(tasks).worth >= 500 * 2


def test_same_tasks_same_answer():
    tasks, quotas = crowd(5)
    assert assign(tasks, quotas) == assign(tasks, quotas)


def test_relaxation_is_worth_at_least_as_much_as_any_assignment():
    for seed in range(40):
        rnd = random.Random(seed)
        tasks = random_tasks(rnd, 4, 5)
        quotas = [Quota(starts=0b1111111, room=1, tasks=frozenset(range(4)))]
        possible = [sum(1 << option.start for option in task.options) for task in tasks]
        bound, _ = Relaxation(tasks, quotas).solve(possible)
        assert bound >= best_by_trying_all(tasks, quotas)


def test_relaxation_keeps_to_what_is_possible():
    tasks = [a_task((5, 0), (3, 4)), a_task((4, 0), (1, 8))]
    bound, options = Relaxation(tasks, []).solve([1 << 4, 1 << 0 | 1 << 8])
    assert (bound, [option.start for option in options]) == (7, [4, 0])
    bound, options = Relaxation(tasks, []).solve([0, 1 << 8])
    assert (bound, options) == (1, [None, Option(worth=1, start=8)])


def test_plain_nodes_are_enough_for_a_usual_mentor():
    rnd = random.Random(1)
    tasks = [
        a_task(
            *((rnd.randint(1, 1_400), start * 3) for start in range(300)),
            people=("mentor", f"mentee{number}"),
            cells=10,
        )
        for number in range(5)
    ]
    assert assign(tasks, relaxed_work=0).optimal
