"""The only authority on moves: what the library would quietly accept is refused, what is illegal stays illegal."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import workflow.machine
from tests.world import TYPES, definition_text
from workflow.definition import Definition, StepKind
from workflow.loader import load
from workflow.machine import PROJECT, PROJECT_STATES, Compiled, IllegalMove, Move, StateMachine, compile_stage

DEFINITIONS: dict[str, Definition] = {
    name: found for name in TYPES if (found := load(definition_text(name), f"{name}.yaml").definition)
}
MACHINES = [
    pytest.param(machine, id=f"{name} {key}")
    for name, definition in DEFINITIONS.items()
    for key, machine in Compiled(definition).machines.items()
] + [pytest.param(PROJECT, id="project")]


def light(
    *moves: tuple[str, str, str], states: tuple[str, ...] = ("red", "green"), final: tuple[str, ...] = ()
) -> StateMachine:
    """A machine of a traffic light."""
    return StateMachine(states, [Move(*move) for move in moves], final)


@pytest.mark.parametrize(
    "build",
    [
        lambda: light(("go", "blue", "green")),
        lambda: light(("go", "red", "blue")),
        lambda: light(("go", "red", "green"), ("go", "red", "red")),
        lambda: light(("go", "red", "green"), ("go", "red", "green")),
        lambda: light(("go", "*", "green")),
        lambda: light(states=("red", "red")),
        lambda: light(("go", "red", "green"), final=("red",)),
    ],
    ids=["unknown source", "unknown target", "two targets", "twice the same", "any source", "a state twice", "leaves a final state"],
)  # fmt: skip
def test_what_the_library_would_accept_is_refused(build: object) -> None:
    """transitions takes unknown states and lets the first of two targets win: we refuse at the door."""
    assert callable(build)
    with pytest.raises(ValueError, match=r"unknown|two moves|twice|final"):
        build()


def test_nothing_that_could_be_called_by_name_ever_reaches_the_library() -> None:
    """S-68: a text under one of these names would be imported and run by transitions."""
    tree = ast.parse(Path(workflow.machine.__file__).read_text(encoding="utf-8"))
    given = {
        word.arg: word.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for word in call.keywords
    }
    callbacks = {"conditions", "unless", "before", "after", "prepare", "on_enter", "on_exit", "before_state_change",
                 "after_state_change", "prepare_event", "finalize_event", "on_exception", "on_final"}  # fmt: skip

    assert callbacks & given.keys() == set()
    assert isinstance(auto := given["auto_transitions"], ast.Constant)
    assert auto.value is False


@pytest.mark.parametrize(
    "trigger",
    [
        "to_green",
        "to_red",
        "__class__",
        "state",
        "trigger",
        "may_go",
        "is_green",
        "",
        "go\n",
        "GO",
        "initial",
    ],
)
def test_no_name_but_a_declared_trigger_moves_anything(trigger: str) -> None:
    """Automatic transitions and attributes of objects are no triggers."""
    machine = light(("go", "red", "green"))
    with pytest.raises(IllegalMove):
        machine.after("red", trigger)
    assert machine.after("red", "go") == "green"


def test_an_unknown_state_moves_nowhere_and_is_an_error_to_ask_about() -> None:
    """The library answers an unknown state with an empty list; we say that it is unknown."""
    machine = light(("go", "red", "green"))
    with pytest.raises(IllegalMove):
        machine.after("blue", "go")
    with pytest.raises(KeyError):
        machine.triggers("blue")
    with pytest.raises(IllegalMove, match="go from green"):
        machine.after("green", "go")


@pytest.mark.parametrize("machine", MACHINES)
def test_no_model_is_ever_registered(machine: StateMachine) -> None:
    """A machine is shared by all projects and holds none of them: no callback, no condition, no model."""
    inner = machine._machine
    assert inner.models == []
    assert inner.auto_transitions is False
    assert set(inner.events) == {move.trigger for move in machine.moves}
    for event in inner.events.values():
        for transitions in event.transitions.values():
            assert len(transitions) == 1
            assert not transitions[0].conditions
            assert not transitions[0].before
            assert not transitions[0].after
    for state in inner.states.values():
        assert not state.on_enter
        assert not state.on_exit


@pytest.mark.parametrize("machine", MACHINES)
def test_the_library_and_our_table_agree_on_every_pair(machine: StateMachine) -> None:
    """For every (state, trigger) the machine moves exactly where the table says, or not at all."""
    table = {(move.source, move.trigger): move.to for move in machine.moves}
    for state in machine.states:
        for trigger in {move.trigger for move in machine.moves}:
            if (state, trigger) in table:
                assert machine.after(state, trigger) == table[state, trigger]
                assert trigger in machine.triggers(state)
            else:
                with pytest.raises(IllegalMove):
                    machine.after(state, trigger)


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=list(DEFINITIONS))
def test_every_state_of_a_stage_is_reachable_and_none_but_cancelled_is_a_dead_end(
    definition: Definition,
) -> None:
    """From waiting every state can be reached, and from every state something can still be done."""
    for stage in definition.stages.values():
        machine = compile_stage(stage)
        reached, todo = {"waiting"}, ["waiting"]
        while todo:
            state = todo.pop()
            for trigger in machine.triggers(state):
                to = machine.after(state, trigger)
                if to not in reached:
                    reached.add(to)
                    todo.append(to)
        shown = all(
            step.kind is StepKind.PUBLICITY for step in stage.steps
        )  # what is only shown, nobody refuses
        assert reached == set(machine.states) - ({"refused"} if shown else set())
        assert [state for state in machine.states if not machine.triggers(state)] == ["cancelled"]


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=list(DEFINITIONS))
def test_a_stage_issues_only_through_its_last_step_or_by_taking_over(definition: Definition) -> None:
    """There is no short cut to a reply."""
    for stage in definition.stages.values():
        last = stage.steps[-1].key
        ways = {(move.trigger, move.source) for move in compile_stage(stage).moves if move.to == "issued"}
        assert {trigger for trigger, _ in ways} == {"approve", "take_over"}
        assert all(source.partition(".")[0] == last for trigger, source in ways if trigger == "approve")


def test_a_suspended_project_comes_back_to_where_it_was() -> None:
    """Suspending and resuming is the identity, from every state that can be suspended."""
    for state in ("planning", "reserve", "active"):
        assert PROJECT.after(PROJECT.after(state, "suspend"), "resume") == state
    assert PROJECT.triggers("archived") == PROJECT.triggers("terminated") == ()
    assert set(PROJECT.states) == set(PROJECT_STATES)


def test_a_shared_machine_is_safe_for_many_threads() -> None:
    """Eight threads move their own projects through one machine without disturbing each other."""
    machine = Compiled(DEFINITIONS["hall"]).machines["approval"]

    def walk(_: int) -> list[str]:
        states, state = [], "waiting"
        for trigger in ("open", "submit", "approve", "return", "submit", "approve", "approve", "lapse"):
            state = machine.after(state, trigger)
            states.append(state)
        return states

    with ThreadPoolExecutor(8) as pool:
        walks = list(pool.map(walk, range(400)))

    assert walks == [["preparing", "review", "sign", "preparing", "review", "sign", "issued", "lapsed"]] * 400
