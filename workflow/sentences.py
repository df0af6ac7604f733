"""Every event as one Chinese sentence, for timelines, printed records and exports. Pure.

Invariant: every kind of event has a sentence; it names who, what and the outcome, and adds nothing
that the event does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from workflow import administration as ad
from workflow import events as ev
from workflow import state as st
from workflow.clock import local_day
from workflow.definition import POSTS, Definition, StepKind
from workflow.machine import PROJECT_STATES
from workflow.people import SYSTEM, Directory
from workflow.rules import fact_titles, names, state_words, step_title

OUTCOMES = {"approved": "同意", "returned": "退回", "refused": "不予批准"}
"""How a conclusion is called, inside or outside."""

_EFFECTS = {
    "extended": "延长了“{title}”的时限",
    "stopped": "暂停了“{title}”的时限",
    "resumed": "恢复了“{title}”的时限",
    "recomputed": "重新计算了“{title}”的到期日",
    "consumed": "“{title}”的后续事项均已办结或不适用，有效期不再提醒",
    "needed": "“{title}”又有事项要用，有效期重新提醒",
}


class Teller(Struct, frozen=True):
    """What a sentence needs beside the event: the project's definition, the people, and who acted."""

    definition: Definition
    directory: Directory
    actor: int = SYSTEM
    on_behalf: int = 0

    @property
    def who(self) -> str:
        """Who acted, and for whom: 杨帆（代罗秀英）; 系统 for the system under its own name."""
        return self.directory.acting(self.actor, self.on_behalf)

    def stage(self, key: str) -> str:
        """The title of a stage, in quotation marks."""
        spec = self.definition.stages.get(key)
        return f"“{spec.title if spec else key}”"

    def document(self, key: str) -> str:
        """The title of a document; its key if the definition has none."""
        kind = self.definition.documents.get(key)
        return kind.title if kind else key

    def step(self, stage: str, step: str) -> str:
        """The title of a step of a stage."""
        spec = self.definition.stages.get(stage)
        return step_title(spec, step) if spec else step

    def is_publicity(self, stage: str, step: str) -> bool:
        """Whether that step only shows something in public (公示、公告): nobody agrees there."""
        spec = self.definition.stages.get(stage)
        return any(
            each.key == step and each.kind is StepKind.PUBLICITY for each in (spec.steps if spec else ())
        )

    def people(self, people: Iterable[int]) -> str:
        """Names, joined."""
        return names(self.directory, people)

    def next(self, stage: str, entered: ev.Entered) -> str:
        """Where the stage is now and who holds it: ，下一步：科室审核（李国栋）."""
        spec = self.definition.stages.get(stage)
        if spec is None or entered.state in {st.ISSUED, st.WAITING}:
            return ""
        words = (
            step_title(spec, entered.state)
            if entered.state in {step.key for step in spec.steps}
            else state_words(spec, entered.state)
        )
        holders = self.people(entered.holders)
        return f"，下一步：{words}（{holders}）" if holders else f"，下一步：{words}"


def sentence(event: ev.Event, teller: Teller) -> str:
    """The event as one sentence, ending in 。"""
    told: str = _TOLD[type(event)](event, replace(teller, on_behalf=event.on_behalf))
    return told + "。"


def acted(event: ev.Event, directory: Directory, actor: int) -> str:
    """Who acted and in what capacity: 杨帆（代罗秀英）, or 周建平（纸质签批，李敏核对原件）."""
    who = directory.acting(actor, event.on_behalf)
    signer = getattr(event, "signed_by", 0)
    return f"{directory.name(signer)}（纸质签批，{who}核对原件）" if signer else who


def administered(event: ad.AdministrationEvent, directory: Directory, actor: int) -> str:
    """An event of the administration's own chain as one sentence, ending in 。"""
    if isinstance(event, ad.PersonChanged):
        return f"{directory.name(actor)}{_person_changed(event, directory, actor)}。"
    told: str = _ADMINISTERED[type(event)](event, directory)
    return f"{directory.name(actor)}{told}。"


def _registered(event: ev.ProjectRegistered, tell: Teller) -> str:
    how = "登记并开始补录" if event.taking_over else "登记了项目"
    return f"{tell.who}{how}“{event.title}”，经办人{tell.directory.name(event.clerk)}，按《{tell.definition.title}》第{event.version}版办理"


def _facts(event: ev.FactsChanged, tell: Teller) -> str:
    known = [key for key in event.facts if key in tell.definition.facts]
    parts = [fact_titles(tell.definition, known)] if known else []
    parts += [f"项目代码为{event.code}" if event.code else "项目代码为空"] if event.code is not None else []
    return f"{tell.who}更新了{'，'.join(parts) or '项目信息'}{_because(event.reason)}"


def _moved(event: ev.ProjectMoved, tell: Teller) -> str:
    return f"{tell.who}将项目转为“{PROJECT_STATES.get(event.to, event.to)}”{_because(event.reason)}"


def _clerk(event: ev.ClerkChanged, tell: Teller) -> str:
    return f"{tell.who}将项目交由{tell.directory.name(event.clerk)}经办{_because(event.reason)}"


def _wait_began(event: ev.WaitBegan, tell: Teller) -> str:
    return f"{tell.who}登记：本项目等待另一项目{'的相关事项办结' if event.wait.stage else '投用'}"


def _wait_ended(event: ev.WaitEnded, tell: Teller) -> str:
    if event.reason:
        return f"{tell.who}决定本项目不再等待另一项目{_because(event.reason)}"
    return "所等待的另一项目已办到，本项目不再等待"


def _take_over_closed(event: ev.TakeOverClosed, tell: Teller) -> str:
    also = f"，另有{len(event.stages)}个在前事项视为已办" if event.stages else ""
    return f"{tell.who}结束补录{also}，此后按时限办理"


def _opened(event: ev.StageOpened, tell: Teller) -> str:
    return f"{tell.stage(event.stage)}已具备条件，由{tell.people(event.entered.holders) or '经办人'}准备材料"


def _skipped(event: ev.StageSkipped, tell: Teller) -> str:
    return f"{tell.stage(event.stage)}不适用（仅当{event.condition}时办理），已略过"


def _held(event: ev.StageHeld, tell: Teller) -> str:
    if event.opens_on:
        return f"{tell.stage(event.stage)}须等到{_day(event.opens_on)}方可办理"
    if event.asked:
        return f"{tell.stage(event.stage)}的其他条件已具备，请{tell.people(event.asked)}补齐所缺信息"
    return f"{tell.stage(event.stage)}转为等待，前置条件具备后再办理"


def _submitted(event: ev.StageSubmitted, tell: Teller) -> str:
    return f"{tell.who}报送了{tell.stage(event.stage)}，材料{len(event.papers)}件{tell.next(event.stage, event.entered)}"


def _whoever(event: ev.StepDecided | ev.StageReturned | ev.StageRefused, tell: Teller) -> str:
    """Who decided; of an outside office's decision also who recorded it and who checked the original."""
    if not event.body:
        return acted(event, tell.directory, tell.actor)
    return f"{event.body}（{tell.directory.acting(event.entered_by, event.entered_for)}登记，{tell.who}核对原件）"


def _decided(event: ev.StepDecided, tell: Teller) -> str:
    who = _whoever(event, tell)
    said = _said(event.opinion)
    issued = "、".join(_reply(tell, key, paper) for key, paper in event.issued.items())
    done = f"；{tell.stage(event.stage)}已办结" if event.entered.state == st.ISSUED else ""
    out = f"，取得{issued}" if issued else ""
    agreed = "期满时办结" if tell.is_publicity(event.stage, event.step) else "中同意"
    if event.shown_on:
        agreed += f"（{event.shown_on.isoformat()}起公示）"
    return f"{who}在{tell.stage(event.stage)}的{tell.step(event.stage, event.step)}{agreed}{said}{done}{out}{tell.next(event.stage, event.entered)}"


def _returned(event: ev.StageReturned, tell: Teller) -> str:
    who = _whoever(event, tell)
    fixes = f"，需修改{len(event.fixes)}处：{_fixes(event.fixes)}" if event.fixes else ""
    return f"{who}退回了{tell.stage(event.stage)}{_because(event.reason)}{fixes}"


def _refused(event: ev.StageRefused, tell: Teller) -> str:
    return f"{_whoever(event, tell)}对{tell.stage(event.stage)}不予批准{_because(event.reason)}"


def _withdrawn(event: ev.StageWithdrawn, tell: Teller) -> str:
    return f"{tell.who}撤回了{tell.stage(event.stage)}{_because(event.reason)}"


def _reapplied(event: ev.StageReapplied, tell: Teller) -> str:
    return f"{tell.who}重新办理{tell.stage(event.stage)}{_because(event.reason)}"


def _restarted(event: ev.StageRestarted, tell: Teller) -> str:
    changed = f"“{tell.document(event.document)}”已更换" if event.document else "项目信息有变"
    void = "原有意见不再有效，" if event.opinions else ""
    return f"{changed}，{tell.stage(event.stage)}{void}从头审核{tell.next(event.stage, event.entered)}"


def _taken_over(event: ev.StageTakenOver, tell: Teller) -> str:
    if not event.replies:
        return f"{tell.stage(event.stage)}在已补录的批复之前，视为已办（补录）"
    replies = "、".join(_reply(tell, key, paper) for key, paper in event.replies.items())
    return f"{tell.who}核对了补录的{tell.stage(event.stage)}：{replies}"


def _completed(event: ev.ReplyCompleted, tell: Teller) -> str:
    what = st.Completed(event.document, event.fields, event.basis)
    return f"{tell.who}核对了补登的{_filled_in(what, tell)}"


def _lapsed(event: ev.ReplyLapsed, tell: Teller) -> str:
    return f"{tell.document(event.document)}有效期届满，{tell.stage(event.stage)}失效"


def _recorded(event: ev.EntryRecorded, tell: Teller) -> str:
    checkers = tell.people(event.entry.checkers)
    with_scan = "，附扫描件" if event.entry.scan else ""
    return f"{tell.who}登记{tell.stage(event.entry.stage)}：{describe(event.entry.what, tell)}{with_scan}，待{checkers}核对原件"


def _check_offered(event: ev.EntryOffered, tell: Teller) -> str:
    checkers = tell.people(event.entry.checkers)
    return f"{tell.stage(event.entry.stage)}的登记此前无人可核对，改由{checkers}核对原件"


def _rejected(event: ev.EntryRejected, tell: Teller) -> str:
    return f"{tell.who}核对{tell.stage(event.stage)}的登记未通过{_because(event.reason)}"


def _taken_back(event: ev.EntryWithdrawn, tell: Teller) -> str:
    return f"{tell.who}撤回了{tell.stage(event.stage)}尚未核对的登记"


def _outside(event: ev.OutsideMoved, tell: Teller) -> str:
    return f"{tell.who}核对无误，{tell.stage(event.stage)}：{describe(event.what, tell)}"


def _uploaded(event: ev.DocumentUploaded, tell: Teller) -> str:
    paper = event.paper
    if paper.kept_at:
        return f"{tell.who}登记了“{tell.document(event.document)}”第{paper.version}版（仅登记不上传，{paper.number}，存{paper.kept_at}）"
    return f"{tell.who}上传了“{tell.document(event.document)}”第{paper.version}版（{paper.name}）"


def _gate(event: ev.SoftGatePassed, tell: Teller) -> str:
    titles = "或".join(tell.document(key) for key in event.requirement.split("|"))
    return f"{tell.who}同意{tell.stage(event.stage)}暂缺“{titles}”先行办理{_because(event.reason)}"


def _handed_over(event: ev.StepHandedOver, tell: Teller) -> str:
    frm = f"（原办理人{tell.people(event.frm)}）" if event.frm else ""
    return f"{tell.who}将{tell.stage(event.stage)}转交{tell.directory.name(event.to)}办理{frm}{_because(event.reason)}"


def _offered(event: ev.StepOffered, tell: Teller) -> str:
    return f"{tell.stage(event.stage)}此前无人可办，现由{tell.people(event.holders)}办理"


def _clock(event: ev.ClockChanged, tell: Teller) -> str:
    if event.clock.key == st.ORDER:
        stage = tell.stage(event.stage)
        return f"{tell.who}重新计算了{stage}督办未答复时提醒的日子{_because(event.reason)}"
    title = tell.document(event.document) if event.document else tell.stage(event.stage).strip("“”")
    done = _EFFECTS.get(event.effect, "调整了“{title}”的时限").format(title=title)
    who = "" if event.effect in {"consumed", "needed"} else tell.who
    due = f"，到期日{_day(event.clock.due_on)}" if event.clock.due_on and event.effect != "consumed" else ""
    return f"{who}{done}{due}{_because(event.reason)}"


def _rung(event: ev.RungFired, tell: Teller) -> str:
    if event.clock.key == st.ORDER:
        return f"{tell.stage(event.stage)}的督办逾期未答复，已提醒{tell.people(event.told)}"
    what = (
        f"“{tell.document(event.document)}”有效期" if event.document else f"{tell.stage(event.stage)}办理时限"
    )
    when = _distance(event.offset)
    outside = "（外部门办理，本局推算）" if event.clock.outside else ""
    return f"{what}{when}{outside}，已提醒{tell.people(event.told) or '系统管理员'}"


def _explained(event: ev.ExplanationFiled, tell: Teller) -> str:
    verb = "答复督办" if event.answers else "提交情况说明"
    return f"{tell.who}就{tell.stage(event.stage)}{verb}：{event.text.rstrip('。')}"


def _order_issued(event: ev.OrderIssued, tell: Teller) -> str:
    until = f"，请于{_day(event.clock.due_on)}前答复" if event.clock.due_on else ""
    return f"{tell.who}就{tell.stage(event.stage)}督办{tell.people(event.to)}：{event.wanted.rstrip('。')}{until}"


def _order_withdrawn(event: ev.OrderWithdrawn, tell: Teller) -> str:
    return f"{tell.who}撤回了对{tell.stage(event.stage)}的督办{_because(event.reason)}"


def _letter(event: ev.LetterDrafted, tell: Teller) -> str:
    return f"{tell.who}为{tell.stage(event.stage)}拟了商请函（代拟稿，未发）"


def _stop_reviewed(event: ev.StopReviewed, tell: Teller) -> str:
    what = f"{tell.stage(event.stage)}的时限" if event.stage else "项目"
    why = f"因“{event.reason.rstrip('。')}”，" if event.reason else ""
    stopped = "停止计算" if event.stage else "中止"
    return f"{what}{why}自{_day(event.since)}起{stopped}，已{event.days}个工作日，提请复查"


def _incident(event: ev.IncidentRaised, _: Teller) -> str:
    return f"出现需要处理的异常：{event.text.rstrip('。')}"


_TOLD: dict[type, Callable[[Any, Teller], str]] = {
    ev.ProjectRegistered: _registered,
    ev.FactsChanged: _facts,
    ev.ProjectMoved: _moved,
    ev.ClerkChanged: _clerk,
    ev.WaitBegan: _wait_began,
    ev.WaitEnded: _wait_ended,
    ev.TakeOverClosed: _take_over_closed,
    ev.StageOpened: _opened,
    ev.StageSkipped: _skipped,
    ev.StageHeld: _held,
    ev.StageSubmitted: _submitted,
    ev.StepDecided: _decided,
    ev.StageReturned: _returned,
    ev.StageRefused: _refused,
    ev.StageWithdrawn: _withdrawn,
    ev.StageReapplied: _reapplied,
    ev.StageRestarted: _restarted,
    ev.StageTakenOver: _taken_over,
    ev.ReplyCompleted: _completed,
    ev.ReplyLapsed: _lapsed,
    ev.EntryRecorded: _recorded,
    ev.EntryOffered: _check_offered,
    ev.EntryRejected: _rejected,
    ev.EntryWithdrawn: _taken_back,
    ev.OutsideMoved: _outside,
    ev.DocumentUploaded: _uploaded,
    ev.SoftGatePassed: _gate,
    ev.StepHandedOver: _handed_over,
    ev.StepOffered: _offered,
    ev.ClockChanged: _clock,
    ev.RungFired: _rung,
    ev.ExplanationFiled: _explained,
    ev.OrderIssued: _order_issued,
    ev.OrderWithdrawn: _order_withdrawn,
    ev.LetterDrafted: _letter,
    ev.StopReviewed: _stop_reviewed,
    ev.IncidentRaised: _incident,
}


# Records of what others did


def describe(what: st.Record, tell: Teller) -> str:
    """What an entry says happened, as a phrase: 9月18日受理（受理号…）."""
    told: str = _RECORDS[type(what)](what, tell)
    return told


def _numbered(on: date, verb: str, number: str) -> str:
    return f"{_day(on)}{verb}（{number}）" if number else f"{_day(on)}{verb}"


def _values(what: st.ReplyData | st.Completed, tell: Teller) -> list[str]:
    """The fields of a reply: 估算1200万元."""
    kind = tell.definition.documents.get(what.document)
    fields = kind.fields if kind else {}
    return [
        f"{fields[key].title}{'是' if value is True else '否' if value is False else value}{fields[key].unit}"
        for key, value in what.fields.items()
        if key in fields
    ]


def _filled_in(what: st.Completed, tell: Teller) -> str:
    basis = [what.basis.rstrip("。")] if what.basis else []
    return f"{tell.document(what.document)}（{'，'.join(_values(what, tell) + basis)}）"


def _spelled(reply: st.ReplyData, tell: Teller) -> str:
    """Everything that was typed of a reply, so that it can be held against the original."""
    parts = [
        reply.number,
        f"{_day(reply.issued_on)}成文",
        reply.issuer,
        f"有效期至{_day(reply.valid_until)}" if reply.valid_until else "",
        *_values(reply, tell),
        f"原件存{reply.kept_at}" if reply.kept_at else "附扫描件" if reply.sha256 else "",
    ]
    return f"{tell.document(reply.document)}（{'，'.join(part for part in parts if part)}）"


def _concluded(what: st.Concluded, tell: Teller) -> str:
    replies = "；".join(_spelled(each, tell) for each in what.replies)
    said = f"：{what.opinion}" if what.opinion else ""
    fixes = f"，需修改：{_fixes(what.fixes)}" if what.fixes else ""
    return f"{_day(what.on)}结论为{OUTCOMES.get(what.outcome, what.outcome)}{said}{'，批复' + replies if replies else ''}{fixes}"


def _signed(what: st.PaperSigned, tell: Teller) -> str:
    said = _said(what.opinion)
    return f"{tell.directory.name(what.signer)}{_day(what.on)}纸质签批{OUTCOMES.get(what.outcome, what.outcome)}{said}，代录"


def _taken(what: st.TakenOver, tell: Teller) -> str:
    replies = "；".join(_spelled(each, tell) for each in what.replies)
    return f"补录{replies or '已办结'}"


_RECORDS: dict[type, Callable[[Any, Teller], str]] = {
    st.Filed: lambda what, _: _numbered(what.on, "报送", what.receipt and f"回执{what.receipt}"),
    st.Accepted: lambda what, _: _numbered(what.on, "受理", what.number),
    st.CorrectionNotified: lambda what, _: (
        f"{_numbered(what.on, '一次性告知补正', what.number)}：{_fixes(what.fixes)}"
    ),
    st.Corrected: lambda what, _: _numbered(
        what.on, "补正后重新报送", what.receipt and f"回执{what.receipt}"
    ),
    st.SpecialBegan: lambda what, _: (
        f"{_day(what.on)}起进入特别程序（{what.procedure}{what.basis and f'，依据{what.basis}'}），时限停表"
    ),
    st.SpecialEnded: lambda what, _: f"{_day(what.on)}特别程序结束，时限恢复",
    st.Extended: lambda what, _: (
        f"{_numbered(what.on, f'决定延长{what.by}', what.number)}，理由：{what.reason}"
    ),
    st.Concluded: _concluded,
    st.PaperSigned: _signed,
    st.TakenOver: _taken,
    st.Completed: lambda what, tell: f"补登{_filled_in(what, tell)}",
}


def _reply(tell: Teller, key: str, paper: st.Paper) -> str:
    return f"{tell.document(key)}{paper.number}"


def _fixes(fixes: Iterable[st.Fix]) -> str:
    return "；".join(fix.text for fix in fixes)


def _because(reason: str) -> str:
    return f"，理由：{reason.rstrip('。')}" if reason else ""


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _said(opinion: str) -> str:
    return f"，意见：{opinion.strip().rstrip('。')}" if opinion.strip() else ""


def _distance(offset: int) -> str:
    if offset == 0:
        return "今日届满"
    return f"已超{offset}个工作日" if offset > 0 else f"还剩{-offset}个工作日"


# The administration's own chain

_CHANGED = {
    "email": "更改了{name}的邮箱",
    "password": "重设了{name}的密码",
    "disabled": "停用了{name}的账号",
    "enabled": "恢复了{name}的账号",
}


_CHANGED_OWN = {"email": "更改了自己的邮箱", "password": "更改了自己的密码"}


def _person_changed(event: ad.PersonChanged, directory: Directory, actor: int) -> str:
    if actor == event.person and event.what in _CHANGED_OWN:
        return _CHANGED_OWN[event.what]
    if event.what == "password" and not actor:
        return f"按新的标准重新保存了{directory.name(event.person)}的密码，密码未变"
    if event.what == "name":
        return f"把工号{directory.people[event.person].staff_number}的姓名改为{event.name}"
    return _CHANGED[event.what].format(name=directory.name(event.person))


def _organisation_changed(event: ad.OrganisationChanged, directory: Directory) -> str:
    if event.what == "renamed":
        return f"把一个单位更名为“{event.name}”"
    if event.what == "region":
        return f"把“{_unit(directory, event.organisation)}”的行政区划代码改为{event.region or '空'}"
    verb = "停用" if event.what == "disabled" else "恢复启用"
    return f"{verb}了“{_unit(directory, event.organisation)}”"


def _unit(directory: Directory, organisation: int) -> str:
    found = directory.organisations.get(organisation)
    return found.name if found else f"单位{organisation}"


def _given(event: ad.DelegationGiven, directory: Directory) -> str:
    who = f"{directory.name(event.principal)}委托{directory.name(event.agent)}"
    return f"登记：{who}代为办理，{_day(event.starts_on)}至{_day(event.ends_on)}{_because(event.reason)}"


_EXPORTED = {
    "record": "导出了审计记录{}条（{}）",
    "ledger": "导出了项目台账，共{}个项目（{}）",
    "house": "导出了全部数据，记录{}条（文件{}）",
}


_ADMINISTERED: dict[type, Callable[[Any, Directory], str]] = {
    ad.OrganisationAdded: lambda it, _: f"登记了单位“{it.name}”",
    ad.OrganisationChanged: _organisation_changed,
    ad.PersonAdded: lambda it, _: f"登记了人员{it.name}（工号{it.staff_number}）",
    ad.PostGranted: lambda it, known: (
        f"授予{known.name(it.person)}岗位：{_unit(known, it.organisation)}{it.title or POSTS.get(it.key, it.key)}"
    ),
    ad.PostRevoked: lambda it, known: (
        f"收回{known.name(it.person)}的岗位：{_unit(known, it.organisation)}{POSTS.get(it.key, it.key)}"
    ),
    ad.DelegationGiven: _given,
    ad.DelegationEnded: lambda it, known: (
        f"提前结束了{known.name(it.principal)}对{known.name(it.agent)}的委托"
    ),
    ad.DefinitionPublished: lambda it, _: (
        f"发布了项目类型{it.definition}第{it.version}版（校验码{it.digest[:16]}）"
    ),
    ad.CalendarLoaded: lambda it, _: f"载入了{it.year}年工作日历（校验码{it.digest[:16]}）",
    ad.IncidentResolved: lambda it, _: f"处理了第{it.incident}号异常：{it.how.rstrip('。')}",
    ad.MailsSentAgain: lambda it, _: f"重新投递了{len(it.mails)}封未送达的邮件",
    ad.RecordExported: lambda it, _: _EXPORTED[it.what].format(it.entries, it.filter),
    ad.OlderRestored: lambda it, _: (
        f"恢复了{_day(local_day(it.backup_at))}的备份，其后的{it.lost}条记录已放弃，原数据另存"
    ),
}
