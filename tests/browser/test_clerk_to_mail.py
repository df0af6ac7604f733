"""From the clerk's desk to the chief's inbox: a real browser, a real server, a real SMTP conversation."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, Locator, Page, expect

from api import operations
from api.demo_papers import one_page_pdf
from api.mail import deliverer
from api.main import create_app
from api.passwords import hash_password
from api.settings import Settings, Smtp, make
from tests.databases import Databases
from tests.serving import free_port, served
from tests.world import World, at
from workflow.actions.people import change_person
from workflow.people import SYSTEM
from workflow.store import Store

PASSWORD = "a-long-enough-password"
ADDRESSES = {
    "谭丽": "tanli@yunhe.example",
    "杨帆": "yangfan@yunhe.example",
    "罗秀英": "luoxiuying@yunhe.example",
}

pytestmark = pytest.mark.browser


class Inbox:
    """The office's mail server: keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - its name for it
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 kept"

    def subjects_to(self, name: str) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails if ADDRESSES[name] in str(mail["To"])]

    def link_in(self, subject: str) -> str:
        """The one link of the mail with that subject."""
        mail = next(mail for mail in self.mails if str(mail["Subject"]) == subject)
        plain = mail.get_body(("plain",))
        assert plain is not None
        links = set(re.findall(r"http://\S+", plain.get_content()))
        assert len(links) == 1
        return str(links.pop())


class Office:
    """A running office: its server, its inbox, and the time on its wall."""

    def __init__(self, settings: Settings, inbox: Inbox) -> None:
        self.settings = settings
        self.inbox = inbox
        self.now = at("2026-09-01 10:00")
        self.app = create_app(settings, lambda: self.now, beating=False)

    @property
    def store(self) -> Store:
        found: Store = self.app.state.control.store
        return found

    def beat(self) -> None:
        """One beat of the clock and one of the mailer, on a thread of their own as under the metronome."""
        with ThreadPoolExecutor(1) as beat:
            beat.submit(self._beat).result()

    def _beat(self) -> None:
        operations.sweep(self.store, self.now)
        deliver = deliverer(self.store, self.settings)
        assert deliver is not None
        deliver(self.now)

    def wait_until(self, instant: datetime) -> None:
        """Let the mornings pass until then, the clock beating at nine on each."""
        while self.now < instant:
            morning = self.now.replace(hour=1, minute=0) + timedelta(days=1)
            self.now = min(morning, instant)
            self.beat()


@pytest.fixture
def office(tmp_path: Path, databases: Databases) -> Iterator[Office]:
    """云河县民政局 with 便民服务点 registered, served on loopback, mailing through a real SMTP server."""
    url = databases.copy(tmp_path)
    store = Store(url)
    store.start()
    world = World(store)
    for name, address in ADDRESSES.items():
        store.act(
            change_person, person=world.people[name], email=address, password_hash=hash_password(PASSWORD),
            actor=SYSTEM, now=world.now,
        )  # fmt: skip
    world.register("hall")
    store.close()
    inbox = Inbox()
    sink = Controller(inbox, hostname="127.0.0.1", port=free_port())
    sink.start()
    smtp = Smtp(host="127.0.0.1", port=sink.port, security="plain", sender="shenpi@yunhe.example")
    office = Office(make(data=tmp_path, port=free_port(), database_url=url, smtp=smtp), inbox)
    try:
        with served(office.app, office.settings.port):
            yield office
    finally:
        sink.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser window of an office PC."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    yield context.new_page()
    context.close()


def sign_in(page: Page, staff_number: str) -> None:
    page.get_by_label("工号").fill(staff_number)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def submit_the_proposal(page: Page, folder: Path) -> None:
    """Upload the proposal, register the minutes, submit, sign out."""
    paper = folder / "项目建议书.pdf"
    paper.write_bytes(one_page_pdf("项目建议书"))
    page.get_by_role("link", name="立项审批").first.click()
    proposal = unfolded(page, "form[action$='/upload']:has(input[value='proposal'])")
    proposal.locator("input[type=file]").set_input_files(paper)
    proposal.locator("button").click()
    minutes = unfolded(page, "form[action$='/register']:has(input[value='minutes'])")
    minutes.locator("[name=number]").fill("云民党组纪〔2026〕9号")
    minutes.locator("[name=issued_on]").fill("2026-08-28")
    minutes.locator("[name=kept_at]").fill("局办公室")
    minutes.locator("button").click()
    page.get_by_role("button", name="报送", exact=True).click()
    expect(page.get_by_text("科室审核").first).to_be_visible()
    page.get_by_role("button", name="退出").or_(page.get_by_role("link", name="退出")).click()


def unfolded(page: Page, form: str) -> Locator:
    """That form, once every fold around it is open."""
    for fold in page.locator(f"details:not([open]):has({form}) > summary").all():
        fold.click()
    return page.locator(form)


def test_what_the_clerk_submits_reaches_the_chief_by_mail_and_a_stall_reaches_the_deputy(
    office: Office, page: Page, tmp_path: Path
) -> None:
    """谭丽 submits in the browser; 杨帆 is asked by mail, lets it lie, and 罗秀英 hears of it; then he decides."""
    page.goto(office.settings.address)
    sign_in(page, "S1")
    submit_the_proposal(page, tmp_path)
    office.beat()

    [asked] = office.inbox.subjects_to("杨帆")
    assert asked.startswith("【待审】")
    assert "9月3日" in asked

    office.wait_until(at("2026-09-04 09:30"))
    assert [subject.partition("】")[0] for subject in office.inbox.subjects_to("杨帆")] == [
        "【待审",
        "【临期",
        "【今日到期",
    ]
    [late] = office.inbox.subjects_to("罗秀英")
    assert late.startswith("【提请关注】")
    assert "超1个工作日" in late

    page.goto(office.inbox.link_in(asked))
    sign_in(page, "S3")
    page.get_by_role("button", name="同意", exact=True).click()
    expect(page.get_by_text("分管领导审签").first).to_be_visible()
    office.beat()

    assert office.inbox.subjects_to("罗秀英")[-1].startswith("【待审】")
