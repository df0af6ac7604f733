"""What ought to happen, written down a second time: one walk project, without database, events or machine.

It shares no code with the engine; only the table of days off is lent to it. Each command answers whether it is
accepted, and if so changes the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

CLERK = "谭丽"
POSTS = {  # post -> holders in the project's own section, then in the bureau above it
    "section_chief": [["杨帆", "何静"], ["马德兴"]],
    "deputy_director": [["罗秀英"]],
}
SUPERVISORS = {"杨帆", "何静", "马德兴", "罗秀英"}
CHIEFS = {"罗秀英", "马德兴"}
SEES = {CLERK, *SUPERVISORS, "蒋慧"}
PEOPLE = [*sorted(SEES), "刘畅"]
VALID_DAYS = 40
STANDING = {"section_chief": SUPERVISORS, "deputy_director": CHIEFS}

STEPS = {
    "plan": ["review", "sign"],
    "site": ["external"],
    "forest": ["review"],
    "build": ["review", "external"],
}
BY = {"review": "section_chief", "sign": "deputy_director"}
NEEDS = {
    "plan": ["plan"],
    "site": ["map"],
    "forest": ["plan_reply", "forest_report"],
    "build": ["site_opinion", "contract"],
}
ISSUES = {"plan": "plan_reply", "site": "site_opinion", "forest": "forest_consent", "build": ""}
ISSUER = {reply: stage for stage, reply in ISSUES.items() if reply}
AFTER = {"build": "forest"}
CLOSED = {"waiting", "not_applicable", "issued", "refused", "lapsed"}
PAPERS = ["plan", "map", "forest_report", "contract"]
OUTSIDE = {  # act -> from which part of an outside step, to which
    "filed": ("filing", "filed"), "accepted": ("filed", "accepted"), "correction": ("filed", "correcting"), "corrected": ("correcting", "filed"),
}  # fmt: skip
LIMITS = {
    "plan.preparing": 10, "forest.preparing": 8, "build.preparing": 12, "plan.review": 2, "plan.sign": 1, "forest.review": 2, "build.review": 2,
    "site.external.filing": 3, "site.external.filed": 5, "site.external.correcting": 15, "site.external.accepted": 20,
    "build.external.filing": 3, "build.external.filed": 5, "build.external.accepted": 20,
}  # fmt: skip
"""How many working days there are for what; the rest has no limit."""
EXTENSION = 5
RENEWAL = 20
RETURNS_FROM = {"filing", "filed", "correcting", "accepted"}


@dataclass
class Entry:
    """A record that waits for its check."""

    what: str
    by: str
    hands: set[str]
    checkers: list[str]
    on: date


@dataclass
class Clock:
    """The time that a place has: its first day, its working days, and the days that do not count."""

    started: date
    limit: int
    outside: bool
    stops: list[tuple[date, date | None, str]] = field(default_factory=list)
    extended: bool = False

    @property
    def stopped(self) -> str:
        """Why it stands still; empty while it runs."""
        return self.stops[-1][2] if self.stops and self.stops[-1][1] is None else ""

    def stop(self, on: date, why: str) -> None:
        self.stops.append((on, None, why))

    def resume(self, on: date) -> None:
        begin, _, why = self.stops.pop()
        self.stops.append((begin, on, why))

    def due(self, is_workday: Callable[[date], bool]) -> date | None:
        """Its last day, counted one by one."""
        if self.stopped:
            return None
        day, left = self.started, self.limit + EXTENSION * self.extended
        while left:
            day += timedelta(days=1)
            left -= is_workday(day) and not any(begin <= day < (end or day) for begin, end, _ in self.stops)
        return day


@dataclass
class Stage:
    """Where a stage stands."""

    state: str = "waiting"
    visit: int = 0
    acts: list[tuple[str, ...]] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)
    papers: set[str] = field(default_factory=set)
    entry: Entry | None = None
    clock: Clock | None = None
    prepared: Clock | None = None
    """The clock of its preparation, which goes on in the same visit."""

    @property
    def is_open(self) -> bool:
        return self.state not in CLOSED

    @property
    def step(self) -> str:
        return "" if not self.is_open or self.state == "preparing" else self.state.split(".")[0]

    @property
    def part(self) -> str:
        return self.state.partition(".")[2]


class Reference:
    """The whole project as it ought to be."""

    def __init__(self, today: date, is_workday: Callable[[date], bool]) -> None:
        self.today = today
        self.is_workday = is_workday
        self.clerk = CLERK
        self.suspended = False
        self.stages = {key: Stage() for key in STEPS}
        self.authors: dict[str, list[str]] = {}
        self.until: dict[str, date | None] = {}
        self.lapsed: set[str] = set()
        self.consumed: set[str] = set()
        self.forest: int | None = None
        self.delegations: list[tuple[str, str, date, date]] = []
        self.settle()

    # Who

    def principals(self, agent: str) -> list[str]:
        return [who for who, to, begin, end in self.delegations if to == agent and begin <= self.today <= end]

    def sees(self, person: str) -> bool:
        people = [person, *self.principals(person)]
        if SEES & set(people):
            return True
        held = {who for stage in self.stages.values() if stage.is_open for who in stage.holders}
        held |= {who for stage in self.stages.values() if stage.entry for who in stage.entry.checkers}
        return bool(held & set(people))

    def capacity(self, actor: str, people: Iterable[str]) -> str | None:
        """The one for whom the actor stands (himself, or a principal), or None."""
        people = list(people)
        if actor in people:
            return actor
        return next((who for who in self.principals(actor) if who in people), None)

    def leads(self, actor: str, posts: set[str]) -> bool:
        return bool(posts & {actor, *self.principals(actor)})

    def holders(self, post: str, exclude: set[str]) -> list[str]:
        for level in POSTS[post]:
            if found := [who for who in level if who not in exclude]:
                return found
        return []

    def checkers(self, exclude: set[str]) -> list[str]:
        return self.holders("section_chief", exclude) or self.holders("deputy_director", exclude)

    def involved(self, stage: Stage) -> set[str]:
        return {who for act in stage.acts for who in act} | self.authors_of(stage.papers)

    def authors_of(self, papers: Iterable[str]) -> set[str]:
        return {who for paper in papers if paper not in ISSUER for who in self.authors.get(paper, [])}

    # What is there

    def valid(self, paper: str) -> bool:
        until = self.until.get(paper)
        return paper in self.until and paper not in self.lapsed and (until is None or self.today <= until)

    def holds(self, key: str) -> bool:
        """Whether all that the submission rested on still stands: papers, order and condition."""
        after = key not in AFTER or self.stages[AFTER[key]].state in {"issued", "not_applicable"}
        return after and all(map(self.valid, NEEDS[key])) and (key != "forest" or bool(self.forest))

    # What moves by itself

    def settle(self) -> None:
        moved = not self.suspended
        while moved:
            moved = sum(self.reconsider(key) for key in self.stages) > 0

    def reconsider(self, key: str) -> bool:
        stage = self.stages[key]
        if stage.state not in {"waiting", "preparing", "not_applicable"}:
            return False
        free = all(self.valid(need) for need in NEEDS[key] if need in ISSUER)
        if key in AFTER:
            free = free and self.stages[AFTER[key]].state in {"issued", "not_applicable"}
        known = key != "forest" or self.forest is not None
        should = "waiting"
        if free and known:
            should = "preparing" if key != "forest" or self.forest else "not_applicable"
        asked = [self.clerk] if free and not known else []
        if should == stage.state:
            stage.holders = asked if should == "waiting" else stage.holders
            return False
        if stage.state != "waiting":
            should = "waiting"  # the other way leads through waiting
        if should == "preparing":
            stage.visit, stage.acts = max(1, stage.visit), []
            self.prepare(key, stage.prepared)
        else:
            self.enter(key, should, asked)
            if stage.prepared and not stage.prepared.stopped and (known or not free):
                stage.prepared.stop(self.today, "held")
        return True

    def prepare(self, key: str, before: Clock | None) -> None:
        """It is prepared from today, or goes on where that clock of the same visit stands."""
        stage = self.stages[key]
        self.enter(key, "preparing")
        if before:
            stage.clock = stage.prepared = before
            if before.stopped == "held":
                before.resume(self.today)

    def enter(self, key: str, state: str, holders: list[str] | None = None, on: date | None = None) -> None:
        stage, limit = self.stages[key], LIMITS.get(f"{key}.{state}")
        stage.state = state
        stage.holders = [self.clerk] if state == "preparing" else holders or []
        started = on or self.today
        stage.clock = Clock(started, limit, state.endswith((".filed", ".accepted"))) if limit else None
        if state == "preparing":
            stage.prepared = stage.clock

    def enter_step(self, key: str, step: str, exclude: set[str]) -> None:
        if step == "external":
            self.enter(key, "external.filing", [self.clerk])
        else:
            self.enter(key, step, self.holders(BY[step], exclude))

    def new_visit(self, key: str, prepared: Clock | None = None) -> None:
        stage = self.stages[key]
        self.prepare(key, prepared)
        stage.visit, stage.acts, stage.papers, stage.entry = stage.visit + 1, [], set(), None
        if key == "build":
            self.consumed.discard("site_opinion")
            self.run_out()
        self.settle()

    def issue(self, key: str, on: date) -> None:
        self.enter(key, "issued")
        if reply := ISSUES[key]:
            self.until[reply] = on + timedelta(days=VALID_DAYS) if reply == "site_opinion" else None
            self.lapsed.discard(reply)
            self.consumed.discard(reply)
            self.replaced(reply)
        if self.stages["build"].state in {"issued", "not_applicable"} and "site_opinion" in self.until:
            self.consumed.add("site_opinion")
        self.settle()

    def lapses_within(self, days: int) -> bool:
        """Whether a reply would lapse in that time if somebody swept."""
        until = self.until.get("site_opinion")
        waits = until and "site_opinion" not in self.lapsed | self.consumed
        return bool(waits and until and until < self.today + timedelta(days=days))

    def advance(self, days: int) -> None:
        """Days pass, and the sweep runs."""
        self.today += timedelta(days=days)
        self.run_out()
        self.settle()

    def run_out(self) -> None:
        """What a stage still to come uses, and is out of date, lapses."""
        until = self.until.get("site_opinion")
        if until and until < self.today and "site_opinion" not in self.lapsed | self.consumed:
            self.lapsed.add("site_opinion")
            if self.stages["site"].state == "issued":
                self.enter("site", "lapsed", [self.clerk])

    # Commands

    def delegate(self, principal: str, agent: str, days: int) -> bool:
        end = self.today + timedelta(days=days)
        given = [until for who, to, _, until in self.delegations if (who, to) == (principal, agent)]
        if principal == agent or any(end <= until for until in given):
            return False
        self.delegations.append((principal, agent, self.today, end))
        return True

    def end_delegation(self, principal: str, agent: str) -> bool:
        left = [each for each in self.delegations if each[:2] != (principal, agent)]
        ended, self.delegations = len(self.delegations) - len(left), left
        return ended > 0

    def suspend(self, actor: str) -> bool:
        if not self.sees(actor) or not self.leads(actor, CHIEFS) or self.suspended:
            return False
        self.suspended = True
        for stage in self.stages.values():
            if stage.clock and not stage.clock.outside and not stage.clock.stopped:
                stage.clock.stop(self.today, "suspended")
        return True

    def resume(self, actor: str) -> bool:
        if not self.sees(actor) or not self.leads(actor, CHIEFS) or not self.suspended:
            return False
        self.suspended = False
        for stage in self.stages.values():
            if stage.clock and stage.clock.stopped == "suspended":
                stage.clock.resume(self.today)
        self.settle()
        return True

    def change_clock(self, actor: str, key: str, effect: str) -> bool:
        stage, clock = self.stages[key], self.stages[key].clock
        if not self.works(actor) or not self.leads(actor, CHIEFS) or clock is None or clock.outside:
            return False
        if {actor, *self.principals(actor)} & {*stage.holders, self.clerk}:
            return False
        if bool(clock.stopped) is not (effect == "resume"):
            return False
        due = clock.due(self.is_workday)
        if effect == "pause" and due is not None and due < self.today:
            return False
        if effect == "pause":
            clock.stop(self.today, "paused")
        else:
            clock.resume(self.today)
        return True

    def hand_over_project(self, actor: str, to: str) -> bool:
        may = self.capacity(actor, [self.clerk]) or self.leads(actor, SUPERVISORS)
        within = bool(SEES & {to, *self.principals(to)})
        if not self.works(actor) or not may or not within or to == self.clerk:
            return False
        for stage in self.stages.values():
            if stage.holders == [self.clerk]:
                stage.holders = [to]
        self.clerk = to
        for entry in [stage.entry for stage in self.stages.values() if stage.entry]:
            if set(entry.checkers) <= {entry.by, to}:
                entry.checkers = self.checkers({entry.by, to}) or entry.checkers
        return True

    def works(self, actor: str) -> bool:
        """Whether the actor knows of the project, and it is not suspended."""
        return self.sees(actor) and not self.suspended

    def change_forest(self, actor: str, value: int | None) -> bool:
        if not self.works(actor) or not (
            self.capacity(actor, [self.clerk]) or self.leads(actor, SUPERVISORS)
        ):
            return False
        if value != self.forest and self.stages["forest"].step:
            self.restart("forest")
        self.forest = value
        self.settle()
        return True

    def upload(self, actor: str, paper: str) -> bool:
        preparing = [
            who for stage in self.stages.values() if stage.state == "preparing" for who in stage.holders
        ]
        stands = self.capacity(actor, [self.clerk, *preparing])
        if not self.works(actor) or stands is None:
            return False
        if any(
            stage.part in {"filed", "accepted"} and paper in stage.papers for stage in self.stages.values()
        ):
            return False
        self.authors.setdefault(paper, []).extend([actor, stands])
        self.until[paper] = None
        self.replaced(paper)
        self.settle()
        return True

    def replaced(self, paper: str) -> None:
        for key, stage in self.stages.items():
            first = STEPS[key][0]
            internal = bool(stage.step) and (
                not stage.part or (stage.part == "filing" and first != "external")
            )
            if paper in stage.papers and internal:
                self.restart(key)

    def restart(self, key: str) -> None:
        stage = self.stages[key]
        stage.acts = stage.acts[:1]
        self.enter_step(key, STEPS[key][0], set(stage.acts[0]) | self.authors_of(stage.papers))

    def submit(self, actor: str, key: str) -> bool:
        stage = self.stages[key]
        stands = self.capacity(actor, [*stage.holders, self.clerk])
        if not self.works(actor) or stage.state != "preparing" or stands is None:
            return False
        if not all(self.valid(need) for need in NEEDS[key]):
            return False
        act = tuple(dict.fromkeys([actor, stands]))
        stage.papers, stage.acts = set(NEEDS[key]), [act]
        self.enter_step(key, STEPS[key][0], set(act) | self.authors_of(stage.papers))
        return True

    def decide(self, actor: str, key: str, step: str, outcome: str) -> bool:
        stage = self.stages[key]
        stands = self.capacity(actor, stage.holders)
        if not self.works(actor) or stage.step != step or stage.part or stands is None:
            return False
        if {actor, stands} & self.involved(stage) or (outcome == "approved" and not self.holds(key)):
            return False
        if outcome == "approved":
            stage.acts.append((actor, stands))
            self.go_on(key, self.today)
        else:
            self.end(key, outcome, (actor, stands))
        return True

    def go_on(self, key: str, on: date) -> None:
        stage = self.stages[key]
        later = STEPS[key][STEPS[key].index(stage.step) + 1 :]
        if later:
            self.enter_step(key, later[0], self.involved(stage))
        else:
            self.issue(key, on)

    def end(self, key: str, outcome: str, act: tuple[str, ...]) -> None:
        if outcome == "returned":
            self.new_visit(key)
        else:
            self.stages[key].acts.append(act)
            self.enter(key, "refused", [self.clerk])

    def withdraw(self, actor: str, key: str) -> bool:
        stage = self.stages[key]
        first = STEPS[key][0].replace("external", "external.filing")
        if (
            not self.works(actor)
            or stage.state != first
            or stage.entry
            or len(stage.acts) > 1
            or actor not in stage.acts[0]
        ):
            return False
        self.new_visit(key, stage.prepared)
        return True

    def reapply(self, actor: str, key: str) -> bool:
        stage = self.stages[key]
        prepares = self.capacity(actor, [*stage.holders, self.clerk]) is not None
        if stage.state == "issued":
            allowed = self.leads(actor, CHIEFS) or (prepares and self.is_to_be_renewed(key))
        else:
            allowed = stage.state in {"refused", "lapsed"} and prepares
        if not self.works(actor) or not allowed:
            return False
        self.new_visit(key)
        return True

    def is_to_be_renewed(self, key: str) -> bool:
        """Whether what the stage issued lapses within twenty working days, and is still of use."""
        until = self.until.get(ISSUES[key])
        if until is None or ISSUES[key] in self.consumed:
            return False
        warned = until
        for _ in range(RENEWAL):
            warned -= timedelta(days=1)
            while not self.is_workday(warned):
                warned -= timedelta(days=1)
        return warned <= self.today

    def hand_over(self, actor: str, key: str, to: str) -> bool:
        stage = self.stages[key]
        decides = bool(stage.step) and not stage.part
        standing = STANDING[BY[stage.step]] if decides else SUPERVISORS
        may = {actor, *self.principals(actor)} & {*stage.holders, *standing}
        if decides and (actor in self.involved(stage) or may <= self.involved(stage)):
            return False
        if not self.works(actor) or not stage.is_open or not may or to not in SEES or stage.holders == [to]:
            return False
        if decides and (to in self.involved(stage) or to not in standing):
            return False
        stage.holders = [to]
        return True

    def record(self, actor: str, key: str, what: str) -> bool:
        stage = self.stages[key]
        stands = self.capacity(actor, [*stage.holders, self.clerk])
        if (
            not self.works(actor)
            or not stage.part
            or stands is None
            or stage.entry
            or not self.possible(stage, what)
        ):
            return False
        hands = {actor, stands}
        stage.entry = Entry(what, actor, hands, self.checkers({*hands, self.clerk}), self.today)
        return True

    def possible(self, stage: Stage, what: str) -> bool:
        if what in OUTSIDE:
            return stage.part == OUTSIDE[what][0]
        if what in {"special", "special_ends", "extended"}:
            clock = stage.clock
            if stage.part != "accepted" or clock is None or (what == "extended" and clock.extended):
                return False
            return bool(clock.stopped) is (what == "special_ends")
        return (
            stage.part == "accepted" or (what == "returned") or (what == "refused" and stage.part != "filing")
        )

    def reject(self, actor: str, key: str) -> bool:
        stage = self.stages[key]
        if not self.may_check(actor, stage):
            return False
        stage.entry = None
        return True

    def take_back(self, actor: str, key: str) -> bool:
        stage = self.stages[key]
        if stage.entry is None or not self.sees(actor) or actor != stage.entry.by:
            return False
        stage.entry = None
        return True

    def may_check(self, actor: str, stage: Stage) -> bool:
        if stage.entry is None or not self.sees(actor):
            return False
        kept_out = {*stage.entry.hands, self.clerk, None}
        return actor not in kept_out and self.capacity(actor, stage.entry.checkers) not in kept_out

    def confirm(self, actor: str, key: str) -> bool:
        stage = self.stages[key]
        if not self.may_check(actor, stage) or self.suspended or not stage.part:
            return False
        assert stage.entry is not None
        hands = (actor, self.capacity(actor, stage.entry.checkers) or actor, stage.entry.by)
        what, on, stage.entry = stage.entry.what, stage.entry.on, None
        if what in OUTSIDE:
            self.enter(key, f"external.{OUTSIDE[what][1]}", [self.clerk], on)
        elif what in {"special", "special_ends", "extended"} and stage.clock:
            if what == "extended":
                stage.clock.extended = True
            elif what == "special":
                stage.clock.stop(on, what)
            else:
                stage.clock.resume(on)
        elif what == "approved":
            stage.acts.append(hands)
            self.go_on(key, on)
        else:
            self.end(key, what, hands)
        return True
