"""Tests of the tests: bugs put into a copy of the product on purpose, each of which its tests must catch.

`python -m tests.seeded` tries every bug of seeded.toml, `python -m tests.seeded WORDS…` those whose names hold
one of the words. Invariant: this tree is never changed; a bug counts as caught only if the same tests are green without it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from msgspec import Struct, convert

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_suffix(".toml")
COPIED = ("workflow", "notifications", "api", "definitions", "tests", "pyproject.toml", "dev.py")
LONGEST = 600
"""Seconds for each of the tests that are named; a bug over which they hang is seen as well."""

GREEN, RED = 0, 1
"""What pytest ends with. Anything else, as a module that cannot be imported, says nothing about the tests."""


class Bug(Struct, frozen=True, forbid_unknown_fields=True):
    """A mistake in words; the text of `file` that becomes another one; the tests below tests/ that must see it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def times_in(self, root: Path) -> int:
        """How often the text stands there; it can be put in only if once."""
        return (root / self.file).read_text(encoding="utf-8").count(self.old)

    def put_into(self, root: Path) -> None:
        """Make the mistake."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")

    def take_out_of(self, root: Path) -> None:
        """The file as it is, with its own age: what Python compiled of it holds again."""
        shutil.copy2(ROOT / self.file, root / self.file)


class Ran(NamedTuple):
    """How a run of tests ended, which test failed first, and how long it took."""

    code: int
    failed: str
    seconds: float


def read_bugs() -> tuple[Bug, ...]:
    """The table."""
    return convert(tomllib.loads(TABLE.read_text(encoding="utf-8"))["bug"], tuple[Bug, ...])


def main(words: list[str]) -> int:
    """Try the bugs; 1 if one survives, no longer applies, or is named by a test that is red anyway."""
    bugs = [bug for bug in read_bugs() if not words or any(word in bug.name for word in words)]
    if not bugs:
        print(f"No bug of {TABLE.name} is named so.")
        return 1
    with tempfile.TemporaryDirectory(prefix="shenpi-seeded-") as folder:
        root = Path(folder)
        _copy(root)
        before = _run(root, [test for bug in bugs for test in bug.tests])
        if before.code != GREEN:
            print(f"Not green without a bug: {before.failed or f'pytest ended with {before.code}'}")
            return 1
        said = [_try(bug, root) for bug in bugs]
    caught = said.count("caught")
    print(f"{caught} of {len(bugs)} caught")
    return 0 if caught == len(bugs) else 1


def _try(bug: Bug, root: Path) -> str:
    if (times := bug.times_in(root)) != 1:
        print(f"DOES NOT APPLY  {bug.name}: its text stands {times} times in {bug.file}", flush=True)
        return "does not apply"
    bug.put_into(root)
    ran = _run(root, bug.tests)
    bug.take_out_of(root)
    said = {RED: "caught", GREEN: "SURVIVED"}.get(ran.code, f"pytest ended with {ran.code}")
    print(
        f"{said:<9} {ran.seconds:5.1f} s  {bug.name}" + (f"  ({ran.failed})" if ran.failed else ""),
        flush=True,
    )
    return said


def _copy(root: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name)
        else:
            shutil.copy2(ROOT / name, root / name)


def _run(root: Path, tests: Sequence[str]) -> Ran:
    """Pytest there, up to the first failure. Nothing compiled is written, so no bug is ever left in a cache."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    named = [f"tests/{each}" for each in dict.fromkeys(tests)]
    began = perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *named],
            cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
            timeout=LONGEST * len(named), check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Ran(RED, "its tests hung", perf_counter() - began)
    failed = re.search(r"^(?:FAILED|ERROR) (?:tests/)?(.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    return Ran(done.returncode, failed[1] if failed else "", perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
