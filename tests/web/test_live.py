"""A page that is left open: it learns when what it shows has changed."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import City, SignIn

LOOKS = {"Accept": "text/html", "X-Watching": "1"}


def look_again(client: TestClient, address: str, mark: str) -> int:
    """What the page's own script asks."""
    answer: Any = client.get(address, headers={**LOOKS, "If-None-Match": f'"{mark}"'}, follow_redirects=False)
    return int(answer.status_code)


@pytest.mark.parametrize(
    "page", ["/", "/projects", "/projects/{E}", "/projects/{E}/stages/budget_review", "/notices", "/types"]
)
def test_a_page_on_which_nothing_has_changed_says_so(city: City, sign_in: SignIn, page: str) -> None:
    liguodong = sign_in("liguodong")
    address = page.format_map(city.projects)

    mark = liguodong.open(address).mark

    assert mark
    assert look_again(liguodong.client, address, mark) == 304
    assert look_again(liguodong.client, address, "an-older-page") == 200


def test_an_open_page_learns_that_somebody_else_has_acted(city: City, sign_in: SignIn) -> None:
    stage = f"/projects/{city.projects['E']}/stages/budget_review"
    liuchang, liguodong = sign_in("liuchang"), sign_in("liguodong")
    mark = liuchang.open(stage).mark
    liguodong.open(stage)

    liguodong.send("/decide", outcome="approved", opinion="同意。")

    assert look_again(liuchang.client, stage, mark) == 200


def test_a_form_that_was_refused_does_not_look_again(city: City, sign_in: SignIn) -> None:
    liguodong = sign_in("liguodong")
    liguodong.open(f"/projects/{city.projects['E']}/stages/budget_review")

    page = liguodong.send("/decide", outcome="returned", opinion="")

    assert page.status == 409
    assert not page.mark


def test_two_pages_never_share_the_name_of_an_attempt(city: City, sign_in: SignIn) -> None:
    liguodong = sign_in("liguodong")
    address = f"/projects/{city.projects['E']}/stages/budget_review"

    first, second = (
        [form.values["command"] for form in liguodong.open(address).forms if "command" in form.values]
        for _ in range(2)
    )

    assert len(set(first)) == len(first)
    assert not set(first) & set(second)
