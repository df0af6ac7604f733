"""How much a move costs beside the raw driver's, and beside a peer's, on the reference work.

Projects of 10 stages, three of them parallel, three moves a stage (submit with two papers, review, sign):
30 durable moves a project, SQLite WAL with synchronous=FULL, one client and then sixteen. The floor writes one
row of each kind for a move through `sqlite3` alone; the engine also records each paper and each opening.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

from tests.benchmarks import spiff
from tests.benchmarks.table import Row
from workflow.actions.decisions import decide
from workflow.actions.definitions import publish
from workflow.actions.documents import upload_document
from workflow.actions.people import add_organisation, add_person, grant_post
from workflow.actions.projects import register_project
from workflow.actions.stages import submit_stage
from workflow.files import StoredFile
from workflow.people import SYSTEM
from workflow.state import ReplyData
from workflow.store import Store
from workflow.transaction import Transaction

NOW = datetime(2026, 9, 18, 2, tzinfo=UTC)
STAGES = [f"s{number:02d}" for number in range(1, 11)]
BEFORE = {"s02": ["s01"], "s03": ["s02"], "s04": ["s03"], "s05": ["s03"], "s06": ["s03"],
          "s07": ["s04", "s05", "s06"], "s08": ["s07"], "s09": ["s08"], "s10": ["s09"]}  # fmt: skip
ORDER = [["s01"], ["s02"], ["s03"], ["s04", "s05", "s06"], ["s07"], ["s08"], ["s09"], ["s10"]]


def definition() -> str:
    """The reference definition as YAML."""
    documents, stages = [], []
    for key in STAGES:
        replies = [f"{before}_reply" for before in BEFORE.get(key, ())]
        documents += [f"  {key}_design: {{title: 设计{key}}}", f"  {key}_budget: {{title: 概算{key}}}"]
        documents.append(f"  {key}_reply: {{title: 批复{key}}}")
        stages.append(
            f"  {key}:\n    title: 事项{key}\n    phase: 办理\n"
            f"    needs: [{', '.join([f'{key}_design', f'{key}_budget', *replies])}]\n"
            f"    issues: [{key}_reply]\n    prepare: {{within: 10 workdays}}\n    steps:\n"
            "      - review: {title: 审核, by: section_chief, within: 3 workdays}\n"
            "      - sign: {title: 审签, by: deputy_director, within: 2 workdays}"
        )
    return "\n".join(
        [
            "type: reference",
            "version: 1",
            "title: 参照项目",
            "phases: [办理]",
            "documents:",
            *documents,
            "stages:",
            *stages,
            "",
        ]
    )


class Office:
    """A store with one clerk, one chief and one deputy, and projects to move."""

    def __init__(self, folder: Path, now: datetime = NOW) -> None:
        self.path = folder / "shenpi.db"
        self.now = now
        self.store = Store(f"sqlite:///{self.path}")
        self.store.start()
        act = self.store.act
        bureau = act(add_organisation, name="县民政局", parent=0, actor=SYSTEM, now=now)
        self.clerk, self.chief, self.deputy = (
            act(add_person, name=name, staff_number=name, actor=SYSTEM, now=now)
            for name in ("谭丽", "杨帆", "罗秀英")
        )
        for person, post in (
            (self.clerk, "clerk"),
            (self.chief, "section_chief"),
            (self.deputy, "deputy_director"),
        ):
            act(grant_post, person=person, organisation=bureau, key=post, actor=SYSTEM, now=now)
        self.digest = act(publish, text=definition(), name="reference.yaml", actor=SYSTEM, now=now)
        self.bureau = bureau

    def size(self) -> int:
        """Bytes of the file with everything written back to it."""
        with sqlite3.connect(self.path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return self.path.stat().st_size

    def register(self, ref: str) -> None:
        self.store.act(
            register_project, ref=ref, digest=self.digest, title=f"参照项目{ref}", organisation=self.bureau,
            clerk=self.clerk, actor=self.clerk, now=self.now,
        )  # fmt: skip

    def moves(self, ref: str) -> Iterator[Callable[[], object]]:
        """The thirty moves of one project, in an order that its stages allow."""
        act = self.store.act
        for group in ORDER:
            for key in group:
                yield partial(act, _submit_with_papers, ref=ref, stage=key, actor=self.clerk, now=self.now)
            for key in group:
                yield partial(
                    act,
                    decide,
                    ref=ref,
                    stage=key,
                    step="review",
                    outcome="approved",
                    opinion="同意",
                    actor=self.chief,
                    now=self.now,
                )
            for key in group:
                reply = ReplyData(f"{key}_reply", self.now.date())
                yield partial(
                    act,
                    decide, ref=ref, stage=key, step="sign", outcome="approved", opinion="同意",
                    replies=(reply,), actor=self.deputy, now=self.now,
                )  # fmt: skip


def _submit_with_papers(tx: Transaction, *, ref: str, stage: str, actor: int, now: datetime) -> int:
    for name in ("design", "budget"):
        file = StoredFile("a" * 64, f"{name}.pdf", 123456, "application/pdf")
        upload_document(tx, ref=ref, document=f"{stage}_{name}", file=file, actor=actor, now=now)
    return submit_stage(tx, ref=ref, stage=stage, actor=actor, now=now)


class Floor:
    """The same rows by the raw driver: read, event, project head and body, stage, task, notice, papers."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "floor.db"
        self.connection = self.connect()
        self.connection.executescript(
            "CREATE TABLE project (id INTEGER PRIMARY KEY, seq INT, head TEXT, body TEXT);"
            "CREATE TABLE stage (project_id INT, key TEXT, state TEXT, version INT, due TEXT, next_at TEXT,"
            " PRIMARY KEY (project_id, key));"
            "CREATE INDEX stage_due ON stage (next_at) WHERE next_at IS NOT NULL;"
            "CREATE TABLE event (id INTEGER PRIMARY KEY, project_id INT, seq INT, at TEXT, actor INT, data TEXT, hash TEXT);"
            "CREATE UNIQUE INDEX event_chain ON event (project_id, seq);"
            "CREATE TABLE task (project_id INT, stage TEXT, person INT, due TEXT, PRIMARY KEY (project_id, stage));"
            "CREATE INDEX task_person ON task (person, due);"
            "CREATE TABLE notice (id INTEGER PRIMARY KEY, event INT, person INT, kind TEXT, at TEXT, open INT);"
            "CREATE INDEX notice_open ON notice (id) WHERE open;"
            "CREATE TABLE paper (project_id INT, document TEXT, version INT, sha TEXT, name TEXT, size INT,"
            " PRIMARY KEY (project_id, document, version));"
        )

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=60, check_same_thread=False)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "cache_size=-65536",
            "wal_autocheckpoint=4000",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def register(self, project: int) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.execute("INSERT INTO project VALUES (?, 0, ?, ?)", (project, "0" * 64, "{}"))
        for key in STAGES:
            self.connection.execute(
                "INSERT INTO stage VALUES (?, ?, 'waiting', 0, NULL, NULL)", (project, key)
            )
        self.connection.execute("COMMIT")

    def moves(self, project: int) -> Iterator[Callable[[], object]]:
        for group in ORDER:
            for what in ("submit", "review", "sign"):
                for key in group:
                    yield partial(self.move, project, key, what)

    def move(self, project: int, key: str, what: str) -> None:
        ex = self.connection.execute
        ex("BEGIN IMMEDIATE")
        seq, head, version = ex(
            "SELECT p.seq, p.head, s.version FROM project p JOIN stage s ON s.project_id = p.id WHERE p.id = ? AND s.key = ?",
            (project, key),
        ).fetchone()
        at, due = NOW.isoformat(), (NOW + timedelta(days=3)).isoformat()
        data = json.dumps(
            {"stage": key, "what": what, "opinion": "同意", "papers": ["a" * 64] * 2, "due": due}
        )
        head = sha256(f"{head}{project}{seq}{at}{data}".encode()).hexdigest()
        ex(
            "INSERT INTO event (project_id, seq, at, actor, data, hash) VALUES (?, ?, ?, 1, ?, ?)",
            (project, seq + 1, at, data, head),
        )
        ex("UPDATE project SET seq = ?, head = ?, body = ? WHERE id = ?", (seq + 1, head, BODY, project))
        changed = ex(
            "UPDATE stage SET state = ?, version = ?, due = ?, next_at = ? WHERE project_id = ? AND key = ? AND version = ?",
            (what, version + 1, due, due, project, key, version),
        )
        assert changed.rowcount == 1
        ex("DELETE FROM task WHERE project_id = ? AND stage = ?", (project, key))
        ex("INSERT INTO task VALUES (?, ?, 1, ?)", (project, key, due))
        ex("INSERT INTO notice (event, person, kind, at, open) VALUES (?, 1, ?, ?, 1)", (seq, what, at))
        if what == "submit":
            for name in ("design", "budget"):
                ex(
                    "INSERT INTO paper VALUES (?, ?, 1, ?, ?, 123456)",
                    (project, f"{key}_{name}", "a" * 64, name),
                )
        ex("COMMIT")


BODY = json.dumps(
    {"stages": {key: {"state": "issued", "at": NOW.isoformat(), "papers": ["a" * 64] * 2} for key in STAGES}}
)
"""A body of about the size that a project has half-way."""


def timed(moves: list[Callable[[], object]]) -> float:
    """Moves a second, one after another."""
    start = time.perf_counter()
    for move in moves:
        move()
    return len(moves) / (time.perf_counter() - start)


def timed_together(lists: list[list[Callable[[], object]]]) -> float:
    """Moves a second with one thread per list."""
    threads = [threading.Thread(target=lambda moves=moves: [move() for move in moves]) for moves in lists]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(map(len, lists)) / (time.perf_counter() - start)


def measure(rounds: int, projects: int = 16) -> Iterator[Row]:
    """Every round: the floor, the engine alone, the engine with sixteen clients, and the peer if it is here."""
    with tempfile.TemporaryDirectory() as folder:
        office, floor, peer = Office(Path(folder)), Floor(Path(folder)), spiff.found(Path(folder))
        rates: dict[str, list[float]] = {}
        for number in range(rounds + 1):
            names = [number * 1000 + each for each in range(2 * projects)]
            for name in names:
                office.register(str(name))
                floor.register(name)
            found = {
                "raw": timed([move for name in names[:projects] for move in floor.moves(name)]),
                "alone": timed([move for name in names[:projects] for move in office.moves(str(name))]),
                "together": timed_together([list(office.moves(str(name))) for name in names[projects:]]),
            }
            if peer is not None:
                found["peer"] = timed([move for name in names[:2] for move in peer.moves(name)])
                found["peers"] = timed_together([list(peer.moves(name)) for name in names[projects:]])
            if number:  # the first round warms every cache, and does not count
                for key, rate in found.items():
                    rates.setdefault(key, []).append(rate)
        office.store.close()
        floor.connection.close()
    yield from _rows(rates)


def _rows(rates: dict[str, list[float]]) -> Iterator[Row]:
    def ratio(over: str, under: str) -> list[float]:
        return [a / b for a, b in zip(rates[over], rates[under], strict=True)]

    yield Row("the floor: raw sqlite3, WAL, FULL", rates["raw"], "moves/s")
    yield Row("the engine, one client", rates["alone"], "moves/s")
    yield Row("… its time beside the floor's", ratio("raw", "alone"), "×", at_most=2.0)
    yield Row("the engine, 16 clients, beside the floor's rate", ratio("together", "raw"), "×", at_least=0.65)
    if "peer" not in rates:
        yield Row("SpiffWorkflow: not installed (pip install shenpi[benchmarks])", [], "")
        return
    yield Row("SpiffWorkflow, one client", rates["peer"], "moves/s")
    yield Row("the engine beside it, one client", ratio("alone", "peer"), "×", at_least=5.0)
    yield Row("the engine beside it, 16 clients", ratio("together", "peers"), "×", at_least=12.0)


def measure_bytes(projects: int = 100) -> Iterator[Row]:
    """What a finished project takes in the file, once everything is written back to it."""
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder))
        before = office.size()
        for number in range(projects):
            office.register(str(number))
            for move in office.moves(str(number)):
                move()
        yield Row(
            "bytes of a finished project", [(office.size() - before) / projects / 1000], "kB", at_most=24
        )
        office.store.close()
