"""The only door to `transitions`: which move exists from which state, and where it leads.

Each stage compiles to one flat machine, built once per definition and shared by all projects; the
machine holds no project, runs no callback and knows no condition. Invariant: it alone says that a
move exists; whether this actor may make it now is for `rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from transitions import Machine, MachineError

from workflow.definition import Definition, Stage, Step, StepKind
from workflow.state import CANCELLED, ISSUED, LAPSED, NOT_APPLICABLE, PREPARING, REFUSED, WAITING

FILING, FILED, CORRECTING, ACCEPTED = "filing", "filed", "correcting", "accepted"

TRIGGERS = {"approved": "approve", "returned": "return", "refused": "refuse"}
"""What each outcome of a decision, ours or an outside office's, asks of the machine."""


def is_outside(state: str) -> bool:
    """Whether an outside office holds a stage in that state: it was filed there, or accepted."""
    return state.endswith((f".{FILED}", f".{ACCEPTED}"))


class Move(NamedTuple):
    """One legal move: from one state, by one trigger, to exactly one state."""

    trigger: str
    source: str
    to: str


class IllegalMove(Exception):
    """The machine has no such move from that state."""


class _Position:
    """What a machine moves in place of a project: a state and nothing else."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class StateMachine:
    """A compiled, shared, thread-safe table of moves over one flat `transitions` machine.

    Raises ValueError when built from moves that the library would quietly accept: an unknown or
    final source, an unknown target, or two targets for one (state, trigger).
    """

    def __init__(self, states: Iterable[str], moves: Iterable[Move], final: Iterable[str] = ()) -> None:
        self.states = tuple(states)
        self.moves = tuple(moves)
        _validate(self.states, self.moves, frozenset(final))
        self._machine = Machine(
            model=None, states=list(self.states), initial=None, auto_transitions=False, send_event=False
        )
        for move in self.moves:
            self._machine.add_transition(move.trigger, move.source, move.to)
        self._triggers = {
            state: tuple(move.trigger for move in self.moves if move.source == state) for state in self.states
        }
        self._answers: dict[tuple[str, str], str] = {}

    def triggers(self, state: str) -> tuple[str, ...]:
        """Every trigger that exists from `state`; KeyError for a state the machine does not have."""
        return self._triggers[state]

    def after(self, state: str, trigger: str) -> str:
        """The state that `trigger` leads to from `state`; IllegalMove if there is no such move.

        The library is asked once for each of them: the machine is never changed, so neither is its answer.
        """
        found = self._answers.get((state, trigger))
        if found is None:
            found = self._answers[state, trigger] = self._ask(state, trigger)
        return found

    def _ask(self, state: str, trigger: str) -> str:
        if trigger not in self._triggers.get(state, ()):
            raise IllegalMove(f"{trigger} from {state}")
        position = _Position(state)
        try:
            moved = self._machine.events[trigger].trigger(position)
        except MachineError as error:
            raise IllegalMove(f"{trigger} from {state}") from error
        if moved is not True:
            raise IllegalMove(f"{trigger} from {state}")
        return position.state


def _validate(states: tuple[str, ...], moves: tuple[Move, ...], final: frozenset[str]) -> None:
    known = set(states)
    if len(known) != len(states):
        raise ValueError("a state is named twice")
    seen: set[tuple[str, str]] = set()
    for move in moves:
        if move.source not in known or move.to not in known:
            raise ValueError(f"{move} names an unknown state")
        if move.source in final:
            raise ValueError(f"{move} leaves a final state")
        if (move.source, move.trigger) in seen:
            raise ValueError(f"two moves by {move.trigger} from {move.source}")
        seen.add((move.source, move.trigger))


def entry_state(step: Step) -> str:
    """The state in which a step begins: an outside step begins with its filing."""
    return f"{step.key}.{FILING}" if step.kind is StepKind.EXTERNAL else step.key


def compile_stage(stage: Stage) -> StateMachine:
    """The machine of one stage: waiting, preparing, its steps in order, issued, and the ways back."""
    states = [WAITING, PREPARING, NOT_APPLICABLE, ISSUED, REFUSED, LAPSED, CANCELLED]
    moves = [
        Move("open", WAITING, PREPARING),
        Move("skip", WAITING, NOT_APPLICABLE),
        Move("hold", PREPARING, WAITING),
        Move("hold", NOT_APPLICABLE, WAITING),
        Move("submit", PREPARING, entry_state(stage.steps[0])),
        Move("take_over", WAITING, ISSUED),
        Move("take_over", PREPARING, ISSUED),
        Move("take_over", NOT_APPLICABLE, ISSUED),
        Move("lapse", ISSUED, LAPSED),
        Move("reapply", REFUSED, PREPARING),
        Move("reapply", LAPSED, PREPARING),
        Move("reopen", ISSUED, PREPARING),
        Move("withdraw", entry_state(stage.steps[0]), PREPARING),
    ]
    first = entry_state(stage.steps[0])
    for number, step in enumerate(stage.steps):
        then = entry_state(stage.steps[number + 1]) if number + 1 < len(stage.steps) else ISSUED
        states += _states_of(step)
        moves += (
            _outside_moves(step, then, first)
            if step.kind is StepKind.EXTERNAL
            else _inside_moves(step, then, first)
        )
    moves += [
        Move("cancel", state, CANCELLED)
        for state in states
        if state not in {ISSUED, NOT_APPLICABLE, LAPSED, CANCELLED}
    ]
    return StateMachine(states, moves, final={CANCELLED})


def _states_of(step: Step) -> list[str]:
    if step.kind is StepKind.EXTERNAL:
        return [f"{step.key}.{part}" for part in (FILING, FILED, CORRECTING, ACCEPTED)]
    return [step.key]


def _inside_moves(step: Step, then: str, first: str) -> list[Move]:
    """A publicity refuses nothing: showing is not deciding."""
    return [
        Move("approve", step.key, then),
        Move("return", step.key, PREPARING),
        *([Move("refuse", step.key, REFUSED)] if step.kind is not StepKind.PUBLICITY else []),
        Move("restart", step.key, first),
    ]


def _outside_moves(step: Step, then: str, first: str) -> list[Move]:
    filing, filed, correcting, accepted = _states_of(step)
    return [
        Move("file", filing, filed),
        *([Move("restart", filing, first)] if filing != first else []),
        Move("accept", filed, accepted),
        Move("notify_correction", filed, correcting),
        Move("correct", correcting, filed),
        Move("approve", accepted, then),
        *(Move("return", state, PREPARING) for state in (filing, filed, correcting, accepted)),
        *(Move("refuse", state, REFUSED) for state in (filed, correcting, accepted)),
    ]


PROJECT_STATES: Mapping[str, str] = {
    "planning": "谋划",
    "reserve": "储备",
    "active": "在办",
    "in_use": "投用",
    "archived": "归档",
    "terminated": "终止",
    "planning_suspended": "谋划（中止）",
    "reserve_suspended": "储备（中止）",
    "active_suspended": "在办（中止）",
}
"""States of a project with their Chinese words; a suspended one comes back to where it was."""


def _project_machine() -> StateMachine:
    suspendable = ("planning", "reserve", "active")
    return StateMachine(
        PROJECT_STATES,
        [
            Move("reserve", "planning", "reserve"),
            Move("start", "planning", "active"),
            Move("start", "reserve", "active"),
            Move("shelve", "active", "reserve"),
            Move("put_into_use", "active", "in_use"),
            Move("archive", "in_use", "archived"),
            *(Move("suspend", state, f"{state}_suspended") for state in suspendable),
            *(Move("resume", f"{state}_suspended", state) for state in suspendable),
            *(Move("terminate", state, "terminated") for state in suspendable),
            *(Move("terminate", f"{state}_suspended", "terminated") for state in suspendable),
        ],
        final={"archived", "terminated"},
    )


PROJECT = _project_machine()


class Compiled:
    """A definition with the machine of each of its stages: built once, shared by all its projects."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.machines = {key: compile_stage(stage) for key, stage in definition.stages.items()}
