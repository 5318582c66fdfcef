from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tenant import START, a_pair, a_person, opened

from graphsync.clock import SteppedClock
from graphsync.sandbox.certificates import Certificates
from graphsync.store import open_store


@pytest.fixture(scope="session")
def certificates():
    made = Certificates()
    yield made
    made.close()


@pytest.fixture(scope="session")
def receivers_certificate(certificates, tmp_path_factory):
    return tuple(map(str, certificates.issue(tmp_path_factory.mktemp("receiver"))))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A database with all its tables and nothing in them: making them takes as long as a short story."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    open_store(f"sqlite:///{path}", SteppedClock(START)).close()
    return path


@pytest.fixture
def open_tenant(certificates, receivers_certificate, empty_database):
    """A function that opens a tenant; without arguments Mira mentors Tom, both in Berlin, and nobody has any plans."""
    with ExitStack() as stack:

        def open_one(**options):
            # Commits wait for a disk; what is thrown away afterwards need not.
            memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
            directory = stack.enter_context(TemporaryDirectory(prefix="graphsync-test-", dir=memory))
            options.setdefault("people", [a_person("mira"), a_person("tom")])
            options.setdefault("pairs", [a_pair("mira", "tom")])
            tenant = opened(Path(directory), certificates, receivers_certificate, empty_database, **options)
            return stack.enter_context(tenant)

        yield open_one


@pytest.fixture
def tenant(open_tenant):
    return open_tenant()
