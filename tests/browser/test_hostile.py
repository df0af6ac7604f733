"""What a hostile colleague types everywhere is text everywhere: no script of theirs runs on any page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from api.main import create_app
from api.passwords import hash_password
from api.settings import NO_LIMITS, make
from tests.browser.test_clerk_to_mail import PASSWORD, sign_in
from tests.databases import Databases
from tests.hostile import MARKUP, TEMPLATES
from tests.serving import free_port, served
from tests.world import World
from workflow.actions import clocks, decisions, outside, people, projects
from workflow.people import SYSTEM
from workflow.state import Fix
from workflow.store import Store

pytestmark = pytest.mark.browser

ROUND = 35
"""How many strings one project carries: one is its title, all of them stand in its longer texts."""

STRINGS = tuple(each for each in (*MARKUP, *TEMPLATES) if each.isprintable())

FOREIGN = """() => [...document.querySelectorAll('*')].flatMap(each => [...each.attributes]
  .filter(one => /^on/i.test(one.name) || /^\\s*javascript:/i.test(one.value) && /^(href|src|action)$/.test(one.name))
  .map(one => each.tagName + ' ' + one.name))
  .concat([...document.scripts].filter(each => !each.src.includes('/static/')).map(each => each.outerHTML))
  .concat([...document.querySelectorAll('img[src="x"],base,iframe[srcdoc],object,embed,plaintext,xmp,math')].map(each => each.outerHTML))
  .concat(typeof ran === 'undefined' ? [] : ['ran'])"""
"""Everything on the page that could run and is not ours, or has run."""


class Scene:
    """A running desk where somebody typed all of it into whatever takes text."""

    def __init__(self, address: str, refs: list[str]) -> None:
        self.address = address
        self.refs = refs


@pytest.fixture
def scene(tmp_path: Path, sqlite_copies: Databases) -> Iterator[Scene]:
    url = sqlite_copies.copy(tmp_path)
    store = Store(url)
    store.start()
    world = World(store)
    change: dict[str, Any] = {"password_hash": hash_password(PASSWORD)}
    for name in ("谭丽", "顾明"):
        store.act(people.change_person, person=world.people[name], actor=SYSTEM, now=world.now, **change)
    refs = [typed_everywhere(world, STRINGS[at : at + ROUND]) for at in range(0, len(STRINGS), ROUND)]
    store.close()
    settings = make(data=tmp_path, port=free_port(), database_url=url, limits=NO_LIMITS)
    with served(create_app(settings, lambda: world.now, beating=False), settings.port) as found:
        yield Scene(found, refs)


def typed_everywhere(world: World, strings: tuple[str, ...]) -> str:
    """A project, its papers, reasons, letters, explanations, a unit and a person, all named by these words."""
    number, words, lines = len(world.projects), strings[0], "\n".join(strings)
    for place, each in enumerate(strings[:5]):
        name = f"{each[:55]}{number}{place}"
        world.do(people.add_organisation, "顾明", name=name, parent=world.organisations["云河县民政局"])
        world.person(f"{each[:25]}{number}{place}")
    home = world.register("home", words)
    home.upload("site_plan", "proposal", name=f"{words}.pdf")
    home.submit("site")
    home.submit("proposal")
    returned = {"outcome": "returned", "opinion": lines, "fixes": (Fix(words, "proposal"),)}
    home.do(decisions.decide, "杨帆", stage="proposal", step="review", **returned)
    home.file("site")
    home.do(outside.draft_letter, "谭丽", stage="site", text=lines)
    home.do(clocks.file_explanation, "谭丽", stage="site", text=lines)
    home.do(projects.move_project, "马德兴", trigger="suspend", reason_given=lines)
    return home.ref


def test_no_page_runs_what_somebody_typed(browser: Browser, scene: Scene) -> None:
    context = browser.new_context(locale="zh-CN", base_url=scene.address)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/sign-in")
    sign_in(page, "S7")
    literal = set()
    below = ("", "/record", "/stages/site", "/stages/proposal", "/papers", "/stages/site/letter", "/graph",
             "/stages/site/explanation")  # fmt: skip
    everywhere = ["/", "/projects", "/projects/print", "/warnings", "/board", "/notices", "/audit", "/admin/units",
                  "/admin/people", "/admin/incidents", "/delegations"]  # fmt: skip
    everywhere += [f"/projects/{ref}{end}" for ref in scene.refs for end in below]
    for address in everywhere:
        answer = page.goto(address)

        assert answer is not None
        assert answer.status in {200, 404}, address
        assert page.evaluate(FOREIGN) == [], address
        text = page.locator("body").inner_text()
        literal |= {each for each in STRINGS if each in text}

    assert len(STRINGS) >= 250
    assert set(STRINGS) - literal == set()
    assert complaints == []
    context.close()


@pytest.mark.parametrize("guarded", [True, False])
def test_the_policy_alone_stops_what_would_not_be_escaped(
    browser: Browser, scene: Scene, guarded: bool
) -> None:
    """Were a page to forget its escaping, the browser itself would run nothing of it; without the policy it would."""

    def forget_to_escape(route: Route) -> None:
        answer = route.fetch()
        kept = {name: value for name, value in answer.headers.items() if guarded or "policy" not in name}
        body = answer.text().replace("<h1>", f"<h1>{''.join(MARKUP[:14])}")
        route.fulfill(response=answer, headers=kept, body=body)

    page = browser.new_page(base_url=scene.address)
    page.route("**/sign-in", forget_to_escape)
    page.goto("/sign-in")
    page.locator("a[accesskey=x]").dispatch_event("click")

    assert page.evaluate("typeof ran === 'undefined'") is guarded
    page.close()
