"""Named points at which a test may stop the process, to prove what a crash there leaves behind.

Invariant: nothing happens at any of them unless this very process was armed, which a service does only on
data that is marked as a test's (`api.settings`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

POINTS: Final = (
    "write.begin",  # an action is at hand, its transaction not begun
    "write.events",  # a project's events, state and rows are written
    "write.commit",  # all is written, nothing committed
    "write.committed",  # committed, nobody has heard of it
    "file.begun",  # a temporary file exists
    "file.written",  # it is whole and on disk, under no name of its own
    "file.placed",  # it has its name, and no row
    "file.aside",  # a file that no row names was moved aside
    "sweep.place",  # one of several due places was brought up to now
    "mail.leased",  # a mail is in a mailer's hands
    "mail.data",  # the server may get the mail from now on, and that is on disk
    "mail.accepted",  # the server has taken it, and that is not on disk
    "mail.recorded",  # it is
    "publish.stored",  # a definition is stored, its publication not in the record
    "backup.rows",  # the rows and the documents are written, the manifest is not
    "backup.manifest",  # all of it is there, under a name that is none yet
    "backup.named",  # it has its name, and nobody has heard of it
    "export.written",  # all of it is there, under a name that is none yet
    "restore.built",  # a new database lies beside the old one, examined
    "restore.aside",  # the present documents lie aside
    "restore.placed",  # the copy's documents are among the present ones
    "restore.copied",  # the present database lies aside too, and still where it was
    "restore.switched",  # the new one has taken its place
    "import.placed",  # the documents are there, no row
    "import.loaded",  # every row is there, and none was proved
    "migration.begun",  # the old file was copied, its shape not changed
    "migration.done",  # it has today's shape, and that is not committed
)

_reached: Callable[[str], None] | None = None


def reach(name: str) -> None:
    """The process is at that point."""
    if _reached is not None:
        _reached(name)


def arm(reached: Callable[[str], None] | None) -> None:
    """Call `reached` with the name of every point from now on; None ends it."""
    global _reached  # noqa: PLW0603 - one switch for a process, and read where it costs nothing
    _reached = reached


def at(point: str, act: Callable[[], None]) -> Callable[[str], None]:
    """Acts once, at `name` or, written `name:3`, when it is reached for the third time. ValueError if there is none."""
    name, _, number = point.partition(":")
    if name not in POINTS:
        raise ValueError(f"no such point: {name}")
    left = int(number or 1)

    def reached(here: str) -> None:
        nonlocal left
        left -= here == name
        if here == name and left == 0:
            act()

    return reached
