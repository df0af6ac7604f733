"""How mail leaves this installation: what the settings say, as the mailer wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from api.settings import Settings, SettingsError
from notifications import delivery
from notifications.mailbox import LocalMailbox
from notifications.mailer import Failure, Fault, Mailer, Phase
from notifications.message import Message
from notifications.settings import MailSettings, Timeouts
from notifications.smtp import SMTPMailer
from workflow.errors import Reason, reason, says
from workflow.store import Store

says(
    {
        "mail-test-failed": ("测试邮件没有发出：{where}，{said}。", "{remedy}"),
    }
)

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


def outgoing(settings: Settings) -> MailSettings | None:
    """The mailer's settings where mail leaves the house; None where no mail server is set."""
    return mail_settings(settings) if settings.sends_mail else None


def deliverer(store: Store, settings: Settings) -> Deliver | None:
    """One pass of the mailer as a plain call; None where no mail server is set: notices wait in the desk."""
    mail = outgoing(settings)
    if mail is None:
        return None
    mailer: Mailer = LocalMailbox() if settings.mailbox else SMTPMailer(mail)

    def deliver(now: datetime) -> dict[str, int]:
        return asyncio.run(delivery.run(store, mailer, settings=mail, now=now))

    return deliver


PATIENT: Final = Timeouts()
HASTY: Final = Timeouts(connect=8, command=8, data=8, dot=15)
"""For a test that somebody waits for."""


async def try_mail(
    settings: Settings, address: str, now: datetime, timeouts: Timeouts = HASTY
) -> Failure | None:
    """Send one mail to that address in a dialogue of its own; how it failed, or None."""
    mail = replace(mail_settings(settings), timeouts=timeouts)
    text = f"这是审批系统 {settings.address} 的测试邮件。收到即表示邮件设置正确，无需回复。"
    message_id = f"<test.{now:%Y%m%d%H%M%S%f}@{mail.domain}>"
    message = Message(address, "", "【测试】审批系统邮件设置", text, f"<p>{text}</p>", message_id, now)
    try:
        async with SMTPMailer(mail).line() as line:
            await line.send(message, _at_once)
    except Failure as failure:
        return failure
    except ValueError as error:
        return Failure(Phase.RCPT, Fault.PERMANENT, str(error), replied=False)
    return None


def mail_reason(failure: Failure) -> Reason:
    """What went wrong with a mail, in the server's own words, and what to do about it."""
    said = f"服务器答复：{failure.text}" if failure.replied else failure.text
    where = PHASES[failure.phase]
    remedy = REMEDIES[failure.fault]
    if failure.phase is Phase.RCPT and failure.fault is Fault.PERMANENT:
        remedy = "请核对收件地址；地址无误的，请邮件管理员放行。"
    return reason("mail-test-failed", where=where, said=said, remedy=remedy)


PHASES: Final = {
    Phase.CONNECT: "连接和登录邮件服务器时",
    Phase.MAIL: "服务器核对发件人时",
    Phase.RCPT: "服务器核对收件人时",
    Phase.DATA: "开始传送正文时",
    Phase.DOT: "传送正文后",
}
REMEDIES: Final = {
    Fault.RETRY: "这是暂时的，请过几分钟再试；一再出现请联系邮件管理员。",
    Fault.PERMANENT: "请把服务器的原话转给邮件管理员。",
    Fault.UNREACHABLE: "请核对主机名和端口，检查网络和防火墙。",
    Fault.CONFIGURATION: "请核对 shenpi.toml 中 [smtp] 的用户名、密码、加密方式和发件地址。",
}
"""What each kind of failure asks for."""


async def _at_once() -> None:
    """Nobody else could be sending this one."""
