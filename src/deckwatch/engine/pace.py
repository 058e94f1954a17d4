"""When a stream asks its source for events: small batches cost more per event, large ones keep events waiting."""

from __future__ import annotations

from deckwatch.engine.clock import Clock, Stop
from deckwatch.errors import DeckwatchError

_SECOND = 1_000_000_000
_OVERDUE = 10
"""So many times an interval the source is asked when something is overdue."""


class Pace:
    """The rhythm of one stream.

    The first event after a lull is taken at once. What follows gathers for an interval (seconds), or for half of one
    while a sequence is waiting for its turn. A source that had a full batch has more, and is asked again without a
    rest; so is a recording.
    """

    def __init__(self, interval: float, batch_events: int, clock: Clock, *, live: bool) -> None:
        if not 0.001 <= interval <= 60:
            raise DeckwatchError(f"interval must be between 0.001 and 60 seconds, not {interval:g}")
        if batch_events < 1:
            raise DeckwatchError(f"batch_events must be 1 or more, not {batch_events}")
        self.is_behind = False
        """Whether the source may hold more events than it handed over."""
        self._interval = int(interval * _SECOND)
        self._full = batch_events
        self._clock = clock
        self._live = live
        self._took: int | None = None  # when the last batch came; None if the last poll was in vain

    def took(self, events: int, moment: int) -> None:
        """A poll that returned at a moment had so many events."""
        self.is_behind = events >= self._full
        self._took = moment if events and self._live and not self.is_behind else None

    def rest(self, unless: Stop, due: int | None) -> None:
        """Let events gather before the next poll; something waits for the moment `due`."""
        if self._took is None:
            return
        until = self._took + self._interval
        if due is not None:
            until = min(until, max(due, self._took + self._interval // 2))
        if (remaining := until - self._clock.elapsed()) > 0:
            self._clock.wait(remaining / _SECOND, unless)

    def patience(self, due: int | None) -> float:
        """For how many seconds the next poll may wait for events; what is overdue waits for the source."""
        if self._took is not None:
            return 0.0
        wait = self._interval if due is None else min(self._interval, due - self._clock.elapsed())
        return (wait if wait > 0 else self._interval // _OVERDUE) / _SECOND
