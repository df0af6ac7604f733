"""补登: what was left empty of a reply is found where it is missed, filled in, checked, and never asked for again."""

from __future__ import annotations

from tests.web.conftest import City, SignIn

FIELD = "reply.feasibility_reply.field.estimate"


def test_an_estimate_that_nobody_wrote_down_is_filled_in_and_checked(city: City, sign_in: SignIn) -> None:
    """吴海涛 fills in 可研批复's 投资估算, 李国栋 sends it back once, and the second time it counts."""
    clerk, chief = sign_in("wuhaitao"), sign_in("liguodong")
    address = f"/projects/{city.projects['A']}/stages/feasibility"
    page = clerk.open(address)
    assert "补登可研批复的内容" in page.words
    assert "后续事项要用" in page.words, "excess_report depends on it"

    assert (
        FIELD
        in clerk.send("/complete", **{FIELD: ""})
        .html.partition("补登的内容不能为空")[0]
        .rpartition("<li>")[2]
    )
    page = clerk.send("/complete", **{FIELD: "两千八百万"})
    assert page.status == 409
    assert "投资估算：请填写数字" in page.words
    page = clerk.send("/complete", **{FIELD: "2,800万元", "basis": "原件未载明，取自可研报告第8章"})
    assert "补登已登记，待李国栋核对原件后生效。" in page.words
    assert "本事项为补录，各环节未在本系统办理" in page.words
    assert "李国栋 · 2个工作日" not in page.words, "nobody reviewed it here"
    page = chief.open("/checks")
    assert "补登，只须核对：" in page.words
    assert "投资估算 2,800.00 万元依据 原件未载明，取自可研报告第8章" in page.words
    chief.open(address)
    chief.send("/reject", reason="应为2860万元")

    form = clerk.open(address).form("/complete")
    assert (form.values[FIELD], form.values["basis"]) == ("2800", "原件未载明，取自可研报告第8章")
    clerk.send("/complete", **{FIELD: "2860", "basis": ""})
    chief.open(address)
    page = chief.send("/confirm")

    assert "投资估算 2,860.00 万元" in page.words
    assert "李国栋核对了补登的可研批复（投资估算2860万元）" in page.words
    assert not clerk.open(address).has_form("/complete")
