"""What whoever runs the service sees of its configuration: readiness, page and metrics."""

import re
from datetime import UTC, datetime

import pytest
from notification_store_fake import FakeNotificationStore

from graphsync.clock import SteppedClock
from graphsync.engine.configured import Configured
from graphsync.errors import Problem
from graphsync.web.app import create_app
from graphsync.web.intake import Intake

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLOCK = SteppedClock(AT)
GOOD = Configured(since=AT)
BAD = Configured(
    since=AT,
    refused=(
        Problem(file="mentorships.csv", line=3, column=1, found="mira@fabrikam.test", expected="somebody"),
        Problem(file="rules.yaml", line=9, column=3, rule="book", found="'cadance'", expected="'cadence'"),
    ),
    refused_at=AT,
)


@pytest.fixture
def client():
    with Intake(FakeNotificationStore(), CLOCK) as intake:
        yield lambda standing: create_app(intake=intake, clock=CLOCK, configured=lambda: standing).test_client()


@pytest.mark.parametrize(("standing", "said"), [(GOOD, "in force"), (BAD, "refused")])
def test_a_refused_configuration_shows_and_the_service_is_ready_all_the_same(client, standing, said):
    answer = client(standing).get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["configuration"]) == (200, "ready", said)


def test_the_page_says_where_the_problems_are_and_nothing_of_what_the_files_hold(client):
    answer = client(BAD).get("/status")
    assert "refused" in answer.text
    assert "mentorships.csv:3:1" in answer.text
    assert "book" in answer.text
    assert "mira@" not in answer.text
    assert "cadance" not in answer.text
    assert client(GOOD).get("/status").text.count("in force") == 1


def test_metrics_are_named_as_prometheus_names_its_own(client):
    good, bad = (client(standing).get("/metrics") for standing in (GOOD, BAD))
    assert good.content_type.startswith("text/plain")
    assert "graphsync_config_last_reload_successful 1.0" in good.text
    assert "graphsync_config_last_reload_successful 0.0" in bad.text
    taken_over_at = re.search(r"^graphsync_config_last_reload_success_timestamp_seconds (\S+)$", bad.text, re.MULTILINE)
    assert float(taken_over_at[1]) == AT.timestamp()
    assert "graphsync_config_problems 2.0" in bad.text


def test_without_watched_files_there_is_nothing_to_show():
    with Intake(FakeNotificationStore(), CLOCK) as intake:
        app = create_app(intake=intake, clock=CLOCK).test_client()
        assert app.get("/status").status_code == app.get("/metrics").status_code == 404
        assert "configuration" not in app.get("/readyz").json
