"""The pass of the clock: one broken project never stops everybody else's."""

from __future__ import annotations

from sqlalchemy import text

from api.operations import sweep
from tests.world import World
from workflow.sql import Statement
from workflow.transaction import Transaction

_SPOIL = Statement(text("UPDATE project SET body = '{' WHERE ref = :ref"))


def spoil(tx: Transaction, *, ref: str) -> None:
    """What no action can do: a body that cannot be read."""
    tx.execute(_SPOIL, ref=ref)


def test_a_broken_project_becomes_an_incident_and_the_others_keep_their_time(unproved: World) -> None:
    """The oldest due place is unreadable; the next project's clerk is warned all the same, and once."""
    world = unproved
    broken, _ = world.register("hall"), world.register("hall")
    world.store.act(spoil, ref=broken.ref)
    world.outage(14)

    assert sweep(world.store, world.now) == 1
    assert sweep(world.store, world.now) == 0
    assert "approaching" in world.told("谭丽")
    assert world.incidents() == ["sweep-broken"]
