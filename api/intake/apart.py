"""Opening a workbook in a process of its own: what a library makes of a hostile file cannot all be foreseen.

Invariant: it ends after SECONDS and within MEMORY, whatever the file, and nobody else's page waits for it.
"""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
import warnings
from math import ceil
from pathlib import Path
from typing import Final

from api.intake.reading import Book, open_book
from api.intake.workbook import refused
from workflow.errors import Invalid

AT_ONCE: Final = 2
SECONDS: Final = 20.0
"""Several times what the largest table takes."""
MEMORY: Final = 1024**3
"""Bytes of address space, where the system can bound it."""

_HOME: Final = Path(__file__).resolve().parents[2]


async def open_apart(content: bytes, name: str, gate: asyncio.Semaphore, seconds: float = SECONDS) -> Book:
    """The workbook; Invalid if it cannot be read, is no template of ours, or takes too long.

    `gate` lets AT_ONCE of them through at a time.
    """
    async with gate:
        return await asyncio.to_thread(_open, content, name, seconds)


def _open(content: bytes, name: str, seconds: float) -> Book:
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", __name__],
            cwd=_HOME,  # modules are looked for here first: not wherever the service was started
            input=pickle.dumps((content, name, seconds)),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise refused("workbook-too-slow", name) from None
    except subprocess.CalledProcessError:
        raise refused("workbook-unreadable", name) from None
    found = pickle.loads(done.stdout)  # noqa: S301 - from this very module, a moment ago
    if isinstance(found, Book):
        return found
    raise Invalid(*found)


def main() -> None:
    """Read (content, name, seconds), write the book or the reasons against it."""
    content, name, seconds = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    if sys.platform != "win32":
        import resource

        most = (
            ceil(seconds) + 1
        )  # of a processor: so it ends too if its parent, which ends it before, is gone
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    try:
        found: object = open_book(content, name)
    except Invalid as error:
        found = error.reasons
    sys.stdout.buffer.write(pickle.dumps(found))


if __name__ == "__main__":
    main()
