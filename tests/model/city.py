"""The simulated city as one works with it: a store, a witness, a mail server, one source of chance, one clock.

Invariant: everything that is done goes through `do` or `act`, is looked at by `Watch` at once, and stands in the trace.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import notifications.models  # noqa: F401 - its tables are part of the schema
from notifications.mailer import Failure, Fault, MayStart, Phase
from notifications.message import Message
from tests.model import deeds
from tests.model.habits import (
    AT_THE_START,
    FAULTS,
    FIRST_DAY,
    GIVEN,
    HABITS,
    OBLIGING,
    OUTSIDE,
    SHARES,
    SURNAMES,
    TAKEN_OVER,
    TYPES,
    UNITS,
    WILLING,
    Habit,
)
from tests.model.watch import Watch, Watched
from workflow import rules
from workflow.actions import definitions, people, projects
from workflow.actions.once import run_once
from workflow.clock import SHANGHAI, local_day
from workflow.errors import WorkflowError
from workflow.people import SYSTEM, Directory
from workflow.snapshot import shipped_calendar
from workflow.store import Store

T = TypeVar("T")
DEFINITIONS = Path(__file__).parents[2] / "definitions"


class Post:
    """The mail server of the city: it may be away, or go silent after the dot."""

    def __init__(self) -> None:
        self.is_down = self.forgets = False
        self.inbox: Counter[str] = Counter()
        self.unanswered: set[str] = set()

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Post]:
        """Itself."""
        yield self

    async def send(self, message: Message, may_start: MayStart) -> str:
        """Take a mail, if it can."""
        if self.is_down:
            raise Failure(Phase.CONNECT, Fault.UNREACHABLE, "无法连接", replied=False)
        await may_start()
        self.inbox[message.message_id] += 1
        if self.forgets and message.message_id not in self.unanswered:
            self.unanswered.add(message.message_id)
            raise Failure(Phase.DOT, Fault.RETRY, "连接中断", replied=False)
        return "250"


class City:
    """The city of one seed, before its first morning."""

    def __init__(self, seed: int, url: str) -> None:
        self.chance = Random(seed)
        self.url = url
        self.now = datetime.combine(FIRST_DAY, time(6), SHANGHAI).astimezone(UTC)
        self.store = Store(self.url, writers=1, readers=1)
        self.store.start()
        self.calendar = shipped_calendar()
        self.watch = Watch(url, self.calendar)
        self.post = Post()
        self.trace, self.last = sha256(), deque[str](maxlen=50)
        self.counts: Counter[str] = Counter()
        self.types = sorted(self.chance.sample(TYPES, 3))
        self.faults = {each for each in FAULTS if self.happens(0.7)}
        self.until: dict[str, date] = {}
        self.away: dict[int, date] = {}
        self.habits: dict[int, Habit] = {}
        self.letters: dict[tuple[str, str, int], tuple[str, date]] = {}
        self.units: dict[str, int] = {}
        self.digests: dict[str, str] = {}
        self.willing = False
        self._numbers, self._serials = count(1), count(1)
        self._agenda: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._directory: tuple[int, Directory] | None = None

    # Chance

    def happens(self, chance: float) -> bool:
        """Whether something of that likelihood happens."""
        return self.chance.random() < chance

    def pick(self, among: Sequence[T]) -> T:
        """One of them."""
        return self.chance.choice(among)

    def draw(self, shares: dict[str, Any]) -> str:
        """One of them, by its share."""
        return self.chance.choices(list(shares), list(shares.values()))[0]

    def number(self) -> int:
        """The next number, of a paper or anything."""
        return next(self._numbers)

    # What can be seen

    @property
    def today(self) -> date:
        """The day in Shanghai."""
        return local_day(self.now)

    @property
    def directory(self) -> Directory:
        """Everybody, as of now."""
        seq = self.watch.chains[0].seq
        if self._directory is None or self._directory[0] != seq:
            self._directory = (seq, self.store.act(lambda tx: tx.directory))
        return self._directory[1]

    def case(self, who: int, found: Watched) -> rules.Case:
        """What rules may look at when somebody asks."""
        assert found.compiled is not None
        return rules.Case(found.live, found.compiled, self.directory, who, self.today)

    def habit(self, who: int) -> Habit:
        """How somebody works."""
        return WILLING if self.willing else self.habits[who]

    def holding(self, post: str) -> list[int]:
        """Everybody who holds that post somewhere."""
        directory = self.directory
        return list(
            dict.fromkeys(
                each.person
                for each in directory.posts
                if each.key == post and directory.is_active(each.person)
            )
        )

    def letter(self, ref: str, key: str, part: str) -> tuple[str, date]:
        """What the outside office answers, and when; it is decided once for each turn."""
        name = (ref, key, self.watch.refs[ref].live.stage(key).turn)
        office = OBLIGING if self.willing else OUTSIDE
        if name not in self.letters or (self.willing and self.letters[name][1] > self.today):
            days = timedelta(days=self.chance.randint(*office.days))
            self.letters[name] = self.draw(office.answers[part]), self.today + days
        return self.letters[name]

    # What is done

    def do(self, who: int, action: Callable[..., Any], *, must_fail: bool = False, **arguments: Any) -> Any:
        """Somebody does something now, perhaps twice under the same id. Its answer; None if it was refused."""
        given = {
            "command": str(next(self._serials)), "action": action, "arguments": arguments, "actor": who, "now": self.now
        }  # fmt: skip
        words = f"{who} {action.__name__} {arguments.get('ref', '')} {arguments.get('stage', '')}"
        try:
            answer = self.store.act(run_once, **given)
        except WorkflowError as error:
            self.note(f"{words} refused {','.join(each.code for each in error.reasons)}")
            self.counts["refused"] += 1
            assert not self.watch.look(self.now), f"{words} was refused, and yet recorded"
            return None
        assert not must_fail, f"{words} was accepted"
        self.note(f"{words} {answer}", *self.watch.look(self.now))
        self.counts["moves"] += 1
        if "repeat" in self.until:
            assert self.store.act(run_once, **given) == answer, f"{words} answers otherwise the second time"
            assert not self.watch.look(self.now), f"{words} was done twice"
        return answer

    def note(self, words: str, *hashes: str) -> None:
        """Write a line of the trace."""
        line = f"{self.now:%Y-%m-%d %H:%M:%S} {words}"
        self.last.append(line)
        self.trace.update("\n".join((line, *hashes, "")).encode())

    def act(self, action: Callable[..., T], **arguments: Any) -> T:
        """The system does something."""
        answer = self.store.act(action, actor=SYSTEM, now=self.now, **arguments)
        self.note(f"{action.__name__} {answer}", *self.watch.look(self.now))
        return answer

    # The beginning

    def found(self) -> None:
        """Enter the city, publish the project types, and begin the first projects."""
        for name, (above, posts) in UNITS.items():
            self.units[name] = self.act(people.add_organisation, name=name, parent=self.units.get(above, 0))
            for post, number in posts.items():
                for _ in range(number):
                    self.hire(name, post)
        self.publish(1)
        for _ in range(AT_THE_START):
            self.register()

    def hire(self, unit: str, post: str) -> int:
        """Somebody new takes a post."""
        number = len(self.habits) + 1
        name = SURNAMES[number % len(SURNAMES)] + GIVEN[number * 7 % len(GIVEN)]
        address = f"s{number}@mz.example"
        who = self.act(people.add_person, name=name, staff_number=f"S{number}", email=address)
        self.act(people.grant_post, person=who, organisation=self.units[unit], key=post)
        self.habits[who] = HABITS[self.draw(SHARES)]
        return who

    def publish(self, version: int) -> None:
        """The project types in that version; running projects keep theirs."""
        for each in self.types:
            text = (DEFINITIONS / f"{each}.yaml").read_text(encoding="utf-8")
            changed = text.replace("\nversion: 1\n", f"\nversion: {version}\n")
            self.digests[each] = self.act(definitions.publish, text=changed, name=f"{each}.yaml")

    def register(self) -> None:
        """A project begins, or is taken over in mid-course."""
        clerk, ref, kind = (
            self.pick(self.holding("clerk")),
            f"P{len(self.watch.refs) + 1}",
            self.pick(self.types),
        )
        unit = self.directory.posts_of(clerk)[0].organisation
        digest = self.digests[kind]
        [(text,)] = self.watch.rows("SELECT text FROM definition WHERE digest = ?", digest)
        taking_over = self.happens(TAKEN_OVER)
        known = deeds.facts(self, deeds.definition_of(text))
        self.do(
            clerk, projects.register_project, ref=ref, digest=digest, title=f"第{ref}号项目", organisation=unit,
            clerk=clerk, facts=known, taking_over=taking_over,
        )  # fmt: skip
        if taking_over:
            deeds.take_over(self, clerk, self.watch.refs[ref])
