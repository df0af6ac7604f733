"""What a hostile colleague types everywhere is text everywhere: no script of theirs runs on any page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from api.main import create_app
from api.passwords import hash_password
from api.settings import make
from tests.browser.test_clerk_to_mail import PASSWORD, sign_in
from tests.databases import Databases
from tests.serving import free_port, served
from tests.world import World
from workflow.actions import clocks, outside, people
from workflow.people import SYSTEM
from workflow.store import Store

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>document.title='跑了'</script>",
    '"><img src=x onerror="document.title=\'跑了\'">',
    "'><svg/onload=document.title='跑了'>",
    "</textarea></title><script>document.title='跑了'</script>",
    "<a href=\"javascript:document.title='跑了'\">看</a>",
    "{{7*7}}${7*7}#{7*7}{% raw %}",
)

FOREIGN = """() => [...document.querySelectorAll('*')].flatMap(each => [...each.attributes]
  .filter(one => /^on/i.test(one.name) || /^\\s*javascript:/i.test(one.value) && /^(href|src|action)$/.test(one.name))
  .map(one => each.tagName + ' ' + one.name))
  .concat([...document.scripts].filter(each => !each.src.includes('/static/')).map(each => each.outerHTML))
  .concat([...document.querySelectorAll('img[src="x"]')].map(each => each.outerHTML))"""
"""Everything on the page that could run and is not ours."""


class Scene:
    """A running desk where somebody typed all of it into whatever takes text."""

    def __init__(self, address: str, refs: list[str]) -> None:
        self.address = address
        self.refs = refs


@pytest.fixture
def scene(tmp_path: Path, databases: Databases) -> Iterator[Scene]:
    url = databases.copy(tmp_path)
    store = Store(url)
    store.start()
    world = World(store)
    change: dict[str, Any] = {"password_hash": hash_password(PASSWORD)}
    for name in ("谭丽", "顾明"):
        store.act(people.change_person, person=world.people[name], actor=SYSTEM, now=world.now, **change)
    refs = [typed_everywhere(world, each) for each in HOSTILE]
    store.close()
    settings = make(data=tmp_path, port=free_port(), database_url=url)
    with served(create_app(settings, lambda: world.now, beating=False), settings.port) as found:
        yield Scene(found, refs)


def typed_everywhere(world: World, words: str) -> str:
    """A project, its papers, reasons, letters, explanations, a unit and a person, all named by these words."""
    number = len(world.projects)
    world.do(
        people.add_organisation, "顾明", name=f"{words}{number}股", parent=world.organisations["云河县民政局"]
    )
    world.person(f"{words[:28]}{number}")
    home = world.register("home", words)
    home.upload("site_plan", "proposal", name=f"{words}.pdf")
    home.submit("site")
    home.submit("proposal")
    home.return_("proposal", "review", "杨帆")
    home.file("site")
    home.do(outside.draft_letter, "谭丽", stage="site", text=words)
    home.do(clocks.file_explanation, "谭丽", stage="site", text=words)
    home.move("suspend")
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
        assert "跑了" not in page.title().replace("document.title='跑了'", ""), address
        assert page.evaluate(FOREIGN) == [], address
        text = page.locator("body").inner_text()
        literal |= {each for each in HOSTILE if each in text}

    assert literal == set(HOSTILE)
    assert complaints == []
    context.close()
