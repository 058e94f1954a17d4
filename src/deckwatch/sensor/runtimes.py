"""Metadata of containers, read beside the stream of events: files and sockets of runtimes may be slow."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue

from deckwatch.sensor.docker import ask_daemon, read_docker
from deckwatch.sensor.facts import Facts
from deckwatch.sensor.oci import read_oci
from deckwatch.sensor.storage import read_storage

PATIENCE = (0.0, 0.005, 0.02, 0.05, 0.2, 2.0, 10.0)
"""When a container's metadata is looked for, in seconds after it was asked for. Runtimes write it before they start the
container's program; should they not, it is better known late than never."""

_ENOUGH = 3
"""After so many tries in vain others need not wait any longer."""

_DAEMONS = frozenset({"docker", "podman"})


def read_facts(root: Path, identity: str, runtime: str | None, places: Sequence[Path] = ()) -> Facts | None:
    """All that can be found out about a container now; None when no runtime knows it.

    `runtime` is the one its cgroup's path names. A daemon's socket is asked only for what its files do not tell.
    """
    found = (read_docker(root, identity), read_storage(root, identity), read_oci(root, identity, places))
    facts = _together(runtime, found)
    if runtime in _DAEMONS and (facts is None or facts.name is None):
        facts = _together(runtime, (facts, ask_daemon(root, identity, runtime)))
    return facts


def _together(runtime: str | None, found: Sequence[Facts | None]) -> Facts | None:
    known = [each for each in found if each is not None]
    facts = Facts(runtime=runtime)
    for each in known:
        facts = facts.completed(each)
    return facts if known else None


@dataclass(order=True, frozen=True, slots=True)
class _Task:
    due: float
    number: int
    asked: float = field(compare=False)
    identity: str = field(compare=False)
    runtime: str | None = field(compare=False)
    places: tuple[Path, ...] = field(compare=False)
    tries: int = field(compare=False, default=0)


class Runtimes:
    """Reads metadata in a thread of its own. `root` is the host's root directory."""

    def __init__(self, root: Path = Path("/"), patience: Sequence[float] = PATIENCE) -> None:
        self._root = root
        self._patience = patience
        self._asked: SimpleQueue[_Task | None] = SimpleQueue()
        self._found: SimpleQueue[tuple[str, Facts | None]] = SimpleQueue()
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def ask(self, identity: str, runtime: str | None, places: Sequence[Path] = ()) -> None:
        """Look for a container's metadata, also in these state directories; `found` tells the outcome."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="container metadata", daemon=True)
            self._thread.start()
        now = time.monotonic()
        self._asked.put(_Task(now + self._patience[0], next(self._numbers), now, identity, runtime, tuple(places)))

    def found(self, timeout: float = 0.0) -> Iterator[tuple[str, Facts | None]]:
        """What has been found since the last call, by container id; waits at most so many seconds for the first.

        None: nothing yet, and not soon. Facts may come later, or more of them.
        """
        try:
            yield self._found.get(timeout > 0, timeout or None)
            while True:
                yield self._found.get_nowait()
        except Empty:
            return

    def close(self) -> None:
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        waiting: list[_Task] = []
        while True:
            pause = max(0.0, waiting[0].due - time.monotonic()) if waiting else None
            try:
                task = self._asked.get(timeout=pause)
            except Empty:
                if again := self._tried(heapq.heappop(waiting)):
                    heapq.heappush(waiting, again)
                continue
            if task is None:
                return
            heapq.heappush(waiting, task)

    def _tried(self, task: _Task) -> _Task | None:
        """Look once; what is left to do."""
        facts = read_facts(self._root, task.identity, task.runtime, task.places)
        tries = task.tries + 1
        is_last = tries == len(self._patience)
        if facts is not None or tries == min(_ENOUGH, len(self._patience)):
            self._found.put((task.identity, facts))
        if is_last or (facts is not None and (facts.name is not None or task.runtime not in _DAEMONS)):
            return None
        return replace(task, due=task.asked + self._patience[tries], tries=tries)
