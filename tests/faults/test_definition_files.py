"""Definition files that are cut short, damaged, gone, or being written while they are read: whatever is wrong has a line,
a reason and a remedy, nothing half takes the place of what is published, and nobody's project notices.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from api.cli import main
from tests.databases import Databases
from tests.faults.conftest import LONG
from tests.world import TYPES, World, definition_text
from workflow.actions.definitions import publish
from workflow.errors import Invalid, Refused
from workflow.loader import load
from workflow.people import SYSTEM

SHIPPED = sorted((Path(__file__).parents[2] / "definitions").glob("*.yaml"))
STRIDE = 1 if LONG else 797
"""Every so many bytes of the shipped types, from a drawn byte on; of the small types of the stories, every byte."""


def cut_at(whole: bytes, length: int) -> bool:
    """What the loader says of a part of a good file; whether it takes it for a whole one."""
    part = load(whole[:length], "part.yaml")
    for each in part.findings:
        assert 1 <= each.line <= whole[:length].count(b"\n") + 2  # what is missing may be named below the end
        assert each.message
    if part.definition is None:
        assert part.errors
        return False
    full = load(whole, "whole.yaml").definition
    assert full is not None
    missing = len(full.stages) - len(part.definition.stages)
    assert not missing or "unused-document" in {each.code for each in part.findings}, "its stages are missed"
    return True


@cache
def taken_for_whole(name: str) -> tuple[int, ...]:
    """The lengths at which a part of a small type passes, of every length that there is."""
    whole = definition_text(name).encode()
    return tuple(length for length in range(len(whole)) if cut_at(whole, length))


@pytest.mark.slow
@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_type_cut_off_anywhere_is_refused_or_says_what_it_lacks(file: Path) -> None:
    whole = file.read_bytes()
    for length in range(random.randrange(STRIDE), len(whole), STRIDE):
        cut_at(whole, length)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_that_is_published_is_never_replaced_by_a_part_of_its_file(unproved: World, name: str) -> None:
    world, text = unproved, definition_text(name)
    whole = text.encode()
    before = world.rows("SELECT digest, text FROM definition ORDER BY digest")
    for length in {*taken_for_whole(name), *range(0, len(text), 1 if LONG else len(text) // 8)}:
        part = whole[:length].decode(errors="surrogateescape")
        try:
            digest = world.store.act(publish, text=part, name=f"{name}.yaml", actor=SYSTEM, now=world.now)
        except (Invalid, Refused):
            continue
        assert digest == world.digests[name]

    assert world.rows("SELECT digest, text FROM definition ORDER BY digest") == before


def test_a_byte_that_is_no_utf8_is_named_at_its_place() -> None:
    whole = SHIPPED[0].read_bytes()
    for _ in range(2000 if LONG else 100):
        place = random.randrange(len(whole))
        damaged = whole[:place] + b"\xff" + whole[place:]

        (finding,) = load(damaged, "damaged.yaml").findings
        assert finding.code == "not-utf8"
        assert finding.line == whole[:place].count(b"\n") + 1


@pytest.fixture
def home(sqlite_copies: Databases, tmp_path: Path) -> Path:
    """A data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    sqlite_copies.copy(folder)
    return folder


def test_a_file_that_is_gone_or_unreadable_is_said_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (home / "gone.yaml", home):
        assert main(["publish", str(path), "--data", str(home)]) == 1
        assert f"{path}:1:1: unreadable: 文件读不了" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_file_that_is_being_written_is_read_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is published is what was checked: of this file there is no second look."""
    text = definition_text("walk").replace("version: 1", "version: 2", 1)
    file, codes = home / "walk.yaml", list[int]()
    os.mkfifo(file)
    threading.Thread(target=file.write_text, args=(text,), daemon=True).start()

    def run() -> None:
        codes.append(main(["publish", str(file), "--data", str(home)]))

    publishing = threading.Thread(target=run, daemon=True)
    publishing.start()
    publishing.join(60)

    assert codes == [0]
    assert sha256(text.encode()).hexdigest()[:12] in capsys.readouterr().out
