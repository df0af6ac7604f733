"""Who is who in the walk: posts, who stands above whom, who acts for whom, who checks. No project is known here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

CLERK = "谭丽"
POSTS = {  # post -> holders in the project's own section, then in the bureau above it
    "section_chief": [["杨帆", "何静"], ["马德兴"]],
    "deputy_director": [["罗秀英"]],
}
SUPERVISORS = {"杨帆", "何静", "马德兴", "罗秀英"}
CHIEFS = {"罗秀英", "马德兴"}
OVERSEER = "蒋慧"
SEES = {CLERK, *SUPERVISORS, OVERSEER}
PEOPLE = [*sorted(SEES), "刘畅"]
RANK = {"杨帆": 1, "何静": 1, "罗秀英": 2, "马德兴": 3}
"""How high a post is; the rest has none that others work below."""
LEVEL = {"罗秀英": 1, "马德兴": 1, OVERSEER: 2}
"""How far above the project's own section somebody sits: in the bureau, in the city."""


class House:
    """The people, on a day."""

    def __init__(self, today: date, is_workday: Callable[[date], bool]) -> None:
        self.today = today
        self.is_workday = is_workday
        self.delegations: list[tuple[str, str, date, date]] = []

    def workday(self, start: date, amount: int) -> date:
        """The day so many working days after that one, or before it."""
        day, step = start, timedelta(days=1 if amount > 0 else -1)
        for _ in range(abs(amount)):
            day += step
            while not self.is_workday(day):
                day += step
        return day

    def principals(self, agent: str) -> list[str]:
        """For whom somebody acts today."""
        return [who for who, to, begin, end in self.delegations if to == agent and begin <= self.today <= end]

    def acts_as(self, actor: str) -> set[str]:
        """Whose standing somebody may use today."""
        return {actor, *self.principals(actor)}

    def capacity(self, actor: str, people: Iterable[str]) -> str | None:
        """The one for whom the actor stands (himself, or a principal), or None."""
        people = list(people)
        if actor in people:
            return actor
        return next((who for who in self.principals(actor) if who in people), None)

    def stands_for(self, actor: str, may: Callable[[set[str]], bool]) -> str | None:
        """Whose standing it takes to do a thing: the actor's own, else one principal's; None if none suffices."""
        if may({actor}):
            return actor
        return next((who for who in self.principals(actor) if may({actor, who})), None)

    def leads(self, actor: str, posts: set[str]) -> bool:
        """Whether the actor holds one of these posts, or acts for somebody who does."""
        return bool(posts & self.acts_as(actor))

    def is_above(self, person: str, holders: Iterable[str]) -> bool:
        """Whether somebody's post is above all of theirs, from their units upwards; an overseer's always is."""
        people = list(holders)
        higher = RANK.get(person, 0) > max(RANK.get(who, 0) for who in people)
        covers = LEVEL.get(person, 0) >= max(LEVEL.get(who, 0) for who in people)
        return covers and (higher or person == OVERSEER)

    def holders(self, post: str, exclude: set[str]) -> list[str]:
        """Who holds a post, from the section upwards."""
        for level in POSTS[post]:
            if found := [who for who in level if who not in exclude]:
                return found
        return []

    def checkers(self, exclude: set[str]) -> list[str]:
        """Who checks what was entered."""
        return self.holders("section_chief", exclude) or self.holders("deputy_director", exclude)

    def delegate(self, principal: str, agent: str, days: int) -> bool:
        """Somebody asks another to act for them, from today."""
        end = self.today + timedelta(days=days)
        given = [until for who, to, _, until in self.delegations if (who, to) == (principal, agent)]
        if principal == agent or any(end <= until for until in given):
            return False
        self.delegations.append((principal, agent, self.today, end))
        return True

    def end_delegation(self, principal: str, agent: str) -> bool:
        """Nobody acts for that one any more."""
        left = [each for each in self.delegations if each[:2] != (principal, agent)]
        ended, self.delegations = len(self.delegations) - len(left), left
        return ended > 0
