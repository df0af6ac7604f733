"""What every test shares: no deadline on a busy machine, and a browser, or a skip that says why not."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

import dev

settings.register_profile("house", parent=settings(), deadline=None)
settings.load_profile("house")

BROWSER = dev.find_browser()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A browser story finds its browser in SHENPI_BROWSER, whoever has started pytest."""
    if item.get_closest_marker("browser") is None:
        return
    if BROWSER is None:
        pytest.skip("no browser: install Chromium, Chrome or Edge, or name one in SHENPI_BROWSER")
    os.environ["SHENPI_BROWSER"] = BROWSER
