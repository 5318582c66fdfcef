"""How the service stands, for whoever runs it: a page for people, and metrics for Prometheus.

Both can be opened by anybody who reaches the service, so they name no person, mentorship or value of a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, render_template
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from graphsync.clock import Clock
from graphsync.engine.configured import Configured


def status_blueprint(configured: Callable[[], Configured], clock: Clock) -> Blueprint:
    """Return `/status`, a page that says how the configuration stands, and `/metrics`, the same for Prometheus."""
    blueprint = Blueprint("status", __name__, template_folder="templates")
    registry = CollectorRegistry()
    registry.register(_ConfigMetrics(configured))

    @blueprint.get("/status")
    def status() -> str:
        return render_template("status.html", standing=configured(), now=clock.now())

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return blueprint


class _ConfigMetrics(Collector):
    """How the configuration stands, under names as Prometheus gives them for its own."""

    def __init__(self, configured: Callable[[], Configured]) -> None:
        self._configured = configured

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they are now."""
        standing = self._configured()
        for name, text, value in (
            ("last_reload_successful", "Whether the files as they are now are in force.", not standing.refused),
            (
                "last_reload_success_timestamp_seconds",
                "When the set in force was taken over.",
                standing.since.timestamp(),
            ),
            ("problems", "How many problems the files have that were refused.", len(standing.refused)),
        ):
            yield GaugeMetricFamily(f"graphsync_config_{name}", text, value=float(value))
