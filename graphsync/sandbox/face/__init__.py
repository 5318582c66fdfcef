"""The HTTP face: from a request to a route and back, the routes, and what answers look like."""
