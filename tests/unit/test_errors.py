from datetime import timedelta

import pytest
from builders import NOW

from graphsync import errors
from graphsync.errors import (
    ActionRefused,
    ClientStateMismatch,
    ConfigError,
    DeltaExpired,
    GraphAuthError,
    GraphConflict,
    GraphError,
    GraphNotFound,
    GraphRejected,
    GraphsyncError,
    GraphThrottled,
    GraphUnavailable,
    MalformedNotification,
    NoRest,
    NotificationError,
    Problem,
    ReservationConflict,
    ServiceDied,
    ServiceFailed,
    StoreUnavailable,
    TokenRefused,
    WriteRefused,
    need_retry,
)

SECOND = timedelta(seconds=1)


def a_problem(**changes):
    values = {"file": "rules.yaml", "line": 3, "column": 5, "found": "'rebok'", "expected": "'book'"}
    return Problem(**values | changes)


def test_every_error_belongs_to_the_one_tree():
    raised = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert all(issubclass(kind, GraphsyncError) for kind in raised)
    assert issubclass(MalformedNotification, NotificationError)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (a_problem(rule="weekly"), "rules.yaml:3:5: rule 'weekly': found 'rebok'; expected 'book'"),
        (a_problem(), "rules.yaml:3:5: found 'rebok'; expected 'book'"),
        (a_problem(line=0, column=0), "rules.yaml: found 'rebok'; expected 'book'"),
    ],
)
def test_a_problem_says_where_what_and_what_instead(problem, said):
    assert str(problem) == said


def test_problems_are_told_in_the_order_of_the_files():
    problems = [a_problem(line=9), a_problem(file="a.yaml"), a_problem(column=7), a_problem()]
    error = ConfigError(problems)
    assert error.problems == (problems[1], problems[3], problems[2], problems[0])
    assert str(error).splitlines() == [str(problem) for problem in error.problems]


def test_a_client_state_that_differs_is_not_shown():
    error = ClientStateMismatch("sub-1")
    assert (error.subscription_id, str(error)) == (
        "sub-1",
        "clientState of subscription 'sub-1' differs from the stored one",
    )
    assert isinstance(error, NotificationError)


@pytest.mark.parametrize("kind", [GraphError, GraphNotFound, DeltaExpired, GraphAuthError, GraphRejected])
def test_an_error_of_graph_keeps_what_support_asks_for(kind):
    error = kind("create_event", status=403, code="ErrorAccessDenied", request_id="r-1")
    assert (error.operation, error.status, error.code, error.request_id) == (
        "create_event",
        403,
        "ErrorAccessDenied",
        "r-1",
    )
    assert str(error) == "create_event: Graph answered 403 'ErrorAccessDenied' (request-id 'r-1')"


def test_no_answer_is_said_to_be_none():
    assert str(GraphUnavailable("get_event")) == "get_event: Graph answered nothing '' (request-id '')"


def test_errors_carry_what_follows_from_them():
    assert GraphThrottled("x", retry_after=SECOND).retry_after == SECOND
    assert GraphThrottled("x", status=429).retry_after is None
    assert GraphUnavailable("x", status=503, retry_after=SECOND).retry_after == SECOND
    assert GraphConflict("x", status=409, existing_id="sub-1").existing_id == "sub-1"
    assert ActionRefused("the session stands").reason == "the session stands"


def test_a_refused_token_says_what_the_admin_has_to_do():
    error = TokenRefused(code="AADSTS7000222", advice="make a new client secret", request_id="r-1")
    assert isinstance(error, GraphAuthError)
    assert str(error) == ("acquire_token: no token, 'AADSTS7000222' (correlation id 'r-1'): make a new client secret")


def test_a_failed_service_shows_the_end_of_its_log():
    assert str(ServiceFailed("it did not start", "boom")) == "it did not start; its log ends with:\nboom"
    assert str(ServiceDied("it ended", "")) == "it ended; its log is empty"
    assert ServiceDied("it ended", "boom").log_tail == "boom"


def test_a_service_without_rest_says_when_and_how_often():
    error = NoRest(NOW, 50)
    assert error.instant == NOW
    assert str(error) == "at 2026-09-14T07:00:00+00:00 the service had new work after each of 50 runs"


@pytest.mark.parametrize(
    "error",
    [
        GraphConflict("x"),
        GraphNotFound("x"),
        DeltaExpired("x"),
        GraphAuthError("x"),
        GraphRejected("x"),
        ActionRefused("x"),
        ReservationConflict("x"),
        StoreUnavailable("x"),
        ValueError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_repeating_cannot_help_is_not_repeated(error):
    assert need_retry(error, 1) is None


@pytest.mark.parametrize("kind", [GraphThrottled, GraphUnavailable])
@pytest.mark.parametrize("attempt", [1, 7])
def test_the_wait_that_graph_names_is_kept(kind, attempt):
    assert need_retry(kind("x", retry_after=90 * SECOND), attempt) == 90 * SECOND
    assert need_retry(kind("x", retry_after=0 * SECOND), attempt) == 0 * SECOND


@pytest.mark.parametrize("kind", [GraphThrottled, GraphUnavailable])
@pytest.mark.parametrize(("attempt", "wait"), [(1, 1), (2, 2), (3, 4), (11, 1024), (12, 1800), (1_000_000, 1800)])
def test_a_wait_that_nobody_names_doubles_up_to_half_an_hour(kind, attempt, wait):
    assert need_retry(kind("x"), attempt) == wait * SECOND


def test_a_write_that_was_refused_says_which():
    assert str(WriteRefused("create_event")).startswith("create_event would change something")
