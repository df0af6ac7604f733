"""The directory: posts found upwards, delegations by day, scope below one's posts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.people import SYSTEM, DelegationView, Directory, OrganisationView, PersonView, PostView

# 1 市 ─ 2 县 ─ 3 规划财务股
#              └ 4 养老服务股
TREE = {
    1: OrganisationView(1, 0, "市民政局", "/1/"),
    2: OrganisationView(2, 1, "云河县民政局", "/1/2/"),
    3: OrganisationView(3, 2, "规划财务股", "/1/2/3/"),
    4: OrganisationView(4, 2, "养老服务股", "/1/2/4/"),
}
TANLI, YANGFAN, LUOXIUYING, MADEXING, LIUCHANG = 1, 2, 3, 4, 5
NAMES = {TANLI: "谭丽", YANGFAN: "杨帆", LUOXIUYING: "罗秀英", MADEXING: "马德兴", LIUCHANG: "刘畅"}


def directory(
    *delegations: DelegationView, left: tuple[int, ...] = (), posts: tuple[PostView, ...] = ()
) -> Directory:
    """The bureau, without those who left."""
    people = {key: PersonView(key, name, f"S{key}", "", key not in left) for key, name in NAMES.items()}
    held = posts or (
        PostView(TANLI, 3, "clerk", "经办"),
        PostView(YANGFAN, 3, "section_chief", "股长"),
        PostView(LUOXIUYING, 2, "deputy_director", "副局长"),
        PostView(MADEXING, 1, "section_chief", "处长"),
        PostView(LIUCHANG, 4, "section_chief", "股长"),
    )
    return Directory(people, TREE, held, delegations)


@pytest.mark.parametrize(
    ("post", "organisation", "exclude", "left", "found"),
    [
        ("section_chief", 3, (), (), (YANGFAN,)),
        ("deputy_director", 3, (), (), (LUOXIUYING,)),
        ("section_chief", 2, (), (), (MADEXING,)),
        ("section_chief", 3, (YANGFAN,), (), (MADEXING,)),
        ("section_chief", 3, (), (YANGFAN,), (MADEXING,)),
        ("section_chief", 3, (YANGFAN, MADEXING), (), ()),
        ("director", 3, (), (), ()),
        ("section_chief", 99, (), (), ()),
    ],
    ids=[
        "here",
        "in an ancestor",
        "never sideways",
        "passed over",
        "left",
        "nobody",
        "empty post",
        "no such place",
    ],
)
def test_a_post_is_held_here_or_in_the_nearest_ancestor(
    post: str, organisation: int, exclude: tuple[int, ...], left: tuple[int, ...], found: tuple[int, ...]
) -> None:
    assert directory(left=left).holders(post, organisation, exclude) == found


@given(st.dates(date(2026, 8, 1), date(2026, 10, 31)))
def test_a_delegation_is_in_force_from_its_first_day_to_its_last(day: date) -> None:
    """Both days are included."""
    found = directory(DelegationView(YANGFAN, LIUCHANG, date(2026, 9, 1), date(2026, 9, 30)))
    assert (found.principals(LIUCHANG, day) == (YANGFAN,)) is (day.month == 9)
    assert found.principals(TANLI, day) == ()


def test_delegations_are_one_step_deep_and_end_with_the_principal() -> None:
    """A→B→C: C acts for B only; and for nobody who left."""
    chain = (
        DelegationView(YANGFAN, LIUCHANG, date(2026, 9, 1), date(2026, 9, 30)),
        DelegationView(LIUCHANG, TANLI, date(2026, 9, 1), date(2026, 9, 30)),
    )
    assert directory(*chain).principals(TANLI, date(2026, 9, 2)) == (LIUCHANG,)
    assert directory(*chain, left=(YANGFAN,)).principals(LIUCHANG, date(2026, 9, 2)) == ()


def test_a_person_sees_what_lies_below_their_posts_and_those_they_act_for() -> None:
    """Scope goes down, never up or sideways; a delegation lends it for its days."""
    found = directory(DelegationView(YANGFAN, LIUCHANG, date(2026, 9, 1), date(2026, 9, 30)))
    assert found.scope(MADEXING, date(2026, 9, 1)) == {1, 2, 3, 4}
    assert found.scope(LUOXIUYING, date(2026, 9, 1)) == {2, 3, 4}
    assert found.scope(LIUCHANG, date(2026, 9, 1)) == {3, 4}
    assert found.scope(LIUCHANG, date(2026, 10, 1)) == {4}
    assert found.scope(SYSTEM, date(2026, 9, 1)) == frozenset()


def test_a_post_over_an_organisation_is_one_there_or_above() -> None:
    """The chief of the section next door is no chief here."""
    found = directory()
    assert found.has_post(LUOXIUYING, {"deputy_director"}, 3)
    assert not found.has_post(LIUCHANG, {"section_chief"}, 3)
    assert not found.has_post(TANLI, {"section_chief"}, 3)
    assert not found.is_administrator(TANLI)


def test_people_have_names_and_titles() -> None:
    """The system acts under its own name."""
    found = directory()
    assert [found.name(YANGFAN), found.name(SYSTEM), found.name(99)] == ["杨帆", "系统", "系统"]
    assert (found.title(YANGFAN), found.title(SYSTEM)) == ("股长", "")
    assert found.is_within(3, 1)
    assert not found.is_within(1, 3)
    assert not found.is_active(99)
