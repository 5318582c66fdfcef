from datetime import UTC

import pytest
from builders import HOUR, NOW, at

from graphsync.clock import SteppedClock, SystemClock, new_secret


def test_the_system_clock_tells_aware_instants_in_utc_that_do_not_run_backwards():
    clock = SystemClock()
    first = clock.now()
    clock.sleep(0)
    assert first.tzinfo is UTC
    assert clock.now() >= first


def test_a_stepped_clock_stands_still_until_it_is_set():
    clock = SteppedClock(NOW)
    clock.sleep(3600)
    assert clock.now() == NOW
    clock.set(NOW + HOUR)
    assert clock.now() == NOW + HOUR


def test_a_stepped_clock_tells_utc_whatever_it_is_set_by():
    clock = SteppedClock(at("10-25 12:00").astimezone())
    assert (clock.now().tzinfo, clock.now().hour) == (UTC, 11)
    clock.set(at("10-26 12:00").astimezone())
    assert clock.now().tzinfo is UTC


def test_time_does_not_run_backwards():
    clock = SteppedClock(NOW)
    clock.set(NOW)
    with pytest.raises(ValueError, match="the clock stands at 2026-09-14T07:00:00"):
        clock.set(NOW - HOUR)
    assert clock.now() == NOW


def test_secrets_differ_and_fit_a_client_state():
    secrets = {new_secret() for _ in range(10)}
    assert len(secrets) == 10
    assert all(len(secret) == 43 and secret.replace("-", "").replace("_", "").isalnum() for secret in secrets)
