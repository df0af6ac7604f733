"""Services that a test may kill: a process that has imported everything forks one for each line of JSON it reads,
which then runs `shenpi serve` as the command line does; and the client that asks for them.

So a restart costs a fork and not a fresh interpreter. The first service of a test is the plain command all the same.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from tests.faults.story import MISTAKES
from tests.serving import UNLIMITED, free_port

ROOT = Path(__file__).parents[2]
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
PATIENCE = 60
"""Seconds in which a service must have begun."""


class Services:
    """One service after another on the same data and the same port."""

    def __init__(self, data: Path, mistake: str = "") -> None:
        self.address = ""
        self._data, self._log = data, data / "service.log"
        self._port = free_port()
        self._mistake = mistake
        self._settings = {
            "SHENPI_SWEEP_SECONDS": "0.2", "SHENPI_DELIVER_SECONDS": "0.1", "PYTHONUTF8": "1",
            **UNLIMITED,
        }  # fmt: skip
        if mistake:  # a beat would commit what a mistaken writer left open
            self._settings |= {"SHENPI_SWEEP_SECONDS": "3600", "SHENPI_DELIVER_SECONDS": "3600"}
        self._forks = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.served"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        self._plain: subprocess.Popen[bytes] | None = None
        self._number = 0

    @property
    def _arguments(self) -> list[str]:
        return ["serve", "--port", str(self._port), "--data", str(self._data)]

    def begin_plainly(self) -> None:
        """The command, in a fresh interpreter."""
        with self._log.open("ab") as log:
            self._plain = subprocess.Popen(
                [sys.executable, "-m", "api.cli", *self._arguments],
                cwd=ROOT, env={**os.environ, **self._settings}, stdout=log, stderr=log,
            )  # fmt: skip
        self._number = self._plain.pid
        self._answers()

    def begin(self) -> None:
        """The same, forked."""
        given = {"arguments": self._arguments, "settings": self._settings, "mistake": self._mistake}
        self._number = int(self._said({**given, "log": str(self._log)}))
        self._answers()

    def end(self, how: int = KILL) -> int:
        """End it so; how it ended: a code, or the signal's number below zero."""
        number, self._number = self._number, 0
        os.kill(number, how)
        if self._plain is None:
            return int(self._said({"wait": number}))
        process, self._plain = self._plain, None
        return process.wait()

    def close(self) -> None:
        """No more services; one that still runs is killed."""
        if self._number:
            self.end()
        self._forks.communicate()

    def _said(self, given: dict[str, Any]) -> str:
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        self._forks.stdin.write(json.dumps(given) + "\n")
        self._forks.stdin.flush()
        return self._forks.stdout.readline()

    def _answers(self) -> None:
        self.address = f"http://127.0.0.1:{self._port}"
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                with urlopen(f"{self.address}/api/health") as answer:
                    assert answer.status == 200
                    return
            except (URLError, ConnectionError):
                time.sleep(0.02)
        raise AssertionError(self._log.read_text("utf-8")[-2000:])


def _child(given: dict[str, Any]) -> None:
    from api.cli import main

    code = 3
    try:
        log = os.open(given["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.environ.update(given["settings"])
        if given["mistake"]:
            MISTAKES[given["mistake"]]()
        code = main(given["arguments"])
    except BaseException:  # noqa: BLE001 - the reader hears of it by the log
        traceback.print_exc()
    finally:
        os._exit(code)


def _serve() -> None:
    import api.commands.serve
    import api.main
    import api.protocol  # noqa: F401 - whatever a service imports while it starts is here before

    for line in sys.stdin:
        given = json.loads(line)
        if "wait" in given:
            answer = os.waitstatus_to_exitcode(os.waitpid(given["wait"], 0)[1])
        else:
            answer = os.fork()
            if not answer:
                _child(given)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
