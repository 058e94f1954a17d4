"""Any input but the kernel as a source of a stream."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from typing import IO, cast

from deckwatch.engine.ports import Source
from deckwatch.events.bytestream import standard_input
from deckwatch.events.deadletter import DeadLetter
from deckwatch.events.paths import STANDARD_INPUT, InputError, expand
from deckwatch.events.reader import EventSource
from deckwatch.sources.lines import LineSource
from deckwatch.sources.replay import Replay
from deckwatch.sources.taps import FileTap, PipeTap, Tap

_STANDARD_INPUT_NAME = "standard input"


def open_source(
    events: EventSource,
    *,
    follow: bool = False,
    dead_letter: Callable[[DeadLetter], None] | None = None,
    stdin: IO[bytes] | None = None,
) -> Source:
    """A source of the events that a path (`-`: the standard input), a binary file, documents or a frame hold.

    Pipes, sockets and terminals are live; all else is a recording, read as `scan` reads it. With `follow`, one plain
    file of JSON lines is live too: read to its end, then whatever is added to it, also when it is rotated. A named pipe
    ends with its last writer; with `follow` it waits for the next.

    Raises:
        InputError: a path does not exist or may not be read, or what should be followed is no single file.
    """
    path = _only_path(events)
    if follow and (path is None or path == STANDARD_INPUT):
        raise InputError("only a file can be followed, and only one; the standard input lasts as long as its writer")
    if path is None or path == STANDARD_INPUT:
        file = events if path is None else stdin or standard_input()
        descriptor = _descriptor(file)
        name = _STANDARD_INPUT_NAME if path else _name(events)
        if descriptor is not None and _is_live(os.fstat(descriptor).st_mode):
            return LineSource(name, PipeTap(os.dup(descriptor)), dead_letter)
        return Replay(name, events, dead_letter, stdin=stdin)
    (tap, name) = _tap(path, follow=follow), path
    return Replay(name, events, dead_letter) if tap is None else LineSource(name, tap, dead_letter)


def _tap(path: str, *, follow: bool) -> Tap | None:
    """Where the lines of a live path come from; None if it is a recording.

    Raises:
        InputError: it does not exist or may not be read, or is no single file and should be followed.
    """
    files = expand([path])
    mode = os.stat(files[0]).st_mode  # noqa: PTH116
    try:
        if len(files) == 1 and _is_live(mode):
            writers = os.O_RDWR if follow and stat.S_ISFIFO(mode) else os.O_RDONLY  # having one itself, it never ends
            return PipeTap(os.open(files[0], writers | os.O_NONBLOCK))
        if not follow:
            return None
        if files != [path]:
            raise InputError(f"{path}: only one file can be followed; name it")
        return FileTap(path, time.sleep)
    except OSError as fault:
        raise InputError(f"{path}: cannot be read: {fault.strerror}") from fault


def _only_path(events: EventSource) -> str | None:
    match events:
        case str() | os.PathLike():
            return os.fspath(events)
        case [str() | os.PathLike() as only]:
            return os.fspath(only)
        case _:
            return None


def _descriptor(file: object) -> int | None:
    """The descriptor of an open file that has one."""
    try:
        return cast("IO[bytes]", file).fileno()
    except (AttributeError, OSError):
        return None


def _is_live(mode: int) -> bool:
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)


def _name(events: object) -> str:
    name = getattr(events, "name", None)
    return name if isinstance(name, str) else "events"
