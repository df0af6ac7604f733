"""The documents themselves: content-addressed, outside any folder that is served, never overwritten.

A file is on disk whole, under its SHA-256, before any row names it. Invariant: a crash leaves at most a
file that no row names, which `sweep_orphans` removes; never a row without its file.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO, Final

from msgspec import Struct

from workflow.content import FORMATS, format_of, marks_of, mismatch
from workflow.errors import Invalid, NotFound, Unavailable, reason, says
from workflow.failpoints import reach

says(
    {
        "upload-empty": ("“{name}”是空文件。", "请核对后重新上传。"),
        "upload-too-large": ("“{name}”超过{limit}。", "请压缩扫描分辨率或拆分后再上传。"),
        "upload-disk-full": ("磁盘空间不足，文件未保存，原材料未变。", "请联系管理员后重传。"),
        "upload-not-stored": ("文件未能保存（{detail}），原材料未变。", "请联系管理员后重传。"),
        "file-not-found": ("没有这个文件。", "请核对链接。"),
        "file-damaged": ("文件与登记的指纹不符，已停止提供。", "请联系管理员从备份恢复。"),
    }
)

RESERVE: Final = 512 * 1024 * 1024
"""Bytes that papers leave free: a disk full of them, be it out of malice, must still take decisions."""

LONGEST_NAME: Final = 120
INCOMING: Final = "incoming"
"""The folder of what is still being written; what a process that died has left there is nothing."""
_CHUNK: Final = 256 * 1024
_EXTENSIONS: Final = {"jpeg": "jpg", "jpe": "jpg"}
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")


class StoredFile(Struct, frozen=True):
    """A file that is on disk: its hash, its cleaned name, its size in bytes and its media type.

    `marks` are what a reviewer should know of it: that it carries scripts, other files, or is encrypted.
    """

    sha256: str
    name: str
    size: int
    media: str
    marks: tuple[str, ...] = ()


class Flaw(Struct, frozen=True):
    """A stored file that is not what it should be."""

    sha256: str
    why: str


Named = Callable[[Collection[str]], set[str]]
"""Which of these hashes some row or event names."""


class Files:
    """Keeps files under `directory`, each in ab/cd… of its SHA-256, readable by this service only."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def receive(
        self, chunks: Iterable[bytes], name: str, limit: int, formats: Collection[str] = tuple(FORMATS)
    ) -> StoredFile:
        """Store what comes in, and answer once it is on disk. `limit` is in bytes.

        Invalid if it is empty, too large, or not in order as one of `formats`; Unavailable if the disk
        does not take it. Either way nothing is left behind.
        """
        name = clean_name(name)
        with saying_what_the_disk_said(), self._temporary() as path, path.open("r+b") as file:
            reach("file.begun")
            if shutil.disk_usage(self.directory).free < RESERVE:
                raise Unavailable(reason("upload-disk-full", "file"))
            digest, size = sha256(), 0
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise Invalid(reason("upload-too-large", "file", name=name, limit=_megabytes(limit)))
                digest.update(chunk)
                file.write(chunk)
            if not size:
                raise Invalid(reason("upload-empty", "file", name=name))
            file.flush()
            found = format_of(file, name, formats)
            name = _with_extension(name, found, formats)
            os.fsync(file.fileno())
            marks = _marks(file) if found == "pdf" else ()
            file.close()
            reach("file.written")
            self._place(path, digest.hexdigest())
        reach("file.placed")
        return StoredFile(digest.hexdigest(), name, size, FORMATS[found], marks)

    def take(self, digest: str, chunks: Iterable[bytes]) -> None:
        """Store content that was examined when it first came in; it must have that hash.

        Unavailable (file-damaged) if it has not, or if the disk does not take it: then nothing is left behind.
        """
        with saying_what_the_disk_said(), self._temporary() as path, path.open("r+b") as file:
            computed = sha256()
            for chunk in chunks:
                computed.update(chunk)
                file.write(chunk)
            if computed.hexdigest() != digest:
                raise Unavailable(reason("file-damaged", "file"))
            file.flush()
            os.fsync(file.fileno())
            file.close()
            self._place(path, digest)

    def open(self, digest: str) -> Iterator[bytes]:
        """The content, checked against its hash on the way; the last piece comes only if all of it was right.

        NotFound for a hash nobody stored here; Unavailable (file-damaged) in the middle of a damaged one.
        """
        if not self.has(digest):
            raise NotFound(reason("file-not-found", "file"))
        return self._checked(digest)

    def has(self, digest: str) -> bool:
        """Whether a file of that hash is stored."""
        return bool(_DIGEST.fullmatch(digest)) and self._path(digest).is_file()

    def is_whole(self, digest: str) -> bool:
        """Whether it is stored and is still what it was: read from end to end."""
        return self.has(digest) and not any(True for _ in self._damage(digest))

    def format_of(self, digest: str) -> str:
        """The format of a stored file, by its content; NotFound for a hash nobody stored here."""
        if not self.has(digest):
            raise NotFound(reason("file-not-found", "file"))
        with self._path(digest).open("rb") as file:
            return format_of(file, digest[:8])

    def paths(self) -> Iterator[Path]:
        """Every stored file, in the order of their hashes: the folder's name and its own make the hash."""
        return (path for path in sorted(self.directory.glob("[0-9a-f][0-9a-f]/*")) if len(path.name) == 62)

    def verify(self, known: Iterable[str] = ()) -> Iterator[Flaw]:
        """Every file that is missing or damaged: those in the store, and those that rows name (`known`)."""
        seen = set()
        for path in self.paths():
            digest = path.parent.name + path.name
            seen.add(digest)
            if any(True for _ in self._damage(digest)):
                yield Flaw(digest, "内容与指纹不符")
        for digest in dict.fromkeys(known):
            if digest not in seen:
                yield Flaw(digest, "文件缺失")

    def sweep_orphans(self, named: Named, older_than: datetime) -> int:
        """Remove files that nothing names and that came before `older_than`; how many went.

        A file is moved aside and looked at again before it goes, because the same content may come in anew at this
        very moment.
        """
        old = {
            path.parent.name + path.name: path
            for path in self.paths()
            if path.stat().st_mtime < older_than.timestamp()
        }
        for digest in old.keys() - named(old.keys()):
            old[digest].replace(self._aside() / digest)
            reach("file.aside")
        lying = list(self._aside().iterdir())
        known = named([each.name for each in lying])
        gone = sum(self._settle(each, known, older_than) for each in lying)
        for left in self._incoming().iterdir():
            if left.stat().st_mtime < older_than.timestamp():
                left.unlink()
        return gone

    def _settle(self, aside: Path, known: set[str], older_than: datetime) -> bool:
        """Remove what was moved aside, or put it back if it turned out to be wanted."""
        if aside.stat().st_mtime >= older_than.timestamp() or aside.name in known:
            self._place(aside, aside.name)
            return False
        aside.unlink()
        return True

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        handle, name = tempfile.mkstemp(dir=self._incoming())  # mode 0600 by its own promise
        os.close(handle)
        try:
            yield Path(name)
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()

    def _place(self, path: Path, digest: str) -> None:
        """Rename into place, on disk for good; the same content over itself changes nothing but its age."""
        target = self._path(digest)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            path.replace(target)
        except PermissionError:
            if not target.is_file():
                raise
            target.touch()  # Windows: somebody is reading the same content, which is all that was wanted
        sync(target.parent)
        sync(self.directory)

    def _checked(self, digest: str) -> Iterator[bytes]:
        computed, held = sha256(), b""
        with self._path(digest).open("rb") as file:
            while chunk := file.read(_CHUNK):
                computed.update(chunk)
                if held:
                    yield held
                held = chunk
        if computed.hexdigest() != digest:
            raise Unavailable(reason("file-damaged", "file"))
        yield held

    def _damage(self, digest: str) -> Iterator[Unavailable]:
        try:
            for _ in self._checked(digest):
                pass
        except Unavailable as damaged:
            yield damaged

    def _path(self, digest: str) -> Path:
        return self.directory / digest[:2] / digest[2:]

    def _incoming(self) -> Path:
        return self._folder(INCOMING)

    def _aside(self) -> Path:
        return self._folder("aside")

    def _folder(self, name: str) -> Path:
        folder = self.directory / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def _marks(file: IO[bytes]) -> tuple[str, ...]:
    with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return marks_of(content)


def clean_name(name: str) -> str:
    """The name as it may be shown and given out: composed (NFC), one line, no path, up to 120 characters."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    name = re.split(r"[/\\]", name)[-1]
    kept = (each for each in name if unicodedata.category(each)[0] != "C" and each not in '<>:"|?*')
    name = " ".join("".join(kept).split()).strip(". ")
    if _DEVICES.match(name):
        name = f"_{name}"
    stem, dot, extension = name.rpartition(".")
    if len(name) > LONGEST_NAME and dot:
        return f"{stem[: LONGEST_NAME - len(extension[:10]) - 1]}.{extension[:10]}"
    return name[:LONGEST_NAME] or "未命名"


def _with_extension(name: str, found: str, formats: Collection[str]) -> str:
    """The name with the extension of its content; Invalid if it has another one."""
    stem, dot, extension = name.rpartition(".")
    extension = extension.lower()
    if _EXTENSIONS.get(extension, extension) == found:
        return name
    if dot and stem and re.fullmatch(r"[a-z0-9]{1,5}", extension):
        raise mismatch(name, formats)
    return f"{name[: LONGEST_NAME - len(found) - 1]}.{found}"


@contextmanager
def saying_what_the_disk_said() -> Iterator[None]:
    """Unavailable, in words, for whatever keeps the disk from taking a file."""
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        code = "upload-disk-full" if full else "upload-not-stored"
        raise Unavailable(reason(code, "file", detail=error.strerror or "")) from error


def sync(path: Path) -> None:
    """Have on disk what that file holds, or which names stand in that directory."""
    if os.name == "nt":
        return  # Windows cannot open a directory; NTFS journals the rename itself
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _megabytes(limit: int) -> str:
    return f"{limit / (1024 * 1024):g} MB"
