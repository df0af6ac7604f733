"""Backups, restoring and moving house: what was entrusted comes back, or the copy says why it cannot."""

from __future__ import annotations

import gzip
import json
import shutil
import threading
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from api.keeping.copies import MANIFEST, ROWS, FolderCopy, ZipCopy, rows_of, verify
from api.keeping.restoring import latest, restore, take_in
from api.keeping.writing import UNFINISHED, back_up, export
from api.settings import Settings, make
from tests import papers, shapes
from tests.api.office import NUMBERS, Office, open_office
from tests.databases import Copies, Databases, SQLiteCopies
from tests.world import Dossier, refused
from workflow import doctor
from workflow.errors import Refused
from workflow.files import INCOMING, Files
from workflow.models import SCHEMA
from workflow.store import Store


def upload(office: Office, project: Dossier, content: bytes) -> None:
    answer = office.seat("谭丽").post(
        f"/api/projects/{project.ref}/documents/proposal/versions", files={"file": ("建议书.pdf", content)}
    )
    assert answer.status_code == 201, answer.text


def files_of(office: Office) -> Files:
    return Files(office.settings.documents)


def store_of(office: Office) -> Store:
    return office.world.store


def elsewhere(folder: Path) -> Settings:
    return make(data=folder)


def examined(settings: Settings, office: Office) -> dict[int, tuple[str, int]]:
    """The heads of what lies there, after the doctor has found nothing wrong with it."""
    store = Store(settings.database)
    files = Files(settings.documents)
    findings = store.read(doctor.examine, now=office.world.now, has_file=files.has)
    heads = store.read(doctor.heads)
    store.engine.dispose()
    assert [each for each in findings if each.level == "error"] == []
    assert list(files.verify()) == []
    return heads


def test_a_backup_comes_back_elsewhere_with_the_same_heads(office: Office, tmp_path: Path) -> None:
    upload(office, office.project(), papers.pdf())
    place, _ = back_up(store_of(office), files_of(office), tmp_path / "kept", office.world.now)
    other = elsewhere(tmp_path / "other")

    done = restore(other, latest(tmp_path / "kept"), office.world.now, discard_newer=False)

    assert done.lost is None
    assert examined(other, office) == store_of(office).read(doctor.heads)
    assert done.verified.manifest.documents == 1
    assert latest(tmp_path / "kept").folder == latest(place).folder == place


def test_a_second_backup_writes_only_the_papers_that_are_new(office: Office, tmp_path: Path) -> None:
    project, kept = office.project(), tmp_path / "kept"
    upload(office, project, papers.pdf("一"))
    back_up(store_of(office), files_of(office), kept, office.world.now)
    before = {each: each.stat().st_mtime_ns for each in Files(kept / "documents").paths()}
    upload(office, project, papers.pdf("二"))
    office.pass_time(days=1)

    back_up(store_of(office), files_of(office), kept, office.world.now)

    after = {each: each.stat().st_mtime_ns for each in Files(kept / "documents").paths()}
    assert (len(before), len(after)) == (1, 2)
    assert before.items() <= after.items()


def test_a_backup_taken_while_people_work_is_of_one_moment(office: Office, tmp_path: Path) -> None:
    project = office.project()
    go_on = threading.Event()

    def work() -> None:
        number = 0
        while not go_on.is_set():
            number += 1
            project.upload("proposal", content=f"{number:064x}")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        kept = [
            back_up(
                store_of(office), files_of(office), tmp_path / "kept", office.world.now + timedelta(days=each)
            )
            for each in range(3)
        ]
    finally:
        go_on.set()
        worker.join()

    for number, (place, verified) in enumerate(kept):
        other = elsewhere(tmp_path / f"other-{number}")
        restore(other, FolderCopy(place), office.world.now, discard_newer=False)
        store = Store(other.database)
        heads = store.read(doctor.heads)
        store.engine.dispose()
        assert {each: (seq, head) for each, (head, seq) in heads.items()} == verified.heads.chains


def test_a_backup_that_was_not_finished_is_none(office: Office, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / f"{UNFINISHED}20260918").mkdir(parents=True)
    (kept / f"{UNFINISHED}20260918" / ROWS).write_bytes(b"half")
    (kept / "documents" / INCOMING).mkdir(parents=True)
    (kept / "documents" / INCOMING / "tmp1").write_bytes(b"half a paper")

    with refused("copy-not-found"):
        latest(kept)
    back_up(store_of(office), files_of(office), kept, office.world.now)

    assert [
        each.name for each in kept.rglob("*") if each.name == "tmp1" or each.name.startswith(UNFINISHED)
    ] == []
    assert verify(latest(kept)).manifest.missing == []


@pytest.mark.parametrize("part", [MANIFEST, ROWS, "document"])
def test_no_byte_of_a_backup_changes_unnoticed(office: Office, tmp_path: Path, part: str) -> None:
    upload(office, office.project(), papers.pdf())
    place, _ = back_up(store_of(office), files_of(office), tmp_path / "kept", office.world.now)
    path = place / part if part != "document" else next(Files(tmp_path / "kept" / "documents").paths())
    whole = path.read_bytes()
    flips = range(0, len(whole), max(1, len(whole) // 40))
    other = elsewhere(tmp_path / "other")
    seal = verify(FolderCopy(place)).seal

    for position in flips:
        damaged = bytearray(whole)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        if part == MANIFEST:
            # Particulars that nothing else says are held by the seal, which is kept elsewhere.
            with suppress(Refused):
                assert verify(FolderCopy(place)).seal != seal
            continue
        with refused("copy-damaged"):
            restore(other, FolderCopy(place), office.world.now, discard_newer=True)
        assert not (other.data / "shenpi.db").exists()


def as_written_by_another_program(place: Path, schema: int, **particulars: object) -> None:
    """The backup as a program of that shape would have written it, with the tables and columns that it knew."""
    stored: Iterable[bytes] = rows_of(FolderCopy(place))
    packed = gzip.compress(b"".join(shapes.as_written(schema, stored) if schema in shapes.OLD else stored))
    (place / ROWS).write_bytes(packed)
    manifest = json.loads((place / MANIFEST).read_bytes())
    manifest |= {"schema": schema, "rows_sha256": sha256(packed).hexdigest(), **particulars}
    (place / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("schema", shapes.OLD)
def test_a_backup_of_an_older_program_comes_back_in_todays_shape(
    office: Office, tmp_path: Path, schema: int
) -> None:
    project = office.project()
    upload(office, project, papers.pdf())
    project.enter("minutes")
    project.submit("approval")
    place, _ = back_up(store_of(office), files_of(office), tmp_path / "kept", office.world.now)
    as_written_by_another_program(place, schema)
    other = elsewhere(tmp_path / "other")

    restore(other, FolderCopy(place), office.world.now, discard_newer=False)

    assert examined(other, office) == store_of(office).read(doctor.heads)
    with open_office(_Kept(other.database), other.data) as today:
        assert today.seat("谭丽").get("/api/projects").json()["items"]
        upload(today, today.project(), papers.pdf("今日"))
        today.world.prove()


def test_a_backup_of_a_newer_program_is_refused(office: Office, tmp_path: Path) -> None:
    place, _ = back_up(store_of(office), files_of(office), tmp_path / "kept", office.world.now)
    as_written_by_another_program(place, SCHEMA + 1)
    other = elsewhere(tmp_path / "other")

    with refused("copy-newer"):
        restore(other, FolderCopy(place), office.world.now, discard_newer=False)
    assert not (other.data / "shenpi.db").exists()


@pytest.fixture
def in_place(databases: Databases) -> None:
    """Only a file is put in the place of another."""
    if not isinstance(databases, SQLiteCopies):
        pytest.skip("a backup is restored into an empty PostgreSQL, never over one")


@pytest.mark.usefixtures("in_place")
def test_newer_data_is_given_up_only_if_somebody_says_so(
    bureaus: Copies, tmp_path: Path, office: Office
) -> None:
    kept, home = tmp_path / "kept", tmp_path / "home"
    home.mkdir()
    with open_office(bureaus, home) as old:
        project = old.project()
        upload(old, project, papers.pdf("一"))
        back_up(store_of(old), files_of(old), kept, old.world.now)
        upload(old, project, papers.pdf("二"))
        lost_paper = project.paper("proposal").sha256
        newest, settings, now = store_of(old).read(doctor.heads), old.settings, old.world.now

    with refused("newer-would-go", says="将失去 1 条记录（“云河县便民服务点”）"):
        restore(settings, latest(kept), now, discard_newer=False)
    assert examined(settings, office) == newest
    done = restore(settings, latest(kept), now, discard_newer=True)

    assert done.aside is not None
    assert (done.aside / "documents" / lost_paper[:2] / lost_paper[2:]).is_file()
    store = Store(f"sqlite:///{done.aside / 'shenpi.db'}")
    assert store.read(doctor.heads) == newest
    store.engine.dispose()
    heads = examined(settings, office)
    chains = done.verified.heads.chains
    assert heads[0][1] == chains[0][0] + 1
    assert {each: (seq, head) for each, (head, seq) in heads.items() if each} == {
        each: chain for each, chain in chains.items() if each
    }
    with open_office(_Kept(settings.database), home) as again:
        page = again.seat("顾明").get("/api/audit/head")
        assert page.status_code == 200


@pytest.mark.usefixtures("in_place")
def test_a_paper_that_was_damaged_comes_back_from_the_backup(
    bureaus: Copies, tmp_path: Path, office: Office
) -> None:
    kept, home = tmp_path / "kept", tmp_path / "home"
    home.mkdir()
    with open_office(bureaus, home) as old:
        upload(old, old.project(), papers.pdf())
        back_up(store_of(old), files_of(old), kept, old.world.now)
        settings, now = old.settings, old.world.now
    next(Files(settings.documents).paths()).write_bytes(b"rot")

    done = restore(settings, latest(kept), now, discard_newer=False)

    assert done.lost is None
    assert examined(settings, office)


class _Kept:
    """A database that is there already."""

    def __init__(self, url: str) -> None:
        self._url = url

    def copy(self, folder: Path) -> str:
        return self._url


def test_nothing_is_restored_under_a_running_service(office: Office, tmp_path: Path) -> None:
    back_up(store_of(office), files_of(office), tmp_path / "kept", office.world.now)

    with refused("second-writer" if store_of(office).dialect == "sqlite" else "not-empty"):
        restore(office.settings, latest(tmp_path / "kept"), office.world.now, discard_newer=True)


def test_an_export_moves_the_whole_house(office: Office, tmp_path: Path) -> None:
    upload(office, office.project(), papers.pdf())
    target = tmp_path / "house.zip"
    export(store_of(office), files_of(office), target, office.world.now)
    other = elsewhere(tmp_path / "other")
    other.data.mkdir()
    store = Store(other.database)
    store.start()

    with zipfile.ZipFile(target) as file:
        take_in(store, Files(other.documents), ZipCopy(file, "house.zip"), office.world.now)
        with refused("not-empty"):
            take_in(store, Files(other.documents), ZipCopy(file, "house.zip"), office.world.now)

    store.close()
    assert examined(other, office) == store_of(office).read(doctor.heads)
    assert sorted(each.name for each in tmp_path.glob("*house*")) == ["house.zip"]
    with open_office(_Kept(other.database), other.data) as moved:
        assert moved.seat().sign_in(NUMBERS["谭丽"]).status_code == 201


def test_a_damaged_export_is_not_taken_in(office: Office, tmp_path: Path) -> None:
    target = tmp_path / "house.zip"
    export(store_of(office), files_of(office), target, office.world.now)
    with zipfile.ZipFile(target) as whole, zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        for name in whole.namelist():
            if name != MANIFEST:
                other.writestr(name, whole.read(name))

    with zipfile.ZipFile(tmp_path / "other.zip") as file, refused("copy-damaged"):
        verify(ZipCopy(file, "other.zip"))


def test_papers_that_were_lost_before_are_named_and_do_not_stop_a_backup(
    office: Office, tmp_path: Path
) -> None:
    project = office.project()
    upload(office, project, papers.pdf())
    shutil.rmtree(office.settings.documents)

    _, verified = back_up(store_of(office), files_of(office), tmp_path / "kept", office.world.now)

    assert verified.manifest.missing == [project.paper("proposal").sha256]
    upload(office, project, papers.pdf())
