"""Definitions: published once for ever; a new version touches no running project."""

from __future__ import annotations

import pytest

from tests.world import World, definition_text, refused
from workflow.actions.definitions import publish
from workflow.errors import Forbidden, Invalid


def changed(world: World, old: str, new: str, by: str = "顾明") -> str:
    """The text of `hall` with something changed is published; returns the digest."""
    text = definition_text("hall")
    assert old in text
    return str(world.do(publish, by, text=text.replace(old, new), name="hall.yaml"))


def test_the_same_text_again_changes_nothing(world: World) -> None:
    """Publishing twice is harmless and gives the same digest."""
    before = world.rows("SELECT count(*) FROM event")
    found = world.do(publish, "顾明", text=definition_text("hall"), name="hall.yaml")

    assert found == world.digests["hall"]
    assert world.rows("SELECT count(*) FROM event") == before


def test_the_same_version_with_another_text_is_refused(world: World) -> None:
    """A published version never changes, not by a comma."""
    with refused("version-published", says="把version加一"):
        changed(world, "title: 便民服务点建设", "title: 便民服务站建设")
    changed(world, "version: 1", "version: 2")


def test_a_running_project_keeps_its_version(world: World) -> None:
    """A new version asks for another paper: the old project does not, the new one does."""
    old = world.register("hall")
    text = definition_text("hall").replace("version: 1", "version: 2").replace("      - minutes\n", "")
    world.digests["hall"] = str(world.do(publish, "顾明", text=text, name="hall.yaml"))
    new = world.register("hall")
    for hall in (old, new):
        hall.upload("proposal")
    with refused("document-missing-registrable"):
        old.submit("approval")
    new.submit("approval")

    assert (old.state.version, new.state.version) == (1, 2)


def test_a_bad_file_never_replaces_a_good_one(world: World) -> None:
    """Every finding is listed with its place, and the good version stays."""
    with pytest.raises(Invalid) as caught:
        changed(world, "needs: [approval_reply, drawings]", "needs: [budget_reply, drawing]")

    assert {each.code for each in caught.value.reasons} >= {"undefined-document"}
    assert all(each.place.startswith("hall.yaml:") for each in caught.value.reasons)
    assert world.register("hall").at("approval") == "preparing"


def test_only_an_administrator_publishes(world: World) -> None:
    """What a project type is, is not the clerk's to say."""
    with refused("not-an-administrator", kind=Forbidden):
        changed(world, "version: 1", "version: 2", by="谭丽")
