"""The containers of this node: found by cgroup, followed from the first process to the last record."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from deckwatch.sensor.cgroups import ContainerPath, container_of, hierarchy, path_by_handle, path_by_process, walk
from deckwatch.sensor.facts import Facts
from deckwatch.sensor.resolve import Root

if TYPE_CHECKING:
    from deckwatch.sensor.processes import Process

KEPT_NANOSECONDS = 30_000_000_000
"""How long what is gone is still known: records of it may wait in the ring."""


class View(msgspec.Struct, gc=False, eq=False):
    """What is known of a container at some time."""

    path: ContainerPath
    facts: Facts
    objects: dict[str, Any] | None = None
    """How documents show it; made when first needed."""


class Container:
    """One run of a container.

    `init` is the first process that runs its own program; before there is one, the runtime prepares it. `deadline`
    is until when its events wait for metadata, in monotonic seconds; None when they do not. `root` is its root
    directory, as long as it runs.
    """

    __slots__ = ("cgroups", "deadline", "init", "root", "view")

    def __init__(self, path: ContainerPath) -> None:
        self.view = View(path, Facts(runtime=path.runtime, pod_uid=path.pod_uid))
        self.cgroups: set[int] = set()
        self.init: Process | None = None
        self.deadline: float | None = None
        self.root: Root | None = None

    @property
    def id(self) -> str:
        return self.view.path.id

    def begin(self, process: Process) -> None:
        """The first process of its own is there."""
        self.init = process
        with contextlib.suppress(OSError):  # it has ended already, or there are too many open files
            self.root = Root(process.state.pid)

    def end(self) -> None:
        """Nothing of it is to come."""
        if self.root is not None:
            self.root.close()
            self.root = None

    def learn(self, facts: Facts) -> None:
        """Take what a runtime tells; what the cgroup's path says stays."""
        self.view = View(self.view.path, self.view.facts.completed(facts))


class Containers:
    """Containers by cgroup and by id. `mount` is where the cgroup hierarchy is mounted, found out if not given."""

    def __init__(self, mount: Path | None = None) -> None:
        self._mount = mount or hierarchy()
        self._by_cgroup: dict[int, Container | None] = {}
        self._by_id: dict[str, Container] = {}
        self._gone: deque[tuple[int, int]] = deque()

    def walk(self) -> Iterator[tuple[int, Container]]:
        """Every cgroup there is of a container, by its id; they are known from now on."""
        for cgroup, path in walk(self._mount) if self._mount else ():
            container = self.add(cgroup, path)
            if container is not None:
                yield cgroup, container

    def add(self, cgroup: int, path: str) -> Container | None:
        """Take note of a cgroup; None when it is not a container's."""
        found = container_of(path)
        container = self._by_id.get(found.id) if found else None
        if found and (container is None or not container.cgroups):
            container = self._by_id[found.id] = Container(found)
        if container is not None:
            container.cgroups.add(cgroup)
        self._by_cgroup[cgroup] = container
        return container

    def of(self, cgroup: int, pid: int) -> Container | None:
        """The container of a record; None when it belongs to none."""
        try:
            return self._by_cgroup[cgroup]
        except KeyError:
            path = (path_by_handle(self._mount, cgroup) if self._mount else None) or path_by_process(pid)
            return self.add(cgroup, path or "/")

    def known(self, cgroup: int) -> Container | None:
        """The container of a cgroup, as far as is known already."""
        return self._by_cgroup.get(cgroup)

    def by_id(self, identity: str) -> Container | None:
        return self._by_id.get(identity)

    def remove(self, cgroup: int, now: int) -> None:
        """A cgroup is gone since `now`, in nanoseconds since boot."""
        container = self._by_cgroup.get(cgroup)
        if container is not None:
            container.cgroups.discard(cgroup)
            if not container.cgroups:
                container.end()
        self._gone.append((now, cgroup))

    def audit(self, now: int) -> None:
        """See which cgroups are still there: that some have gone may not have been told."""
        gone = {cgroup for _, cgroup in self._gone}
        for cgroup in self._by_cgroup.keys() - gone:
            if self._mount is not None and path_by_handle(self._mount, cgroup) is None:
                self.remove(cgroup, now)

    def expire(self, now: int) -> None:
        """Forget what has been gone for long."""
        while self._gone and self._gone[0][0] + KEPT_NANOSECONDS < now:
            container = self._by_cgroup.pop(self._gone.popleft()[1], None)
            if container is not None and not container.cgroups and self._by_id.get(container.id) is container:
                del self._by_id[container.id]

    def close(self) -> None:
        for container in self._by_id.values():
            container.end()

    def __len__(self) -> int:
        return len(self._by_id)
