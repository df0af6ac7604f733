"""A scan that only an entry names, such as a sheet signed on paper, is kept, moved and missed as a paper is."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from api.keeping.bundle import write_bundle
from api.keeping.copies import FolderCopy
from api.keeping.restoring import restore
from api.keeping.writing import back_up
from tests import papers
from tests.api.office import Office
from tests.api.test_bundle import verified
from tests.api.test_documents import ticket
from tests.api.test_keeping import (
    as_written_by_another_program,
    elsewhere,
    examined,
    files_of,
    store_of,
    upload,
)
from tests.world import Dossier
from workflow import doctor
from workflow.models import SCHEMA
from workflow.store import Store

SHEET = papers.pdf("签批单")


def signed_on_paper(office: Office) -> Dossier:
    """A project whose review 杨帆 signed on paper; 谭丽 has scanned the sheet."""
    project = office.project()
    upload(office, project, papers.pdf("建议书"))
    project.enter("minutes")
    project.submit("approval")
    clerk = office.seat("谭丽")
    signed = {
        "step": "review", "signer": office.world.people["杨帆"], "on": "2026-09-01", "outcome": "approved",
        "opinion": "同意", "content": project.content("approval"), "file": ticket(clerk, SHEET),
    }  # fmt: skip
    answer = clerk.post(f"/api/projects/{project.ref}/stages/approval/paper-signatures", json=signed)
    assert answer.status_code == 201, answer.text
    return project


def confirmed(office: Office) -> Dossier:
    """The same, once the sheet has been compared with the original."""
    project = signed_on_paper(office)
    (entry,) = project.state.entries.values()
    checker = office.seat(office.world.name(entry.checkers[0]))
    done = checker.post(f"/api/projects/{project.ref}/entries/{entry.number}/confirmation")
    assert done.status_code == 201, done.text
    return project


def lose(office: Office) -> None:
    """The scanned sheet is gone from the disk; the uploaded paper is not."""
    digest = sha256(SHEET).hexdigest()
    (office.settings.documents / digest[:2] / digest[2:]).unlink()


@pytest.mark.parametrize("story", [signed_on_paper, confirmed])
def test_a_signed_sheet_comes_back_from_a_backup(
    office: Office, tmp_path: Path, story: Callable[[Office], Dossier]
) -> None:
    story(office)
    place, verification = back_up(store_of(office), files_of(office), tmp_path / "kept", office.world.now)
    other = elsewhere(tmp_path / "other")

    restore(other, FolderCopy(place), office.world.now, discard_newer=False)

    assert verification.manifest.documents == 2
    assert examined(other, office) == store_of(office).read(doctor.heads)


def test_a_signed_sheet_is_in_the_auditors_bundle(office: Office, tmp_path: Path) -> None:
    project = confirmed(office)
    target = tmp_path / "bundle.zip"

    made = write_bundle(
        store_of(office), files_of(office), [project.ref], target, office.world.now, noting=print
    )

    with zipfile.ZipFile(target) as file:
        file.extractall(tmp_path / "auditor")
    sheet = tmp_path / "auditor" / "documents" / f"{sha256(SHEET).hexdigest()}.pdf"
    assert (made.documents, sheet.read_bytes()) == (2, SHEET)
    code, said = verified(tmp_path / "auditor")
    assert (code, "材料：2 份" in said) == (0, True), said


def test_a_signed_sheet_that_is_gone_is_missed_everywhere(office: Office, tmp_path: Path) -> None:
    project = confirmed(office)
    lose(office)

    found = store_of(office).read(doctor.examine, now=office.world.now, has_file=files_of(office).has)
    _, backup = back_up(store_of(office), files_of(office), tmp_path / "kept", office.world.now)
    bundle = write_bundle(
        store_of(office), files_of(office), [project.ref], tmp_path / "b.zip", office.world.now, noting=print
    )

    (missing,) = (each for each in found if each.code == "file-missing")
    digest = sha256(SHEET).hexdigest()
    assert ("扫描件" in missing.text, digest[:16] in missing.text) == (True, True)
    assert (backup.manifest.missing, bundle.missing) == ([digest], (digest,))


def test_a_backup_from_before_scans_were_kept_still_comes_back(office: Office, tmp_path: Path) -> None:
    confirmed(office)
    lose(office)
    place, _ = back_up(store_of(office), files_of(office), tmp_path / "kept", office.world.now)
    as_written_by_another_program(place, SCHEMA, format=1, missing=[])
    other = elsewhere(tmp_path / "other")

    restore(other, FolderCopy(place), office.world.now, discard_newer=False)

    store = Store(other.database)
    assert store.read(doctor.heads) == store_of(office).read(doctor.heads)
    store.engine.dispose()


@pytest.mark.parametrize("way", ["", "/preview"])
def test_a_signed_sheet_that_is_gone_is_not_found(office: Office, way: str) -> None:
    project = confirmed(office)
    address = f"/api/projects/{project.ref}/files/{sha256(SHEET).hexdigest()}{way}"
    assert office.seat("罗秀英").get(address).content == SHEET
    lose(office)

    answer = office.seat("罗秀英").get(address)

    assert (answer.status_code, answer.json()["code"]) == (404, "file-not-found")
