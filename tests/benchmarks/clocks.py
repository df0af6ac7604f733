"""The sweep over very many clocks: doing nothing, and letting a thousand that are due take effect."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from tests.benchmarks.moves import NOW, Office
from tests.benchmarks.table import Row
from workflow.actions.clocks import due_places, sweep
from workflow.people import SYSTEM
from workflow.record import stamp
from workflow.transaction import Transaction

FEW, MANY, DUE = 10_000, 1_000_000, 1_000
LATER = NOW + timedelta(days=14)
"""When the first rung of every registered project is due, and nothing else."""


def measure(rounds: int) -> Iterator[Row]:
    """The same sweep over few and over many open clocks, in turns."""
    idle: list[float] = []
    claim: list[float] = []
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        offices = [_office(Path(few), FEW), _office(Path(many), MANY)]
        for number in range(rounds):
            quiet = _idle(offices)
            for office in offices:
                for each in range(DUE):
                    office.register(f"{number}-{each}")
            busy = [_claim(office) for office in offices]
            idle.append(quiet[1] / quiet[0])
            claim.append(busy[1] / busy[0])
        for office in offices:
            office.store.close()
    yield Row("an idle sweep over 1,000,000 clocks beside 10,000", idle, "×", at_most=1.2)
    yield Row("1,000 due clocks among 1,000,000 beside 10,000", claim, "×", at_most=2.0)


def _office(folder: Path, clocks: int) -> Office:
    office = Office(folder)
    far = [stamp(LATER + timedelta(days=1 + number % 400, seconds=number)) for number in range(4000)]
    rows = ((10**9 + number, far[number % 4000]) for number in range(clocks))
    with sqlite3.connect(office.path) as connection:
        connection.executemany(
            "INSERT INTO stage (project_id, key, state, turn, outside, next_at, organisation_id)"
            " VALUES (?, 's01', 'preparing', 1, 0, ?, 1)",
            rows,
        )
    connection.close()
    office.size()
    return office


def _idle(offices: list[Office], times: int = 300) -> list[float]:
    """The median of many sweeps that find nothing, the offices taking turns."""
    waits: list[list[float]] = [[] for _ in offices]
    for _ in range(times):
        for office, found in zip(offices, waits, strict=True):
            found.append(office.store.act(_looked, actor=SYSTEM, now=NOW))
    return [statistics.median(found) for found in waits]


def _looked(tx: Transaction, *, actor: int, now: datetime) -> float:
    """Seconds within the writer's thread: to wake it takes longer, and differs from thread to thread."""
    began = time.perf_counter()
    due_places(tx, actor=actor, now=now)
    return time.perf_counter() - began


def _claim(office: Office) -> float:
    began, claimed = time.perf_counter(), 0
    while found := office.store.act(sweep, actor=SYSTEM, now=LATER):
        claimed += found
    assert claimed == DUE, claimed
    return time.perf_counter() - began
