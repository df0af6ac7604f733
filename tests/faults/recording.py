"""Runs the story while every write, sync, truncation and deletion of SQLite is written down, in a process of its own.

A layer over SQLite's own file system (VFS), laid in from Python: the product's SQL and settings are the real ones.
`python -m tests.faults.recording FOLDER LOG [synchronous]`
"""

from __future__ import annotations

import _sqlite3
import ctypes
import pickle
import sys
from ctypes import CFUNCTYPE, POINTER, Structure, addressof, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any

from workflow import store

Entry = tuple[Any, ...]
LOG: list[Entry] = []

OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
DELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
SYNC = CFUNCTYPE(c_int, c_void_p, c_int)


class Vfs(Structure):
    """sqlite3_vfs, as far as it is looked at; what follows is copied as it is."""

    _fields_ = (
        ("version", c_int), ("file_size", c_int), ("longest", c_int), ("next", c_void_p), ("name", c_char_p),
        ("data", c_void_p), ("open", c_void_p), ("delete", c_void_p), ("rest", c_void_p * 14),
    )  # fmt: skip


class Methods(Structure):
    """sqlite3_io_methods."""

    _fields_ = (
        ("version", c_int), ("close", c_void_p), ("read", c_void_p), ("write", c_void_p), ("truncate", c_void_p),
        ("sync", c_void_p), ("rest", c_void_p * 13),
    )  # fmt: skip


class File(Structure):
    """sqlite3_file: whoever implements it puts its own behind."""

    _fields_ = (("methods", POINTER(Methods)),)


class Recorder:
    """Lays itself over the usual file system; kept alive as long as the process."""

    def __init__(self) -> None:
        library = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = POINTER(Vfs)
        library.sqlite3_vfs_find.argtypes = (c_char_p,)
        library.sqlite3_vfs_register.argtypes = (POINTER(Vfs), c_int)
        self._real = library.sqlite3_vfs_find(None).contents
        self._names: dict[int, str] = {}
        self._methods: dict[int, Methods] = {}
        self._kept: list[Any] = []
        self._vfs = Vfs.from_buffer_copy(self._real)
        self._vfs.name = b"recording"
        self._vfs.open = self._keep(OPEN(self._open))
        self._vfs.delete = self._keep(DELETE(self._delete))
        assert library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1) == 0

    def _keep(self, function: Any) -> c_void_p:
        self._kept.append(function)
        return ctypes.cast(function, c_void_p)

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        code = int(OPEN(self._real.open)(vfs, name, file, flags, out))
        opened = File.from_address(file)
        if code == 0 and name and opened.methods:
            self._names[file] = Path(ctypes.string_at(name).decode()).name  # SQLite keeps this very pointer
            opened.methods = ctypes.pointer(self._recording(opened.methods.contents))
        return code

    def _recording(self, real: Methods) -> Methods:
        found = self._methods.get(addressof(real))
        if found is None:
            found = self._methods[addressof(real)] = Methods.from_buffer_copy(real)
            write, truncate, sync = WRITE(real.write), TRUNCATE(real.truncate), SYNC(real.sync)

            def on_write(file: int, data: int, amount: int, offset: int) -> int:
                LOG.append(("write", self._names[file], offset, ctypes.string_at(data, amount)))
                return int(write(file, data, amount, offset))

            def on_truncate(file: int, size: int) -> int:
                LOG.append(("truncate", self._names[file], size))
                return int(truncate(file, size))

            def on_sync(file: int, flags: int) -> int:
                LOG.append(("sync", self._names[file]))
                return int(sync(file, flags))

            found.write = self._keep(WRITE(on_write))
            found.truncate = self._keep(TRUNCATE(on_truncate))
            found.sync = self._keep(SYNC(on_sync))
        return found

    def _delete(self, vfs: int, name: bytes, sync_directory: int) -> int:
        LOG.append(("delete", Path(name.decode()).name, bool(sync_directory)))
        return int(DELETE(self._real.delete)(vfs, name, sync_directory))


def main(folder: Path, log: Path, synchronous: str = "") -> None:
    """Live, and write down what was done to the files and what was acknowledged in between.

    The store syncs as the product has it, unless `synchronous` says otherwise.
    """
    from tests.faults.story import STEPS, Life, _register

    configure = store._configure_sqlite

    def configured(connection: Any) -> None:
        configure(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}")

    if synchronous:
        store._configure_sqlite = configured
    recorder = Recorder()
    for part in range(3):  # closing in between brings the log into the file, and removes it
        life = Life.begin(folder, 0)
        more = [_register(f"R{part}-{number}") for number in range(12)]
        for name, act in (*(step for step in STEPS if step[0] != "deliver"), *more):
            LOG.append(("acknowledged", name, act(life)))
        life.store.close()
    del recorder
    log.write_bytes(pickle.dumps(LOG))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
