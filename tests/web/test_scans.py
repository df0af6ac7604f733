"""The scan of a receipt or notice: it comes with the entry, its checker opens it, and the record keeps it at hand."""

from __future__ import annotations

from urllib.parse import unquote

from tests.papers import pdf
from tests.web.conftest import City, SignIn

LAND = "/stages/land_filing"


def test_the_notice_of_an_outside_office_is_scanned_checked_and_found_in_the_record(
    city: City, sign_in: SignIn
) -> None:
    """谭丽 enters a special procedure with its notice; 杨帆 holds them together; the record leads to it for ever."""
    clerk, chief = sign_in("tanli"), sign_in("yangfan")
    address = f"/projects/{city.projects['D']}{LAND}"
    given = {"what": "special_began", "on": "2026-11-20", "procedure": "现场踏勘"}
    clerk.open(address)
    page = clerk.send("/record", {"file": ("踏勘通知.pdf", pdf(), "application/pdf")}, **given)
    assert "已登记，待杨帆核对原件后生效。" in page.words

    page = chief.open(address)
    assert "附扫描件" in page.words
    assert page.html.count(">踏勘通知.pdf</a>") == 2, "beside the entry, and in the record"
    link = next(each for each in page.links if each.endswith("/preview"))
    answer = chief.client.get(link)
    assert (answer.content, answer.headers["content-type"]) == (pdf(), "application/pdf")
    assert "踏勘通知.pdf" in unquote(answer.headers["content-disposition"])
    chief.send("/confirm")

    for place in (address, f"/projects/{city.projects['D']}", f"/projects/{city.projects['D']}/record"):
        assert link in clerk.open(place).links, place


def test_a_file_of_the_wrong_kind_is_refused_at_its_field_with_all_else_kept(
    city: City, sign_in: SignIn
) -> None:
    clerk = sign_in("tanli")
    clerk.open(f"/projects/{city.projects['D']}{LAND}")

    page = clerk.send(
        "/record",
        {"file": ("踏勘通知.exe", b"MZ\x90\x00", "application/pdf")},
        what="special_began",
        on="2026-11-20",
        procedure="现场踏勘",
    )

    assert page.status == 422
    assert "record-special_began-file-wrong" in page.ids
    assert page.form("/record", what="special_began").values["procedure"] == "现场踏勘"
