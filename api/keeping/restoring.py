"""Taking a copy in: into an empty house, or in the place of what is there.

Invariant: everything is verified before anything is switched; the switch is one rename; what was there is kept
aside; newer data is never given up unless the caller says so, and then the record says so first.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, text

from api.keeping.copies import MANIFEST, PAPERS_ONLY, Copy, FolderCopy, Verified, rows_of, verify
from api.settings import Settings
from workflow import archive, doctor
from workflow.actions.exports import record_restoration
from workflow.errors import NotFound, Refused, reason, says
from workflow.failpoints import reach
from workflow.files import Files
from workflow.people import SYSTEM
from workflow.queries.words import clock_time
from workflow.record import instant, stamp
from workflow.store import Store, put_in_place, read_only, sqlite_path, started, writers_place

says(
    {
        "copy-not-found": ("{name} 中没有备份。", "请核对目录；备份由 shenpi backup 写出。"),
        "copy-not-alike": ("装入后的数据与备份不符：{why}。", "原有数据未变。请保留现场，并换用另一份备份。"),
        "newer-would-go": (
            "现有数据比备份新：{words}。",
            "确要放弃这些记录的，请加 --discard-newer；原有数据会另存。",
        ),
    }
)

NEW: Final = "restoring"
ASIDE: Final = "before-restore-"

_NEWEST = text("SELECT max(at) FROM event")
_HASH = text("SELECT hash FROM event WHERE project_id = :project AND seq = :seq")
_TITLES = text("SELECT id, title FROM project")


class Loss(Struct, frozen=True):
    """What of the present data a copy does not hold: how many entries, of which projects, the newest from when."""

    entries: int
    titles: tuple[str, ...]
    newest: str

    def __str__(self) -> str:
        """In words."""
        of = "、".join(self.titles[:5]) + (f"等{len(self.titles)}处" if len(self.titles) > 5 else "")
        return f"将失去 {self.entries} 条记录（{of}），最晚一条记于 {self.newest}"


class Restored(Struct, frozen=True):
    """What was taken in, what it cost, and where the old data lies now."""

    verified: Verified
    lost: Loss | None
    aside: Path | None


def latest(directory: Path) -> FolderCopy:
    """The backup in that folder: itself, or the newest whole one below it. NotFound if there is none."""
    if (directory / MANIFEST).is_file():
        return FolderCopy(directory)
    whole = sorted(each.parent for each in directory.glob(f"[0-9]*/{MANIFEST}"))
    if not whole:
        raise NotFound(reason("copy-not-found", name=directory))
    return FolderCopy(whole[-1])


def take_in(store: Store, files: Files, copy: Copy, now: datetime) -> Verified:
    """Load a copy into an empty installation. Refused if it is damaged, or the installation is not empty."""
    verified = verify(copy)
    for digest in verified.documents:
        if not files.is_whole(digest):
            files.take(digest, copy.document(digest))
    reach("import.placed")
    store.act(archive.load, stored=rows_of(copy), schema=verified.manifest.schema)
    reach("import.loaded")
    _prove(store, files, verified, now)
    return verified


def restore(settings: Settings, copy: Copy, now: datetime, *, discard_newer: bool) -> Restored:
    """Put a copy in the place of what is there. Refused if it is damaged, or would lose what is newer."""
    if not settings.database.startswith("sqlite"):
        with started(settings.database) as store:
            return Restored(take_in(store, Files(settings.documents), copy, now), None, None)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with writers_place(settings.database):
        verified = verify(copy)
        lost = _loss(settings, verified, copy)
        if lost is not None and not discard_newer:
            raise Refused(reason("newer-would-go", words=lost))
        url = _built(settings, copy, verified, lost, now)
        reach("restore.built")
        aside = _kept_aside(settings, now)
        reach("restore.aside")
        files = Files(settings.documents)
        for digest in verified.documents:
            if not files.is_whole(digest):
                files.take(digest, copy.document(digest))
        reach("restore.placed")
        put_in_place(settings.database, url, (aside or settings.data) / "shenpi.db")
        reach("restore.switched")
        shutil.rmtree(settings.data / NEW, ignore_errors=True)
    return Restored(verified, lost, aside)


def _built(settings: Settings, copy: Copy, verified: Verified, lost: Loss | None, now: datetime) -> str:
    """A new database beside the old one that holds the copy, examined; its URL."""
    folder = settings.data / NEW
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    url = f"sqlite:///{folder / 'shenpi.db'}"
    with started(url) as store:
        store.act(archive.load, stored=rows_of(copy), schema=verified.manifest.schema)
        known = frozenset(verified.documents)
        _prove(store, known.__contains__, verified, now)
        if lost is not None:
            store.act(
                record_restoration,
                backup_at=verified.manifest.at,
                lost=lost.entries,
                actor=SYSTEM,
                now=now,
            )
    return url


def _prove(store: Store, files: Files | Callable[[str], bool], verified: Verified, now: datetime) -> None:
    """Refused (copy-not-alike) unless the doctor finds all in order, beyond what was missing at the source."""
    has = files.has if isinstance(files, Files) else files
    missing = frozenset(verified.manifest.missing)
    findings = store.read(doctor.examine, now=now, has_file=lambda digest: digest in missing or has(digest))
    borne = {"stuck", "unasked"}
    if verified.manifest.format == PAPERS_ONLY:
        borne.add("file-missing")
    wrong = next((each for each in findings if each.level == "error" and each.code not in borne), None)
    if wrong is not None:
        raise Refused(reason("copy-not-alike", why=wrong.text))


def _loss(settings: Settings, verified: Verified, copy: Copy) -> Loss | None:
    """What the present data holds and the copy does not; None if nothing, or if there is no data yet."""
    if not sqlite_path(settings.database).is_file():
        return None
    with read_only(settings.database) as store:
        return store.read(_lost, verified=verified, copy=copy)


def _lost(connection: Connection, *, verified: Verified, copy: Copy) -> Loss | None:
    present = doctor.heads(connection)
    held = verified.heads.chains
    wanted = {project: seq for project, (_, seq) in present.items() if seq <= held.get(project, (0, ""))[0]}
    hashes = _hashes(copy, wanted)
    lost: dict[int, int] = {}
    for project, (head, seq) in present.items():
        kept, last = held.get(project, (0, ""))
        same = (
            hashes.get(project) == head
            if project in wanted
            else _is_on_chain(connection, project, kept, last)
        )
        entries = max(0, seq - kept) if same else seq
        if entries:
            lost[project] = entries
    if not lost:
        return None
    titles = {0: "管理事项", **{row[0]: row[1] for row in connection.execute(_TITLES)}}
    newest = connection.execute(_NEWEST).scalar_one()
    return Loss(sum(lost.values()), tuple(f"“{titles[each]}”" for each in lost), clock_time(instant(newest)))


def _is_on_chain(connection: Connection, project: int, seq: int, hashed: str) -> bool:
    """Whether the present chain passes through that entry."""
    if not seq:
        return True
    found = connection.execute(_HASH, {"project": project, "seq": seq}).scalar()
    return bool(found == hashed)


def _hashes(copy: Copy, wanted: dict[int, int]) -> dict[int, str]:
    """The hash of one entry of each of these chains, as the copy holds it."""
    return {
        row["project_id"]: row["hash"]
        for name, row in archive.rows(rows_of(copy))
        if name == "event" and wanted.get(row["project_id"]) == row["seq"]
    } | {project: "" for project, seq in wanted.items() if not seq}


def _kept_aside(settings: Settings, now: datetime) -> Path | None:
    """A folder with the present documents, where the present database will be put; None if there is none."""
    if not sqlite_path(settings.database).is_file():
        return None
    aside = settings.data / f"{ASIDE}{stamp(now).replace(':', '').replace('-', '')}"
    aside.mkdir(mode=0o700)
    for path in Files(settings.documents).paths():
        target = aside / "documents" / path.parent.name / path.name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except OSError:
            shutil.copy2(path, target)  # a disk without links
    return aside
