"""What the kernel's side counts: records sent and lost, by CPU and kind, and lost by cgroup."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from deckwatch.sensor.program import Map
from deckwatch.sensor.records import Lost, What

OUTCOMES = ("sent", "ring full", "no buffer", "unreadable")
KINDS = 64
_UNKNOWN_CPU = -1


class Counters:
    """Reads the maps `counters` (per CPU, outcome and kind) and `lost_cgs`."""

    def __init__(self, counts: Map, by_cgroup: Map) -> None:
        self._map = counts
        self._by_cgroup = by_cgroup
        self._told = self._counts()
        self.unreadable = 0  # records that came over the ring and could not be decoded

    def _counts(self) -> npt.NDArray[np.uint64]:
        value = self._map.get(bytes(4)) or b""
        return np.frombuffer(value, "<u8").reshape(-1, len(OUTCOMES), KINDS)

    @property
    def sent(self) -> int:
        return int(self._counts()[:, 0].sum())

    def losses(self) -> list[Lost]:
        counts = self._counts()
        new = counts - self._told
        self._told = counts
        lost = [
            Lost(cpu=int(cpu), what=What(kind), reason=OUTCOMES[outcome], count=int(new[cpu, outcome, kind]))
            for cpu, outcome, kind in np.argwhere(new)
            if outcome
        ]
        if self.unreadable:
            lost.append(Lost(cpu=_UNKNOWN_CPU, what=None, reason="undecodable", count=self.unreadable))
            self.unreadable = 0
        return lost

    def lost_by_cgroup(self) -> dict[int, int]:
        values = ((key, self._by_cgroup.get(key)) for key in list(self._by_cgroup.keys()))
        return {int.from_bytes(key, "little"): int.from_bytes(value, "little") for key, value in values if value}
