"""A Chromium to look at pages with, started once for the tests of a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path(os.environ.get("GRAPHSYNC_CHROMIUM", "/usr/bin/chromium"))


# By file, not by session: while Playwright runs, nothing else in this thread may start an event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium without a window; fails where there is none."""
    if not CHROMIUM.exists():
        pytest.fail(
            f"found no Chromium at {str(CHROMIUM)!r}; expected one: `apt-get install chromium`, or set "
            "GRAPHSYNC_CHROMIUM to where it is, or leave these tests out with `-m 'not browser'`"
        )
    with sync_playwright() as playwright:
        # Root may not use Chromium's own sandbox; what is opened here is ours alone.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()
