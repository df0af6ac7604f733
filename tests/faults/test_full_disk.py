"""The disk is full: what is there can be read, whatever would be written is refused in words and leaves nothing, and
work goes on by itself as soon as there is room again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import papers
from tests.api.office import Office, PasswordCopies, open_office
from tests.databases import Databases

LARGE = papers.pdf("一" * 2_000_000)


@pytest.fixture
def office(sqlite_copies: Databases, tmp_path: Path) -> Iterator[Office]:
    """The bureau behind its HTTP interface; when a story has ended, every invariant must hold."""
    (tmp_path / "founded").mkdir()
    with open_office(PasswordCopies(sqlite_copies, tmp_path / "founded"), tmp_path) as made:
        yield made
        made.world.prove()


@contextmanager
def full_database(office: Office) -> Iterator[None]:
    """The database file may not grow by a page: SQLite itself says that it is full."""
    writer = office.world.store._writers._connection  # type: ignore[union-attr]
    (largest,) = writer.execute("PRAGMA max_page_count").fetchone()
    writer.execute("PRAGMA max_page_count=1")  # that is: as many as there are
    yield
    writer.execute(f"PRAGMA max_page_count={largest}")


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond four megabytes."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_database_is_read_refuses_in_words_and_goes_on_when_there_is_room(office: Office) -> None:
    project = office.project()
    seat, path = office.seat("谭丽"), f"/api/projects/{project.ref}"
    body = {"number": "1号", "issued_on": "2026-08-30", "kept_at": "局办公室"}
    before, refused = project.kinds(), 0
    with full_database(office):
        for number in range(40):  # until the pages that are there are used up
            answer = seat.post(
                f"{path}/documents/minutes/registrations", json={**body, "number": f"{number}号"}
            )
            refused += answer.status_code == 503
        assert refused
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] == "disk-full"
        assert "磁盘空间不足" in answer.json()["detail"]
        assert int(answer.headers["Retry-After"]) > 0
        full = project.kinds()
        for page in (path, f"{path}/timeline", "/api/worklist", "/", f"/projects/{project.ref}"):
            assert seat.get(page, headers={"Accept": "text/html"}).status_code == 200, page
        assert project.kinds() == full
    assert len(full) == len(before) + 40 - refused
    assert (
        seat.post(f"{path}/documents/minutes/registrations", json=body | {"number": "2号"}).status_code == 201
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize("address", ["/api/projects/{ref}/documents/proposal/versions", "/api/files"])
def test_a_disk_that_takes_no_paper_says_so_keeps_nothing_and_goes_on(office: Office, address: str) -> None:
    project, seat = office.project(), office.seat("谭丽")
    path = address.format(ref=project.ref)
    with full_disk():
        answer = seat.post(path, files={"file": ("建议书.pdf", LARGE)})

    assert answer.status_code == 503
    assert answer.json()["code"] == "upload-disk-full"
    assert "磁盘空间不足，文件未保存，原材料未变。" in answer.json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert [each for each in office.settings.documents.rglob("*") if each.is_file()] == []
    assert seat.post(path, files={"file": ("建议书.pdf", LARGE)}).status_code == 201
