"""Who would be missed: what waits for one person alone, and what waits for nobody at all.

For administrators, who see everybody; pages say it before an account is disabled or a post is taken away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, text

from workflow.definition import POSTS
from workflow.people import Directory, PostView
from workflow.queries.worklist import task_words
from workflow.rules.people import RANKS
from workflow.snapshot import snapshot

MOST = 200
"""More places than anybody reads: beyond this nothing is counted, and `how_many` says so."""

_ALONE = text(
    "SELECT project.ref, project.title, project.digest, task.stage, task.what FROM task"
    " JOIN project ON project.id = task.project_id WHERE task.person_id = :person AND task.what <> 'rejected' AND NOT EXISTS"
    " (SELECT 1 FROM task AS other JOIN person ON person.id = other.person_id AND person.active"
    " WHERE other.project_id = task.project_id AND other.stage = task.stage AND other.what = task.what"
    " AND other.person_id <> :person) ORDER BY task.project_id, task.stage LIMIT :most"
)
_ABANDONED = text(
    "SELECT DISTINCT project.ref, project.title, project.digest, task.stage, task.what, task.project_id"
    " FROM task JOIN project ON project.id = task.project_id"
    " WHERE task.person_id IN (SELECT id FROM person WHERE NOT active) AND task.what <> 'rejected' AND NOT EXISTS"
    " (SELECT 1 FROM task AS other JOIN person AS holder ON holder.id = other.person_id AND holder.active"
    " WHERE other.project_id = task.project_id AND other.stage = task.stage AND other.what = task.what)"
    " ORDER BY task.project_id, task.stage LIMIT :most"
)
_CLERK_OF = text(
    "SELECT ref, title FROM project WHERE clerk_id = :person AND state NOT IN ('archived', 'terminated')"
    " ORDER BY id LIMIT :most"
)


class Place(Struct, frozen=True):
    """One thing that waits in one project: 科室审核 of 概算审核."""

    ref: str
    project: str
    stage: str
    stage_title: str
    words: str


class Absence(Struct, frozen=True):
    """What would be left if a person were gone: places that nobody else could see to, projects without a clerk."""

    places: tuple[Place, ...]
    projects: tuple[tuple[str, str], ...]
    vacancies: tuple[str, ...]

    @property
    def counted(self) -> str:
        """The places in one breath: “科室审核”2件、“准备材料”1件."""
        if len(self.places) >= MOST:
            return how_many(self.places)
        counts = Counter(place.words for place in self.places)
        return "、".join(f"“{words}”{count}件" for words, count in counts.items())

    @property
    def counted_projects(self) -> str:
        """The projects likewise: 12个项目."""
        return how_many(self.projects, "个项目")


def how_many(found: Sequence[object], unit: str = "件") -> str:
    """How many were found, as far as was looked: 3件, 200件以上."""
    return f"{MOST}{unit}以上" if len(found) >= MOST else f"{len(found)}{unit}"


def absence(connection: Connection, *, of: int) -> Absence:
    """What nobody else could see to if that person were gone."""
    directory = snapshot(connection).directory
    return Absence(
        places=tuple(_places(connection, connection.execute(_ALONE, {"person": of, "most": MOST}))),
        projects=tuple((row.ref, row.title) for row in connection.execute(_CLERK_OF, _of(of))),
        vacancies=tuple(vacancies(directory, of, directory.posts_of(of))),
    )


def abandoned(connection: Connection) -> tuple[Place, ...]:
    """What waits only for people whose accounts are disabled."""
    return tuple(_places(connection, connection.execute(_ABANDONED, {"most": MOST})))


def vacancies(directory: Directory, person: int, posts: Iterable[PostView]) -> Iterator[str]:
    """What becomes of each of these posts without the person: who would be asked instead, or nobody."""
    for held in posts:
        if held.key not in RANKS:
            continue
        instead = directory.holders(held.key, held.organisation, {person})
        words = f"{directory.organisations[held.organisation].name}的{POSTS[held.key]}"
        same = any(
            each.person in instead and each.organisation == held.organisation and each.key == held.key
            for each in directory.posts
        )
        if not instead:
            yield f"{words}空缺，上级也没有可以代替的人：新到的环节将无人办理"
        elif not same:
            yield f"{words}空缺，新到的环节改由{'、'.join(map(directory.name, instead))}办理"


def _of(person: int) -> dict[str, int]:
    return {"person": person, "most": MOST}


def _places(connection: Connection, rows: Iterable[Any]) -> Iterator[Place]:
    snap = snapshot(connection)
    for row in rows:
        spec = snap.compiled(connection, row.digest).definition.stages[row.stage]
        yield Place(row.ref, row.title, row.stage, spec.title, task_words(spec, row.what).removesuffix("中"))
