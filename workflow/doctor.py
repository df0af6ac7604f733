"""The examination: re-derive everything that the invariants promise, and name the first thing that differs.

Reads only, in constant memory per project. `audit` proves the record; `examine` also proves that the
stored state, its rows and its files are what the record says (brief §3.5).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from heapq import merge
from itertools import chain as prepend
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.engine import Connection

from workflow import projection
from workflow.calendar import Calendar
from workflow.clock import local_day
from workflow.errors import Invalid, reason
from workflow.events import DECODER, Recorded
from workflow.evolve import fold
from workflow.flow import reconsider
from workflow.machine import Compiled
from workflow.people import SYSTEM
from workflow.queries.stored import named_files
from workflow.record import START, Broken, Link, instant, root_of, seal_hash, stamp, verify_chain
from workflow.rules import Case, may_confirm, standing_in_vain
from workflow.snapshot import compile_text, read_snapshot
from workflow.state import ProjectState, to_json

PRINTED, LONGEST_HEAD = 16, 64
"""How many characters of a head a mail prints, enough to find it again and short enough to type; and of a whole one."""


class Finding(Struct, frozen=True):
    """One thing that is not as it must be (`error`), or that somebody should look at (`warning`)."""

    level: str
    code: str
    text: str

    def __str__(self) -> str:
        return f"{'错误' if self.level == 'error' else '注意'} {self.code}：{self.text}"


class Audit(Struct, frozen=True):
    """What `audit` went through, and the first entry that does not hold."""

    chains: int
    events: int
    seals: int
    broken: Broken | None = None

    @property
    def words(self) -> str:
        """How much it went through: 191条记录（6个项目和管理事项）、1个封签."""
        return f"{self.events}条记录（{of_what(self.chains)}）、{self.seals}个封签"


def of_what(chains: int) -> str:
    """So many chains in words; one of them is the administration's."""
    return f"{chains - 1}个项目和管理事项" if chains > 1 else "管理事项"


def audit(connection: Connection, *, against: str = "") -> Audit:
    """Verify every chain against its head, every seal, and a head or seal that was kept outside.

    `against` may be the first 16 characters or more, as mails print them.
    """
    chains = events = 0
    held = not against
    with closing(_chains(connection)) as stored:
        for project, head, seq, rows in stored:
            links = _Counted(rows, against)
            broken = verify_chain(project, links, head, seq)
            chains, events, held = chains + 1, events + links.number, held or links.met
            if broken is not None:
                return Audit(chains, events, 0, _named(connection, broken))
    seals, broken, met = _audit_seals(connection, against)
    if broken is None and not held and not met:
        broken = Broken(0, 0, f"所持校验码 {against} 不在现有记录中：抄录有误，或记录曾被截断、整体改写")
    return Audit(chains, events, seals, broken)


def kept_head(typed: str) -> str:
    """The head that somebody kept outside, as typed; Invalid unless it is 16 hexadecimal characters or more."""
    head = "".join(typed.split()).lower()
    if head and (len(head) < PRINTED or len(head) > LONGEST_HEAD or not set(head) <= set("0123456789abcdef")):
        raise Invalid(reason("head-malformed", "against"))
    return head


def audit_chain(connection: Connection, *, project: int) -> Audit:
    """Verify the chain of one project, or with 0 that of the administration."""
    head, seq = _head(connection, project)
    with closing(_events(connection, project)) as stored:
        links = _Counted(stored, "")
        broken = verify_chain(project, links, head, seq)
    return Audit(1, links.number, 0, broken and _named(connection, broken))


def examine(connection: Connection, *, now: datetime, has_file: Callable[[str], bool]) -> list[Finding]:
    """Every finding: the record, the fold, the rows, the files, what is stuck and what is late."""
    findings = []
    broken = audit(connection).broken
    if broken is not None:
        findings.append(Finding("error", "audit-broken", str(broken)))
    findings += _examine_projects(connection, local_day(now))
    findings += _examine_files(connection, has_file)
    findings += _examine_stuck(connection)
    findings += _examine_lateness(connection, now)
    return findings


def _named(connection: Connection, broken: Broken) -> Broken:
    """The same with the title of its project, as people know it."""
    title = connection.execute(
        text("SELECT title FROM project WHERE id = :id"), {"id": broken.project}
    ).scalar()
    return msgspec.structs.replace(broken, title=title or "")


class _Counted:
    """Passes links on, counts them, and notices the hash that was kept outside."""

    def __init__(self, rows: Iterator[Any], against: str) -> None:
        self._rows = rows
        self._against = against
        self.number = 0
        self.met = False

    def __iter__(self) -> Iterator[Link]:
        for row in self._rows:
            self.number += 1
            if self._against and row[5].startswith(self._against):
                self.met = True
            yield Link(*row)


def _events(connection: Connection, project: int | None = None) -> Generator[Any]:
    statement = "SELECT project_id, seq, at, actor_id, data, hash FROM event {}ORDER BY project_id, seq"
    if project is None:
        return _streamed(connection, statement.format(""))
    return _streamed(connection, statement.format("WHERE project_id = :project "), project=project)


def _chains(connection: Connection) -> Generator[tuple[int, str, int, Iterator[Any]]]:
    """Every chain as (project, stored head, stored number, events), in the order of projects.

    Heads and events are two streams side by side, so that nothing is gathered.
    """
    with closing(_heads(connection)) as heads, closing(_events(connection)) as events:
        both = merge(heads, events, key=itemgetter(0))
        for project, rows in groupby(both, key=itemgetter(0)):
            first = next(rows)
            stray = [] if len(first) == _HEAD else [first]
            head, seq = (START, 0) if stray else first[1:]
            yield project, head, seq, prepend(stray, rows)  # noqa: B031 - what was taken off is put back


_HEAD = 3
"""How many columns a stored head has; an event has more."""


def heads(connection: Connection) -> dict[int, tuple[str, int]]:
    """The stored head and number of each chain by its project; 0 is the administration."""
    with closing(_heads(connection)) as rows:
        return {project: (head, seq) for project, head, seq in rows}


def _heads(connection: Connection) -> Generator[Any]:
    yield 0, *_head(connection, 0)
    yield from _streamed(connection, "SELECT id, head, seq FROM project ORDER BY id")


def _head(connection: Connection, project: int) -> Any:
    if project == 0:
        return connection.execute(text("SELECT head, seq FROM administration WHERE id = 1")).one()
    found = connection.execute(text("SELECT head, seq FROM project WHERE id = :id"), {"id": project})
    return found.one_or_none() or (START, 0)


def _streamed(connection: Connection, statement: str, **parameters: Any) -> Generator[Any]:
    with connection.execute(text(statement).execution_options(yield_per=2000), parameters) as rows:
        yield from rows


def _audit_seals(connection: Connection, against: str) -> tuple[int, Broken | None, bool]:
    before, number, met, last = START, 0, False, None
    for at, upto, chains, root, hashed in connection.execute(
        text("SELECT at, upto, chains, root, hash FROM seal ORDER BY id")
    ):
        number += 1
        if seal_hash(before, at, upto, chains, root) != hashed:
            return number, Broken(0, 0, f"第{number}个封签与其内容不符"), met
        met = met or bool(against and hashed.startswith(against))
        before, last = hashed, (upto, root)
    if last is not None and root_of(heads_upto(connection, last[0])) != last[1]:
        return number, Broken(0, 0, "最近一次封签与当时各项目的校验码不符"), met
    return number, None, met


def heads_upto(connection: Connection, upto: int) -> list[Any]:
    """(project, head) of every chain as of that event: what a seal covers."""
    statement = text(
        "SELECT event.project_id, event.hash FROM event JOIN"
        " (SELECT project_id, max(seq) AS seq FROM event WHERE id <= :upto GROUP BY project_id) AS last"
        " ON last.project_id = event.project_id AND last.seq = event.seq ORDER BY event.project_id"
    )
    return list(connection.execute(statement, {"upto": upto}))


def _examine_projects(connection: Connection, day: date) -> Iterator[Finding]:
    definitions, seen = _Definitions(connection), read_snapshot(connection)
    projects = connection.execute(text("SELECT id, ref, updated_at FROM project ORDER BY id")).all()
    for project, ref, updated_at in projects:
        try:
            state = _folded(connection, project)
        except (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError) as error:
            # Whatever a damaged entry does to the fold, the other projects are still to be examined.
            yield Finding("error", "audit-broken", f"项目 {ref}：记录无法重演（{error}）")
            continue
        if state is None:
            yield Finding("error", "project-without-events", f"项目 {ref} 没有任何事件")
            continue
        yield from _compare(connection, project, ref, state, definitions.of(state.digest))
        case = Case(state, definitions.of(state.digest), seen.directory, SYSTEM, day)
        yield from _unchecked(connection, project, case)
        yield from _standing(connection, project, case, seen.calendar, instant(updated_at))


def _standing(
    connection: Connection, project: int, case: Case, calendar: Calendar, at: datetime
) -> Iterator[Finding]:
    """Stages that should have moved by themselves, or been put before their clerk, by the last event of the project;
    and those that wait in vain, and of which no incident tells.
    """
    then = replace(case, day=local_day(at))
    for key, stage in case.definition.stages.items():
        if reconsider(then, key, calendar, at) is not None:
            words = f"“{case.state.title}”的“{stage.title}”停住了，没有列入任何人的待办"
            yield Finding("error", "unasked", words)
            continue
        words = standing_in_vain(then, stage)
        if words and not _is_known(connection, project, key):
            yield Finding("error", "in-vain", f"“{case.state.title}”的{words}")


def _unchecked(connection: Connection, project: int, case: Case) -> Iterator[Finding]:
    """Entries that none of their checkers may check, and of which no incident tells."""
    for number, entry in case.state.entries.items():
        able = filter(case.directory.is_active, entry.checkers)
        if not all(may_confirm(replace(case, actor=each), number) for each in able):
            continue
        if not _is_known(connection, project, entry.stage):
            title = case.definition.stages[entry.stage].title
            words = f"“{case.state.title}”的“{title}”有登记待核对，但无人可以核对，也没有登记异常"
            yield Finding("error", "stuck", words)


def _is_known(connection: Connection, project: int, stage: str) -> bool:
    """Whether an incident that is open tells of that stage."""
    place = {"project": project, "stage": stage}
    return connection.execute(_OPEN_INCIDENT, place).first() is not None


_OPEN_INCIDENT = text(
    "SELECT id FROM incident WHERE project_id = :project AND stage = :stage AND resolved_at IS NULL"
)


def _folded(connection: Connection, project: int) -> ProjectState | None:
    history = connection.execute(
        text("SELECT at, actor_id, data FROM event WHERE project_id = :project ORDER BY seq"),
        {"project": project},
    )
    return fold(Recorded(DECODER.decode(data), actor, instant(at)) for at, actor, data in history)


class _Definitions:
    """Compiled definitions by digest, each read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, Compiled] = {}

    def of(self, digest: str) -> Compiled:
        if digest not in self._known:
            statement = text("SELECT text, type FROM definition WHERE digest = :digest")
            content, name = self._connection.execute(statement, {"digest": digest}).one()
            self._known[digest] = compile_text(content, name)
        return self._known[digest]


def _compare(
    connection: Connection, project: int, ref: str, state: ProjectState, compiled: Compiled
) -> Iterator[Finding]:
    stored = (
        connection.execute(text("SELECT * FROM project WHERE id = :id"), {"id": project}).mappings().one()
    )
    if stored["body"] != to_json(state):
        yield Finding("error", "fold-differs", f"项目 {ref}：按事件重演的状态与存储的状态不同")
    expected = projection.project_row(state, compiled.definition)
    wrong = [column for column, value in expected.items() if stored[column] != value]
    if wrong:
        yield Finding("error", "row-differs", f"项目 {ref}：列表数据（{'、'.join(wrong)}）与状态不同")
    if _stages(connection, project) != {
        key: projection.stage_row(stage, state.organisation) for key, stage in state.stages.items()
    }:
        yield Finding("error", "row-differs", f"项目 {ref}：事项数据与状态不同")
    rows = connection.execute(
        text(
            "SELECT stage, what, person_id, since, due_on, organisation_id FROM task WHERE project_id = :id"
        ),
        {"id": project},
    )
    if {tuple(row) for row in rows} != {(*each, state.organisation) for each in projection.tasks(state)}:
        yield Finding("error", "row-differs", f"项目 {ref}：待办数据与状态不同")
    if _papers(connection, project) != {
        key: projection.paper_row(paper) for key, paper in state.documents.items()
    }:
        yield Finding("error", "row-differs", f"项目 {ref}：材料数据与状态不同")


def _stages(connection: Connection, project: int) -> dict[str, dict[str, Any]]:
    rows = connection.execute(
        text(
            "SELECT key, state, turn, since, warn_on, due_on, outside, next_at, organisation_id FROM stage"
            " WHERE project_id = :id"
        ),
        {"id": project},
    ).mappings()
    return {
        row["key"]: {**{k: v for k, v in row.items() if k != "key"}, "outside": bool(row["outside"])}
        for row in rows
    }


def _papers(connection: Connection, project: int) -> dict[str, dict[str, Any]]:
    rows = connection.execute(
        text(
            "SELECT document, version, sha256, name, size, media, number, by_id, at, next_at FROM paper"
            " WHERE project_id = :id ORDER BY document, version"
        ),
        {"id": project},
    ).mappings()
    return {row["document"]: {k: v for k, v in row.items() if k != "document"} for row in rows}


def _examine_files(connection: Connection, has_file: Callable[[str], bool]) -> Iterator[Finding]:
    for digest, name in named_files(connection).items():
        if not has_file(digest):
            what = f"材料“{name}”的文件" if name else "签批单等扫描件"
            yield Finding("error", "file-missing", f"{what}（{digest[:16]}…）缺失或已被改动")


def _examine_stuck(connection: Connection) -> Iterator[Finding]:
    rows = connection.execute(
        text(
            "SELECT project.title, stage.key FROM stage JOIN project ON project.id = stage.project_id"
            " WHERE stage.state NOT IN ('waiting', 'not_applicable', 'issued', 'refused', 'lapsed', 'cancelled')"
            " AND NOT EXISTS (SELECT 1 FROM task WHERE task.project_id = stage.project_id AND task.stage = stage.key"
            " AND task.what NOT LIKE 'check.%' AND task.what <> 'rejected')"
            " AND NOT EXISTS (SELECT 1 FROM incident WHERE incident.project_id = stage.project_id"
            " AND incident.stage = stage.key AND incident.resolved_at IS NULL)"
        )
    )
    for title, key in rows:
        yield Finding("error", "stuck", f"“{title}”的事项 {key} 无人办理，也没有登记异常")
    rows = connection.execute(
        text(
            "SELECT DISTINCT project.title, person.name FROM task JOIN project ON project.id = task.project_id"
            " JOIN person ON person.id = task.person_id WHERE NOT person.active AND task.what <> 'rejected'"
            " AND NOT EXISTS (SELECT 1 FROM task AS other JOIN person AS holder ON holder.id = other.person_id"
            " WHERE other.project_id = task.project_id AND other.stage = task.stage AND other.what = task.what"
            " AND holder.active)"
            " AND NOT EXISTS (SELECT 1 FROM incident WHERE incident.project_id = task.project_id"
            " AND incident.stage = task.stage AND incident.resolved_at IS NULL)"
        )
    )
    for title, name in rows:
        yield Finding("error", "stuck", f"“{title}”的待办在{name}处，其账号已停用，请转办")
    open_incidents = connection.execute(
        text("SELECT count(*) FROM incident WHERE resolved_at IS NULL")
    ).scalar_one()
    if open_incidents:
        yield Finding("warning", "incidents-open", f"有 {open_incidents} 件异常待处理")


def _examine_lateness(connection: Connection, now: datetime) -> Iterator[Finding]:
    before = stamp(now - timedelta(minutes=15))
    late = connection.execute(
        text(
            "SELECT (SELECT count(*) FROM stage WHERE next_at < :before)"
            " + (SELECT count(*) FROM paper WHERE next_at < :before)"
        ),
        {"before": before},
    ).scalar_one()
    if late:
        yield Finding("warning", "sweep-late", f"有 {late} 处预警到时未办，时钟可能没有运行")
    waiting = connection.execute(
        text("SELECT count(*) FROM notice WHERE open AND at < :before"), {"before": before}
    ).scalar_one()
    if waiting:
        yield Finding("warning", "notices-waiting", f"有 {waiting} 条通知超过15分钟未投递")
