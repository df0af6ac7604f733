"""From a form to an action: which command each form of a page gives, and what is said once it is done.

Invariant: nothing is decided here; a form only spells the arguments of one action of the engine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import structs

from api.desk import Desk
from api.web.forms import Form
from api.web.picking import picked
from workflow import rules
from workflow.actions import clocks, decisions, documents, entries, orders, outside, projects, replies, stages
from workflow.content import FORMATS
from workflow.errors import NotFound, reason
from workflow.queries.views import DocumentView, StageFile
from workflow.state import (
    Accepted,
    Completed,
    Concluded,
    Corrected,
    CorrectionNotified,
    Extended,
    Filed,
    PaperSigned,
    Record,
    ReplyData,
    SpecialBegan,
    SpecialEnded,
)


class Command(NamedTuple):
    """One action with its arguments (without who and when), and the word for what was done."""

    action: Callable[..., Any]
    arguments: dict[str, Any]
    done: str

    @property
    def replies(self) -> tuple[ReplyData, ...]:
        """What it would record as issued, directly or inside an entry."""
        what = self.arguments.get("what")
        given: tuple[ReplyData, ...] = (
            what.replies if isinstance(what, Concluded) else self.arguments.get("replies", ())
        )
        return given


DONE = {
    "submitted": "已报送",
    "withdrawn": "已撤回",
    "reapplied": "已重新办理",
    "approved": "已同意",
    "shown": "公示已期满办结",
    "returned": "已退回",
    "refused": "已作不予批准",
    "recorded": "已登记",
    "signed": "纸质签批已代录",
    "handed": "已转交",
    "gate": "已同意暂缺先行办理",
    "extended": "已延长时限",
    "paused": "已暂停时限",
    "resumed": "已恢复时限",
    "explained": "情况说明已记入，再有提醒时一并告知",
    "answered": "督办已答复，督办人会收到通知",
    "supervised": "督办单已发出；答复、办结或逾期未答复时通知您",
    "unsupervised": "督办已撤回，不必再答复",
    "drafted": "商请函稿已保存，未发出；可在“环节”下打印",
    "entered": "补录已登记",
    "completed": "补登已登记",
    "confirmed": "已核对，登记生效",
    "rejected": "核对未通过，登记不生效",
    "taken-back": "录入已撤回，可改好后重新登记",
    "uploaded": "材料已上传",
    "registered": "材料已登记",
    "facts": "项目信息已更新",
    "waiting": "已登记等待",
    "resumed-alone": "本项目不再等待",
    "closed": "补录已结束，此后按时限办理",
    "project": "项目已登记",
    "delegated": "已委托，期间由代理人一并办理",
    "ended": "委托已结束",
    "resolved": "异常已销号，并已重新尝试；仍无人可办的，会再列为异常",
    "saved": "视图已保存",
    "renamed": "视图已改名",
    "deleted": "视图已删除",
    "first": "已设为打开时的视图",
    "unset": "打开时不再筛选",
    "phrases": "常用语已保存",
    "checked": "所选各项已确认，登记生效",
    "password": "密码已更改，请用新密码登录",
    "signed-out": "登录已结束：太久没有操作，或您的密码、岗位、账号刚有变动。请重新登录",
    "session-ended": "该处登录已结束，再用须重新登录",
    "sessions-ended": "其他各处的登录都已结束，只留本机这一处",
    "person-added": "人员已登记，请为其授岗",
    "person-changed": "资料已更正",
    "password-reset": "密码已重设，此人原有的登录已失效；下次登录须先改成自己的密码",
    "person-disabled": "账号已停用",
    "person-enabled": "账号已恢复",
    "post-granted": "岗位已授予",
    "post-revoked": "岗位已收回",
    "unit-added": "单位已登记",
    "unit-changed": "单位资料已更正",
    "unit-disabled": "单位已停用",
    "unit-enabled": "单位已恢复启用",
    "calendar-loaded": "工作日历已载入，受影响的到期日已重新计算",
    "published": "项目类型已发布，此后登记的项目按新版本办理",
    "mail-again": "已放回发送队列",
    "mail-tested": "测试邮件已由邮件服务器收下，请到您的邮箱查看",
    "examining": "已开始，办完后结果显示在本页；请稍后刷新",
    "examined": "已办完，结果见下",
    "feed-revoked": "日历订阅已停用，原地址不能再用",
}
"""What a page says after a command, by the word in its address."""


def done_words(done: str) -> str:
    """The sentence for that word; empty for one that no command of ours gives."""
    return f"{DONE[done]}。" if done in DONE else ""


Reader = Callable[[Form, StageFile], Awaitable[Command]]


async def stage_command(action: str, form: Form, file: StageFile) -> Command:
    """The command that this form of a stage's page gives; `form.reasons` say what is wrong with it."""
    reader = _READERS.get(action)
    if reader is None:
        raise NotFound(reason("not-found"))
    command = await reader(form, file)
    return Command(command.action, {"ref": file.ref, **command.arguments}, command.done)


async def paper_command(action: str, form: Form, ref: str, papers: Iterable[DocumentView]) -> Command:
    """The command that a paper's form on the project's page gives: upload or register one of `papers`."""
    if action == "upload":
        command = await _upload(form, papers)
    elif action == "register":
        command = await _register(form)
    else:
        raise NotFound(reason("not-found"))
    return Command(command.action, {"ref": ref, **command.arguments}, command.done)


async def _submit(form: Form, file: StageFile) -> Command:
    return Command(
        stages.submit_stage, {"stage": file.stage.key, "turn": form.optional_number("turn")}, "submitted"
    )


async def _withdraw(form: Form, file: StageFile) -> Command:
    return Command(stages.withdraw_stage, _reasoned(form, file), "withdrawn")


async def _reapply(form: Form, file: StageFile) -> Command:
    return Command(stages.reapply_stage, _reasoned(form, file), "reapplied")


async def _decide(form: Form, file: StageFile) -> Command:
    outcome = form.text("outcome")
    approving = outcome == "approved"
    replies = await form.replies(file) if approving and file.issues_now else ()
    arguments = {
        "stage": file.stage.key,
        "step": form.text("step"),
        "outcome": outcome,
        "opinion": form.text("opinion") or form.text("phrase"),
        "turn": form.optional_number("turn"),
        "content": form.text("content"),
        "fixes": form.fixes(_papers(file)) if outcome == "returned" else (),
        "replies": replies,
        "as_printed": form.has("as_printed"),
        "shown_on": form.day("shown_on", "公示起始日") if approving else None,
    }
    done = "shown" if approving and file.stage.shown_from else outcome
    return Command(decisions.decide, arguments, done if done in DONE else "approved")


def _papers(file: StageFile) -> dict[str, str]:
    """The papers that an item to fix may name: title to document."""
    return {need.paper.title: need.paper.key for need in file.needs if need.paper}


async def _sign_paper(form: Form, file: StageFile) -> Command:
    scan = await form.file("file")
    outcome = form.text("outcome")
    signed = PaperSigned(
        step=form.text("step"),
        signer=form.number("signer", "签批人"),
        on=form.required_day("on", "签批日期"),
        outcome=outcome,
        opinion=form.text("opinion"),
        content=form.text("content"),
        sha256=scan.sha256 if scan else "",
        marks=scan.marks if scan else (),
        kept_at=form.text("kept_at"),
        fixes=form.fixes() if outcome == "returned" else (),
    )
    return Command(decisions.enter_paper_signature, {"stage": file.stage.key, "signed": signed}, "signed")


async def _record(form: Form, file: StageFile) -> Command:
    what = form.text("what")
    reader = _RECORDS.get(what)
    if reader is None:
        raise NotFound(reason("not-found"))
    arguments = {
        "stage": file.stage.key,
        "what": await reader(form, file),
        "as_printed": form.has("as_printed"),
        "scan": await form.file("file"),
    }
    return Command(outside.record_outside, arguments, "recorded")


async def _filed(form: Form, _: StageFile) -> Record:
    return Filed(form.required_day("on", "报送日期"), form.text("number"))


async def _accepted(form: Form, _: StageFile) -> Record:
    return Accepted(form.required_day("on", "受理日期"), form.text("number"))


async def _correction(form: Form, _: StageFile) -> Record:
    return CorrectionNotified(form.required_day("on", "告知日期"), form.fixes(), form.text("number"))


async def _corrected(form: Form, _: StageFile) -> Record:
    return Corrected(form.required_day("on", "补正报送日期"), form.text("number"))


async def _special_began(form: Form, _: StageFile) -> Record:
    return SpecialBegan(form.required_day("on", "开始日期"), form.text("procedure"), form.text("basis"))


async def _special_ended(form: Form, _: StageFile) -> Record:
    return SpecialEnded(form.required_day("on", "结束日期"))


async def _extended(form: Form, _: StageFile) -> Record:
    return Extended(
        form.required_day("on", "决定日期"),
        form.limit("by", "延长期限"),
        form.text("reason"),
        form.text("number"),
    )


async def _concluded(form: Form, file: StageFile) -> Record:
    outcome = form.text("outcome")
    approving = outcome == "approved"
    return Concluded(
        on=form.required_day("on", "结论日期"),
        outcome=outcome,
        opinion=form.text("opinion"),
        replies=await form.replies(file) if approving and file.issues_now else (),
        fixes=form.fixes() if outcome == "returned" else (),
    )


_RECORDS: dict[str, Callable[[Form, StageFile], Awaitable[Record]]] = {
    "filed": _filed,
    "accepted": _accepted,
    "correction": _correction,
    "corrected": _corrected,
    "special_began": _special_began,
    "special_ended": _special_ended,
    "extended": _extended,
    "concluded": _concluded,
}


def typed_for(what: Record) -> tuple[str, dict[str, str]]:
    """The form that makes such an entry, and what was typed into it: the way back, for whoever has to make it again."""
    tag = str(what.__struct_config__.tag)
    given = structs.asdict(what)
    typed = _spelled(given)
    typed["number"] = given.get("receipt", "") or typed.get("number", "")
    typed["fixes"] = "\n".join(fix.text for fix in given.get("fixes", ()))
    if isinstance(what, Extended):
        typed |= {"by": str(what.by.amount), "by_unit": what.by.unit.value}
    if isinstance(what, Completed):
        prefix = f"reply.{what.document}.field."
        typed |= _spelled({f"{prefix}{key}": value for key, value in what.fields.items()})
        return f"complete-{what.document}", typed
    for reply in given.get("replies", ()):
        prefix, written = f"reply.{reply.document}.", structs.asdict(reply)
        fields = {f"field.{key}": value for key, value in reply.fields.items()}
        typed |= {f"{prefix}{name}": value for name, value in _spelled({**written, **fields}).items()}
    return {"paper_signed": "sign-paper", "taken_over": "take-over"}.get(tag, f"record-{tag}"), typed


def _spelled(given: dict[str, Any]) -> dict[str, str]:
    """What fields hold: texts, numbers and days; a day that is not known is an empty one."""
    return {
        name: str(value) for name, value in given.items() if isinstance(value, str | int | date | Decimal)
    }


async def _hand_over(form: Form, file: StageFile) -> Command:
    return Command(
        stages.hand_over_step, {**_on_turn(form, file), "to": form.number("to", "转交给")}, "handed"
    )


async def _pass_gate(form: Form, file: StageFile) -> Command:
    return Command(
        stages.pass_soft_gate, {**_reasoned(form, file), "requirement": form.text("requirement")}, "gate"
    )


async def _extend(form: Form, file: StageFile) -> Command:
    return Command(
        clocks.extend_clock, {**_on_turn(form, file), "by": form.limit("by", "延长期限")}, "extended"
    )


async def _pause(form: Form, file: StageFile) -> Command:
    return Command(clocks.pause_clock, _on_turn(form, file), "paused")


async def _resume(form: Form, file: StageFile) -> Command:
    return Command(clocks.resume_clock, _on_turn(form, file), "resumed")


async def _explanation(form: Form, file: StageFile) -> Command:
    done = "answered" if file.order and file.order.mine else "explained"
    return Command(clocks.file_explanation, {"stage": file.stage.key, "text": form.text("text")}, done)


async def _supervise(form: Form, file: StageFile) -> Command:
    arguments = {
        "stage": file.stage.key,
        "wanted": form.text("wanted"),
        "due_on": form.required_day("due_on", "答复期限", file.answer_by),
        "turn": form.optional_number("turn"),
    }
    return Command(orders.issue_order, arguments, "supervised")


async def _withdraw_order(form: Form, file: StageFile) -> Command:
    return Command(orders.withdraw_order, _reasoned(form, file), "unsupervised")


async def _letter(form: Form, file: StageFile) -> Command:
    return Command(outside.draft_letter, {"stage": file.stage.key, "text": form.text("text")}, "drafted")


async def _take_over(form: Form, file: StageFile) -> Command:
    arguments = {
        "stage": file.stage.key,
        "replies": await form.replies(file),
        "as_printed": form.has("as_printed"),
    }
    return Command(projects.take_over_stage, arguments, "entered")


async def _complete(form: Form, file: StageFile) -> Command:
    document = next((each for each in file.issues if each.key == form.text("document")), None)
    fields = form.reply_fields(document) if document else {}
    what = Completed(form.text("document"), fields, form.text("basis"))
    return Command(replies.complete_reply, {"stage": file.stage.key, "what": what}, "completed")


async def _confirm(form: Form, _: StageFile) -> Command:
    return Command(entries.confirm_entry, {"number": form.number("number", "登记")}, "confirmed")


async def _reject(form: Form, _: StageFile) -> Command:
    arguments = {"number": form.number("number", "登记"), "reason_given": form.text("reason")}
    return Command(entries.reject_entry, arguments, "rejected")


async def _withdraw_entry(form: Form, _: StageFile) -> Command:
    return Command(entries.withdraw_entry, {"number": form.number("number", "登记")}, "taken-back")


async def _stage_upload(form: Form, file: StageFile) -> Command:
    return await _upload(form, (document for need in file.needs for document in need.documents))


async def _upload(form: Form, papers: Iterable[DocumentView]) -> Command:
    formats = {paper.key: paper.formats for paper in papers}
    file = await form.file("file", formats.get(form.text("document"), tuple(FORMATS)))
    if file is None and not form.reasons:
        form.wrong("file", "文件", "请选择要上传的文件")
    arguments = {
        "document": form.text("document"),
        "file": file,
        "number": rules.as_written(form.text("number")),
        "issued_on": form.day("issued_on", "成文日期"),
        "issuer": form.text("issuer"),
    }
    return Command(documents.upload_document, arguments, "uploaded")


async def _register(form: Form, _: StageFile | None = None) -> Command:
    arguments = {
        "document": form.text("document"),
        "number": rules.as_written(form.text("number")),
        "issued_on": form.required_day("issued_on", "成文日期"),
        "kept_at": form.text("kept_at"),
    }
    return Command(documents.register_document, arguments, "registered")


def _reasoned(form: Form, file: StageFile) -> dict[str, Any]:
    return {"stage": file.stage.key, "reason_given": form.text("reason")}


def _on_turn(form: Form, file: StageFile) -> dict[str, Any]:
    """The same for what is meant for the step, and for its holder, that the page showed."""
    return {**_reasoned(form, file), "turn": form.optional_number("turn")}


_READERS: dict[str, Reader] = {
    "submit": _submit,
    "withdraw": _withdraw,
    "reapply": _reapply,
    "decide": _decide,
    "sign-paper": _sign_paper,
    "record": _record,
    "hand-over": _hand_over,
    "pass-gate": _pass_gate,
    "extend": _extend,
    "pause": _pause,
    "resume": _resume,
    "explanation": _explanation,
    "supervise": _supervise,
    "withdraw-order": _withdraw_order,
    "letter": _letter,
    "take-over": _take_over,
    "complete": _complete,
    "confirm": _confirm,
    "reject": _reject,
    "withdraw-entry": _withdraw_entry,
    "upload": _stage_upload,
    "register": _register,
}


# Projects as wholes


async def project_command(action: str, form: Form, ref: str, desk: Desk) -> Command:
    """The command that a form of the project's page gives."""
    given = {"ref": ref, "reason_given": form.text("reason")}
    if action == "close-take-over":
        return Command(projects.close_take_over, {"ref": ref}, "closed")
    if action == "wait-for":
        form.required("other", "等待的项目")
        arguments = {"ref": ref, "other": await picked(desk, form, "other", "等待的项目")}
        return Command(projects.wait_for, arguments, "waiting")
    if action == "stop-waiting":
        return Command(projects.stop_waiting, {**given, "other": form.text("other")}, "resumed-alone")
    if action == "hand-over-project":
        return Command(projects.hand_over_project, {**given, "to": form.number("to", "移交给")}, "handed")
    if action.startswith("move-"):
        moved = {**given, "trigger": action.removeprefix("move-"), "unfinished": form.has("unfinished")}
        return Command(projects.move_project, moved, "moved")
    raise NotFound(reason("not-found"))
