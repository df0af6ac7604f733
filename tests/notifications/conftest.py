"""The bureau, closed again after each story."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.notifications.bureau import Bureau


@pytest.fixture
def bureau(databases: Databases, tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(databases.empty(tmp_path))
    yield made
    made.store.close()
