"""The sandbox's page: the tenant in a browser, to look at and to steer; plain HTML, rendered here.

Pages read the world and change it only by what the control API and `World` offer, so that both say the same.
"""

from graphsync.sandbox.pages.site import Site

__all__ = ["Site"]
