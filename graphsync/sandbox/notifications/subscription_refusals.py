"""How requests for subscriptions are refused, in the words that people who use Graph have quoted.

Source: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks (creating a subscription)
"""

from __future__ import annotations

from graphsync.sandbox.refusals import GraphRefusal


def invalid_subscription(message: str) -> GraphRefusal:
    """Return the refusal for a subscription request that is not right."""
    return GraphRefusal(400, "InvalidRequest", message)


def unprocessable_subscription(reason: str) -> GraphRefusal:
    """Return the refusal for a body Graph cannot make a subscription of."""
    return invalid_subscription(
        "Could not process subscription creation payload. Are all property names spelled and camelCased properly? "
        f"{reason}"
    )


def extension_error(status: int, operation: str, reason: str, name: str) -> GraphRefusal:
    """Return the wrapper in which the owning workload's refusal arrives."""
    return GraphRefusal(
        status, "ExtensionError", f"Operation: {operation}; Exception: [Status Code: {name}; Reason: {reason}]"
    )


def subscription_not_found(subscription_id: str) -> GraphRefusal:
    """Return the refusal for an id that is unknown, removed or expired."""
    return GraphRefusal(404, "ResourceNotFound", f"The object '{subscription_id}' was not found.")
