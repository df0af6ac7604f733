"""Tickets for uploaded files: what a later command names the file by.

A command that names a bare hash could claim any file, name or type. Invariant: a ticket says what the
store itself found, and counts only for the person who uploaded.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from api.control import write_private
from workflow.errors import Invalid, Reason
from workflow.files import StoredFile

SENTENCES: Final = {"file-ticket-invalid": ("附件凭证无效或不属于您。", "请重新上传附件。")}
"""Code -> what is wrong and the remedy."""

FILE: Final = "tickets.key"


class Tickets:
    """Issues and reads tickets, with a key of this installation."""

    def __init__(self, data: Path) -> None:
        path = data / FILE
        if not path.exists():
            write_private(path, secrets.token_hex(32))
        self._key = bytes.fromhex(path.read_text(encoding="ascii"))

    def issue(self, file: StoredFile, person: int) -> str:
        """The ticket of that file for that person."""
        body = urlsafe_b64encode(msgspec.json.encode(file)).decode()
        return f"{body}.{self._seal(body, person)}"

    def read(self, ticket: str, person: int, place: str = "file") -> StoredFile:
        """The file that a ticket is for; Invalid if it was not issued to that person here."""
        body, _, seal = ticket.partition(".")
        with suppress(ValueError, msgspec.DecodeError):
            if hmac.compare_digest(seal.encode(), self._seal(body, person).encode()):
                return msgspec.json.decode(urlsafe_b64decode(body), type=StoredFile)
        raise Invalid(Reason("file-ticket-invalid", *SENTENCES["file-ticket-invalid"], place=place))

    def _seal(self, body: str, person: int) -> str:
        return hmac.digest(self._key, f"{person}:{body}".encode(), sha256).hex()
