"""The auditor's bundle: one file, its own verifier, nobody's word needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from api.keeping.bundle import VERIFIER, Bundle, write_bundle
from tests import papers
from tests.api.office import Office
from tests.api.test_keeping import files_of, store_of, upload
from tests.world import refused
from workflow.actions.seals import seal
from workflow.errors import Unavailable, reason
from workflow.people import SYSTEM


@pytest.fixture
def unpacked(office: Office, tmp_path: Path) -> tuple[Path, Bundle]:
    """The bundle of one of two projects, unpacked at the auditor's."""
    project, other = office.project(), office.project()
    upload(office, project, papers.pdf("一"))
    upload(office, other, papers.pdf("二"))
    store_of(office).act(seal, actor=SYSTEM, now=office.world.now)
    upload(office, project, papers.pdf("三"))
    target = tmp_path / "bundle.zip"
    noted: list[Bundle] = []
    made = write_bundle(
        store_of(office), files_of(office), [project.ref], target, office.world.now, noting=noted.append
    )
    assert noted == [made]
    with zipfile.ZipFile(target) as file:
        file.extractall(tmp_path / "auditor")
    return tmp_path / "auditor", made


def verified(place: Path, *arguments: str) -> tuple[int, str]:
    """What the bundle's own verifier says, run without anything of ours."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(place / "verify.py"), *arguments],
        cwd=place,
        env={"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_an_auditor_needs_nothing_of_ours(unpacked: tuple[Path, Bundle], tmp_path: Path) -> None:
    place, made = unpacked

    code, said = verified(place, "--against", made.seal)

    assert code == 0, said
    about = (place / "说明.txt").read_text(encoding="utf-8")
    assert re.search(r"于 \d{4}-\d\d-\d\d \d\d:\d\d（北京时间）写出", about)
    assert re.search(r"最近一次：\d{4}-\d\d-\d\d \d\d:\d\d（北京时间）", said)
    assert f"1 个项目、{made.entries} 条" in said
    assert "材料：2 份" in said
    assert "全部相符" in said
    assert verified(place, str(tmp_path / "bundle.zip"))[0] == 0
    assert sys.platform == "win32" or not (tmp_path / "bundle.zip").stat().st_mode & 0o077
    assert verified(place, "--against", "f" * 64)[0] == 1


def test_the_bundle_tells_only_of_its_projects(unpacked: tuple[Path, Bundle], office: Office) -> None:
    place, _ = unpacked

    entries = [json.loads(each) for each in (place / "record.jsonl").read_text("utf-8").splitlines()]

    assert len({each["project"] for each in entries}) == 1
    assert len(list((place / "documents").iterdir())) == 2
    assert "谭丽" in entries[0]["text"]


def test_the_verifier_is_short_and_imports_only_the_standard_library() -> None:
    text = VERIFIER.read_text("utf-8")

    assert len(text.splitlines()) < 200
    modules = {
        line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))
    }
    assert modules <= sys.stdlib_module_names


def test_no_byte_of_a_bundle_changes_unnoticed(unpacked: tuple[Path, Bundle]) -> None:
    place, _ = unpacked
    for path in sorted(each for each in place.rglob("*") if each.is_file()):
        whole = path.read_bytes()
        for position in range(0, len(whole), max(1, len(whole) // 25)):
            damaged = bytearray(whole)
            damaged[position] ^= 1
            path.write_bytes(damaged)

            assert found_wrong(place), f"{path.name} at {position}"
        path.write_bytes(whole)
    assert not found_wrong(place)


def found_wrong(place: Path) -> bool:
    """Whether our own copy of the verifier finds fault with what lies there."""
    from api.keeping import verify

    try:
        verify.check(place, "")
    except (verify.Wrong, ValueError, LookupError, TypeError, AttributeError):
        return True
    return False


def test_a_bundle_made_anew_after_a_forgery_does_not_hold_the_code_kept_elsewhere(
    unpacked: tuple[Path, Bundle],
) -> None:
    from hashlib import sha256

    place, made = unpacked
    about = place / "说明.txt"
    about.write_text("换过的说明", encoding="utf-8")
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    manifest["files"]["说明.txt"] = sha256(about.read_bytes()).hexdigest()
    (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    hashed = sha256((place / "manifest.json").read_bytes()).hexdigest()
    (place / "manifest.sha256").write_text(f"{hashed}\n", encoding="utf-8")

    assert verified(place)[0] == 0
    assert verified(place, "--against", made.seal)[0] == 1


def test_a_project_that_is_not_there_is_named(office: Office, tmp_path: Path) -> None:
    with refused("bundle-project-not-found", says="nowhere"):
        write_bundle(
            store_of(office),
            files_of(office),
            ["nowhere"],
            tmp_path / "b.zip",
            office.world.now,
            noting=print,
        )

    assert list(tmp_path.glob("*b.zip")) == []


def test_nothing_leaves_the_house_that_the_record_does_not_say(office: Office, tmp_path: Path) -> None:
    """The service is silent just when the bundle is to be noted: there is no bundle, nor a part of one."""

    def silent(_: Bundle) -> None:
        assert not (tmp_path / "b.zip").exists()
        raise Unavailable(reason("database-unavailable", detail="没有应答"))

    refs = [office.project().ref]
    with refused("database-unavailable", kind=Unavailable):
        write_bundle(
            store_of(office), files_of(office), refs, tmp_path / "b.zip", office.world.now, noting=silent
        )

    assert list(tmp_path.glob("*b.zip")) == []
