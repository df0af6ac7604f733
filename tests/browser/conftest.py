"""The invented city behind a real server, and real browsers to look at it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from api import demo
from api.main import create_app
from api.settings import NO_LIMITS, make
from tests.serving import free_port, served
from tests.web.conftest import NOW, City, city, founded

__all__ = ["city", "founded"]

DESKTOP, PHONE = (1366, 768), (390, 844)

Visit = Callable[..., Page]


@contextmanager
def open_desk(city: City) -> Iterator[str]:
    """The city's desk behind a real server; its address."""
    port = free_port()
    settings = make(data=city.data, mailbox=True, port=port, limits=NO_LIMITS)
    app = create_app(settings, clock=lambda: NOW, beating=False)
    with served(app, port) as found:
        yield found


@pytest.fixture
def address(city: City) -> Iterator[str]:
    """Where the city's desk is served."""
    with open_desk(city) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the stories of a file: while it is open, its driver's event loop occupies the thread,
    and what other files of the same worker run on a loop of their own would be refused.
    """
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=os.environ["SHENPI_BROWSER"],
            headless=False,  # the older headless mode, which Playwright asks for, has no viewer for PDF
            args=["--headless=new", "--no-sandbox", "--disable-gpu"],
        )
        yield opened
        with suppress(Exception):
            opened.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """Signs somebody in, in a browser of their own; what the console complains about fails the story."""
    complaints: list[str] = []
    opened = []

    def enter(
        staff_number: str,
        size: tuple[int, int] = DESKTOP,
        *,
        scripts: bool = True,
        password: str = demo.PASSWORD,
        arrives: str = "/",
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            has_touch=size == PHONE,
            locale="zh-CN",
            base_url=address,
            java_script_enabled=scripts,
        )
        opened.append(context)
        page = context.new_page()
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in")
        page.get_by_label("工号").fill(staff_number)
        page.get_by_label("密码").fill(password)
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url(f"**{arrives}")
        return page

    yield enter
    for context in opened:
        context.close()
    assert complaints == []


def keep_picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page in the folder that SHENPI_PICTURES names, if it does."""
    folder = os.environ.get("SHENPI_PICTURES", "")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
