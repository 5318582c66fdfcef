"""Whether the process serves, and whether it can do its work: for a load balancer, systemd or Kubernetes."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Blueprint

from graphsync.clock import Clock
from graphsync.engine.configured import Configured
from graphsync.errors import StoreUnavailable
from graphsync.web.intake import Intake

_logger = logging.getLogger(__name__)


def health_blueprint(intake: Intake, clock: Clock, configured: Callable[[], Configured] | None = None) -> Blueprint:
    """Return `/healthz` (200 while the process serves) and `/readyz` (200 only if the store answers, else 503).

    Both give the service's time, in UTC, so that a wrong clock shows. `/readyz` says whether the configuration files
    are in force or refused: with the old ones the service works as before, so it is ready either way. Neither names
    anything.
    """
    blueprint = Blueprint("health", __name__)

    def answer(status: str, code: int) -> tuple[dict[str, str], int]:
        return {"status": status, "time": clock.now().isoformat()}, code

    @blueprint.get("/healthz")
    def healthz() -> tuple[dict[str, str], int]:
        return answer("serving", 200)

    @blueprint.get("/readyz")
    def readyz() -> tuple[dict[str, str], int]:
        try:
            intake.check()
        except StoreUnavailable as error:
            _logger.warning("not ready: %s", error)
            return answer("unavailable", 503)
        body, code = answer("ready", 200)
        if configured is not None:
            body["configuration"] = "refused" if configured().refused else "in force"
        return body, code

    return blueprint
