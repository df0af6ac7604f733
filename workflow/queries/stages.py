"""Stages as pages show them: who holds each, its clock, its steps; and the whole file of one stage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace
from sqlalchemy import Connection

from workflow import rules
from workflow.clock import Limit, local_day
from workflow.definition import POSTS, Stage, Step, StepKind
from workflow.errors import Reason
from workflow.events import (
    EntryRecorded,
    Event,
    LetterDrafted,
    StageRefused,
    StageReturned,
    StageSubmitted,
    StepDecided,
)
from workflow.explain import describe_due, describe_late
from workflow.machine import ACCEPTED, CORRECTING, FILED, FILING, TRIGGERS, is_outside
from workflow.queries.offers import entry_offer, stage_offers, withdrawal_offer
from workflow.queries.orders import order_view
from workflow.queries.papers import document_view, need_views, paper_view
from workflow.queries.reading import Reading, read_project
from workflow.queries.record import Row, scans_of, stage_record, told
from workflow.queries.restarts import restart_words
from workflow.queries.sent_back import rejected, to_fix
from workflow.queries.views import (
    Ball,
    ClockView,
    Colleague,
    DocumentView,
    EntryView,
    StageFile,
    StageLink,
    StageView,
    StepView,
)
from workflow.queries.words import (
    clock_day,
    clock_time,
    day_words,
    due_of,
    due_words,
    since_words,
    state_light,
)
from workflow.record import instant
from workflow.sentences import describe
from workflow.state import (
    ISSUED,
    PREPARING,
    REFUSED,
    WAITING,
    Act,
    Clock,
    Completed,
    Entry,
    PaperSigned,
    ReplyData,
    StageState,
    TakenOver,
)

EXPECTED_OUT = "预计不适用"
"""What a waiting stage is called whose condition does not hold as things stand: facts may still change."""

ASKED = "待补齐信息"
"""What a waiting stage is called for which nothing is missing but what only its clerk can say or enter."""

NOBODY = "无人办理"
"""Who holds a stage whose post is vacant or whose people were all involved; an incident tells of it."""

_OUTSIDE_LIMITS = {FILING: "报送外部门", FILED: "等待受理", CORRECTING: "补正", ACCEPTED: "外部门办理"}


def stage_views(reading: Reading) -> tuple[StageView, ...]:
    """Every stage of the project, in the definition's order."""
    return tuple(stage_view(reading, key) for key in reading.definition.stages)


def stage_view(reading: Reading, key: str) -> StageView:
    """One stage as lists and the graph show it."""
    spec, stage = reading.stage(key), reading.state.stage(key)
    due = due_of(stage.clock, reading.calendar, reading.day) if stage.is_open else None
    implied = stage.taken_over and not any(reply in reading.state.documents for reply in spec.issues)
    return StageView(
        key=key,
        title=spec.title,
        phase=spec.phase,
        state=stage.state,
        state_words="视为已办" if implied else standing_words(reading, spec, stage),
        shown_from=local_day(stage.since) if stage.since and rules.is_publicity(reading.case, key) else None,
        light=state_light(stage.state, due),
        due=due,
        holders=holder_words(reading, spec, stage),
        holder_ids=stage.holders,
        outside=is_outside(stage.state),
        since=held_since(reading, spec, stage) if stage.in_hand else "",
        condition=rules.condition_words(reading.definition, spec.when) if spec.when else "",
        blockers=_blockers(reading, spec, stage),
        missing=tuple(rules.missing(reading.case, spec)) if stage.state == PREPARING else (),
        issues=tuple(reading.definition.documents[reply].title for reply in spec.issues),
        issued_on=None if implied else stage.issued_on,
        taken_over=stage.taken_over,
        implied=implied,
        visit=stage.visit,
        turn=stage.turn,
        is_open=stage.is_open,
        nature=spec.nature,
        basis=spec.basis,
        help=spec.help,
    )


def standing_words(reading: Reading, spec: Stage, stage: StageState) -> str:
    """The stage's state; before its turn, what is already known not to apply says so, but not for certain."""
    if stage.state == WAITING and stage.holders:
        return ASKED
    if stage.state == WAITING and spec.when is not None and not reading.may_apply(spec):
        return EXPECTED_OUT
    return rules.state_words(spec, stage.state)


def pending_entry(reading: Reading, key: str) -> Entry | None:
    """What was entered there and waits for its check: until then its checkers hold the stage."""
    return next((entry for entry in reading.state.entries.values() if entry.stage == key), None)


def held_since(reading: Reading, spec: Stage, stage: StageState) -> str:
    """Since when its holder has it: for an outside office since it accepted, stops of its clock or not."""
    entry = pending_entry(reading, spec.key)
    if entry is not None:
        return since_words(entry.at, reading.day)
    if is_outside(stage.state) and stage.clock:
        return day_words(stage.clock.started_on, reading.day)
    return since_words(stage.held_from, reading.day)


def holder_words(reading: Reading, spec: Stage, stage: StageState) -> str:
    """Who must act now: names, or the outside office; 无人办理 if there is nobody."""
    if not stage.in_hand:
        return ""
    entry = pending_entry(reading, spec.key)
    if entry is not None:
        return f"{rules.names(reading.directory, entry.checkers)}（核对原件）"
    if is_outside(stage.state):
        return spec.step(stage.step).body
    names = rules.names(reading.directory, stage.holders)
    gone = names and not any(map(reading.directory.is_active, stage.holders))
    return f"{names}（账号已停用）" if gone else names or NOBODY


def _blockers(reading: Reading, spec: Stage, stage: StageState) -> tuple[str, ...]:
    if stage.state != WAITING or reading.state.taking_over:
        return ()
    found = [each.text for each in reading.blockers(spec)]
    if not found:
        found = [each.text for each in rules.unanswered_condition(reading.case, spec)]
    return tuple(found)


def balls(reading: Reading, stages: tuple[StageView, ...]) -> tuple[Ball, ...]:
    """Who holds the ball in every stage that waits for somebody, the most urgent first."""
    found = [_ball(reading, stage) for stage in stages if stage.holders]
    return tuple(
        sorted(
            found,
            key=lambda ball: (ball.due is None, ball.due.day if ball.due and ball.due.day else date.max),
        )
    )


def _ball(reading: Reading, stage: StageView) -> Ball:
    why = stage.state_words
    entry = pending_entry(reading, stage.key)
    who, outside = stage.holders, stage.outside
    if entry is not None:
        who, outside = rules.names(reading.directory, entry.checkers), False
        why = f"{why}，有登记待核对原件"
    elif stage.missing:
        why = f"{why}，缺{len(stage.missing)}项"
    elif stage.blockers:
        why = f"{why}：{rules.wanted(reading.case, reading.stage(stage.key))}"
    return Ball(stage.key, stage.title, who, why, stage.since, stage.due, outside)


# The file of one stage


def reply_reasons(
    connection: Connection,
    *,
    ref: str,
    stage: str,
    replies: Sequence[ReplyData],
    as_printed: bool,
    evidence: bool,
    person: int,
    day: date,
) -> list[Reason]:
    """Every reason why these replies could not be recorded there today, so that a form can say all at once.

    `evidence` says that each needs its scan or the place of its original.
    """
    reading = read_project(connection, ref=ref, person=person, day=day)
    reasons = rules.check_replies(reading.case, reading.stage(stage), replies, as_printed=as_printed)
    return [*reasons, *(rules.check_evidence(reading.case, replies) if evidence else ())]


def stage_file(connection: Connection, *, ref: str, stage: str, person: int, day: date) -> StageFile:
    """Everything that the page of one stage shows; NotFound if the person may not see the project."""
    reading = read_project(connection, ref=ref, person=person, day=day)
    spec, current = reading.stage(stage), reading.state.stage(stage)
    record = stage_record(connection, reading, stage)
    inside = current.step and spec.step(current.step).kind is not StepKind.EXTERNAL
    documents = reading.state.documents
    fixes, sent_back = to_fix(reading, spec, record)
    return StageFile(
        ref=ref,
        project=reading.state.title,
        project_state=reading.state.state,
        clerk=reading.directory.name(reading.state.clerk),
        stage=stage_view(reading, stage),
        needs=need_views(reading, spec),
        steps=_steps(reading, spec, current, record),
        clock=_clock(reading, spec, current, record),
        fixes=fixes,
        sent_back=sent_back,
        rejected=rejected(reading, record),
        passed=current.passed,
        entries=entry_views(reading, stage),
        replies=tuple(paper_view(reading, key, documents[key]) for key in spec.issues if key in documents),
        lacks_facts=not _unknown(reading, spec).isdisjoint(reading.definition.facts),
        lacks_fields=_lacking_fields(reading, spec),
        unsaid=_unsaid(reading, spec),
        expiring=rules.expiring(reading.case, stage),
        issues=tuple(document_view(reading.definition, key) for key in spec.issues),
        conclusions=tuple(
            outcome
            for outcome, trigger in TRIGGERS.items()
            if not rules.may_move(reading.case, stage, trigger)
        ),
        issues_now=bool(current.step) and spec.steps[-1].key == current.step,
        step=current.step,
        step_title=rules.step_title(spec, current.step) if current.step else "",
        body=spec.step(current.step).body if current.step else "",
        content=rules.content_token(current.papers),
        offers=stage_offers(reading, stage),
        colleagues=_receivers(reading, stage),
        signers=_signers(reading, stage, current) if inside else (),
        follows=what_follows(reading, spec, current),
        acted=_own_act(current, person),
        for_whom=_principal(reading, current),
        changed=_changed(reading, record, current),
        record=tuple(told(reading, row, event) for row, event in record),
        letter=_letter(reading, spec, current, [event for _, event in record]),
        order=order_view(reading, stage),
        answer_by=reading.calendar.add_workdays(day, rules.ANSWERED_WITHIN),
        today=day,
    )


def _principal(reading: Reading, stage: StageState) -> str:
    principal = rules.capacity(reading.case, stage.holders)
    return reading.directory.name(principal) if principal else ""


def _unknown(reading: Reading, spec: Stage) -> frozenset[str]:
    """The facts and fields without which a stage that has not been submitted cannot go on."""
    state, case = reading.state.stage(spec.key).state, reading.case
    if state == PREPARING:
        return frozenset().union(*(need.unknown for need in rules.needs_of(case, spec) if need.blocks))
    return rules.unknown_facts(case, spec) if state == WAITING else frozenset()


def _lacking_fields(reading: Reading, spec: Stage) -> tuple[StageLink, ...]:
    """The stages in which fields of replies have to be filled in before this one can go on."""
    documents = {name.partition(".")[0] for name in _unknown(reading, spec) if "." in name}
    issuers = sorted({reading.definition.issuers[each] for each in documents & set(reading.state.documents)})
    return tuple(StageLink(key, reading.stage(key).title) for key in issuers)


def _unsaid(reading: Reading, spec: Stage) -> tuple[DocumentView, ...]:
    found = []
    for key in spec.issues:
        view, empty = document_view(reading.definition, key), rules.empty_fields(reading.case, key)
        found.append(replace(view, fields=tuple(each for each in view.fields if each.key in empty)))
    return tuple(each for each in found if each.fields)


def _receivers(reading: Reading, key: str) -> tuple[Colleague, ...]:
    """Whom the work may go to: the rules say so of each."""
    return tuple(each for each in colleagues(reading) if not rules.may_receive(reading.case, key, each.id))


def colleagues(reading: Reading, exclude: tuple[int, ...] = ()) -> tuple[Colleague, ...]:
    """Whom work of this project may be given to: active people who may see it."""
    directory, organisation = reading.directory, reading.state.organisation
    found = [
        Colleague(person.id, person.name, directory.in_full(person.id))
        for person in directory.people.values()
        if person.active and person.id not in exclude and directory.sees(person.id, organisation, reading.day)
    ]
    return tuple(sorted(found, key=lambda each: each.name))


def _signers(reading: Reading, key: str, stage: StageState) -> tuple[Colleague, ...]:
    """Who may have signed this step on paper: its holders, unless they had a hand in it."""
    directory = reading.directory
    return tuple(
        Colleague(person, directory.name(person), directory.in_full(person))
        for person in stage.holders
        if person != reading.case.actor and not rules.is_decider(reading.case, key, person)
    )


def entry_views(reading: Reading, stage: str = "") -> tuple[EntryView, ...]:
    """Entries that wait for their check, of one stage or of all."""
    return tuple(
        EntryView(
            number=entry.number,
            stage=entry.stage,
            stage_title=reading.stage(entry.stage).title,
            words=describe(entry.what, reading.teller(entry.by)),
            by=reading.directory.acting(entry.by, entry.on_behalf),
            at=clock_time(entry.at),
            checkers=rules.names(reading.directory, entry.checkers),
            files=scans_of(entry),
            confirm=entry_offer(reading, entry.number),
            withdraw=withdrawal_offer(reading, entry.number),
            taken_over=isinstance(entry.what, TakenOver | Completed),
        )
        for entry in reading.state.entries.values()
        if not stage or entry.stage == stage
    )


def _steps(
    reading: Reading, spec: Stage, stage: StageState, record: list[tuple[Row, Event]]
) -> tuple[StepView, ...]:
    done = {act.what: act for act in stage.acts if act.what != "submit"}
    place = next((number for number, step in enumerate(spec.steps) if step.key == stage.step), -1)
    opinions = _opinions([event for _, event in record])
    signatures = _signatures(reading, record)
    views = []
    for number, step in enumerate(spec.steps):
        act = done.get(step.key)
        standing = (
            "refused"
            if act and stage.state == REFUSED and act is stage.acts[-1]
            else "done"
            if act or stage.state == ISSUED or number < place
            else "now"
            if number == place
            else "ahead"
        )
        views.append(
            StepView(
                key=step.key,
                title=step.title,
                kind=step.kind.value,
                standing=standing,
                who=_step_people(reading, spec, stage, step, now=number == place),
                done=_done_words(reading, step, act, opinions.get(step.key, ""), signatures.get(step.key, ""))
                if act
                else "",
                limit=_limit_words(step),
                basis=step.basis,
                body=step.body,
            )
        )
    return tuple(views)


def _opinions(record: list[Event]) -> dict[str, str]:
    """The latest opinion at each step since the papers were handed in; `record` is newest first."""
    found: dict[str, str] = {}
    for event in record:
        if isinstance(event, StageSubmitted):
            break
        if isinstance(event, StepDecided):
            found.setdefault(event.step, event.opinion)
        elif isinstance(event, StageRefused):
            found[event.step] = f"{_DID[StageRefused]}：{event.reason}"
    return found


def _signatures(reading: Reading, record: list[tuple[Row, Event]]) -> dict[str, str]:
    """Of each step that was last decided on paper: the day of the signature, and who entered and compared it."""
    entries = {event.entry.number: event.entry for _, event in record if isinstance(event, EntryRecorded)}
    acting = reading.directory.acting
    found: dict[str, str] = {}
    for row, event in record:  # newest first
        if isinstance(event, StepDecided | StageRefused):
            entry = entries.get(event.entry)
            signed = entry.what if entry else None
            words = ""
            if entry and isinstance(signed, PaperSigned):
                by = f"{acting(entry.by, entry.on_behalf)}代录，{acting(row.actor_id, event.on_behalf)}核对原件"
                words = f"{signed.on.isoformat()}纸质签批（{by}）"
            found.setdefault(event.step, words)
    return found


def _done_words(reading: Reading, step: Step, act: Act, opinion: str, signed: str) -> str:
    said = opinion or ("期满办结" if step.kind is StepKind.PUBLICITY else "同意")
    who = reading.directory.acting(act.by, act.on_behalf)
    if signed:
        return f"{who} {signed} {said}"
    if act.body:
        entered = reading.directory.acting(act.entered_by, act.entered_for)
        return f"{act.body} {said}（{clock_time(act.at)} {entered}登记，{who}核对原件）"
    return f"{who} {clock_time(act.at)} {said}"


def _step_people(reading: Reading, spec: Stage, stage: StageState, step: Step, *, now: bool) -> str:
    if now:
        return holder_words(reading, spec, stage)
    if step.kind is StepKind.EXTERNAL:
        return step.body
    if step.by == "clerk":
        return reading.directory.name(reading.state.clerk)
    people = reading.directory.holders(step.by, reading.state.organisation)
    return rules.names(reading.directory, people) or POSTS[step.by]


def what_follows(reading: Reading, spec: Stage, stage: StageState) -> str:
    """What comes when this is done: the next step and whose it will be, or what the stage issues."""
    place = next((number for number, step in enumerate(spec.steps, 1) if step.key == stage.step), 0)
    if place < len(spec.steps):
        step = spec.steps[place]
        return f"{step.title}（{_next_people(reading, spec, step)}）"
    issued = "、".join(reading.definition.documents[key].title for key in spec.issues)
    return f"办结，取得{issued}" if issued else "办结"


def _next_people(reading: Reading, spec: Stage, step: Step) -> str:
    """Who gets the next step: whoever holds its post and had no hand in the visit, this reader included."""
    if step.kind in {StepKind.EXTERNAL, StepKind.PUBLICITY} or step.by == "clerk":
        return _step_people(reading, spec, StageState(WAITING), step, now=False)
    involved = rules.stage_people(reading.case, spec.key) | {reading.case.actor}
    found = reading.directory.holders(step.by, reading.state.organisation, involved)
    return rules.names(reading.directory, found) or f"{POSTS[step.by]}空缺或均须回避，将报管理员"


def _own_act(stage: StageState, person: int) -> str:
    """What this reader did last in this visit, in words; empty for nothing."""
    did = next((act.what for act in reversed(stage.acts) if person in act.people), "")
    return {"": "", "submit": "已报送"}.get(did, "已同意")


def _changed(
    reading: Reading, record: list[tuple[Row, Event]], stage: StageState
) -> tuple[tuple[str, str], ...]:
    """The papers that are new to this reader, who has decided here before: (document, what happened to it)."""
    last = next((each for each in record if _is_own_decision(each, reading.case.actor)), None)
    if last is None:
        return ()
    at = instant(last[0].at)
    did = f"自您{day_words(local_day(at), reading.day)}{_DID[type(last[1])]}后"
    documents = reading.state.documents
    papers = [(key, documents[key]) for key in stage.papers if key in documents]
    return tuple(
        (key, f"{did}{f'换为第{paper.version}版' if paper.version > 1 else '新增'}")
        for key, paper in papers
        if paper.at > at
    )


_DID: dict[type, str] = {StepDecided: "同意", StageReturned: "退回", StageRefused: "不予批准"}


def _is_own_decision(each: tuple[Row, Event], person: int) -> bool:
    row, event = each
    if not isinstance(event, StepDecided | StageReturned | StageRefused):
        return False
    compared = event.body or event.signed_by  # the actor only compared what others had decided
    return person == event.signed_by or (not compared and person in {row.actor_id, event.on_behalf})


def _limit_words(step: Step) -> str:
    parts = [
        f"{word}{limit}"
        for word, limit in (
            ("办结" if step.minimum else "", step.within),
            ("报送", step.file),
            ("受理", step.accept),
            ("承诺", step.promised),
            ("法定", step.statutory),
            ("不少于", step.minimum),
        )
        if limit is not None
    ]
    return " · ".join(parts)


def _clock(
    reading: Reading, spec: Stage, stage: StageState, record: Sequence[tuple[Row, Event]]
) -> ClockView | None:
    clock = stage.clock
    if clock is None or not stage.is_open:
        return None
    return ClockView(
        title=_clock_title(spec, stage),
        started_on=clock.started_on,
        limit=str(clock.limit),
        due=due_of(clock, reading.calendar, reading.day),
        statutory=str(clock.statutory) if clock.statutory else "",
        statutory_due=_statutory_due(reading, clock),
        basis=rules.limit_basis(spec, stage.state),
        extensions=tuple(str(each) for each in clock.extensions),
        outside=clock.outside,
        stopped=clock.stopped,
        restarted=restart_words(reading, record),
        lines=explanation(reading, clock, clock.limit),
    )


def explanation(reading: Reading, clock: Clock, limit: Limit) -> tuple[str, ...]:
    """The due date of that clock under that limit, one line a day; a late one goes on to this day."""
    lines = describe_due(reading.calendar, clock.started_on, limit, clock.spans, clock.extensions)
    if clock.due_on is None:
        return tuple(lines)
    return (*lines[:-1], f"到期日 {lines[-1]}", *describe_late(reading.calendar, clock.due_on, reading.day))


def _statutory_due(reading: Reading, clock: Clock) -> str:
    if clock.statutory_on is None:
        return ""
    provisional = clock.statutory_provisional
    return due_words(reading.calendar, clock.statutory_on, reading.day, provisional=provisional)


def _clock_title(spec: Stage, stage: StageState) -> str:
    if stage.state == PREPARING:
        return "准备材料"
    part = stage.state.partition(".")[2]
    return _OUTSIDE_LIMITS.get(part) or rules.step_title(spec, stage.step)


def _letter(reading: Reading, spec: Stage, stage: StageState, record: list[Event]) -> str:
    """The draft of a letter to the outside office: the last one written, else a model to begin with."""
    kept = next((event.text for event in record if isinstance(event, LetterDrafted)), "")
    if kept or not is_outside(stage.state):
        return kept
    step = spec.step(stage.step)
    began = (
        clock_day(stage.clock.started_on, reading.day)
        if stage.clock
        else since_words(stage.since, reading.day)
    )
    code = f"（项目代码{reading.state.code}）" if reading.state.code else ""
    unit = reading.directory.organisations[reading.state.organisation].name
    return (
        f"关于商请加快办理{spec.title}事项的函\n\n{step.body}：\n\n"
        f"我单位“{reading.state.title}”{code}的{spec.title}事项，已于{began}报贵单位办理。"
        "该事项是项目后续手续的前置条件，为不影响项目整体进度，商请贵单位予以支持，尽快办理。"
        "如需补充材料，请告知我单位，我们将及时配合。\n\n"
        f"联系人：{reading.directory.name(reading.state.clerk)}\n\n{unit}\n（代拟稿，未发）"
    )
