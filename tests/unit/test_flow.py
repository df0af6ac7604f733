"""What opens, passes or waits by itself: one stage reconsidered, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.world import definition_text
from workflow.events import Event, Recorded, StageHeld, StageOpened, StageSkipped
from workflow.evolve import evolve
from workflow.flow import earliest_day, reconsider
from workflow.loader import load
from workflow.machine import Compiled
from workflow.people import Directory
from workflow.rules import Case
from workflow.snapshot import shipped_calendar
from workflow.state import NOT_APPLICABLE, Paper, ProjectState, StageState, Wait

TODAY = date(2026, 9, 1)
NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
CALENDAR = shipped_calendar()
NOBODY = Directory({}, {}, ())


def garden() -> Compiled:
    """The project type that uses every feature of the language."""
    found = load(definition_text("garden"), "garden.yaml").definition
    assert found is not None
    return Compiled(found)


GARDEN = garden()
STUDIED = {"study_reply": Paper(1, 1, NOW, fields={"estimate": "900"})}


def look(stage: str, **state: Any) -> Event | None:
    """What happens by itself to a stage of a garden in that state."""
    given = {"state": "active", **state}
    project = ProjectState("garden", 1, "d", "公墓", 2, 1, **given)
    return reconsider(Case(project, GARDEN, NOBODY, 0, TODAY), stage, CALENDAR, NOW)


def kind(event: Event | None) -> str:
    """What happens, in one word."""
    return type(event).__name__ if event else ""


@pytest.mark.parametrize(
    ("facts", "documents", "was", "happens"),
    [
        ({"forest": "1"}, {}, "waiting", ""),
        ({"forest": "1"}, STUDIED, "waiting", "StageOpened"),
        ({"forest": "0"}, {}, "waiting", ""),
        ({"forest": "0"}, STUDIED, "waiting", "StageSkipped"),
        ({}, STUDIED, "waiting", "StageHeld"),
        ({"forest": "1"}, STUDIED, "preparing", ""),
        ({"forest": "0"}, STUDIED, "preparing", "StageHeld"),
        ({}, STUDIED, "preparing", "StageHeld"),
        ({"forest": "1"}, {}, "preparing", "StageHeld"),
        ({"forest": "0"}, STUDIED, "not_applicable", ""),
        ({"forest": "1"}, STUDIED, "not_applicable", "StageHeld"),
        ({"forest": "0"}, {}, "not_applicable", "StageHeld"),
        ({}, STUDIED, "not_applicable", "StageHeld"),
        ({"forest": "0"}, {}, "review", ""),
        ({"forest": "0"}, {}, "issued", ""),
        ({"forest": "1"}, STUDIED, "refused", "StepOffered"),
        ({"forest": "1"}, STUDIED, "cancelled", ""),
    ],
    ids=[
        "the reply is missing", "free", "does not apply, not its turn", "does not apply", "unknown, so somebody is asked", "stays open", "applies no more",
        "unknown again", "the reply fell away", "stays passed", "applies after all", "passed too early", "unknown after passing",
        "in review nothing moves by itself", "nor when issued", "refused, and nobody was asked", "nor when cancelled",
    ],
)  # fmt: skip
def test_a_stage_moves_by_itself_only_from_waiting_preparing_and_not_applicable(
    facts: dict[str, str], documents: dict[str, Paper], was: str, happens: str
) -> None:
    assert (
        kind(look("forest", facts=facts, documents=documents, stages={"forest": StageState(was)})) == happens
    )


@pytest.mark.parametrize(
    "state",
    [
        {"state": "active_suspended"},
        {"state": "terminated"},
        {"state": "archived"},
        {"taking_over": True},
        {"waits": (Wait(9),)},
    ],
    ids=["suspended", "terminated", "archived", "being taken over", "waiting for another project"],
)
def test_nothing_opens_in_a_project_that_rests(state: dict[str, Any]) -> None:
    assert look("study", **state) is None


def test_a_stage_that_opens_goes_to_the_clerk() -> None:
    event = look("study")
    assert isinstance(event, StageOpened)
    assert (event.visit, event.entered.state, event.entered.holders) == (1, "preparing", (1,))


def test_a_passed_stage_names_the_condition_that_does_not_hold() -> None:
    event = look("forest", facts={"forest": "0"}, documents=STUDIED)
    assert isinstance(event, StageSkipped)
    assert "占用林地" in event.condition


@pytest.mark.parametrize(
    ("issued_on", "earliest"),
    [(date(2026, 7, 1), date(2026, 8, 1)), (date(2026, 8, 1), date(2026, 9, 1)), (date(2026, 8, 3), date(2026, 9, 3)),
     (date(2026, 9, 1), date(2026, 10, 9))],
    ids=["long over", "today", "the day after tomorrow", "after the holidays"],
)  # fmt: skip
def test_a_minimum_wait_counts_from_the_day_of_issue(issued_on: date, earliest: date) -> None:
    stages = {"notice": StageState("issued", issued_on=issued_on)}
    project = ProjectState("garden", 1, "d", "公墓", 2, 1, state="active", stages=stages)
    found = earliest_day(Case(project, GARDEN, NOBODY, 0, TODAY), GARDEN.definition.stages["start"], CALENDAR)
    assert found == earliest
    event = look("start", stages=stages)
    if earliest > TODAY:
        assert event == StageHeld("start", earliest)
    else:
        assert isinstance(event, StageOpened)


def test_a_day_that_is_known_already_is_not_announced_again() -> None:
    stages = {
        "notice": StageState("issued", issued_on=date(2026, 8, 3)),
        "start": StageState("waiting", opens_on=date(2026, 9, 3)),
    }
    assert look("start", stages=stages) is None
    stages["notice"] = StageState("preparing")
    assert look("start", stages=stages) == StageHeld("start")


def test_a_day_that_has_come_is_waited_for_no_more() -> None:
    """Whatever else it waits for, the sweep has nothing to look for on a day that is over or here."""
    stages = {"notice": StageState("issued", issued_on=date(2026, 8, 1))}
    assert look("start", stages=stages, waits=(Wait(9),)) is None


STATES = st.sampled_from(["waiting", "preparing", NOT_APPLICABLE, "issued", "review", "refused", "lapsed"])
KEYS = sorted(GARDEN.definition.stages)
PAPERS = st.builds(Paper, st.just(1), st.just(1), st.just(NOW), valid_until=st.none() | st.just(date(2026, 8, 31)),
                   fields=st.just({}) | st.just({"estimate": "1200"}))  # fmt: skip


@given(
    st.fixed_dictionaries(
        {key: st.builds(StageState, STATES, issued_on=st.just(date(2026, 8, 3))) for key in KEYS}
    ),
    st.dictionaries(st.sampled_from(sorted(GARDEN.definition.documents)), PAPERS),
    st.dictionaries(st.just("forest"), st.sampled_from(["0", "1"])),
)
def test_from_wherever_it_is_a_project_comes_to_rest(
    stages: dict[str, StageState], documents: dict[str, Paper], facts: dict[str, str]
) -> None:
    """Reconsidering again and again ends, and then nothing moves any more."""
    project = ProjectState(
        "garden", 1, "d", "公墓", 2, 1, state="active", facts=facts, stages=stages, documents=documents
    )
    for _ in range(5 * len(KEYS)):
        case = Case(project, GARDEN, NOBODY, 0, TODAY)
        events = [event for key in KEYS if (event := reconsider(case, key, CALENDAR, NOW))]
        if not events:
            return
        project = evolve(project, Recorded(events[0], 0, NOW))
    raise AssertionError("the stages of this project chase each other for ever")
