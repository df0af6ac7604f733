"""How fast the record is verified, and that it takes no more memory however long it is."""

from __future__ import annotations

import sqlite3
import tempfile
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.benchmarks.moves import Office
from tests.benchmarks.table import Row
from workflow import doctor
from workflow.record import START, chain

FEW, MANY = 10_000, 200_000
LENGTH = 60
"""Events in all, and in one chain: what a finished project of the reference work has."""


def measure(rounds: int) -> Iterator[Row]:
    """Few and many events verified in turns; the memory apart, since watching it takes time."""
    rates: list[float] = []
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        offices = [_office(Path(few), FEW), _office(Path(many), MANY)]
        for _ in range(rounds):
            began = time.perf_counter()
            rates.append(_verify(offices[1]) / (time.perf_counter() - began))
        peaks = [_peak(office) for office in offices]
        for office in offices:
            office.store.close()
    yield Row("events of the record verified", rates, "events/s", at_least=100_000)
    yield Row("… memory for 200,000 events beside 10,000", [peaks[1] / peaks[0]], "×", at_most=1.1)


def _office(folder: Path, events: int) -> Office:
    """A store whose record is as long as wanted: one true event, spelled again and again."""
    office = Office(folder)
    office.register("1")
    with sqlite3.connect(office.path) as connection:
        connection.row_factory = sqlite3.Row
        project = dict(connection.execute("SELECT * FROM project").fetchone())
        event = dict(connection.execute("SELECT * FROM event WHERE project_id = 1").fetchone())
        del event["id"]
        for number in range(2, 2 + events // LENGTH):
            head, links = START, []
            for seq in range(1, LENGTH + 1):
                head = chain(head, number, seq, event["at"], event["actor_id"], event["data"])
                links.append({**event, "project_id": number, "seq": seq, "hash": head})
            connection.executemany(_insert("event", event), links)
            row = {**project, "id": number, "ref": str(number), "seq": LENGTH, "head": head}
            connection.execute(_insert("project", project), row)
    connection.close()
    return office


def _insert(table: str, columns: Iterable[str]) -> str:
    names = list(columns)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{each}' for each in names)})"


def _verify(office: Office) -> int:
    found = office.store.read(doctor.audit)
    assert found.broken is None, found.broken
    return found.events


def _peak(office: Office) -> int:
    tracemalloc.start()
    _verify(office)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
