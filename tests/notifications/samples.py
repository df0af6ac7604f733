"""One cause for every kind of notice, all of one project, as the engine's events would make them."""

from __future__ import annotations

from datetime import date, datetime

from msgspec.structs import replace
from sqlalchemy import Connection, text

from notifications.cause import Cause
from tests.notifications.bureau import TITLE, Bureau, at
from workflow import events as ev
from workflow import state as st
from workflow.clock import Limit, Span, Unit
from workflow.people import SYSTEM
from workflow.snapshot import snapshot

WORKDAYS = Unit.WORKDAYS


def causes(bureau: Bureau) -> dict[str, Cause]:
    """Kind -> its cause, as of 2026-11-20."""
    people = bureau.people
    li, liu, chen, zhou = (people[name] for name in ("李国栋", "刘畅", "陈文娟", "周建平"))
    review = _clock("review", date(2026, 11, 18), 2, due_on=date(2026, 11, 20))
    late = _clock("review", date(2026, 11, 11), 2, due_on=date(2026, 11, 13))
    preparing = _clock("preparing", date(2026, 11, 20), 30, due_on=date(2027, 1, 5), provisional=True)
    outside = replace(
        _clock("external.accepted", date(2026, 9, 25), 20, due_on=date(2026, 11, 2)),
        outside=True, spans=(Span(date(2026, 9, 29), date(2026, 10, 8), "专家评审"),),
        statutory=Limit(30, WORKDAYS), statutory_on=date(2026, 11, 16),
    )  # fmt: skip
    asked = _clock(st.ORDER, date(2026, 11, 20), 2, due_on=date(2026, 11, 24))
    with_li = ev.Entered("review", (li,), review)
    with_liu = ev.Entered("preparing", (liu,), preparing)
    key = "budget_review"
    fixes = (st.Fix("总投资与分项合计不一致，请核对"), st.Fix("补充房屋安全鉴定结论页", "deed"))
    reply = st.Paper(
        1, liu, at("2026-11-20 10:00"), number="澴发改审〔2026〕118号", issuer="区发展和改革局",
        issued_on=date(2026, 11, 19), valid_until=date(2028, 11, 19), kept_at="局档案室",
        clock=st.Clock("valid", date(2026, 11, 19), Limit(2, Unit.YEARS), due_on=date(2028, 11, 19)),
    )  # fmt: skip
    entry = st.Entry(
        9, key, st.Accepted(date(2026, 11, 18), "受理〔2026〕9号"), liu, at("2026-11-20 09:00"), (li,)
    )
    expiring = replace(review, key="valid", due_on=date(2026, 12, 18), warn_on=date(2026, 11, 20))
    approved = ev.StepDecided(
        key, "external", "同意", "0" * 32, ev.Entered("issued"), issued={"budget_reply": reply},
        issued_on=date(2026, 11, 19),
    )  # fmt: skip
    told: dict[str, tuple[int, int, ev.Event]] = {
        "opened": (liu, SYSTEM, ev.StageOpened(key, 1, with_liu)),
        "asked": (liu, SYSTEM, ev.StageHeld("design_review", asked=(liu,))),
        "decide": (li, liu, ev.StageSubmitted(key, {"deed": "1", "party_minutes": "2"}, with_li)),
        "record": (liu, chen, ev.StepDecided(key, "sign", "同意报送", "0" * 32, ev.Entered("external.filing", (liu,)))),
        "check": (li, liu, ev.EntryRecorded(entry)),
        "check_batch": (li, liu, ev.EntryRecorded(entry, ev.Batch(projects=12, entries=104))),
        "returned": (liu, li, ev.StageReturned(key, "review", "投资数额前后不一致", fixes, with_liu)),
        "refused": (liu, chen, ev.StageRefused(key, "sign", "与年度计划不符")),
        "issued": (liu, li, approved),
        "handed_over": (li, chen, ev.StepHandedOver(key, (chen,), li, "出差一周")),
        "relieved": (chen, zhou, ev.StepHandedOver(key, (chen,), li, "陈文娟出差一周")),
        "rejected": (liu, li, ev.EntryRejected(9, key, "受理日期与原件不符")),
        "restarted": (li, liu, ev.StageRestarted(key, "deed", {"deed": "3"}, with_li)),
        "approaching": (li, SYSTEM, ev.RungFired(key, replace(review, due_on=date(2026, 11, 23)), -1, (li,), _now())),
        "due_today": (li, SYSTEM, ev.RungFired(key, review, 0, (li, liu), _now())),
        "overdue": (li, SYSTEM, ev.RungFired(key, late, 1, (li,), _now())),
        "escalated": (zhou, SYSTEM, ev.RungFired(key, late, 3, (zhou,), _now())),
        "supervised": (li, chen, ev.OrderIssued(key, "请查明卡在哪一步，11月24日前审结", (li,), asked)),
        "order_late": (chen, SYSTEM, ev.RungFired(key, replace(asked, due_on=date(2026, 11, 19)), 1, (chen,), _now())),
        "order_ended": (chen, li, ev.ExplanationFiled(key, "review", "正在与造价站核对，11月24日审结", answers=True)),
        "retimed": (li, chen, ev.ClockChanged(key, "extended", "情况复杂", replace(review, due_on=date(2026, 11, 24)))),
        "moved": (liu, chen, ev.ProjectMoved("suspend", "active_suspended", "市里要求暂缓实施")),
        "standing": (chen, SYSTEM, ev.StopReviewed(key, date(2026, 10, 22), 20, "等省里批示")),
        "validity": (liu, SYSTEM, ev.RungFired(key, expiring, -20, (liu, li), _now(), document="budget_reply")),
        "lapsed": (liu, SYSTEM, ev.ReplyLapsed("budget_reply", key)),
        "outside_late": (liu, SYSTEM, ev.RungFired(key, outside, 5, (liu, chen), _now())),
        "incident": (
            people["蒋慧"], SYSTEM,
            ev.IncidentRaised("nobody-holds-post", "“概算审核”的“科室审核”没有可以办理的人：科（股）室负责人空缺", key),
        ),
    }  # fmt: skip
    return {kind: _cause(bureau, kind, *each, reply=reply) for kind, each in told.items()}


def _now() -> datetime:
    return at("2026-11-20 09:00")


def _clock(key: str, started_on: date, amount: int, *, due_on: date, provisional: bool = False) -> st.Clock:
    return st.Clock(
        key,
        started_on,
        Limit(amount, WORKDAYS),
        due_on=due_on,
        warn_on=date(2026, 11, 17),
        provisional=provisional,
    )


def _cause(bureau: Bureau, kind: str, person: int, actor: int, event: ev.Event, *, reply: st.Paper) -> Cause:
    def read(connection: Connection) -> Cause:
        view = snapshot(connection)
        ref, seq, head = connection.execute(text("SELECT ref, seq, head FROM project")).one()
        return Cause(
            kind=kind, person=person, at=_now(), event=event, actor=actor, told=_told(event, person),
            ref=ref, seq=seq, head=head, state=_state(bureau, event, reply),
            compiled=view.compiled(connection, bureau.digest),
            directory=view.directory, calendar=view.calendar,
        )  # fmt: skip

    return bureau.store.read(read)


def _told(event: ev.Event, person: int) -> tuple[int, ...]:
    return event.told if isinstance(event, ev.RungFired) else (person,)


def _state(bureau: Bureau, event: ev.Event, reply: st.Paper) -> st.ProjectState:
    """The project as that event found or left it."""
    people = bureau.people
    entered = getattr(event, "entered", None)
    clock = event.clock if isinstance(event, ev.RungFired) else entered.clock if entered else None
    holders = (people["刘畅"],) if clock and clock.outside else (people["李国栋"],)
    since = (
        at("2026-11-18 10:00")
        if clock is None or clock.started_on >= date(2026, 11, 18)
        else at("2026-11-11 10:00")
    )
    stage = st.StageState(
        state=entered.state if entered else clock.key if clock and clock.key not in {"valid", st.ORDER} else "review",
        visit=1, turn=3, since=_now() if entered else since,
        holders=entered.holders if entered else holders, clock=clock,
    )  # fmt: skip
    stages = {"budget_review": stage, "fire_design": st.StageState(state="preparing", since=_now())}
    entries = {"9": event.entry} if isinstance(event, ev.EntryRecorded) else {}
    return st.ProjectState(
        definition="centre", version=1, digest=bureau.digest, title=TITLE, organisation=bureau.organisation,
        clerk=people["刘畅"], code="2610-990102-04-01-773156", state="active", stages=stages,
        documents={"budget_reply": reply}, entries=entries,
    )  # fmt: skip
