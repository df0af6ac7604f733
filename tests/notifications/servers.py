"""Mail servers on loopback that do to a mail what real ones do: take it, put it off, refuse it, hang up."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HANG_UP = "hang up"
Answers = dict[str, list[str]]


@dataclass
class Office:
    """What arrived, and what the next commands are answered; without an answer in store the server says yes."""

    answers: Answers = field(default_factory=dict)
    arrived: list[EmailMessage] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def next(self, verb: str) -> str | None:
        waiting = self.answers.get(verb)
        return waiting.pop(0) if waiting else None

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.heard.append("EHLO")
        answer = self.next("EHLO")
        return [answer] if answer else responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.heard.append("MAIL")
        if answer := await self._answer(server, "MAIL"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.heard.append("RCPT")
        if answer := await self._answer(server, "RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.next("DOT")
        if answer is None or answer == HANG_UP:
            self.arrived.append(message_from_bytes(envelope.content, policy=default))
        if answer == HANG_UP:
            server.transport.abort()
        return answer or f"250 queued as {len(self.arrived)}"

    async def _answer(self, server: Any, verb: str) -> str | None:
        answer = self.next(verb)
        if answer == HANG_UP:
            server.transport.abort()
        return answer


class Server(SMTP):
    """aiosmtpd, which may also hang up in the middle of a mail, or refuse DATA."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        office = cast("Office", self.event_handler)
        office.heard.append("DATA")
        answer = office.next("DATA")
        if answer == HANG_UP:
            await self.push("354 go ahead")
            await self._reader.read(200)
            cast("asyncio.WriteTransport", self.transport).abort()
        elif answer is not None:
            await self.push(answer)
        else:
            await super().smtp_DATA(arg)


@asynccontextmanager
async def serving(office: Office, *, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[int]:
    """The office's server at work; its port. `tls` from the first byte; options go to aiosmtpd."""
    loop = asyncio.get_running_loop()
    lines: list[Server] = []

    def answer() -> Server:
        lines.append(Server(office, hostname="mail.example", loop=loop, **options))
        return lines[-1]

    server = await loop.create_server(answer, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for line in lines:
            transport = cast("asyncio.WriteTransport | None", line.transport)
            if (
                transport is not None and not transport.is_closing()
            ):  # of a closed TLS line nothing is left to abort
                transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def greeting(words: bytes) -> AsyncIterator[int]:
    """A server that greets with those words and hangs up."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def answering_hello(words: bytes) -> AsyncIterator[int]:
    """A server that answers every hello with those words."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(b"220 mail.example\r\n")
            while await reader.readline():
                writer.write(words)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def putting_in(context: ssl.SSLContext, heard: list[bytes]) -> AsyncIterator[int]:
    """A server whose answer to STARTTLS somebody on the way has lengthened; what it hears from then on."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            writer.write(b"220 mail.example\r\n")
            await reader.readuntil(b"\n")
            writer.write(b"250-mail.example\r\n250 STARTTLS\r\n")
            await reader.readuntil(b"\n")
            writer.write(b"220 go ahead\r\n250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n")
            await writer.start_tls(context)
            while line := await reader.readline():
                heard.append(line)
                writer.write(b"250 OK\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def outdated(context: ssl.SSLContext) -> None:
    """Speak nothing newer than TLS 1.1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")


def certificate(folder: Path, host: str = "127.0.0.1", *, valid: bool = True) -> tuple[ssl.SSLContext, str]:
    """A certificate that the office made for itself: the server's context, and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    today = datetime(2026, 1, 1) if valid else datetime(2020, 1, 1)  # noqa: DTZ001 - cryptography takes naive UTC
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=400))
        .not_valid_after(today + timedelta(days=3650 if valid else 30))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context, str(file)
