"""Kernel records as tests write them: who does what, with defaults for all the rest."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from deckwatch.sensor.actors import State
from deckwatch.sensor.containers import Containers
from deckwatch.sensor.documents import Describer
from deckwatch.sensor.event import Event
from deckwatch.sensor.node import Node
from deckwatch.sensor.processes import Processes
from deckwatch.sensor.records import (
    AnyRecord,
    CgroupRecord,
    FileRecord,
    Flag,
    Hook,
    Lost,
    ProcessRecord,
    What,
)
from deckwatch.sensor.translate import Translator

SECOND = 1_000_000_000
BOOT = 1_700_000_000 * SECOND
NODE = Node({"name": "node", "os": {"type": "linux"}}, {"id": "agent"}, "boot", "4026531836", BOOT)
ID, OTHER_ID = "ab" * 32, "cd" * 32
CGROUP, OTHER_CGROUP = 77, 88
SHELL = ("/bin/sh", "sh")
TTY = 136 << 20 | 3
HOST = 4026531841
INSIDE = 4026532000

_HOOKS = {
    What.FORK: Hook.SCHED_PROCESS_FORK,
    What.EXEC: Hook.SCHED_PROCESS_EXEC,
    What.EXIT: Hook.SCHED_PROCESS_EXIT,
    What.TASK: Hook.TASK_ITERATOR,
}
_clock = itertools.count(time.clock_gettime_ns(time.CLOCK_BOOTTIME), 1000)


def now() -> int:
    """A moment later than all before."""
    return next(_clock)


class Task:
    """A process that makes records. `start` is when it was born; `cgroup` where it is."""

    _pids = itertools.count(1000)

    def __init__(
        self,
        parent: Task | None = None,
        *,
        cgroup: int = CGROUP,
        nspid: int = 0,
        user: int = 0,
        tty: int = 0,
        flags: int = 0,
    ) -> None:
        self.pid = next(self._pids)
        self.start = now()
        self.parent = parent
        self.group: int = parent.group if parent else self.pid
        self.session: int = parent.session if parent else self.pid
        self.cgroup, self.nspid, self.user, self.tty, self.flags = cgroup, nspid or self.pid, user, tty, flags

    def leads(self) -> Task:
        """It leads a group and a session, as after setsid."""
        self.group = self.session = self.pid
        return self

    def record(self, what: What, **others: Any) -> ProcessRecord:
        known = {
            **_common(what, _HOOKS.get(what, Hook.SYS_EXIT), self),
            "parent_pid": self.parent.pid if self.parent else 0,
            "parent_start": self.parent.start if self.parent else 0,
            "group": self.group,
            "session": self.session,
            "pid_namespace": 1,
            "mount_namespace": HOST if self.flags & Flag.HOST_MOUNTS else INSIDE,
            **dict.fromkeys(("uid", "gid", "euid", "egid", "suid", "sgid"), self.user),
            "capabilities_permitted": 0b100001,
            "capabilities_effective": 0b1,
            "tty": self.tty,
            "exit_code": 0,
            "argument_count": 0,
            "argument_bytes": 0,
            "old_tid": self.pid,
            "comm": "task",
        }
        return ProcessRecord(**(known | others))

    def fork(self) -> ProcessRecord:
        return self.record(What.FORK)

    def exec(self, executable: str, *args: str, **others: Any) -> ProcessRecord:
        return self.record(What.EXEC, executable=executable, args=args, working_directory="/work", **others)

    def exit(self, status: int = 0) -> ProcessRecord:
        return self.record(What.EXIT, exit_code=status)

    def setsid(self) -> ProcessRecord:
        self.leads()
        self.tty = 0
        return self.record(What.SETSID)

    def task(self, executable: str = "", *args: str) -> ProcessRecord:
        return self.record(What.TASK, executable=executable, args=args, working_directory="/work")

    def file(self, what: What, path: str, path2: str = "", **others: Any) -> FileRecord:
        """A record with canonical paths, unless `flags` say otherwise."""
        known = {
            **_common(what, Hook.LSM_FILE_OPEN, self),
            "flags": self.flags | Flag.BY_DESCRIPTOR,
            **dict.fromkeys(("inode", "device", "mount"), 1),
            **dict.fromkeys(("euid", "egid"), self.user),
            "mode": 0o100644,
            "operation_flags": 0o1,
            "argument": 0,
            "base": "",
            "path": path,
            "path2": path2,
        }
        return FileRecord(**(known | others))


def _common(what: What, hook: Hook, task: Task) -> dict[str, Any]:
    names = {"cgroup": task.cgroup, "start": task.start, "pid": task.pid, "tid": task.pid, "nspid": task.nspid}
    return {"what": what, "flags": int(task.flags), "hook": hook, "cpu": 0, "time": now(), **names}


def cgroup(what: What, path: str, id_: int = CGROUP, flags: int = Flag.TRACKED_BY_NAME) -> CgroupRecord:
    nothing = dict.fromkeys(("start", "pid", "tid", "nspid", "parent"), 0)
    return CgroupRecord(what=what, flags=flags, hook=Hook.CGROUP, cpu=0, time=now(), cgroup=id_, path=path, **nothing)


class Kernel:
    """Hands out what a test has put in; remembers what it was told to watch."""

    def __init__(self, *batches: Sequence[AnyRecord], tasks: Iterable[ProcessRecord] = ()) -> None:
        self.batches = list(batches)
        self.alive = list(tasks)
        self.lost: list[Lost] = []
        self.lost_of: dict[int, int] = {}
        self.missed_calls = 0
        self.watched: set[int] = set()
        self.closed = False

    def poll(self, timeout: float) -> list[AnyRecord]:
        if not self.batches:
            time.sleep(min(timeout, 0.005))
        return list(self.batches.pop(0)) if self.batches else []

    def tasks(self) -> list[ProcessRecord]:
        return self.alive

    def track(self, cgroup: int) -> None:
        self.watched.add(cgroup)

    def untrack(self, cgroup: int) -> None:
        self.watched.discard(cgroup)

    def losses(self) -> list[Lost]:
        lost, self.lost = self.lost, []
        return lost

    def lost_by_cgroup(self) -> dict[int, int]:
        return dict(self.lost_of)

    def missed(self) -> int:
        return self.missed_calls

    def close(self) -> None:
        self.closed = True


def containers(mount: Path = Path("/nowhere")) -> Containers:
    """Two containers, each in a cgroup."""
    known = Containers(mount)
    known.add(CGROUP, f"/{ID}")
    known.add(OTHER_CGROUP, f"/docker/{OTHER_ID}")
    return known


class Stage:
    """A translator without a kernel: records in, events and documents out."""

    def __init__(self, outside: dict[int, State] | None = None) -> None:
        self.events: list[Event] = []
        self.started: list[str] = []
        self.watched: dict[int, bool] = {}
        self.containers = containers()
        self.processes = Processes(lambda pid, _: (outside or {}).get(pid))
        self.describer = Describer(NODE, "run")
        self.translator = Translator(
            self.containers,
            self.processes,
            emit=lambda _, event: self.events.append(event),
            started=lambda container, _: self.started.append(container.id),
            watch=self.watched.__setitem__,
        )

    def play(self, *records: AnyRecord) -> list[dict[str, Any]]:
        """The documents of what these records lead to."""
        before = len(self.events)
        self.translator.take(records, BOOT)
        return [self.describer.document(event) for event in self.events[before:]]


def runtime(**others: Any) -> Task:
    """A process of the container's runtime, outside of it."""
    return Task(cgroup=1, flags=Flag.HOST_MOUNTS, **others)
