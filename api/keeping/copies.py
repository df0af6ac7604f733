"""A whole copy of an installation: its rows in one file, its documents by hash, and a manifest over both.

It lies in a folder (backups, which share their documents) or in one zip file (exports). Invariant: the
manifest is written last; a copy without one is none.
"""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final, Protocol

import msgspec
from msgspec import Struct

import api.models  # noqa: F401 - its tables are part of every copy
import notifications.models  # noqa: F401 - as above
from workflow import archive
from workflow.errors import Refused, reason, says
from workflow.files import Files
from workflow.models import SCHEMA
from workflow.record import files_in

says(
    {
        "copy-damaged": ("{name} 不完整或已被改动：{why}。", "请换用另一份备份或导出文件；原有数据未变。"),
        "copy-newer": ("{name} 由更新版本的系统写出。", "请先把本机系统升级到同一版本。"),
    }
)

FORMAT: Final = 2
PAPERS_ONLY: Final = 1
"""The first format: it left out the scans that only events name."""

MANIFEST: Final = "manifest.json"
ROWS: Final = "rows.jsonl.gz"
DOCUMENTS: Final = "documents"
CHUNK: Final = 1024 * 1024


class Manifest(Struct, frozen=True, kw_only=True):
    """What a copy holds. `root` covers the heads of all chains; `missing` were damaged or lost at the source."""

    format: int = FORMAT
    schema: int = SCHEMA
    at: datetime
    database: str
    rows_sha256: str
    events: int
    chains: int
    root: str
    documents: int
    missing: list[str] = []


class Copy(Protocol):
    """A copy, wherever it lies."""

    @property
    def name(self) -> str:
        """Where it lies, in words."""

    def manifest(self) -> bytes:
        """The manifest's text; FileNotFoundError or KeyError without one."""

    def rows(self) -> IO[bytes]:
        """The compressed rows, open to be read."""

    def document(self, digest: str) -> Iterator[bytes]:
        """A document in pieces; NotFound, KeyError or Unavailable if it is not there whole."""


class FolderCopy:
    """A backup in its folder; the documents of all backups lie together beside it."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self.folder = folder
        self.files = Files(folder.parent / DOCUMENTS)

    def manifest(self) -> bytes:
        """The manifest's text."""
        return (self.folder / MANIFEST).read_bytes()

    def rows(self) -> IO[bytes]:
        """The compressed rows."""
        return (self.folder / ROWS).open("rb")

    def document(self, digest: str) -> Iterator[bytes]:
        """A document in pieces, checked on the way."""
        return self.files.open(digest)


class ZipCopy:
    """An export: everything in one zip file."""

    def __init__(self, file: zipfile.ZipFile, name: str) -> None:
        self.name = name
        self._file = file

    def manifest(self) -> bytes:
        """The manifest's text."""
        return self._file.read(MANIFEST)

    def rows(self) -> IO[bytes]:
        """The compressed rows."""
        return self._file.open(ROWS)

    def document(self, digest: str) -> Iterator[bytes]:
        """A document in pieces."""
        with self._file.open(f"{DOCUMENTS}/{digest}") as file:
            while chunk := file.read(CHUNK):
                yield chunk


class Verified(Struct, frozen=True):
    """What a whole copy holds, and its seal: the hash of its manifest, to be kept elsewhere."""

    manifest: Manifest
    heads: archive.Heads
    documents: tuple[str, ...]
    seal: str


def verify(copy: Copy) -> Verified:
    """Read all of it once: hashes, chains, heads, every document. Refused (copy-damaged) with the first that fails."""
    try:
        content = copy.manifest()
        manifest = msgspec.json.decode(content, type=Manifest)
    except (OSError, KeyError, msgspec.MsgspecError, zipfile.BadZipFile):
        raise _damaged(copy, "没有清单，或清单读不了") from None
    if manifest.format > FORMAT or manifest.schema > SCHEMA:
        raise Refused(reason("copy-newer", name=copy.name))
    try:
        documents: dict[str, None] = {}
        heads = archive.heads(noting(rows_of(copy), documents, events=manifest.format > PAPERS_ONLY))
        _check(copy, manifest, heads, documents)
    except Refused:
        raise
    except Exception as error:
        # Whatever damage does to a reader (gzip, zip, JSON, a hash), it is damage.
        raise _damaged(copy, str(error) or type(error).__name__) from error
    return Verified(manifest, heads, tuple(documents), sha256(content).hexdigest())


def rows_of(copy: Copy) -> Iterator[bytes]:
    """The rows of a copy, line by line."""
    with copy.rows() as packed, gzip.GzipFile(fileobj=packed, mode="rb") as file:
        yield from file


def noting(
    stored: Iterable[bytes], documents: dict[str, None], *, events: bool = True
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of these lines; the documents that papers, and `events`, name are noted on the way."""
    for name, row in archive.rows(stored):
        if name == "paper" and row["sha256"]:
            documents[row["sha256"]] = None
        elif name == "event" and events:
            documents.update(dict.fromkeys(files_in(row["data"])))
        yield name, row


def _check(copy: Copy, manifest: Manifest, heads: archive.Heads, documents: dict[str, None]) -> None:
    with copy.rows() as file:
        if hash_of(iter(lambda: file.read(CHUNK), b"")) != manifest.rows_sha256:
            raise ValueError("数据与清单所记的校验码不符")
    if (heads.root, heads.events) != (manifest.root, manifest.events):
        raise ValueError("各项目的校验码与清单不符")
    for each in manifest.missing:
        documents.pop(each, None)
    if len(documents) != manifest.documents:
        raise ValueError("材料份数与清单不符")
    for each in documents:
        if hash_of(copy.document(each)) != each:
            raise ValueError(f"材料 {each[:16]}… 与其校验码不符")


def hash_of(pieces: Iterable[bytes]) -> str:
    """The SHA-256 of these pieces together."""
    digest = sha256()
    for each in pieces:
        digest.update(each)
    return digest.hexdigest()


def _damaged(copy: Copy, why: str) -> Refused:
    return Refused(reason("copy-damaged", name=copy.name, why=why))
