"""What an operator does to a whole installation, as deeds that may be cut off anywhere and done again.

Each begins on a copy of one folder: `home` as it is now, `kept` with an older backup, `house.zip` of all there is,
`empty`, and `old` with the same rows in the first shape that ever was.
"""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path

from api.keeping import restoring
from api.keeping.copies import ZipCopy
from api.keeping.restoring import latest, restore, take_in
from api.keeping.writing import back_up, export
from api.settings import make
from tests import shapes
from tests.faults.story import LATE, Life, _register
from workflow import store as stores
from workflow.errors import Refused
from workflow.failpoints import reach
from workflow.files import Files
from workflow.store import read_only, sqlite_path, started


def prepare(folder: Path, lived: Path) -> None:
    """Make that folder out of a life that was lived to its end."""
    home = folder / "home"
    home.mkdir(parents=True)
    shutil.copyfile(lived / "shenpi.db", home / "shenpi.db")
    shutil.copytree(lived / "documents", home / "documents")
    with read_only(database_in(home)) as store:
        back_up(store, Files(home / "documents"), folder / "kept", LATE)
    _, register = _register("P9")
    life = Life.begin(home, 0)
    register(life)
    life.store.close()
    with read_only(database_in(home)) as store:
        export(store, Files(home / "documents"), folder / "house.zip", LATE)
    (folder / "empty").mkdir()
    _in_its_first_shape(home / "shenpi.db", folder / "old")


def _in_its_first_shape(present: Path, folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "shenpi.db")) as old:
        old.executescript(shapes.script(0))
        old.execute("ATTACH ? AS present", (str(present),))
        for (table,) in old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
            columns = ", ".join(row[1] for row in old.execute(f"PRAGMA main.table_info({table})"))
            old.execute(
                f"INSERT OR REPLACE INTO main.{table} ({columns}) SELECT {columns} FROM present.{table}"
            )
        old.commit()


def database_in(data: Path) -> str:
    """The database in that folder."""
    return f"sqlite:///{data / 'shenpi.db'}"


def _back_up(folder: Path, now: datetime) -> None:
    with read_only(database_in(folder / "home")) as store:
        back_up(store, Files(folder / "home/documents"), folder / "kept", now)


def _export(folder: Path, now: datetime) -> None:
    with read_only(database_in(folder / "home")) as store:
        export(store, Files(folder / "home/documents"), folder / "moved.zip", now)


def _restore(folder: Path, now: datetime) -> None:
    restore(make(data=folder / "home"), latest(folder / "kept"), now, discard_newer=True)


def _import(folder: Path, now: datetime) -> None:
    with (
        zipfile.ZipFile(folder / "house.zip") as file,
        started(database_in(folder / "empty")) as store,
        suppress(Refused),
    ):
        take_in(store, Files(folder / "empty/documents"), ZipCopy(file, "house.zip"), now)


def _migrate(folder: Path, now: datetime) -> None:
    del now
    with started(database_in(folder / "old")):
        pass


DEEDS: dict[str, Callable[[Path, datetime], None]] = {
    "backup": _back_up,
    "export": _export,
    "restore": _restore,
    "import": _import,
    "migration": _migrate,
}


def do(deed: str, folder: Path, attempt: int) -> None:
    """Do it; each attempt a minute after the one before."""
    DEEDS[deed](folder, LATE + timedelta(minutes=attempt))


def _switched_in_two_steps(url: str, new: str, aside: Path) -> None:
    sqlite_path(url).rename(aside)
    reach("restore.copied")
    sqlite_path(new).rename(sqlite_path(url))


def _in_two_steps() -> None:
    restoring.put_in_place = _switched_in_two_steps  # type: ignore[attr-defined]


def _uncopied() -> None:
    stores._copy_older = lambda engine, found: reach("migration.begun")


MISTAKES: dict[str, Callable[[], None]] = {
    "the old data goes before the new is in its place": _in_two_steps,
    "the shape changes without a copy": _uncopied,
}
"""As in `story`: each must be found."""
