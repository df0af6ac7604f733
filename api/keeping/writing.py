"""Writing a copy: into the folder of all backups, or into one file.

Everything is read in one consistent view beside a running service, which is not kept waiting. Invariant: a
copy gets its name only when it is whole, on disk and read again.
"""

from __future__ import annotations

import gzip
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

import msgspec
from sqlalchemy import Connection

from api.keeping.copies import (
    DOCUMENTS,
    MANIFEST,
    ROWS,
    FolderCopy,
    Manifest,
    Verified,
    ZipCopy,
    noting,
    verify,
)
from api.private import new_private
from workflow import archive
from workflow.errors import NotFound, Refused, Unavailable, reason, says
from workflow.failpoints import reach
from workflow.files import INCOMING, Files, sync
from workflow.store import Store

says(
    {
        "record-broken": (
            "现有记录不符，没有备份：{why}。",
            "请保留现场，运行 shenpi audit verify，并与以前的备份核对。",
        ),
    }
)

UNFINISHED: Final = ".unfinished-"
"""How the name of a copy begins until it is whole."""

Take = Callable[[str, Iterable[bytes]], None]


def back_up(store: Store, files: Files, directory: Path, now: datetime) -> tuple[Path, Verified]:
    """A new backup below `directory`, read again after it was written: where, and what it holds.

    Documents that an earlier backup holds already are not written again.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in (*directory.glob(f"{UNFINISHED}*"), directory / DOCUMENTS / INCOMING):
        shutil.rmtree(left, ignore_errors=True)
    name = now.strftime("%Y%m%dT%H%M%S%fZ")
    unfinished, finished = directory / f"{UNFINISHED}{name}", directory / name
    unfinished.mkdir(mode=0o700)
    kept = Files(directory / DOCUMENTS)

    def take(digest: str, content: Iterable[bytes]) -> None:
        if not kept.has(digest):
            kept.take(digest, content)

    with new_private(unfinished / ROWS) as file:
        manifest = store.read(_write, file=file, files=files, take=take, now=now)
    reach("backup.rows")
    with new_private(unfinished / MANIFEST) as file:
        file.write(_spelled(manifest))
    verified = verify(FolderCopy(unfinished))
    reach("backup.manifest")
    unfinished.rename(finished)
    reach("backup.named")
    sync(directory)
    return finished, verified


def export(store: Store, files: Files, target: Path, now: datetime) -> Verified:
    """Everything in one zip file of that name, read again after it was written."""
    unfinished = target.with_name(f"{UNFINISHED}{target.name}")
    rows = target.with_name(f"{UNFINISHED}{target.name}.rows")
    try:
        with new_private(unfinished) as whole, zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as file:

            def take(digest: str, content: Iterable[bytes]) -> None:
                _add(file, f"{DOCUMENTS}/{digest}", content)

            with new_private(rows) as written:
                manifest = store.read(_write, file=written, files=files, take=take, now=now)
            file.write(rows, ROWS)
            file.writestr(MANIFEST, _spelled(manifest))
        with zipfile.ZipFile(unfinished) as file:
            verified = verify(ZipCopy(file, str(target)))
        reach("export.written")
        unfinished.replace(target)
        sync(target.parent)
    finally:
        rows.unlink(missing_ok=True)
        unfinished.unlink(missing_ok=True)
    return verified


def _write(connection: Connection, *, file: IO[bytes], files: Files, take: Take, now: datetime) -> Manifest:
    """Write the rows, hand on every document they name, and say what there was."""
    documents: dict[str, None] = {}
    hashing = _Hashing(file)
    with gzip.GzipFile(fileobj=hashing, mode="wb", mtime=0, compresslevel=6) as packed:
        try:
            heads = archive.heads(noting(_copied(archive.lines(connection), packed), documents))
        except ValueError as error:
            raise Refused(reason("record-broken", why=error)) from error
    missing = []
    for digest in documents:
        try:
            take(digest, _whole(files, digest))
        except (NotFound, Unavailable) as error:
            if error.code not in {"file-not-found", "file-damaged"}:
                raise
            missing.append(digest)
    return Manifest(
        at=now,
        database=connection.dialect.name,
        rows_sha256=hashing.digest.hexdigest(),
        events=heads.events,
        chains=len(heads.chains),
        root=heads.root,
        documents=len(documents) - len(missing),
        missing=missing,
    )


def _whole(files: Files, digest: str) -> Iterator[bytes]:
    """The document, if it is whole: looked through once before a byte of it is handed on."""
    for _ in files.open(digest):
        pass
    return files.open(digest)


def _copied(stored: Iterable[bytes], packed: gzip.GzipFile) -> Iterator[bytes]:
    for line in stored:
        packed.write(line)
        yield line


class _Hashing:
    """A file that hashes what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = sha256()

    def write(self, content: bytes) -> int:
        """Write, and hash."""
        self.digest.update(content)
        return self._file.write(content)

    def flush(self) -> None:
        """As a file does."""
        self._file.flush()


def _add(file: zipfile.ZipFile, name: str, content: Iterable[bytes]) -> None:
    with file.open(name, "w", force_zip64=True) as member:
        for piece in content:
            member.write(piece)


def _spelled(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
