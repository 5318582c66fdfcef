"""Whether the process serves, and whether it can do its work: for a load balancer, systemd or Kubernetes."""

from __future__ import annotations

import logging

from flask import Blueprint

from graphsync.clock import Clock
from graphsync.errors import StoreUnavailable
from graphsync.web.intake import Intake

_logger = logging.getLogger(__name__)


def health_blueprint(intake: Intake, clock: Clock) -> Blueprint:
    """Return `/healthz` (200 while the process serves) and `/readyz` (200 only if the store answers, else 503).

    Both give the service's time, in UTC, so that a wrong clock shows. Neither counts nor names anything.
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
        return answer("ready", 200)

    return blueprint
