"""The configuration changes while the service runs: a good set is taken over whole, a bad one refused."""

import shutil
from datetime import timedelta
from threading import Event

import pytest
from tenant import a_pair, a_person, berlin

from graphsync.clock import SystemClock
from graphsync.rules.config import FileNames, parse_config
from graphsync.settings import load_settings
from graphsync.watching import ConfigWatch

OBSERVE = "- {name: book, practice: book_ahead, mode: observe}\n"
ENFORCE = OBSERVE.replace("observe", "enforce")
CLOCK = SystemClock()


@pytest.fixture
def tenant(open_tenant):
    people = [a_person(name) for name in ("mira", "tom", "noor")]
    return open_tenant(people=people, pairs=[a_pair("mira", "tom")], rules=OBSERVE)


def with_files(tenant, **changed):
    files = tenant.files | {name.replace("_", "."): text for name, text in changed.items()}
    return parse_config(*(files[name] for name in FileNames()), names=FileNames())


def test_new_rules_hold_from_the_next_run_on_for_everybody(tenant):
    tenant.run_until(berlin("2026-03-02 12:00"))
    assert tenant.meetings("tom") == []
    tenant.engine.offer(with_files(tenant, rules_yaml=ENFORCE))
    tenant.next_at = tenant.now
    tenant.run_for(minutes=1)
    assert len(tenant.meetings("tom", "mira")) == 1


def test_a_new_row_is_taken_up_and_one_that_is_gone_is_left_alone(tenant):
    tenant.run_until(berlin("2026-03-02 12:00"))
    rows = tenant.files["mentorships.csv"].replace("tom@", "noor@")
    tenant.engine.offer(with_files(tenant, rules_yaml=ENFORCE, mentorships_csv=rows))
    tenant.next_at = tenant.now
    tenant.run_for(hours=2)
    assert len(tenant.meetings("noor", "mira")) == 1
    assert tenant.meetings("tom") == []


def test_of_two_sets_offered_between_two_runs_the_later_one_holds(tenant):
    tenant.run_until(berlin("2026-03-02 12:00"))
    tenant.engine.offer(with_files(tenant, rules_yaml=ENFORCE))
    tenant.engine.offer(with_files(tenant))
    tenant.next_at = tenant.now
    tenant.run_for(hours=2)
    assert tenant.meetings("tom") == []


class Watched:
    """A configuration directory with a watch on it, and what it offered."""

    def __init__(self, directory):
        self.directory = directory
        self.offered, self.heard = [], Event()
        self.watch = ConfigWatch(directory, self.load(), self.load, self.offer, CLOCK)

    def load(self):
        return load_settings({}, self.directory).config

    def offer(self, config):
        self.offered.append(config)
        self.heard.set()

    def write(self, name, *changes):
        path = self.directory / name
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def names(self):
        return {rule.name for rule in self.offered[-1].rules.rules}


@pytest.fixture
def watched(tmp_path, pytestconfig):
    shutil.copytree(pytestconfig.rootpath / "config", tmp_path / "config")
    return Watched(tmp_path / "config")


def test_files_that_are_written_again_as_they_were_are_no_change(watched):
    watched.write("rules.yaml")
    watched.watch.follow([()])
    assert watched.offered == []


def test_a_good_set_is_offered_once(watched):
    watched.write("rules.yaml", ("a-good-end", "a-better-end"))
    watched.watch.follow([(), ()])
    assert len(watched.offered) == 1
    assert "a-better-end" in watched.names()
    assert watched.watch.standing.refused == ()


def test_a_bad_set_is_refused_with_its_places_until_it_is_mended(watched, caplog):
    since = watched.watch.standing.since
    watched.write("rules.yaml", ("practice: close_well", "practice: close_wel"))
    watched.write("mentorships.csv", ("2026", "20x6"))
    watched.watch.follow([()])
    standing = watched.watch.standing
    assert (watched.offered, standing.since) == ([], since)
    assert {problem.file for problem in standing.refused} == {"rules.yaml", "mentorships.csv"}
    assert "rules.yaml:" in caplog.text
    assert "20x6" not in caplog.text
    watched.write("rules.yaml", ("practice: close_wel\n", "practice: close_well\n"))
    watched.write("mentorships.csv", ("20x6", "2026"))
    watched.watch.follow([()])
    assert (len(watched.offered), watched.watch.standing.refused) == (1, ())


def test_a_text_of_ones_own_is_watched_as_well(watched):
    texts = watched.directory / "messages" / "en"
    texts.mkdir(parents=True)
    (texts / "prepare.html").write_text("Subject: {{ nobody }}\nWhy: x.\n\n<p>x</p>\n", encoding="utf-8")
    watched.watch.follow([()])
    assert [problem.file for problem in watched.watch.standing.refused] == ["messages/en/prepare.html"]


def test_what_only_a_restart_can_change_is_refused(watched):
    watched.write("graphsync.yaml", ("public_url: https://", "public_url: https://other."))
    watched.watch.follow([()])
    (problem,) = watched.watch.standing.refused
    assert str(problem) == (
        "graphsync.yaml: found another service.public_url than at the start; expected the one the service was started"
        " with; restart it to take this set up"
    )


def test_a_file_that_is_gone_is_refused(watched):
    (watched.directory / "rules.yaml").unlink()
    watched.watch.follow([()])
    assert watched.watch.standing.refused


def test_it_is_heard_when_another_directory_is_put_in_place_by_a_link(watched, tmp_path):
    """As Kubernetes does for a ConfigMap: the files are links into a directory that a link names."""
    first, second, mounted = tmp_path / "first", tmp_path / "second", tmp_path / "mounted"
    shutil.copytree(watched.directory, first)
    shutil.copytree(watched.directory, second)
    mounted.mkdir()
    (mounted / "..data").symlink_to(first)
    for name in FileNames():
        (mounted / name).symlink_to(f"..data/{name}")
    linked = Watched(mounted)
    Watched.write(type("Into", (), {"directory": second}), "rules.yaml", ("a-good-end", "a-better-end"))
    linked.watch.start()
    try:
        for _attempt in range(20):  # the watch may begin to listen a little later than it is started
            (mounted / "..next").symlink_to(second)
            (mounted / "..next").replace(mounted / "..data")
            if linked.heard.wait(timeout=2):
                break
        assert linked.heard.is_set()
    finally:
        linked.watch.stop()
    assert "a-better-end" in linked.names()
    assert linked.watch.standing.since - CLOCK.now() < timedelta(minutes=1)
