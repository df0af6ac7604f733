"""管理·异常 and 邮件: what got stuck and how it is put right; how mails go out and which did not."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.cases import INCIDENTS
from api.desk import AtDesk, Desk
from api.mail import mail_reason, try_mail
from api.schemas import Id
from api.settings import FILE, Settings
from api.web.admin import ADMINISTRATOR, admin_page, done_at, refused
from api.web.forms import Sent, run
from api.web.pages import Done
from api.web.render import Failure
from notifications import ledger
from notifications.queue import queue_state, troubled
from workflow import queries
from workflow.actions import incidents
from workflow.clock import SHANGHAI
from workflow.errors import Refused, WorkflowError, reason, says

says(
    {
        "mail-not-set": ("没有设置邮件服务器，无法测试。", "请在 shenpi.toml 的 [smtp] 中设置后重新启动。"),
        "mail-no-own-address": ("您自己没有邮箱地址。", "请先在“人员”中填写。"),
        "mail-not-failed": (
            "没有可以重新投递的邮件，可能已经重新投递，或收件人没有邮箱。",
            "请刷新页面，并核对收件人邮箱。",
        ),
    }
)

router = APIRouter(prefix="/admin", include_in_schema=False, dependencies=list(ADMINISTRATOR))


@router.get("/incidents")
async def incident_list(
    request: Request, desk: AtDesk, closed: Id = 0, before: Id = 0, done: Done = ""
) -> Response:
    """异常: what is stuck, with what to do; or those that were settled."""
    return await _incidents_page(request, desk, closed=bool(closed), before=before, done=done)


async def _incidents_page(
    request: Request,
    desk: Desk,
    *,
    closed: bool = False,
    before: int = 0,
    failure: Failure | None = None,
    done: str = "",
) -> Response:
    return admin_page(
        request,
        "admin_incidents.html",
        desk.visitor,
        failure=failure,
        done=done,
        incidents=await desk.ask(queries.incidents, resolved=closed, before=before),
        closed=closed,
        cases=INCIDENTS,
    )


@router.post("/incidents/{incident}")
async def resolve(request: Request, desk: AtDesk, form: Sent, incident: Id) -> Response:
    """Close an incident, saying how; what can be tried again is tried again with that."""
    try:
        await run(desk, form, incidents.resolve_incident, incident=incident, how=form.text("how"))
    except WorkflowError as error:
        failure = refused(f"incident-{incident}", error, form)
        return await _incidents_page(request, desk, before=incident + 1, failure=failure)
    return done_at("/admin/incidents", "resolved")


# Mail


@router.get("/mail")
async def mail(request: Request, desk: AtDesk, before: Id = 0, done: Done = "") -> Response:
    """邮件: the settings, the queue, what did not arrive."""
    return await _mail_page(request, desk, before=before, done=done)


async def _mail_page(
    request: Request, desk: Desk, *, before: int = 0, failure: Failure | None = None, done: str = ""
) -> Response:
    midnight = datetime.combine(desk.day, time(), SHANGHAI)
    items, more = await desk.door.ask(troubled, before=before)
    settings: Settings = request.app.state.settings
    return admin_page(
        request,
        "admin_mail.html",
        desk.visitor,
        failure=failure,
        done=done,
        smtp=settings.smtp,
        file=settings.data / FILE,
        mailbox=settings.mailbox,
        address=settings.address,
        queue=await desk.door.ask(queue_state, since=midnight),
        items=items,
        more=more,
        me=desk.visitor.person.email,
    )


@router.post("/mail/test")
async def test_mail(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Send one mail to myself, in a real dialogue with the server; its own words if it refuses."""
    form.check()
    try:
        await _send_test(request.app.state.settings, desk)
    except WorkflowError as error:
        return await _mail_page(request, desk, failure=refused("test", error, form))
    return done_at("/admin/mail", "mail-tested")


async def _send_test(settings: Settings, desk: Desk) -> None:
    """Refused with the sentence and the remedy if the mail did not go out."""
    if settings.mailbox or not settings.smtp.host:
        raise Refused(reason("mail-not-set"))
    if not desk.visitor.person.email:
        raise Refused(reason("mail-no-own-address"))
    failure = await try_mail(settings, desk.visitor.person.email, desk.now)
    if failure is not None:
        raise Refused(mail_reason(failure))


@router.post("/mail/again")
async def again(request: Request, desk: AtDesk, form: Sent) -> Response:
    """Put failed mails back into the queue: one, or all; each goes to the address its person has today."""
    chosen = form.optional_number("mail")
    arguments: dict[str, Any] = {"mails": [chosen] if chosen else []}
    try:
        if not await run(desk, form, ledger.deliver_again, **arguments):
            raise Refused(reason("mail-not-failed"))
    except WorkflowError as error:
        return await _mail_page(request, desk, failure=refused("again", error, form))
    return done_at("/admin/mail", "mail-again")
