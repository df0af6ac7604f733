"""定义: a project type as a picture and as rules, its versions, and what changed between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.conftest import NOW, City, SignIn
from workflow.actions import definitions
from workflow.people import SYSTEM
from workflow.store import Store

LIBRARY = Path(__file__).parents[2] / "definitions"
FIRST = (LIBRARY / "centre-conversion.yaml").read_text(encoding="utf-8")
SECOND = FIRST.replace("version: 1", "version: 2", 1).replace(
    "title: 科室审核, by: section_chief, within: 2 workdays",
    "title: 科室审核, by: section_chief, within: 3 workdays",
    1,
)


@pytest.fixture
def second_version(city: City) -> None:
    """A second version of one type, with one limit changed."""
    store = Store(city.url)
    store.start()
    store.act(definitions.publish, text=SECOND, name="centre-conversion.yaml", actor=SYSTEM, now=NOW)
    store.close()


def test_the_types_say_their_version_and_how_many_projects_follow_them(sign_in: SignIn) -> None:
    page = sign_in("liuchang").open("/types")

    assert page.status == 200
    assert "综合养老服务中心改造 第1版" in page.words
    assert "/types/centre-conversion" in page.links


def test_a_type_is_a_picture_and_rules_with_deciders_limits_and_bases(sign_in: SignIn) -> None:
    page = sign_in("liuchang").open("/types/columbarium")

    assert page.status == 200
    assert "科室审核：科（股）室负责人，2个工作日" in page.words
    assert "承诺时限10个工作日，法定时限20个工作日" in page.words
    assert "依据：参照行政许可法第42条" in page.words
    assert "有效期2年，期满前3个月申请延续" in page.words
    assert "仅当占用林地 大于 0 公顷时办理" in page.words
    assert "占用林地不占用填0 数值（公顷） 使用林地审核" in page.words
    assert "feasibility" in page.ids
    assert "#feasibility" in page.links


def test_every_link_inside_the_rules_leads_to_a_stage(sign_in: SignIn) -> None:
    page = sign_in("liuchang").open("/types/welfare-complex")

    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside <= set(page.ids)


@pytest.mark.usefixtures("second_version")
def test_a_new_version_is_shown_and_running_projects_stay_counted_on_theirs(sign_in: SignIn) -> None:
    desk = sign_in("liuchang")

    page = desk.open("/types/centre-conversion")
    assert "第2版（本页） 2026-11-23 0 看改动" in page.words
    assert "第1版" in page.words
    older = desk.open("/types/centre-conversion?version=1")
    assert "不是现行版本" in older.words
    assert "第1版（本页）" in older.words
    assert "1 首版" in older.words


@pytest.mark.usefixtures("second_version")
def test_the_difference_of_two_versions_is_said_in_words_both_ways(sign_in: SignIn) -> None:
    desk = sign_in("liuchang")

    page = desk.open("/types/centre-conversion/difference")
    assert "时限“科室审核·办理时限”：由“2个工作日”改为“3个工作日”" in page.words
    back = desk.open("/types/centre-conversion/difference?old=2&new=1")
    assert "由“3个工作日”改为“2个工作日”" in back.words
    same = desk.open("/types/centre-conversion/difference?old=2&new=2")
    assert "这是同一个版本，请另选一版对照" in same.words


def test_the_very_text_that_was_published_can_be_kept(sign_in: SignIn) -> None:
    desk = sign_in("liuchang")

    answer = desk.client.get("/types/centre-conversion/text?version=1")
    assert answer.text == FIRST
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''centre-conversion-1.yaml"


@pytest.mark.parametrize(
    "address",
    [
        "/types/none",
        "/types/columbarium?version=9",
        "/types/columbarium/text?version=9",
        "/types/columbarium/difference?new=9",
    ],
)
def test_what_was_never_published_is_not_found(sign_in: SignIn, address: str) -> None:
    assert sign_in("liuchang").open(address).status == 404


def test_a_project_has_its_whole_picture_on_a_page_to_print(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liuchang")
    ref = city.projects["E"]

    short = desk.open(f"/projects/{ref}")
    assert f"/projects/{ref}/graph" in short.links
    assert 'class="g-phase g-fold"' in short.html
    assert "策划生成，已办结，4个事项" in short.html
    whole = desk.open(f"/projects/{ref}/graph")
    assert "g-fold" not in whole.html
    assert "大院社区综合养老服务中心改造 · 流程图2026年11月23日" in whole.words
    assert "概算审核，科室审核中，李国栋，11月13日到期，超6个工作日" in whole.html


def test_a_picture_of_a_project_out_of_sight_is_not_found(city: City, sign_in: SignIn) -> None:
    assert sign_in("tanli").open(f"/projects/{city.projects['E']}/graph").status == 404
