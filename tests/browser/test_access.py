"""Every page that somebody can reach by its links, for each kind of person: accessible, in one width, without a complaint.

The pages are found, not listed, so that a new one cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE, Visit, keep_picture
from tests.web.conftest import City

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PEOPLE = {
    "liuchang": "经办",
    "liguodong": "科长",
    "chenwenjuan": "分管局领导",
    "jianghui": "督查",
    "admin": "系统管理员",
}
FRAMED = re.compile(r"/preview$|/files/|^/api/|^/mailbox/\d+/html$|^/static/")
"""Shown inside a page, or not for people."""

MOST_PAGES = 60


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_is_accessible_and_fits(
    city: City, visit: Visit, person: str, size: tuple[int, int]
) -> None:
    page = visit(person, size)

    faults = {
        address: found for address in reachable(page, city) if (found := list(faults_of(page, size[0])))
    }

    assert faults == {}


def reachable(page: Page, city: City) -> Iterator[str]:
    """Walks to one page of every shape that links lead to; the page is open while its address is out."""
    waiting, shapes = ["/"], set()
    while waiting:
        address = waiting.pop(0)
        shape = shape_of(address, city)
        if shape in shapes:
            continue
        shapes.add(shape)
        assert len(shapes) <= MOST_PAGES
        answer = page.request.get(address)
        assert answer.status == 200, (address, answer.status)
        if not answer.headers["content-type"].startswith("text/html"):
            continue  # a download
        page.goto(address)
        yield address
        waiting += links_of(page)


def shape_of(address: str, city: City) -> str:
    """The address with what names one project, stage or thing left out."""
    path = urlsplit(address).path
    for ref in city.projects.values():
        path = path.replace(f"/{ref}", "/{}")
    return re.sub(r"(?<=/stages/)\w+|(?<=^/types/)[\w-]+|(?<=/)\d+(?=/|$)", "{}", path)


def links_of(page: Page) -> list[str]:
    """Where the page leads inside the desk, each address once."""
    found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    inside = [link.partition("#")[0] for link in found if link.startswith("/")]
    return [link for link in dict.fromkeys(inside) if link and not FRAMED.search(urlsplit(link).path)]


def faults_of(page: Page, width: int) -> Iterator[str]:
    """What is wrong with the page that is open."""
    for each in broken_rules(page):
        yield f"{each['id']}: {'; '.join(node['html'][:120] for node in each['nodes'][:3])}"
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        yield f"{wide} px wide"
    keep_picture(page, f"{width}-{urlsplit(page.url).path.strip('/').replace('/', '-') or 'worklist'}")


def broken_rules(page: Page) -> list[dict[str, Any]]:
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], iframes: false})", RULES
    )
    broken: list[dict[str, Any]] = found["violations"]
    return broken
