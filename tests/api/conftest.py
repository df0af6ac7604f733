"""An office for every story."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.office import Office, PasswordCopies, open_office
from tests.databases import Copies, Databases


@pytest.fixture(scope="session")
def bureaus(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """The founded bureau, with a password for everybody."""
    return PasswordCopies(databases, tmp_path_factory.mktemp("passwords"))


@pytest.fixture
def office(bureaus: Copies, tmp_path: Path) -> Iterator[Office]:
    """The bureau behind its HTTP interface; when a story has ended, every invariant must hold."""
    with open_office(bureaus, tmp_path) as made:
        yield made
        made.world.prove()
