"""The kernel's side of the sensor, loaded and running: records come out of `poll`."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from deckwatch.sensor.btf import Btf
from deckwatch.sensor.counters import Counters
from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.host import Host, require
from deckwatch.sensor.layout import RING_PREFIX, decode
from deckwatch.sensor.program import KERNEL_TYPES, object_bytes
from deckwatch.sensor.records import AnyRecord, Lost, ProcessRecord
from deckwatch.sensor.ring import Ring, Wakeups
from deckwatch.sensor.snapshot import tasks
from deckwatch.sensor.tiers import TIERS, Loaded, Request, load

RING_BYTES = 8 << 20
WANT_PROCESSES = 1 << 0
WANT_FILES = 1 << 1
WANT_ALL = WANT_PROCESSES | WANT_FILES
_LARGEST_RING = 1 << 30
_WAKE_BYTES = 256 << 10
_TICK = 0.02  # seconds between looks at what the kernel did not announce
_BATCH_BYTES = 4 << 20
_CGROUP_SUBSYSTEMS = ("pids_cgrp_id", "memory_cgrp_id")


class Kernel:
    """Loaded and attached programs, and the ring they write to. A context manager; used from one thread.

    `tier` is the one in force, one of `TIERS`. `reasons` say why a better one is not, by tier; `off` why a program of
    the tier in force is not, by its name.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.tier: str = loaded.tier
        self.reasons: Mapping[str, str] = loaded.reasons
        self.off: Mapping[str, str] = loaded.off
        self._object = loaded.object
        self._iterator = loaded.iterator
        ring = self._object.map("ring")
        self._ring = Ring(ring.fd, ring.entries)
        self._wakeups = Wakeups(ring.fd)
        self._cgroups = self._object.map("cgs")
        self._counters = Counters(self._object.map("counters", per_cpu=True), self._object.map("lost_cgs"))
        self._looked = 0.0
        self._more = False

    @classmethod
    def open(
        cls,
        *,
        ring_bytes: int = RING_BYTES,
        tiers: Sequence[str] = TIERS,
        ignore_pid: int | None = None,
        host: Host | None = None,
    ) -> Self:
        """Load the programs of the first tier the kernel takes, and attach them.

        `ring_bytes` is a power of two and a multiple of the page size. What the process `ignore_pid` does is not
        reported: its default is this process, 0 is none. Cgroups made from now on are watched when they look like a
        container's, all others when `track` says so.

        Raises:
            SensorError: Root, BTF, libbpf or the kernel's consent is missing; the error says which and what to do.
        """
        host = host or Host()
        if ring_bytes & (ring_bytes - 1) or not os.sysconf("SC_PAGE_SIZE") <= ring_bytes <= _LARGEST_RING:
            raise SensorError(
                f"the ring cannot have {ring_bytes:,} bytes",
                "Take a power of two, at least a page and at most 1 GiB, such as 8388608 (8 MiB).",
            )
        require(host)
        types = Btf.parse(KERNEL_TYPES)
        try:
            options = {
                "sensor_tgid": os.getpid() if ignore_pid is None else ignore_pid,
                "host_mount_namespace": host.mount_namespace,
                "new_cgroup_wants": WANT_ALL,
                "cgroup_v1_subsystem": _subsystem(types) if host.hierarchy == "v1" else -1,
                "wake_bytes": min(_WAKE_BYTES, ring_bytes // 4),
            }
            loaded = load(Request(object_bytes(), ring_bytes, options, types, host.security_modules), tiers)
        finally:
            types.close()
        try:
            return cls(loaded)
        except OSError as error:
            loaded.object.close()
            raise SensorError(
                f"the ring of {ring_bytes:,} bytes cannot be mapped: {error.strerror}", "Take a smaller ring."
            ) from error

    def poll(self, timeout: float) -> list[AnyRecord]:
        """Records in the order the kernel made them, 4 MiB of them at most; empty when `timeout` seconds brought none.

        Returns early on what needs a quick reaction (a container starts), otherwise looks every 20 ms. With a timeout
        of 0 it takes what is there.
        """
        deadline = time.monotonic() + timeout
        while True:
            tick = min(deadline, self._looked + _TICK) - time.monotonic()
            if tick > 0 and not self._more:
                self._wakeups.wait(tick)
            records = self._take()
            if records or time.monotonic() >= deadline:
                return records

    def _take(self) -> list[AnyRecord]:
        batch = self._ring.read(_BATCH_BYTES)
        self._looked = time.monotonic()
        self._more = len(batch) >= _BATCH_BYTES
        records: list[AnyRecord] = []
        self._counters.unreadable += decode(batch, RING_PREFIX, records)
        return records

    def tasks(self) -> list[ProcessRecord]:
        """Every process there is now, as TASK records, completed from `/proc`.

        What `poll` brings with a time before a task's own is contained in it.
        """
        return tasks(self._object.iterate(self._iterator))

    def track(self, cgroup: int, wants: int = WANT_ALL) -> None:
        """Report what happens in this cgroup, and in those made below it from now on. `wants` are `WANT_` bits."""
        self._cgroups.put(cgroup.to_bytes(8, "little"), wants.to_bytes(4, "little"))

    def untrack(self, cgroup: int) -> None:
        self._cgroups.delete(cgroup.to_bytes(8, "little"))

    def losses(self) -> list[Lost]:
        """What could not be handed over since the last call, by CPU, kind and reason."""
        return self._counters.losses()

    def lost_by_cgroup(self) -> dict[int, int]:
        """Records lost since the start by cgroup; 0 stands for those that found no room in the kernel's table."""
        return self._counters.lost_by_cgroup()

    def missed(self) -> int:
        """How often since the start a hook was passed while its program was running already, and so not run.

        Whether a container was concerned, nobody knows. 0 before Linux 5.12, which does not tell.
        """
        return self._object.missed()

    @property
    def sent(self) -> int:
        """Records that the kernel put into the ring since it was opened."""
        return self._counters.sent

    def fileno(self) -> int:
        """A descriptor for poll or epoll; ready when records need a quick reaction or many wait."""
        return self._wakeups.fileno()

    def close(self) -> None:
        """Detach and unload everything; may be called twice."""
        self._wakeups.close()
        self._ring.close()
        self._object.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _subsystem(types: Btf) -> int:
    """The hierarchy that tells containers apart where there is no version 2."""
    numbers = types.enumerators("cgroup_subsys_id")
    return next((numbers[name] for name in _CGROUP_SUBSYSTEMS if name in numbers), -1)
