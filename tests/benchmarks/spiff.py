"""The peer: SpiffWorkflow on the reference work, with its state in SQLite as durably as ours.

The same thirty tasks a project as BPMN. After each task the workflow is serialised into its row, beside the
rows of its open tasks, a chained event and a notice, in one transaction; callers take turns.
"""

from __future__ import annotations

import importlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

STEPS = ("submit", "review", "sign")
ORDER = [["s01"], ["s02"], ["s03"], ["s04", "s05", "s06"], ["s07"], ["s08"], ["s09"], ["s10"]]


def found(folder: Path) -> Peer | None:
    """The peer, if it is installed (the extra `benchmarks`)."""
    try:
        return Peer(folder)
    except ModuleNotFoundError:
        return None


def bpmn() -> str:
    """The reference definition as BPMN: a sequence of user tasks with one fork and one join."""
    nodes = ['<startEvent id="start"/>', '<endEvent id="end"/>', '<parallelGateway id="fork"/>', '<parallelGateway id="join"/>']  # fmt: skip
    flows: list[tuple[str, str]] = []
    last = "start"
    for group in ORDER:
        before, after = last, f"{group[0]}_sign"
        if len(group) > 1:
            flows.append((last, "fork"))
            before, after = "fork", "join"
        for key in group:
            nodes += [f'<userTask id="{key}_{step}" name="{key} {step}"/>' for step in STEPS]
            flows += [(before, f"{key}_submit"), (f"{key}_submit", f"{key}_review"), (f"{key}_review", f"{key}_sign")]  # fmt: skip
            if len(group) > 1:
                flows.append((f"{key}_sign", "join"))
        last = after
    flows.append((last, "end"))
    arrows = "".join(
        f'<sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}"/>'
        for number, (source, target) in enumerate(flows)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:x">'
        f'<process id="reference" isExecutable="true">{"".join(nodes)}{arrows}</process></definitions>'
    )


class Peer:
    """SpiffWorkflow over one SQLite file. ModuleNotFoundError if it is not installed."""

    def __init__(self, folder: Path) -> None:
        engine = importlib.import_module("SpiffWorkflow.bpmn")
        parser = importlib.import_module("SpiffWorkflow.bpmn.parser.BpmnParser").BpmnParser()
        kinds = importlib.import_module("SpiffWorkflow.bpmn.serializer").BpmnWorkflowSerializer
        self._ready = importlib.import_module("SpiffWorkflow.util.task").TaskState.READY
        path = folder / "reference.bpmn"
        path.write_text(bpmn(), encoding="utf-8")
        parser.add_bpmn_file(str(path))
        self._begin: Callable[[], Any] = partial(engine.BpmnWorkflow, parser.get_spec("reference"))
        self._serializer = kinds(kinds.configure())
        self._turn = threading.Lock()
        self._connection = sqlite3.connect(folder / "peer.db", isolation_level=None, check_same_thread=False)
        self._connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
            "CREATE TABLE instance (id INTEGER PRIMARY KEY, state TEXT);"
            "CREATE TABLE task (id TEXT PRIMARY KEY, instance INT, name TEXT);"
            "CREATE INDEX task_instance ON task (instance);"
            "CREATE TABLE event (id INTEGER PRIMARY KEY, instance INT, data TEXT, hash TEXT);"
            "CREATE TABLE notice (id INTEGER PRIMARY KEY, instance INT, data TEXT);"
        )

    def moves(self, project: int) -> Iterator[Callable[[], object]]:
        """The thirty moves of one project, which begins here."""
        workflow = self._begin()
        workflow.do_engine_steps()
        with self._turn:
            self._connection.execute(
                "INSERT INTO instance VALUES (?, ?)", (project, self._serializer.serialize_json(workflow))
            )
        for group in ORDER:
            for step in STEPS:
                for key in group:
                    yield partial(self._move, project, f"{key}_{step}")

    def _move(self, project: int, name: str) -> None:
        with self._turn:
            run = self._connection.execute
            run("BEGIN IMMEDIATE")
            state = run("SELECT state FROM instance WHERE id = ?", (project,)).fetchone()[0]
            workflow = self._serializer.deserialize_json(state)
            task = next(each for each in self._open(workflow) if each.task_spec.name == name)
            task.data[name] = ["a" * 64] * 2
            task.run()
            workflow.do_engine_steps()
            state = self._serializer.serialize_json(workflow)
            run("UPDATE instance SET state = ? WHERE id = ?", (state, project))
            run("DELETE FROM task WHERE instance = ?", (project,))
            for each in self._open(workflow):
                run("INSERT INTO task VALUES (?, ?, ?)", (str(each.id), project, each.task_spec.name))
            data = json.dumps({"instance": project, "task": name})
            digest = sha256(data.encode()).hexdigest()
            run("INSERT INTO event (instance, data, hash) VALUES (?, ?, ?)", (project, data, digest))
            run("INSERT INTO notice (instance, data) VALUES (?, ?)", (project, data))
            run("COMMIT")

    def _open(self, workflow: Any) -> list[Any]:
        return list(workflow.get_tasks(state=self._ready, manual=True))
