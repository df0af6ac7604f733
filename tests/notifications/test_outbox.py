"""Who gets which mail, when several notices share one, and what happens where there is no address."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications import outbox
from notifications.outbox import expand
from tests.notifications.bureau import BY_NOTICE, Bureau, at, lost, settings
from workflow.actions.clocks import file_explanation
from workflow.actions.decisions import decide
from workflow.actions.definitions import publish
from workflow.actions.people import change_person
from workflow.actions.projects import register_project
from workflow.people import SYSTEM
from workflow.state import Fix


def written(bureau: Bureau, when: str, **changes: int) -> int:
    return expand(bureau.store, settings=settings(**changes), now=at(when))


def test_a_stall_climbs_from_the_holder_to_the_director_in_the_words_of_the_demo(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    bureau.submit("2026-11-11 10:00")
    written(bureau, "2026-11-11 10:01")
    for day in (12, 13, 16, 18):
        bureau.sweep(f"2026-11-{day} 09:00")
        written(bureau, f"2026-11-{day} 09:00")

    place = "大院社区综合养老服务中心改造·概算审核"
    assert bureau.subjects("李国栋") == [
        f"【待审】{place}，请于11月13日（周五）前审核",
        f"【临期】{place}，请于11月13日（周五）前审核，剩1个工作日",
        f"【今日到期】{place}，在您处已2个工作日",
    ]
    assert bureau.subjects("刘畅")[-1] == f"【今日到期】{place}，在李国栋处已2个工作日"
    assert bureau.subjects("陈文娟") == [
        "【提请关注】大院社区综合养老服务中心改造·科室审核已超1个工作日，请阅处"
    ]
    assert bureau.subjects("周建平") == [
        "【提请关注】大院社区综合养老服务中心改造·科室审核已超3个工作日，请阅处"
    ]


def test_a_superior_reads_what_the_late_holder_has_to_say(bureau: Bureau) -> None:
    """李国栋 explains after the first reminder; the next one carries his words up, the first could not."""
    bureau.register("2026-11-05 09:00")
    bureau.submit("2026-11-11 10:00")
    for day in (12, 13, 16):
        bureau.sweep(f"2026-11-{day} 09:00")
        written(bureau, f"2026-11-{day} 09:00")
    said = "设备费12万元依据不足，已请编制单位补充询价，11月25日前审核完毕"
    bureau.do(file_explanation, "李国栋", "2026-11-16 15:00", stage="budget_review", text=said)
    bureau.sweep("2026-11-18 09:00")
    written(bureau, "2026-11-18 09:01")

    (early,), (late,) = bureau.rows(
        f"SELECT text FROM mail WHERE subject LIKE '【提请关注】%' ORDER BY {BY_NOTICE}"
    )
    assert "说明：" not in early
    told = "".join(late.split())
    assert "说明：李国栋11月16日：设备费（金额见系统）依据不足，已请编制单位补充询价，" in told


def test_a_return_names_how_many_places_to_fix_and_lists_them(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    bureau.submit("2026-11-11 10:00")
    bureau.do(
        decide, "李国栋", "2026-11-12 15:00", stage="budget_review", step="review", outcome="returned",
        opinion="请核对后重报", fixes=[Fix("分项合计12,668.00万元，与总投资相差12.00万元"), Fix("补房屋安全鉴定")],
    )  # fmt: skip
    written(bureau, "2026-11-12 15:01")

    assert bureau.subjects("刘畅")[-1] == "【退回】大院社区综合养老服务中心改造·概算审核，2处需修改"
    (body,) = bureau.rows(
        "SELECT text, html FROM mail ORDER BY length(message_id) DESC, message_id DESC LIMIT 1"
    )
    for shape in body:
        assert "补房屋安全鉴定" in shape
        assert "万元" not in shape
        assert "（金额见系统）" in shape


def test_a_notice_becomes_exactly_one_mail_however_often_the_outbox_is_looked_at(bureau: Bureau) -> None:
    bureau.stalled()
    assert written(bureau, "2026-11-18 09:01") > 0
    before = bureau.rows("SELECT count(*) FROM mail")
    assert written(bureau, "2026-11-18 09:02") == 0
    bureau.reopen()
    assert written(bureau, "2026-11-18 09:03") == 0
    assert bureau.rows("SELECT count(*) FROM mail") == before
    assert bureau.rows("SELECT count(*) FROM notice WHERE open") == [(0,)]
    assert bureau.rows("SELECT count(*) FROM delivery") == bureau.rows("SELECT count(*) FROM notice")
    assert bureau.store.read(lost) == []


def test_of_two_mailers_that_saw_the_same_notice_one_writes_the_mail(bureau: Bureau) -> None:
    """Both have read it and written their text; the second finds it taken, and leaves nothing behind."""
    bureau.register("2026-11-05 09:00")
    now = at("2026-11-05 09:01")
    bundles = bureau.store.read(outbox._bundles, settings=settings(), now=now, quiet=outbox.QUIET)
    (letter,) = bureau.store.read(outbox._letters, bundles=bundles, settings=settings(), now=now)
    bureau.store.act(outbox.take_over, letter=letter, now=now)

    with pytest.raises(outbox.Taken):
        bureau.store.act(outbox.take_over, letter=letter, now=now)
    assert bureau.rows("SELECT count(*) FROM mail") == [(1,)]


def test_after_an_outage_everybody_gets_one_honest_mail(bureau: Bureau) -> None:
    for number in range(3):
        ref = bureau.register("2026-11-05 09:00", f"第{number + 1}社区养老中心")
        bureau.submit("2026-11-11 10:00", ref)
    written(bureau, "2026-11-11 10:01")

    bureau.sweep("2026-11-18 10:12")
    assert written(bureau, "2026-11-18 10:12") == 0, "the sweep may still be at work"
    written(bureau, "2026-11-18 10:14")

    assert bureau.subjects("周建平") == ["【提请关注】系统停机期间积压3项提醒"]
    assert bureau.subjects("李国栋")[3:] == ["【提请关注】系统停机期间积压6项提醒"]
    ((mail, deliveries),) = bureau.rows(
        "SELECT mail_id, count(*) FROM delivery WHERE person_id = :person GROUP BY mail_id",
        person=bureau.people["周建平"],
    )
    assert (mail is not None, deliveries) == (True, 3)
    ((text, project),) = bureau.rows("SELECT text, project_id FROM mail WHERE id = :id", id=mail)
    assert text.count("记录校验码") == 1
    assert all(f"第{number}社区养老中心" in text for number in (1, 2, 3))
    assert text.count("http") == 1
    assert project == 0


def test_a_mail_for_many_names_the_oldest_and_says_how_many_others_there_are(bureau: Bureau) -> None:
    for number in range(25):
        bureau.submit("2026-11-11 10:00", bureau.register("2026-11-05 09:00", f"第{number + 1}社区养老中心"))
    written(bureau, "2026-11-11 10:01")

    bureau.sweep("2026-11-18 10:12")
    written(bureau, "2026-11-18 10:14")

    assert bureau.subjects("周建平") == ["【提请关注】系统停机期间积压25项提醒"]
    ((text, html),) = bureau.rows(
        "SELECT text, html FROM mail WHERE person_id = :person", person=bureau.people["周建平"]
    )
    assert "以下是最早的20项，另有5项请打开查看。" in text.replace("\n", "")
    assert text.count("\n20. 【") == html.count("第20社区养老中心·") == 1
    assert "第21社区" not in text + html


def test_a_clerk_who_is_gone_is_one_mail_to_each_however_much_he_had_in_hand(bureau: Bureau) -> None:
    """刘畅 prepares three projects when his account is disabled: three 异常, and one mail to whoever can help."""
    for number in range(3):
        bureau.register("2026-11-05 09:00", f"第{number + 1}社区养老中心")
    written(bureau, "2026-11-05 09:01")
    gone = {"person": bureau.people["刘畅"], "active": False, "actor": SYSTEM}
    bureau.store.act(change_person, now=at("2026-11-06 09:00"), **gone)
    written(bureau, "2026-11-06 09:01")

    assert bureau.incidents() == ["holder-disabled"] * 3
    for name in ("蒋慧", "李国栋"):
        assert bureau.subjects(name) == ["【需处理】3项流程等待人工处理"]
    ((text,),) = bureau.rows(
        "SELECT text FROM mail WHERE person_id = :person", person=bureau.people["李国栋"]
    )
    words = text.replace("\n", "")
    assert all(f"第{number}社区养老中心·概算审核，流程等待人工处理" in words for number in (1, 2, 3))
    assert "账号已停用" in words
    assert text.count("http") == 1


TWO_CONDITIONS = """
type: fitting
version: 1
title: 小型改造
phases: [规划立项]
facts:
  exterior_change: {title: 是否改变外立面, kind: bool}
  floor_area: {title: 总建筑面积, kind: decimal, unit: ㎡}
documents:
  drawings: {title: 图纸}
stages:
  design_review:
    title: 设计方案审查
    phase: 规划立项
    when: exterior_change
    needs: [drawings]
    steps: [{review: {title: 科室审核, by: section_chief}}]
  fire_design:
    title: 消防设计审查
    phase: 规划立项
    when: floor_area > 1000
    steps: [{review: {title: 科室审核, by: section_chief}}]
"""


def test_several_stages_that_come_to_ask_for_something_at_once_are_one_mail_to_the_clerk(
    bureau: Bureau,
) -> None:
    """刘畅's two projects each ask for two things with their registration: one mail a project, which leads there."""
    bureau.digest = bureau.store.act(
        publish, text=TWO_CONDITIONS, name="fitting.yaml", actor=SYSTEM, now=at("2026-11-05 08:00")
    )
    for number in (1, 2):
        bureau.do(
            register_project, "蒋慧", "2026-11-05 09:00", ref=f"F{number}", digest=bureau.digest,
            title=f"第{number}社区改造", organisation=bureau.organisation, clerk=bureau.people["刘畅"],
        )  # fmt: skip
    written(bureau, "2026-11-05 09:01")

    assert bureau.subjects("刘畅") == [
        "【待补齐】第1社区改造，2个事项等您补齐信息",
        "【待补齐】第2社区改造，2个事项等您补齐信息",
    ]
    text = bureau.rows(f"SELECT text FROM mail ORDER BY {BY_NOTICE}")[0][0].replace("\n", "")
    assert "请补填是否改变外立面" in text
    assert "请补填总建筑面积" in text
    assert "https://shenpi.example.gov.cn/projects/F1" in text
    assert text.count("http") == 1


def test_replies_taken_over_one_after_another_are_one_mail_to_their_checker(bureau: Bureau) -> None:
    """刘畅 enters two replies within a minute; 李国栋 is asked once, and the page lists both."""
    ref = bureau.register("2026-11-05 09:00", taking_over=True)
    bureau.take_over("2026-11-05 09:10:00", ref, "budget_review", "budget_reply")
    bureau.take_over("2026-11-05 09:10:50", ref, "fire_design", "fire_opinion")
    assert written(bureau, "2026-11-05 09:11:30") == 0, "she may still be at it"
    written(bureau, "2026-11-05 09:12")

    assert bureau.subjects("李国栋") == ["【待核对】补录的2项登记，请核对原件"]
    ((text,),) = bureau.rows(
        "SELECT text FROM mail WHERE person_id = :person", person=bureau.people["李国栋"]
    )
    assert "改造·概算审核，请核对" in text
    assert "改造·消防设计审查，请核对" in text
    assert "https://shenpi.example.gov.cn/checks" in text
    assert text.count("http") == 1
    assert "补录概算批复（澴发改审〔2025〕12号，2025年3月5日成文，原件存局档案室）" in text


def test_a_single_late_rung_says_by_itself_when_it_should_have_come(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    bureau.submit("2026-11-11 10:00")
    written(bureau, "2026-11-11 10:01")
    bureau.sweep("2026-11-12 13:00")
    written(bureau, "2026-11-12 13:02")

    ((subject, text),) = bureau.rows(
        "SELECT subject, text FROM mail ORDER BY length(message_id) DESC, message_id DESC LIMIT 1"
    )
    assert subject.startswith("【临期】")
    assert "本提醒应于11月12日09:00发出，因系统停机迟到。" in text


def test_a_mail_about_what_has_moved_on_says_so(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    bureau.submit("2026-11-11 10:00")
    bureau.do(
        decide,
        "李国栋",
        "2026-11-11 11:00",
        stage="budget_review",
        step="review",
        outcome="approved",
        opinion="同意",
    )
    written(bureau, "2026-11-11 11:01")
    ((text,),) = bureau.rows(
        "SELECT text FROM mail WHERE person_id = :person", person=bureau.people["李国栋"]
    )
    assert "此后已有进展，现为“分管领导审签中”" in text


def test_who_has_no_address_is_skipped_with_a_reason_and_an_incident(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    bureau.store.act(
        change_person, person=bureau.people["李国栋"], email="", actor=SYSTEM, now=at("2026-11-06 09:00")
    )
    bureau.submit("2026-11-11 10:00")
    bureau.submit("2026-11-11 10:00", bureau.register("2026-11-11 09:00", "大院社区"))
    bureau.sweep("2026-11-13 09:00")
    written(bureau, "2026-11-13 09:20")

    assert bureau.subjects("李国栋") == []
    skipped = bureau.rows("SELECT DISTINCT skipped FROM delivery WHERE mail_id IS NULL")
    assert skipped == [("没有邮箱",)]
    assert bureau.incidents() == ["mail-no-address"], "once, however many notices and projects there are"


def test_a_mail_that_cannot_be_written_still_goes_out_and_is_reported(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00", "养老中心\u2028改造")
    written(bureau, "2026-11-05 09:01")

    assert bureau.subjects("刘畅") == ["【提醒】您有一项通知，请登录系统查看"]
    assert bureau.incidents() == ["mail-incomplete"]


def test_nobody_gets_more_than_the_hourly_number_and_the_rest_shares_one(bureau: Bureau) -> None:
    for number in range(6):
        bureau.register("2026-11-05 09:00", f"第{number + 1}社区养老中心")
    written(bureau, "2026-11-05 09:01", per_person_hour=4)

    assert [subject[:5] for subject in bureau.subjects("刘畅")] == ["【待报送】"] * 3 + ["【待办】另"]
    assert bureau.rows("SELECT count(*) FROM delivery") == [(6,)]

    bureau.register("2026-11-05 09:05", "第七社区养老中心")
    assert written(bureau, "2026-11-05 09:06", per_person_hour=4) == 0
    assert (
        expand(
            bureau.store,
            settings=settings(per_person_hour=4),
            now=at("2026-11-05 09:01") + timedelta(hours=1),
        )
        == 1
    )


def test_every_mail_prints_the_head_of_the_projects_chain(bureau: Bureau) -> None:
    bureau.register("2026-11-05 09:00")
    written(bureau, "2026-11-05 09:01")
    ((head, seq),) = bureau.rows("SELECT head, seq FROM project")
    ((text, html),) = bureau.rows("SELECT text, html FROM mail")
    assert f"记录校验码 {head[:16]}（第{seq}条）" in text
    assert head[:16] in html
