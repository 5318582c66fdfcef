"""The Flask application: routes by blueprint, and what holds for every answer."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask, Response
from werkzeug.exceptions import HTTPException

from graphsync.clock import Clock
from graphsync.engine.configured import Configured
from graphsync.web.health import health_blueprint
from graphsync.web.intake import Intake
from graphsync.web.receiver import receiver_blueprint
from graphsync.web.status import status_blueprint

# Graph does not say how large a basic notification gets; rich ones are cut off at this size by Event Hubs:
# https://learn.microsoft.com/graph/change-notifications-delivery-event-hubs
MAX_BODY_BYTES = 1024 * 1024


def create_app(
    *,
    intake: Intake,
    clock: Clock,
    path_secret: str = "",
    answers: Blueprint | None = None,
    configured: Callable[[], Configured] | None = None,
) -> Flask:
    """Return the web application over a started `intake`.

    Args:
        intake: takes the notifications; starting and stopping it is the caller's.
        clock: the service's time.
        path_secret: last segment of the receiver's paths (`receiver_paths`), URL-safe; empty for none.
        answers: the pages that personal links open (`answers_blueprint`), if they are served.
        configured: says how the configuration stands, where its files are watched.
    """
    app = Flask("graphsync", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.register_blueprint(receiver_blueprint(intake, path_secret))
    app.register_blueprint(health_blueprint(intake, clock, configured))
    if configured is not None:
        app.register_blueprint(status_blueprint(configured, clock))
    if answers is not None:
        app.register_blueprint(answers)
    app.register_error_handler(HTTPException, _plain_error)
    app.after_request(_harden)
    return app


def _plain_error(error: HTTPException) -> Response:
    """Return the error's name as plain text, with its own headers and nothing of the request."""
    response = Response(f"{error.name}\n", status=error.code, mimetype="text/plain")
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _harden(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
