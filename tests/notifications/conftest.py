"""The bureau, closed again after each story."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notifications.bureau import Bureau


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(f"sqlite:///{tmp_path / 'shenpi.db'}")
    yield made
    made.store.close()
