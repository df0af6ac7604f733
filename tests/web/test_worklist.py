"""我的待办: ten items in five minutes, in place and several at once, and never what changed after it was read."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.conftest import NOW, City, SignIn
from tests.web.desk import Desk
from tests.web.pile import STAGE, Pile, ask, listed, pile_of, press, refusal, ticks
from workflow.actions import clocks, decisions, entries
from workflow.actions.people import delegate
from workflow.clock import local_day
from workflow.state import Fix, PaperSigned


def test_the_list_says_what_can_be_done_who_sent_it_and_what_is_missing(city: City, sign_in: SignIn) -> None:
    chief, clerk = sign_in("liguodong"), sign_in("wuhaitao")
    pile = pile_of(chief, city)
    pile.reviews(2)
    pile.entries(1)

    page = chief.open("/")

    assert "待审批 3" in page.words
    assert "待核对 1" in page.words
    assert page.words.index("概算审核") < page.words.index("第1社区"), "the late one comes first"
    assert "审批（科室审核中）需求测算 第1版 刘畅 今日" in page.words
    assert "补录项目入库通知（澴发改储〔2026〕3号" in page.words
    assert "缺 4 项" in clerk.open("/").words


def test_an_item_is_decided_in_place_and_the_list_says_where_it_is_and_what_is_next(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("liguodong")
    first, _ = pile_of(desk, city).reviews(2)
    page = desk.open(f"/?open={first}/{STAGE}")
    assert "同意后 分管领导审签（陈文娟）" in page.words

    page = desk.send("/decide", outcome="approved", opinion="同意。")

    assert page.address.partition("?")[0].endswith("/")
    assert "第1社区养老服务中心改造·谋划入库：已同意，现在在陈文娟处（分管领导审签中）。" in page.words
    assert "下一件：大院社区综合养老服务中心改造·概算审核" in page.words
    assert ticks(page, first) == []


def test_whoever_goes_on_leave_finds_from_the_list_who_may_act_for_them(city: City, sign_in: SignIn) -> None:
    deputy = sign_in("chenwenjuan")
    assert "外出、休假前，可委托同事代办。" in deputy.open("/").words
    deputy.open("/delegations")
    deputy.send("/delegations", agent=str(city.people["zhoujianping"]), ends_on="2026-11-30", reason="年休假")

    assert "周建平 2026-11-23 至 2026-11-30" in deputy.page.words
    assert "陈文娟，2026-11-23 至 2026-11-30" in sign_in("zhoujianping").open("/delegations").words


def test_a_stopped_clock_is_said_to_be_stopped(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    [ref] = pile.reviews(1)
    pile.act(clocks.pause_clock, "zhoujianping", ref=ref, stage=STAGE, reason_given="等待勘验")

    page = desk.open("/")

    assert "停表中（等待勘验）" in page.words
    assert "未设时限" not in page.words


def test_a_check_says_by_when_its_step_is_due_and_the_late_one_comes_first(
    city: City, sign_in: SignIn
) -> None:
    """陈文娟 compares two signed sheets; that of 大院社区, whose review is late, stands above the newer one."""
    desk, clerk = sign_in("chenwenjuan"), sign_in("liuchang")
    [fresh] = pile_of(desk, city).reviews(1)
    for ref, stage in ((fresh, STAGE), (city.projects["E"], "budget_review")):
        clerk.open(f"/projects/{ref}/stages/{stage}")
        clerk.send(
            "/sign-paper", signer=str(city.people["liguodong"]), outcome="approved", on=f"{local_day(NOW)}",
            opinion="拟同意", kept_at="档案柜",
        )  # fmt: skip

    checks = desk.open("/").html.partition('<h2 id="check">')[2]

    assert checks.index(city.projects["E"]) < checks.index(fresh)
    assert "超 6 个工作日" in checks
    assert checks.count("所在环节的时限") == 2
    assert "未设时限" not in checks


def test_a_signature_entered_from_paper_is_told_to_its_signer(city: City, sign_in: SignIn) -> None:
    """李国栋 signed on paper: his list says that it waits for its check, lest he sign again."""
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    [ref] = pile.reviews(1)
    signed = PaperSigned(
        step="review", signer=city.people["liguodong"], on=local_day(NOW), outcome="approved", opinion="拟同意",
        content=pile.file(ref).content, sha256="", kept_at="档案柜",
    )  # fmt: skip
    pile.act(decisions.enter_paper_signature, "liuchang", ref=ref, stage=STAGE, signed=signed)

    assert "意见：拟同意，代录，待陈文娟核对原件" in desk.open("/").words


def test_a_return_in_place_that_lacks_its_items_is_finished_beside_the_papers(
    city: City, sign_in: SignIn
) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    [ref] = pile.reviews(1)
    desk.open(f"/?open={ref}/{STAGE}")

    page = desk.send("/decide", outcome="returned", opinion="测算口径不清。")

    assert page.status == 409
    assert page.form("/decide").values["opinion"] == "测算口径不清。"
    assert "decide-fixes-wrong" in page.ids
    page = desk.send("/decide", outcome="returned", fixes="需求测算：补人口口径\n补床位数")
    assert "已退回，现在在刘畅处（准备材料）。" in page.words
    assert "退回修改 1" in sign_in("liuchang").open("/").words
    assert "需修改 2 处：需求测算：补人口口径；补床位数" in sign_in("liuchang").open("/").words
    state = pile.store.act(lambda tx: tx.project(ref).state)
    assert state.stage(STAGE).fixes == (Fix("需求测算：补人口口径", "demand_study"), Fix("补床位数"))


def test_several_are_approved_by_one_opinion_each_with_its_own_event(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    refs = pile.reviews(10)
    chosen = ticks(desk.open("/"), *refs)

    page = ask(desk, chosen)
    assert sorted(listed(page)) == sorted(refs)
    assert page.words.count("需求测算 第1版") == page.words.count("材料校验码") == 10
    assert pile.decided(refs) == [0] * 10
    page = press(desk, page, "资料齐全，拟同意。")

    assert page.status == 200
    assert "已同意 10 件。" in page.words
    assert page.words.count("已同意，现在在陈文娟处（分管领导审签中）。") == 10
    assert pile.decided(refs) == [1] * 10
    assert all("意见：资料齐全，拟同意" in pile.file(ref).record[0].text for ref in refs)


def test_nobody_is_offered_to_tick_where_nothing_can_be_ticked(city: City, sign_in: SignIn) -> None:
    deputy = sign_in("chenwenjuan")
    pile_of(deputy, city).premises()

    page = deputy.open("/")

    assert "同意时要填写批文，请逐件办理" in page.words
    assert "可勾选几件一并同意" not in page.words
    assert "同意所选" not in page.html


def test_a_phrase_is_the_opinion_where_none_was_typed(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    [ref] = pile.reviews(1)
    page = ask(desk, ticks(desk.open("/"), ref))
    page.forms[-1].values["phrase"] = "同意报送。"

    press(desk, page, "")

    assert "意见：同意报送" in pile.file(ref).record[0].text


def test_a_paper_replaced_between_tick_and_confirmation_is_kept_apart(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    calm, changed = pile.reviews(2)
    chosen = ticks(desk.open("/"), calm, changed)
    pile.upload(changed, "需求测算（修订）")

    page = ask(desk, chosen)

    assert listed(page) == [calm]
    assert "下列 1 件不能一并办理" in page.words
    assert "您阅看后材料“需求测算”已换为第2版" in page.words


def test_a_paper_replaced_after_the_confirmation_refuses_only_that_one(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    calm, changed = pile.reviews(2)
    page = ask(desk, ticks(desk.open("/"), calm, changed))
    pile.upload(changed, "需求测算（修订）")

    page = press(desk, page)

    assert "已同意 1 件，未办 1 件。" in page.words
    assert "您阅看后材料“需求测算”已换为第2版，意见未生效。请重新阅看后签批。" in page.words.replace(" ", "")
    assert (pile.state(calm), pile.state(changed)) == ("sign", "review")


def test_whoever_was_first_is_named_and_the_rest_is_done(city: City, sign_in: SignIn) -> None:
    """陈文娟, who acts for 李国栋 today, decides one while he has the page open."""
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    first, second = pile.reviews(2)
    today = local_day(NOW)
    pile.act(
        delegate, "liguodong", principal=city.people["liguodong"], agent=city.people["chenwenjuan"],
        starts_on=today, ends_on=today, reason_given="外出",
    )  # fmt: skip
    page = ask(desk, ticks(desk.open("/"), first, second))
    pile.decide(first, "chenwenjuan")

    page = press(desk, page)

    assert "陈文娟（代李国栋）已于10:00签批，您的操作未生效。" in page.words
    assert "已同意 1 件，未办 1 件。" in page.words
    assert pile.decided([first, second]) == [1, 1]


def test_a_second_press_and_a_reload_say_the_same_and_change_nothing(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    refs = pile.reviews(3)
    asked = ask(desk, ticks(desk.open("/"), *refs))

    first = press(desk, asked)
    second = press(desk, asked)

    assert "已同意 3 件。" in first.words
    assert "已同意 3 件。" in second.words
    assert pile.decided(refs) == [1, 1, 1]


def test_of_two_windows_the_later_one_hears_that_all_is_done(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    refs = pile.reviews(3)
    chosen = ticks(desk.open("/"), *refs)
    one, other = ask(desk, chosen), ask(desk, chosen)

    press(desk, one)
    page = press(desk, other)

    assert page.status == 409
    assert "未办 3 件。" in page.words
    assert page.words.count("您已于10:00签批") == 3
    assert pile.decided(refs) == [1, 1, 1]


def test_fifty_are_done_at_once_and_not_one_more(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    refs = pile.reviews(51)
    chosen = ticks(desk.open("/"), *refs)

    assert ask(desk, chosen).status == 422
    assert "一次最多一并办理50件" in desk.page.words
    page = press(desk, ask(desk, chosen[:50]))

    assert "已同意 50 件。" in page.words
    assert sum(pile.decided(refs)) == 50


def test_what_issues_a_reply_is_done_by_itself_and_says_so(city: City, sign_in: SignIn) -> None:
    desk = sign_in("chenwenjuan")
    ref = pile_of(desk, city).premises()
    page = desk.open("/")
    assert "同意时要填写批文，请逐件办理" in page.words
    assert ticks(page, ref) == []
    it = pile_of(desk, city).file(ref, "premises", "chenwenjuan")

    page = ask(desk, [f"{ref}/premises/{it.step}/{it.stage.turn}/{it.content}"])

    assert listed(page) == []
    assert "尚未填写房源核验意见" in page.words


def test_entries_are_checked_together_each_by_its_own_event(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    refs = pile.entries(3)
    page = ask(desk, ticks(desk.open("/"), *refs), "confirm")
    assert sorted(listed(page)) == sorted(refs)
    assert page.words.count("区发展和改革局，原件存档案柜") == 3
    pile.act(
        entries.reject_entry, "liguodong", ref=refs[0], number=int(pile.file(refs[0]).entries[0].number), reason_given="不符"
    )  # fmt: skip

    page = press(desk, page)

    assert "已确认 2 件，未办 1 件。" in page.words
    assert "没有这条待核对的登记，可能已经核对过" in page.words
    assert [pile.state(ref) for ref in refs[1:]] == ["issued", "issued"]


def test_an_entry_is_checked_in_place(city: City, sign_in: SignIn) -> None:
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)
    [ref] = pile.entries(1)
    desk.open(f"/?open={ref}/{STAGE}/{pile.file(ref).entries[0].number}")

    page = desk.send(f"{STAGE}/confirm")

    assert "第1社区养老服务中心改造·谋划入库：已核对，登记生效，事项已批复。" in page.words
    assert "待核对" not in page.words


def test_ticks_that_no_page_showed_are_refused_and_tell_nothing(city: City, sign_in: SignIn) -> None:
    desk = sign_in("tanli")
    [foreign] = pile_of(desk, city).reviews(1)
    it = pile_of(desk, city).file(foreign)

    page = ask(desk, [f"{foreign}/{STAGE}/review/{it.stage.turn}/{it.content}"])

    assert "没有这个项目，或您无权查看" in page.words
    assert "社区" not in page.words
    for wrong in ("", "x", f"{foreign}/{STAGE}/review/1/", "a/b/c/d/e", "a/b/-1"):
        assert ask(desk, [wrong]).status == 422
    assert ask(desk, []).status == 422
    assert desk.open("/together/refuse?item=a").status == 404


DISTURBANCES = ("none", "replaced", "approved", "returned", "withdrawn", "resubmitted")


def disturb(pile: Pile, ref: str, how: str) -> None:
    """What may happen to an item between reading and pressing."""
    match how:
        case "replaced":
            pile.upload(ref, "需求测算（修订）")
        case "approved":
            pile.decide(ref, "liguodong")
        case "returned":
            pile.decide(ref, "liguodong", "returned", fixes=(Fix("修改"),))
        case "withdrawn":
            pile.withdraw(ref)
        case "resubmitted":
            pile.withdraw(ref)
            pile.submit(ref)


def test_together_is_as_if_singly(city: City, sign_in: SignIn) -> None:
    """Twins disturbed alike, one in the bulk and one by itself: same state, same words against it."""
    desk = sign_in("liguodong")
    pile = pile_of(desk, city)

    @settings(max_examples=12)
    @given(st.lists(st.sampled_from(DISTURBANCES), min_size=1, max_size=4))
    def compare(hows: list[str]) -> None:
        _compare(desk, pile, hows)

    compare()


def _compare(desk: Desk, pile: Pile, hows: list[str]) -> None:
    together, singly = pile.reviews(len(hows)), pile.reviews(len(hows))
    shown = {ref: pile.file(ref) for ref in singly}
    page = ask(desk, ticks(desk.open("/"), *together))
    for how, *twins in zip(hows, together, singly, strict=True):
        for ref in twins:
            disturb(pile, ref, how)

    page = press(desk, page, "同意。")
    against = [
        refusal(
            pile.act, decisions.decide, "liguodong", ref=ref, stage=STAGE, step=it.step, outcome="approved",
            opinion="同意。", turn=it.stage.turn, content=it.content,
        )
        for ref, it in shown.items()
    ]  # fmt: skip

    assert [pile.state(ref) for ref in together] == [pile.state(ref) for ref in singly]
    assert [pile.decided([ref]) for ref in together] == [pile.decided([ref]) for ref in singly]
    for reasons in against:
        assert all(each in page.words for each in reasons)
    done = against.count([])
    assert (f"已同意 {done} 件" in page.words) == (done > 0)


def test_what_came_back_stands_first_and_says_who_sent_it_back_and_why(city: City, sign_in: SignIn) -> None:
    chief, clerk = sign_in("liguodong"), sign_in("liuchang")
    pile = pile_of(chief, city)
    [returned] = pile.reviews(1)
    pile.register()
    chief.open(f"/projects/{returned}/stages/{STAGE}")

    chief.send("/decide", outcome="returned", opinion="测算口径不清。", fixes="需求测算：补人口口径")

    page = clerk.open("/")
    assert page.words.index("退回修改 1 项") < page.words.index("待报送 1 项")
    page = clerk.open(f"/projects/{returned}/stages/{STAGE}")
    assert "李国栋 2026-11-23 10:00 退回：测算口径不清。" in page.words
    assert "需修改 1 处" in page.words
