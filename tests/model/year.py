"""A year of an office in a minute: the real store, actions, sweep and mail, and people, offices and faults by lot.

One process, one thread of events, one source of chance; the clock jumps from due time to due time. After every
step `Watch` looks at all that was committed. The same seed is the same year, to the byte:
`python -m tests.model.year --seed N [--days 365] [--years M]`
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time as stopwatch
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import notifications.models  # noqa: F401 - its tables are part of the schema
from notifications import delivery, ledger
from notifications.settings import MailSettings
from tests.model import deeds
from tests.model.city import DEFINITIONS, City
from tests.model.habits import (
    CHIEF,
    CLERK,
    FAULTS,
    FIRST_DAY,
    PROJECTS_A_MONTH,
    Chances,
)
from tests.model.watch import Watched
from tests.notifications.bureau import lost
from tests.world import World
from workflow import rules
from workflow.actions import calendar, clocks, incidents, people, seals
from workflow.clock import SHANGHAI, local_day
from workflow.people import SYSTEM
from workflow.state import LAPSED, PASSED_STATES, REFUSED
from workflow.store import Store

MEMORY = Path("/dev/shm")
MAIL = MailSettings(
    base_url="https://shenpi.example", sender="shenpi@mz.example", connections=1, per_minute=10_000
)
EXAMINED = 60
"""Every so many days everything is examined as `shenpi doctor` and `shenpi audit verify` do."""

HEALING = 60
"""How many days everybody is willing after the last fault, before it is asked who still waits for what."""


class Year(City):
    """One seed's year, from its first morning."""

    def run(self, days: int) -> None:
        """Live so many days, then heal everything and see that whoever could get on has got on."""
        self.found()
        self._live(days)
        self.willing = True
        self._live(HEALING)
        self._deliver()
        self.prove()
        self.nobody_is_stuck()

    def _live(self, days: int) -> None:
        end = datetime.combine(self.today + timedelta(days=days), time(6), SHANGHAI).astimezone(UTC)
        self._at(time(7), self._morning)
        while self._agenda and self._agenda[0][0] < end:
            at, _, call, arguments = heappop(self._agenda)
            self._catch_up(at)
            self.now = max(self.now, at)
            call(*arguments)
        self._agenda.clear()
        self.now = end

    def _at(self, hour: time, call: Callable[..., None], *arguments: Any, on: date | None = None) -> None:
        instant = datetime.combine(on or self.today, hour, SHANGHAI).astimezone(UTC)
        heappush(self._agenda, (instant, next(self._serials), call, arguments))

    def _catch_up(self, until: datetime) -> None:
        """Sweep at every instant at which something is due before then, if the scheduler is there."""
        while "scheduler_away" not in self.until:
            [(due,)] = self.watch.rows(
                "SELECT min(next_at) FROM (SELECT min(next_at) AS next_at FROM stage WHERE next_at IS NOT NULL"
                " UNION ALL SELECT min(next_at) FROM paper WHERE next_at IS NOT NULL)"
            )
            if due is None or datetime.fromisoformat(due) > until:
                return
            self.now = max(self.now, datetime.fromisoformat(due))
            while self.act(clocks.sweep):
                pass
            self.watch.swept(self.now)

    def _morning(self) -> None:
        """What this day brings: faults, perhaps a project, the mailer, and who comes to the desk when."""
        self._at(time(7), self._morning, on=self.today + timedelta(days=1))
        if (self.today - FIRST_DAY).days % EXAMINED == EXAMINED - 1:
            self.prove()
        self._draw_faults()
        for hour in (9, 12, 18):
            self._at(time(hour, 5), self._deliver)
        if not self.calendar.is_workday(self.today):
            return
        if not self.willing and self.happens(PROJECTS_A_MONTH / 21):
            self.register()
        for who in sorted(self.habits):
            for _ in range(self.habit(who).looks):
                self._at(time(self.chance.randint(8, 17), self.chance.randint(0, 59)), self._look, who)

    def _draw_faults(self) -> None:
        """Faults end, and others begin; once everybody is willing, there are none."""
        self.until = {each: end for each, end in self.until.items() if end > self.today and not self.willing}
        for fault, (chance, longest) in FAULTS.items():
            if self.willing or fault not in self.faults or not self.happens(chance):
                continue
            self.note(fault)
            self.counts[fault] += 1
            if longest:
                self.until[fault] = self.today + timedelta(days=self.chance.randint(1, longest))
            else:
                getattr(self, f"_{fault}")()
        self.post.is_down, self.post.forgets = "mail_down" in self.until, "mail_forgets" in self.until

    def _deliver(self) -> None:
        """One pass of the mailer."""
        done = asyncio.run(delivery.run(self.store, self.post, settings=MAIL, now=self.now))
        self.watch.look(self.now)
        self.note(f"mail {done}")
        self.counts["mails"] += done["sent"]
        if self.today.day in {1, 15} and local_day(self.now).weekday() < 5:
            self.act(seals.seal)

    # People

    def _look(self, who: int) -> None:
        """Somebody comes to the desk and sees what waits, for himself or for whom he acts for."""
        if not self.directory.is_active(who) or self._is_away(who):
            return
        habit = self.habit(who)
        principals = (who, *self.directory.principals(who, self.today))
        waiting = self.watch.rows(
            "SELECT DISTINCT ref, stage, what FROM task JOIN project ON project.id = task.project_id"
            f" WHERE person_id IN ({', '.join(map(str, principals))}) ORDER BY ref, stage, what"
        )
        for ref, stage, what in waiting:
            if self.happens(habit.does):
                deeds.attend(self, who, self.watch.refs[ref], stage, what)
        if self.watch.refs and self.happens(habit.oversteps):
            everything = list(self.watch.refs.values())
            mine = [each for each in everything if any(who in hands for hands in each.hands.values())]
            deeds.overstep(self, who, self.pick(mine or everything))
        if self.happens(0.2) or self.willing:
            self._round(who)

    def _is_away(self, who: int) -> bool:
        """Whether he is away today, perhaps from today on; a good one asks somebody to act."""
        if self.willing:
            return False
        if who not in self.away or self.away[who] <= self.today:
            if not self.happens(self.habits[who].leaves):
                return False
            self.away[who] = self.today + timedelta(days=self.chance.randint(3, 15))
            mine = {each.key for each in self.directory.posts_of(who)}
            able = [each for key in sorted(mine) for each in self.holding(key) if each != who]
            if able and self.happens(self.habits[who].delegates):
                self.do(
                    who, people.delegate, principal=who, agent=self.pick(able), starts_on=self.today,
                    ends_on=self.away[who], reason_given="外出开会",
                )  # fmt: skip
        return True

    def _round(self, who: int) -> None:
        """Go through one's projects and see what they need."""
        posts = {each.key for each in self.directory.posts_of(who)}
        if "administrator" in posts:
            self._mind_incidents(who)
        for ref in list(self.watch.refs):
            found = self.watch.refs[ref]
            if found.live.clerk == who:
                self._go_through(CLERK, who, found)
            elif posts & {*rules.SUPERVISORS} and self.directory.sees(
                who, found.live.organisation, self.today
            ):
                self._go_through(CHIEF, who, found)

    def _go_through(self, chances: Chances, who: int, found: Watched) -> None:
        for deed, (ordinary, willing) in chances.items():
            if self.happens(willing if self.willing else ordinary):
                getattr(deeds, deed)(self, who, found)

    def _mind_incidents(self, who: int) -> None:
        """Put right what got stuck, or say that it is over."""
        for incident, project, stage, code in self.watch.rows(
            "SELECT id, project_id, stage, code FROM incident WHERE resolved_at IS NULL ORDER BY id"
        ):
            if code == "mail-no-address":
                for person in self.directory.people.values():
                    if person.active and not person.email:
                        self.do(who, people.change_person, person=person.id, email=f"n{person.id}@mz.example")
            elif code == "nobody-holds-post":
                self._fill(self.watch.chains[project], stage)
            elif code == "mail-failed":
                self.do(who, ledger.deliver_again, mails=())
            if code not in {"mail-server", "mail-configuration"}:
                self.do(who, incidents.resolve_incident, incident=incident, how="已处理")

    def _fill(self, found: Watched, key: str) -> None:
        """Somebody new takes the post that nobody could act in."""
        stage = found.live.stage(key)
        if stage.step and not stage.holders:
            unit = next(name for name, number in self.units.items() if number == found.live.organisation)
            self.hire(unit, found.definition.stages[key].step(stage.step).by)

    # Faults

    def _restart(self) -> None:
        self.store.close()
        self.store = Store(self.url, writers=1, readers=1)
        self.store.start()
        self.store.act(ledger.try_at_once, now=self.now)

    def _leaver(self) -> None:
        """Somebody leaves for good, and somebody new comes, if not at once."""
        who = self.pick(sorted({each.person for each in self.directory.posts if each.key != "administrator"}))
        posts = self.directory.posts_of(who)
        if self.directory.is_active(who):
            self.do(self.pick(self.holding("administrator")), people.change_person, person=who, active=False)
            for held in posts:
                unit = next(name for name, number in self.units.items() if number == held.organisation)
                self._at(
                    time(7, 30),
                    self._replace,
                    unit,
                    held.key,
                    on=self.today + timedelta(days=self.pick([0, 1, 9])),
                )

    def _replace(self, unit: str, post: str) -> None:
        self.hire(unit, post)

    def _transfer(self) -> None:
        """Somebody goes to another unit, in the same post."""
        held = self.pick(
            [
                each
                for each in self.directory.posts
                if each.key in {"clerk", "section_chief", "deputy_director"}
            ]
        )
        chief = self.pick(self.holding("administrator"))
        if self.directory.is_active(held.person):
            self.do(
                chief, people.revoke_post, person=held.person, organisation=held.organisation, key=held.key
            )
            to = self.units[self.pick(list(self.units))]
            self.do(chief, people.grant_post, person=held.person, organisation=to, key=held.key)

    def _bad_address(self) -> None:
        who = self.pick(sorted(self.habits))
        if self.directory.is_active(who):
            self.act(people.change_person, person=who, email="")

    def _new_version(self) -> None:
        self.publish(1 + self.number())

    def _official_calendar(self) -> None:
        """The State Council publishes next year's days off."""
        text = (DEFINITIONS / "calendar" / "2027.yaml").read_text(encoding="utf-8")
        for provisional, announced in (
            ("status: provisional", "status: official"),
            ("国务院办公厅尚未公布2027年放假安排\n", "国办发明电〔2026〕9号\n"),
            ("[2027-02-05, 2027-02-08]", "[2027-02-05, 2027-02-11]"),
        ):
            text = text.replace(provisional, announced)
        answer = self.store.act(calendar.load_year, text=text, name="2027.yaml", actor=SYSTEM, now=self.now)
        self.calendar = self.watch.calendar = self.store.act(lambda tx: tx.calendar)
        self.note(f"load_year {answer}", *self.watch.look(self.now))

    # What must hold

    def prove(self) -> None:
        """The whole examination, every chain, every mail."""
        world = World(self.store)
        world.now = self.now
        world.prove()
        assert self.store.read(lost) == []
        twice = {each for each, copies in self.post.inbox.items() if copies > 1}
        assert twice <= self.post.unanswered, f"sent twice without need: {twice - self.post.unanswered}"

    def nobody_is_stuck(self) -> None:
        """Everything that willing people could do is done; the rest waits for something that it names."""
        assert self.watch.rows("SELECT count(*) FROM notice WHERE open") == [(0,)]
        assert self.watch.rows("SELECT count(*) FROM mail WHERE state <> 'sent'") == [(0,)]
        stuck = [words for found in self.watch.refs.values() for words in self._stuck(found)]
        assert not stuck, f"these could have gone on: {stuck}"

    def _stuck(self, found: Watched) -> list[str]:
        """What of the project has stood still for half of the healing without a day that it waits for."""
        live, long_ago = found.live, self.now - timedelta(days=HEALING // 2)
        if live.state in {"archived", "terminated"}:
            return []
        if live.taking_over or not live.is_running:
            return [f"{found.ref} is {live.state}, taken over: {live.taking_over}"]
        assert found.compiled is not None
        last_week = self.today - timedelta(days=7)
        case = rules.Case(live, found.compiled, self.directory, SYSTEM, last_week)
        going_on = [key for key, stage in live.stages.items() if stage.is_open or stage.opens_on]
        passed = all(live.stage(key).state in PASSED_STATES for key in found.definition.stages)
        still = [
            key
            for key in (*going_on, *deeds.in_states(found, REFUSED, LAPSED))
            if not live.stage(key).opens_on and (live.stage(key).since or self.now) < long_ago
            if not (live.stage(key).step and rules.publicity_unfinished(case, key, self.calendar))
        ]
        silent = [] if going_on or passed else [f"{found.ref}: nothing goes on"]
        return [*silent, *(f"{found.ref}.{key} {live.stage(key)}" for key in still)]


def live(seed: int, days: int, url: str = "") -> Year:
    """That year, on a file of its own or on that empty database; AssertionError with the seed and its last events
    if it goes wrong.
    """
    folder = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="shenpi-year-", dir=folder) as made:
        year = Year(seed, url or f"sqlite:///{Path(made) / 'shenpi.db'}")
        try:
            year.run(days)
        except Exception as error:
            last = "\n".join(year.last)
            raise AssertionError(f"{last}\nseed {seed}, {days} days, at {year.now}: {error!r}") from error
        finally:
            year.store.close()
            year.watch.eyes.close()
    return year


def main(arguments: Sequence[str]) -> int:
    """Live years and print what they were like; 1 if one of them went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.model.year", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which year")
    parser.add_argument("--days", type=int, default=365, help="how much of it")
    parser.add_argument("--years", type=int, default=1, help="how many seeds, from that one on")
    options = parser.parse_args(arguments)
    failed = 0
    for seed in range(options.seed, options.seed + options.years):
        began = stopwatch.process_time()
        try:
            year = live(seed, options.days)
        except AssertionError:
            traceback.print_exc()
            failed = 1
            continue
        seconds = stopwatch.process_time() - began
        counts = {**year.counts, "rungs": year.watch.counts["rung.fired"], "events": year.watch.seen}
        words = " ".join(f"{what}={number}" for what, number in sorted(counts.items()))
        print(f"{seed} {year.trace.hexdigest()} {seconds:.1f}s {words}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
