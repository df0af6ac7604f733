"""转办、中止、不适用: what both people, or everybody, read after work was moved, halted or found not to be needed."""

from __future__ import annotations

from tests.web.conftest import City, SignIn

BUDGET = "/stages/budget_review"


def test_who_was_given_a_late_step_has_it_since_then_and_not_since_it_was_late(
    city: City, sign_in: SignIn
) -> None:
    """陈文娟 gives 李国栋's late review to 周建平, who has had it since today."""
    deputy, director = sign_in("chenwenjuan"), sign_in("zhoujianping")
    page = deputy.open(f"/projects/{city.projects['E']}{BUDGET}")
    assert "只列能看到本项目的人；审核、审签的，还须岗位相符、未参与本件" in page.words
    deputy.send("/hand-over", to=str(city.people["zhoujianping"]), reason="李国栋外出培训")

    assert "在 周建平 手里，自今日" in deputy.open(f"/projects/{city.projects['E']}{BUDGET}").words
    assert "陈文娟 今日" in director.open("/").words
    assert "11月11日" not in director.open("/").words
    assert "在周建平手里，自今日" in sign_in("liguodong").open("/").words


def test_a_project_that_was_given_to_another_clerk_says_to_whom(city: City, sign_in: SignIn) -> None:
    deputy = sign_in("chenwenjuan")
    page = deputy.open(f"/projects/{city.projects['E']}")
    assert "只列本单位和上级单位的经办和负责人；其他人员，先由管理员在本单位授岗" in page.words
    offered = page.html.partition('action="/projects/' + city.projects["E"] + '/hand-over-project"')[
        2
    ].partition("</form>")[0]
    assert "李国栋" in offered
    assert "顾明" not in offered, "an administrator could not enter a reply"

    page = deputy.send("/hand-over-project", to=str(city.people["liguodong"]), reason="刘畅休产假")

    assert "已移交，现由李国栋经办。" in page.words


def test_a_suspended_project_says_so_at_the_top_and_offers_nothing_to_do(city: City, sign_in: SignIn) -> None:
    """中止: what it means is said beforehand, and afterwards everybody reads who did it and why."""
    address = f"/projects/{city.projects['C']}"
    deputy, clerk = sign_in("chenwenjuan"), sign_in("wuhaitao")
    assert "备齐“谋划入库”的材料" in clerk.open(address).words
    page = deputy.open(address)
    assert "本局各事项停止计时、不能办理，恢复后接着计时；外部门的时限照常计算。" in page.words
    assert "所有未办结的事项一并取消，终止后不能恢复。" in page.words

    page = deputy.send("/move-suspend", reason="市里要求暂缓实施")
    assert "项目已转为“谋划（中止）”。" in page.words
    page = clerk.open(address)
    assert "项目已中止。 恢复前不能办理；外部门的时限照常计算。可由分管领导恢复。" in page.words
    assert "陈文娟将项目转为“谋划（中止）”，理由：市里要求暂缓实施。" in page.html.partition('id="ball"')[0]
    assert "备齐“谋划入库”的材料" not in page.words
    assert "备齐材料并报送（项目中止）" in clerk.open("/").words

    deputy.open(address)
    assert "项目已转为“谋划”。" in deputy.send("/move-resume", reason="市里已同意").words


def test_a_terminated_project_promises_no_way_back(city: City, sign_in: SignIn) -> None:
    """终止 is the end: nobody is told that a leader could resume it, or that stages still wait for something."""
    address = f"/projects/{city.projects['C']}"
    deputy, clerk = sign_in("chenwenjuan"), sign_in("wuhaitao")
    deputy.open(address)
    page = deputy.send("/move-terminate", reason="不再实施")

    assert "项目已终止，没有正在办理的事项。" in page.words
    for words in (page.words, clerk.open(address).words, clerk.open(f"{address}/stages/planning").words):
        assert "恢复项目" not in words
    assert "项目已处于“终止”，不能办理。需要续办的，请另行登记项目。" in page.words


def test_what_a_stopped_clock_means_is_said_before_it_is_stopped(city: City, sign_in: SignIn) -> None:
    page = sign_in("chenwenjuan").open(f"/projects/{city.projects['A']}/stages/land_permit")

    assert (
        "自今日起停止计时、不提醒到期，恢复后接着计时；每满20个工作日提请复查。办理人和经办人会收到通知。"
        in page.words
    )


def test_a_changed_fact_says_which_stages_it_opened_and_which_it_holds(city: City, sign_in: SignIn) -> None:
    """占用林地 turns out to be more than nothing: 使用林地审核 begins, 用地规划许可 waits for it."""
    clerk, address = sign_in("wuhaitao"), f"/projects/{city.projects['A']}"
    page = clerk.open(f"{address}/stages/forest")
    assert (
        "不适用：仅当占用林地 大于 0 公顷时办理。情况有变的，更新项目信息，系统自动启动本事项。" in page.words
    )
    assert f"{address}/facts" in page.links
    assert "缺" not in page.html.partition("<tbody>")[2].partition("</tbody>")[0], "nothing is missing of it"

    clerk.open(f"{address}/facts")
    page = clerk.send("/facts", **{"fact.forest_land": "0.3"})

    said = page.words.partition("项目信息已更新。")[2].partition("项目 区公益性骨灰堂")[0]
    assert said.count("“使用林地审核”") == 1
    assert (
        "“用地规划许可”转为等待，前置条件具备后再办理。“使用林地审核”已具备条件，由吴海涛准备材料。" in said
    )
    record = clerk.open(f"{address}/record").words
    assert "“使用林地审核”转为等待，前置条件具备后再办理。" in record
    assert "不再具备" not in record, "it did not apply: there was nothing to fall away"
    assert "缺" in clerk.open(f"{address}/stages/forest").html.partition("<tbody>")[2]


def test_a_changed_fact_says_what_it_decides_of_stages_whose_turn_has_not_come(
    city: City, sign_in: SignIn
) -> None:
    """殡仪馆二期 takes no forest after all, then some: 使用林地审核 falls away and is back, long before its turn."""
    clerk, address = sign_in("wuhaitao"), f"/projects/{city.projects['C']}"
    clerk.open(f"{address}/facts")
    page = clerk.send("/facts", **{"fact.forest_land": "0"})
    assert "项目信息已更新。“使用林地审核”预计不适用。" in page.words

    clerk.open(f"{address}/facts")
    page = clerk.send("/facts", **{"fact.forest_land": "0.3"})
    assert "项目信息已更新。“使用林地审核”列入后续事项。" in page.words

    clerk.open(f"{address}/facts")
    page = clerk.send("/facts", **{"fact.forest_land": "0.4"})
    assert "项目信息已更新。" in page.words
    assert "列入后续事项" not in page.words


def test_what_is_in_use_before_its_stages_are_done_is_said_to_be_meant(city: City, sign_in: SignIn) -> None:
    """陈文娟 puts 大院社区 into use: the form names what is left, and she ticks that it is so; 归档 stays refused."""
    deputy, address = sign_in("chenwenjuan"), f"/projects/{city.projects['E']}"
    assert "尚有未办结的事项：概算审核（李国栋）" in deputy.open(address).words
    page = deputy.send("/move-put_into_use", reason="先行试运营")
    assert "确已投用的，请勾选确认" in page.words
    assert page.form("/move-put_into_use").values["reason"] == "先行试运营"
    page = deputy.send("/move-put_into_use", reason="先行试运营", unfinished="1")

    assert "项目已转为“投用”。" in page.words
    assert not page.has_form("/move-archive")
    assert "归档 尚有未办结的事项：概算审核（李国栋）" in page.words


def test_the_chief_in_charge_finds_the_project_that_can_be_put_away(city: City, sign_in: SignIn) -> None:
    deputy, clerk = sign_in("chenwenjuan"), sign_in("wuhaitao")
    assert "区殡仪馆一期改造：各事项都已办结，可以归档" in deputy.open("/").words
    assert "可以归档（此项须由" in clerk.open("/").words
    deputy.open(f"/projects/{city.projects['B']}")
    page = deputy.send("/move-archive", reason="资料已移交")

    assert "项目已转为“归档”。" in page.words
    assert "一期改造：各事项都已办结" not in deputy.open("/").words
