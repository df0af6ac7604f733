"""A mail, whole and finished: one recipient, one subject, the same content as text and as HTML.

Invariant: the same `Message` always gives the same bytes, so that a second copy is the very mail
again: same Message-ID, same Date, same body.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from hashlib import sha256

from msgspec import Struct

from workflow.clock import SHANGHAI

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_LOCAL}@{_LABEL}(?:\.{_LABEL})*\Z")
_CONTROL = {"Cc", "Cs", "Zl", "Zp"}
_WIRE = compat32.clone(linesep="\r\n")  # the policy that parses no header again: a fifth of the time


def check_address(address: str) -> str:
    """The address, if it is exactly one plain mailbox; ValueError otherwise. It is never repaired."""
    if not _MAILBOX.match(address):
        raise ValueError(f"“{ascii(address)[1:-1]}”不是一个邮箱地址")
    return address


def check_line(words: str) -> str:
    """The words, if they are one line without control characters; ValueError otherwise."""
    if any(unicodedata.category(character) in _CONTROL for character in words):
        raise ValueError(f"“{ascii(words)[1:-1]}”含有换行或控制字符")
    return words


class Message(Struct, frozen=True):
    """What goes to one person. `at` is when the notice arose: the Date of every copy."""

    address: str
    name: str
    subject: str
    text: str
    html: str
    message_id: str
    at: datetime

    def encode(self, sender: str, sender_name: str) -> bytes:
        """The bytes that travel. ValueError for an address or a header that is not one line."""
        boundary = f"=_{sha256(self.message_id.encode()).hexdigest()[:32]}"
        made = MIMEMultipart("alternative", boundary=boundary)
        made["From"] = _mailbox("From", sender, sender_name)
        made["To"] = _mailbox("To", self.address, self.name)
        made["Subject"] = _encoded("Subject", self.subject)
        made["Date"] = format_datetime(self.at.astimezone(SHANGHAI))
        made["Message-ID"] = self.message_id
        made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies to a machine
        made["X-Auto-Response-Suppress"] = "All"  # the same, for Exchange
        for kind, words in (("plain", self.text), ("html", self.html)):
            made.attach(MIMEText(words.replace("\n", "\r\n"), kind, "utf-8"))
        return made.as_bytes(policy=_WIRE)


def _encoded(header: str, words: str) -> str:
    """The words as that header holds them: always encoded, so that nothing in them reads as encoded by its author."""
    return Header(check_line(words), "utf-8", header_name=header).encode()


def _mailbox(header: str, address: str, name: str) -> str:
    return f"{_encoded(header, name)} <{check_address(address)}>"
