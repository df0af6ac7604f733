"""What mails say: every kind of notice, in Chinese, as text and as HTML, in the tone of the house."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import escape
from msgspec.structs import replace

from notifications.content import describe
from notifications.render import render, say
from notifications.wording import short, without_amounts
from tests.hostile import MARKUP, TEMPLATES
from tests.notifications.bureau import Bureau, at
from tests.notifications.samples import causes
from workflow import events as ev
from workflow.clock import Limit, Span, Unit, local_day
from workflow.notices import NOTICES
from workflow.timing import stop

TODAY = local_day(at("2026-11-20 09:00"))
BASE = "https://shenpi.example.gov.cn/"

SUBJECTS = {
    "opened": "【待报送】大院社区综合养老服务中心改造·概算审核，请于2027年1月5日（周二，暂定）前备齐材料",
    "asked": "【待补齐】大院社区综合养老服务中心改造·设计方案审查，请补填是否改变外立面",
    "decide": "【待审】大院社区综合养老服务中心改造·概算审核，请于11月20日（周五）前审核",
    "record": "【待办】大院社区综合养老服务中心改造·概算审核，请向区发展和改革局报送",
    "check": "【待核对】大院社区综合养老服务中心改造·概算审核，请核对刘畅登记的受理情况",
    "check_batch": "【待核对】刘畅批量补录12个项目、104项批复，请核对原件",
    "returned": "【退回】大院社区综合养老服务中心改造·概算审核，2处需修改",
    "refused": "【不予批准】大院社区综合养老服务中心改造·概算审核",
    "issued": "【已批复】大院社区综合养老服务中心改造·概算审核，可办理消防设计审查",
    "handed_over": "【转办】大院社区综合养老服务中心改造·概算审核，请审核",
    "relieved": "【已转办】大院社区综合养老服务中心改造·概算审核，由李国栋接办，您不必再办",
    "rejected": "【核对未通过】大院社区综合养老服务中心改造·概算审核，请更正后重新登记",
    "restarted": "【重新审核】大院社区综合养老服务中心改造·概算审核，房屋权属证明已更换",
    "approaching": "【临期】大院社区综合养老服务中心改造·概算审核，请于11月23日（周一）前审核，剩1个工作日",
    "due_today": "【今日到期】大院社区综合养老服务中心改造·概算审核，在您处已2个工作日",
    "overdue": "【已超期】大院社区综合养老服务中心改造·概算审核，已超5个工作日，请尽快审核",
    "escalated": "【提请关注】大院社区综合养老服务中心改造·科室审核已超5个工作日，请阅处",
    "supervised": "【督办】大院社区综合养老服务中心改造·概算审核，请于11月24日（周二）前答复",
    "order_late": "【督办未答复】大院社区综合养老服务中心改造·概算审核，李国栋未在11月19日前答复",
    "order_ended": "【督办答复】大院社区综合养老服务中心改造·概算审核，李国栋已答复，请阅",
    "retimed": "【已延长】大院社区综合养老服务中心改造·概算审核，11月24日到期",
    "moved": "【已中止】大院社区综合养老服务中心改造，恢复前不能办理",
    "standing": "【请复查】大院社区综合养老服务中心改造·概算审核，停表已20个工作日",
    "validity": "【有效期】大院社区综合养老服务中心改造·概算批复12月18日到期，剩20个工作日",
    "lapsed": "【已失效】大院社区综合养老服务中心改造·概算批复已过有效期，请重新办理",
    "outside_late": "【提请关注】大院社区综合养老服务中心改造·概算审核，区发展和改革局已过商定日期14个工作日",
    "incident": "【需处理】大院社区综合养老服务中心改造·概算审核，流程等待人工处理",
}


class Links(HTMLParser):
    """The addresses a mail would open, and everything it would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag in {"img", "script", "link", "iframe", "form"}:
            self.loads.append(tag)


def test_every_kind_of_notice_is_written_and_can_be_looked_at(bureau: Bureau, tmp_path: Path) -> None:
    bureau.register("2026-11-05 09:00")
    written = {}
    for kind, cause in causes(bureau).items():
        mail = render(kind, describe(cause, base_url=BASE, today=TODAY))
        (tmp_path / f"{kind}.html").write_text(mail.html, encoding="utf-8")
        (tmp_path / f"{kind}.txt").write_text(f"{mail.subject}\n\n{mail.text}", encoding="utf-8")
        written[kind] = mail

    assert set(written) == set(NOTICES), "every kind of notice has its mail"
    assert {kind: mail.subject for kind, mail in written.items()} == SUBJECTS
    for kind, mail in written.items():
        links = Links()
        links.feed(mail.html)
        stage = "design_review" if kind == "asked" else "budget_review"
        page = {"check_batch": "checks", "moved": "projects/P1"}.get(kind, f"projects/P1/stages/{stage}")
        place = {"escalated": "?open=supervise#order", "supervised": "#order", "order_late": "#order"}
        assert links.links == [f"https://shenpi.example.gov.cn/{page}{place.get(kind, '')}"], kind
        assert links.loads == [], kind
        assert mail.text.count("http") == 1, kind
        assert "收到本邮件，因为您是" in mail.text, kind
        assert "\n\n\n" not in mail.text, kind


def test_the_first_line_says_what_to_do_and_the_next_ones_who_until_when_and_why(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    mail = render("escalated", describe(causes(bureau)["escalated"], base_url=BASE, today=TODAY))
    assert (
        mail.text.splitlines()[0] == "本件在李国栋处已超5个工作日，请阅处：可督办、延长时限或指定他人办理。"
    )
    assert f"{BASE}projects/" in mail.text
    assert "/stages/budget_review?open=supervise#order" in mail.text
    assert "办理：李国栋，自11月11日 周三，已7个工作日" in mail.text
    assert "期限：■ 11月13日 周五 · 超 5 个工作日" in mail.text
    assert "时限：2个工作日，自11月11日次日起算（政府投资条例第13条）" in mail.text


def test_an_escalation_promises_nobody_what_the_desk_would_refuse(bureau: Bureau) -> None:
    """李国栋 holds the late step: he can neither chase himself nor extend his own limit; who administers can do nothing."""
    bureau.register("2026-11-05 09:00")
    cause = causes(bureau)["escalated"]
    said = {
        name: render(
            "escalated", describe(replace(cause, person=bureau.people[name]), base_url=BASE, today=TODAY)
        )
        for name in ("陈文娟", "李国栋", "蒋慧")
    }

    leads = {name: mail.text.splitlines()[0].partition("请阅处：")[2] for name, mail in said.items()}
    assert leads == {
        "陈文娟": "可督办、延长时限或指定他人办理。",
        "李国栋": "可指定他人办理。",
        "蒋慧": "",
    }


def test_an_order_about_what_another_office_has_keeps_their_day_and_ours_apart(bureau: Bureau) -> None:
    """The office has had it since 25 September; the answer is due here on 24 November, and that is no 推算."""
    bureau.register("2026-11-05 09:00")
    known = causes(bureau)
    clerk = replace(known["supervised"], state=known["outside_late"].state, person=bureau.people["刘畅"])
    text = render("supervised", describe(clerk, base_url=BASE, today=TODAY)).text

    assert "办理：区发展和改革局，9月25日 周五受理" in text
    assert "11月24日 周二 · 剩 2 个工作日\n" in text
    assert "前登记区发展和改革局的办理结果，或以情况说明答复。" in text.replace("\n", "")


def test_what_is_taken_from_somebody_says_that_nothing_is_left_to_do(bureau: Bureau) -> None:
    """A withdrawn file, a stopped clock, a project resumed or ended: each says at once what it means."""
    bureau.register("2026-11-05 09:00")
    known = causes(bureau)
    li, stage = bureau.people["李国栋"], "budget_review"
    back = ev.StageWithdrawn(stage, ev.Entered("preparing", (bureau.people["刘畅"],)), "漏附一页")
    wrong = {"event": ev.EntryWithdrawn(9, stage), "person": li, "actor": bureau.people["刘畅"]}
    mail = render("relieved", describe(replace(known["relieved"], **wrong), base_url=BASE, today=TODAY))
    assert mail.text.startswith("刘畅已撤回所作登记，您不必再核对；重新登记时另行通知。")
    assert "收到本邮件，因为您是原核对人" in mail.text
    clock = known["due_today"].clock
    assert clock is not None
    halted = stop(clock, date(2026, 11, 20), "等省里批示")
    stopped = ev.ClockChanged(stage, "stopped", "等省里批示", halted)
    first_lines = {
        kind: render(kind, describe(replace(known[kind], **changes), base_url=BASE, today=TODAY))
        for kind, changes in (
            ("relieved", {"event": back, "person": li, "actor": bureau.people["刘畅"]}),
            ("retimed", {"event": stopped}),
            ("moved", {"event": ev.ProjectMoved("terminate", "terminated", "不再实施")}),
        )
    }

    assert {kind: mail.text.splitlines()[0] for kind, mail in first_lines.items()} == {
        "relieved": "刘畅已撤回本件，您不必再办；重新报送时另行通知。",
        "retimed": "陈文娟已暂停本件时限，恢复前不计时、不提醒到期；恢复时另行通知。",
        "moved": "陈文娟已将本项目终止，未办结的事项一并取消，不再办理。",
    }
    assert "尚缺材料" not in first_lines["relieved"].text
    assert "期限：停表中（等省里批示）" in first_lines["retimed"].text


def test_a_review_begun_again_says_why_and_which_opinions_fell_only_if_there_were_any(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    cause = causes(bureau)["restarted"]
    by_fact = replace(cause, event=replace(cause.event, document="", opinions=False))
    of_paper, of_fact = (
        render("restarted", describe(it, base_url=BASE, today=TODAY)) for it in (cause, by_fact)
    )

    assert of_paper.text.startswith("“房屋权属证明”已更换，原有意见不再有效，请于")
    assert of_fact.subject.endswith("概算审核，项目信息有变")
    assert of_fact.text.startswith("项目信息有变，请于")


def test_whoever_acted_for_another_is_named_with_them(bureau: Bureau) -> None:
    """Every mail that names who did it says 代, in its words and in the story of the timeline."""
    bureau.register("2026-11-05 09:00")
    known, zhou = causes(bureau), bureau.people["周建平"]
    by = {"check": "刘畅", "check_batch": "刘畅", "returned": "李国栋", "rejected": "李国栋", "handed_over": "陈文娟",
          "relieved": "周建平", "retimed": "陈文娟", "moved": "陈文娟"}  # fmt: skip

    for kind, who in by.items():
        cause = replace(known[kind], event=replace(known[kind].event, on_behalf=zhou))
        assert f"{who}（代周建平）" in render(kind, describe(cause, base_url=BASE, today=TODAY)).text, kind


def test_whoever_checks_reads_what_was_entered_with_its_own_day_and_not_when_the_office_is_due(
    bureau: Bureau,
) -> None:
    """李国栋 is to hold a day of acceptance against its notice; how long the other office has is not his matter."""
    bureau.register("2026-11-05 09:00")
    known = causes(bureau)
    cause = known["check"]
    there = replace(cause.standing, state="external.filed", clock=known["outside_late"].clock)
    state = replace(cause.state, stages={**cause.state.stages, "budget_review": there})

    mail = render("check", describe(replace(cause, state=state), base_url=BASE, today=TODAY))

    assert "登记：2026年11月18日受理（受理〔2026〕9号）" in mail.text
    assert "2026年11月18日受理（受理〔2026〕9号）" in mail.html
    for absent in ("期限：", "时限：", "本局推算", "11月2日", "待李国栋核对"):
        assert absent not in mail.text, absent


def test_lateness_outside_is_worked_out_by_us_and_nobodys_own(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    mail = render("outside_late", describe(causes(bureau)["outside_late"], base_url=BASE, today=TODAY))
    assert mail.text.startswith("区发展和改革局办理中，已过商定日期14个工作日（本局推算，以该局为准）。")
    assert "扣除9月29日至10月7日（专家评审）" in mail.text
    assert "法定30个工作日，至11月16日" in mail.text
    assert "外部门的时间不计入本局人员" in mail.text


def test_a_file_not_handed_out_is_its_clerks_own_lateness_by_a_rule_of_the_house(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    known = causes(bureau)
    late = known["overdue"].event
    assert isinstance(late, ev.RungFired)
    event = replace(late, clock=replace(late.clock, key="external.filing", limit=Limit(3, Unit.WORKDAYS)))
    mail = render("overdue", describe(replace(known["overdue"], event=event), base_url=BASE, today=TODAY))

    assert mail.text.startswith("本件已超5个工作日，请尽快向区发展和改革局报送；有特殊情况，请填写情况说明。")
    assert "事项：概算审核 · 发改审核" in mail.text
    assert "时限：3个工作日，自11月11日次日起算（本局内部时限）" in mail.text
    assert "推算" not in mail.text


def test_a_stop_of_no_day_is_not_said_to_have_taken_any(bureau: Bureau) -> None:
    """A special procedure that began and ended on one day: 扣除11月22日至11月21日 would be nonsense."""
    bureau.register("2026-11-05 09:00")
    cause = causes(bureau)["outside_late"]
    assert isinstance(cause.event, ev.RungFired)
    same_day = (Span(date(2026, 9, 28), date(2026, 9, 28), "现场踏勘"), *cause.event.clock.spans)
    event = replace(cause.event, clock=replace(cause.event.clock, spans=same_day))
    mail = render("outside_late", describe(replace(cause, event=event), base_url=BASE, today=TODAY))
    assert "现场踏勘" not in mail.text
    assert "扣除9月29日至10月7日（专家评审）" in mail.text


def test_what_people_typed_is_never_compiled_and_always_escaped(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    cause = causes(bureau)["returned"]
    for typed in (*TEMPLATES, *MARKUP[:40]):
        hostile = replace(cause, state=replace(cause.state, title=typed))
        mail = render("returned", describe(hostile, base_url=BASE, today=TODAY))
        assert typed[:20] in mail.text
        assert str(escape(typed))[:20] in mail.html
        assert typed not in mail.html or typed == str(escape(typed))
        assert not {"49", "7777777"} & set(re.findall(r"\d+", mail.text)) - set(re.findall(r"\d+", typed))


def test_a_name_that_nobody_gave_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        say("decide", {})


@pytest.mark.parametrize(
    "words", ["12,668.00万元", "3.2 亿元", "¥12元", "386.00万元", "二、500 千元"],
)  # fmt: skip
def test_an_amount_of_money_never_gets_through(words: str) -> None:
    assert "（金额见系统）" in without_amounts(f"合计{words}，请核对")
    assert without_amounts("第12项、共3处") == "第12项、共3处"


def test_a_long_title_is_cut_where_a_phone_would_cut_it() -> None:
    assert short("一" * 22) == "一" * 22
    assert short("一" * 23) == "一" * 21 + "…"
