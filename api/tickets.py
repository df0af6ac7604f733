"""Tickets for uploaded files: what a later command names the file by.

A command that names a bare hash could claim any file, name or type. Invariant: a ticket says what the store itself
found; it counts only for the person who uploaded, within a day, and while the file is there.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from api.private import write_private
from workflow.errors import Invalid, reason, says
from workflow.files import Files, StoredFile

says(
    {
        "file-ticket-invalid": ("附件凭证无效或不属于您。", "请重新上传附件。"),
        "file-ticket-late": ("附件上传后一天内没有用上，已不再保留。", "请重新上传附件。"),
    }
)

FILE: Final = "tickets.key"
KEY_BYTES: Final = 32
VALID: Final = timedelta(days=1)


class _Ticket(Struct, frozen=True):
    file: StoredFile
    at: datetime


class Tickets:
    """Issues and reads tickets, with a key of this installation."""

    def __init__(self, data: Path, files: Files) -> None:
        self._files = files
        self._key = _key(data / FILE)

    def issue(self, file: StoredFile, person: int, now: datetime) -> str:
        """The ticket of that file for that person."""
        body = urlsafe_b64encode(msgspec.json.encode(_Ticket(file, now))).decode()
        return f"{body}.{self._seal(body, person)}"

    def read(self, ticket: str, person: int, now: datetime, place: str = "file") -> StoredFile:
        """The file that a ticket is for; Invalid if it was not issued to that person here, or not within a day."""
        body, _, seal = ticket.partition(".")
        with suppress(ValueError, msgspec.DecodeError):
            if hmac.compare_digest(seal.encode(), self._seal(body, person).encode()):
                issued = msgspec.json.decode(urlsafe_b64decode(body), type=_Ticket)
                if issued.at + VALID < now or not self._files.has(issued.file.sha256):
                    raise Invalid(reason("file-ticket-late", place))
                return issued.file
        raise Invalid(reason("file-ticket-invalid", place))

    def _seal(self, body: str, person: int) -> str:
        return hmac.digest(self._key, f"{person}:{body}".encode(), sha256).hex()


def _key(path: Path) -> bytes:
    """The key in that file; a new one if there is none, or not a whole one, which would be easy to guess."""
    with suppress(FileNotFoundError, ValueError):
        key = bytes.fromhex(path.read_text(encoding="ascii"))
        if len(key) == KEY_BYTES:
            return key
    made = secrets.token_bytes(KEY_BYTES)
    write_private(path, made.hex())
    return made
