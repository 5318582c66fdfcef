"""The demo: a programme of some weeks, the people in it, the service beside it, and the judge."""
