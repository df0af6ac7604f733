"""The service on a real socket: clients that dawdle, shout or lie are let go, and all others are served."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import uvicorn

from api import protocol, security
from api.certificates import make_certificate
from api.commands.serve import config_of
from api.main import create_app
from api.settings import make
from tests.databases import Copies

HOST = b"Host: 127.0.0.1\r\n"


@contextmanager
def serving(copies: Copies, folder: Path, **settings: object) -> Iterator[int]:
    """A service of the bureau, on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = make(data=folder, database_url=copies.copy(folder), port=port, **settings)
    server = uvicorn.Server(config_of(made, create_app(made, beating=False)))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def port(bureaus: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A service whose patience is short."""
    monkeypatch.setattr(protocol, "PATIENCE", 0.5)
    monkeypatch.setattr(security, "GRACE", 0.5)
    with serving(bureaus, tmp_path) as found:
        yield found


def said(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What the service answers to these bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        answer = b""
        try:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause)
            while came := line.recv(65536):
                answer += came
        except ConnectionError:
            pass
        return answer


def test_a_client_that_says_nothing_is_let_go(port: int) -> None:
    began = time.perf_counter()

    assert said(port) == b""
    assert time.perf_counter() - began < 20


def test_a_client_that_never_finishes_its_headers_is_let_go(port: int) -> None:
    began = time.perf_counter()

    assert said(port, b"GET / HTTP/1.1\r\n" + HOST, *[b"X: y\r\n"] * 20, pause=0.1) == b""
    assert time.perf_counter() - began < 30


def test_headers_without_end_are_cut_off(port: int) -> None:
    answer = said(port, b"GET / HTTP/1.1\r\n" + HOST, *[b"X-Long: " + b"y" * 8000 + b"\r\n"] * 6)

    assert answer.startswith(b"HTTP/1.1 431")


def test_a_body_that_trickles_is_not_waited_for(port: int) -> None:
    head = (
        b"POST /api/session HTTP/1.1\r\n"
        + HOST
        + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )

    answer = said(port, head, *[b" "] * 5, pause=0.1)

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"request-too-slow" in answer


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"9" * 30, b"0x10"])
def test_a_length_that_is_none_is_refused(port: int, length: bytes) -> None:
    head = b"POST /api/session HTTP/1.1\r\n" + HOST + b"Content-Length: " + length + b"\r\n\r\n"

    assert said(port, head).startswith((b"HTTP/1.1 400", b"HTTP/1.1 413"))


@pytest.mark.parametrize(
    "target", [b"//evil.test/", b"/%2e%2e/etc/passwd", b"/\\evil.test", b"http://evil.test/"]
)
def test_no_target_leads_to_another_host(port: int, target: bytes) -> None:
    answer = said(port, b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")

    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400", b"HTTP/1.1 401", b"HTTP/1.1 303"))
    head = answer.partition(b"\r\n\r\n")[0].lower()
    assert b"location: http" not in head
    assert b"location: //" not in head


def test_others_are_served_while_some_dawdle(port: int) -> None:
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    try:
        for line in lines:
            line.sendall(b"GET / HTTP/1.1\r\n")
        began = time.perf_counter()
        with urlopen(f"http://127.0.0.1:{port}/api/health") as answer:
            assert answer.status == 200
        assert time.perf_counter() - began < 20
    finally:
        for line in lines:
            line.close()


def test_a_connection_may_be_used_again(port: int) -> None:
    ask = b"GET /api/health HTTP/1.1\r\n" + HOST + b"\r\n"

    last = ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    answer = said(port, ask, ask, last, pause=0.1)

    assert answer.count(b"HTTP/1.1 200") == 3
    assert b"server:" not in answer.lower()


def test_the_operators_door_opens_to_nobody_without_its_token(port: int, tmp_path: Path) -> None:
    kept = json.loads((tmp_path / "running.json").read_text("utf-8"))

    def knock(token: str, operation: str = "sweep") -> int:
        request = Request(
            f"{kept['address']}/control/{operation}",
            data=b"{}",
            headers={"Content-Type": "application/json", "X-Control-Token": token},
        )
        try:
            with urlopen(request) as answer:
                return int(answer.status)
        except OSError as error:
            return int(getattr(error, "code", 0))

    assert [knock(""), knock("x" * 43), knock(kept["token"]), knock(kept["token"], "nonsense")] == [
        404,
        404,
        200,
        404,
    ]


def test_an_office_certificate_serves_tls(bureaus: Copies, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path / "tls", ["shenpi.local"], now=datetime.now(UTC))
    context = ssl.create_default_context(cafile=str(certificate))

    with (
        serving(bureaus, tmp_path, tls_certificate=certificate, tls_key=key) as port,
        urlopen(f"https://127.0.0.1:{port}/api/health", context=context) as answer,
    ):
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
