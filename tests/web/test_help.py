"""怎样用: everybody finds the page of their own work first, and may read the others."""

from __future__ import annotations

import pytest

from api.cases import CONCERNS, FINDINGS, INCIDENTS
from tests.web.conftest import SignIn
from workflow.errors import Reason, reason


@pytest.mark.parametrize(
    ("person", "begins"),
    [
        ("liuchang", "把在办的项目补录进来"),
        ("liguodong", "先看材料，再写意见"),
        ("zhoujianping", "先看材料，再写意见"),
        ("jianghui", "三盏灯分开"),
        ("admin", "登记人员，逐一授岗"),
    ],
)
def test_help_begins_with_ones_own_work(sign_in: SignIn, person: str, begins: str) -> None:
    assert begins in sign_in(person).open("/help").words


def test_the_pages_of_others_can_be_read_and_an_unknown_one_is_not_there(sign_in: SignIn) -> None:
    liuchang = sign_in("liuchang")

    own = liuchang.open("/help")

    assert {"/help/clerk", "/help/supervisor", "/help/leader", "/help/administrator"} <= set(own.links)
    assert "人人用得着" in liuchang.open("/help/leader").words
    assert liuchang.open("/help/nobody").status == 404


def test_the_help_of_administrators_answers_every_case_and_its_ways_lead_somewhere(sign_in: SignIn) -> None:
    every = {**CONCERNS, **INCIDENTS, **FINDINGS}
    desk = sign_in("admin")
    page = desk.open("/help/administrator")

    assert [case.words for case in every.values() if f"{case.words} {case.remedy}" not in page.words] == []
    assert {desk.open(address).status for address in {case.page for case in every.values()} - {""}} == {200}


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("supervisor", reason("lost-to", who="陈文娟", at="10:32", what="签批")),
        ("supervisor", reason("content-changed", title="需求测算", version=3)),
        ("clerk", reason("document-missing-registrable", title="局党组会纪要", clerk="")),
    ],
)
def test_the_help_quotes_refusals_as_they_are_said(sign_in: SignIn, kind: str, refused: Reason) -> None:
    said = f"{refused.text}".removesuffix("。")

    assert said in sign_in("liuchang").open(f"/help/{kind}").words.replace("‘", "“").replace("’", "”")
