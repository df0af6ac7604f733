"""What every action shares: one project at work in one transaction, for one actor, at one instant.

`Casework` loads and locks, asks the machine, makes the place a move leads to, records, and lets
everything open that has become free. Invariant: it never decides whether the actor may; `rules` do.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Self, TypeVarTuple

from msgspec.structs import replace
from sqlalchemy import text

from workflow import rules
from workflow.clock import SHANGHAI, local_day
from workflow.definition import POSTS, Stage, StepKind
from workflow.errors import Conflict, Forbidden, NotFound, Reason, Refused, reason
from workflow.events import (
    ClockChanged,
    Entered,
    EntryOffered,
    Event,
    FactsChanged,
    IncidentRaised,
    ProjectRegistered,
    Recorded,
    ReplyLapsed,
    StageHeld,
    StageOpened,
    StageRestarted,
    StageSkipped,
    StepOffered,
    WaitEnded,
)
from workflow.evolve import evolve
from workflow.flow import reconsider
from workflow.machine import PROJECT_STATES, IllegalMove, is_outside
from workflow.people import SYSTEM
from workflow.record import stamp
from workflow.sql import Statement
from workflow.state import (
    ENDED_STATES,
    ISSUED,
    PREPARING,
    Clock,
    Entry,
    Paper,
    Record,
    ReplyData,
    Scan,
    StageState,
)
from workflow.timing import clock_of, validity_clock
from workflow.transaction import OpenProject, Tell, Transaction

About = TypeVarTuple("About")

_DEPENDENTS = Statement(
    # Whoever waits for one project alone is found by its index, whoever waits for several by another, so that a move
    # does not look at all who wait. Ordered by whoever asks: with ORDER BY here, SQLite reads every project. The
    # pattern is put together here, because SQLite prepares a statement again for each new pattern that it is given.
    text(
        "SELECT id FROM project WHERE waits_for <> '' AND waits_for = ',' || :project || ','"
        " UNION ALL SELECT id FROM project"
        " WHERE waits_for LIKE '%,,%' AND waits_for LIKE '%,' || :project || ',%'"
    )
)
_KNOWN_INCIDENT = Statement(
    text(
        "SELECT id FROM incident WHERE project_id = :project AND stage = :stage AND code = :code"
        " AND resolved_at IS NULL"
    )
)
_CODE_HOLDER = Statement(
    text(
        "SELECT title, organisation_id FROM project"
        " WHERE code = :code AND id <> :project AND state <> 'terminated' LIMIT 1"
    )
)
_CODE_ALONE = Statement(text("SELECT pg_advisory_xact_lock(hashtextextended(:code, 0))"))
_HAS_TASK = Statement(
    text("SELECT 1 FROM task WHERE project_id = :project_id AND person_id = :person_id LIMIT 1")
)


WINNING_WORDS = {
    "stage.submitted": "报送",
    "step.decided": "签批",
    "stage.returned": "退回",
    "stage.refused": "不予批准",
    "stage.withdrawn": "撤回",
    "stage.reapplied": "重新启动本事项",
    "stage.restarted": "更换材料",
    "outside.moved": "登记外部门办理情况",
    "step.handed_over": "转办",
    "project.handed_over": "移交项目",
}
"""What the winner of a race did, by the kind of event, in the words told to the loser."""


FOLLOWS = (StageOpened, StepOffered, EntryOffered, IncidentRaised, ReplyLapsed)
"""What comes of an act by rule: whoever acted may not have thought of it, and hears of it like everybody else."""


class Casework:
    """One action at work on one project."""

    def __init__(self, tx: Transaction, project: OpenProject, *, actor: int, now: datetime) -> None:
        self.tx = tx
        self.project = project
        self.actor = actor
        self.now = now
        self.day = local_day(now)
        """The day in Shanghai."""
        self.on_behalf = 0
        """For whom the actor does it (代), 0 for nobody else: what `may` found; every event says it."""
        self._case: rules.Case | None = None

    @classmethod
    def load(cls, tx: Transaction, ref: str, *, actor: int, now: datetime) -> Self:
        """Load and lock the project; NotFound unless the actor may know of it."""
        work = cls(tx, tx.project(ref), actor=actor, now=now)
        if not work.is_visible():
            raise NotFound(reason("project-not-found"))
        return work

    @property
    def case(self) -> rules.Case:
        """What rules may look at, as of now: a new one as soon as the project or the directory is another."""
        project, directory, case = self.project, self.tx.directory, self._case
        if case is None or case.state is not project.state or case.directory is not directory:
            case = self._case = rules.Case(project.state, project.compiled, directory, self.actor, self.day)
        return case

    def is_visible(self) -> bool:
        """Whether the project lies in the actor's scope, or something in it waits for the actor."""
        if self.actor == SYSTEM:
            return True
        directory = self.tx.directory
        if directory.sees(self.actor, self.project.state.organisation, self.day):
            return True
        people = (self.actor, *directory.principals(self.actor, self.day))
        return any(
            self.tx.execute(_HAS_TASK, project_id=self.project.id, person_id=person).fetchone()
            for person in people
        )

    def spec(self, key: str) -> Stage:
        """The definition of that stage; NotFound if the project type has none."""
        found = self.project.definition.stages.get(key)
        if found is None:
            raise NotFound(reason("stage-not-found", key, stage=key))
        return found

    def stage(self, key: str) -> StageState:
        """Where that stage stands now."""
        return self.project.state.stage(key)

    def check_turn(self, key: str, turn: int | None) -> None:
        """Conflict, naming the winner, if the stage has moved since the actor's page was made."""
        stage = self.stage(key)
        if turn is None or turn == stage.turn:
            return
        last, mover = stage.last, stage.mover
        if last is None or mover is None or last.what not in WINNING_WORDS:
            raise Conflict(reason("stale-page", key, stage=self.spec(key).title))
        acting = self.tx.directory.acting
        who = "您" if mover.by == self.actor else acting(mover.by, mover.on_behalf)
        what = WINNING_WORDS[last.what]
        raise Conflict(
            reason("lost-to", key, who=who, what=what, at=last.at.astimezone(SHANGHAI).strftime("%H:%M")),
            winner=last.by,
            at=stamp(last.at),
        )

    def after(self, key: str, trigger: str) -> str:
        """Where the machine leads; Refused if there is no such move."""
        try:
            return self.project.compiled.machines[key].after(self.stage(key).state, trigger)
        except IllegalMove:
            raise Refused(*rules.may_move(self.case, key, trigger)) from None

    def entered(
        self, key: str, state: str, *, started_on: date | None = None, exclude: Container[int] = ()
    ) -> Entered:
        """The place a move leads to: who holds it there and which clock runs."""
        clock = None
        at_step = state.partition(".")[0] in {step.key for step in self.spec(key).steps}
        if state == PREPARING or at_step:
            clock = clock_of(
                self.project.definition,
                self.spec(key),
                state,
                started_on=started_on or self.day,
                now=self.now,
                calendar=self.tx.calendar,
            )
        kept = self.stage(key).kept if at_step else None
        return Entered(state, self.holders(key, state, exclude), clock, kept)

    def holders(self, key: str, state: str, exclude: Container[int] = ()) -> tuple[int, ...]:
        """Who must act while the stage is in that state."""
        if state == PREPARING:
            return (self.project.state.clerk,)
        step = next((step for step in self.spec(key).steps if step.key == state.partition(".")[0]), None)
        if step is None:
            return ()
        decides = step.kind not in {StepKind.EXTERNAL, StepKind.PUBLICITY}
        return self.holders_of(step.by, exclude if decides else ())

    def holders_of(self, post: str, exclude: Container[int] = ()) -> tuple[int, ...]:
        """Who holds a post for this project; `clerk` is the project's own."""
        clerk = self.project.state.clerk
        if post == "clerk" and clerk not in exclude:
            return (clerk,)
        return self.tx.directory.holders(post, self.project.state.organisation, exclude)

    def checkers(self, post: str, exclude: Iterable[int]) -> tuple[int, ...]:
        """Who may check what is entered now: that post, else any supervisor above; never for whom it is entered."""
        others = {*exclude, self.on_behalf}
        found = rules.checkers(self.tx.directory, post, self.project.state.organisation, others)
        if found:
            return found
        raise Refused(reason("nobody-to-check", post=POSTS[post]))

    def may(self, rule: Callable[[rules.Case, *About], list[Reason]], *about: *About) -> list[Reason]:
        """Every reason why the actor may not; if there is none, all that is recorded from here on says for whom."""
        reasons = rule(self.case, *about)
        self.on_behalf = 0 if reasons else rules.on_behalf(self.case, lambda case: rule(case, *about))
        return reasons

    # Recording

    def record(self, event: Event, *tell: Tell) -> None:
        """Record an event of this action; nobody is told of what they did themselves, only of what followed."""
        if self.on_behalf:
            event = replace(event, on_behalf=self.on_behalf)
        tell = (*tell, *self._orders_ended(event))
        if not isinstance(event, FOLLOWS):
            tell = tuple(Tell(each.kind, self.others(each.people)) for each in tell)
        self.project.record(event, actor=self.actor, at=self.now, tell=[each for each in tell if each.people])

    def entry(self, stage: str, what: Record, checkers: tuple[int, ...], scan: Scan | None = None) -> Entry:
        """What this actor enters, under the number of the event that will record it."""
        number = self.project.seq + 1
        return Entry(number, stage, what, self.actor, self.now, checkers, scan, self.on_behalf)

    def _orders_ended(self, event: Event) -> Iterator[Tell]:
        """Whoever issued a 督办单 hears of what ends it, whatever that is."""
        if isinstance(event, ProjectRegistered):
            return
        state = self.project.state
        if not any(stage.order for stage in state.stages.values()):
            return
        after = evolve(state, Recorded(event, self.actor, self.now))
        for key, stage in state.stages.items():
            if stage.order is not None and after.stage(key).order is None:
                yield Tell("order_ended", stage.order.issuers)

    def move(self, key: str, event: Event, *tell: Tell) -> None:
        """Record a move of a stage; tell whoever holds it now; raise an incident if nobody does."""
        self.record(event, *tell, self._call_holders(event))
        self._mind_orphans(key)

    def begin_again(self, key: str, event: Event, *tell: Tell) -> None:
        """Record the move that begins a new visit; what it rests on may have changed since the old one began."""
        self.move(key, event, *tell)
        self.settle([key, *self.project.definition.followers.get(key, ())])

    def others(self, people: Iterable[int], *kept: int) -> tuple[int, ...]:
        """These people, each once, without the actor, who knows, and without those of `kept`."""
        return tuple(each for each in dict.fromkeys(people) if each not in {self.actor, *kept})

    def _call_holders(self, event: Event) -> Tell:
        stage = _entered(event)
        if stage is None or stage.state == ISSUED:
            return Tell("opened", ())
        return Tell(_called(stage.state), () if is_outside(stage.state) else stage.holders)

    def _mind_orphans(self, key: str) -> None:
        stage = self.stage(key)
        if stage.holders:
            self.relieve(key)
        elif stage.is_open:
            spec = self.spec(key)
            step = spec.step(stage.step)
            told = self.tx.directory.holders("administrator", self.project.state.organisation)
            words = f"“{spec.title}”的“{step.title}”没有可以办理的人：{POSTS[step.by]}空缺或均须回避"
            self.record(IncidentRaised("nobody-holds-post", words, key), Tell("incident", told))

    def settle(self, look_at: Iterable[str] | None = None) -> None:
        """Open, pass or hold each stage whose turn has come or gone, until nothing moves any more.

        `look_at` are the stages that may be concerned; without it every stage is looked at.
        """
        after = self.project.definition.followers
        todo = list(self.project.definition.stages if look_at is None else dict.fromkeys(look_at))
        skipped = False
        while todo:
            key, todo = todo[0], todo[1:]
            event = reconsider(self.case, key, self.tx.calendar, self.now)
            if event is None:
                continue
            self.move(key, event, Tell("asked", event.asked if isinstance(event, StageHeld) else ()))
            skipped = skipped or isinstance(event, StageSkipped)
            following = [key] if isinstance(event, StageHeld) and event.opens_on is None else []
            if isinstance(event, StageSkipped | StageHeld):
                following += after.get(key, ())
            todo = [*todo, *(each for each in following if each not in todo)]
        if skipped:
            self.end_waits()
        self._count_validities()

    def call_again(self, key: str) -> None:
        """Offer a step that nobody holds, and a check that nobody can make, to whoever holds the post now; without a
        stage, look at what the project as a whole waits for.
        """
        if not key:
            self.relieve_taking_over()
            self.mind_waits()
            return
        self.relieve_entries(key)
        stage = self.stage(key)
        if stage.holders:
            self.relieve(key)
        if stage.holders or not stage.step:
            return
        exclude = () if "." in stage.state else rules.stage_people(self.case, key)
        found = self.holders(key, stage.state, exclude)
        if not found:
            self._mind_orphans(key)
            return
        self.record(StepOffered(key, found, afresh=True), Tell(_called(stage.state), found))

    def relieve(self, key: str) -> None:
        """Offer a place to whoever holds its post now that nobody of its holders is there any more.

        What only the clerk may do stays with the clerk until the project is handed over: an incident says so.
        """
        stage = self.stage(key)
        if not stage.in_hand or any(map(self._is_there, stage.holders)):
            return
        exclude = () if "." in stage.state or not stage.step else rules.stage_people(self.case, key)
        found = tuple(filter(self._is_there, self.holders(key, stage.state, exclude)))
        if found:
            self.record(StepOffered(key, found, afresh=True), Tell(_called(stage.state), found))
            return
        gone = f"在{rules.names(self.tx.directory, stage.holders)}手中，其账号已停用或已不在岗，无人办理"
        if self.project.state.clerk in stage.holders:
            self._miss_clerk(key, gone)
        else:
            self.miss(key, gone)

    def relieve_taking_over(self) -> None:
        """What is taken over waits for its clerk alone, in no stage and under no clock: once they are gone, an incident."""
        state = self.project.state
        if state.taking_over and state.state not in ENDED_STATES and not self._is_there(state.clerk):
            who = self.tx.directory.name(state.clerk)
            self._miss_clerk("", f"正在补录，经办人{who}的账号已停用或已不在岗，无人录入")

    def _miss_clerk(self, key: str, gone: str) -> None:
        leaders = self.holders_of("section_chief") or self.holders_of("deputy_director")
        self.miss(key, f"{gone}；请科（股）室负责人或分管领导在项目页移交经办", leaders)

    def relieve_entries(self, key: str) -> None:
        """Look at the checkers of what was entered about a stage: who may be one has changed."""
        for entry in [each for each in self.project.state.entries.values() if each.stage == key]:
            self.relieve_checkers(entry)

    def relieve_checkers(self, entry: Entry) -> None:
        """Offer an entry to others once none of its checkers may check it any more; an incident if nobody may."""
        directory = self.tx.directory
        exclude = rules.entry_people(self.case, entry)
        if any(self._is_there(each) and each not in exclude for each in entry.checkers):
            return
        step = self.stage(entry.stage).step
        post = self.spec(entry.stage).step(step).confirm if step else "section_chief"
        found = rules.checkers(directory, post, self.project.state.organisation, exclude)
        if found:
            self.record(EntryOffered(replace(entry, checkers=found)), Tell("check", found))
            return
        who = rules.names(directory, entry.checkers)
        self.miss(entry.stage, f"有登记待核对，核对人{who}的账号已停用、已不在岗或须回避")

    def _is_there(self, person: int) -> bool:
        """Whether the person can still do anything here: without an account or a post over it nobody sees a project."""
        directory = self.tx.directory
        return directory.is_active(person) and directory.belongs(person, self.project.state.organisation)

    def miss(self, key: str, what: str, leaders: Iterable[int] = ()) -> None:
        """Raise an incident about a stage, or without one the project, that waits for somebody who is gone; `leaders` are
        told as well.
        """
        told = self.tx.directory.holders("administrator", self.project.state.organisation)
        words = f"“{self.spec(key).title if key else self.project.state.title}”{what}"
        everybody = tuple(dict.fromkeys((*told, *leaders)))
        self.record(IncidentRaised("holder-disabled", words, key), Tell("incident", everybody))

    def restart(self, key: str, document: str, papers: dict[str, str]) -> None:
        """Begin the steps of a visit again because what they rest on has changed; nothing if none is inside.

        `document` is the paper that was replaced, or empty for a fact that was changed.
        """
        stage = self.stage(key)
        if "restart" not in self.project.compiled.machines[key].triggers(stage.state):
            return
        exclude = rules.submitters(self.case, key) | rules.paper_authors(self.case, papers)
        entered = self.entered(key, self.after(key, "restart"), exclude=exclude)
        opinions = any(act.what != "submit" for act in stage.acts)
        restarted = StageRestarted(key, document, papers, entered, opinions)
        self.move(key, restarted, Tell("restarted", entered.holders))
        self.relieve_entries(key)

    def replaced(self, document: str) -> None:
        """Begin every visit again whose submission rests on another version of that paper."""
        content = self.project.state.documents[document].content
        for key in rules.unsettled_by(self.case, document):
            papers = self.stage(key).papers
            if papers[document] != content:
                self.restart(key, document, {**papers, document: content})

    def learned(self, names: Iterable[str]) -> None:
        """What follows when facts, or fields of replies, became others: reviews that rest on them begin again, and
        whatever waited for them moves.
        """
        for key in self.project.definition.reading(names):
            if self.stage(key).step:
                self.restart(key, "", rules.papers_of(self.case, self.spec(key)))
        self.settle()

    def passed(self, *stages: str) -> None:
        """What follows when stages were issued: what rests on an earlier reply of theirs begins again, consumed replies
        stop their clocks, others open, waits end.
        """
        definition = self.project.definition
        for reply in (each for key in stages for each in definition.stages[key].issues):
            if reply in self.project.state.documents:
                self.replaced(reply)
        for reply, paper in self.project.state.documents.items():
            if paper.clock is not None and paper.clock.due_on is not None and self.is_consumed(reply):
                self.stop_validity(reply)
        self.settle(key for stage in stages for key in definition.followers.get(stage, ()))
        self.end_waits()

    def stop_validity(self, reply: str) -> None:
        """Nobody needs to hear of this reply's validity any more."""
        clock = self.project.state.documents[reply].clock
        if clock is not None:
            still = Clock(clock.key, clock.started_on, clock.limit)
            self.record(ClockChanged("", "consumed", "", still, document=reply))

    def _count_validities(self) -> None:
        """Count the validity of what a stage still to come rests on: it had stopped because all that used it were done,
        or never began because it had run out when it was taken over. Out of date, it lapses now.
        """
        state = self.project.state
        if not state.is_running or state.taking_over:
            return
        for reply in state.documents:
            paper = self.project.state.documents[reply]
            if paper.is_counted or not self._is_awaited(reply):
                continue
            if not paper.is_valid(self.day):
                self.lapse(reply)
            elif clock := self._validity(reply, paper):
                self.record(ClockChanged("", "needed", "", clock, document=reply))

    def lapse(self, document: str) -> None:
        """The validity of that reply has run out, and something still needs it: its stage is to be applied for again."""
        stage = self.project.definition.issuers.get(document, "")
        if self.stage(stage).state == ISSUED:
            self.after(stage, "lapse")
        paper = self.project.state.documents[document]
        ended = paper.clock if paper.is_counted else self._validity(document, paper)
        run_out = replace(ended, next_at=None) if ended else None
        lapsed = ReplyLapsed(document, stage, (self.project.state.clerk,), run_out)
        self.record(lapsed, Tell("lapsed", self.readers_of_validity()))
        self.relieve(stage)
        self.settle()

    def readers_of_validity(self) -> tuple[int, ...]:
        """Who hears of a reply's validity."""
        return tuple(dict.fromkeys((self.project.state.clerk, *self.holders_of("section_chief"))))

    def _validity(self, document: str, paper: Paper) -> Clock | None:
        """The clock that counts the validity of that reply from now on; it shows, without a next rung, what ran out."""
        if paper.issued_on is None or paper.valid_until is None:
            return None
        kind = self.project.definition.documents[document]
        return validity_clock(kind, paper.issued_on, paper.valid_until, self.tx.calendar, self.now)

    def end_waits(self) -> None:
        """Let go every project that waited for what has come about in this one."""
        state = self.project.state
        for work in self._dependents():
            for wait in work.project.state.waits:
                if wait.project == self.project.id and not wait.ended and state.has_reached(wait.stage):
                    work.record(WaitEnded(wait.project, wait.stage))
            work.settle()

    def disappoint(self) -> None:
        """Tell every project that still waits for this one, which has ended, that it does so in vain: none silently."""
        for work in self._dependents():
            work.mind_waits()

    def mind_waits(self) -> None:
        """An incident for each project that is still waited for, and has ended: unnamed, as not all who read this see it."""
        for wait in self.project.state.waits:
            if wait.ended:
                continue
            became = self.tx.project_by_id(wait.project).state.state
            if became in ENDED_STATES:
                told = tuple(dict.fromkeys((self.project.state.clerk, *self.holders_of("deputy_director"))))
                words = f"所等待的另一项目已{PROJECT_STATES[became]}，请分管领导决定不再等待，或终止本项目"
                self.record(IncidentRaised("awaited-terminated", words), Tell("incident", told))

    def mind_standstill(self) -> None:
        """An incident, once, for each stage that waits for what is over: whatever brought it there, nobody else would see."""
        for key, spec in self.project.definition.stages.items():
            words = rules.standing_in_vain(self.case, spec)
            known = {"project": self.project.id, "stage": key, "code": "in-vain"}
            if words and not self.tx.rows(_KNOWN_INCIDENT, **known):
                told = tuple(dict.fromkeys((self.project.state.clerk, *self.holders_of("deputy_director"))))
                self.record(IncidentRaised("in-vain", words, key), Tell("incident", told))

    def _dependents(self) -> Iterator[Casework]:
        """The projects that wait for this one, in the order of their ids, each loaded and locked in its turn."""
        rows = self.tx.execute(_DEPENDENTS, project=self.project.id).fetchall()
        for (dependent,) in sorted(rows):
            yield Casework(self.tx, self.tx.project_by_id(dependent), actor=SYSTEM, now=self.now)

    def is_consumed(self, reply: str) -> bool:
        """Whether all that uses the reply is done, or does not apply."""
        return rules.is_consumed(self.project.definition, self.project.state, reply)

    def _is_awaited(self, reply: str) -> bool:
        """Whether a stage that is not done uses that reply."""
        return reply in self.project.definition.consumers and not self.is_consumed(reply)

    # Replies

    def replies(self, given: Iterable[ReplyData], issuer: str = "", entry: int = 0) -> dict[str, Paper]:
        """The papers that replies become: numbered as versions, valid for as long as the definition says.

        With `entry`, they were entered by its author and are checked by this actor.
        """
        return {reply.document: self._reply(reply, issuer, entry) for reply in given}

    def new_code(self, issued: Mapping[str, Paper]) -> str:
        """The project code that one of these replies gives the project, which has none; Refused if it is another's."""
        if self.project.state.code:
            return ""
        code = next((paper.number for paper in issued.values() if rules.CODE.fullmatch(paper.number)), "")
        refuse(code_taken(self.tx, code, project=self.project.id, actor=self.actor, now=self.now))
        return code

    def take_code(self, code: str) -> None:
        """Nobody types a second time what stands on a reply."""
        if code:
            self.record(FactsChanged({}, "按所取得的批文", code))

    def _reply(self, reply: ReplyData, issuer: str, entry: int) -> Paper:
        kind = self.project.definition.documents[reply.document]
        until = rules.valid_until(kind, reply)
        before = self.project.state.documents.get(reply.document)
        entered = self.project.state.entries[str(entry)] if entry else None
        clock = None
        late = until is not None and until < self.day
        if until is not None and not (
            late and self.project.state.taking_over
        ):  # 补录 lapses nothing of the past
            clock = validity_clock(kind, reply.issued_on, until, self.tx.calendar, self.now)
        fields, _ = rules.read_facts(kind.fields, reply.fields)
        return Paper(
            version=before.version + 1 if before else 1,
            by=entered.by if entered else self.actor,
            on_behalf=entered.on_behalf if entered else self.on_behalf,
            checked_by=self.actor if entered else 0,
            checked_for=self.on_behalf if entered else 0,
            at=self.now,
            sha256=reply.sha256,
            name=reply.name,
            size=reply.size,
            media=reply.media,
            number=reply.number,
            issuer=reply.issuer or issuer,
            issued_on=reply.issued_on,
            valid_until=until,
            fields=fields,
            kept_at=reply.kept_at,
            marks=reply.marks,
            authors=(self.actor,),
            clock=clock,
        )


def _called(state: str) -> str:
    """The kind of notice that asks for what is to be done in that state of a stage."""
    if state == PREPARING:
        return "opened"
    return "record" if "." in state else "decide"


def _entered(event: Event) -> Entered | None:
    return getattr(event, "entered", None)


def check_administrator(transaction: Transaction, actor: int) -> None:
    """Forbidden unless the actor is an administrator, or the system; from here on nobody else administers."""
    transaction.lock_administration()
    if actor != SYSTEM and not transaction.directory.is_administrator(actor):
        raise Forbidden(reason("not-an-administrator"))


def code_taken(tx: Transaction, code: str, *, actor: int, now: datetime, project: int = 0) -> list[Reason]:
    """A project code belongs to one project (GB/T 40058-2021); which one has it is said only to whoever may see it."""
    if not code:
        return []
    if tx.dialect != "sqlite":
        tx.execute(_CODE_ALONE, code=code)  # two may register at one moment: the second waits for the first
    row = tx.execute(_CODE_HOLDER, code=code, project=project).fetchone()
    if row is None:
        return []
    title, organisation = row
    if not tx.directory.sees(actor, organisation, local_day(now)):
        return [reason("code-taken-elsewhere", "code", code=code)]
    return [reason("code-taken", "code", code=code, title=title)]


def refuse(reasons: Iterable[Reason]) -> None:
    """Refused with every reason, if there is one."""
    found = list(dict.fromkeys(reasons))
    if found:
        raise Refused(*found)
