"""How mail leaves this installation: what the settings say, as the mailer wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from api.settings import Settings, SettingsError
from notifications import delivery
from notifications.mailbox import LocalMailbox
from notifications.mailer import Failure, Mailer
from notifications.message import Message
from notifications.settings import MailSettings
from notifications.smtp import SMTPMailer
from workflow.store import Store

Deliver = Callable[[datetime], dict[str, int]]


def mail_settings(settings: Settings) -> MailSettings:
    """The mailer's settings; SettingsError if they cannot work or would not be safe."""
    smtp = settings.smtp
    try:
        return MailSettings(
            base_url=settings.address,
            sender=smtp.sender or f"shenpi@{smtp.host or 'localhost'}",
            sender_name=smtp.sender_name,
            host=smtp.host or "localhost",
            port=smtp.port,
            security=smtp.security,
            username=smtp.username,
            password=smtp.password.get_secret_value(),
            ca_file=smtp.ca_file,
            per_minute=smtp.per_minute,
        )
    except ValueError as error:
        raise SettingsError(f"邮件设置有误：{error}。") from None


def deliverer(store: Store, settings: Settings) -> Deliver | None:
    """One pass of the mailer as a plain call; None where no mail server is set: notices wait in the desk."""
    if not settings.mailbox and not settings.smtp.host:
        return None
    mail = mail_settings(settings)
    mailer: Mailer = LocalMailbox() if settings.mailbox else SMTPMailer(mail)

    def deliver(now: datetime) -> dict[str, int]:
        return asyncio.run(delivery.run(store, mailer, settings=mail, now=now))

    return deliver


async def send_test(settings: Settings, address: str, now: datetime) -> str:
    """Send one mail to that address; what went wrong, or the empty string."""
    mail = mail_settings(settings)
    text = f"这是审批系统 {settings.address} 的测试邮件。收到即表示邮件设置正确，无需回复。"
    message_id = f"<test.{now:%Y%m%d%H%M%S%f}@{mail.domain}>"
    message = Message(address, "", "【测试】审批系统邮件设置", text, f"<p>{text}</p>", message_id, now)
    try:
        async with SMTPMailer(mail).line() as line:
            await line.send(message, _at_once)
    except (Failure, ValueError) as failure:
        return str(getattr(failure, "text", failure))
    return ""


async def _at_once() -> None:
    """Nobody else could be sending this one."""
