"""What stands still: the clerk finds it on the list, with what gets it going again."""

from __future__ import annotations

from tests.web.conftest import City, SignIn


def test_a_refused_stage_is_on_the_clerks_list_until_it_is_applied_for_again(
    city: City, sign_in: SignIn
) -> None:
    chief, clerk = sign_in("liguodong"), sign_in("liuchang")
    address = f"/projects/{city.projects['E']}/stages/budget_review"
    chief.open(address)
    chief.send("/decide", outcome="refused", opinion="与年度计划不符")

    page = clerk.open("/")
    assert "停住的事项，待处理 1 项" in page.words
    assert "重新申报（不予批准）" in page.words
    assert "重新申报“概算审核”" in clerk.open(f"/projects/{city.projects['E']}").words
    page = clerk.open(address)
    assert "本事项不予批准，重新申报后才能继续" in page.words
    assert "reapply" not in [each.action.rpartition("/")[2] for each in chief.open(address).forms]
    clerk.send("/reapply", reason="已按年度计划调整")

    assert "停住的事项" not in clerk.open("/").words


def test_a_refusal_stands_at_its_step_and_above_the_papers_until_they_are_handed_in_again(
    city: City, sign_in: SignIn
) -> None:
    chief, clerk = sign_in("liguodong"), sign_in("liuchang")
    address = f"/projects/{city.projects['E']}/stages/budget_review"
    chief.open(address)
    chief.send("/decide", outcome="refused", opinion="与年度计划不符")

    page = clerk.open(address)
    assert page.words.count("10:00 不予批准：与年度计划不符") == 2, page.words
    assert "10:00 同意" not in page.words
    clerk.send("/reapply", reason="已按年度计划调整")
    assert "10:00 不予批准：与年度计划不符" in clerk.open(address).words
    clerk.send("/submit")
    assert "不予批准：与年度计划不符" not in clerk.open(address).words


def test_a_fact_that_is_wanted_is_asked_where_the_clerk_looks(city: City, sign_in: SignIn) -> None:
    """吴海涛 is no longer sure of 占用林地: his list, the project and the stage say so and lead to the form."""
    clerk, project = sign_in("wuhaitao"), f"/projects/{city.projects['A']}"
    clerk.open(f"{project}/facts")
    clerk.send("/facts", **{"fact.forest_land": ""})

    assert "补填占用林地（其他条件已具备）" in clerk.open("/").words
    page = clerk.open(project)
    assert "使用林地审核 吴海涛 未设时限 今日 待补齐信息：补填占用林地" in page.words
    page = clerk.open(f"{project}/stages/forest")
    assert "待补齐信息 在 吴海涛 手里" in page.words
    assert page.links.count(f"{project}/facts") == 1


def test_a_change_that_reaches_many_stages_tells_of_the_first_and_counts_them(
    city: City, sign_in: SignIn
) -> None:
    """Two facts are in doubt again: five stages stand still, the sentence above the page stays one that is read."""
    clerk, project = sign_in("wuhaitao"), f"/projects/{city.projects['A']}"
    clerk.open(f"{project}/facts")
    page = clerk.send("/facts", **{"fact.forest_land": "", "fact.survey_design_fee": ""})

    said = page.words.partition("项目信息已更新。")[2].partition("经过”。")[0]
    assert said.count("请吴海涛补齐所缺信息") == 3
    assert said.endswith("共5个事项有变动，其余见“")
