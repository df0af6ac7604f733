"""Rows are a function of the state: what lists, work lists and the sweep look at."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.world import definition_text
from workflow import projection
from workflow.clock import Limit, Unit
from workflow.definition import Definition
from workflow.loader import load
from workflow.state import Clock, Entry, Filed, Paper, ProjectState, StageState, Wait

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
TANLI, YANGFAN, HEJING = 1, 2, 3
LIMIT = Limit(2, Unit.WORKDAYS)


def hall(name: str = "hall") -> Definition:
    """The project type of most stories, or another."""
    found = load(definition_text(name), f"{name}.yaml").definition
    assert found is not None
    return found


def clock(due: date, *, outside: bool = False, next_at: datetime | None = None) -> Clock:
    """A clock due on that day, yellow from the first of its month."""
    return Clock(
        "review",
        date(2026, 9, 1),
        LIMIT,
        due_on=due,
        warn_on=due.replace(day=1),
        outside=outside,
        next_at=next_at,
    )


def project(**details: object) -> ProjectState:
    """A hall of 谭丽."""
    return ProjectState(**{"definition": "hall", "version": 1, "digest": "d", "title": "便民服务点", "organisation": 3, "clerk": TANLI,
                           "state": "active", **details})  # type: ignore[arg-type] # fmt: skip


def test_a_project_shows_its_earliest_own_outside_and_validity_day() -> None:
    """Lateness outside is never mixed with our own."""
    stages = {
        "proposal": StageState("review", clock=clock(date(2026, 9, 20))),
        "land": StageState("preparing", clock=clock(date(2026, 9, 10))),
        "site": StageState("external.filed", clock=clock(date(2026, 9, 5), outside=True)),
    }
    papers = {"reply": Paper(1, TANLI, NOW, clock=clock(date(2027, 1, 5)))}
    row = projection.project_row(project(stages=stages, documents=papers), hall("home"))

    assert (row["own_due_on"], row["outside_due_on"], row["valid_due_on"]) == (
        "2026-09-10",
        "2026-09-05",
        "2027-01-05",
    )
    assert (row["own_warn_on"], row["outside_warn_on"], row["valid_warn_on"]) == (
        "2026-09-01",
        "2026-09-01",
        "2027-01-01",
    )


def test_a_quiet_project_has_no_days() -> None:
    """What does not run is not sorted by."""
    row = projection.project_row(project(), hall())
    assert {key: value for key, value in row.items() if key.endswith("_on")} == dict.fromkeys(
        ["own_warn_on", "own_due_on", "outside_warn_on", "outside_due_on", "valid_warn_on", "valid_due_on"]
    )
    assert (row["phase"], row["waits_for"]) == ("", "")


def test_a_project_is_in_the_last_phase_that_has_something_open() -> None:
    """Phases group stages for the eye."""
    stages = {"approval": StageState("review"), "budget": StageState("preparing")}
    assert projection.project_row(project(stages=stages), hall())["phase"] == "实施"
    stages["budget"] = StageState("waiting")
    assert projection.project_row(project(stages=stages), hall())["phase"] == "立项"


def test_unended_waits_can_be_found_by_the_awaited_project() -> None:
    """Each id stands between commas, so that 1 is not found in 11."""
    waits = (Wait(1), Wait(11, "approval"), Wait(2, ended=True))
    assert projection.project_row(project(waits=waits), hall())["waits_for"] == ",1,,11,"


@pytest.mark.parametrize(
    ("stage", "next_at"),
    [
        (StageState("review", clock=clock(date(2026, 9, 3), next_at=NOW)), "2026-09-01T02:00:00.000000Z"),
        (StageState("waiting", opens_on=date(2026, 9, 15)), "2026-09-14T16:00:00.000000Z"),
        (StageState("issued"), None),
        (StageState("review", clock=clock(date(2026, 9, 3))), None),
    ],
    ids=["its next rung", "midnight of its day in Shanghai", "at rest", "past the last rung"],
)
def test_the_sweep_finds_a_stage_when_something_is_due(stage: StageState, next_at: str | None) -> None:
    assert projection.stage_row(stage, 1)["next_at"] == next_at


def test_everybody_who_holds_an_open_stage_has_a_task() -> None:
    """One task per person; at rest only for whoever is asked what comes next; each checker of an entry has one too."""
    stages = {
        "approval": StageState("review", since=NOW, holders=(YANGFAN, HEJING), clock=clock(date(2026, 9, 3))),
        "budget": StageState("issued", since=NOW),
        "land": StageState("refused", since=NOW, holders=(TANLI,)),
    }
    entries = {"4": Entry(4, "budget", Filed(date(2026, 9, 1)), TANLI, NOW, (YANGFAN,))}
    since = "2026-09-01T02:00:00.000000Z"

    assert projection.tasks(project(stages=stages, entries=entries)) == {
        ("approval", "review", YANGFAN, since, "2026-09-03"),
        ("approval", "review", HEJING, since, "2026-09-03"),
        ("budget", "check.4", YANGFAN, since, None),
        ("land", "refused", TANLI, since, None),
    }


def test_a_paper_row_carries_its_hash_and_its_next_warning() -> None:
    """The row names the file; the sweep finds the reply."""
    paper = Paper(
        2,
        TANLI,
        NOW,
        sha256="a",
        name="x.pdf",
        size=9,
        number="15号",
        clock=clock(date(2027, 1, 1), next_at=NOW),
    )
    row = projection.paper_row(paper)

    assert (row["version"], row["sha256"], row["number"], row["next_at"]) == (
        2,
        "a",
        "15号",
        "2026-09-01T02:00:00.000000Z",
    )
    assert projection.paper_row(Paper(1, TANLI, NOW))["next_at"] is None
