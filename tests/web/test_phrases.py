"""常用语: one's own words, kept in their order, and where they serve."""

from __future__ import annotations

from api.phrases import LONGEST, MOST, STARTERS
from tests.web.conftest import City, SignIn
from tests.web.desk import Page

STAGE = "/stages/budget_review"


def offered(page: Page) -> list[str]:
    """The phrases that the list beside an opinion offers."""
    html = page.html.partition('name="phrase"')[2].partition("</select>")[0]
    return [each.partition("</option>")[0].partition(">")[2] for each in html.split("<option")[2:]]


def test_everybody_begins_with_a_few_and_changes_them_alone(city: City, sign_in: SignIn) -> None:
    desk, other = sign_in("liguodong"), sign_in("chenwenjuan")
    page = desk.open("/phrases")
    assert page.form("/phrases").values["texts"].splitlines() == list(STARTERS)

    page = desk.send("/phrases", texts="同意，请抓紧办理。\n\n  资料齐全。\n资料齐全。")

    assert "常用语已保存。" in page.words
    assert page.form("/phrases").values["texts"] == "同意，请抓紧办理。\n资料齐全。"
    assert offered(desk.open(f"/projects/{city.projects['E']}{STAGE}")) == [
        "同意，请抓紧办理。",
        "资料齐全。",
    ]
    assert other.open("/phrases").form("/phrases").values["texts"].splitlines() == list(STARTERS)


def test_whoever_deletes_all_has_those_to_begin_with_again(sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open("/phrases")
    desk.send("/phrases", texts="一条")

    page = desk.send("/phrases", texts=" \n ")

    assert page.form("/phrases").values["texts"].splitlines() == list(STARTERS)


def test_too_many_or_too_long_are_refused_and_nothing_typed_is_lost(sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open("/phrases")
    typed = "\n".join(["长" * (LONGEST + 1), *(f"第{number}条" for number in range(MOST))])

    page = desk.send("/phrases", texts=typed)

    assert page.status == 422
    assert f"常用语超过{MOST}条" in page.words
    assert f"超过{LONGEST}字" in page.words
    assert page.form("/phrases").values["texts"] == typed
    assert offered(desk.open("/")) == []


def test_a_chosen_phrase_serves_only_where_nothing_was_typed(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}{STAGE}")

    page = desk.send("/decide", outcome="approved", phrase="同意报送。", opinion="概算合理。")

    assert "意见：概算合理" in page.words
    assert "同意报送" not in page.words


def test_phrases_are_words_and_never_run(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    desk.open("/phrases")
    desk.send("/phrases", texts='"><script>alert(1)</script>')

    page = desk.open(f"/projects/{city.projects['E']}{STAGE}")

    assert "<script>alert" not in page.html
