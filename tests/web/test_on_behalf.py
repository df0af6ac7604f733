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
