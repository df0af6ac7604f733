"""What every way of sending has in common: a line that carries mails one by one, and how it may fail.

Invariant: a line asks before it starts DATA, and says of every failure in which phase it happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Protocol

from notifications.message import Message


class Phase(StrEnum):
    """How far a dialogue had got. Until DATA nothing of the mail had left; after the dot a copy may exist."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


class Fault(StrEnum):
    """What a failure means for what is to be done next."""

    RETRY = "retry"
    PERMANENT = "permanent"
    UNREACHABLE = "unreachable"
    CONFIGURATION = "configuration"


class Failure(Exception):
    """One attempt failed. `replied` says whether the server itself said so; then the matter is certain."""

    def __init__(self, phase: Phase, fault: Fault, text: str, *, replied: bool) -> None:
        super().__init__(phase, fault, text)
        self.phase = phase
        self.fault = fault
        self.text = text
        self.replied = replied

    @property
    def is_ambiguous(self) -> bool:
        """Whether the server may have taken the mail all the same (RFC 1047's gap)."""
        return self.phase is Phase.DOT and not self.replied

    @property
    def is_the_servers(self) -> bool:
        """Whether it says nothing about this mail, and the next one would fare no better."""
        return self.fault in {Fault.UNREACHABLE, Fault.CONFIGURATION}


class Fenced(Exception):
    """Another mailer has taken this mail over in the meantime; DATA was not started."""


MayStart = Callable[[], Awaitable[None]]
"""Called after RCPT and before DATA: commits that a copy may exist from now on, or raises `Fenced`."""


class Line(Protocol):
    """One kept connection, or something that behaves like one."""

    async def send(self, message: Message, may_start: MayStart) -> str:
        """Carry one mail; the server's last word. `Failure` or `Fenced` if it was not accepted."""


class Mailer(Protocol):
    """Something that opens lines. Nothing is connected before the first mail."""

    def line(self) -> AbstractAsyncContextManager[Line]:
        """A line to use one mail at a time; it is closed politely at the end."""
