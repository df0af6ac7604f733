"""异常 without an end: how many there are is said, and each of them is on a page."""

from __future__ import annotations

import pytest

from tests.web.conftest import NOW, City, SignIn
from tests.web.desk import Desk
from tests.web.pile import pile_of
from workflow.queries.inbox import PAGE
from workflow.transaction import Transaction

AMOUNT = 2 * PAGE + 20


def stuck(desk: Desk, city: City, ref: str = "") -> None:
    """So many things got stuck, of the system or of one project, the oldest first."""
    store = pile_of(desk, city).store
    [project] = city.execute("SELECT id FROM project WHERE ref = :ref", ref=ref)[0] if ref else [0]
    for number in range(1, AMOUNT + 1):
        store.act(
            Transaction.raise_incident,
            code="sweep-broken",
            text_=f"第{number}号未办成",
            project=project,
            at=NOW,
        )


def walked(desk: Desk, address: str) -> list[str]:
    """The words of every page of that list, first to last."""
    found = [desk.open(address).words]
    while following := [link for link in desk.page.links if "before=" in link or "stuck=" in link]:
        found.append(desk.open(f"{address.partition('?')[0]}?{following[-1].partition('?')[2]}").words)
    return found


def test_every_incident_is_on_a_page_and_all_are_counted(city: City, sign_in: SignIn) -> None:
    desk = sign_in("admin")
    stuck(desk, city)
    pages = walked(desk, "/admin/incidents")

    assert len(pages) == 3
    assert all(f"共 {AMOUNT} 件" in page for page in pages)
    for number in range(1, AMOUNT + 1):
        assert sum(f" 第{number}号未办成" in page for page in pages) == 1
    assert f"全部异常（{AMOUNT}件）" in desk.open("/admin").words
    assert f"有{AMOUNT}件异常待处理" in desk.open("/notices").words


def test_an_old_incident_is_settled_from_its_page(city: City, sign_in: SignIn) -> None:
    """What was typed comes back beside its incident, however far down that is."""
    desk = sign_in("admin")
    stuck(desk, city)
    oldest = city.execute("SELECT min(id) FROM incident WHERE resolved_at IS NULL")[0][0]
    walked(desk, "/admin/incidents")
    page = desk.send(f"/admin/incidents/{oldest}", how="")
    assert page.status == 409
    assert "第1号未办成" in page.words
    page = desk.send(f"/admin/incidents/{oldest}", how="已重启")

    assert "异常已销号" in page.words
    assert f"共 {AMOUNT - 1} 件" in page.words


@pytest.mark.parametrize("who", ["zhoujianping", "liguodong"])
def test_whoever_cannot_settle_them_reads_all_of_them_too(city: City, sign_in: SignIn, who: str) -> None:
    """Above the notices, with a next page of their own."""
    desk = sign_in(who)
    stuck(desk, city, city.projects["E"])
    pages = walked(desk, "/notices?stuck=0")

    assert f"需要处理的异常 {AMOUNT} 件" in pages[0]
    assert all(any(f" 第{number}号未办成" in page for page in pages) for number in range(1, AMOUNT + 1))
