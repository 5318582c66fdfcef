from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tenant import a_pair, a_person, opened

from graphsync.sandbox.certificates import Certificates


@pytest.fixture(scope="session")
def certificates():
    made = Certificates()
    yield made
    made.close()


@pytest.fixture(scope="session")
def receivers_certificate(certificates, tmp_path_factory):
    return tuple(map(str, certificates.issue(tmp_path_factory.mktemp("receiver"))))


@pytest.fixture
def open_tenant(certificates, receivers_certificate):
    """A function that opens a tenant; without arguments Mira mentors Tom, both in Berlin, and nobody has any plans."""
    with ExitStack() as stack:

        def open_one(**options):
            # Commits wait for a disk; what is thrown away afterwards need not.
            memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
            directory = stack.enter_context(TemporaryDirectory(prefix="graphsync-test-", dir=memory))
            options.setdefault("people", [a_person("mira"), a_person("tom")])
            options.setdefault("pairs", [a_pair("mira", "tom")])
            return stack.enter_context(opened(Path(directory), certificates, *receivers_certificate, **options))

        yield open_one


@pytest.fixture
def tenant(open_tenant):
    return open_tenant()
