"""A whole decision over HTTP, by one client and by sixteen, beside the raw driver's move in the same round.

The real service in a process of its own, with its session, token, metronome and mailer; clients keep their
connection. Each decides two steps of a stage that was handed in: the review, and the signature with its reply.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from api.passwords import hash_password
from api.settings import NO_LIMITS
from tests.benchmarks.moves import Floor, Office, timed, timed_together
from tests.benchmarks.table import Row
from workflow.actions.people import change_person
from workflow.clock import local_day
from workflow.people import SYSTEM
from workflow.rules import content_token

PASSWORD = "correct horse battery staple"
CLIENTS, EACH = 16, 12


def measure(rounds: int) -> Iterator[Row]:
    """Every round: the floor, one client, sixteen clients, on a service that was just started."""
    alone: list[float] = []
    together: list[float] = []
    waits: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            floor = Floor(Path(folder))
            for name in range(12):
                floor.register(name)
            raw = timed([move for name in range(12) for move in floor.moves(name)])
            floor.connection.close()
            with _served(Path(folder)) as port:
                lines = [_Line(port) for _ in range(CLIENTS)]
                chief, deputy = (lines[0].sign_in(name) for name in ("杨帆", "罗秀英"))
                refs = [str(each) for each in range(2 * CLIENTS * EACH)]
                one = timed([move for ref in refs[: CLIENTS * EACH] for move in _decisions(lines[0], ref, chief, deputy)])  # fmt: skip
                lists = [
                    [move for ref in refs[CLIENTS * EACH :][each::CLIENTS] for move in _decisions(line, ref, chief, deputy)]
                    for each, line in enumerate(lines)
                ]  # fmt: skip
                waits.clear()
                many = timed_together([[partial(_waited, move, waits) for move in each] for each in lists])
                for line in lines:
                    line.close()
            alone.append(raw / one)
            together.append(many / raw)
    yield Row("a decision over HTTP, one client, beside the floor's time", alone, "×", at_most=3.2)
    yield Row("decisions over HTTP, 16 clients, beside the floor's rate", together, "×", at_least=0.65)
    yield Row("… the longest one in a hundred waits", [sorted(waits)[-len(waits) // 100] * 1000], "ms")


def _waited(move: Callable[[], object], waits: list[float]) -> None:
    began = time.perf_counter()
    move()
    waits.append(time.perf_counter() - began)


def _decisions(line: _Line, ref: str, chief: str, deputy: str) -> Iterator[Callable[[], object]]:
    content = content_token({"s01_budget": "a" * 64, "s01_design": "a" * 64})
    path = f"/api/projects/{ref}/stages/s01/decisions"
    body = {"step": "review", "outcome": "approved", "opinion": "同意", "turn": 2, "content": content}
    yield partial(line.post, path, body, chief)
    reply = {"document": "s01_reply", "issued_on": local_day(datetime.now(UTC)).isoformat()}
    yield partial(line.post, path, {**body, "step": "sign", "turn": 3, "replies": [reply]}, deputy)


class _Line:
    """One client's connection, kept open."""

    def __init__(self, port: int) -> None:
        self._host = f"127.0.0.1:{port}"
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def sign_in(self, staff_number: str) -> str:
        """The headers that say who asks."""
        head, answer = self.post("/api/session", {"staff_number": staff_number, "password": PASSWORD})
        cookie = next(each for each in head.splitlines() if each.lower().startswith("set-cookie:"))
        token = cookie.partition(":")[2].partition(";")[0].strip()
        return f"Cookie: {token}\r\nX-CSRF-Token: {json.loads(answer)['csrf']}\r\n"

    def post(self, path: str, body: dict[str, Any], session: str = "") -> tuple[str, bytes]:
        """Send a command; its answer must be that it was done."""
        data = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\n{session}"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + data)
        came = b""
        while b"\r\n\r\n" not in came:
            came += self._receive()
        said, _, answer = came.partition(b"\r\n\r\n")
        length = next(int(each[15:]) for each in said.lower().split(b"\r\n") if each.startswith(b"content-length:"))  # fmt: skip
        while len(answer) < length:
            answer += self._receive()
        assert said.startswith(b"HTTP/1.1 201"), came.decode()
        return said.decode(), answer

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _receive(self) -> bytes:
        came = self._socket.recv(65536)
        assert came, "the service hung up"
        return came


@contextmanager
def _served(folder: Path) -> Iterator[int]:
    """A running service whose projects have each handed in their first stage."""
    office = Office(folder, datetime.now(UTC))
    hashed = hash_password(PASSWORD)
    for person in (office.chief, office.deputy):
        office.store.act(change_person, person=person, password_hash=hashed, actor=SYSTEM, now=office.now)
    for each in range(2 * CLIENTS * EACH):
        office.register(str(each))
        next(office.moves(str(each)))()
    office.store.close()
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    service = start(folder, port)
    try:
        wait_for(port)
        yield port
    finally:
        service.terminate()
        service.wait()


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """The service on that data directory, in a process of its own."""
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port), "--data", str(folder)]
    unlimited = {f"SHENPI_LIMITS_{name.upper()}": "0" for name in NO_LIMITS}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env={**os.environ, **unlimited}, stdout=quiet, stderr=quiet)


def wait_for(port: int) -> None:
    """Until the service answers its first request."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall(f"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
                if line.recv(64).startswith(b"HTTP/1.1"):
                    return
        except ConnectionError:
            time.sleep(0.005)
