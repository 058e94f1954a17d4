"""The thread that follows the kernel: it must not wait for anybody, or what it needs to look at is gone."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from deckwatch.sensor.actions import LOSS
from deckwatch.sensor.containers import Container, Containers
from deckwatch.sensor.event import Event, Loss
from deckwatch.sensor.outside import look_up
from deckwatch.sensor.processes import Process, Processes
from deckwatch.sensor.records import AnyRecord, Lost, ProcessRecord, What
from deckwatch.sensor.runtimes import Runtimes
from deckwatch.sensor.translate import Translator

HOLD_SECONDS = 0.1
"""How long events wait at most for the metadata of their container."""

_MOST_HELD = 10_000
_MOST_READY = 100_000
"""So many events wait to be taken; then the kernel has to keep its records, and counts those it has no room for."""

_POLL_SECONDS = 0.02
_GLANCE_SECONDS = 0.01
_CARE_SECONDS = 0.25
_REPAIR_SECONDS = 1.0
_OF_PROCESSES = frozenset({What.FORK, What.EXEC, What.EXIT, What.SETSID, None})
_OF_CGROUPS = frozenset({What.CGROUP_MADE, What.CGROUP_REMOVED, None})


class Records(Protocol):
    """Where kernel records come from; see `kernel.Kernel`."""

    def poll(self, timeout: float) -> list[AnyRecord]: ...

    def tasks(self) -> list[ProcessRecord]: ...

    def track(self, cgroup: int) -> None: ...

    def untrack(self, cgroup: int) -> None: ...

    def losses(self) -> list[Lost]: ...

    def lost_by_cgroup(self) -> dict[int, int]: ...

    def missed(self) -> int: ...

    def close(self) -> None: ...


class Reading:
    """Makes events of the kernel's records from `start` on, until `close`, and has them ready for `take`."""

    def __init__(self, kernel: Records, containers: Containers, runtimes: Runtimes) -> None:
        self.lost: Counter[str] = Counter()
        """Records the kernel could not hand over, by reason."""
        self.lost_by_container: Counter[str] = Counter()
        """The same by the container's id, as far as it is known."""
        self.missed = 0
        """See `Kernel.missed`."""
        self.taken_until = 0
        """No event is to come that is earlier, but for the little that the kernel's order differs; since boot."""
        self._kernel = kernel
        self._containers = containers
        self._runtimes = runtimes
        self._processes = Processes(look_up)
        self.translator = Translator(
            containers, self._processes, emit=self._emit, started=self._started, watch=self._watch
        )
        self._made: list[Event] = []
        self._ready: list[Event] = []
        self._ready_until = 0
        self._held: deque[tuple[Container | None, Event]] = deque()
        self._changed = threading.Condition()
        self._fault: Exception | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="kernel records", daemon=True)
        self._cared = self._repaired = 0.0
        self._lost_by_cgroup: Counter[int] = Counter()

    def start(self) -> None:
        """Learn what there is already, then follow."""
        for cgroup, _ in self._containers.walk():
            self._kernel.track(cgroup)
        self._look_around()
        self._thread.start()

    def take(self, timeout: float, most: int) -> list[Event]:
        """Events that have come since the last call, `most` of them at most; none when `timeout` seconds brought none.

        Raises:
            Exception: whatever has stopped the thread.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._fault or self._closing, timeout)
            if self._fault is not None and not self._ready:
                raise self._fault
            events, self._ready = self._ready[:most], self._ready[most:]
            self.taken_until = self._ready[0].time if self._ready else self._ready_until
            self._changed.notify_all()
            return events

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._runtimes.close()
        self._containers.close()
        self._kernel.close()

    def _run(self) -> None:
        try:
            while not self._closing:
                before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
                records = self._kernel.poll(_GLANCE_SECONDS if self._held else _POLL_SECONDS)
                with self._changed:
                    self._changed.wait_for(lambda: len(self._ready) < _MOST_READY or self._closing)
                self._advance(records, records[-1].time if records else before)
        except Exception as fault:  # noqa: BLE001  # it is raised where events are taken
            with self._changed:
                self._fault = fault
                self._changed.notify_all()

    def _advance(self, records: Sequence[AnyRecord], until: int) -> None:
        """Take in the records of all that has happened until then, in nanoseconds since boot."""
        self.translator.take(records, time.time_ns())
        self._release()
        self._care(until)
        with self._changed:
            self._ready_until = self._held[0][1].time if self._held else until
            if self._made:
                self._ready += self._made
                self._changed.notify_all()
        self._made.clear()

    def _emit(self, container: Container | None, event: Event) -> None:
        """Hand an event over, or hold it: all behind one that waits for metadata wait too, so that order is kept."""
        if self._held or (container is not None and container.deadline is not None):
            self._held.append((container, event))
        else:
            self._made.append(event)

    def _started(self, container: Container, process: Process) -> None:
        """A container runs: its metadata is there now, if any."""
        path = container.view.path
        self._runtimes.ask(path.id, path.runtime, _state_directories(process.parent))
        container.deadline = time.monotonic() + HOLD_SECONDS

    def _watch(self, cgroup: int, wanted: bool) -> None:  # noqa: FBT001
        (self._kernel.track if wanted else self._kernel.untrack)(cgroup)

    def _release(self) -> None:
        """Take in what has been found out about containers, and let go of events that need not wait any more."""
        for identity, facts in self._runtimes.found(_GLANCE_SECONDS if self._held else 0.0):
            container = self._containers.by_id(identity)
            if container is not None:
                container.deadline = None
                if facts is not None:
                    container.learn(facts)
        now = time.monotonic()
        while self._held:
            container, event = self._held[0]
            if container is not None:
                if container.deadline is not None and now < container.deadline and len(self._held) <= _MOST_HELD:
                    break
                container.deadline = None
                event.container = container.view
            self._made.append(event)
            self._held.popleft()

    def _care(self, until: int) -> None:
        """From time to time: count losses, mend what they broke, forget what is long gone.

        Losses are told as of the records that have been read: a later time would make those to come late.
        """
        now = time.monotonic()
        if now - self._cared < _CARE_SECONDS:
            return
        self._cared = now
        boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        lost = self._kernel.losses()
        loser = self._loser() if lost else None
        for each in lost:
            self.lost[each.reason] += each.count
            self._tell(each, loser, until)
        self.missed = self._kernel.missed()
        kinds = {each.what for each in lost}
        if kinds & _OF_CGROUPS:
            self._containers.audit(boot)
        if kinds & _OF_PROCESSES and now - self._repaired >= _REPAIR_SECONDS:
            self._look_around()
        self._processes.expire(boot)
        self._containers.expire(boot)

    def _loser(self) -> Container | None:
        """The container that most of what was lost since the last time is of, if there is one."""
        by_cgroup = Counter(self._kernel.lost_by_cgroup())
        new, self._lost_by_cgroup = by_cgroup - self._lost_by_cgroup, by_cgroup
        counts: Counter[Container] = Counter()
        for cgroup, count in new.items():
            if container := self._containers.known(cgroup):
                counts[container] += count
                self.lost_by_container[container.id] += count
        return next((container for container, count in counts.items() if count * 2 > new.total()), None)

    def _tell(self, lost: Lost, loser: Container | None, moment: int) -> None:
        what = lost.what.name.lower() if lost.what is not None else None
        detail = Loss(what, lost.cpu, lost.reason, lost.count)
        view = loser.view if loser is not None else None
        self._emit(loser, Event(LOSS, self.translator.number(), moment, time.time_ns(), view, detail=detail))

    def _look_around(self) -> None:
        self._repaired = time.monotonic()
        now = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self.translator.snapshot(self._kernel.tasks(), now)


def _state_directories(runtime: Process | None) -> tuple[Path, ...]:
    """Where the runtime that started a container was told to keep its state: the option `--root` of runc and crun."""
    program = runtime.state.program if runtime is not None else None
    args = program.args if program is not None else ()
    told = (arg.removeprefix("--root=") for arg in args if arg.startswith("--root="))
    follows = (value for option, value in pairwise(args) if option == "--root")
    return tuple(Path(value) for value in (*told, *follows) if value.startswith("/"))
