"""What ought to happen, written down a second time: one walk project, without database, events or machine.

It shares no code with the engine; only the table of days off is lent to it. Each command answers whether it is
accepted, and if so changes the model. Who is who is `house`, what is kept of a stage `places`, 督办 `supervision`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from tests.model.house import CHIEFS, CLERK, SEES, SUPERVISORS, House
from tests.model.places import PASSED, Clock, Entry, Stage

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
USES = {"site_opinion": ["build"]}
"""Where a reply that has an end is used."""
FIELDS = {"plan_reply": ("cost", "length"), "site_opinion": ("area",)}
"""What is written on a reply; the cost decides whether anything is built."""
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
RENEWAL = 20
REMINDED = (60, 20, 5, 0)
"""So many working days before its end people hear of a reply's validity, and look whether it is still needed."""


class Reference(House):
    """The whole project as it ought to be."""

    def __init__(self, today: date, is_workday: Callable[[date], bool]) -> None:
        super().__init__(today, is_workday)
        self.clerk = CLERK
        self.suspended = False
        self.ended = False
        self.stages = {key: Stage() for key in STEPS}
        self.authors: dict[str, list[str]] = {}
        self.until: dict[str, date | None] = {}
        self.fields: dict[str, dict[str, str]] = {}
        self.seen: dict[str, date] = {}
        self.lapsed: set[str] = set()
        self.consumed: set[str] = set()
        self.forest: int | None = None
        self.settle()

    # Who

    def sees(self, person: str) -> bool:
        stages = self.stages.values()
        asked = {who for stage in stages for who in (*stage.holders, stage.again)}
        asked |= {who for stage in stages if stage.entry for who in stage.entry.checkers}
        return bool((SEES | asked) & self.acts_as(person))

    def involved(self, stage: Stage) -> set[str]:
        return {who for act in stage.acts for who in act} | self.authors_of(stage.papers)

    def authors_of(self, papers: Iterable[str]) -> set[str]:
        return {who for paper in papers if paper not in ISSUER for who in self.authors.get(paper, [])}

    # What is there

    def valid(self, paper: str) -> bool:
        """Whether it may be relied upon: not past its end, or used in time (办妥下一事项的，继续有效)."""
        until = self.until.get(paper)
        in_time = until is None or self.today <= until or self.is_used(paper)
        return paper in self.until and paper not in self.lapsed and in_time

    def is_used(self, reply: str) -> bool:
        """Whether nothing is left that would need it."""
        return all(self.stages[key].state in PASSED for key in USES[reply])

    def applies(self, key: str) -> bool | None:
        """Whether its condition holds; None if what it reads was not said yet."""
        cost = self.fields.get("plan_reply", {}).get("cost")
        read: float | str | None = {"forest": self.forest, "build": cost}.get(key, 1)
        return None if read is None else float(read) > 0

    def in_turn(self, key: str) -> bool:
        return key not in AFTER or self.stages[AFTER[key]].state in PASSED

    def holds(self, key: str) -> bool:
        """Whether all that the submission rested on still stands: papers, order and condition."""
        return self.in_turn(key) and all(map(self.valid, NEEDS[key])) and bool(self.applies(key))

    # What moves by itself

    def settle(self) -> None:
        moved = not self.stands_still
        while moved:
            moved = sum(self.reconsider(key) for key in self.stages) > 0
        needed = [] if self.stands_still else [each for each in self.consumed if not self.is_used(each)]
        for reply in needed:  # again: it is watched from here on, or has run out unheard
            self.consumed.discard(reply)
            self.seen[reply] = self.today
            if not self.valid(reply):
                self.lapse(reply)
                self.settle()

    def reconsider(self, key: str) -> bool:
        stage = self.stages[key]
        if stage.state not in {"waiting", "preparing", "not_applicable"}:
            return False
        free = self.in_turn(key) and all(self.valid(need) for need in NEEDS[key] if need in ISSUER)
        known = self.applies(key) is not None
        should = "waiting"
        if free and known:
            should = "preparing" if self.applies(key) else "not_applicable"
        asked = [self.clerk] if free and not known else []
        if should == stage.state:
            if should == "waiting":
                stage.holders, stage.order = asked, stage.order if asked else None
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
        stage.state, stage.order, stage.again = state, None, ""
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
        self.settle()

    def issue(self, key: str, on: date, said: dict[str, str]) -> None:
        self.enter(key, "issued")
        if reply := ISSUES[key]:
            self.until[reply] = on + timedelta(days=VALID_DAYS) if reply == "site_opinion" else None
            self.fields[reply], self.seen[reply] = said, self.today
            self.lapsed.discard(reply)
            self.consumed.discard(reply)
            self.replaced(reply)
        self.consumed |= {each for each in USES if each in self.until and self.is_used(each)}
        self.settle()

    def lapses_within(self, days: int) -> bool:
        """Whether a reply would lapse in that time if somebody swept."""
        until = self.until.get("site_opinion")
        waits = until and "site_opinion" not in self.lapsed | self.consumed and not self.ended
        return bool(waits and until and until < self.today + timedelta(days=days))

    def advance(self, days: int) -> None:
        """Days pass, and the sweep runs."""
        lapses, reply = self.lapses_within(days), "site_opinion"
        self.today += timedelta(days=days)
        if self.is_used(reply) and (lapses or self.is_reminded(reply)):
            self.consumed.add(reply)
        elif lapses:
            self.lapse(reply)
        self.seen[reply] = self.today
        self.settle()

    def lapse(self, reply: str) -> None:
        self.lapsed.add(reply)
        if self.stages[ISSUER[reply]].state == "issued":
            self.enter(ISSUER[reply], "lapsed", [self.clerk])

    def is_reminded(self, reply: str) -> bool:
        """Whether a day has come, since the sweep last saw the reply, on which people hear that it will lapse."""
        if (until := self.until.get(reply)) is None:
            return False
        last = until if self.is_workday(until) else self.workday(until, -1)
        return any(self.seen[reply] < self.workday(last, -each) <= self.today for each in REMINDED)

    # The project as a whole

    @property
    def stands_still(self) -> bool:
        """Whether nothing is done in it now."""
        return self.suspended or self.ended

    def works(self, actor: str) -> bool:
        """Whether the actor knows of the project, and it goes on."""
        return self.sees(actor) and not self.stands_still

    def sees_to_it(self, actor: str) -> str | None:
        """In whose standing, besides, it is the clerk or a supervisor; None if it is neither."""
        people = {self.clerk, *SUPERVISORS}
        return self.stands_for(actor, lambda who: bool(who & people)) if self.works(actor) else None

    def terminate(self, actor: str) -> bool:
        if not self.sees(actor) or not self.leads(actor, CHIEFS) or self.ended:
            return False
        self.suspended, self.ended = False, True
        for key, stage in self.stages.items():
            if stage.state not in {*PASSED, "lapsed"}:
                self.enter(key, "cancelled")
            stage.holders, stage.order, stage.entry, stage.again = [], None, None, ""
        return True

    def suspend(self, actor: str) -> bool:
        if not self.works(actor) or not self.leads(actor, CHIEFS):
            return False
        self.suspended = True
        for stage in self.stages.values():
            stage.order = None
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
        if self.acts_as(actor) & {*stage.holders, self.clerk}:
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
        if self.sees_to_it(actor) is None or to not in SEES or to == self.clerk:
            return False
        for stage in self.stages.values():
            if stage.holders == [self.clerk]:
                stage.holders = [to]
        self.clerk = to
        for entry in [stage.entry for stage in self.stages.values() if stage.entry]:
            if set(entry.checkers) <= {*entry.hands, to}:
                entry.checkers = self.checkers({*entry.hands, to}) or entry.checkers
        return True

    # Facts and papers

    def change_forest(self, actor: str, value: int | None) -> bool:
        if self.sees_to_it(actor) is None:
            return False
        if value != self.forest:
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
            if paper in stage.papers:
                self.restart(key)

    def restart(self, key: str) -> None:
        """Its steps begin again, if it is at one of them in the house, or waits to be taken out of it."""
        stage, first = self.stages[key], STEPS[key][0]
        if not stage.step or (stage.part and not (stage.part == "filing" and first != "external")):
            return
        stage.acts = stage.acts[:1]
        self.enter_step(key, first, set(stage.acts[0]) | self.authors_of(stage.papers))

    def complete(self, actor: str, key: str, reply: str, said: dict[str, str]) -> bool:
        """补登: what was left empty on a reply of an issued stage is entered, and nothing that is said."""
        stage = self.stages[key]
        given = {field: value for field, value in said.items() if value}
        readable = all(value.isdigit() for value in given.values())
        empty = reply == ISSUES[key] and given and given.keys() <= self.left_empty(key)
        stands = self.sees_to_it(actor)
        if stands is None or stage.state != "issued" or stage.entry or not readable or not empty:
            return False
        self.enter_for_check(key, "completed", actor, stands, given)
        return True

    def left_empty(self, key: str) -> set[str]:
        """What nobody has said of the reply of a stage that was issued."""
        reply = ISSUES[key]
        return set(FIELDS.get(reply, ())) - self.fields.get(reply, {}).keys()

    def enter_for_check(self, key: str, what: str, by: str, standing: str, said: dict[str, str]) -> None:
        stage, checkers = self.stages[key], self.checkers({by, standing, self.clerk})
        stage.again, stage.entry = "", Entry(what, by, standing, checkers, self.today, said)

    def fill_in(self, key: str, said: dict[str, str]) -> None:
        """What was checked stands on the reply; what waited for it, or rests on it, goes on from there."""
        fields = self.fields[ISSUES[key]]
        fields.update({field: value for field, value in said.items() if field not in fields})
        if "cost" in said:
            self.restart("build")
        self.settle()

    # Stages

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

    def decide(self, actor: str, key: str, step: str, outcome: str, said: dict[str, str]) -> bool:
        stage = self.stages[key]
        stands = self.capacity(actor, stage.holders)
        if not self.works(actor) or stage.step != step or stage.part or stands is None:
            return False
        if {actor, stands} & self.involved(stage) or (outcome == "approved" and not self.holds(key)):
            return False
        if outcome == "approved":
            stage.acts.append((actor, stands))
            self.go_on(key, self.today, said)
        else:
            self.end(key, outcome, (actor, stands))
        return True

    def go_on(self, key: str, on: date, said: dict[str, str]) -> None:
        stage = self.stages[key]
        later = STEPS[key][STEPS[key].index(stage.step) + 1 :]
        if later:
            self.enter_step(key, later[0], self.involved(stage))
        else:
            self.issue(key, on, said)

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
        return self.workday(until, -RENEWAL) <= self.today

    def hand_over(self, actor: str, key: str, to: str) -> bool:
        stage = self.stages[key]
        decides = bool(stage.step) and not stage.part
        standing = STANDING[BY[stage.step]] if decides else SUPERVISORS
        may = self.acts_as(actor) & {*stage.holders, *standing}
        if decides and (actor in self.involved(stage) or may <= self.involved(stage)):
            return False
        if not self.works(actor) or not stage.is_open or not may or to not in SEES or stage.holders == [to]:
            return False
        if decides and (to in self.involved(stage) or to not in standing):
            return False
        stage.holders = [to]
        return True

    # What is entered by one and checked by another

    def record(self, actor: str, key: str, what: str, said: dict[str, str]) -> bool:
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
        self.enter_for_check(key, what, actor, stands, said)
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
        if stage.entry is None or not self.may_check(actor, stage):
            return False
        stage.again, stage.entry = stage.entry.standing, None
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
        entry = stage.entry
        if entry is None or not self.may_check(actor, stage) or self.stands_still:
            return False
        if entry.what == "completed":
            stage.entry = None
            self.fill_in(key, entry.said)
        elif stage.part:
            stage.entry = None
            self.happened(key, entry, (actor, self.capacity(actor, entry.checkers) or actor, entry.by))
        return stage.entry is None

    def happened(self, key: str, entry: Entry, hands: tuple[str, ...]) -> None:
        """What an outside office did has its effect, from its own day on."""
        stage, what, on = self.stages[key], entry.what, entry.on
        if what in OUTSIDE:
            self.enter(key, f"external.{OUTSIDE[what][1]}", [self.clerk], on)
        elif what in {"special", "special_ends", "extended"} and stage.clock:
            stage.order = None
            if what == "extended":
                stage.clock.extended = True
            elif what == "special":
                stage.clock.stop(on, what)
            else:
                stage.clock.resume(on)
        elif what == "approved":
            stage.acts.append(hands)
            self.go_on(key, on, entry.said)
        else:
            self.end(key, what, hands)
