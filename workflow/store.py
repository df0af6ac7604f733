"""The store's one door: only here transactions begin and commit.

On SQLite one writer thread owns the file: it takes whatever waits, runs one action after another,
commits once for all and answers each caller only after that commit. On PostgreSQL the same actions
run on a small pool, many processes at once. Invariant: an acknowledged command is on disk whole;
any other left no trace.
"""

from __future__ import annotations

import logging
import os
import queue
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine
from sqlalchemy import event as engine_events
from sqlalchemy.engine import Connection as CoreConnection

from workflow import guards
from workflow.errors import Conflict, Refused, Unavailable, WorkflowError, reason
from workflow.failpoints import reach
from workflow.files import sync
from workflow.migrations import bring_up
from workflow.sql import Connection, Statement
from workflow.transaction import Caches, Transaction

T = TypeVar("T")
Action = Callable[..., T]

GROUP = 64
"""How many waiting actions share one commit at most: beyond this a caller would wait for too many others."""

_STOP = object()
_LOG = logging.getLogger(__name__)


class Store:
    """Runs actions (writes) and queries (reads) against one database.

    `url` is an SQLAlchemy URL. `start()` creates what is missing and takes the writer's place;
    Unavailable if another process holds it. `close()` lets what was accepted finish.
    """

    def __init__(self, url: str, *, writers: int = 4, readers: int = 4) -> None:
        self.url = url
        self.dialect = "sqlite" if url.startswith("sqlite") else "postgresql"
        self.caches = Caches()
        self.engine = _engine(url, execution_options={"snapshots": self.caches.snapshots})
        self.after_commit: list[Callable[[], None]] = []
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="shenpi-read")
        self._writers: _SQLiteWriter | _PostgresWriters
        self._writer_count = writers
        self._lock: _WriterLock | None = None
        self._keyed: sqlite3.Connection

    def start(self) -> None:
        """Bring the database to today's shape, and open the door.

        Refused (schema-newer) by an older program, and (owner-only) if something is missing that the role of this
        address may not make; Unavailable if the database is away.
        """
        if self.dialect == "sqlite":
            self._lock = _WriterLock(sqlite_path(self.url).with_suffix(".lock"))
            self._lock.take()
        try:
            prepare(self.engine)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the place is given back
            if self._lock is not None:
                self._lock.release()
            self.engine.dispose()
            raise _translated(error)  # noqa: B904 - it has its cause already
        if self.dialect == "sqlite":
            self._keyed = _keyed_reader(self.url)
            self._writers = _SQLiteWriter(self)
        else:
            self._writers = _PostgresWriters(self, self._writer_count)

    def close(self) -> None:
        """Finish what was accepted, then let go of the database."""
        self._writers.close()
        self._readers.shutdown(wait=True)
        if self.dialect == "sqlite":
            self._keyed.close()
        self.engine.dispose()
        if self._lock is not None:
            self._lock.release()

    def grant(self, role: str) -> None:
        """Let a service connect to this database under that role, which cannot change the record: `guards.grant`."""
        with self.engine.begin() as connection:
            guards.grant(connection, role)

    def submit(self, action: Action[T], /, **arguments: Any) -> Future[T]:
        """Queue an action; the future has its result once it is on disk, or the error."""
        future: Future[T] = Future()
        self._writers.put(_Job(action, arguments, future))
        return future

    def rehearse(self, action: Action[T], /, **arguments: Any) -> Future[T]:
        """Queue an action that is taken back; the future has what it would have answered, or the error."""
        future: Future[T] = Future()
        self._writers.put(_Job(action, arguments, future, rehearsal=True))
        return future

    def act(self, action: Action[T], /, **arguments: Any) -> T:
        """Run an action and wait until it is on disk."""
        return self.submit(action, **arguments).result()

    def ask(self, query: Action[T], /, **arguments: Any) -> Future[T]:
        """Run a query on a reader; the future has its answer."""
        return self._readers.submit(self._read, query, arguments)

    def read(self, query: Action[T], /, **arguments: Any) -> T:
        """Run a query on this thread and wait for its answer."""
        return self._read(query, arguments)

    def row(self, statement: Statement, /, **parameters: Any) -> Any:
        """The one row that the statement finds by its key, or None, as of now; on SQLite only.

        Read on this thread, and never waited for: handing so little to a reader costs many times what it takes.
        Unavailable if the file cannot be read at this very moment; a reader may still be asked, and waits.
        """
        try:
            found = statement.execute(self._keyed, "sqlite", parameters).fetchall()
        except sqlite3.Error as error:
            raise Unavailable(reason("database-unavailable", detail=str(error))) from error
        return found[0] if found else None

    @contextmanager
    def reading(self) -> Iterator[CoreConnection]:
        """A connection with one consistent view, for a query; it cannot write."""
        with self.engine.connect() as connection:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only=ON")
                connection.exec_driver_sql("BEGIN")
            else:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield connection
            finally:
                connection.rollback()
                if self.dialect == "sqlite":
                    connection.exec_driver_sql("PRAGMA query_only=OFF")

    def _read(self, query: Action[T], arguments: dict[str, Any]) -> T:
        try:
            with self.reading() as connection:
                return query(connection, **arguments)
        except Exception as error:
            translated = _translated(error)
            if translated is error:
                raise
            raise translated from error

    def committed(self) -> None:
        """Tell whoever waits for new work that some was committed."""
        for call in self.after_commit:
            try:
                call()
            except Exception:  # noqa: BLE001 - what is on disk is on disk, and the writer must go on
                _LOG.exception("somebody could not be told of a commit")


@contextmanager
def started(url: str) -> Iterator[Store]:
    """The store of that database, open to actions until the block ends."""
    store = Store(url)
    store.start()
    try:
        yield store
    finally:
        store.close()


@contextmanager
def read_only(url: str) -> Iterator[Store]:
    """The store of that database for questions only, beside whoever writes to it."""
    store = Store(url)
    try:
        yield store
    finally:
        store.engine.dispose()


class _Job:
    __slots__ = ("action", "arguments", "error", "future", "rehearsal", "result")

    def __init__(
        self, action: Action[Any], arguments: dict[str, Any], future: Future[Any], *, rehearsal: bool = False
    ) -> None:
        self.action = action
        self.arguments = arguments
        self.future = future
        self.rehearsal = rehearsal
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return  # the caller has gone; what was done stays done
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)

    def fail(self, error: BaseException) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)


class _SQLiteWriter:
    """The one thread that writes: one transaction and one commit for all that waited.

    An action decides before it writes, so one that is refused has nothing to undo. Only if one fails half-way
    is the batch undone and run again, each action in a savepoint: those cost a copy of every page touched.
    A rehearsal, which is always undone, runs by itself after them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()  # nobody may come to wait behind _STOP
        self._connection = sqlite3.connect(
            sqlite_path(store.url), isolation_level=None, check_same_thread=False, cached_statements=512
        )
        _configure_sqlite(self._connection)
        self._thread = threading.Thread(target=self._run, name="shenpi-writer", daemon=True)
        self._thread.start()

    def put(self, job: _Job) -> None:
        with self._closing:
            if self._closed:
                raise Unavailable(reason("store-closed"))
            self._waiting.put(job)

    def close(self) -> None:
        with self._closing:
            self._closed = True
            self._waiting.put(_STOP)
        self._thread.join()
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA optimize")
        self._connection.close()

    def _run(self) -> None:
        while (job := self._waiting.get()) is not _STOP:
            batch = [job]
            while len(batch) < GROUP and not self._waiting.empty():
                if (more := self._waiting.get()) is _STOP:
                    self._waiting.put(_STOP)
                    break
                batch.append(more)
            if together := [each for each in batch if not each.rehearsal]:
                self._commit(together)
            for each in batch:
                if each.rehearsal:
                    self._rehearse(each)

    def _commit(self, batch: list[_Job]) -> None:
        connection = self._connection
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")  # what a broken disk did not even let us undo
            if not self._run_together(batch, guarded=False):
                self._run_together(batch, guarded=True)
        except BaseException as error:  # noqa: BLE001 - every caller of the batch must hear of it
            self._store.caches.snapshots.forget()
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            for job in batch:
                job.fail(_translated(error))
            return
        for job in batch:
            job.settle()
        self._store.committed()

    def _rehearse(self, job: _Job) -> None:
        connection = self._connection
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
            self._attempt(job)
            connection.execute("ROLLBACK")
        except BaseException as error:  # noqa: BLE001 - its caller must hear of it
            job.error = _translated(error)
        job.settle()

    def _run_together(self, batch: list[_Job], *, guarded: bool) -> bool:
        """Run and commit all of them. False, and nothing has happened, if one failed half-way unguarded."""
        connection = self._connection
        reach("write.begin")
        connection.execute("BEGIN IMMEDIATE")
        for job in batch:
            if guarded:
                connection.execute("SAVEPOINT action")
            changes = connection.total_changes
            self._attempt(job)
            if guarded and job.error is not None:
                connection.execute("ROLLBACK TO action")
            if guarded:
                connection.execute("RELEASE action")
            elif job.error is not None and connection.total_changes != changes:
                connection.execute("ROLLBACK")
                self._store.caches.snapshots.forget()
                return False
        reach("write.commit")
        connection.execute("COMMIT")
        reach("write.committed")
        return True

    def _attempt(self, job: _Job) -> None:
        transaction = Transaction(self._connection, "sqlite", self._store.caches, rehearsal=job.rehearsal)
        job.error = None
        try:
            job.result = job.action(transaction, **job.arguments)
            transaction.flush()
        except Exception as error:
            if not self._connection.in_transaction:
                raise  # SQLite itself ended the transaction (a full disk does): nothing of the batch happened
            job.error = _translated(error)


class _PostgresWriters:
    """A small pool: each action in a transaction of its own, repeated when the database asks for it."""

    TRIES = 8

    def __init__(self, store: Store, size: int) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="shenpi-write")

    def put(self, job: _Job) -> None:
        try:
            self._pool.submit(self._run, job)
        except RuntimeError as error:
            raise Unavailable(reason("store-closed")) from error

    def close(self) -> None:
        self._pool.shutdown(wait=True)

    def _run(self, job: _Job) -> None:
        for attempt in range(1, self.TRIES + 1):
            try:
                self._attempt(job)
            except BaseException as error:  # noqa: BLE001 - the caller must hear of it
                if attempt < self.TRIES and _is_passing(error):
                    continue
                job.fail(_translated(error))
                return
            job.settle()
            if not job.rehearsal:
                self._store.committed()
            return

    def _attempt(self, job: _Job) -> None:
        reach("write.begin")
        with self._store.engine.connect() as pooled:
            connection: Connection = pooled.connection.driver_connection  # type: ignore[assignment]
            transaction = Transaction(connection, "postgresql", self._store.caches, rehearsal=job.rehearsal)
            committed = False
            try:
                job.result = job.action(transaction, **job.arguments)
                transaction.flush()
                if not job.rehearsal:
                    reach("write.commit")
                    _commit(connection)
                    committed = True
                    reach("write.committed")
            finally:
                if not committed:
                    with suppress(Exception):
                        connection.execute("ROLLBACK")


def _commit(connection: Connection) -> None:
    try:
        connection.execute("COMMIT")
    except Exception as error:
        if _is_outage(error) and getattr(error, "sqlstate", None) not in PASSING:
            raise Unavailable(reason("commit-unanswered")) from error
        raise


PASSING = {"40001", "40P01", "23505"}
"""SQLSTATEs after which the same action may simply run again: serialization, deadlock, lost insert race."""


def _is_passing(error: BaseException) -> bool:
    lost = isinstance(error, Conflict) and error.code == "lost-race"
    return lost or getattr(_origin(error), "sqlstate", None) in PASSING


TWICE = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
}
"""How SQLite says that somebody else has written the same key."""


def _translated(error: BaseException) -> BaseException:
    """The same on both databases: a lost race and the database's own trouble in words, all else as it is."""
    told = _told(_origin(error))
    if told is None:
        return error
    told.__cause__ = error
    return told


def _told(origin: BaseException) -> WorkflowError | None:
    state = getattr(origin, "sqlstate", None)
    if state == "23505" or getattr(origin, "sqlite_errorcode", None) in TWICE:
        return Conflict(reason("lost-race"))
    if state == "42501":
        return Refused(reason("owner-only"))
    if not _is_outage(origin):
        return None
    full = isinstance(origin, sqlite3.Error) and "full" in str(origin)
    detail = str(origin).partition("\n")[0]
    return Unavailable(reason("disk-full" if full else "database-unavailable", detail=detail))


def _origin(error: BaseException) -> BaseException:
    """What the driver said, which SQLAlchemy wraps."""
    return getattr(error, "orig", None) or error


def _is_outage(origin: BaseException) -> bool:
    """Whether the database is away, locked, full or broken, and no statement of ours is to blame."""
    if isinstance(origin, sqlite3.Error):
        ours = getattr(origin, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
        return type(origin) in {sqlite3.OperationalError, sqlite3.DatabaseError} and not ours
    return any(
        each.__name__ == "OperationalError" and each.__module__.startswith("psycopg")
        for each in type(origin).__mro__
    )


def prepare(engine: Engine) -> None:
    """Bring the database to today's shape and set the guards that make the record append-only.

    An older SQLite file is copied first, beside itself. Refused (schema-newer) for one of a newer program.
    """
    with engine.begin() as connection:
        # One at a time: many processes may start at once on PostgreSQL, and SQLite begins no transaction by itself.
        connection.exec_driver_sql(
            "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "SELECT pg_advisory_xact_lock(74656)"
        )
        bring_up(connection, before=lambda found: _copy_older(engine, found))
        connection.exec_driver_sql(
            "INSERT INTO administration (id, seq, head) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING"
        )
        guards.set_guards(connection)
        reach("migration.done")


def _copy_older(engine: Engine, found: int) -> None:
    """Keep an SQLite file as it was before its shape changes; PostgreSQL takes its change back whole by itself."""
    if engine.dialect.name != "sqlite":
        return
    path = Path(engine.url.database or "")
    copy = path.with_name(f"{path.stem}.schema-{found}.db")
    unfinished = copy.with_suffix(".unfinished")
    with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(unfinished)) as new:
        old.backup(new)
    unfinished.chmod(0o600)
    sync(unfinished)
    unfinished.replace(copy)
    sync(copy.parent)
    reach("migration.begun")


@contextmanager
def writers_place(url: str) -> Iterator[None]:
    """Hold the one writer's place on that SQLite file; Unavailable (second-writer) if a service runs on it."""
    lock = _WriterLock(sqlite_path(url).with_suffix(".lock"))
    lock.take()
    try:
        yield
    finally:
        lock.release()


def put_in_place(url: str, new: str, aside: Path) -> None:
    """Let one closed SQLite database take another's place, at once; the old one lies at `aside` from then on.

    The caller holds the writer's place on both. Unavailable if somebody else has the old one open.
    """
    old = sqlite_path(url)
    if old.is_file():
        with closing(sqlite3.connect(old, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if any(old.with_name(f"{old.name}{tail}").exists() for tail in ("-wal", "-journal")):
            raise Unavailable(reason("database-unavailable", detail="文件还有别的程序在用"))
        shutil.copy2(old, aside)
        sync(aside)
        reach("restore.copied")
    sqlite_path(new).replace(old)
    sync(old.parent)


def sqlite_path(url: str) -> Path:
    """The file of that SQLite URL."""
    return Path(url.removeprefix("sqlite:///"))


def _configure_sqlite(connection: sqlite3.Connection) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # else INSERT OR REPLACE would pass by the guards of the record
        "busy_timeout=5000",
        "cache_size=-65536",
        "temp_store=MEMORY",  # a savepoint keeps the pages it may have to put back: not in a file
        "wal_autocheckpoint=4000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _engine(url: str, **options: Any) -> Engine:
    if not url.startswith("sqlite"):
        address = url.replace("postgresql://", "postgresql+psycopg://", 1)
        return create_engine(address, pool_pre_ping=True, pool_size=8, **options)
    connecting = {"check_same_thread": False, "cached_statements": 256}
    engine = create_engine(url, connect_args=connecting, **options)

    @engine_events.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=5000")
        connection.execute("PRAGMA cache_size=-32768")
        connection.execute("PRAGMA recursive_triggers=ON")

    return engine


def _keyed_reader(url: str) -> sqlite3.Connection:
    """A connection for single rows, which would rather give up than wait; each statement sees all that was committed."""
    connection = sqlite3.connect(sqlite_path(url), isolation_level=None, check_same_thread=False, timeout=0)
    connection.execute("PRAGMA query_only=ON")
    return connection


class _WriterLock:
    """The writer's place on one SQLite file, held by an operating-system lock on a file beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None

    def take(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a+b")
        try:
            _lock(self._file)
        except OSError as error:
            self._file.close()
            raise Unavailable(reason("second-writer", path=self._path.parent)) from error

    def release(self) -> None:
        self._file.close()


if os.name == "nt":
    import msvcrt

    def _lock(file: Any) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]

else:
    import fcntl

    def _lock(file: Any) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
