"""The only door to aiosmtplib: one dialogue in steps, so that every failure knows its phase.

Invariant: over a connection that is not encrypted and verified as the settings demand, neither a name, nor
a password, nor MAIL FROM is ever sent.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from typing import cast

import aiosmtplib

from notifications.mailer import Failure, Fault, MayStart, Phase
from notifications.message import Message
from notifications.settings import MailSettings

_DOT_FIRST = re.compile(rb"(?m)^\.")
_NOT_SIGNED_IN = {530, 534, 535, 538}
_TOO_BIG = 552
_CLOSING = 421


class SMTPMailer:
    """Opens lines to the server of the settings."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    @asynccontextmanager
    async def line(self) -> AsyncIterator[SMTPLine]:
        """A line that connects at its first mail and says QUIT at the end."""
        made = SMTPLine(self._settings, None if self._settings.security == "plain" else self._tls)
        try:
            yield made
        finally:
            await made.close()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._settings.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


class SMTPLine:
    """One connection, kept from mail to mail."""

    def __init__(self, settings: MailSettings, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._timeouts = settings.timeouts
        self._tls = tls
        self._client: aiosmtplib.SMTP | None = None

    async def send(self, message: Message, may_start: MayStart) -> str:
        """Carry one mail; the server's reply to it. `Failure` says in which phase it ended."""
        content = self._encode(message)
        await self._open_envelope(message.address)
        try:
            await may_start()
        except BaseException:
            await self._reset()
            raise
        return await self._data(content)

    async def close(self) -> None:
        """Take leave of the server; what it answers no longer matters."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                if client.is_connected:
                    await client.quit(timeout=10)
        finally:
            client.close()

    def _encode(self, message: Message) -> bytes:
        try:
            return message.encode(self._settings.sender, self._settings.sender_name)
        except ValueError as error:
            raise Failure(Phase.MAIL, Fault.PERMANENT, str(error), replied=False) from error

    async def _open_envelope(self, address: str) -> None:
        """MAIL and RCPT. A kept connection may have gone stale meanwhile: then, once, begin anew."""
        kept = self._is_open
        try:
            await self._mail_from()
        except Failure:
            if not kept or self._is_open:
                raise
            await self._mail_from()
        await self._command(Phase.RCPT, b"RCPT", b"TO:<" + address.encode() + b">")

    async def _mail_from(self) -> None:
        if not self._is_open:
            await self._connect()
        await self._command(Phase.MAIL, b"MAIL", b"FROM:<" + self._settings.sender.encode() + b">")

    @property
    def _is_open(self) -> bool:
        return self._client is not None and self._client.is_connected

    async def _connect(self) -> None:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._tls,
            username=settings.username or None,
            password=settings.password or None,
            local_hostname=settings.domain,
            timeout=self._timeouts.connect,
        )
        try:
            await client.connect()
            await client.ehlo()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            raise _connect_failure(error) from error
        except BaseException:  # somebody else's failure ended this pass meanwhile
            client.close()
            raise
        self._client = client

    async def _command(self, phase: Phase, *words: bytes) -> None:
        """One command that must be answered 2xx."""
        if self._client is None:
            raise Failure(phase, Fault.RETRY, "连接已断开", replied=False)
        try:
            reply = await self._client.execute_command(*words, timeout=self._timeouts.command)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise self._broken(phase, error) from error
        if not 200 <= reply.code < 300:
            await self._refused(phase, reply.code, reply.message)

    async def _data(self, content: bytes) -> str:
        client = cast("aiosmtplib.SMTP", self._client)
        try:
            reply = await client.execute_command(b"DATA", timeout=self._timeouts.data)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise self._broken(Phase.DATA, error) from error
        if reply.code != 354:
            await self._refused(Phase.DATA, reply.code, reply.message)
        protocol = cast("aiosmtplib.protocol.SMTPProtocol", client.protocol)
        try:
            protocol.write(_DOT_FIRST.sub(b"..", content) + b".\r\n")
            reply = await protocol.read_response(timeout=self._timeouts.dot)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise self._broken(Phase.DOT, error) from error
        if not 200 <= reply.code < 300:
            await self._refused(Phase.DOT, reply.code, reply.message)
        return f"{reply.code} {reply.message}"

    def _broken(self, phase: Phase, error: Exception) -> Failure:
        """The connection is of no more use; what the server made of the mail depends on the phase."""
        if self._client is not None:
            self._client.close()
            self._client = None
        return Failure(phase, Fault.RETRY, _words(error), replied=False)

    async def _refused(self, phase: Phase, code: int, words: str) -> None:
        if code == _CLOSING and self._client is not None:
            self._client.close()
            self._client = None
        else:
            await self._reset()
        raise Failure(phase, fault_of(phase, code), f"{code} {words}", replied=True)

    async def _reset(self) -> None:
        """Clear the envelope, so that the next mail can use the connection."""
        if self._client is None:
            return
        try:
            await self._client.rset(timeout=30)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            self._client.close()
            self._client = None


def fault_of(phase: Phase, code: int) -> Fault:
    """What a reply code means in that phase.

    A refusal of our hello, our password or our sender is a matter of configuration: it says nothing about
    the mail, which waits.
    """
    if 400 <= code < 500:
        return Fault.UNREACHABLE if phase is Phase.CONNECT else Fault.RETRY
    if not 500 <= code < 600:
        return Fault.RETRY
    if phase is Phase.CONNECT or code in _NOT_SIGNED_IN or (phase is Phase.MAIL and code != _TOO_BIG):
        return Fault.CONFIGURATION
    return Fault.PERMANENT


def _connect_failure(error: Exception) -> Failure:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        text = f"{error.code} {error.message}"
        return Failure(Phase.CONNECT, fault_of(Phase.CONNECT, error.code), text, replied=True)
    tls = next((each for each in (error, error.__cause__) if isinstance(each, ssl.SSLError)), None)
    if tls is not None:
        return Failure(Phase.CONNECT, Fault.CONFIGURATION, f"加密连接未能建立：{_words(tls)}", replied=False)
    passing = isinstance(error, aiosmtplib.SMTPConnectError | aiosmtplib.SMTPServerDisconnected | OSError)
    fault = Fault.UNREACHABLE if passing else Fault.CONFIGURATION
    return Failure(Phase.CONNECT, fault, _words(error), replied=False)


_TOLD: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "服务器未在规定时间内应答"),
    (socket.gaierror, "找不到这个主机名"),
    (ConnectionRefusedError, "对方拒绝连接，该端口上没有邮件服务"),
    (ConnectionError, "服务器中断了连接"),
    (aiosmtplib.SMTPNotSupported, "服务器不支持所设的加密或登录方式"),
)
"""What failed before any reply, in words; the first that fits the cause, then the error itself."""


def _words(error: Exception) -> str:
    for each in (error.__cause__, error):
        told = next((words for kind, words in _TOLD if isinstance(each, kind)), "")
        if told:
            return told
    return " ".join(str(error).split())[:500] or type(error).__name__
