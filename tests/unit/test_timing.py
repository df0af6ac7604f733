"""Clocks and ladders as pure functions: due dates, epochs, rungs that are never early, lights."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.world import definition_text
from workflow.clock import SHANGHAI, Limit, Unit, due, local_day, rung_at
from workflow.definition import Definition, Rung
from workflow.loader import load
from workflow.queries.words import light_on
from workflow.snapshot import shipped_calendar
from workflow.state import Clock
from workflow.timing import (
    VALIDITY_LADDER,
    at_rung,
    clock_of,
    extend,
    ladder_of,
    resume,
    retime,
    stop,
    validity_clock,
)

CALENDAR = shipped_calendar()
LADDER = tuple(Rung(offset, ("holder",)) for offset in (-3, -1, 0, 1, 3, 10))
DAYS = st.dates(date(2024, 1, 1), date(2026, 11, 30))
LIMITS = st.builds(
    Limit, st.integers(1, 30), st.sampled_from(Unit).filter(lambda unit: unit is not Unit.YEARS)
)


def definition(name: str) -> Definition:
    """A project type of the stories."""
    found = load(definition_text(name), f"{name}.yaml").definition
    assert found is not None
    return found


HOME = definition("home")


def at_ten(day: date) -> datetime:
    """Ten o'clock in Shanghai."""
    return datetime(day.year, day.month, day.day, 10, tzinfo=SHANGHAI).astimezone(UTC)


def started(day: date, limit: Limit) -> Clock:
    """A clock of that limit, begun at ten o'clock."""
    return retime(Clock("review", day, limit), LADDER, CALENDAR, at_ten(day))


@pytest.mark.parametrize(
    ("stage", "state", "due_on", "statutory_on", "outside"),
    [
        ("proposal", "preparing", date(2026, 9, 21), None, False),
        ("proposal", "review", date(2026, 9, 3), None, False),
        ("proposal", "external.filing", date(2026, 9, 4), None, False),
        ("proposal", "external.filed", date(2026, 9, 8), None, True),
        ("proposal", "external.correcting", date(2026, 9, 21), None, False),
        ("proposal", "external.accepted", date(2026, 9, 8), date(2026, 9, 29), True),
        ("site", "external.accepted", date(2026, 9, 29), date(2026, 9, 29), True),
    ],
    ids=[
        "gathering papers",
        "a step",
        "a signed file to be handed out, of which the type says nothing",
        "waiting for acceptance",
        "correcting",
        "promised and legal",
        "legal alone",
    ],
)
def test_each_kind_of_waiting_has_a_clock_of_its_own(
    stage: str, state: str, due_on: date, statutory_on: date | None, outside: bool
) -> None:
    day = date(2026, 9, 1)
    clock = clock_of(HOME, HOME.stages[stage], state, started_on=day, now=at_ten(day), calendar=CALENDAR)
    assert clock is not None
    assert (clock.due_on, clock.statutory_on, clock.outside) == (due_on, statutory_on, outside)


@pytest.mark.parametrize(
    ("stage", "state"),
    [("site", "preparing"), ("site", "external.correcting")],
)
def test_where_the_definition_sets_no_limit_no_clock_runs(stage: str, state: str) -> None:
    day = date(2026, 9, 1)
    assert (
        clock_of(HOME, HOME.stages[stage], state, started_on=day, now=at_ten(day), calendar=CALENDAR) is None
    )


def test_outside_clocks_climb_the_outside_ladder() -> None:
    """Handing a signed file out is the clerk's own as the preparation is, whatever the outside step's ladder."""
    stage = HOME.stages["proposal"]
    external = replace(stage.step("external"), ladder=LADDER)
    laddered = replace(stage, steps=(stage.step("review"), external))
    assert ladder_of(HOME, laddered, "external.accepted") == LADDER
    assert (
        ladder_of(HOME, laddered, "external.filing") == ladder_of(HOME, laddered, "preparing") == HOME.ladder
    )
    assert ladder_of(HOME, stage, "external.accepted") == HOME.outside_ladder
    assert ladder_of(HOME, stage, "external.correcting") == ladder_of(HOME, stage, "review") == HOME.ladder


@given(DAYS, LIMITS)
def test_no_rung_lies_before_the_clock_began_or_takes_effect_early(day: date, limit: Limit) -> None:
    """The ladder begins with the first rung still ahead, at nine of a working day."""
    clock = started(day, limit)
    for number in range(clock.rung, len(LADDER)):
        clock = at_rung(clock, number, LADDER, CALENDAR)
        assert clock.due_on is not None
        assert clock.next_at is not None
        assert clock.next_at >= at_ten(day)
        assert clock.next_at == rung_at(CALENDAR, clock.due_on, LADDER[number].offset)
        assert clock.next_at.astimezone(SHANGHAI).hour == 9
        assert CALENDAR.is_workday(local_day(clock.next_at))
    for skipped in range(started(day, limit).rung):
        assert rung_at(CALENDAR, started(day, limit).due_on or day, LADDER[skipped].offset) < at_ten(day)


def test_a_rung_of_this_very_instant_is_still_ahead() -> None:
    """A clock that begins at nine sharp has the rung of nine sharp; a second later it is skipped."""
    day = date(2026, 9, 1)
    nine = rung_at(CALENDAR, day, 0)
    rungs = [
        retime(
            Clock("review", day, Limit(1, Unit.WORKDAYS)), LADDER, CALENDAR, nine + timedelta(seconds=late)
        ).rung
        for late in (0, 1)
    ]
    assert rungs == [1, 2]


def test_past_the_last_rung_a_clock_waits_for_nothing() -> None:
    clock = started(date(2026, 9, 1), Limit(2, Unit.WORKDAYS))
    assert at_rung(clock, len(LADDER), LADDER, CALENDAR).next_at is None


@given(DAYS, st.integers(1, 30), st.integers(0, 40), st.integers(0, 60))
def test_a_stopped_clock_loses_exactly_the_working_days_it_stood(
    day: date, amount: int, until_stop: int, stood: int
) -> None:
    """Due days after resuming = due days before + the working days of the span."""
    clock = started(day, Limit(amount, Unit.WORKDAYS))
    assert clock.due_on is not None
    begin = day + timedelta(days=until_stop)
    end = begin + timedelta(days=stood)
    assume(day < begin <= clock.due_on)
    stopped = stop(clock, begin, "专家评审")
    assert (stopped.due_on, stopped.next_at, stopped.stopped) == (None, None, True)
    running = resume(stopped, end, LADDER, CALENDAR, at_ten(end))

    lost = sum(CALENDAR.is_workday(begin + timedelta(days=each)) for each in range(stood))
    assert running.due_on == CALENDAR.add_workdays(clock.due_on, lost)
    assert running.epoch > clock.epoch
    assert not running.stopped


@given(DAYS, LIMITS, st.integers(1, 20))
def test_an_extension_moves_the_day_and_opens_an_epoch(day: date, limit: Limit, more: int) -> None:
    """An extension runs on from the expiry before it."""
    clock = started(day, limit)
    longer = extend(clock, Limit(more, Unit.WORKDAYS), LADDER, CALENDAR, at_ten(day))
    found = due(CALENDAR, day, limit, extensions=[Limit(more, Unit.WORKDAYS)])

    assert found is not None
    assert longer.due_on == found.day
    assert (longer.epoch == clock.epoch + 1) is (longer.due_on != clock.due_on)


@given(DAYS, LIMITS)
def test_working_out_a_clock_anew_changes_nothing(day: date, limit: Limit) -> None:
    """Without a change of ledger or calendar there is no new epoch and no other rung."""
    clock = started(day, limit)
    assert retime(clock, LADDER, CALENDAR, at_ten(day)) == clock


def colour(clock: Clock, day: date) -> str:
    """What every page shows of it on that day."""
    return light_on(clock.warn_on, clock.due_on, day).colour


@given(DAYS, LIMITS)
def test_the_light_turns_from_green_through_yellow_to_red(day: date, limit: Limit) -> None:
    """Yellow no later than the last working day before, red only after the due day."""
    clock = started(day, limit)
    assert clock.due_on is not None
    colours = [colour(clock, day + timedelta(days=each)) for each in range((clock.due_on - day).days + 2)]
    order = [each for place, each in enumerate(colours) if place == 0 or colours[place - 1] != each]
    assert order in (["green", "yellow", "red"], ["yellow", "red"])
    assert colour(clock, clock.due_on) == "yellow"
    assert colour(clock, CALENDAR.add_workdays(clock.due_on, -1)) == "yellow"


def test_what_does_not_run_has_no_colour() -> None:
    clock = started(date(2026, 9, 1), Limit(5, Unit.WORKDAYS))
    assert colour(stop(clock, date(2026, 9, 2), ""), date(2026, 9, 2)) == "none"


@given(DAYS, st.integers(1, 400))
def test_a_validity_clock_warns_before_the_last_day_and_lapses_after_it(day: date, length: int) -> None:
    """Every rung lies on or before the last day; the last thing it waits for is the end of that day."""
    until = day + timedelta(days=length)
    paper = HOME.documents["proposal_reply"]
    clock = validity_clock(paper, day, until, CALENDAR, at_ten(day))
    assert clock.due_on == until
    assert clock.warn_on is not None
    assert clock.warn_on < until
    assert clock.next_at is not None
    assert clock.next_at >= at_ten(day)
    if clock.rung < len(VALIDITY_LADDER):
        assert clock.next_at <= at_ten(until)


def test_a_statutory_limit_is_kept_beside_the_promised_one_through_stops() -> None:
    """Both limits stand still together."""
    stage = HOME.stages["proposal"]
    day = date(2026, 9, 1)
    clock = clock_of(HOME, stage, "external.accepted", started_on=day, now=at_ten(day), calendar=CALENDAR)
    assert clock is not None
    stopped = stop(clock, date(2026, 9, 3), "评审")
    assert stopped.statutory_on is None
    running = resume(stopped, date(2026, 9, 4), HOME.outside_ladder, CALENDAR, at_ten(date(2026, 9, 4)))
    assert (running.due_on, running.statutory_on) == (date(2026, 9, 9), date(2026, 9, 30))
    assert replace(running, spans=()) != running
