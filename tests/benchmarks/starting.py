"""How long one waits for the command line, and for the service's first answer, with compiled modules at hand."""

from __future__ import annotations

import compileall
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.benchmarks.moves import Office
from tests.benchmarks.over_http import start, wait_for
from tests.benchmarks.table import Row

ROOT = Path(__file__).parents[2]


def measure(rounds: int) -> Iterator[Row]:
    """Each round in processes of its own."""
    helped, answered = [], []
    for each in ("api", "notifications", "workflow"):  # as any installation does
        compileall.compile_dir(ROOT / each, quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        Office(Path(folder)).store.close()
        for _ in range(rounds):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "api.cli", "--help"], check=True, stdout=subprocess.DEVNULL)
            helped.append(time.perf_counter() - began)
            with closing(socket.create_server(("127.0.0.1", 0))) as probe:
                port = probe.getsockname()[1]
            began = time.perf_counter()
            service = start(Path(folder), port)
            wait_for(port)
            answered.append(time.perf_counter() - began)
            service.terminate()
            service.wait()
    yield Row("--help", helped, "s", at_most=0.4)
    yield Row("the service answers after its start within", answered, "s", at_most=1.0)
