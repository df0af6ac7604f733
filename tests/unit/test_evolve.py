"""The fold: every event kind has its change, every state its one spelling, nothing is ever modified in place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from workflow import events as ev
from workflow.clock import Limit, Unit
from workflow.events import DECODER, ENCODER, Entered, Event, Recorded, kind_of
from workflow.evolve import _CHANGES, evolve, fold
from workflow.state import (
    Accepted,
    Act,
    Clock,
    Concluded,
    CorrectionNotified,
    Entry,
    Filed,
    Fix,
    Paper,
    ProjectState,
    StageState,
    Wait,
    from_json,
    to_json,
)

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
TANLI, YANGFAN, LIUCHANG = 1, 2, 3
KINDS = get_args(Event)
CLOCK = Clock("review", date(2026, 9, 1), Limit(2, Unit.WORKDAYS), due_on=date(2026, 9, 3))
REGISTERED = ev.ProjectRegistered("hall", 1, "d", "便民服务点", 3, TANLI)
PAPER = Paper(1, TANLI, NOW, sha256="a" * 64, authors=(TANLI,))


def recorded(event: Event, actor: int = TANLI) -> Recorded:
    """Somebody did it now."""
    return Recorded(event, actor, NOW)


def after(*events: Event) -> ProjectState:
    """The state that these events leave after a registration."""
    state = fold(recorded(each) for each in (REGISTERED, *events))
    assert state is not None
    return state


SUBMITTED = (
    ev.StageOpened("approval", 1, Entered("preparing", (TANLI,))),
    ev.DocumentUploaded("proposal", PAPER),
    ev.StageSubmitted("approval", {"proposal": PAPER.content}, Entered("review", (YANGFAN,), CLOCK)),
)


def submitted() -> list[Recorded]:
    """A history up to the submission."""
    return [recorded(each) for each in (REGISTERED, *SUBMITTED)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_kind_has_its_change_and_a_name_of_its_own(kind: type) -> None:
    """An event that folds to nothing by forgetfulness cannot exist."""
    assert kind is ev.ProjectRegistered or kind in _CHANGES
    assert [each.__struct_config__.tag for each in KINDS].count(kind.__struct_config__.tag) == 1  # type: ignore[attr-defined]


def test_a_project_begins_with_its_registration() -> None:
    """Nothing can be known of a project before it is registered."""
    with pytest.raises(ValueError, match="begins with its registration"):
        evolve(None, recorded(SUBMITTED[0]))
    assert fold([]) is None


def test_a_submission_names_submitter_papers_and_holder() -> None:
    """What a submission rests on stands in the stage."""
    stage = after(*SUBMITTED).stage("approval")
    assert (stage.state, stage.holders, stage.clock, stage.turn, stage.since) == (
        "review",
        (YANGFAN,),
        CLOCK,
        2,
        NOW,
    )
    assert stage.acts == (Act("submit", TANLI, NOW),)


@pytest.mark.parametrize(
    "event",
    [
        ev.StageReturned("approval", "review", "依据不足", (Fix("补表"),), Entered("preparing", (TANLI,))),
        ev.StageWithdrawn("approval", Entered("preparing", (TANLI,))),
        ev.StageReapplied("approval", Entered("preparing", (TANLI,))),
    ],
    ids=["returned", "withdrawn", "reapplied"],
)
def test_a_new_visit_begins_with_empty_hands(event: Event) -> None:
    """Acts, papers and pending entries belong to the visit that ended."""
    entry = ev.EntryRecorded(Entry(4, "approval", Filed(date(2026, 9, 1)), TANLI, NOW, (YANGFAN,)))
    other = ev.EntryRecorded(Entry(5, "budget", Filed(date(2026, 9, 1)), TANLI, NOW, (YANGFAN,)))
    state = after(*SUBMITTED, entry, other, event)
    stage = state.stage("approval")

    assert (stage.visit, stage.acts, stage.papers, stage.clock) == (2, (), {}, None)
    assert list(state.entries) == ["5"]
    assert bool(stage.fixes) is isinstance(event, ev.StageReturned)


def test_a_restart_keeps_the_submission_and_forgets_the_decisions() -> None:
    """Exactly what rested on the replaced paper is gone."""
    decided = ev.StepDecided("approval", "review", "同意", "t", Entered("sign", (LIUCHANG,)))
    restarted = ev.StageRestarted("approval", "proposal", {"proposal": "b"}, Entered("review", (YANGFAN,)))
    stage = after(*SUBMITTED, decided, restarted).stage("approval")

    assert [act.what for act in stage.acts] == ["submit"]
    assert (stage.visit, stage.papers) == (1, {"proposal": "b"})


def test_a_signature_on_paper_is_the_signers_act() -> None:
    """Who checked the sheet did not decide; who signed it did."""
    signed = ev.StepDecided("approval", "review", "同意", "t", Entered("sign"), signed_by=YANGFAN)
    state = fold([*submitted(), recorded(signed, actor=LIUCHANG)])

    assert state is not None
    assert state.stage("approval").acts[-1].people == (YANGFAN,)


def test_both_hands_of_a_delegated_act_are_kept() -> None:
    """Who acted and who was acted for are both in it."""
    decided = ev.StepDecided("approval", "review", "同意", "t", Entered("sign"), on_behalf=YANGFAN)
    state = fold([*submitted(), recorded(decided, actor=LIUCHANG)])

    assert state is not None
    assert state.stage("approval").acts[-1].people == (LIUCHANG, YANGFAN)


def test_the_last_decision_puts_the_replies_into_the_project() -> None:
    """A reply that was issued is a document, and the stage knows its day."""
    reply = Paper(1, YANGFAN, NOW, number="15号", issued_on=date(2026, 9, 1))
    event = ev.StepDecided(
        "approval", "sign", "", "t", Entered("issued"), issued={"reply": reply}, issued_on=date(2026, 9, 1)
    )
    state = after(*SUBMITTED, event)

    assert state.documents["reply"] == reply
    assert state.stage("approval").issued_on == date(2026, 9, 1)


def test_a_lapse_moves_an_issued_stage_only() -> None:
    """While a renewal is on its way the stage stays where it is; the paper is lapsed either way."""
    reply = Paper(1, YANGFAN, NOW, clock=CLOCK)
    issued = ev.StepDecided("approval", "sign", "", "t", Entered("issued"), issued={"reply": reply})
    renewed = ev.StageReapplied("approval", Entered("preparing", (TANLI,)))
    lapse = ev.ReplyLapsed("reply", "approval")

    at_rest, on_its_way = after(*SUBMITTED, issued, lapse), after(*SUBMITTED, issued, renewed, lapse)
    assert (at_rest.stage("approval").state, on_its_way.stage("approval").state) == ("lapsed", "preparing")
    for state in (at_rest, on_its_way):
        assert (state.documents["reply"].lapsed, state.documents["reply"].clock) == (True, None)


def test_facts_are_merged_and_unknown_ones_disappear() -> None:
    """None means that it is not known any more; the code is kept unless a new one is given."""
    state = after(ev.FactsChanged({"beds": 12, "area": "0.4"}, code="c"), ev.FactsChanged({"beds": None}))
    assert (state.facts, state.code) == ({"area": "0.4"}, "c")


def test_outside_fixes_live_from_the_notice_to_the_next_filing() -> None:
    """What has to be corrected is shown until it was handed in anew."""
    filed = ev.OutsideMoved("approval", "external", 4, Filed(date(2026, 9, 1)), Entered("external.filed"))
    fixes = (Fix("补图"),)
    notice = ev.OutsideMoved(
        "approval",
        "external",
        5,
        CorrectionNotified(date(2026, 9, 2), fixes),
        Entered("external.correcting"),
        fixes,
    )
    accepted = ev.OutsideMoved(
        "approval", "external", 6, Accepted(date(2026, 9, 3)), Entered("external.accepted")
    )

    assert after(*SUBMITTED, filed, notice).stage("approval").fixes == fixes
    assert after(*SUBMITTED, filed, notice, accepted).stage("approval").fixes == fixes
    assert after(*SUBMITTED, filed, notice, filed).stage("approval").fixes == ()


def test_terminating_cancels_and_drops_every_entry() -> None:
    """Nothing waits for anybody in a project that ended."""
    entry = ev.EntryRecorded(Entry(4, "approval", Filed(date(2026, 9, 1)), TANLI, NOW, (YANGFAN,)))
    state = after(*SUBMITTED, entry, ev.ProjectMoved("terminate", "terminated", cancelled=("approval",)))

    assert (state.stage("approval").state, state.stage("approval").clock, state.entries) == (
        "cancelled",
        None,
        {},
    )
    assert not state.is_running


def test_waits_end_one_by_one() -> None:
    """A project is blocked until all that it waits for has come about."""
    waits = (ev.WaitBegan(Wait(7)), ev.WaitBegan(Wait(7, "approval")))
    assert after(*waits).is_blocked
    assert after(*waits, ev.WaitEnded(7)).is_blocked
    assert not after(*waits, ev.WaitEnded(7), ev.WaitEnded(7, "approval")).is_blocked


def test_evolve_changes_nothing_in_place() -> None:
    """A state that somebody holds stays as it is, whatever happens afterwards."""
    state = after(*SUBMITTED)
    before = to_json(state)
    evolve(state, recorded(ev.StageHeld("approval")))
    evolve(state, recorded(ev.FactsChanged({"beds": 1})))
    evolve(state, recorded(ev.DocumentUploaded("proposal", replace(PAPER, version=2))))
    evolve(state, recorded(ev.ProjectMoved("terminate", "terminated", cancelled=("approval",))))

    assert to_json(state) == before


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
PEOPLE = st.integers(0, 9)
LIMITS = st.builds(Limit, st.integers(1, 60), st.sampled_from(Unit))
STATES = st.sampled_from(["waiting", "preparing", "review", "external.filed", "issued"])
CLOCKS = st.builds(
    Clock, TEXT, DAYS, LIMITS, due_on=st.none() | DAYS, outside=st.booleans(), rung=st.integers(0, 5)
)
ACTS = st.builds(Act, TEXT, PEOPLE, st.just(NOW), PEOPLE)
PAPERS = st.builds(Paper, st.integers(1, 5), PEOPLE, st.just(NOW), sha256=TEXT, number=TEXT, issued_on=st.none() | DAYS,
                   fields=st.dictionaries(TEXT, TEXT | st.booleans() | st.integers(0, 9), max_size=2),
                   clock=st.none() | CLOCKS, lapsed=st.booleans())  # fmt: skip
RECORDS = st.builds(Filed, DAYS, TEXT) | st.builds(Concluded, DAYS, TEXT, TEXT)
STAGES = st.builds(StageState, STATES, st.integers(0, 3), st.integers(0, 9), since=st.none() | st.just(NOW),
                   holders=st.lists(PEOPLE, max_size=2).map(tuple), clock=st.none() | CLOCKS, acts=st.lists(ACTS, max_size=2).map(tuple),
                   papers=st.dictionaries(TEXT, TEXT, max_size=2))  # fmt: skip
PROJECTS = st.builds(
    ProjectState, TEXT, st.integers(1, 9), TEXT, TEXT, PEOPLE, PEOPLE, TEXT,
    st.sampled_from(["planning", "active", "reserve_suspended"]), st.dictionaries(TEXT, TEXT | st.integers(0, 9), max_size=3),
    st.dictionaries(TEXT, STAGES, max_size=3), st.dictionaries(TEXT, PAPERS, max_size=2),
    st.dictionaries(TEXT, st.builds(Entry, st.integers(1, 9), TEXT, RECORDS, PEOPLE, st.just(NOW), st.just((1, 2))), max_size=2),
)  # fmt: skip


@given(PROJECTS)
def test_a_state_has_one_spelling_and_comes_back(state: ProjectState) -> None:
    """Same state, same text: also when its parts were read, built or interned elsewhere."""
    text = to_json(state)
    assert from_json(text) == state
    assert to_json(from_json(text)) == text
    assert to_json(_rebuilt(state)) == text


def _rebuilt(state: ProjectState) -> ProjectState:
    """An equal state none of whose texts are the same objects."""
    raw = msgspec.json.decode(msgspec.json.encode(state))
    raw["state"] = "".join(list(state.state))
    for key, stage in state.stages.items():
        raw["stages"][key]["state"] = "".join(list(stage.state))
    return msgspec.convert(raw, ProjectState, strict=False)


@given(st.sampled_from([*SUBMITTED, REGISTERED]), PAPERS, CLOCKS, RECORDS)
def test_an_event_comes_back_from_its_text(event: Event, paper: Paper, clock: Clock, record: Any) -> None:
    """What is hashed decodes to what happened."""
    more = (
        ev.DocumentUploaded("d", paper),
        ev.ClockChanged("s", "stopped", "", clock),
        ev.EntryRecorded(Entry(1, "s", record, 1, NOW, (2,))),
        ev.ProjectMoved("suspend", "planning_suspended", "", {"s": clock}),
    )
    for each in (event, *more):
        text = ENCODER.encode(each)
        assert DECODER.decode(text) == each
        assert ENCODER.encode(DECODER.decode(text)) == text
        assert kind_of(each) in text.decode()
