"""Who is who: people, posts, the organisation tree and delegations, as one immutable snapshot.

The store loads it once and keeps it until the administration's chain moves, so that every rule about
people is a pure function of (directory, day). Invariant: a post is resolved in the project's own
organisation or its nearest ancestor that has an eligible holder, never sideways.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date
from functools import cached_property

from msgspec import Struct

SYSTEM = 0
"""The person id under which the system acts: it has no account, no post and no vote."""


class PersonView(Struct, frozen=True):
    """A person as rules and pages see them."""

    id: int
    name: str
    staff_number: str
    email: str
    active: bool


class PostView(Struct, frozen=True):
    """One post of one person in one organisation."""

    person: int
    organisation: int
    key: str
    title: str


class OrganisationView(Struct, frozen=True):
    """A node of the organisation tree."""

    id: int
    parent: int
    name: str
    path: str
    region: str = ""
    active: bool = True


class DelegationView(Struct, frozen=True):
    """`agent` acts for `principal` from `starts_on` to `ends_on`, both included."""

    principal: int
    agent: int
    starts_on: date
    ends_on: date
    reason: str = ""

    def covers(self, day: date) -> bool:
        """Whether it is in force on that day."""
        return self.starts_on <= day <= self.ends_on


class Directory(Struct, frozen=True, dict=True):
    """Everybody and every organisation at one moment."""

    people: dict[int, PersonView]
    organisations: dict[int, OrganisationView]
    posts: tuple[PostView, ...]
    delegations: tuple[DelegationView, ...] = ()

    def name(self, person: int) -> str:
        """The person's name; 系统 for the system itself."""
        return self.people[person].name if person in self.people else "系统"

    def acting(self, person: int, on_behalf: int = 0) -> str:
        """Who acted, and for whom if for another: 马德兴（代杨帆）."""
        return f"{self.name(person)}（代{self.name(on_behalf)}）" if on_behalf else self.name(person)

    def holders(self, post: str, organisation: int, exclude: Container[int] = ()) -> tuple[int, ...]:
        """Active holders of the post there or in the nearest ancestor with an eligible one; maybe none."""
        for node in self.upwards(organisation):
            found = tuple(
                held.person
                for held in self._posts_by_key.get((node, post), ())
                if held.person not in exclude and self.is_active(held.person)
            )
            if found:
                return found
        return ()

    def is_active(self, person: int) -> bool:
        """Whether the person exists and is not disabled."""
        return person in self.people and self.people[person].active

    def posts_of(self, person: int) -> tuple[PostView, ...]:
        """Every post of the person."""
        return self._posts_by_person.get(person, ())

    def title(self, person: int) -> str:
        """What the person is called by their first post: 规划财务科科长; empty without one."""
        posts = self.posts_of(person)
        return posts[0].title if posts else ""

    def in_full(self, person: int) -> str:
        """The person as one is told apart among many: 罗秀英（云河县民政局副局长）; without a post, by staff number."""
        posts = self.posts_of(person)
        if not posts:
            return f"{self.name(person)}（{self.people[person].staff_number}）"
        unit, title = self.organisations[posts[0].organisation].name, posts[0].title
        return f"{self.name(person)}（{title if title.startswith(unit) else unit + title}）"

    def upwards(self, organisation: int) -> Iterator[int]:
        """The organisation and its ancestors, nearest first."""
        node = organisation
        while node in self.organisations:
            yield node
            node = self.organisations[node].parent

    def region_of(self, organisation: int) -> str:
        """The region that the unit lies in: its own, else that of the nearest unit above it that has one."""
        return next(
            filter(None, (self.organisations[node].region for node in self.upwards(organisation))), ""
        )

    def is_within(self, organisation: int, root: int) -> bool:
        """Whether `organisation` is `root` or lies below it."""
        return root in self.upwards(organisation)

    def principals(self, agent: int, day: date) -> tuple[int, ...]:
        """Those whom `agent` may act for on that day: depth one, active principals only; an administrator for nobody."""
        if self.is_administrator(agent):
            return ()
        return tuple(
            each.principal
            for each in self._delegations_by_agent.get(agent, ())
            if each.covers(day) and self.is_active(each.principal)
        )

    def scope(self, person: int, day: date) -> frozenset[int]:
        """The organisations whose projects the person may see: below each of their posts,
        and below each post of whom they act for on that day.
        """
        roots = self._roots(person, day)
        return frozenset(node for node in self.organisations if not roots.isdisjoint(self.upwards(node)))

    def sees(self, person: int, organisation: int, day: date) -> bool:
        """Whether that one organisation lies in the person's scope."""
        return not self._roots(person, day).isdisjoint(self.upwards(organisation))

    def belongs(self, person: int, organisation: int) -> bool:
        """Whether it lies in the person's scope by a post of their own, whoever they act for."""
        over = set(self.upwards(organisation))
        return any(held.organisation in over for held in self.posts_of(person))

    def has_post(self, person: int, keys: Container[str], organisation: int) -> bool:
        """Whether the person holds one of the posts over `organisation`: there or in an ancestor."""
        over = set(self.upwards(organisation))
        return any(held.key in keys and held.organisation in over for held in self.posts_of(person))

    def oversees(self, person: int) -> bool:
        """Whether the person answers for the work of others: holds any post but a clerk's."""
        return any(held.key != "clerk" for held in self.posts_of(person))

    def is_administrator(self, person: int) -> bool:
        """Whether the person may change people, definitions, calendar and settings."""
        return any(held.key == "administrator" for held in self.posts_of(person))

    def _roots(self, person: int, day: date) -> frozenset[int]:
        """Where the person, and whoever they act for on that day, hold posts."""
        who = (person, *self.principals(person, day))
        return frozenset(held.organisation for each in who for held in self.posts_of(each))

    @cached_property
    def _delegations_by_agent(self) -> dict[int, tuple[DelegationView, ...]]:
        found: dict[int, tuple[DelegationView, ...]] = {}
        for each in self.delegations:
            found[each.agent] = (*found.get(each.agent, ()), each)
        return found

    @cached_property
    def _posts_by_key(self) -> dict[tuple[int, str], tuple[PostView, ...]]:
        found: dict[tuple[int, str], tuple[PostView, ...]] = {}
        for held in self.posts:
            key = (held.organisation, held.key)
            found[key] = (*found.get(key, ()), held)
        return found

    @cached_property
    def _posts_by_person(self) -> dict[int, tuple[PostView, ...]]:
        found: dict[int, tuple[PostView, ...]] = {}
        for held in self.posts:
            found[held.person] = (*found.get(held.person, ()), held)
        return found
