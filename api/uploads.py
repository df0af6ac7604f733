"""Files that come in by a form, and files that go out: checked on the way, never in one piece in memory.

Invariant: who uploads is known before anything is parsed; what goes out carries the type that the store
decided, as a download, or shown inside our own page only where a browser shows it safely.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Collection, Iterator
from typing import BinaryIO, Final

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import StreamingResponse

from api.auth import now
from api.door import door_of
from api.security import as_download, as_preview, read_form
from workflow.content import FORMATS
from workflow.errors import Invalid, Unavailable, reason, says
from workflow.files import Files, StoredFile
from workflow.queries.stored import StoredName
from workflow.transaction import Transaction

says(
    {
        "upload-several": ("此处一次只收一个文件。", "请只选一个；有几个的，逐个上传。"),
        "upload-missing": ("没有收到文件。", "请选择文件后再上传。"),
    }
)

SHOWN: Final = frozenset({FORMATS["pdf"], FORMATS["jpg"], FORMATS["png"]})
"""What a browser shows by itself; everything else is only given out as a download."""

_CHUNK: Final = 256 * 1024


async def receive(
    request: Request, field: str = "file", formats: Collection[str] = tuple(FORMATS), largest: int = 0
) -> StoredFile:
    """Store the file of that form field, of at most `largest` bytes (0: what the office allows).

    Invalid if there is none.
    """
    upload = chosen(await read_form(request), field)
    if upload is None:
        raise Invalid(reason("upload-missing", field))
    files: Files = request.app.state.files
    limit = min(request.app.state.settings.upload_limit, largest or sys.maxsize)
    return await keep(files, upload, limit, formats)


async def keep(files: Files, upload: UploadFile, limit: int, formats: Collection[str]) -> StoredFile:
    """Store a file that came in, of at most `limit` bytes: in a thread, for it ends on the disk."""
    return await asyncio.to_thread(files.receive, _chunks(upload.file), upload.filename or "", limit, formats)


def chosen(form: FormData, field: str) -> UploadFile | None:
    """The file that was chosen there; None if none was, Invalid if several were: none is dropped silently."""
    found = [each for each in form.getlist(field) if isinstance(each, UploadFile) and each.filename]
    if len(found) > 1:
        raise Invalid(reason("upload-several", field))
    return found[0] if found else None


async def download(request: Request, stored: StoredName) -> StreamingResponse:
    """The file, to be kept under its name."""
    name, media = await _described(request, stored)
    return StreamingResponse(_pieces(request, stored.sha256), media_type=media, headers=as_download(name))


async def preview(request: Request, stored: StoredName) -> StreamingResponse:
    """The file, to be shown inside our own page; as a download if browsers do not show its kind."""
    name, media = await _described(request, stored)
    if media not in SHOWN:
        return await download(request, stored)
    return StreamingResponse(_pieces(request, stored.sha256), media_type=media, headers=as_preview(name))


async def _described(request: Request, stored: StoredName) -> tuple[str, str]:
    """Name and type; of a signed sheet, which is known by its hash alone, what its content says."""
    if stored.name:
        return stored.name, stored.media
    files: Files = request.app.state.files
    found = await asyncio.to_thread(files.format_of, stored.sha256)
    return f"签批单-{stored.sha256[:8]}.{found}", FORMATS[found]


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _pieces(request: Request, digest: str) -> AsyncIterator[bytes]:
    files: Files = request.app.state.files
    return _in_threads(request, files.open(digest), digest)


async def _in_threads(request: Request, content: Iterator[bytes], digest: str) -> AsyncIterator[bytes]:
    """Read in a thread: a slow disk must not hold up everybody else. A damaged file becomes an incident."""
    try:
        while (piece := await asyncio.to_thread(next, content, None)) is not None:
            yield piece
    except Unavailable as error:
        words = f"文件 {digest[:16]}… 与登记的指纹不符，请从备份恢复"
        await door_of(request).run(Transaction.raise_incident, code=error.code, text_=words, at=now(request))
        raise
