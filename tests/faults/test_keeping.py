"""A backup, an export, a restoration, an import, a change of shape, killed anywhere: what was there is there whole, or
what was wanted is; nothing half has a name; and doing it again ends well.
"""

from __future__ import annotations

import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from api.keeping.copies import ZipCopy, verify
from api.keeping.restoring import ASIDE, latest
from api.keeping.writing import UNFINISHED
from tests.faults.conftest import KEEPING, LONG, Post, fresh
from tests.faults.keeping import database_in, prepare
from tests.faults.lives import Lives
from tests.faults.story import LATE
from workflow import doctor
from workflow.files import Files
from workflow.migrations import stored_number
from workflow.models import SCHEMA
from workflow.store import read_only

KILLED = 9
Heads = dict[int, tuple[str, int]]


def examined(data: Path) -> Heads:
    """The heads of what lies there, once the doctor has found nothing wrong with it or its files."""
    files = Files(data / "documents")
    with read_only(database_in(data)) as store:
        found = store.read(doctor.examine, now=LATE, has_file=files.has)
        heads = store.read(doctor.heads)
    assert [str(each) for each in found if each.level == "error"] == []
    assert list(files.verify()) == []
    return heads


class Keeper:
    """Does deeds that are cut off, looks at what is there, and does them again."""

    def __init__(self, lives: Lives, template: Path, folder: Path) -> None:
        self._lives, self._template, self.folder = lives, template, folder
        self.present = examined(template / "home")
        chains = verify(latest(template / "kept")).heads.chains
        self.kept = {project: (head, seq) for project, (seq, head) in chains.items()}

    def is_cut_off(self, deed: str, mistake: str = "", **how: str | int) -> bool:
        """Done until it is killed, and once more to its end; False if it came to its end before."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self._template, self.folder)
        ways: dict[str, Any] = {"deed": deed, "mistake": mistake}
        status = self._lives.live(self.folder, 0, self.folder / "answers", **ways, attempt=1, **how)
        assert status in (0, KILLED)
        EXAMINED[deed](self, False)
        assert self._lives.live(self.folder, 0, self.folder / "answers", **ways, attempt=2) == 0
        EXAMINED[deed](self, True)
        return status == KILLED

    def backup(self, done: bool) -> None:
        assert examined(self.folder / "home") == self.present
        heads = self._heads_of_latest()
        assert heads == self.present if done else heads in (self.kept, self.present)
        assert not done or list((self.folder / "kept").glob(f"{UNFINISHED}*")) == []

    def _heads_of_latest(self) -> Heads:
        chains = verify(latest(self.folder / "kept")).heads.chains
        return {project: (head, seq) for project, (seq, head) in chains.items()}

    def export(self, done: bool) -> None:
        assert examined(self.folder / "home") == self.present
        target = self.folder / "moved.zip"
        assert target.exists() or not done
        if target.exists():
            with zipfile.ZipFile(target) as file:
                chains = verify(ZipCopy(file, "moved.zip")).heads.chains
            assert {project: (head, seq) for project, (seq, head) in chains.items()} == self.present
        assert not done or list(self.folder.glob(f"{UNFINISHED}*")) == []

    def restore(self, done: bool) -> None:
        heads = examined(self.folder / "home")
        restored = heads != self.present
        assert restored or not done
        if not restored:
            return
        told = {**heads, 0: self.kept[0]}
        assert told == self.kept, "what was restored is the backup"
        assert heads[0][1] == self.kept[0][1] + 1, "and the record says so"
        asides = [each for each in (self.folder / "home").glob(f"{ASIDE}*") if (each / "shenpi.db").exists()]
        assert self.present in [examined(each) for each in asides], "what was there is kept aside"

    def import_(self, done: bool) -> None:
        with read_only(database_in(self.folder / "empty")) as store, store.engine.connect() as connection:
            number = stored_number(connection)
        if number is None and not done:
            return
        heads = examined(self.folder / "empty")
        assert heads == self.present if done else heads in ({0: ("", 0)}, self.present)

    def migration(self, done: bool) -> None:
        old = self.folder / "old"
        with read_only(database_in(old)) as store, store.engine.connect() as connection:
            number = stored_number(connection)
        with read_only(database_in(old)) as store:
            assert store.read(doctor.heads) == self.present
            assert store.read(doctor.audit).broken is None
        assert number == SCHEMA if done else number in (0, SCHEMA)
        copy = old / "shenpi.schema-0.db"
        assert copy.exists() or number == 0, "nothing changes before it was copied"
        if copy.exists():
            shutil.copyfile(copy, fresh_folder(self.folder / "copy") / "shenpi.db")
            with read_only(database_in(self.folder / "copy")) as store:
                assert store.read(doctor.heads) == self.present
                with store.engine.connect() as connection:
                    assert stored_number(connection) == 0


def fresh_folder(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


EXAMINED: dict[str, Callable[[Keeper, bool], None]] = {
    "backup": Keeper.backup,
    "export": Keeper.export,
    "restore": Keeper.restore,
    "import": Keeper.import_,
    "migration": Keeper.migration,
}


@pytest.fixture(scope="module")
def keeper(lives: Lives, post: Post, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    folder = tmp_path_factory.mktemp("keeping")
    lived = fresh(prepared, folder / "lived")
    assert lives.live(lived, post.port, lived / "answers") == 0
    post.taken()
    prepare(folder / "template", lived)
    return Keeper(lives, folder / "template", folder / "tried")


@pytest.mark.parametrize("point", KEEPING)
def test_cut_off_at_a_named_point_it_is_done_or_not_and_done_again(keeper: Keeper, point: str) -> None:
    assert keeper.is_cut_off(point.partition(".")[0], fail_at=point)


@pytest.mark.parametrize("deed", EXAMINED)
def test_cut_off_at_any_microsecond_it_is_done_or_not_and_done_again(keeper: Keeper, deed: str) -> None:
    drawn = random.Random(seed := random.randrange(2**32))
    killed = sum(
        keeper.is_cut_off(deed, kill_after=drawn.randrange(60_000)) for _ in range(100 if LONG else 2)
    )
    assert killed or not LONG, f"seed {seed}"


@pytest.mark.parametrize(
    ("mistake", "point", "found"),
    [
        ("the old data goes before the new is in its place", "restore.copied", "no such table"),
        ("the shape changes without a copy", "migration.begun", "nothing changes before it was copied"),
    ],
)
def test_the_proof_is_not_blind(keeper: Keeper, mistake: str, point: str, found: str) -> None:
    with pytest.raises((AssertionError, OperationalError), match=found):
        keeper.is_cut_off(point.partition(".")[0], fail_at=point, mistake=mistake)
