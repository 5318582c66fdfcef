"""The two URLs Graph posts to: the validation handshake, change notifications and lifecycle notifications.

One handler serves both, since one URL may be given for both kinds. Nothing of a request is reflected but the
validation token, and what is forged is answered like what is genuine (docs/decisions/0004).

Source: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

import logging
from hmac import compare_digest

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import RequestEntityTooLarge

from graphsync.errors import MalformedNotification, StoreUnavailable
from graphsync.notifications import parse, validation_token
from graphsync.web.counters import Count
from graphsync.web.intake import Intake

_logger = logging.getLogger(__name__)

# Graph has a schedule of its own and may not look at this; proxies and the sandbox do.
RETRY_AFTER_S = 5


def receiver_paths(path_secret: str) -> tuple[str, str]:
    """Return the paths of `notificationUrl` and `lifecycleNotificationUrl`; the secret is their last segment.

    A secret keeps strangers away from all that costs anything; Graph preserves the URL it was given.
    """
    tail = f"/{path_secret}" if path_secret else ""
    return f"/graph/notifications{tail}", f"/graph/lifecycle{tail}"


def receiver_blueprint(intake: Intake, path_secret: str) -> Blueprint:
    """Return the receiver's routes; `path_secret` is empty or a URL-safe segment."""
    blueprint = Blueprint("receiver", __name__)
    counters = intake.counters

    def receive(secret: str = "") -> Response:
        if not compare_digest(secret.encode(), path_secret.encode()):
            abort(404)
        try:
            token = validation_token(request.query_string)
            if token is not None:
                counters.add(Count.HANDSHAKES)
                return Response(token, mimetype="text/plain")
            received = parse(_body(), request.headers.get("Content-Type", ""))
        except MalformedNotification as error:
            counters.add(Count.REFUSED)
            _logger.warning("request refused: %s", error)
            abort(400)
        except RequestEntityTooLarge:
            counters.add(Count.REFUSED)
            raise
        try:
            intake.accept(received)
        except StoreUnavailable as error:
            _logger.warning("notifications not taken, Graph has to send them again: %s", error)
            return Response(status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
        return Response(status=202)

    tail = "/<secret>" if path_secret else ""
    for path in receiver_paths(""):
        blueprint.add_url_rule(f"{path}{tail}", path, receive, methods=["POST"], provide_automatic_options=False)
    return blueprint


def _body() -> bytes:
    """Return the request's body; one over the size limit raises, also where its length was not announced."""
    body = request.get_data(cache=False)
    # A chunked body is cut off at the limit without a word; only the read after that tells.
    request.stream.read(1)
    return body
