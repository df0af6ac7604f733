"""Another project is found by its code or part of its name, however long ago it was registered."""

from __future__ import annotations

from tests.web.conftest import City, SignIn
from tests.web.pile import Pile, pile_of
from tests.web.test_clerk import register, selected

NEW = "/projects/new?type=columbarium"


def crowded(pile: Pile) -> str:
    """An old project of 刘畅's, then more than a page of newer ones. Returns the old one's reference."""
    old = pile.register()
    for _ in range(60):
        pile.register()
    return old


def title_of(city: City, ref: str) -> str:
    return str(city.execute("SELECT title FROM project WHERE ref = :ref", ref=ref)[0][0])


def test_an_old_project_is_waited_for_by_part_of_its_name(city: City, sign_in: SignIn) -> None:
    """周建平 writes what he remembers, is shown what is called so, and chooses; his words stay."""
    chief = sign_in("zhoujianping")
    pile = pile_of(chief, city)
    old = crowded(pile)
    waiting = f"/projects/{pile.register()}"
    assert title_of(city, old) not in chief.open(waiting).words

    page = chief.send("/wait-for", other="第1社区")
    assert page.status == 422
    assert "查到名称或代码含“第1社区”的项目，须从中选定一个" in page.words
    form = page.form("/wait-for")
    assert form.values["other"] == "第1社区"
    assert form.values["other.ref"] == old, "the only one is chosen beforehand"
    page = chief.send("/wait-for")

    assert "已登记等待" in page.words
    assert title_of(city, old) in page.words


def test_a_whole_name_or_a_code_goes_straight_through(city: City, sign_in: SignIn) -> None:
    chief = sign_in("zhoujianping")
    pile = pile_of(chief, city)
    old, other = crowded(pile), city.projects["A"]
    [code] = city.execute("SELECT code FROM project WHERE ref = :ref", ref=other)[0]
    for words, meant in ((title_of(city, old), old), (code, other)):
        chief.open(f"/projects/{pile.register()}")
        page = chief.send("/wait-for", other=words)

        assert "已登记等待" in page.words
        assert title_of(city, meant) in page.words


def test_a_choice_counts_only_for_the_words_it_was_offered_for(city: City, sign_in: SignIn) -> None:
    """周建平 sees what came of 第1社区 and writes another name instead: the one chosen before is forgotten."""
    chief = sign_in("zhoujianping")
    pile = pile_of(chief, city)
    refs = [pile.register() for _ in range(3)]
    chief.open(f"/projects/{refs[2]}")
    chief.send("/wait-for", other="第1社区")
    page = chief.send("/wait-for", other=title_of(city, refs[1]))

    [waits_for] = city.execute("SELECT waits_for FROM project WHERE ref = :ref", ref=refs[2])[0]
    [second] = city.execute("SELECT id FROM project WHERE ref = :ref", ref=refs[1])[0]
    assert waits_for == f",{second},"
    assert "已登记等待" in page.words


def test_a_parent_is_found_while_the_rest_of_the_form_stays(city: City, sign_in: SignIn) -> None:
    """刘畅 registers a part of an old project, and mistypes the code besides; both are said, and nothing is lost."""
    clerk = sign_in("liuchang")
    old = crowded(pile_of(clerk, city))
    page = register(clerk, "配套用房", parent="第1社区", code="2609")
    assert page.status == 422
    form = page.form(NEW)
    assert (form.values["title"], form.values["parent"], form.values["parent.ref"]) == (
        "配套用房",
        "第1社区",
        old,
    )
    organisation, person = selected(page)[:2]
    page = clerk.send(NEW, code="", organisation=organisation, clerk=person)

    assert "项目已登记" in page.words
    [parent] = city.execute(
        "SELECT title FROM project WHERE id = (SELECT parent_id FROM project WHERE title = '配套用房')"
    )[0]
    assert parent == title_of(city, old)


def test_nobody_finds_what_they_may_not_see(city: City, sign_in: SignIn) -> None:
    """谭丽 of the county's bureau writes the name of a project of the city."""
    clerk = sign_in("tanli")
    page = register(clerk, "配套用房", parent="大院社区")

    assert page.status == 404
    assert "没有这个项目，或您无权查看。" in page.words
    assert "综合养老服务中心改造" not in page.words
