"""A position or a number in an address that no page of ours gave: the list is shown, nothing falls over."""

from __future__ import annotations

import pytest

from tests.web.conftest import SignIn

NO_POSITIONS = [
    "²",
    "0.2026-01-01.²",
    "².2026-01-01.1",
    f"0.2026-01-01.{'9' * 25}",
    f"{'9' * 25}.2026-01-01.1",
]


@pytest.mark.parametrize("position", NO_POSITIONS)
@pytest.mark.parametrize(
    "address",
    [
        "/board?after=",
        "/warnings?light=own-red&after=",
        "/audit?before=",
        "/projects?clerk=",
        "/projects?sort=due&after_due=",
        "/warnings?holder=",
        "/mailbox?person=",
    ],
)
def test_a_made_up_place_in_an_address_is_no_error(sign_in: SignIn, address: str, position: str) -> None:
    assert sign_in("jianghui").open(f"{address}{position}").status == 200
