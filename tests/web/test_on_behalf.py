"""代 is seen wherever somebody's doing is shown: on the stage, in the record, in the audit, on the lists."""

from __future__ import annotations

from tests.web.conftest import City, SignIn
from tests.web.pile import STAGE, pile_of
from tests.web.test_clerk import pdf

AWAY = {"ends_on": "2026-12-31", "reason": "出差"}


def test_what_a_delegate_did_is_seen_as_done_for_another(city: City, sign_in: SignIn) -> None:
    """陈文娟 is away: 蒋慧, who could not in her own name, gives 刘畅 more time; 吴海涛 hands in for 刘畅."""
    deputy, clerk = sign_in("chenwenjuan"), sign_in("liuchang")
    deputy.open("/delegations")
    deputy.send("/delegations", agent=str(city.people["jianghui"]), **AWAY)
    clerk.open("/delegations")
    clerk.send("/delegations", agent=str(city.people["wuhaitao"]), **AWAY)
    ref = pile_of(clerk, city).register()
    stage = f"/projects/{ref}/stages/{STAGE}"
    overseer, other = sign_in("jianghui"), sign_in("wuhaitao")

    overseer.open(stage)
    page = overseer.send("/extend", by="3", reason="材料繁多")
    assert "蒋慧（代陈文娟）延长了“谋划入库”的时限" in page.words
    other.open(stage)
    other.send("/upload", {"file": pdf("需求测算")}, document="demand_study")
    assert "吴海涛（代刘畅）2026-11-23" in other.page.words.partition("第1版")[2]
    other.send("/submit")
    assert "吴海涛（代刘畅）上传了“需求测算”" in other.open(f"/projects/{ref}").words

    assert "吴海涛（代刘畅）" in sign_in("liguodong").open("/").words
    audited = sign_in("jianghui").open("/audit?project=第1社区").words
    assert "蒋慧（代陈文娟） 蒋慧（代陈文娟）延长了“谋划入库”的时限" in audited


def test_whoever_signs_for_another_reads_so_where_they_sign(city: City, sign_in: SignIn) -> None:
    """李国栋 is away: above the form at which 陈文娟 decides in his place stands his name; in his own form nothing does."""
    stage = f"/projects/{city.projects['E']}/stages/budget_review"
    holder, delegate = sign_in("liguodong"), sign_in("chenwenjuan")
    assert "科室审核 意见" in holder.open(stage).words
    holder.open("/delegations")
    holder.send("/delegations", agent=str(city.people["chenwenjuan"]), **AWAY)

    assert "科室审核（代李国栋） 意见" in delegate.open(stage).words
    assert "科室审核（代李国栋）" not in sign_in("zhoujianping").open(stage).words


def test_what_was_done_in_ones_name_is_found_with_what_one_did(city: City, sign_in: SignIn) -> None:
    """Whoever audits 李国栋 finds what 陈文娟 did for him; whoever audits 陈文娟 finds it too."""
    holder, delegate = sign_in("liguodong"), sign_in("chenwenjuan")
    holder.open("/delegations")
    holder.send("/delegations", agent=str(city.people["chenwenjuan"]), **AWAY)
    delegate.open(f"/projects/{city.projects['E']}/stages/budget_review")
    delegate.send("/decide", outcome="returned", opinion="概算有误", fixes="改造工程概算书：重算")
    overseer = sign_in("jianghui")

    for person in ("liguodong", "chenwenjuan"):
        page = overseer.open(f"/audit?person={city.people[person]}&since=2026-11-23&kind=decisions")
        assert "陈文娟（代李国栋）" in page.words
    page = overseer.open(f"/audit?person={city.people['luoxiuying']}&since=2026-11-23&kind=decisions")
    assert "没有符合条件的记录" in page.words


def test_a_delegation_says_what_the_delegate_had_a_hand_in(city: City, sign_in: SignIn) -> None:
    """李国栋 delegates to 刘畅, who submitted 大院社区, and to 陈文娟: the page says what 刘畅 cannot do for him."""
    holder = sign_in("liguodong")
    holder.open("/delegations")
    page = holder.send("/delegations", agent=str(city.people["chenwenjuan"]), **AWAY)
    assert "经手过以下" not in page.words

    page = holder.send("/delegations", agent=str(city.people["liuchang"]), **AWAY)

    assert (
        "刘畅经手过以下各项，须回避，不能代您办理，请转办或由您自办：大院社区综合养老服务中心改造·概算审核（科室审核中）。"
        in page.words
    )
    assert "已委托" in page.words
    assert f"/projects/{city.projects['E']}/stages/budget_review" in page.links
    clerk = sign_in("liuchang")
    clerk.open(f"/projects/{city.projects['E']}/stages/budget_review")
    assert not clerk.page.has_form("/decide")
