"""Files that nobody but this account can read: keys, and everything that leaves the database in one piece.

Invariant: whatever stands under its name is on disk, whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from workflow.files import sync


@contextmanager
def new_private(path: Path) -> Iterator[IO[bytes]]:
    """A new file of that name, in the place of an old one, on disk when the block has ended."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_private(path: Path, text: str) -> None:
    """Write a file; it holds all of the text, or what it held before."""
    temporary = path.with_suffix(".new")
    with new_private(temporary) as file:
        file.write(text.encode())
    temporary.replace(path)
    sync(path.parent)
