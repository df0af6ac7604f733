"""A folder of packages that was carried by hand is installed from only if it arrived as it left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import dev


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two wheels with their sums."""
    for name in ("one-1.0-py3-none-any.whl", "two-2.0-py3-none-any.whl"):
        (tmp_path / name).write_bytes(name.encode() * 1000)
    dev.write_sums(tmp_path)
    return tmp_path


def test_what_arrived_as_it_left_is_taken(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dev.check_sums(folder)

    assert capsys.readouterr().out == ""


def test_the_sums_are_those_that_every_system_can_check(folder: Path) -> None:
    lines = (folder / "SHA256SUMS").read_text("utf-8").splitlines()

    assert [line[64:] for line in lines] == ["  one-1.0-py3-none-any.whl", "  two-2.0-py3-none-any.whl"]
    assert all(set(line[:64]) <= set("0123456789abcdef") for line in lines)


def _change(folder: Path) -> None:
    (folder / "two-2.0-py3-none-any.whl").write_bytes(b"something else")


def _lose(folder: Path) -> None:
    (folder / "two-2.0-py3-none-any.whl").unlink()


def _slip_in(folder: Path) -> None:
    (folder / "two-2.0.1-py3-none-any.whl").write_bytes(b"newer, and not ours")


@pytest.mark.parametrize("harm", [_change, _lose, _slip_in])
def test_what_was_changed_lost_or_slipped_in_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], harm: Callable[[Path], None]
) -> None:
    harm(folder)

    with pytest.raises(SystemExit):
        dev.check_sums(folder)

    said = capsys.readouterr().out
    assert "two-2.0" in said
    assert "one-1.0" not in said
    assert "重新拷贝" in said


def test_a_folder_without_sums_is_taken_with_a_word(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "SHA256SUMS").unlink()

    dev.check_sums(folder)

    assert "没有 SHA256SUMS" in capsys.readouterr().out
