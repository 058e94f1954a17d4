"""The store's state: a copy of all its files and of its history in SQLite, from which what is lost is restored."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from deckwatch.errors import DeckwatchError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (line TEXT PRIMARY KEY) WITHOUT ROWID;
"""

DAMAGED = ".damaged"


class State:
    """An open state."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        if self._connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("damaged")
        self._connection.executescript(_SCHEMA)

    def files(self) -> dict[str, bytes]:
        """The content of each file when deckwatch last wrote or saw it, by path in the store."""
        return _files(self._connection)

    def lines(self) -> list[str]:
        """The lines of the history, in no order."""
        return _lines(self._connection)

    def note(self, files: Mapping[str, bytes | None], lines: Iterable[str]) -> None:
        """Remember files, forget those that are None, and add lines to the history; all of it or nothing."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?)",
                [(path, content) for path, content in files.items() if content is not None],
            )
            self._connection.executemany(
                "DELETE FROM files WHERE path = ?", [(path,) for path, content in files.items() if content is None]
            )
            self._connection.executemany("INSERT OR IGNORE INTO history VALUES (?)", [(line,) for line in lines])

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def opened(path: Path) -> Iterator[State]:
    """The state in this file. One that cannot be read is put aside, and a new one begun."""
    try:
        state = State(path)
    except sqlite3.OperationalError as error:
        raise DeckwatchError(f"{path}: {error}; is it your file, and is there room on the disk?") from error
    except sqlite3.DatabaseError:
        path.replace(path.with_name(path.name + DAMAGED))
        for left in path.parent.glob(path.name + "-*"):
            left.unlink()
        state = State(path)
    with contextlib.closing(state):
        yield state


def peeked(path: Path) -> tuple[dict[str, bytes], list[str]]:
    """The files and the history's lines that a state knows, without changing it; nothing if it cannot be read."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return _files(connection), _lines(connection)
    except sqlite3.Error:
        return {}, []


def _files(connection: sqlite3.Connection) -> dict[str, bytes]:
    return {path: bytes(content) for path, content in connection.execute("SELECT path, content FROM files")}


def _lines(connection: sqlite3.Connection) -> list[str]:
    return [line for (line,) in connection.execute("SELECT line FROM history")]
