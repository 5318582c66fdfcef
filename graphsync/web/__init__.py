"""The service's HTTP face: the receiver of Graph's notifications, and its health."""

from graphsync.web.app import create_app
from graphsync.web.receiver import receiver_paths

__all__ = ["create_app", "receiver_paths"]
