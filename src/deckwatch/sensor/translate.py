"""Kernel records to events: who it was, in which container, to which file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from deckwatch.sensor.actions import IO_URING, Action, action_of
from deckwatch.sensor.containers import Container, Containers
from deckwatch.sensor.event import Event, Moment
from deckwatch.sensor.naming import DIRECTORY_RENAMED, Namer, Names
from deckwatch.sensor.processes import Process, Processes
from deckwatch.sensor.records import AnyRecord, CgroupRecord, FileRecord, Flag, ProcessRecord, What

SETUP = "runtime setup"
"""Why records are left out: a runtime at work inside of the container, before the program that it is for."""

OUTSIDE = "not in a container"

BOOKKEEPING = "bookkeeping"
"""They only change what is known: sessions, directories and symbolic links, cgroups."""

_HOST_MOUNTS = int(Flag.HOST_MOUNTS)
_TRACKED = int(Flag.TRACKED_BY_NAME)
_WRITES = 0o3
_BY_OPEN = 0
_EXCHANGE = 2


class Translator:
    """Makes events of records, in their order, with the tables of processes and containers.

    `emit` gets each event with its container. `started` is told of every container whose own program runs for the
    first time, and of the process that runs it. `watch` is told which cgroups the kernel should watch, and which not.
    """

    def __init__(
        self,
        containers: Containers,
        processes: Processes,
        *,
        emit: Callable[[Container, Event], None],
        started: Callable[[Container, Process], None],
        watch: Callable[[int, bool], None],
    ) -> None:
        self.left_out: Counter[str] = Counter()
        """Records that are no events, by reason; all others are at least one."""
        self.rings = 0
        """How many io_urings containers have made."""
        self._sequence = 0
        self._read = 0
        self._containers = containers
        self._processes = processes
        self._emit = emit
        self._started = started
        self._watch = watch
        self._namer = Namer()
        self._handlers: Mapping[int, Callable[..., None]] = {
            What.FORK: self._fork,
            What.EXEC: self._exec,
            What.EXIT: self._exit,
            What.SETSID: self._setsid,
            What.CGROUP_MADE: self._cgroup_made,
            What.CGROUP_REMOVED: self._cgroup_removed,
        }

    def take(self, records: Iterable[AnyRecord], read: int) -> None:
        """Make events of records that were read at a time, in nanoseconds since 1970."""
        self._read = read
        handlers, file = self._handlers, self._file
        for record in records:
            if type(record) is FileRecord:
                file(record)
            else:
                handlers[record.what](record)

    def number(self) -> int:
        """The next event's."""
        self._sequence += 1
        return self._sequence

    def snapshot(self, tasks: Iterable[ProcessRecord], now: int) -> None:
        """Take in all processes there are at `now` (since boot): learn the new ones, end those that are missing."""
        inside: list[ProcessRecord] = []
        for task in sorted(tasks, key=lambda task: task.start):
            container = self._containers.of(task.cgroup, task.pid)
            if container is None:
                continue
            inside.append(task)
            known = self._processes.find(task.pid, task.start)
            if known is None or known.parent is None:
                self._begin(container, self._processes.learn(task, container))
        self._processes.retain(inside, now)

    def _container(self, record: AnyRecord) -> Container | None:
        container = self._containers.of(record.cgroup, record.pid)
        if container is None:
            self.left_out[OUTSIDE] += 1
        return container

    def _fork(self, record: ProcessRecord) -> None:
        container = self._container(record)
        if container is not None:
            self._process_event(record, container, self._processes.fork(record, container), Moment())

    def _exec(self, record: ProcessRecord) -> None:
        container = self._container(record)
        if container is not None:
            process, previous = self._processes.exec(record, container)
            self._begin(container, process)
            self._process_event(record, container, process, Moment(previous=previous))

    def _exit(self, record: ProcessRecord) -> None:
        container = self._container(record)
        process = self._processes.exit(record, container) if container is not None else None
        if container is not None and process is not None:
            self._process_event(record, container, process, Moment(ended=record.time, status=record.exit_code))
            if process is container.init:
                container.end()

    def _setsid(self, record: ProcessRecord) -> None:
        self.left_out[BOOKKEEPING] += 1
        self._processes.setsid(record)

    def _process_event(self, record: ProcessRecord, container: Container, process: Process, moment: Moment) -> None:
        if process.setup:
            self.left_out[SETUP] += 1
            return
        moment.permitted, moment.effective = record.capabilities_permitted, record.capabilities_effective
        self._event(action_of(record.what, record.hook), record.time, container, process, _NO_NAMES, moment)

    def _begin(self, container: Container, process: Process) -> None:
        """A process is there that runs the container's own program, unless it is still being set up."""
        if container.init is None and not process.setup:
            container.begin(process)
            self._started(container, process)

    def _file(self, record: FileRecord) -> None:
        container = self._container(record)
        if container is None:
            return
        process = self._processes.find(record.pid, record.start)
        if process is None and container.init is not None and not record.flags & _HOST_MOUNTS:
            process = self._processes.meet(record.pid, record.start, container)
        if process is None or process.setup:
            self.left_out[SETUP] += 1
            return
        self._processes.become(process, record.euid, record.egid)
        what = record.what
        if what == What.IO_URING:
            self.rings += 1
            self._event(IO_URING, record.time, container, process, _NO_NAMES)
            return
        names = self._namer.names(record, process, container)
        if what == What.DIRECTORY and record.argument != DIRECTORY_RENAMED:
            self.left_out[BOOKKEEPING] += 1
            return
        self._event(action_of(what, record.hook), record.time, container, process, names)
        if what == What.CREATE and record.argument == _BY_OPEN and record.operation_flags & _WRITES:
            self._event(action_of(What.OPEN, record.hook), record.time, container, process, names)
        elif what == What.RENAME and record.operation_flags & _EXCHANGE:
            swapped = Names(names.original, names.path, names.lexical, names.cut)
            self._event(action_of(what, record.hook), record.time, container, process, swapped)

    def _event(
        self,
        action: Action,
        time: int,
        container: Container,
        process: Process,
        names: Names,
        moment: Moment | None = None,
    ) -> None:
        self._sequence += 1
        actor = self._processes.actor(process)
        event = Event(action, self._sequence, time, self._read, container.view, actor, *names, moment)
        self._emit(container, event)

    def _cgroup_made(self, record: CgroupRecord) -> None:
        self.left_out[BOOKKEEPING] += 1
        container = self._containers.add(record.cgroup, record.path)
        is_watched = bool(record.flags & _TRACKED)
        if is_watched != (container is not None):
            self._watch(record.cgroup, container is not None)

    def _cgroup_removed(self, record: CgroupRecord) -> None:
        self.left_out[BOOKKEEPING] += 1
        self._containers.remove(record.cgroup, record.time)


_NO_NAMES = Names("")
