"""A process that has imported everything once and forks a life per request, and a client that asks it.

So a kill costs a fork and not a fresh interpreter. Each request is a line of JSON: where, which mail server, at which
point to die, or after how many microseconds to be killed from outside; with a `deed`, an operator's instead of a life.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.faults import keeping, story
from workflow import failpoints


class Lives:
    """The client of one such process."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.lives"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip

    def close(self) -> None:
        """Let it end."""
        self._server.communicate()

    def live(self, folder: Path, port: int, answers: Path, **how: Any) -> int:
        """Live one life, or a part of one. 0: to its end; 9: killed. Anything else is a failure of the test."""
        given = {"folder": str(folder), "port": port, "answers": str(answers), **how}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(given) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _child(given: dict[str, Any], began: int) -> None:
    code = 3
    try:
        if given.get("mistake"):
            {**story.MISTAKES, **keeping.MISTAKES}[given["mistake"]]()
        if given.get("fail_at"):
            failpoints.arm(failpoints.at(given["fail_at"], _die))
        os.write(began, b".")
        if given.get("deed"):
            keeping.do(given["deed"], Path(given["folder"]), given["attempt"])
        else:
            story.live(Path(given["folder"]), given["port"], Path(given["answers"]))
        code = 0
    except BaseException:  # noqa: BLE001 - the parent hears of it by the code, the reader by the words
        traceback.print_exc()
    finally:
        os._exit(code)


def _serve() -> None:
    for line in sys.stdin:
        given = json.loads(line)
        heard, began = os.pipe()
        child = os.fork()
        if not child:
            _child(given, began)
        if "kill_after" in given:
            select.select([heard], [], [])
            time.sleep(given["kill_after"] / 1e6)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(heard)
        os.close(began)
        code = os.waitstatus_to_exitcode(status)
        sys.stdout.write(f"{abs(code)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
