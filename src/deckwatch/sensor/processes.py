"""The processes of containers: who runs what, who is whose parent and leader."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from deckwatch.sensor.actors import Actor, Program, State
from deckwatch.sensor.containers import KEPT_NANOSECONDS, Container
from deckwatch.sensor.leaders import find_entry
from deckwatch.sensor.records import Flag, ProcessRecord
from deckwatch.sensor.resolve import marked

_OUTSIDE_KEPT = 256
_RUNTIMES = frozenset({"runc", "crun", "youki", "docker-runc"})


class Process:
    """One process, from its fork on, whatever it executes. Known by pid and start time.

    `container` is None for a process outside of containers. `setup`: it is the runtime's, at work inside of the
    container; `is_first`: it is pid 1 of its namespace. `root` is its root directory after chroot, if that has shown.
    `ended` is in nanoseconds since boot; `has_exited`: it was seen to end, and is not only missing.
    """

    __slots__ = (
        *("actor", "container", "ended", "entry_leader", "entry_type", "group_leader", "has_exited", "is_first"),
        *("known_at", "mount_namespace", "parent", "root", "seen", "session_leader", "setup", "state"),
    )

    def __init__(self, state: State, container: Container | None) -> None:
        self.state = state
        self.container = container
        self.parent: Process | None = None
        self.group_leader: Process | None = None
        self.session_leader: Process | None = None
        self.entry_leader: Process | None = None
        self.entry_type: str | None = None
        self.setup = False
        self.is_first = False
        self.mount_namespace = 0
        self.root: str | None = None
        self.known_at = 0
        self.ended: int | None = None
        self.has_exited = False
        self.actor: Actor | None = None
        self.seen = -1

    def forget_relatives(self) -> None:
        """Let go of the others, so that a chain of dead ancestors does not stay."""
        self.parent = self.group_leader = self.session_leader = self.entry_leader = None


class Processes:
    """The table. `look_up` tells the state of a process that is outside of containers, given pid and start."""

    def __init__(self, look_up: Callable[[int, int], State | None]) -> None:
        self._look_up = look_up
        self._by_pid: dict[int, Process] = {}
        self._outside: dict[tuple[int, int], Process] = {}
        self._ended: deque[Process] = deque()
        self._generation = 0

    def __len__(self) -> int:
        return len(self._by_pid)

    def find(self, pid: int, start: int) -> Process | None:
        process = self._by_pid.get(pid)
        return process if process is not None and process.state.start == start else None

    def fork(self, record: ProcessRecord, container: Container) -> Process:
        """A new process, with the image of its parent."""
        known = self.find(record.pid, record.start)
        if known is not None:  # a snapshot was faster
            return known
        parent = self.find(record.parent_pid, record.parent_start)
        if parent is not None and parent.container is container:
            process = self._add(record, container, parent.state.program)
            process.setup = parent.setup
            process.root = parent.root
        else:
            process = self._add(record, container, None)
            process.setup = self._is_put_in(record, container)
        return process

    def exec(self, record: ProcessRecord, container: Container) -> tuple[Process, Program | None]:
        """A process runs another program; also what it ran before, unless that was the runtime's business."""
        program = _program(record)
        process = self.find(record.pid, record.start)
        if process is None or process.container is not container:
            process = self._add(record, container, program)
            process.setup = _is_runtime(record)
            return process, None
        previous = process.state.program
        self._change(process, record, program, record.tty)
        if process.setup:
            process.setup = _is_runtime(record)
            self._relate(process, record)
            return process, None
        self._lead(process, record)
        return process, previous if record.time >= process.known_at else None

    def exit(self, record: ProcessRecord, container: Container) -> Process | None:
        """A process has ended; it stays known for a while. None when that has been told already."""
        process = self.find(record.pid, record.start)
        if process is not None and process.has_exited:
            return None
        if process is None:
            process = self._add(record, container, None)
            process.setup = self._is_put_in(record, container)
        self._change(process, record, process.state.program, process.state.tty)
        self._end(process, record.time)
        process.has_exited = True
        return process

    def become(self, process: Process, user: int, group: int) -> None:
        """A process acts as this user and group, perhaps without having executed anything."""
        old = process.state
        if (user, group) != (old.user, old.group):
            process.state = State(old.pid, old.start, old.program, user, group, old.tty)
            self._generation += 1

    def setsid(self, record: ProcessRecord) -> None:
        """A process leads a session of its own, without a terminal; it came in the way it came in."""
        process = self.find(record.pid, record.start)
        if process is not None:
            self._change(process, record, process.state.program, record.tty)
            process.session_leader = process.group_leader = process
            self._generation += 1

    def learn(self, record: ProcessRecord, container: Container) -> Process:
        """A process as a snapshot shows it."""
        process = self._add(record, container, _program(record) if record.executable else None)
        process.known_at = record.time
        process.setup = bool(record.flags & Flag.HOST_MOUNTS)
        return process

    def meet(self, pid: int, start: int, container: Container) -> Process:
        """A process whose coming was missed, as far as `/proc` still knows it."""
        process = Process(self._look_up(pid, start) or State(pid, start), container)
        self._by_pid[pid] = process
        return process

    def retain(self, alive: Iterable[ProcessRecord], now: int) -> None:
        """Of the processes known since before `now` only these are left: the ends of the others were lost."""
        living = {(record.pid, record.start) for record in alive}
        for pid, process in self._by_pid.items():
            if process.ended is None and process.state.start < now and (pid, process.state.start) not in living:
                self._end(process, now)

    def actor(self, process: Process) -> Actor:
        """The process and its relatives as they are now; the same object as long as nothing changes."""
        known = process.actor
        if known is not None and process.seen == self._generation:
            return known
        process.seen = self._generation
        entry = process.entry_leader
        now = Actor(
            process.state,
            _state(process.parent),
            _state(process.group_leader),
            _state(process.session_leader),
            _state(entry),
            entry.entry_type if entry else None,
        )
        if known is None or not _same(known, now):
            process.actor = known = now
        return known

    def expire(self, now: int) -> None:
        """Forget what ended long ago; `now` is in nanoseconds since boot."""
        while self._ended and (self._ended[0].ended or 0) + KEPT_NANOSECONDS < now:
            process = self._ended.popleft()
            process.forget_relatives()
            if self._by_pid.get(process.state.pid) is process:
                del self._by_pid[process.state.pid]

    def _add(self, record: ProcessRecord, container: Container, program: Program | None) -> Process:
        state = State(record.pid, record.start, program, record.euid, record.egid, record.tty)
        process = self._by_pid[record.pid] = Process(state, container)
        self._relate(process, record)
        return process

    def _relate(self, process: Process, record: ProcessRecord) -> None:
        """Set parent and leaders. The parent stays the one that a process began with, even if that ends earlier."""
        if process.parent is None or process.parent.setup:
            parent = self.find(record.parent_pid, record.parent_start)
            process.parent = parent or self._outsider(record.parent_pid, record.parent_start)
        process.is_first = record.nspid == 1
        process.mount_namespace = record.mount_namespace
        self._lead(process, record)
        find_entry(process)

    def _lead(self, process: Process, record: ProcessRecord) -> None:
        """Find group and session leader. Their pids are not used again as long as anyone follows them."""
        parent = process.parent
        near = (process, parent.group_leader if parent else None, parent.session_leader if parent else None)
        for_group, for_session = (
            next((each for each in near if each is not None and each.state.pid == pid), self._by_pid.get(pid))
            for pid in (record.group, record.session)
        )
        if for_group is not process.group_leader or for_session is not process.session_leader:
            process.group_leader, process.session_leader = for_group, for_session
            process.seen = -1

    def _change(self, process: Process, record: ProcessRecord, program: Program | None, tty: int) -> None:
        old = process.state
        if (program, tty, record.euid, record.egid) != (old.program, old.tty, old.user, old.group):
            process.state = State(old.pid, old.start, program, record.euid, record.egid, tty)
            self._generation += 1
        process.mount_namespace = record.mount_namespace

    def _end(self, process: Process, now: int) -> None:
        if process.ended is None:
            process.ended = now
            self._ended.append(process)

    def _is_put_in(self, record: ProcessRecord, container: Container) -> bool:
        """Whether a process that no process of the container has made is still in the hands of the runtime.

        One in a session of the container has only lost sight of its parent.
        """
        leader = self._by_pid.get(record.session)
        belongs = leader is not None and leader.container is container and not leader.setup
        return bool(record.flags & Flag.HOST_MOUNTS) or not belongs

    def _outsider(self, pid: int, start: int) -> Process | None:
        if not pid:
            return None
        key = (pid, start)
        if key not in self._outside:
            if len(self._outside) >= _OUTSIDE_KEPT:
                del self._outside[next(iter(self._outside))]
            self._outside[key] = Process(self._look_up(pid, start) or State(pid, start), None)
        return self._outside[key]


def _program(record: ProcessRecord) -> Program:
    count = max(record.argument_count, len(record.args))
    is_cut = bool(record.flags & Flag.ARGS_CUT)
    executable, directory = record.executable, record.working_directory
    if record.flags & Flag.PATH_CUT:
        executable, directory = marked(executable), marked(directory)
    return Program(executable, record.args, directory, count, is_cut)


def _is_runtime(record: ProcessRecord) -> bool:
    """Whether it is the runtime that executes itself, on the way to the container's program."""
    if record.flags & Flag.HOST_MOUNTS:
        return True
    name = record.executable.rpartition("/")[2]
    return record.args[1:2] == ("init",) and (name in _RUNTIMES or bool(record.flags & Flag.EXE_MEMFD))


def _state(process: Process | None) -> State | None:
    return process.state if process is not None else None


def _same(one: Actor, other: Actor) -> bool:
    return (
        one.state is other.state
        and one.parent is other.parent
        and one.group_leader is other.group_leader
        and one.session_leader is other.session_leader
        and one.entry_leader is other.entry_leader
        and one.entry_type == other.entry_type
    )
