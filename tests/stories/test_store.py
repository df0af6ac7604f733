"""The door to the database: all or nothing, append-only, one writer, and every tampering found."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.databases import as_owner
from tests.world import World, refused
from workflow import doctor
from workflow.actions.decisions import decide
from workflow.actions.documents import register_document
from workflow.actions.projects import register_project
from workflow.actions.stages import submit_stage
from workflow.errors import Conflict, Refused, Unavailable, WorkflowError
from workflow.events import ClerkChanged
from workflow.sql import Statement
from workflow.state import Fix
from workflow.store import Store, read_only
from workflow.transaction import Transaction


def execute(world: World, sql: str) -> None:
    """The owner of the database writes past the product."""
    with as_owner(world.store.url) as connection:
        connection.execute(text(sql))


def drop_guards(world: World) -> None:
    """A determined intruder removes the guards first."""
    if world.store.dialect == "sqlite":
        for verb in ("update", "delete"):
            execute(world, f"DROP TRIGGER event_no_{verb}")
    else:
        execute(world, "DROP TRIGGER event_append_only ON event")


@pytest.mark.parametrize("table", ["event", "definition", "seal"])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "REPLACE"])
def test_the_database_itself_refuses_to_change_the_record(world: World, table: str, verb: str) -> None:
    """Events, definitions and seals are only ever added, whoever holds the connection."""
    column = {"event": "data", "definition": "text", "seal": "root"}[table]
    if table == "seal":
        execute(world, "INSERT INTO seal (at, upto, chains, root, hash) VALUES ('', 0, 0, '', '')")
    sql = f"UPDATE {table} SET {column} = 'x'" if verb == "UPDATE" else f"DELETE FROM {table}"
    if verb == "REPLACE":
        replacing = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
        sql = replacing if world.store.dialect == "sqlite" else f"TRUNCATE {table}"
    with pytest.raises(DBAPIError, match="append-only"):
        execute(world, sql)
    if table == "seal":
        _forget_seal(world)


def _forget_seal(world: World) -> None:
    if world.store.dialect == "sqlite":
        execute(world, "DROP TRIGGER seal_no_delete")
    else:
        execute(world, "DROP TRIGGER seal_append_only ON seal")
    execute(world, "DELETE FROM seal")


def begun(world: World) -> tuple[Store, int]:
    """A hall with some history, in a bureau that will be tampered with; returns its number of events."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    world.prove()
    return world.store, len(hall.kinds())


def audited(store: Store, against: str = "") -> tuple[int, int] | None:
    """The first bad entry: its project and number."""
    broken = store.read(doctor.audit, against=against).broken
    return (broken.project, broken.seq) if broken else None


TAMPERINGS = {
    "an edited opinion": ("UPDATE event SET data = replace(data, 'minutes', 'minuten') WHERE project_id = 1 AND seq = 4", 4),
    "another actor": ("UPDATE event SET actor_id = 4 WHERE project_id = 1 AND seq = 2", 2),
    "another instant": ("UPDATE event SET at = '2026-08-01T00:00:00.000000Z' WHERE project_id = 1 AND seq = 3", 3),
    "a removed event": ("DELETE FROM event WHERE project_id = 1 AND seq = 3", 3),
    "a moved event": ("UPDATE event SET seq = 99 WHERE project_id = 1 AND seq = 1", 1),
    "a cut-off end": ("DELETE FROM event WHERE project_id = 1 AND seq = 5", 5),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERINGS)
def test_every_tampering_is_found_and_the_first_bad_entry_named(unproved: World, how: str) -> None:
    """The chain shows any edit, removal and reordering, also by somebody who took the guards away."""
    store, number = begun(unproved)
    assert (audited(store), number) == (None, 5)
    drop_guards(unproved)
    sql, bad = TAMPERINGS[how]
    execute(unproved, sql)

    assert audited(store) == (1, bad)


def test_a_rewrite_of_everything_is_found_against_a_head_kept_outside(unproved: World) -> None:
    """Who rewrites the whole chain still cannot rewrite the mail that printed its head."""
    store, _ = begun(unproved)
    head = unproved.rows("SELECT head FROM project")[0][0]
    assert audited(store, against=head[:16]) is None
    drop_guards(unproved)
    execute(unproved, "DELETE FROM event WHERE project_id = 1 AND seq = 5")
    before = unproved.rows("SELECT hash FROM event WHERE project_id = 1 AND seq = 4")[0][0]
    execute(unproved, f"UPDATE project SET seq = 4, head = '{before}'")
    assert audited(store) is None

    assert audited(store, against=head[:16]) == (0, 0)


def test_a_row_changed_behind_the_records_back_is_found(unproved: World) -> None:
    """The stored state, its lists and its tasks are re-derived from the events and compared."""
    store, _ = begun(unproved)
    for sql in (
        "UPDATE stage SET state = 'issued' WHERE key = 'approval'",
        "DELETE FROM task",
        "UPDATE paper SET sha256 = 'x'",
        "UPDATE project SET title = '别的项目'",
    ):
        execute(unproved, sql)
    found = store.read(doctor.examine, now=unproved.now, has_file=lambda _: True)

    assert [each.code for each in found if each.level == "error"] == ["row-differs"] * 4


@pytest.mark.parametrize("spoiled", ["{", '{"type":"step.decided","stage":"approval"}'])
def test_an_entry_that_cannot_be_read_does_not_end_the_examination(unproved: World, spoiled: str) -> None:
    """It is named, and so is what is wrong with the next project."""
    store, _ = begun(unproved)
    unproved.register("hall")
    drop_guards(unproved)
    execute(unproved, f"UPDATE event SET data = '{spoiled}' WHERE project_id = 1 AND seq = 4")
    execute(unproved, "UPDATE project SET title = '别的项目' WHERE id = 2")

    found = store.read(doctor.examine, now=unproved.now, has_file=lambda _: True)

    codes = [each.code for each in found if each.level == "error"]
    assert codes == ["audit-broken", "audit-broken", "row-differs"], found


def test_a_file_that_is_gone_is_found(unproved: World) -> None:
    """A row without its file is an error that names the paper."""
    store, _ = begun(unproved)
    found = store.read(doctor.examine, now=unproved.now, has_file=lambda _: False)

    assert [each.code for each in found if each.level == "error"] == ["file-missing"] * 2


@pytest.mark.parametrize(
    "sql", ["UPDATE person SET active = false WHERE name = '杨帆'", "DELETE FROM task WHERE what = 'review'"]
)
def test_a_step_in_nobodys_hands_is_found_though_an_entry_beside_it_waits(unproved: World, sql: str) -> None:
    """Each thing that waits is looked at by itself: whoever checks a signature on paper cannot decide."""
    hall = unproved.register("hall").submitted("approval", "proposal", "minutes")
    hall.sign_on_paper("approval", "review", signer="杨帆")
    execute(unproved, sql)
    found = unproved.store.read(doctor.examine, now=unproved.now, has_file=lambda _: True)

    assert "stuck" in [each.code for each in found]


def test_an_entry_that_nobody_may_check_is_found(unproved: World) -> None:
    """Its only checker became the clerk, as versions before this one let it be."""
    hall = unproved.register("hall").submitted("approval", "proposal", "minutes")
    hall.sign_on_paper("approval", "review", signer="杨帆")

    def handed_over(tx: Transaction) -> None:
        event = ClerkChanged(unproved.people["罗秀英"], "人员调整")
        tx.project(hall.ref).record(event, actor=unproved.people["谭丽"], at=unproved.now)

    unproved.store.act(handed_over)
    found = unproved.store.read(doctor.examine, now=unproved.now, has_file=lambda _: True)

    assert [each.code for each in found if each.level == "error"] == ["stuck"]


def test_one_failing_action_leaves_the_others_of_its_batch(world: World) -> None:
    """Whatever waits is committed together; each caller gets his own answer."""
    hall = world.register("hall")
    world.store.submit(_slowly)
    futures: list[Future[Any]] = [
        world.store.submit(
            register_document, ref=hall.ref, document=document, number="1号", issued_on=world.today,
            kept_at="档案柜", actor=world.people["谭丽"], now=world.now,
        )
        for document in ("minutes", "proposal", "minutes")
    ]  # fmt: skip
    errors = [future.exception() for future in futures]

    assert [type(error) for error in errors] == [type(None), Refused, type(None)]
    assert hall.paper("minutes").version == 2


def _slowly(tx: Transaction) -> None:
    """Holds the writer long enough for others to queue up behind it."""
    import time

    assert tx.directory.people
    time.sleep(0.05)


def test_a_failing_action_leaves_no_trace(world: World) -> None:
    """What it wrote before it failed is undone, and the snapshots that others use are right again."""

    def fails(tx: Transaction) -> None:
        from workflow.actions.people import add_person

        add_person(tx, name="何静", staff_number="S99", actor=world.people["顾明"], now=world.now)
        assert len(tx.directory.people) == 8
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.store.act(fails)
    assert world.rows("SELECT count(*) FROM person") == [(7,)]
    assert world.store.act(lambda tx: len(tx.directory.people)) == 7


_NAMELESS = Statement(text("INSERT INTO person (staff_number) VALUES ('S98')"))
_AGAIN = Statement(
    text(
        "INSERT INTO person (staff_number, name, email, password_hash, active) VALUES ('S1', '', '', '', true)"
    )
)
_NO_SUCH = Statement(text("SELECT nothing FROM person"))


def test_only_a_key_that_somebody_else_has_written_is_a_lost_race(world: World) -> None:
    """A fault of ours is one on either database: it is logged and never told as somebody's haste."""
    with refused("lost-race", kind=Conflict):
        world.store.act(lambda tx: tx.execute(_AGAIN))
    for faulty in (_NAMELESS, _NO_SUCH):
        with pytest.raises(Exception) as caught:
            world.store.act(lambda tx, it=faulty: tx.execute(it))
        assert not isinstance(caught.value, WorkflowError), caught.value
    with pytest.raises(DBAPIError):
        world.store.read(lambda connection: connection.execute(text("SELECT nothing FROM person")))


@pytest.mark.parametrize("broken", ["a folder", "no database"])
def test_a_file_that_cannot_be_read_is_said_plainly(tmp_path: Path, broken: str) -> None:
    path, url = tmp_path / "shenpi.db", f"sqlite:///{tmp_path / 'shenpi.db'}"
    if broken == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"x" * 5000)

    with refused("database-unavailable", kind=Unavailable):
        Store(url).start()
    with refused("database-unavailable", kind=Unavailable), read_only(url) as store:
        store.read(doctor.heads)


def test_a_full_disk_is_said_plainly_and_nothing_is_lost(world: World) -> None:
    """While there is no room every command is refused as a whole; once there is, the same one goes through."""
    if world.store.dialect != "sqlite":
        pytest.skip("a server's disk is the server's")
    hall = world.register("hall")
    pages = world.store.act(lambda tx: tx._connection.execute("PRAGMA page_count").fetchone()[0])
    _limit_pages(world, pages)
    before = len(hall.history())
    with refused("disk-full", kind=Unavailable, says="原有数据未变"):
        for _ in range(200):
            hall.upload("proposal", content="x" * 64)
            before = len(hall.history())
    assert len(hall.history()) == before
    _limit_pages(world, 1_000_000)
    hall.upload("proposal")

    assert len(hall.history()) == before + 1


def _limit_pages(world: World, pages: int) -> None:
    world.store.act(lambda tx: tx._connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0])


def test_a_second_writer_on_the_same_file_is_refused(world: World) -> None:
    """On SQLite one process owns the file; on PostgreSQL many may serve."""
    second = Store(world.store.url)
    if world.store.dialect == "sqlite":
        with refused("second-writer", kind=Unavailable):
            second.start()
        return
    second.start()
    other = World(second)
    other.register("hall")
    second.close()

    assert world.rows("SELECT count(*) FROM project") == [(1,)]


def test_readers_cannot_write(world: World) -> None:
    """A query has a connection that refuses to change anything."""
    with pytest.raises((DBAPIError, Unavailable)):
        world.store.read(lambda connection: connection.execute(text("DELETE FROM task")))


def test_a_closed_store_takes_nothing_and_says_so(unproved: World) -> None:
    """After closing, a command is answered with 503 and nothing of it happens."""
    store = unproved.store
    other = Store(store.url)
    store.close()
    other.start()
    other.close()

    with refused("store-closed", kind=Unavailable):
        unproved.register("hall")
    store.start()


def test_an_acknowledged_command_survives_a_restart(world: World) -> None:
    """What was answered is on disk: another store on the same database finds it."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    world.store.close()
    world.store.start()

    assert hall.at("approval") == "review"
    hall.approve("approval", "review", "杨帆")


def test_a_state_that_was_kept_never_hides_what_another_process_did(world: World) -> None:
    """A kept state is named by the head of its chain: whoever moved the project on since is seen at once."""
    hall = world.register("hall").submitted("approval", "proposal", "minutes")
    if world.store.dialect == "sqlite":
        world.store.close()  # one process owns the file; the store keeps what it knows
    elsewhere = Store(world.store.url)
    elsewhere.start()
    for _ in range(2):
        elsewhere.act(
            decide, ref=hall.ref, stage="approval", step="review", outcome="returned", opinion="请补正",
            fixes=(Fix("补正"),), actor=world.people["杨帆"], now=world.now,
        )  # fmt: skip
        elsewhere.act(submit_stage, ref=hall.ref, stage="approval", actor=world.people["谭丽"], now=world.now)
    elsewhere.close()
    if world.store.dialect == "sqlite":
        world.store.start()
    seen = world.store.act(lambda tx: tx.project(hall.ref).state.stage("approval"))
    hall.approve("approval", "review", "杨帆")

    assert (seen.state, seen.visit) == ("review", 3)
    assert hall.at("approval") == "sign"


def test_a_state_that_was_written_and_undone_is_never_seen(world: World) -> None:
    """What a failing action left in memory carries a head that no row ever shows."""
    hall = world.register("hall")

    def registered(tx: Transaction) -> None:
        register_document(
            tx, ref=hall.ref, document="minutes", number="1号", issued_on=world.today,
            kept_at="档案柜", actor=world.people["谭丽"], now=world.now,
        )  # fmt: skip

    def fails(tx: Transaction) -> None:
        registered(tx)
        tx.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.store.act(fails)
    world.store.act(registered)

    assert hall.paper("minutes").version == 1
    assert world.rows("SELECT version FROM paper") == [(1,)]


def test_an_action_that_fails_half_way_takes_nobody_with_it(world: World) -> None:
    """Those who shared its commit are done once and whole, and its own caller alone hears of it."""
    hall = world.register("hall")
    world.store.submit(_slowly)

    def upload(tx: Transaction, *, document: str, fails: bool = False) -> int:
        number = register_document(
            tx, ref=hall.ref, document=document, number="1号", issued_on=world.today,
            kept_at="档案柜", actor=world.people["谭丽"], now=world.now,
        )  # fmt: skip
        tx.flush()
        if fails:
            raise ZeroDivisionError
        return number

    before = world.store.submit(upload, document="minutes")
    failing = world.store.submit(upload, document="minutes", fails=True)
    after = world.store.submit(upload, document="minutes")
    ends = (before.exception(), failing.exception(), after.exception())

    assert [type(each) for each in ends] == [type(None), ZeroDivisionError, type(None)]
    assert abs(after.result() - before.result()) == 1
    assert hall.paper("minutes").version == 2


NO_WAITING = {"sqlite": "PRAGMA busy_timeout = 0", "postgresql": "SET lock_timeout = '1ms'"}


def is_held(world: World, table: str) -> bool:
    """Whether somebody else who would move a head in that table has to wait."""
    elsewhere = create_engine(world.store.engine.url, poolclass=NullPool)
    with elsewhere.connect() as connection:
        connection.execute(text(NO_WAITING[world.store.dialect]))
        try:
            connection.execute(text(f"UPDATE {table} SET seq = seq"))
        except OperationalError:
            return True
    return False


def test_while_somebody_decides_nobody_else_changes_what_it_rests_on(world: World) -> None:
    """From the first look to the commit: the project, and the rights by which the action decides."""
    hall = world.register("hall")

    def decide_slowly(tx: Transaction) -> list[bool]:
        assert tx.project(hall.ref).state.title
        return [is_held(world, "project"), is_held(world, "administration")]

    def administer_slowly(tx: Transaction) -> bool:
        tx.lock_administration()
        return is_held(world, "administration")

    assert world.store.act(decide_slowly) == [True, True]
    assert world.store.act(administer_slowly)
    assert not is_held(world, "project")


def test_what_rests_on_a_head_that_has_moved_is_not_written(world: World) -> None:
    """Should every lock fail: an event stands on the head that it was decided by, or nowhere."""
    hall = world.register("hall")

    def decided_by_an_old_head(tx: Transaction) -> None:
        register_document(
            tx, ref=hall.ref, document="minutes", number="1号", issued_on=world.today,
            kept_at="档案柜", actor=world.people["谭丽"], now=world.now,
        )  # fmt: skip
        tx.execute(Statement(text("UPDATE project SET seq = seq + 1")))

    with refused("lost-race"):
        world.store.act(decided_by_an_old_head)
    assert hall.state.documents == {}


def test_the_same_reference_is_registered_once(world: World) -> None:
    """A project's reference is its own."""
    world.register("hall")
    with refused("lost-race"):
        world.do(
            register_project, "谭丽", ref="P1", digest=world.digests["hall"], title="又一个",
            organisation=world.organisations["规划财务股"], clerk=world.people["谭丽"],
        )  # fmt: skip
    assert world.rows("SELECT count(*) FROM project") == [(1,)]


def test_whoever_waits_for_work_is_told_after_the_commit(world: World) -> None:
    """Mailers and pages are woken when something is really there."""
    heard: list[int] = []
    world.store.after_commit.append(lambda: heard.append(1))
    world.register("hall")

    assert heard


def test_whoever_waits_for_work_cannot_stop_the_writer(world: World) -> None:
    """A listener that fails is its own affair: commands go on being answered."""

    def fails() -> None:
        raise ZeroDivisionError

    world.store.after_commit.append(fails)
    world.register("hall")
    world.register("hall")

    assert world.rows("SELECT count(*) FROM project") == [(2,)]


def test_a_single_row_is_read_as_it_was_last_committed_and_never_before(world: World) -> None:
    """Who is signed in is asked for each request: nothing that was revoked may still be seen, nothing undone ever."""
    if world.store.dialect != "sqlite":
        pytest.skip("only a file is read without a reader")
    person, seen = world.people["谭丽"], []
    email = Statement(text("SELECT email FROM person WHERE id = :id"))

    def change(tx: Transaction) -> None:
        tx.execute(Statement(text("UPDATE person SET email = 'tan@bureau.cn' WHERE id = :id")), id=person)
        seen.append(world.store.row(email, id=person))

    before = world.store.row(email, id=person)
    world.store.act(change)

    assert seen == [before]
    assert world.store.row(email, id=person) == ("tan@bureau.cn",)
    assert world.store.row(email, id=0) is None
