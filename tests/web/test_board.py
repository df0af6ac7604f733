"""看板: fifty projects on one page, trouble first, readable in black and white."""

from __future__ import annotations

from typing import Any

from tests.web.conftest import City, SignIn
from tests.web.many import DAY, Many
from workflow import queries
from workflow.queries import Filters


def test_one_row_says_how_far_a_project_is_who_holds_it_and_until_when(city: City, sign_in: SignIn) -> None:
    page = sign_in("zhoujianping").open("/board")

    assert "项目看板" in page.words
    assert "共 4 个项目" in page.words
    assert "周建平（局长）打印" in page.words
    assert "概算审核 · 李国栋" in page.words
    assert "11月13日 超 6" in page.words
    assert "■ 超期" in page.words
    assert "2,860.00" in page.words
    assert "（暂定）" in page.words
    rows = page.html[page.html.index("<tbody>") :]
    assert rows.index('title="大院社区综合养老服务中心改造"') < rows.index('title="区公益性骨灰堂"')


def test_every_light_of_a_phase_has_a_shape_and_a_word(sign_in: SignIn) -> None:
    page = sign_in("jianghui").open("/board")

    cells = page.html[page.html.index('class="progress"') :]
    assert 'aria-hidden="true">■</span>1/2<span class="unseen">进行中超期</span>' in cells
    assert '✓<span class="unseen">已完成</span>' in cells
    assert '<span class="unseen">未开始</span>' in cells


def _pages(many: Many, who: str, **given: Any) -> list[queries.Board]:
    ask = many.store.read
    found = [ask(queries.board, person=many.people[who], day=DAY, **given)]
    while found[-1].after:
        found.append(ask(queries.board, person=many.people[who], day=DAY, after=found[-1].after, **given))
    return found


def test_fifty_make_a_page_and_no_project_is_missing_or_twice(many: Many) -> None:
    pages = _pages(many, "jianghui")

    rows = [row for page in pages for row in page.rows]
    assert [len(page.rows) for page in pages] == [50, 50, 20]
    assert len({row.ref for row in rows}) == len(rows) == pages[0].count == 120
    assert pages[0].units == pages[-1].units
    assert sum(count for _, _, count in pages[0].units) == 120


def test_trouble_comes_first_ours_before_theirs(many: Many) -> None:
    rows = [row for page in _pages(many, "jianghui") for row in page.rows]

    def rank(row: Any) -> int:
        lights = (row.own.colour, row.outside.colour)
        return 0 if lights[0] == "red" else 1 if lights[1] == "red" else 2 if "yellow" in lights else 3

    ranks = [rank(row) for row in rows]
    assert ranks == sorted(ranks)
    assert {"在办", "投用", "储备"} <= {row.state for row in rows}
    assert rows[-1].state == "投用"


def test_the_numbers_above_are_those_of_the_board(many: Many) -> None:
    whole = _pages(many, "jianghui")[0]

    for light, _, count in whole.lights:
        pages = _pages(many, "jianghui", filters=Filters(light=light))
        assert pages[0].count == count == sum(len(page.rows) for page in pages)
    for unit, _, count in whole.units:
        assert _pages(many, "jianghui", filters=Filters(unit=unit))[0].count == count
    assert whole.quiet <= whole.count


def test_nothing_of_another_unit_is_on_the_board_or_in_its_numbers(many: Many) -> None:
    directory = many.directory()
    for who in ("zhoujianping", "madexing", "tanli"):
        scope = {directory.organisations[each].name for each in directory.scope(many.people[who], DAY)}
        pages = _pages(many, who)

        rows = [row for page in pages for row in page.rows]
        assert {row.unit for row in rows} <= scope
        assert pages[0].count == len(rows) < 120
        assert sum(count for _, _, count in pages[0].units) == len(rows)
