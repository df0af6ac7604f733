"""The command line asks the service that runs, and nobody else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from api.commands.installation import operate
from tests.api.test_serving import serving
from tests.databases import Databases
from tests.world import refused
from workflow.errors import Unavailable
from workflow.store import writers_place

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)


@contextmanager
def stranger(status: int, body: bytes) -> Iterator[tuple[str, list[str]]]:
    """Something else that answers on a port of its own: its address, and what it heard."""
    heard: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


def test_no_proxy_hears_the_token(
    sqlite_copies: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stranger(502, b"") as (proxy, heard), serving(sqlite_copies, tmp_path):
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.setenv("no_proxy", "")

        assert operate(tmp_path, "sweep", {}, now=NOW) == {"places": 0}

    assert heard == []


@pytest.mark.parametrize(
    ("status", "body"), [(502, b"<html>Bad Gateway</html>"), (500, b"[]"), (200, b"<html>"), (422, b"{}")]
)
def test_an_answer_that_is_not_the_services_is_said_in_words(
    sqlite_copies: Databases, tmp_path: Path, status: int, body: bytes
) -> None:
    url = sqlite_copies.copy(tmp_path)
    with stranger(status, body) as (address, heard), writers_place(url):
        (tmp_path / "running.json").write_text(json.dumps({"address": address, "token": "x"}), "utf-8")

        with refused("service-silent", kind=Unavailable):
            operate(tmp_path, "sweep", {}, now=NOW)

    assert heard == ["/control/sweep"]


def test_what_holds_the_place_and_is_no_service_is_said(sqlite_copies: Databases, tmp_path: Path) -> None:
    with writers_place(sqlite_copies.copy(tmp_path)), refused("second-writer", kind=Unavailable):
        operate(tmp_path, "sweep", {}, now=NOW)
