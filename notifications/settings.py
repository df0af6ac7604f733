"""What the composition root says about mail: server, sender, links, pace. Nothing here reads an environment.

Invariant: settings that would send a password or a mail in the clear cannot be made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from notifications.message import check_address


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """How long each part of an SMTP dialogue may take, in seconds; by default as RFC 5321 §4.5.3.2 says."""

    connect: float = 300
    command: float = 300
    data: float = 120
    dot: float = 600


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """Everything about mail that an office decides. ValueError if it cannot work or would not be safe.

    `security` is `tls` (from the first byte), `starttls` (required, never optional) or `plain`, which is
    only for a server on this very machine. `ambiguous` says what becomes of a mail of which nobody knows
    whether the server took it: sent again under the same Message-ID, or held for a person.
    """

    base_url: str
    sender: str
    sender_name: str = "审批提醒"
    host: str = "localhost"
    port: int = 465
    security: Literal["tls", "starttls", "plain"] = "tls"
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    ambiguous: Literal["resend", "hold"] = "resend"
    connections: int = 4
    per_minute: int = 60
    per_person_hour: int = 20
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        """Refuse what would not be safe."""
        check_address(self.sender)
        if urlsplit(self.base_url).scheme not in {"http", "https"} or not urlsplit(self.base_url).netloc:
            raise ValueError(f"系统网址“{self.base_url}”不完整，请写成 https://主机名 的样子")
        if self.security == "plain" and not is_loopback(self.host):
            raise ValueError(f"发往 {self.host} 的邮件须加密：请用 tls 或 starttls；明文只限本机")

    @property
    def domain(self) -> str:
        """The sender's domain: what Message-IDs end in and what we call ourselves to the server."""
        return self.sender.rpartition("@")[2]


def is_loopback(host: str) -> bool:
    """Whether that name or address is this machine and no other."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
