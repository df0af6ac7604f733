"""From a notice to everything that its mail says: a plain dict, from which templates only choose. Pure.

Invariant: nothing here but words, numbers and lists of them; no amount, no token, one link.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from notifications import wording
from notifications.cause import Cause, is_late
from workflow import rules
from workflow.clock import ONE_DAY, local_day, remaining
from workflow.definition import Definition
from workflow.events import (
    ClerkChanged,
    ClockChanged,
    EntryOffered,
    EntryRecorded,
    EntryWithdrawn,
    Event,
    ExplanationFiled,
    OrderIssued,
    OrderWithdrawn,
    ProjectMoved,
    RungFired,
    StageHeld,
    StageOpened,
    StageRefused,
    StageRestarted,
    StageReturned,
    StepDecided,
    StepHandedOver,
    StopReviewed,
)
from workflow.queries.words import day_words, due_of, due_words, left_words, light_on
from workflow.sentences import Teller, sentence
from workflow.sentences import describe as entry_words
from workflow.state import PASSED_STATES, PREPARING, Paper

NOTICES_PATH = "/notices"
CHECKS_PATH = "/checks"
PLACES = {"escalated": "?open=supervise#order", "supervised": "#order", "order_late": "#order"}
"""Where on the page of a stage the link of that kind leads: to what its first line asks for."""

TOLD_ALREADY = {
    "approaching",
    "due_today",
    "overdue",
    "escalated",
    "supervised",
    "order_late",
    "outside_late",
    "validity",
    "lapsed",
    "incident",
}
"""Kinds whose first line already tells the whole event."""

TASKS = {"review": "审核", "sign": "审签", "meeting": "组织审议", "publicity": "组织公示"}
_OUTSIDE_TASKS = {
    "filing": "向{body}报送",
    "filed": "登记{body}的受理情况",
    "correcting": "补正后再报{body}",
    "accepted": "登记{body}的办理结果",
}
ENTRIES = {
    "Filed": "报送情况",
    "Accepted": "受理情况",
    "CorrectionNotified": "补正告知",
    "Corrected": "补正情况",
    "SpecialBegan": "特别程序的开始",
    "SpecialEnded": "特别程序的结束",
    "Extended": "延长时限",
    "Concluded": "办理结果",
    "PaperSigned": "纸质签批",
    "TakenOver": "补录批复",
    "Completed": "补登内容",
}


def describe(cause: Cause, *, base_url: str, today: date) -> dict[str, Any]:
    """Everything the templates may choose from; every key is always there."""
    due = _due(cause, today)
    step = cause.step
    return {
        **_what(cause, today),
        "kind": cause.kind,
        "project": wording.short(cause.state.title),
        "title": cause.state.title,
        "code": cause.state.code,
        "stage": cause.stage.title if cause.stage else "",
        "subject_of": _subject_of(cause),
        "step": step.title if step else "",
        "task": _task(cause),
        "is_outside": cause.is_outside,
        "body": step.body if step else "",
        "due": due,
        "holder": rules.names(cause.directory, cause.holders),
        "begins": isinstance(cause.event, StageOpened),
        "mine": cause.person in cause.holders,
        "held_days": _held_days(cause, today),
        "by": _author(cause),
        "role": _role(cause),
        "rows": _rows(cause, due, today),
        "papers": _missing(cause, today),
        "fixes": _fixes(cause),
        "powers": _powers(cause, today),
        "told": rules.names(cause.directory, (each for each in cause.told if each != cause.person)),
        "moved": _moved(cause),
        "delayed": _delayed(cause, today),
        "link": base_url.rstrip("/") + path_of(cause),
        "checks": [f"{cause.head[:16]}（第{cause.seq}条）"],
        "items": [],
    }


def path_of(cause: Cause) -> str:
    """Where the one link leads."""
    if cause.kind == "check_batch":
        return CHECKS_PATH
    stage = f"/stages/{cause.stage_key}" if cause.stage_key else ""
    return f"/projects/{cause.ref}{stage}{PLACES.get(cause.kind, '') if stage else ''}"


def _subject_of(cause: Cause) -> str:
    project = wording.short(cause.state.title)
    return f"{project}·{cause.stage.title}" if cause.stage else project


def _what(cause: Cause, today: date) -> dict[str, Any]:
    """What only some kinds speak of."""
    event = cause.event
    entry = event.entry if isinstance(event, EntryRecorded | EntryOffered) else None
    document = cause.document
    kind = cause.definition.documents.get(document)
    paper = cause.state.documents.get(document)
    until = paper.valid_until if paper else None
    return {
        "record": ENTRIES[type(entry.what).__name__] if entry else "",
        "entered": _entered(cause),
        "batch": _batch(event),
        "document": kind.title if kind else "",
        "until": wording.plain(until, today) if until else "",
        "opens": _opens(cause),
        "wanted": _wanted(cause, today),
        "effect": event.effect if isinstance(event, ClockChanged) else "",
        "move": event.trigger if isinstance(event, ProjectMoved) else "",
        "successor": _successor(cause),
        "unentered": isinstance(event, EntryWithdrawn),
        "ordered": wording.without_amounts(event.wanted) if isinstance(event, OrderIssued) else "",
        "answered": isinstance(event, ExplanationFiled),
        "unordered": isinstance(event, OrderWithdrawn),
        "stood": _stood(event, today),
        "voids": isinstance(event, StageRestarted) and event.opinions,
        "reason": wording.without_amounts(getattr(event, "reason", "") or getattr(event, "text", "")),
    }


def _entered(cause: Cause) -> str:
    """Of one entry to check, what it says, with the day that stands on the original; else empty."""
    if cause.kind != "check" or not isinstance(cause.event, EntryRecorded | EntryOffered):
        return ""
    return wording.without_amounts(entry_words(cause.event.entry.what, _teller(cause)))


def _stood(event: Event, today: date) -> dict[str, Any]:
    """Since when what was stopped stands still, and for how many working days."""
    if not isinstance(event, StopReviewed):
        return {}
    return {"since": wording.plain(event.since, today), "days": event.days}


def _teller(cause: Cause) -> Teller:
    return Teller(cause.definition, cause.directory, cause.actor)


def _batch(event: Event) -> dict[str, int] | None:
    """How much came in with one table, where the event is the last of it."""
    batch = event.batch if isinstance(event, EntryRecorded) else None
    return {"projects": batch.projects, "entries": batch.entries} if batch else None


def _successor(cause: Cause) -> str:
    """Who has the work now that was handed over; empty if it was not."""
    match cause.event:
        case StepHandedOver(to=person) | ClerkChanged(clerk=person):
            return cause.directory.name(person)
    return ""


def _due(cause: Cause, today: date) -> dict[str, Any] | None:
    clock = cause.clock
    if clock is None or clock.due_on is None:
        return None
    day = clock.due_on
    late = max(0, -remaining(cause.calendar, today, day))
    validity = cause.is_about_validity
    return {
        "running": wording.running(day, today, provisional=clock.provisional),
        "plain": wording.plain(day, today) + ("（暂定）" if clock.provisional else ""),
        "words": due_words(cause.calendar, day, today, provisional=clock.provisional, validity=validity),
        "left": left_words(cause.calendar, day, today, validity=validity).replace(" ", ""),
        "late": late,
        "is_today": today == day,
        "light": light_on(clock.warn_on, day, today).colour,
        "shape": light_on(clock.warn_on, day, today).shape,
    }


def _task(cause: Cause) -> str:
    if cause.place == PREPARING:
        return "备齐材料并报送"
    step, part = cause.step, cause.place.partition(".")[2]
    if step is None:
        return "办理"
    return (
        _OUTSIDE_TASKS[part].format(body=step.body)
        if part in _OUTSIDE_TASKS
        else TASKS.get(step.kind.value, "办理")
    )


def _held_days(cause: Cause, today: date) -> int:
    since = cause.standing.held_from
    return max(0, cause.calendar.workdays_between(local_day(since), today)) if since else 0


def _author(cause: Cause) -> str:
    """Whose doing it is: of an entry that is offered to another checker, still who made it."""
    if isinstance(cause.event, EntryOffered):
        return cause.directory.acting(cause.event.entry.by, cause.event.entry.on_behalf)
    return cause.directory.acting(cause.actor, cause.event.on_behalf)


def _role(cause: Cause) -> str:
    if isinstance(cause.event, EntryRecorded | EntryOffered) and cause.person in cause.event.entry.checkers:
        return "指定的核对人"
    if cause.person in cause.holders:
        return "本环节办理人"
    if cause.person == cause.state.clerk:
        return "本项目经办人"
    return cause.directory.title(cause.person) or "本项目相关负责人"


def _fixes(cause: Cause) -> list[str]:
    fixes = getattr(cause.event, "fixes", ()) or (cause.standing.fixes if cause.place == PREPARING else ())
    return [wording.without_amounts(fix.text) for fix in fixes]


def _powers(cause: Cause, today: date) -> str:
    """What this person may do about a late stage: 督办、延长时限或指定他人办理; empty for nothing but reading it."""
    if cause.kind not in {"escalated", "outside_late"} or cause.stage is None:
        return ""
    case, key = cause.case(today), cause.stage_key
    if cause.kind == "outside_late":
        return "" if rules.may_draft_letter(case, key) else "起草商请函"
    words = [] if rules.may_supervise(case, key) else ["督办"]
    words += [] if rules.may_change_clock(case, key, "extend") else ["延长时限"]
    words += [] if rules.may_hand_over(case, key) else ["指定他人办理"]
    return "或".join(part for part in ("、".join(words[:-1]), *words[-1:]) if part)


def _missing(cause: Cause, today: date) -> list[str]:
    """The papers that still keep the stage from being handed in."""
    if cause.stage is None or cause.place != PREPARING or cause.standing.state != PREPARING:
        return []
    if cause.kind == "relieved":
        return []
    needs = rules.needs_of(cause.case(today), cause.stage)
    return [_need_words(cause.definition, need) for need in needs if need.blocks]


def _need_words(definition: Definition, need: rules.Need) -> str:
    title = "或".join(definition.documents[key].title for key in need.options)
    if need.problem == "unknown":
        return f"{title}（是否需要，取决于{rules.fact_titles(definition, need.unknown)}，请先填写）"
    if need.problem == "expired":
        return f"{title}（已过有效期）"
    if any(definition.documents[key].register_only.value != "no" for key in need.options):
        return f"{title}（可仅登记文号）"
    return title


def _wanted(cause: Cause, today: date) -> str:
    """What the clerk alone can say or enter, where the stage waits for nothing else."""
    if not isinstance(cause.event, StageHeld) or cause.stage is None:
        return ""
    return rules.wanted(cause.case(today), cause.stage)


def _opens(cause: Cause) -> str:
    """The stages that the reply just issued has opened."""
    if not isinstance(cause.event, StepDecided) or cause.stage is None:
        return ""
    after = cause.definition.followers.get(cause.stage_key, ())
    opened = [
        cause.definition.stages[key].title for key in after if cause.state.stage(key).state == PREPARING
    ]
    return wording.listed(opened, 3)


def _moved(cause: Cause) -> str:
    if not cause.has_moved or cause.stage is None or cause.kind in {"issued", "check_batch"}:
        return ""
    return f"此后已有进展，现为“{rules.state_words(cause.stage, cause.standing.state)}”，以系统页面为准。"


def _delayed(cause: Cause, today: date) -> str:
    if not isinstance(cause.event, RungFired) or not is_late(cause.event, cause.at):
        return ""
    return f"本提醒应于{wording.moment(cause.event.due_at, today)}发出，因系统停机迟到。"


# The rows of the table


def _rows(cause: Cause, due: dict[str, Any] | None, today: date) -> list[dict[str, Any]]:
    if cause.kind == "check_batch":
        return [{"label": "登记", "value": f"{_author(cause)}批量补录", "light": None}]
    step = f"{cause.stage.title} · {cause.step.title}" if cause.stage and cause.step else ""
    rows = [
        ("项目", cause.state.title),
        ("代码", cause.state.code),
        ("事项", step or (cause.stage.title if cause.stage else "")),
        ("登记", _entered(cause)),
        *_reply_rows(cause, today),
        ("办理", _holder_row(cause, today)),
        ("期限", _due_row(cause, due, today)),
        ("时限", _limit_row(cause, today)),
        ("督办", _order_row(cause, today)),
        ("说明", _explanation_row(cause, today)),
        *_story_rows(cause),
    ]
    light = {"shape": due["shape"], "colour": due["light"]} if due else None
    return [
        {"label": label, "value": value, "light": light if label == "期限" else None}
        for label, value in rows
        if value
    ]


def _holder_row(cause: Cause, today: date) -> str:
    clock, step = cause.standing.clock if cause.is_about_order else cause.clock, cause.step
    since = cause.at if cause.kind == "handed_over" else cause.standing.held_from
    if cause.is_about_validity or cause.kind in {"check", "rejected", "incident"}:
        return ""
    if cause.is_outside and step and clock:
        done = "受理" if cause.place.endswith(".accepted") else "收件"
        return f"{step.body}，{day_words(clock.started_on, today)}{done}"
    if not cause.holders or since is None:
        return ""
    days = _held_days(cause, today)
    lasting = f"，已{days}个工作日" if days and cause.kind != "handed_over" else ""
    return f"{rules.names(cause.directory, cause.holders)}，自{day_words(local_day(since), today)}{lasting}"


def _due_row(cause: Cause, due: dict[str, Any] | None, today: date) -> str:
    if due is not None:
        return f"{due['words']}{'（本局推算，以该局为准）' if cause.is_outside and not cause.is_about_order else ''}"
    stopped = due_of(cause.clock, cause.calendar, today)
    return stopped.words if stopped else ""


def _limit_row(cause: Cause, today: date) -> str:
    """Why it is that day: the limit, from when, what moved it, and on which basis."""
    clock = cause.clock
    if (
        clock is None
        or cause.is_about_validity
        or cause.is_about_order
        or (clock.due_on is None and not clock.stopped)
    ):
        return ""
    word = "承诺" if cause.place.endswith(".accepted") else ""
    parts = [f"{word}{clock.limit}，自{wording.plain(clock.started_on, today)}次日起算"]
    parts += [f"延长{extension}" for extension in clock.extensions]
    parts += [
        f"扣除{wording.plain(span.start, today)}至{wording.plain(span.end - ONE_DAY, today)}{_because(span.why)}"
        for span in clock.spans
        if span.end and span.end > span.start
    ]
    if clock.statutory and clock.statutory_on:
        parts.append(f"法定{clock.statutory}，至{wording.plain(clock.statutory_on, today)}")
    basis = rules.limit_basis(cause.stage, cause.place) if cause.stage and cause.step else ""
    return "；".join(parts) + _because(basis)


def _because(why: str) -> str:
    return f"（{why}）" if why else ""


def _reply_rows(cause: Cause, today: date) -> list[tuple[str, str]]:
    """The replies it is about: those just issued, or the one whose validity ends, and who still needs that."""
    if not cause.is_about_validity:
        issued = getattr(cause.event, "issued", {})
        return [("批复", _paper_words(cause, key, paper, today)) for key, paper in issued.items()]
    paper = cause.state.documents.get(cause.document)
    if paper is None:
        return []
    users = [
        cause.definition.stages[key].title
        for key in cause.definition.consumers.get(cause.document, ())
        if cause.state.stage(key).state not in PASSED_STATES
    ]
    return [("批复", _paper_words(cause, cause.document, paper, today)), ("用于", wording.listed(users, 5))]


def _paper_words(cause: Cause, document: str, paper: Paper, today: date) -> str:
    words = [cause.definition.documents[document].title, paper.number]
    words += [f"{wording.plain(paper.issued_on, today)}发"] if paper.issued_on else []
    words += [f"有效期至{wording.plain(paper.valid_until, today)}"] if paper.valid_until else []
    return "，".join(word for word in words if word)


def _order_row(cause: Cause, today: date) -> str:
    """The 督办单 that is open there, for whoever hears of the stage and so of its day."""
    order = cause.standing.order
    if order is None or order.clock.due_on is None or isinstance(cause.event, OrderIssued):
        return ""
    who = cause.directory.acting(order.by, order.on_behalf)
    wanted = wording.without_amounts(order.wanted).rstrip("。")
    return f"{who}{wording.plain(local_day(order.at), today)}：{wanted}，{wording.plain(order.clock.due_on, today)}前答复"


def _explanation_row(cause: Cause, today: date) -> str:
    """The late holder's own words, for whoever hears of the lateness."""
    said = cause.explanation
    if said is None:
        return ""
    who = cause.directory.acting(said.person, said.event.on_behalf)
    return f"{who}{wording.plain(local_day(said.at), today)}：{wording.without_amounts(said.event.text)}"


def _story_rows(cause: Cause) -> list[tuple[str, str]]:
    """What happened, in the words of the timeline; where somebody sent it back, their own words."""
    if isinstance(cause.event, StageReturned | StageRefused):
        return [("意见", wording.without_amounts(cause.event.reason))]
    if cause.kind in TOLD_ALREADY or isinstance(cause.event, EntryRecorded):
        return []
    return [("经过", wording.without_amounts(sentence(cause.event, _teller(cause))))]
