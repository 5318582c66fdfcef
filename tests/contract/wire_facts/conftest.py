"""Facts run against a sandbox of their own; with `-m live` and the variables of CONTRIBUTING.md, against a tenant."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract.wire_facts.wire_target import live_target, missing_variables, sandbox_target

HERE = Path(__file__).parent


def pytest_configure(config):
    config.addinivalue_line("markers", "fact(sentence, page, reading): a fact of Graph's wire, and where it is written")


def pytest_collection_modifyitems(config, items):
    ours = [item for item in items if HERE in item.path.parents]
    unnamed = [item.nodeid for item in ours if item.get_closest_marker("fact") is None]
    if unnamed:
        raise pytest.UsageError(f"no @fact: {', '.join(unnamed)}")
    live = [item for item in ours if item.get_closest_marker("live")]
    missing = missing_variables()
    if not live or not missing:
        return
    if "live" in config.getoption("markexpr"):
        for item in live:
            item.add_marker(pytest.mark.skip(reason=f"set {', '.join(missing)}; see CONTRIBUTING.md"))
        return
    config.hook.pytest_deselected(items=live)
    items[:] = [item for item in items if item not in set(live)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    told = item.get_closest_marker("fact")
    if report.failed and told is not None:
        report.sections.append(("fact", f"{told.args[0]}\n{told.kwargs['page']}"))
    return report


# A real tenant answers in minutes.
LIVE = pytest.param("live", marks=[pytest.mark.live, pytest.mark.timeout(900)])


@pytest.fixture(scope="module", params=["sandbox", LIVE])
def target(request, tmp_path_factory):
    """A Graph: the sandbox, or a real tenant."""
    directory = tmp_path_factory.mktemp("receiver")
    with sandbox_target(directory) if request.param == "sandbox" else live_target() as found:
        yield found


@pytest.fixture
def graph(target):
    """A plain HTTP client of it, signed in."""
    return target.graph
