"""What a stage needs, what it still lacks, and what it waits for before its turn comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256

from msgspec import Struct

from workflow.conditions import Condition, Unknown, evaluate, explain, names
from workflow.conditions.tree import Name, Not
from workflow.definition import Definition, Register, Requirement, Stage
from workflow.errors import Reason, reason
from workflow.rules.case import Case
from workflow.state import (
    CANCELLED,
    ISSUED,
    NOT_APPLICABLE,
    PASSED_STATES,
    WAITING,
    Paper,
    ProjectState,
)

SOME = 2
"""How many consequences of a fact are named one by one."""


class Need(Struct, frozen=True):
    """One requirement as it stands: whether it applies, what satisfies it, or what is wrong.

    `problem` is empty, `missing`, `expired` or `unknown`; `satisfied_by` is the document that counts.
    """

    requirement: Requirement
    options: tuple[str, ...]
    problem: str = ""
    satisfied_by: str = ""
    unknown: frozenset[str] = frozenset()
    passed: bool = False
    dropped: bool = False

    @property
    def blocks(self) -> bool:
        """Whether it keeps the stage from being submitted."""
        return bool(self.problem) and not self.requirement.recommended and not self.passed

    @property
    def key(self) -> str:
        """How the requirement is named in events and forms."""
        return requirement_key(self.requirement)


def minutes_of(case: Case, stage: Stage) -> Need | None:
    """The minutes of the meeting that the stage is at: nobody can hand them in with its papers, before it was held."""
    at = case.state.stage(stage.key).step
    minutes = stage.step(at).minutes if at else ""
    if not minutes:
        return None
    found = minutes in case.state.documents
    requirement = Requirement((minutes,))
    return Need(requirement, (minutes,), "" if found else "missing", minutes if found else "")


def requirement_key(requirement: Requirement) -> str:
    """The stable name of a requirement: its documents."""
    return "|".join(requirement.any_of)


def needs_of(case: Case, stage: Stage) -> tuple[Need, ...]:
    """Every requirement of the stage that applies, or may apply, and how it stands on the case's day."""
    found: tuple[Need, ...] | None = case.needs.get(stage.key)
    if found is None:
        needs = [_need(case, stage, each) for each in stage.needs]
        found = case.needs[stage.key] = tuple(need for need in needs if not need.dropped)
    return found


def _need(case: Case, stage: Stage, requirement: Requirement) -> Need:
    definition, state = case.definition, case.state
    passed = requirement_key(requirement) in state.stage(stage.key).passed
    if requirement.when is not None:
        applies = evaluate(requirement.when, case.values)
        if isinstance(applies, Unknown):
            return Need(requirement, requirement.any_of, "unknown", unknown=applies.names, passed=passed)
        if not applies:
            return Need(requirement, (), dropped=True)
    options = tuple([paper for paper in requirement.any_of if not _left_out(definition, state, paper)])
    if not options:
        return Need(requirement, (), dropped=True)
    problem, paper = _answer(case, options)
    return Need(requirement, options, problem, paper, passed=passed)


def _answer(case: Case, options: Iterable[str]) -> tuple[str, str]:
    """What is wrong with every one of the options, or the first paper that satisfies one."""
    problem = "missing"
    for option in options:
        for key in case.definition.satisfiers(option):
            paper = case.state.documents.get(key)
            if paper is not None and _may_rest_on(case, key, paper):
                return "", key
            if paper is not None:
                problem = "expired"
    return problem, ""


def _may_rest_on(case: Case, key: str, paper: Paper) -> bool:
    """Whether it is valid, or has done its work in time: 办妥下一事项的，继续有效."""
    if paper.is_valid(case.day):
        return True
    return not paper.lapsed and is_consumed(case.definition, case.state, key)


def _left_out(definition: Definition, state: ProjectState, document: str) -> bool:
    """A reply whose stage is not applicable leaves an any-of, and never satisfies one."""
    issuers = definition.only_from.get(document, ())
    return bool(issuers) and all(state.stage(each).state == NOT_APPLICABLE for each in issuers)


def missing(case: Case, stage: Stage) -> list[Reason]:
    """Every requirement that keeps the stage from being submitted, as sentences with their remedy."""
    return [
        each for need in needs_of(case, stage) if need.blocks for each in _need_reasons(case, stage, need)
    ]


def _need_reasons(case: Case, stage: Stage, need: Need) -> list[Reason]:
    if need.problem == "unknown":
        return unknown_reasons(case, stage, need.unknown, _titles(case.definition, need.options))
    return [_need_reason(case, need)]


def unknown_reasons(case: Case, stage: Stage, names: Iterable[str], title: str) -> list[Reason]:
    """Why it cannot be said whether `title` is needed, and who supplies what: facts, and fields of replies."""
    definition = case.definition
    fields = {name for name in names if "." in name}
    facts = fact_titles(definition, set(names) - fields)
    found = (
        [reason("fact-unknown", stage.key, facts=facts, title=title, clerk=case.addressed)] if facts else []
    )
    for document in sorted({name.partition(".")[0] for name in fields}):
        issuer = definition.stages[definition.issuers[document]].title
        if document in case.state.documents:
            words = fact_titles(definition, {name for name in fields if name.startswith(f"{document}.")})
            code, what = "field-unknown", {"facts": words, "title": title}
        else:
            code = "reply-not-entered" if _is_unentered(case, document) else "reply-missing"
            what = {"title": definition.documents[document].title}
        found.append(reason(code, document, stage=issuer, clerk=case.addressed, **what))
    return found


def _need_reason(case: Case, need: Need) -> Reason:
    definition = case.definition
    title = _titles(definition, need.options)
    if need.requirement.soft:
        return reason("soft-document-missing", need.key, title=title)
    if need.problem == "expired":
        return reason("document-expired", need.key, title=title)
    unentered = _unentered(case, need)
    if unentered:
        title_of_stage = definition.stages[unentered].title
        return reason("reply-not-entered", need.key, title=title, stage=title_of_stage, clerk=case.addressed)
    issuers = [definition.issuers[key] for key in need.options if key in definition.issuers]
    if issuers:
        return reason("reply-missing", need.key, title=title, stage=definition.stages[issuers[0]].title)
    register = any(definition.documents[key].register_only is not Register.NO for key in need.options)
    code = "document-missing-registrable" if register else "document-missing"
    return reason(code, need.key, title=title, clerk=case.addressed)


def fact_titles(definition: Definition, names: Iterable[str]) -> str:
    """The Chinese titles of facts and reply fields, joined."""
    return "、".join(sorted(_name_title(definition, name) for name in names))


def _name_title(definition: Definition, name: str) -> str:
    document, _, field = name.partition(".")
    if field:
        kind = definition.documents[document]
        return f"{kind.title}的{kind.fields[field].title}"
    return definition.facts[name].title


def content_token(papers: Mapping[str, str]) -> str:
    """What a decision names: one short token for exactly these papers in exactly these versions."""
    spelled = "\n".join(f"{key}={papers[key]}" for key in sorted(papers))
    return sha256(spelled.encode()).hexdigest()[:32]


def papers_of(case: Case, stage: Stage) -> dict[str, str]:
    """The papers that a submission rests on now: document -> content."""
    return {
        need.satisfied_by: case.state.documents[need.satisfied_by].content
        for need in needs_of(case, stage)
        if need.satisfied_by
    }


def is_consumed(definition: Definition, state: ProjectState, reply: str) -> bool:
    """Whether a reply has done its work: every stage that uses it has passed, so its lapse is no matter."""
    users = definition.consumers.get(reply, ())
    return bool(users) and all(state.stage(key).state in PASSED_STATES for key in users)


# When a stage opens


FACT, ENTRY = "fact", "entry"
"""The kinds of blockers that nobody but the project's clerk can lift: to say a fact, to enter a reply that is there."""


class Blocker(Struct, frozen=True):
    """One thing a stage waits for: a reply, another stage, a fact, a day, or another project."""

    kind: str
    text: str
    until: date | None = None


def blockers(case: Case, stage: Stage, earliest: date | None) -> list[Blocker]:
    """What the stage still waits for before its papers may be gathered; empty when its turn has come.

    `earliest` is the first day that the minimum waits of its `after` allow, None if that is not known yet.
    """
    found = [_reply_blocker(case, need) for need in _awaited(case, stage)]
    found += [
        blocker
        for document in _unissued(case, _own_unknown(case, stage))
        if (blocker := Blocker("reply", f"等待{_titles(case.definition, [document])}")) not in found
    ]
    found += [
        Blocker("after", f"等待“{case.definition.stages[order.stage].title}”办结")
        for order in stage.after
        if case.state.stage(order.stage).state not in PASSED_STATES
    ]
    if earliest is not None and earliest > case.day:
        found.append(Blocker("day", f"{earliest.isoformat()}起方可办理", earliest))
    if case.state.is_blocked:
        found.append(Blocker("project", "等待另一项目"))
    return found


def _awaited(case: Case, stage: Stage) -> list[Need]:
    """What it needs of others before its own papers may be gathered: replies, and whether they are needed."""
    return [
        need
        for need in needs_of(case, stage)
        if need.problem and not need.requirement.soft and not need.requirement.recommended
        if all(_replies(case.definition, [key]) for key in need.options)
    ]


def standing_in_vain(case: Case, stage: Stage) -> str:
    """That a stage waits for what is over, so that its turn would never come, and what to do; empty for any other.

    Only what it waits for directly is looked at: of a chain, its end stands in vain.
    """
    state = case.state
    if not state.is_running or state.taking_over or state.stage(stage.key).state != WAITING:
        return ""
    waited_for = (keys for keys in _sources(case, stage) if all(_is_over(case, key) for key in keys))
    over = dict.fromkeys(key for keys in waited_for for key in keys)
    if not over:
        return ""
    titles = "、".join(f"“{case.definition.stages[key].title}”" for key in over)
    return f"“{stage.title}”停住了：所等的{titles}已经办结，不会再有结果；请负责人重新办理{titles}，或核对项目信息"


def _sources(case: Case, stage: Stage) -> Iterator[tuple[str, ...]]:
    """For each thing that others have to bring, the stages of which any one could."""
    issuers = case.definition.issuers
    for need in _awaited(case, stage):
        if need.unknown:
            yield from ((issuers[document],) for document in _unissued(case, need.unknown))
        elif not _unentered(case, need):
            replies = _replies(case.definition, need.options)
            if not any(_runs_out(case, reply) for reply in replies):
                yield tuple(issuers[reply] for reply in replies)
    for document in _unissued(case, _own_unknown(case, stage)):
        yield (issuers[document],)
    for order in stage.after:
        if case.state.stage(order.stage).state not in PASSED_STATES:
            yield (order.stage,)


def _runs_out(case: Case, reply: str) -> bool:
    """Whether its validity has a word to say yet: a sweep that is late lets it lapse, and its stage begins again."""
    paper = case.state.documents.get(reply)
    return paper is not None and paper.clock is not None and paper.clock.next_at is not None


def _is_over(case: Case, key: str) -> bool:
    return case.state.stage(key).state in {*PASSED_STATES, CANCELLED}


def unknown_facts(case: Case, stage: Stage) -> frozenset[str]:
    """The facts, and fields of replies, that nobody has said yet and that the turn of the stage depends on."""
    return _own_unknown(case, stage).union(*(need.unknown for need in _awaited(case, stage)))


def _own_unknown(case: Case, stage: Stage) -> frozenset[str]:
    holds = applies(case, stage)
    return holds.names if isinstance(holds, Unknown) else frozenset()


def _unissued(case: Case, names: Iterable[str]) -> list[str]:
    """The replies among whose fields these are and that are still to come: nobody could fill in anything of them."""
    documents = {name.partition(".")[0] for name in names if "." in name}
    return sorted(
        each for each in documents if each not in case.state.documents and not _is_unentered(case, each)
    )


def wanted(case: Case, stage: Stage) -> str:
    """What the clerk is asked for, so that the turn of the stage can come: 补填总投资，补录资金来源意见."""
    unknown = unknown_facts(case, stage)
    fields = {name for name in unknown if "." in name}
    entered = {name for name in fields if name.partition(".")[0] in case.state.documents}
    asked = [
        f"{verb}{fact_titles(case.definition, names)}"
        for verb, names in (("补填", unknown - fields), ("补登", entered))
        if names
    ]
    needed = [need.options for need in _awaited(case, stage) if _unentered(case, need)]
    replies = [_titles(case.definition, each) for each in needed]
    replies += [_titles(case.definition, [name.partition(".")[0]]) for name in sorted(fields - entered)]
    return "，".join([*asked, *(f"补录{each}" for each in dict.fromkeys(replies))])


def _reply_blocker(case: Case, need: Need) -> Blocker:
    titles = _titles(case.definition, need.options)
    if need.unknown:
        coming = _unissued(case, need.unknown)
        if coming:
            return Blocker("reply", f"等待{_titles(case.definition, coming)}")
        return Blocker(FACT, f"等待填写{fact_titles(case.definition, need.unknown)}")
    stage = _unentered(case, need)
    if stage:
        return Blocker(ENTRY, f"{titles}尚未录入：请在“{case.definition.stages[stage].title}”中补录批复")
    return Blocker("reply", f"等待{titles}")


def _unentered(case: Case, need: Need) -> str:
    """The stage that counts as issued, and has issued that reply, though the reply was never entered; empty if none."""
    if need.problem != "missing":
        return ""
    replies = _replies(case.definition, need.options)
    return next((case.definition.issuers[each] for each in replies if _is_unentered(case, each)), "")


def _is_unentered(case: Case, reply: str) -> bool:
    """Whether the stage that issues the reply counts as issued, though this was never entered."""
    return (
        reply not in case.state.documents and case.state.stage(case.definition.issuers[reply]).state == ISSUED
    )


def _replies(definition: Definition, options: Iterable[str]) -> list[str]:
    """The replies that would satisfy a need for one of these documents: themselves, or what stands for them."""
    papers = [paper for option in options for paper in definition.satisfiers(option)]
    return [paper for paper in papers if paper in definition.issuers]


def applies(case: Case, stage: Stage) -> bool | Unknown:
    """Whether the stage's own condition holds; Unknown names the facts that are missing."""
    return True if stage.when is None else evaluate(stage.when, case.values)


def condition_words(definition: Definition, condition: Condition) -> str:
    """The condition as a Chinese phrase."""
    return explain(condition, definition.readable)


def decisions_of_facts(definition: Definition) -> dict[str, tuple[str, ...]]:
    """For each fact that conditions read, in words, what it decides: “大于100万元的，须办“勘察设计招标””.

    Stages are named before papers, and what the fact decides alone before what it decides with others.
    """
    found: dict[str, list[tuple[bool, bool, str, str]]] = {}
    for stage in definition.stages.values():
        decided = [(stage.when, True, f"“{stage.title}”")]
        decided += [(need.when, False, _titles(definition, need.any_of)) for need in stage.needs]
        for when, is_stage, what in decided:
            read = names(when) if when is not None else frozenset()
            for fact in read & set(definition.facts):
                words = _when_words(definition, fact, when) if when is not None else ""
                found.setdefault(fact, []).append((is_stage, len(read) == 1, words, what))
    return {fact: _most_telling(decided) for fact, decided in found.items()}


def _when_words(definition: Definition, fact: str, when: Condition) -> str:
    match when.tree:
        case Name():
            return "是的"
        case Not(operand=Name()):
            return "否的"
    words = condition_words(definition, when).replace(" ", "")
    return f"{words.removeprefix(definition.facts[fact].title)}的"


def _most_telling(decided: Iterable[tuple[bool, bool, str, str]]) -> tuple[str, ...]:
    """The best kind of consequence there is, condition by condition, the first few of each."""
    best = max((is_stage, alone) for is_stage, alone, _, _ in decided)
    by_words: dict[str, dict[str, None]] = {}
    for is_stage, alone, words, what in decided:
        if (is_stage, alone) == best:
            by_words.setdefault(words, {})[what] = None
    verb = "办" if best[0] else "备"
    return tuple(f"{words}，须{verb}{_some(tuple(whats))}" for words, whats in by_words.items())[:SOME]


def _some(whats: Sequence[str]) -> str:
    """The first few, and how many there are."""
    return "、".join(whats[:SOME]) + (f"等{len(whats)}项" if len(whats) > SOME else "")


def _titles(definition: Definition, documents: Iterable[str]) -> str:
    return "或".join(definition.documents[key].title for key in documents)
