"""The power goes at any moment: what was acknowledged is there when it comes back, and the file is sound.

Of what was not yet synced at the cut, a part is dropped and a part is torn at a sector's edge. The same cuts over a
run that syncs less must show losses: else the simulator is blind.
"""

from __future__ import annotations

import json
import pickle
import random
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import LONG, fresh
from tests.faults.story import LATE
from workflow import doctor
from workflow.store import Store

CUTS = 20_000 if LONG else 300
SECTOR = 512
DATABASE, WAL = "shenpi.db", "shenpi.db-wal"
EXAMINED = 25
"""Every so many cuts the whole examination goes over what is left."""


@dataclass
class Disk:
    """What is on the platter, and what only the operating system knows of."""

    safe: dict[str, bytearray]
    pending: dict[str, list[Any]] = field(default_factory=dict)
    removed: dict[str, bytearray] = field(default_factory=dict)

    def take(self, entry: Any) -> None:
        """One thing that SQLite did."""
        kind, name = entry[0], entry[1]
        if kind == "sync":
            for each in self.pending.pop(name, []):
                _apply(self.safe.setdefault(name, bytearray()), each)
        elif kind == "delete":
            self.pending.pop(name, None)
            gone = self.safe.pop(name, None)
            if gone is not None and not entry[2]:
                self.removed[name] = gone  # its folder is not synced: it may come back
        elif kind != "acknowledged":
            self.removed.pop(name, None)
            self.pending.setdefault(name, []).append(entry)

    def cut(self, drawn: random.Random) -> dict[str, bytes]:
        """The files after the power went."""
        left = {name: bytearray(content) for name, content in self.safe.items()}
        for name, entries in self.pending.items():
            content = left.setdefault(name, bytearray())
            for entry in entries:
                fate = drawn.random()
                if fate >= 0.4:
                    _apply(content, _torn(entry, drawn) if fate < 0.6 else entry)
        left |= {name: content for name, content in self.removed.items() if drawn.random() < 0.5}
        return {name: bytes(content) for name, content in left.items()}


def _apply(content: bytearray, entry: Any) -> None:
    if entry[0] == "truncate":
        del content[entry[2] :]
        return
    _, _, offset, data = entry
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _torn(entry: Any, drawn: random.Random) -> Any:
    if entry[0] == "truncate" or len(entry[3]) <= SECTOR:
        return entry
    return (*entry[:3], entry[3][: SECTOR * drawn.randrange(1, len(entry[3]) // SECTOR + 1)])


def recorded(prepared: Path, folder: Path, *synchronous: str) -> tuple[dict[str, bytearray], list[Any]]:
    """What was on the disk before, and everything that a run of the product did to it, syncing as it does or so."""
    life = fresh(prepared, folder / "life")
    before = {DATABASE: bytearray((life / DATABASE).read_bytes())}
    made = subprocess.run(
        [sys.executable, "-m", "tests.faults.recording", str(life), str(folder / "log"), *synchronous],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"SQLite's file system cannot be recorded here: {made.stderr[-300:]}")
    return before, pickle.loads((folder / "log").read_bytes())


def bring_back(files: dict[str, bytes], folder: Path) -> None:
    """The machine starts again with these files."""
    for each in folder.glob("shenpi.db*"):
        each.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def lost_in(folder: Path, acknowledged: dict[str, Any]) -> list[str]:
    """What is not there of what was acknowledged; a file that is damaged fails the test at once."""
    connection = sqlite3.connect(folder / DATABASE)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        stored = {
            id_.partition(":")[2]: answer
            for id_, answer in connection.execute("SELECT id, answer FROM command")
        }
        digests = {digest for (digest,) in connection.execute("SELECT digest FROM definition")}
    finally:
        connection.close()
    return [
        name
        for name, answer in acknowledged.items()
        if (name == "publish" and answer not in digests)
        or (name not in {"publish", "sweep", "clean"} and stored.get(name) != json.dumps(answer))
    ]


def cuts_with_losses(before: dict[str, bytearray], log: list[Any], folder: Path, cuts: int, seed: int) -> int:
    """In how many cuts something acknowledged was lost."""
    drawn = random.Random(seed)
    at = sorted(drawn.randrange(1, len(log) + 1) for _ in range(cuts))
    disk, acknowledged, done, losses = Disk(before), {}, 0, 0
    for number, moment in enumerate(at):
        for entry in log[done:moment]:
            disk.take(entry)
            if entry[0] == "acknowledged":
                acknowledged[entry[1]] = entry[2]
        done = moment
        bring_back(disk.cut(drawn), folder)
        losses += bool(lost_in(folder, acknowledged))
        if number % EXAMINED == 0:
            _examine(folder)
    return losses


def _examine(folder: Path) -> None:
    store = Store(f"sqlite:///{folder / DATABASE}")
    found = store.read(doctor.examine, now=LATE, has_file=lambda _: True)
    store.engine.dispose()
    assert [str(each) for each in found if each.level == "error"] == []


def test_no_power_cut_loses_what_was_acknowledged(prepared: Path, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    before, log = recorded(prepared, tmp_path)
    assert {("sync", DATABASE), ("sync", WAL)} <= {entry[:2] for entry in log}, "nothing was recorded"

    assert cuts_with_losses(before, log, tmp_path, CUTS, seed) == 0, f"seed {seed}"


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_simulator_sees_what_syncing_less_would_lose(
    prepared: Path, tmp_path: Path, synchronous: str
) -> None:
    before, log = recorded(prepared, tmp_path, synchronous)
    try:
        losses = cuts_with_losses(before, log, tmp_path, 100, 1)
    except (AssertionError, sqlite3.DatabaseError):
        assert synchronous == "OFF", "NORMAL may lose, but never damages"
        return

    assert losses > 20
