"""Counters that stay small, however much they count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from deckwatch.eql.dates import DAY, HOUR, MINUTE, SECOND

UNITS: Mapping[str, int] = {
    "second": SECOND,
    "10 seconds": 10 * SECOND,
    "minute": MINUTE,
    "10 minutes": 10 * MINUTE,
    "hour": HOUR,
    "day": DAY,
    "week": 7 * DAY,
}
"""What a bar of a timeline may stand for, in nanoseconds. All are in UTC; weeks begin on Mondays."""

_MONDAY = 4 * DAY
"""The first Monday since 1970."""


class Top:
    """Counts of values of which only the frequent ones matter (Misra and Gries).

    No more than `most` values are kept. Once there were more, counts are too low by at most `error`, and a value that
    is missing was counted at most `error` times; before that, counts are exact.
    """

    def __init__(self, most: int = 2000) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()
        self.error = 0

    def add(self, value: str) -> None:
        self._counts[value] += 1
        if len(self._counts) > 2 * self._most:
            self._let_go()

    def __getitem__(self, value: str) -> int:
        return self._counts[value]

    def __len__(self) -> int:
        """How many values there are; at least, once `error` is not 0."""
        return len(self._counts)

    def common(self, most: int | None = None) -> list[tuple[str, int]]:
        """The most frequent values, of those as frequent the first in the alphabet first."""
        return sorted(self._counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]

    def _let_go(self) -> None:
        rare = sorted(self._counts.values(), reverse=True)[self._most]
        self.error += rare
        self._counts = Counter({value: count - rare for value, count in self._counts.items() if count > rare})


class Timeline:
    """How often something happened, by time. Units grow from a second as the time that is covered grows."""

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._units = list(UNITS.values())
        self._counts: Counter[int] = Counter()

    @property
    def unit(self) -> int:
        """The shortest unit that it can still be told in."""
        return self._units[0]

    def add(self, times: Iterable[tuple[int, int]]) -> None:
        """Count times, in nanoseconds since 1970, each with how often it occurred."""
        for time, count in times:
            self._counts[start_of(time, self.unit)] += count
            while len(self._counts) > self._most and len(self._units) > 1:
                del self._units[0]
                self._counts = self.by(self.unit)

    def by(self, unit: int) -> Counter[int]:
        """Counts by the beginning of each unit in which something happened; `unit` is no shorter than `.unit`."""
        counts: Counter[int] = Counter()
        for time, count in self._counts.items():
            counts[start_of(time, unit)] += count
        return counts


def start_of(time: int, unit: int) -> int:
    """When the unit begins that a time lies in."""
    return (time - _MONDAY) // unit * unit + _MONDAY


def unit_for(first: int, last: int, most: int, least: int = SECOND) -> str:
    """The shortest unit, but none below `least` nanoseconds, of which no more than `most` cover that time."""
    for name, unit in UNITS.items():
        if unit >= least and (start_of(last, unit) - start_of(first, unit)) // unit < most:
            return name
    return "week"
