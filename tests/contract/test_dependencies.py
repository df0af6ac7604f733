"""What the product stands on: nothing older than its last known hole, nothing unpinned, and few of them."""

from __future__ import annotations

import re
import sqlite3
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from sqlalchemy.exc import DBAPIError

from workflow.store import Store

ROOT = Path(__file__).parents[2]

FLOORS = {
    "aiosmtplib": "5.1.2",  # GHSA-v3q9-hj7j-63hq, GHSA-vxj7-4xrp-5vr4: commands and answers slipped in
    "fastapi": "0.132",  # JSON is JSON by its content type only
    "h11": "0.16",  # CVE-2025-43859
    "jinja2": "3.1.6",  # CVE-2025-27516
    "python-multipart": "0.0.31",  # seven of 2024 to 2026
    "pyyaml": "6",
    "starlette": "1.3.1",  # CVE-2026-48710, CVE-2026-54282, and the limits of forms
}
"""The oldest version without a known hole that matters here, looked through once a month."""

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = dict(re.findall(r"(?m)^([a-z0-9._-]+)==([^ ;\n]+)", (ROOT / "constraints.txt").read_text("utf-8")))


@pytest.mark.parametrize(("package", "floor"), FLOORS.items())
def test_nothing_installed_or_pinned_is_older_than_its_floor(package: str, floor: str) -> None:
    assert Version(version(package)) >= Version(floor)
    assert Version(PINNED[package]) >= Version(floor)


def test_every_direct_dependency_is_pinned_within_its_range_and_there_are_few() -> None:
    direct = [Requirement(each) for each in PROJECT["dependencies"]]

    assert len(direct) <= 25
    assert [str(each) for each in direct if not each.specifier.contains(PINNED[each.name.lower()])] == []


def test_whatever_is_installed_below_us_is_pinned_too() -> None:
    todo, seen = [Requirement(each).name for each in PROJECT["dependencies"]], set()
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name not in seen:
            seen.add(name)
            below = [Requirement(each) for each in requires(name) or ()]
            todo += [
                each.name for each in below if each.marker is None or each.marker.evaluate({"extra": ""})
            ]

    assert seen - PINNED.keys() == set()


def test_beside_the_one_writer_no_connection_of_ours_can_write(tmp_path: Path) -> None:
    """SQLite before 3.51.3, which most systems have, may damage a WAL file if two connections write at once."""
    store = Store(f"sqlite:///{tmp_path / 'shenpi.db'}")
    store.start()
    try:
        with store.reading() as connection, pytest.raises(DBAPIError, match="readonly"):
            connection.exec_driver_sql("DELETE FROM person")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            store._keyed.execute("DELETE FROM person")
    finally:
        store.close()
