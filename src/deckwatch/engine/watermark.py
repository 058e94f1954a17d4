"""How far event time has come, and which events come too late for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from deckwatch.engine.clock import Clock
from deckwatch.engine.ordering import smallest
from deckwatch.events.batch import EventBatch
from deckwatch.plan.views import FieldView, Mask

BEGINNING = -(1 << 63)
"""No later than any event."""


class Watermark:
    """The time before which nothing is awaited any more, in one time field. All times in nanoseconds.

    Event by event, it is the largest time seen less the lateness, so how events are batched does not matter. In a live
    stream no event drives it ahead of the clock, and `pass_time` drives it when none comes. `lateness` None: nothing
    is ever late, and the watermark stays where it is.
    """

    def __init__(self, lateness: int | None, clock: Clock | None) -> None:
        self.value = BEGINNING
        self.newest = BEGINNING
        """The largest time seen, from the future or not."""
        self.ahead = 0
        """Events that were ahead of the clock by more than the lateness."""
        self._lateness = lateness
        self._clock = clock
        self._reached = BEGINNING  # the largest time that counts
        self._since = 0  # when it was reached

    def take(self, times: pl.Series, moment: int) -> Mask:
        """See the times of events in the order of their arrival; which of them are late. Null: an event has no time.

        `moment`: when they arrived, as `Clock.elapsed` tells.
        """
        dated: Mask = times.is_not_null().to_numpy()
        known = times.fill_null(BEGINNING).to_numpy()
        self.newest = max(self.newest, int(known.max(initial=BEGINNING)))
        if self._lateness is None:
            return np.zeros(len(times), np.bool_)
        counted = known
        if self._clock is not None:
            now = self._clock.now()
            counted = np.minimum(known, now)
            self.ahead += int(np.count_nonzero(known > now + self._lateness))
        reached = np.maximum.accumulate(np.concatenate([[self._reached], counted]))
        passed = np.maximum(reached[:-1], BEGINNING + self._lateness) - self._lateness
        late: Mask = dated & (known < np.maximum(passed, self.value))
        if reached[-1] > self._reached:
            self._reached, self._since = int(reached[-1]), moment
            self.value = max(self.value, self._reached - self._lateness)
        return late

    def pass_time(self, moment: int, latest: int, holding: int | None) -> None:
        """All that had come by this moment has been seen: time has passed since the largest time was reached.

        The watermark goes no further than it must for what waits up to the time `latest`: while nothing waits, events
        that are delivered in bulk are not late. Nor does it pass an event that the source is `holding`.
        """
        if self._clock is not None and self._lateness is not None and self._reached > BEGINNING:
            passed = self._reached + moment - self._since
            reached = passed if holding is None else min(passed, holding)
            self.value = max(self.value, min(reached - self._lateness, latest + 1))

    def due(self, earliest: int) -> int:
        """At which moment, if no event comes, the watermark will have passed a time."""
        return earliest + 1 - self._reached + self._since + (self._lateness or 0)


class Timeline:
    """The watermarks of all time fields that detections name."""

    def __init__(self, fields: Iterable[str], lateness: int | None, clock: Clock | None) -> None:
        self._marks = {field: Watermark(lateness, clock) for field in fields}
        self.passes = clock is not None and lateness is not None
        """Whether time passes when no event comes."""
        self.late = 0
        """Events that were late in some field."""

    def take(self, batch: EventBatch, moment: int) -> dict[str, Mask]:
        """See the events of a batch; by time field those that are late."""
        found = {field: mark.take(event_times(batch, field), moment) for field, mark in self._marks.items()}
        if found:
            self.late += int(np.count_nonzero(np.logical_or.reduce([*found.values()])))
        return found

    def pass_time(self, moment: int, awaited: Mapping[str, tuple[int, int]], holding: int | None = None) -> None:
        """See `Watermark.pass_time`; `awaited` has the first and the last time waited for, by time field."""
        for field, (_, latest) in awaited.items():
            self._marks[field].pass_time(moment, latest, holding)

    def due(self, awaited: Mapping[str, tuple[int, int]]) -> int | None:
        """At which moment something that waits is decided if no event comes."""
        if not self.passes:
            return None
        return min((self._marks[field].due(earliest) for field, (earliest, _) in awaited.items()), default=None)

    @property
    def values(self) -> dict[str, int]:
        """The watermarks by time field, as far as there are any."""
        return {field: mark.value for field, mark in self._marks.items() if mark.value > BEGINNING}

    @property
    def ahead(self) -> int:
        return max((mark.ahead for mark in self._marks.values()), default=0)

    @property
    def newest(self) -> int | None:
        """The time of the newest event; None before the first."""
        return _known(max((mark.newest for mark in self._marks.values()), default=BEGINNING))

    @property
    def lowest(self) -> int | None:
        """The watermark that is furthest behind; None while there is none."""
        return _known(min((mark.value for mark in self._marks.values()), default=BEGINNING))


def event_times(batch: EventBatch, field: str) -> pl.Series:
    """The times of all events of a batch: the earliest where an event has several, null where it has none."""
    return smallest(FieldView(batch.columns[field]), np.arange(batch.height))


def _known(time: int) -> int | None:
    return None if time == BEGINNING else time
