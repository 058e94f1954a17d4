"""Where the bytes of live lines come from: pipes, and files that grow."""

from __future__ import annotations

import os
import select
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from deckwatch.errors import DeckwatchError

READ_BYTES = 4 << 20
"""At most so much is read at once."""

HELD_BYTES = 16 << 20
"""At most about so much of a pipe is held in memory."""

_PIECE_BYTES = 1 << 16  # a pipe's


class Tap(Protocol):
    """Bytes as they come.

    `ended`: no more will ever come. `complete`: what was read so far is all of one file; if not `ended`, what is read
    next belongs to another.
    """

    ended: bool
    complete: bool

    @property
    def incidents(self) -> Mapping[str, int]:
        """What has happened that may have cost bytes, counted."""
        ...

    def read(self, timeout: float) -> bytes:
        """What has come, at once if there is anything, else after at most `timeout` seconds."""
        ...

    def close(self) -> None: ...


class PipeTap:
    """A pipe, socket or terminal; takes over its descriptor. It ends when nobody can write to it any more.

    A thread empties it all the time: a pipe holds some forty events, and a stream does not ask for them that often.
    When the thread is ahead by `HELD_BYTES`, whoever writes has to wait.
    """

    def __init__(self, descriptor: int) -> None:
        self.incidents: Mapping[str, int] = {}
        self.ended = self.complete = False
        self._descriptor = descriptor
        self._held = bytearray()
        self._drained = False  # the thread has seen the end
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._waker, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._work, name="deckwatch-pipe", daemon=True)
        self._thread.start()

    def read(self, timeout: float) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._held or self._drained, timeout)
            data = bytes(self._held[:READ_BYTES])
            del self._held[:READ_BYTES]
            self.ended = self.complete = self._drained and not self._held
            self._changed.notify()
        return data

    def close(self) -> None:
        if self._closed.is_set():
            return
        with self._changed:
            self._closed.set()
            self._changed.notify()
        os.write(self._wake, b"!")
        self._thread.join()
        for descriptor in (self._descriptor, self._waker, self._wake):
            os.close(descriptor)

    def _work(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._waker, select.POLLIN)
        while poll.poll() and not self._closed.is_set():
            try:
                piece = os.read(self._descriptor, _PIECE_BYTES)
            except BlockingIOError:
                continue
            except OSError:  # a terminal that was hung up
                piece = b""
            with self._changed:
                self._held += piece
                self._drained = not piece
                self._changed.notify()
                if self._drained:
                    return
                self._changed.wait_for(lambda: len(self._held) < HELD_BYTES or self._closed.is_set())


class FileTap:
    """A file that grows: first what is in it, then what is added.

    When another file takes its name (`rotated`), it is read to its end, then the other from its beginning. When it
    becomes shorter (`truncated`), it is read from its beginning; what was not read by then is lost.
    """

    def __init__(self, path: str, wait: Callable[[float], object]) -> None:
        self.incidents: Counter[str] = Counter()
        self.ended = self.complete = False
        self._path = path
        self._wait = wait
        self._descriptor = os.open(path, os.O_RDONLY)

    def read(self, timeout: float) -> bytes:
        self.complete = False
        data = self._read()
        if not data and not self.complete and timeout > 0:
            self._wait(timeout)
            data = self._read()
        return data

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _read(self) -> bytes:
        data = os.read(self._descriptor, READ_BYTES)
        if data:
            return data
        status = os.fstat(self._descriptor)
        if status.st_size < os.lseek(self._descriptor, 0, os.SEEK_CUR):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            self._begin("truncated")
        elif self._is_replaced(status):
            # Whoever wrote to the old file may have done so until a moment ago.
            data = os.read(self._descriptor, READ_BYTES)
            if not data:
                self._reopen()
        return data

    def _is_replaced(self, status: os.stat_result) -> bool:
        try:
            return not os.path.samestat(Path(self._path).stat(), status)
        except FileNotFoundError:  # on its way
            return False

    def _reopen(self) -> None:
        try:
            descriptor = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return
        except OSError as fault:
            raise DeckwatchError(f"{self._path}: cannot be followed any more: {fault.strerror}") from fault
        os.close(self._descriptor)
        self._descriptor = descriptor
        self._begin("rotated")

    def _begin(self, incident: str) -> None:
        self.incidents[incident] += 1
        self.complete = True
