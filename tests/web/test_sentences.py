"""Every event is told as one Chinese sentence."""

from __future__ import annotations

import typing
from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from tests.web.test_graph import definition
from tests.world import at
from workflow import administration as ad
from workflow import events as ev
from workflow import state as st
from workflow.clock import Limit, Unit
from workflow.people import Directory, PersonView
from workflow.sentences import _RECORDS, Teller, administered, describe, sentence

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
PEOPLE = Directory(
    people={
        1: PersonView(1, "谭丽", "tanli", "", True),
        2: PersonView(2, "杨帆", "yangfan", "", True),
        3: PersonView(3, "罗秀英", "luoxiuying", "", True),
    },
    organisations={},
    posts=(),
)
CLOCK = st.Clock("review", DAY, Limit(2, Unit.WORKDAYS), due_on=date(2026, 11, 24))
ASKED = st.Clock(st.ORDER, DAY, Limit(2, Unit.WORKDAYS), due_on=date(2026, 11, 24))
OUTSIDE = st.Clock("external.accepted", DAY, Limit(20, Unit.WORKDAYS), outside=True)
REVIEW = ev.Entered("review", (2,), CLOCK)
PAPER = st.Paper(1, 1, NOW, sha256="0" * 64, name="报告.pdf")
KEPT = st.Paper(2, 1, NOW, number="云民党组纪〔2026〕9号", kept_at="办公室")
REPLY = st.Paper(1, 1, NOW, number="云发改审〔2026〕27号", issued_on=DAY)
FIXES = (st.Fix("补编制说明"), st.Fix("核对工程量"))
FILED = st.Filed(DAY, "第12号")
STAGE = "feasibility"

EVENTS: list[tuple[ev.Event, str]] = [
    (ev.ProjectRegistered("columbarium", 1, "d", "区公益性骨灰堂", 1, 1), "杨帆登记了项目“区公益性骨灰堂”，经办人谭丽，按《公益性骨灰堂建设》第1版办理。"),
    (ev.FactsChanged({"total_investment": "1.00"}, "初设批复", "2406"), "杨帆更新了总投资，项目代码为2406，理由：初设批复。"),
    (ev.ProjectMoved("suspend", "active_suspended", "资金未到位"), "杨帆将项目转为“在办（中止）”，理由：资金未到位。"),
    (ev.ClerkChanged(1, "岗位调整"), "杨帆将项目交由谭丽经办，理由：岗位调整。"),
    (ev.WaitBegan(st.Wait(9)), "杨帆登记：本项目等待另一项目投用。"),
    (ev.WaitEnded(9), "所等待的另一项目已办到，本项目不再等待。"),
    (ev.WaitEnded(9, "", "另行选址"), "杨帆决定本项目不再等待另一项目，理由：另行选址。"),
    (ev.TakeOverClosed(("planning", "layout")), "杨帆结束补录，另有2个在前事项视为已办，此后按时限办理。"),
    (ev.StageOpened(STAGE, 1, ev.Entered("preparing", (1,))), "“可研审批”已具备条件，由谭丽准备材料。"),
    (ev.StageSkipped("forest_land", "占用林地大于0公顷"), "不适用（仅当占用林地大于0公顷时办理），已略过。"),
    (ev.StageHeld(STAGE), "“可研审批”转为等待，前置条件具备后再办理。"),
    (ev.StageHeld(STAGE, asked=(1,)), "“可研审批”的其他条件已具备，请谭丽补齐所缺信息。"),
    (ev.StageHeld(STAGE, DAY), "“可研审批”须等到2026年11月20日方可办理。"),
    (ev.StageSubmitted(STAGE, {"a": "b"}, REVIEW), "杨帆报送了“可研审批”，材料1件，下一步：科室审核（杨帆）。"),
    (ev.StepDecided(STAGE, "review", "资料齐全。", "", REVIEW, on_behalf=3), "杨帆（代罗秀英）在“可研审批”的科室审核中同意，意见：资料齐全，下一步：科室审核（杨帆）。"),
    (ev.StepDecided("survey_design", "bidding", "三家投标。", "", REVIEW), "杨帆在“勘察设计招标”的招标文件发出至开标期满时办结，意见：三家投标，下一步：科室审核（杨帆）。"),
    (ev.StepDecided(STAGE, "sign", "", "", ev.Entered("issued"), signed_by=3, issued={"feasibility_reply": REPLY}), "罗秀英（纸质签批，杨帆核对原件）在“可研审批”的分管领导审签中同意；“可研审批”已办结，取得可研批复云发改审〔2026〕27号。"),
    (ev.StageReturned(STAGE, "review", "材料不全。", FIXES, ev.Entered("preparing", (1,))), "杨帆退回了“可研审批”，理由：材料不全，需修改2处：补编制说明；核对工程量。"),
    (ev.StageRefused(STAGE, "review", "不符合规划"), "杨帆对“可研审批”不予批准，理由：不符合规划。"),
    (ev.StageWithdrawn(STAGE, REVIEW, "补附件"), "杨帆撤回了“可研审批”，理由：补附件。"),
    (ev.StageReapplied(STAGE, REVIEW, "补正后重报"), "杨帆重新办理“可研审批”，理由：补正后重报。"),
    (ev.StageRestarted(STAGE, "feasibility_report", {}, REVIEW), "“可行性研究报告”已更换，“可研审批”原有意见不再有效，从头审核，下一步：科室审核（杨帆）。"),
    (ev.StageRestarted(STAGE, "", {}, REVIEW, opinions=False), "项目信息有变，“可研审批”从头审核，下一步：科室审核（杨帆）。"),
    (ev.StageTakenOver(STAGE, {"feasibility_reply": REPLY}, DAY, 4), "杨帆核对了补录的“可研审批”：可研批复云发改审〔2026〕27号。"),
    (ev.StageTakenOver(STAGE), "“可研审批”在已补录的批复之前，视为已办（补录）。"),
    (ev.ReplyCompleted(STAGE, "feasibility_reply", {"estimate": "1200"}, "取自可研报告", 4), "杨帆核对了补登的可研批复（投资估算1200万元，取自可研报告）。"),
    (ev.ReplyLapsed("feasibility_reply", STAGE), "可研批复有效期届满，“可研审批”失效。"),
    (ev.EntryRecorded(st.Entry(1, STAGE, FILED, 2, NOW, (3,))), "杨帆登记“可研审批”：2026年11月20日报送（回执第12号），待罗秀英核对原件。"),
    (ev.EntryOffered(st.Entry(1, STAGE, FILED, 2, NOW, (3,))), "“可研审批”的登记此前无人可核对，改由罗秀英核对原件。"),
    (ev.EntryRejected(1, STAGE, "日期不符"), "杨帆核对“可研审批”的登记未通过，理由：日期不符。"),
    (ev.EntryWithdrawn(1, STAGE), "杨帆撤回了“可研审批”尚未核对的登记。"),
    (ev.OutsideMoved(STAGE, "external", 1, FILED, ev.Entered("external.filed")), "杨帆核对无误，“可研审批”：2026年11月20日报送（回执第12号）。"),
    (ev.DocumentUploaded("feasibility_report", PAPER), "杨帆上传了“可行性研究报告”第1版（报告.pdf）。"),
    (ev.DocumentUploaded("party_minutes", KEPT), "杨帆登记了“局党组会纪要”第2版（仅登记不上传，云民党组纪〔2026〕9号，存办公室）。"),
    (ev.SoftGatePassed(STAGE, "proposal|party_minutes", "先行"), "杨帆同意“可研审批”暂缺“项目建议书或局党组会纪要”先行办理，理由：先行。"),
    (ev.StepHandedOver(STAGE, (3,), 2, "外出"), "杨帆将“可研审批”转交杨帆办理（原办理人罗秀英），理由：外出。"),
    (ev.StepOffered(STAGE, (2,)), "“可研审批”此前无人可办，现由杨帆办理。"),
    (ev.ClockChanged(STAGE, "extended", "工程量大", CLOCK), "杨帆延长了“可研审批”的时限，到期日2026年11月24日，理由：工程量大。"),
    (ev.ClockChanged("", "consumed", "", CLOCK, "feasibility_reply"), "“可研批复”的后续事项均已办结或不适用，有效期不再提醒。"),
    (ev.ClockChanged("", "needed", "", CLOCK, "feasibility_reply"), "“可研批复”又有事项要用，有效期重新提醒，到期日2026年11月24日。"),
    (ev.RungFired(STAGE, CLOCK, 3, (3,), NOW), "“可研审批”办理时限已超3个工作日，已提醒罗秀英。"),
    (ev.RungFired(STAGE, OUTSIDE, 0, (1,), NOW), "“可研审批”办理时限今日届满（外部门办理，本局推算），已提醒谭丽。"),
    (ev.RungFired(STAGE, CLOCK, -20, (1,), NOW, "feasibility_reply"), "“可研批复”有效期还剩20个工作日，已提醒谭丽。"),
    (ev.ExplanationFiled(STAGE, "review", "正在核对。"), "杨帆就“可研审批”提交情况说明：正在核对。"),
    (ev.ExplanationFiled(STAGE, "review", "正在核对。", answers=True), "杨帆就“可研审批”答复督办：正在核对。"),
    (ev.OrderIssued(STAGE, "请说明原因。", (1,), ASKED, on_behalf=3), "杨帆（代罗秀英）就“可研审批”督办谭丽：请说明原因，请于2026年11月24日前答复。"),
    (ev.OrderWithdrawn(STAGE, "已当面答复"), "杨帆撤回了对“可研审批”的督办，理由：已当面答复。"),
    (ev.RungFired(STAGE, ASKED, 1, (3,), NOW), "“可研审批”的督办逾期未答复，已提醒罗秀英。"),
    (ev.ClockChanged(STAGE, "recomputed", "载入2027年工作日历", ASKED), "杨帆重新计算了“可研审批”督办未答复时提醒的日子，理由：载入2027年工作日历。"),
    (ev.StopReviewed(STAGE, date(2026, 9, 1), 20, "等省里批示"), "“可研审批”的时限因“等省里批示”，自2026年9月1日起停止计算，已20个工作日，提请复查。"),
    (ev.StopReviewed("", date(2026, 9, 1), 40, "资金未落实"), "项目因“资金未落实”，自2026年9月1日起中止，已40个工作日，提请复查。"),
    (ev.LetterDrafted(STAGE, "external", "函"), "杨帆为“可研审批”拟了商请函（代拟稿，未发）。"),
    (ev.IncidentRaised("nobody-holds-post", "岗位空缺。", STAGE), "出现需要处理的异常：岗位空缺。"),
]  # fmt: skip

RECORDS: list[tuple[st.Record, str]] = [
    (FILED, "2026年11月20日报送（回执第12号）"),
    (st.Accepted(DAY), "2026年11月20日受理"),
    (st.CorrectionNotified(DAY, FIXES, "补1号"), "2026年11月20日一次性告知补正（补1号）：补编制说明；核对工程量"),
    (st.Corrected(DAY), "2026年11月20日补正后重新报送"),
    (st.SpecialBegan(DAY, "专家评审"), "2026年11月20日起进入特别程序（专家评审），时限停表"),
    (st.SpecialEnded(DAY), "2026年11月20日特别程序结束，时限恢复"),
    (st.Extended(DAY, Limit(10, Unit.WORKDAYS), "情况复杂"), "2026年11月20日决定延长10个工作日，理由：情况复杂"),
    (st.Concluded(DAY, "approved", "", (st.ReplyData("feasibility_reply", DAY, "云发改审〔2026〕27号"),)), "2026年11月20日结论为同意，批复可研批复（云发改审〔2026〕27号，2026年11月20日成文）"),
    (st.Completed("feasibility_reply", {"estimate": "1200"}), "补登可研批复（投资估算1200万元）"),
    (st.PaperSigned("sign", 3, DAY, "approved", "同意。", ""), "罗秀英2026年11月20日纸质签批同意，意见：同意，代录"),
    (st.TakenOver((st.ReplyData("feasibility_reply", DAY, "云发改审〔2026〕27号"),)), "补录可研批复（云发改审〔2026〕27号，2026年11月20日成文）"),
]  # fmt: skip


def test_no_kind_of_event_or_record_is_forgotten() -> None:
    assert {type(event) for event, _ in EVENTS} == set(typing.get_args(ev.Event))
    assert {type(what) for what, _ in RECORDS} == set(typing.get_args(st.Record)) == set(_RECORDS)


@pytest.mark.parametrize(("event", "expected"), EVENTS, ids=[expected for _, expected in EVENTS])
def test_an_event_is_one_sentence(event: ev.Event, expected: str) -> None:
    told = sentence(event, Teller(definition("columbarium"), PEOPLE, 2))

    assert told.endswith(expected)
    assert told.count("。") == 1


@pytest.mark.parametrize(("what", "expected"), RECORDS, ids=[expected for _, expected in RECORDS])
def test_a_record_of_what_others_did_is_one_phrase(what: st.Record, expected: str) -> None:
    assert describe(what, Teller(definition("columbarium"), PEOPLE)) == expected


@pytest.mark.parametrize(("event", "expected"), EVENTS, ids=[expected for _, expected in EVENTS])
def test_who_acts_for_another_says_so_of_whatever_it_is(event: ev.Event, expected: str) -> None:
    """Whichever sentence begins with who did it names for whom as well."""
    told = sentence(replace(event, on_behalf=3), Teller(definition("columbarium"), PEOPLE, 2))

    assert told.startswith("杨帆（代罗秀英）") is expected.startswith("杨帆")


def test_what_the_system_does_stands_under_its_own_name() -> None:
    told = sentence(ev.LetterDrafted(STAGE, "external", "函"), Teller(definition("columbarium"), PEOPLE))

    assert told.startswith("系统")


ADMINISTERED: list[tuple[ad.AdministrationEvent, str]] = [
    (ad.OrganisationAdded(1, "云河县民政局", 0), "杨帆登记了单位“云河县民政局”。"),
    (ad.OrganisationChanged(1, "renamed", "项目股"), "杨帆把一个单位更名为“项目股”。"),
    (ad.OrganisationChanged(7, "disabled"), "杨帆停用了“单位7”。"),
    (ad.PersonAdded(1, "谭丽", "tanli"), "杨帆登记了人员谭丽（工号tanli）。"),
    (ad.PersonChanged(1, "password"), "杨帆重设了谭丽的密码。"),
    (ad.PersonChanged(1, "name", "谭莉"), "杨帆把工号tanli的姓名改为谭莉。"),
    (ad.PostGranted(1, 7, "clerk", "经办"), "杨帆授予谭丽岗位：单位7经办。"),
    (ad.PostRevoked(1, 7, "clerk"), "杨帆收回谭丽的岗位：单位7经办人。"),
    (
        ad.DelegationGiven(1, 3, DAY, DAY, "住院。"),
        "杨帆登记：谭丽委托罗秀英代为办理，2026年11月20日至2026年11月20日，理由：住院。",
    ),
    (ad.DelegationEnded(1, 3), "杨帆提前结束了谭丽对罗秀英的委托。"),
    (ad.DefinitionPublished("hall", 2, "0" * 64), "杨帆发布了项目类型hall第2版（校验码0000000000000000）。"),
    (ad.CalendarLoaded(2027, "official", "0" * 64), "杨帆载入了2027年工作日历（校验码0000000000000000）。"),
    (ad.IncidentResolved(4, "已任命。"), "杨帆处理了第4号异常：已任命。"),
    (ad.MailsSentAgain((1, 2)), "杨帆重新投递了2封未送达的邮件。"),
    (ad.RecordExported("全部", 9), "杨帆导出了审计记录9条（全部）。"),
    (ad.RecordExported("本局超期", 3, "ledger"), "杨帆导出了项目台账，共3个项目（本局超期）。"),
    (ad.RecordExported("house.zip", 9, "house"), "杨帆导出了全部数据，记录9条（文件house.zip）。"),
    (
        ad.OlderRestored(at("2026-09-18 17:00"), 3),
        "杨帆恢复了2026年9月18日的备份，其后的3条记录已放弃，原数据另存。",
    ),
]


def test_a_password_of_ones_own_reads_otherwise_than_one_that_was_set() -> None:
    changed = ad.PersonChanged(1, "password")

    assert administered(changed, PEOPLE, 1) == "谭丽更改了自己的密码。"
    assert administered(changed, PEOPLE, 0) == "系统按新的标准重新保存了谭丽的密码，密码未变。"


@pytest.mark.parametrize(("event", "words"), ADMINISTERED, ids=[words for _, words in ADMINISTERED])
def test_an_act_of_the_administration_reads_as_a_sentence(event: ad.AdministrationEvent, words: str) -> None:
    assert administered(event, PEOPLE, 2) == words


def test_no_act_of_the_administration_is_without_a_sentence() -> None:
    assert {type(event) for event, _ in ADMINISTERED} == set(typing.get_args(ad.AdministrationEvent))
