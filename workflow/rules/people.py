"""Who may do what, and why not: separation of duties by person, by every route."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable

from msgspec.structs import replace

from workflow.conditions import Unknown
from workflow.definition import POSTS, Stage, StepKind
from workflow.errors import Reason, reason
from workflow.machine import PROJECT, PROJECT_STATES, IllegalMove
from workflow.people import Directory
from workflow.rules.case import MOVE_WORDS, Case, names, state_words, step_title
from workflow.rules.needs import applies, blockers, minutes_of, missing, unknown_reasons
from workflow.state import Entry, PaperSigned

SUPERVISORS = ("section_chief", "finance_chief", "deputy_director", "director")
CHIEFS = ("deputy_director", "director")
RANKS = {"section_chief": 1, "finance_chief": 1, "office": 1, "deputy_director": 2, "director": 3}
"""Which posts may stand in for which: one of the same rank or above. A clerk's rank is 0."""


def capacity(case: Case, holders: Iterable[int]) -> int | None:
    """Whether the actor may act for one of `holders`: 0 in person, the principal's id as a delegate, None not."""
    people = tuple(holders)
    found = next((person for person in case.acts_as if person in people), None)
    return 0 if found == case.actor else found


def on_behalf(case: Case, may: Callable[[Case], list[Reason]]) -> int:
    """For whom the actor does what they may: 0 in their own standing, else the first whose standing it takes (代)."""
    if len(case.acts_as) > 1 and may(replace(case, lent=())):
        return next((each for each in case.acts_as[1:] if not may(replace(case, lent=(each,)))), 0)
    return 0


def stage_people(case: Case, key: str) -> frozenset[int]:
    """Everybody whose hands were in this visit of the stage: who acted, and who wrote its papers."""
    stage = case.state.stage(key)
    return paper_authors(case, stage.papers) | {person for act in stage.acts for person in act.people}


def submitters(case: Case, key: str) -> frozenset[int]:
    """Who submitted this visit, in person or for another, and who wrote its papers."""
    stage = case.state.stage(key)
    submitted = {person for act in stage.acts if act.what == "submit" for person in act.people}
    return paper_authors(case, stage.papers) | submitted


def paper_authors(case: Case, papers: Iterable[str]) -> frozenset[int]:
    """Everybody who ever handed in a version of one of these papers; a reply has no author here."""
    own = (document for document in papers if document not in case.definition.issuers)
    return frozenset(
        person for key in own if key in case.state.documents for person in case.state.documents[key].authors
    )


def preparers(case: Case, key: str) -> tuple[int, ...]:
    """Who gathers papers for the stage and submits it: whoever has it in hand, and the project's clerk."""
    return (*case.state.stage(key).holders, case.state.clerk)


def may_prepare(case: Case, key: str) -> list[Reason]:
    """Whether the actor is one of those who prepare the stage, or stands in for one."""
    if capacity(case, preparers(case, key)) is None:
        return [reason("not-the-clerk", key, clerk=case.directory.name(case.state.clerk))]
    return []


def may_submit(case: Case, key: str) -> list[Reason]:
    """Every reason why the actor may not submit the stage now."""
    spec, _ = case.stage(key)
    reasons = [*running(case), *may_move(case, key, "submit"), *may_prepare(case, key), *missing(case, spec)]
    return [*reasons, *unanswered_condition(case, spec)]


def unanswered_condition(case: Case, stage: Stage) -> list[Reason]:
    """A `when` over an unknown fact does not guess: the stage waits and names the fact."""
    found = applies(case, stage)
    return unknown_reasons(case, stage, found.names, stage.title) if isinstance(found, Unknown) else []


def may_decide(case: Case, key: str, step: str, trigger: str) -> list[Reason]:
    """Every reason why the actor may not decide that step now by that trigger."""
    spec, stage = case.stage(key)
    reasons = [*running(case)]
    if not step or stage.step != step:
        return [
            *reasons,
            reason("step-not-open", key, step=step_title(spec, step), state=state_words(spec, stage.state)),
        ]
    reasons += may_move(case, key, trigger)
    if spec.step(step).kind is StepKind.EXTERNAL:
        return [*reasons, reason("step-is-outside", key, body=spec.step(step).body, clerk=case.addressed)]
    reasons += [*entry_pending(case, key), *is_decider(case, key, case.actor)]
    if trigger == "approve":
        reasons += may_conclude(case, spec)
    return reasons


def is_decider(case: Case, key: str, person: int) -> list[Reason]:
    """Submitter, reviewer and decider are different people within one visit, by person, by every route."""
    stage = case.state.stage(key)
    asked = (
        case if person == case.actor else Case(case.state, case.compiled, case.directory, person, case.day)
    )
    stands = capacity(asked, stage.holders)
    if stands is None:
        return [reason("not-the-holder", key, holders=names(case.directory, stage.holders))]
    involved = stage_people(case, key)
    if is_publicity(case, key):
        return []
    if person in involved or (stands and stands in involved):
        spec = case.definition.stages[key]
        by = spec.step(stage.step).by if stage.step else "section_chief"
        others = case.directory.holders(by, case.state.organisation, involved | {person})
        return [reason("own-submission", key, other=names(case.directory, others) or "上级负责人")]
    return []


def posts_from(post: str) -> tuple[str, ...]:
    """That post and all that rank with it or above it."""
    return (post, *(each for each, rank in RANKS.items() if rank >= RANKS.get(post, 0)))


def is_publicity(case: Case, key: str) -> bool:
    """Whether the stage is at a publicity: showing is not deciding, so whoever submitted may see to it."""
    spec, stage = case.stage(key)
    return bool(stage.step) and spec.step(stage.step).kind is StepKind.PUBLICITY


def may_conclude(case: Case, spec: Stage) -> list[Reason]:
    """What an approval still lacks: papers that are there and valid, its turn, the minutes of a meeting.

    Facts may have changed since the submission, so all that held then is asked again.
    """
    reasons = [*missing(case, spec), *unanswered_condition(case, spec)]
    if not reasons:
        reasons += [
            reason("turn-gone", spec.key, stage=spec.title, why=each.text)
            for each in blockers(case, spec, None)
        ]
    if applies(case, spec) is False:
        reasons.append(reason("not-applicable-now", spec.key, stage=spec.title))
    minutes = minutes_of(case, spec)
    if minutes is not None and minutes.problem:
        title = case.definition.documents[minutes.key].title
        reasons.append(reason("minutes-missing", minutes.key, title=title))
    return reasons


def entry_pending(case: Case, key: str) -> list[Reason]:
    """One entry at a time: the next would be made on a state that is about to change."""
    for entry in case.state.entries.values():
        if entry.stage == key:
            return [reason("entry-pending", key, checkers=names(case.directory, entry.checkers))]
    return []


def may_confirm(case: Case, number: str) -> list[Reason]:
    """Whether the actor may check that entry: a named checker, and never who entered it."""
    entry = case.state.entries.get(number)
    if entry is None:
        return [reason("entry-not-found")]
    involved = entry_people(case, entry)
    if case.actor == entry.by:
        return [reason("own-entry", checkers=names(case.directory, entry.checkers))]
    stands = capacity(case, entry.checkers)
    if stands is None or case.actor in involved or stands in involved:
        return [reason("not-the-checker", checkers=names(case.directory, entry.checkers))]
    return []


def may_withdraw_entry(case: Case, number: str) -> list[Reason]:
    """Whoever entered it, in person, until it is checked."""
    entry = case.state.entries.get(number)
    if entry is None:
        return [reason("entry-not-found")]
    if case.actor != entry.by:
        return [reason("not-the-author", author=case.directory.name(entry.by))]
    return []


def checkers(directory: Directory, post: str, organisation: int, exclude: Container[int]) -> tuple[int, ...]:
    """Who may check an entry there: that post, else any supervisor above; nobody if all are excluded."""
    for each in (post, *SUPERVISORS):
        found = directory.holders(each, organisation, exclude)
        if found:
            return found
    return ()


def entry_people(case: Case, entry: Entry) -> frozenset[int]:
    """Who cannot check an entry: who made it, and for whom; whose project it is; for a signature also its signer and the
    submitters.
    """
    people = {entry.by, entry.on_behalf, case.state.clerk}
    if isinstance(entry.what, PaperSigned):
        people |= {entry.what.signer, *submitters(case, entry.stage)}
    return frozenset(people - {0})


def may_move(case: Case, key: str, trigger: str) -> list[Reason]:
    """Whether the machine has the move at all; it alone says so."""
    spec, stage = case.stage(key)
    try:
        case.compiled.machines[key].after(stage.state, trigger)
    except IllegalMove:
        return [
            reason(
                "illegal-move",
                key,
                stage=spec.title,
                state=state_words(spec, stage.state),
                move=MOVE_WORDS[trigger],
            )
        ]
    return []


def running(case: Case) -> list[Reason]:
    """Nothing moves in a project that is suspended, ended or still being taken over."""
    if case.state.taking_over:
        return [reason("taking-over-open")]
    return going_on(case)


def going_on(case: Case) -> list[Reason]:
    """Nothing is entered into a project that is suspended or ended."""
    state = case.state.state
    if case.state.is_running:
        return []
    resumable = "resume" in PROJECT.triggers(state)
    remedy = "可由分管领导恢复项目。" if resumable else "需要续办的，请另行登记项目。"
    return [reason("project-not-running", state=PROJECT_STATES[state], remedy=remedy)]


def may_lead(case: Case, posts: Iterable[str] = CHIEFS) -> list[Reason]:
    """Whether the actor holds one of the posts over the project's organisation, in person or as delegate."""
    posts = tuple(posts)
    if leaders(case, posts):
        return []
    return [reason("not-a-chief", posts="、".join(POSTS[post] for post in posts))]


def chiefs(directory: Directory, organisation: int) -> tuple[int, ...]:
    """Who is asked there for what a chief decides: the deputy in charge, else the director."""
    return directory.holders("deputy_director", organisation) or directory.holders("director", organisation)


def leaders(case: Case, posts: Container[str]) -> list[int]:
    """Whose post over the project's organisation the actor may use: their own, or that of whoever they act for."""
    return [each for each in case.acts_as if case.directory.has_post(each, posts, case.state.organisation)]


def has_a_hand(case: Case, standing: Collection[int], involved: Container[int]) -> bool:
    """Whether the actor is involved, or everybody whose standing they could use for it is."""
    return case.actor in involved or (bool(standing) and all(each in involved for each in standing))
