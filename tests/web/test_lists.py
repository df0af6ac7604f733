"""The project list at work: every number beside a filter is true, nothing out of sight is listed or counted."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import text

from tests.web.conftest import City, SignIn
from tests.web.many import DAY, Many
from workflow.queries import Filters
from workflow.queries.portfolio import LIGHT_FILTERS, leaders_of

FACETS = ("light", "state", "phase", "type", "unit", "leader", "clerk")
OFFERED = {
    "light": "lights", "state": "states", "phase": "phases", "type": "types", "unit": "units",
    "leader": "leaders", "clerk": "clerks",
}  # fmt: skip


WHO = st.sampled_from(["wuhaitao", "liguodong", "zhoujianping", "yangfan", "jianghui", "admin"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), who=WHO)
def test_every_count_is_the_length_of_the_list_that_choosing_it_gives(
    many: Many, data: st.DataObject, who: str
) -> None:
    person, filters = (
        many.people[who],
        Filters(text=data.draw(st.sampled_from(["", "", "区", "2512", "骨灰堂"]))),
    )
    for name in data.draw(st.lists(st.sampled_from(FACETS), max_size=3, unique=True)):
        offered = getattr(many.facets(person, filters), OFFERED[name])
        if offered:
            value = data.draw(st.sampled_from([each.value for each in offered]))
            filters = replace(filters, **{name: _typed(name, value)})

    found = many.facets(person, filters)

    assert found.total == len(many.listed(person, filters))
    for name in FACETS:
        for each in getattr(found, OFFERED[name]):
            chosen = replace(filters, **{name: _typed(name, each.value)})
            assert each.count == len(many.listed(person, chosen)), (name, each.words)


def _typed(name: str, value: str) -> str | int:
    return int(value) if name in {"unit", "leader", "clerk"} else value


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(who=WHO, sort=st.sampled_from(["newest", "due"]), light=st.sampled_from(["", *LIGHT_FILTERS]))
def test_pages_follow_each_other_without_gap_or_repetition(
    many: Many, who: str, sort: str, light: str
) -> None:
    person, filters = many.people[who], Filters(light=light)
    found = many.listed(person, filters, sort)

    refs = [item.ref for item in found]
    assert len(refs) == len(set(refs)) == many.facets(person, filters).total
    assert sorted(refs) == sorted(item.ref for item in many.listed(person, filters))
    if sort == "newest":
        assert [item.position for item in found] == sorted((item.position for item in found), reverse=True)
    else:
        due = [_nearest(many, item.ref) for item in found]
        assert due == sorted(due)


def _nearest(many: Many, ref: str) -> str:
    statement = text("SELECT own_due_on, outside_due_on FROM project WHERE ref = :ref")
    row = many.store.read(lambda connection: connection.execute(statement, {"ref": ref}).one())
    return min((each for each in row if each), default="9999-12-31")


def test_nothing_of_another_unit_is_listed_or_counted(many: Many) -> None:
    directory = many.directory()
    for who in ("wuhaitao", "liguodong", "chenwenjuan", "tanli", "madexing"):
        person = many.people[who]
        scope = {directory.organisations[node].name for node in directory.scope(person, DAY)}

        listed = many.listed(person, Filters())
        found = many.facets(person, Filters())

        assert listed
        assert {item.unit for item in listed} <= scope
        assert found.total == len(listed) < 120
        assert {directory.name(int(each.value)) for each in found.clerks} == {item.clerk for item in listed}
        foreign = next(
            node for node in directory.organisations if "（2）" in directory.organisations[node].name
        )
        assert many.listed(person, Filters(unit=foreign)) == []
        assert many.facets(person, Filters(unit=foreign)).total == 0


def test_a_project_is_under_whoever_would_be_asked_for_it(many: Many) -> None:
    overseer, chief, director = (many.people[who] for who in ("jianghui", "liguodong", "madexing"))
    directory = many.directory()

    for leader in (chief, director):
        units = {
            each.name
            for node, each in directory.organisations.items()
            if leader in leaders_of(directory, node)
        }
        under = many.listed(overseer, Filters(leader=leader))
        assert under
        assert {item.unit for item in under} <= units
    offered = {each.value for each in many.facets(overseer, Filters()).leaders}
    assert {str(chief), str(director)} <= offered
    assert str(overseer) not in offered


def test_the_list_says_in_words_how_it_is_narrowed(many: Many) -> None:
    filters = Filters(light="own-red", unit=2, leader=many.people["liguodong"], text="大院")

    words = dict(many.facets(many.people["jianghui"], filters).words(filters))

    assert words == {
        "红黄绿": "本局超期",
        "单位": "澴阳区民政局",
        "领导": "李国栋（规划财务科科长）",
        "名称或代码": "大院",
    }


# On the page


def test_the_page_shows_money_lights_apart_and_provisional_dates(sign_in: SignIn) -> None:
    desk = sign_in("jianghui")

    page = desk.open("/projects?sort=due")

    assert "共 6 个" in page.words
    assert "本局超期 1" in page.words
    assert "外部门超期 1" in page.words
    assert "12,680.00" in page.words
    assert "（暂定）" in page.words
    assert page.html.index("特困人员供养服务综合体</a>") < page.html.index("区公益性骨灰堂</a>")


def test_a_list_never_loses_its_filter(sign_in: SignIn) -> None:
    desk = sign_in("jianghui")

    page = desk.open("/projects?unit=2&sort=due&text=%E5%8C%BA")

    chips = [link for link in page.links if link.startswith("/projects?light=")]
    assert chips
    assert all("unit=2" in link and "sort=due" in link and "text=" in link for link in chips)
    held = next(form for form in page.forms if form.action == "/projects" and "sort" in form.values).values
    assert held["sort"] == "due"


# Saved views


def test_a_view_is_saved_opened_renamed_put_first_and_deleted(city: City, sign_in: SignIn) -> None:
    desk = sign_in("chenwenjuan")
    desk.open("/projects?light=own-red&sort=due")

    saved = desk.send("/views", name="我分管的超期")
    assert "视图已保存" in saved.words
    assert f"/projects/{city.projects['E']}" in saved.links
    assert "/projects?light=own-red&sort=due" in saved.links

    number = next(form.action for form in saved.forms if form.action.endswith("/rename")).split("/")[2]
    assert "视图已改名" in desk.send(f"/views/{number}/rename", name="超期的").words
    assert "已设为打开时的视图" in desk.send(f"/views/{number}/first").words
    opened = desk.open("/projects")
    assert opened.address.endswith("/projects?light=own-red&sort=due")
    assert "超期的" in opened.words
    assert "共 3 个" not in opened.words
    assert desk.open("/projects?all=1").address.endswith("all=1")
    assert "视图已删除" in desk.send(f"/views/{number}/delete").words
    assert desk.open("/projects").address.endswith("/projects")


def test_what_is_wrong_with_a_view_is_said_at_its_form(sign_in: SignIn) -> None:
    desk = sign_in("chenwenjuan")
    desk.open("/projects?light=own-red")
    desk.send("/views", name="超期")

    again = desk.send("/views", name="超期")
    assert again.status == 409
    assert "您已有名为“超期”的视图" in again.words
    assert again.form("/views").values["name"] == "超期"
    assert again.form("/views").values["filter"] == "light=own-red"
    desk.open("/projects")
    nameless = desk.send("/views", name="  ")
    assert nameless.status == 422

    for number in range(19):
        desk.open("/projects")
        desk.send("/views", name=f"视图{number}")
    desk.open("/projects")
    assert "您已保存20个视图。请先删除不再使用的视图。" in desk.send("/views", name="再一个").words


def test_nobody_reaches_the_views_of_another(sign_in: SignIn) -> None:
    chief, clerk = sign_in("liguodong"), sign_in("liuchang")
    chief.open("/projects?light=own-red")
    number = next(
        form.action for form in chief.send("/views", name="科里的").forms if form.action.endswith("/delete")
    ).split("/")[2]
    clerk.open("/projects")
    own = clerk.send("/views", name="我的")

    form = own.form("/delete")
    form.action = f"/views/{number}/delete"
    answer = clerk.send(f"/views/{number}/delete")

    assert answer.status == 404
    assert "科里的" not in clerk.open("/projects").words
    assert "科里的" in chief.open("/projects").words
