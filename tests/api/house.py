"""A house with everybody in their seat: two sections, another county, a delegate and a disabled account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import inspect

from tests import papers
from tests.api.office import NUMBERS, PASSWORD, Office, Seat, password_hash
from tests.world import Dossier
from workflow.actions import people
from workflow.state import Accepted

KINDS = {
    "谭丽": {"clerk", "submitter", "author"},
    "何川": {"clerk"},
    "杨帆": {"section_chief", "holder", "checker"},
    "罗秀英": {"deputy_director"},
    "马德兴": {"director", "issuer"},
    "蒋慧": {"overseer"},
    "顾明": {"administrator"},
}
"""Who sees the project, and as what: 何川 of the other county acts for 谭丽, who has asked him to."""

STRANGERS = ("刘畅", "周敏", "郑强", "田静")
"""Clerk and chief of the section next door, director and clerk of the other county."""

SIGNED_IN = (*KINDS, *STRANGERS)
NOBODY = ("", "孙平")
"""Nobody at all, and somebody whose account has been disabled since they signed in."""


class House:
    """The bureau with everybody in their seat, and a project at two places at once."""

    def __init__(self, office: Office) -> None:
        self.office = office
        world = office.world
        for name, unit, post in [
            ("何川", "青山县民政局", "clerk"),
            ("周敏", "养老服务股", "section_chief"),
            ("郑强", "青山县民政局", "director"),
            ("田静", "青山县民政局", "clerk"),
            ("孙平", "规划财务股", "director"),
        ]:
            if unit not in world.organisations:
                given = {"name": unit, "parent": world.organisations["市民政局"]}
                world.organisations[unit] = world.do(people.add_organisation, "顾明", **given)
            person = world.person(name, unit, post)
            world.do(people.change_person, "", person=person, password_hash=password_hash())
        world.delegate("谭丽", "何川", "2026-09-01", "2026-12-31")
        numbers = {**NUMBERS, **dict(world.rows("SELECT name, staff_number FROM person"))}
        self.seats = {"": Seat(office)}
        for name in (*SIGNED_IN, "孙平"):
            self.seats[name] = Seat(office)
            assert self.seats[name].sign_in(numbers[name], PASSWORD).status_code == 201, name
        world.do(people.change_person, "", person=world.people["孙平"], active=False)
        self.home = self._home()
        self.hall = world.register("hall")
        self.entry = self.home.record("site", Accepted(world.today, "受理1号"))

    def _home(self) -> Dossier:
        home = self.office.world.register("home")
        path = f"/api/projects/{home.ref}/documents/site_plan/versions"
        assert self.seats["谭丽"].post(path, files={"file": ("选址.pdf", papers.pdf())}).status_code == 201
        home.submit("site")
        home.file("site")
        home.submitted("proposal", "proposal")
        begun, world = self.office.world.now, self.office.world
        world.now = begun + timedelta(days=1)  # by then the review is nearly due
        home.order("proposal", by="马德兴")
        world.now = begun
        return home

    @property
    def content(self) -> dict[str, Any]:
        stage = self.home.stage("proposal")
        return {"turn": stage.turn, "content": self.home.content("proposal")}

    def rows(self) -> list[Any]:
        """How much there is of everything, and every head of the record."""
        world = self.office.world
        tables = inspect(world.store.engine).get_table_names()
        own = {"session", "login_failure", "known_browser"}
        counts = [
            (name, world.rows(f"SELECT count(*) FROM {name}")[0][0]) for name in tables if name not in own
        ]
        return [
            counts,
            world.rows("SELECT seq, head FROM project"),
            world.rows("SELECT seq, head FROM administration"),
        ]
