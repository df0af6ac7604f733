"""督办单: who may chase whom, when, until which day, and whose answer ends it. Pure.

Invariant: an order goes down inside the house, from a higher post or an overseer to whoever holds the stage; never to
an outside office, and never to oneself alone.
"""

from __future__ import annotations

from datetime import date

from workflow.calendar import Calendar
from workflow.clock import SHANGHAI
from workflow.definition import POSTS
from workflow.errors import Reason, reason
from workflow.rules.case import Case, names
from workflow.rules.people import RANKS, SUPERVISORS, capacity, running
from workflow.state import Order

ANSWERED_WITHIN = 2
"""In how many working days an order is to be answered if nothing else is said."""

LONGEST_ANSWER = 60
"""In how many working days at most: further away it is a plan and no chase."""


def may_supervise(case: Case, key: str) -> list[Reason]:
    """Whoever stands above all its holders, once its clock is yellow or red or it stands still; one order at a time."""
    spec, stage = case.stage(key)
    reasons = running(case)
    holders = names(case.directory, stage.holders)
    if stage.holders and set(stage.holders) <= set(case.acts_as):
        reasons.append(reason("own-order", key))
    elif not _is_above(case, key):
        posts = "、".join(POSTS[post] for post in _posts_above(case, key))
        reasons.append(reason("not-above", key, posts=posts, holders=holders or "管理员"))
    if stage.order is not None:
        at = stage.order.at.astimezone(SHANGHAI)
        words = f"{at.month}月{at.day}日{at:%H:%M}"
        who, due = _issuer(case, stage.order), stage.order.clock.due_on
        reasons.append(reason("supervised-already", key, who=who, at=words, due=due))
    elif not stage.holders or not is_pressing(case, key):
        reasons.append(reason("not-pressing", key, stage=spec.title))
    return reasons


def is_pressing(case: Case, key: str) -> bool:
    """Whether the stage is yellow or red, or stands still until its holders say what is asked."""
    stage = case.state.stage(key)
    if not stage.is_open:
        return bool(stage.holders)
    return stage.clock is not None and stage.clock.warn_on is not None and stage.clock.warn_on <= case.day


def _is_above(case: Case, key: str) -> bool:
    """Whether the actor, or one of those they act for, stands above everybody who holds the stage."""
    posts, units = _posts_above(case, key), _units(case, key)
    has_post = case.directory.has_post
    return any(all(has_post(each, posts, unit) for unit in units) for each in case.acts_as)


def _issuer(case: Case, order: Order) -> str:
    return case.directory.acting(order.by, order.on_behalf)


def _posts_above(case: Case, key: str) -> tuple[str, ...]:
    """The posts that rank above every holder's, and the overseer's."""
    rank = max((RANKS.get(post, 0) for _, post in _held(case, key)), default=0)
    return (*(post for post in SUPERVISORS if RANKS[post] > rank), "overseer")


def _units(case: Case, key: str) -> set[int]:
    """Over which units one must stand: the holders' own."""
    return {unit for unit, _ in _held(case, key)} or {case.state.organisation}


def _held(case: Case, key: str) -> list[tuple[int, str]]:
    """(unit, post) of the holders over the project."""
    over = set(case.directory.upwards(case.state.organisation))
    held = (post for who in case.state.stage(key).holders for post in case.directory.posts_of(who))
    return [(post.organisation, post.key) for post in held if post.organisation in over]


def check_answer_day(day: date, today: date, calendar: Calendar) -> list[Reason]:
    """An answer is due on a working day, from today on and not too far away."""
    furthest = calendar.add_workdays(today, LONGEST_ANSWER)
    if day < today:
        why, better = "早于今天", f"{calendar.next_workday(today)}或之后的工作日"
    elif day > furthest:
        why, better = f"超过{LONGEST_ANSWER}个工作日", f"{furthest}或之前的工作日"
    elif not calendar.is_workday(day):
        why, better = "不是工作日", f"{calendar.next_workday(day)}或其他工作日"
    else:
        return []
    return [reason("answer-day-unfit", "due_on", day=day, why=why, better=better)]


def answers(case: Case, key: str) -> bool:
    """Whether the actor's explanation answers an open order: its addressees', in person or by a delegate."""
    stage = case.state.stage(key)
    return stage.order is not None and capacity(case, stage.holders) is not None


def may_withdraw_order(case: Case, key: str) -> list[Reason]:
    """Whoever issued it, whoever that was done for, and who acts for either."""
    spec, stage = case.stage(key)
    if stage.order is None:
        return [reason("no-order", key, stage=spec.title)]
    if capacity(case, stage.order.issuers) is None:
        return [reason("not-the-issuer", key, who=_issuer(case, stage.order))]
    return []
