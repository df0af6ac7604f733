"""Whatever is typed into whichever field: an answer, the text again, a sentence, and never as markup."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.web.conftest import City, SignIn
from tests.web.desk import Desk, FormOnPage, Page

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "同意\x00",
    "\x1b[31m红\x07",
    "李国栋\u202e意同不",
    "意见\u200f\u2066甲",
    "👨\u200d👩\u200d👧 🏗️ 同意",
    "\ufffe\uffff",
    "'; DROP TABLE project; --",
    "9" * 4000,
    "0." + "3" * 4000,
    "1e999999999",
    "概" * 40_000,
    "\r\n\t \u3000\u00a0",
    "%s %n {0} {title}",
    "../../etc/passwd",
    "2026-02-30",
    "0000-00-00",
]

FORMS = [
    ("wuhaitao", "/projects/new?type=columbarium", "/projects/new?type=columbarium"),
    ("liguodong", "/projects/{E}/stages/budget_review", "/decide"),
    ("tanli", "/projects/{D}/facts", "/facts"),
    ("tanli", "/projects/{D}", "/papers/upload"),
    ("tanli", "/projects/{D}", "/papers/register"),
    ("tanli", "/projects/{D}", "/hand-over-project"),
    ("tanli", "/projects/{D}/stages/land_filing", "/record"),
    ("tanli", "/projects/{D}/stages/land_filing", "/letter"),
    ("tanli", "/delegations", "/delegations"),
]

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=60), st.text(alphabet="\x00\x0b<>&\"'{}\u202e㊣0.,-", max_size=30))  # fmt: skip


def typed_fields(page: Page, form: FormOnPage) -> list[str]:
    """The fields of the form that take free text."""
    kinds: dict[str, str] = {}
    for tag, found in page.tags:
        if tag == "textarea" or (tag == "input" and found.get("type") in {"text", "date"}):
            kinds[str(found.get("name"))] = tag
    return sorted(form.fields & set(kinds))


@pytest.mark.slow
@pytest.mark.parametrize(("who", "address", "action"), FORMS, ids=[each[2].strip("/") for each in FORMS])
def test_no_text_breaks_a_form_or_gets_lost_in_it(
    city: City, sign_in: SignIn, who: str, address: str, action: str
) -> None:
    desk = sign_in(who)
    place = address.format(**city.projects)

    @settings(
        max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example]
    )  # fmt: skip
    @given(texts)
    @example("<script>alert(1)</script>\x00")
    @example("概" * 40_000)
    @example("李国栋\u202e意同不")
    def send(text: str) -> None:
        fill_in_and_send(desk, place, action, text)

    send()


def fill_in_and_send(desk: Desk, address: str, action: str, text: str) -> None:
    page = desk.open(address)
    if not page.has_form(action):
        return
    form = page.form(action)
    names = typed_fields(page, form)
    assert names
    if len(text) > 10_000:
        names = names[:1]
    filled = {**form.values, **dict.fromkeys(names, text)}
    choices = {"outcome": "returned"} if action == "/decide" else {}

    answer = desk.client.post(
        form.action,
        data={**filled, **choices},
        headers={"Accept": "text/html", "Origin": "http://127.0.0.1"},
    )

    again = Page(answer.status_code, answer.text, str(answer.url))
    assert again.status < 500
    assert "<script>alert" not in again.html
    assert "<img src=x" not in again.html
    if again.status >= 400:
        shown = again.form(form.action).values
        assert {name: flat(shown[name]) for name in names} == dict.fromkeys(names, flat(text))


def flat(text: str) -> str:
    """The text as any browser sends and reads it: one kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
