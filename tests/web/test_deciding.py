"""决定: the paper beside the verdict, what is new in it, what will happen, and where it is afterwards."""

from __future__ import annotations

from tests.web.conftest import NOW, City, SignIn
from tests.web.desk import Page
from tests.web.pile import STAGE, pile_of
from workflow.actions import decisions, people, stages
from workflow.clock import local_day
from workflow.people import SYSTEM
from workflow.queries.worklist import worklist
from workflow.state import Fix

BUDGET = "/stages/budget_review"


def frame(page: Page) -> str:
    """What the frame shows."""
    return next(str(given["src"]) for tag, given in page.tags if tag == "iframe")


def in_frame(page: Page) -> list[str]:
    """The papers that open in the frame, without losing what was typed."""
    return [str(given["href"]) for tag, given in page.tags if tag == "a" and given.get("target") == "reader"]


def test_the_papers_stand_beside_the_verdict_the_newest_first(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    page = desk.open(f"/projects/{city.projects['E']}{BUDGET}")

    papers = in_frame(page)
    assert len(papers) == 3
    assert frame(page) == papers[0]
    assert "改造工程概算书 第1版 · 刘畅" in page.words
    assert "局党组会纪要 仅登记 澴区民党组纪〔2026〕18号，存区民政局办公室" in page.words
    answer = desk.client.get(papers[0].partition("#")[0])
    assert answer.headers["content-type"] == "application/pdf"
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("inline")


def test_what_changed_since_this_reader_returned_it_is_marked(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    [ref] = pile.reviews(1)
    address = f"/projects/{ref}/stages/{STAGE}"
    assert "自您" not in desk.open(address).words

    desk.send("/decide", outcome="returned", opinion="口径不清。", fixes="补口径")
    later = NOW.replace(hour=NOW.hour + 3)
    with_later = {"actor": city.people["liuchang"], "now": later, "ref": ref}
    pile.upload(ref, "需求测算（修订）", at=later)
    pile.store.act(stages.submit_stage, stage=STAGE, **with_later)

    page = desk.open(address)
    assert "自您11月23日 周一退回后换为第2版" in page.words
    assert "自您11月23日 周一退回后换为第2版" in desk.open(f"/?open={ref}/{STAGE}").words
    assert "自您" not in sign_in("chenwenjuan").open(address).words


def test_whoever_loses_the_race_keeps_what_was_typed(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    [ref] = pile.reviews(1)
    today = local_day(NOW)
    pile.act(
        people.delegate, "liguodong", principal=city.people["liguodong"], agent=city.people["chenwenjuan"],
        starts_on=today, ends_on=today, reason_given="外出",
    )  # fmt: skip
    desk.open(f"/projects/{ref}/stages/{STAGE}")
    pile.decide(ref, "chenwenjuan")

    page = desk.send("/decide", outcome="returned", opinion="口径不清。", fixes="需求测算：补口径")

    assert page.status == 409
    assert "陈文娟（代李国栋）已于10:00签批，您的操作未生效。请先看现在的进展。" in page.words
    assert "您刚才写的，未生效： 口径不清。 需求测算：补口径" in page.words


def test_the_verdict_stands_below_what_others_concluded(city: City, sign_in: SignIn) -> None:
    pile = pile_of(sign_in("liguodong"), city)
    [ref] = pile.reviews(1)
    pile.decide(ref, "liguodong")
    address = f"/projects/{ref}/stages/{STAGE}"

    page = sign_in("chenwenjuan").open(address)

    assert "已有意见 科室审核：李国栋 2026-11-23 10:00 请修改" in page.words


def test_what_came_back_says_from_whom_and_why(city: City, sign_in: SignIn) -> None:
    pile = pile_of(sign_in("liguodong"), city)
    [ref] = pile.reviews(1)
    pile.decide(ref, "liguodong", "returned", fixes=[Fix("补口径")])

    page = sign_in("liuchang").open(f"/projects/{ref}/stages/{STAGE}")

    assert "需修改 1 处：李国栋 2026-11-23 10:00 退回：请修改" in page.words


def test_a_longer_limit_says_its_new_day(city: City, sign_in: SignIn) -> None:
    director = sign_in("zhoujianping")
    [ref] = pile_of(director, city).reviews(1)
    director.open(f"/projects/{ref}/stages/{STAGE}")

    page = director.send("/extend", by="3", by_unit="workdays", reason="等待勘验")

    assert "已延长时限，到期日11月30日 周一 · 剩 5 个工作日。" in page.words


def test_what_happens_next_names_who_really_gets_it(city: City, sign_in: SignIn) -> None:
    """李国栋 is made a deputy too; but having reviewed it, he would not sign it as well."""
    pile = pile_of(sign_in("liguodong"), city)
    [ref] = pile.reviews(1)
    directory = pile.store.act(lambda tx: tx.directory)
    bureau = next(held.organisation for held in directory.posts if held.person == city.people["chenwenjuan"])
    pile.store.act(
        people.grant_post, person=city.people["liguodong"], organisation=bureau, key="deputy_director",
        title="副局长", actor=SYSTEM, now=NOW,
    )  # fmt: skip

    page = sign_in("liguodong").open(f"/projects/{ref}/stages/{STAGE}")

    assert "同意后 分管领导审签（陈文娟）" in page.words
    pile.decide(ref, "liguodong")
    assert pile.file(ref).stage.holders == "陈文娟"


def test_after_an_approval_the_page_says_where_it_is_and_why_it_is_not_mine(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("liguodong")
    desk.open(f"/projects/{city.projects['E']}{BUDGET}")

    page = desk.send("/decide", outcome="approved", opinion="同意。")

    assert "您已同意，现在在 陈文娟 处，自今日。" in page.words
    assert "本环节不在您手中，当前办理人：陈文娟。" in page.words
    assert not page.has_form("/decide")
    assert not [tag for tag, given in page.tags if tag == "button" and "disabled" in given]


def test_the_page_leads_on_to_the_next_item(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    first, second = pile.reviews(2)
    desk.open(f"/projects/{city.projects['E']}{BUDGET}")

    for ref in (first, second):
        page = desk.send("/decide", outcome="approved", opinion="同意。")
        onwards = next(link for link in page.links if link.startswith(f"/projects/{ref}/stages/"))
        assert "下一件：" in page.words
        desk.open(onwards)
    page = desk.send("/decide", outcome="approved", opinion="同意。")

    assert "下一件" not in page.words
    assert "现在没有等您办理的事项" in desk.open("/").words


def test_hand_over_offers_only_whom_the_rules_accept(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    [ref] = pile.reviews(1)
    offered = pile.file(ref).colleagues

    for each in offered:
        pile.act(stages.hand_over_step, "liguodong", ref=ref, stage=STAGE, to=each.id, reason_given="外出")
        pile.store.act(
            stages.hand_over_step, ref=ref, stage=STAGE, to=city.people["liguodong"], reason_given="已回",
            actor=each.id, now=NOW,
        )  # fmt: skip

    assert {each.name for each in offered} == {"陈文娟", "周建平", "蒋慧"}, (
        "not the clerk, nor the administrator"
    )


def test_a_late_clock_explains_itself_up_to_today(city: City, sign_in: SignIn) -> None:
    page = sign_in("liguodong").open(f"/projects/{city.projects['E']}{BUDGET}")

    assert "到期日 2026-11-13" in page.words
    assert "2026-11-14 周六 不计：周六" in page.words
    assert "2026-11-16 周一 超第1个工作日" in page.words
    assert "2026-11-23 周一 超第6个工作日" in page.words
    assert "超第7个工作日" not in page.words


def test_an_outside_clock_shows_what_was_promised_and_what_the_law_says(city: City, sign_in: SignIn) -> None:
    page = sign_in("tanli").open(f"/projects/{city.projects['D']}/stages/land_filing")

    assert "承诺 20个工作日" in page.words
    assert "（本局推算，以对方为准）" in page.words


def test_the_list_of_a_pile_is_read_in_one_go(city: City, sign_in: SignIn) -> None:
    """What a decision would rest on stands in the list: the very token that deciding checks."""
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    [ref] = pile.reviews(1)
    work = pile.store.read(worklist, person=city.people["liguodong"], day=local_day(NOW))
    item = next(each for each in work.mine if each.ref == ref)
    assert item.deciding is not None

    pile.act(
        decisions.decide, "liguodong", ref=ref, stage=STAGE, step=item.deciding.step, outcome="returned",
        opinion="改", fixes=(Fix("改"),), turn=item.deciding.turn, content=item.deciding.content,
    )  # fmt: skip

    assert pile.state(ref) == "preparing"
