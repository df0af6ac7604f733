"""纸质签批: what was signed on paper reads as that, with the day on the sheet, whoever entered and compared it."""

from __future__ import annotations

from api.demo_papers import one_page_pdf
from tests.web.conftest import City, SignIn

BUDGET = "/stages/budget_review"


def signed_on_paper(city: City, sign_in: SignIn) -> str:
    """李国栋's review, signed on Thursday, entered by 刘畅 on Monday and compared by 陈文娟; the stage's address."""
    address = f"/projects/{city.projects['E']}{BUDGET}"
    clerk, deputy = sign_in("liuchang"), sign_in("chenwenjuan")
    clerk.open(address)
    sheet = {"file": ("签批件.pdf", one_page_pdf("签批件"), "application/pdf")}
    clerk.send(
        "/sign-paper", sheet, signer=str(city.people["liguodong"]), outcome="approved", on="2026-11-19",
        opinion="请按程序办理",
    )  # fmt: skip
    page = deputy.open(address)
    number = next(each.values["number"] for each in page.forms if each.action.endswith("/confirm"))
    deputy.send("/confirm", number=number)
    return address


def test_a_signature_that_was_not_confirmed_comes_back_to_who_entered_it(city: City, sign_in: SignIn) -> None:
    """陈文娟 finds another day on the sheet: 刘畅, in whose hands nothing is, finds it on her list, mends it and is rid of it."""
    address = f"/projects/{city.projects['E']}{BUDGET}"
    clerk, deputy = sign_in("liuchang"), sign_in("chenwenjuan")
    clerk.open(address)
    typed = {"signer": str(city.people["liguodong"]), "outcome": "approved", "opinion": "请按程序办理"}
    clerk.send("/sign-paper", on="2026-11-19", kept_at="呈批件夹", **typed)
    assert "更正后重新登记" not in clerk.open("/").words
    deputy.open(address)
    deputy.send("/reject", reason="签批日期是11月20日")

    page = clerk.open("/")
    assert "退回修改 1 项" in page.words
    assert "更正后重新登记（登记未通过核对）" in page.words
    assert "登记未通过核对：签批日期是11月20日" in page.words
    assert "陈文娟" in page.words
    assert f"{address}#not-confirmed" in page.links
    held = clerk.open(address).form("/sign-paper").values
    assert (held["on"], held["opinion"], held["kept_at"]) == ("2026-11-19", "请按程序办理", "呈批件夹")
    clerk.send("/sign-paper", on="2026-11-20", **typed)

    assert "更正后重新登记" not in clerk.open("/").words


def test_it_leaves_the_list_when_the_step_was_decided_otherwise(city: City, sign_in: SignIn) -> None:
    """李国栋 is back and decides at the desk: nothing is to be mended any more."""
    address = f"/projects/{city.projects['E']}{BUDGET}"
    clerk, deputy, chief = sign_in("liuchang"), sign_in("chenwenjuan"), sign_in("liguodong")
    clerk.open(address)
    signer = str(city.people["liguodong"])
    clerk.send(
        "/sign-paper", signer=signer, outcome="approved", on="2026-11-19", opinion="同意", kept_at="呈批件夹"
    )
    deputy.open(address)
    deputy.send("/reject", reason="没有签名")
    assert "更正后重新登记" in clerk.open("/").words
    chief.open(address)
    chief.send("/decide", outcome="returned", opinion="请补充", fixes="补测算依据")

    assert "更正后重新登记" not in clerk.open("/").words


def test_a_signature_on_paper_reads_as_one(city: City, sign_in: SignIn) -> None:
    """Neither the page nor the next sheet says that he decided here, on the day on which it was compared."""
    address = signed_on_paper(city, sign_in)
    words = "李国栋 2026-11-19纸质签批（刘畅代录，陈文娟核对原件） 请按程序办理"

    assert words in sign_in("liuchang").open(address).words
    assert words in sign_in("liuchang").open(f"{address}/sheet").words
