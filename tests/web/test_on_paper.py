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


def test_a_signature_on_paper_reads_as_one(city: City, sign_in: SignIn) -> None:
    """Neither the page nor the next sheet says that he decided here, on the day on which it was compared."""
    address = signed_on_paper(city, sign_in)
    words = "李国栋 2026-11-19纸质签批（刘畅代录，陈文娟核对原件） 请按程序办理"

    assert words in sign_in("liuchang").open(address).words
    assert words in sign_in("liuchang").open(f"{address}/sheet").words
