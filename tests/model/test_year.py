"""Some weeks of some seeds of the simulated city; the same seed is the same year, to the byte, in any process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.model.year import live

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", [1, 2])
def test_weeks_of_an_office_keep_every_promise_and_leave_nobody_stuck(seed: int) -> None:
    year = live(seed, days=28)

    assert year.counts["moves"] > 300
    assert year.watch.counts["rung.fired"] > 20
    assert year.counts["mails"] > 300


def test_the_same_seed_is_the_same_year_however_python_hashes() -> None:
    """Three processes with three orders of every set: one trace."""
    command = [sys.executable, "-m", "tests.model.year", "--seed", "3", "--days", "7"]
    lives = [
        subprocess.Popen(
            command,
            env={**os.environ, "PYTHONHASHSEED": hashing},
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for hashing in ("0", "1", "4711")
    ]
    traces = [each.communicate()[0].split()[1] for each in lives]

    assert len(traces[0]) == 64
    assert len(set(traces)) == 1


@pytest.mark.postgres
def test_the_same_seed_is_the_same_year_on_either_database(
    postgres_copies: Databases, tmp_path: Path
) -> None:
    """Every event and its hash, every rung, every refusal, every mail: one trace."""
    here, there = live(4, days=7), live(4, days=7, url=postgres_copies.empty(tmp_path))

    assert here.counts == there.counts
    assert here.trace.hexdigest() == there.trace.hexdigest()
