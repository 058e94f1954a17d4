"""Working ahead: the next item is made in another thread while the current one is used."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_PATIENCE_SECONDS = 0.1
_FAREWELL_SECONDS = 2.0


class _End:
    """The mark of the last item; `error` is what ended the iteration early, if anything did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Ahead(Generic[T]):
    """The items of an iterator, at most `depth` of them made before they are asked for.

    The iterator runs in a thread of its own and is closed there; what it raises is raised here. `close` lets the
    thread end after the item it is working on. A thread that waits for input for ever does not hold up the process.
    """

    def __init__(self, items: Generator[T, None, None], depth: int = 1) -> None:
        self._items = items
        self._queue: queue.Queue[T | _End] = queue.Queue(depth)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="deckwatch-ahead", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while not self._closed.is_set():
            item = self._next()
            if isinstance(item, _End):
                self._closed.set()
                if item.error is not None:
                    raise item.error
                return
            yield item

    def _next(self) -> T | _End:
        while True:  # Polars lets Ctrl-C interrupt no wait, only what comes after it
            with contextlib.suppress(queue.Empty):
                return self._queue.get(timeout=_PATIENCE_SECONDS)

    def close(self) -> None:
        self._closed.set()
        self._offer(_End())
        self._thread.join(_FAREWELL_SECONDS)

    def _work(self) -> None:
        try:
            with contextlib.closing(self._items) as items:
                for item in items:
                    self._put(item)
                    if self._closed.is_set():
                        return
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that iterates
            self._put(_End(error))
        else:
            self._put(_End())

    def _put(self, item: T | _End) -> None:
        while not self._closed.is_set() and not self._offer(item):
            pass

    def _offer(self, item: T | _End) -> bool:
        try:
            self._queue.put(item, timeout=_PATIENCE_SECONDS)
        except queue.Full:
            return False
        return True
