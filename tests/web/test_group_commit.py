"""The writer by itself, where HTTP would only be in the way."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from graphsync.engine.ports import Subject, SubjectKind
from graphsync.errors import StoreUnavailable
from graphsync.web.group_commit import MAX_GROUP, GroupCommit


def subject(number):
    return Subject(kind=SubjectKind.EVENT, owner="user-1", item=f"event-{number:05}")


class Commits:
    """Commits that go on once they may."""

    def __init__(self):
        self.done = []
        self.begun = Event()
        self.go_on = Event()
        self.writer = GroupCommit(self, on_committed=lambda: None, max_waiting=MAX_GROUP + 2)
        self.writer.start()

    def __call__(self, subjects, notified):
        self.begun.set()
        assert self.go_on.wait(10)
        self.done.append((subjects, notified))


@pytest.fixture
def commits():
    commits = Commits()
    yield commits
    commits.go_on.set()
    assert commits.writer.stop(10)


def wait_for_queue(writer, length):
    while writer.waiting < length:
        assert writer.is_running


def test_groups_are_bounded_and_so_is_the_queue(commits):
    writer = commits.writer
    waiting = MAX_GROUP + 2
    with ThreadPoolExecutor(waiting + 1) as pool:
        first = pool.submit(writer.submit, [subject(0)], ["r"], 20)
        assert commits.begun.wait(10)
        others = [pool.submit(writer.submit, [subject(n), subject(0)], ["r", "s"], 20) for n in range(1, waiting + 1)]
        wait_for_queue(writer, waiting)
        with pytest.raises(StoreUnavailable, match=f"{waiting} requests wait"):
            writer.submit([subject(0)], [], 20)
        commits.go_on.set()
        for future in [first, *others]:
            assert future.result(20) is None

    assert commits.done[0] == ([subject(0)], ["r"])
    assert [len(subjects) for subjects, _ in commits.done] == [1, MAX_GROUP + 1, 3]
    assert all(subjects == sorted(set(subjects)) for subjects, _ in commits.done)
    assert commits.done[1][1] == ["r", "s"]


def test_what_was_given_up_on_is_not_committed_and_the_writer_goes_on(commits):
    writer = commits.writer
    with ThreadPoolExecutor() as pool:
        first = pool.submit(writer.submit, [subject(0)], [], 20)
        assert commits.begun.wait(10)
        for number in (1, 2):
            with pytest.raises(StoreUnavailable, match="not committed within"):
                writer.submit([subject(number)], [], 0.01)
        commits.go_on.set()
        first.result(20)
        writer.submit([subject(3)], [], 20)

    assert commits.done == [([subject(0)], []), ([subject(3)], [])]


def test_a_group_of_those_who_gave_up_is_no_transaction(commits):
    writer = commits.writer
    with ThreadPoolExecutor() as pool:
        first = pool.submit(writer.submit, [subject(0)], [], 20)
        assert commits.begun.wait(10)
        with pytest.raises(StoreUnavailable):
            writer.submit([subject(1)], [], 0.01)
        commits.go_on.set()
        first.result(20)
    while writer.waiting:
        assert writer.is_running
    writer.submit([subject(2)], [], 20)

    assert commits.done == [([subject(0)], []), ([subject(2)], [])]
