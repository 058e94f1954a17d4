"""How a stream is doing, in numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from deckwatch.engine.clock import Clock

_RATE_NANOSECONDS = 5_000_000_000


@dataclass(frozen=True, slots=True)
class Status:
    """A stream at one moment. Every event seen is evaluated or lost: `seen == evaluated + sum(lost.values())`.

    `lost` and `incidents` are those of the source (see `SourceCounts`). `late`: events that came after their turn, and
    took part in event rules only. `ahead`: events from the future, beyond the lateness; they wait for their time.
    `undated`: events that satisfied a stage of a sequence but have no time, and so took no part. `withheld`: alerts not
    made because the same rule had already made one of the events.

    `rate`: events per second, of the last few seconds. `newest`: the time of the newest event; `watermark`: the time
    before which all is decided; both in nanoseconds since 1970. `lag`: seconds from the newest event to now.

    State: `pending` records wait for their turn, `partials` are sequences begun, `waiting` are whole but for a missing
    event that may still come, `kept` events are held for all of these. `evicted`: what the horizon has cost sequences
    without maxspan, and samples.

    `hits`: alerts per rule_id, rules without any included; a sequence counts once. `documents`: alert documents,
    building blocks included. `excepted`, `suppressed`, `repeated`, `cut_short`: see `Summary`. `windows`: groups of
    suppressed alerts that are open.
    """

    source: str
    seconds: float
    rules: int
    seen: int
    evaluated: int
    bytes: int
    lost: Mapping[str, int]
    incidents: Mapping[str, int]
    late: int
    ahead: int
    undated: int
    withheld: int
    rate: float
    newest: int | None
    watermark: int | None
    lag: float | None
    pending: int
    partials: int
    waiting: int
    kept: int
    evicted: int
    hits: Mapping[str, int]
    documents: int
    excepted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    suppressed: Mapping[str, int] = field(default_factory=dict)
    repeated: int = 0
    windows: int = 0
    cut_short: int = 0

    @property
    def alerts(self) -> int:
        return sum(self.hits.values())


class Rate:
    """Events per second over the last seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._notes = deque([(clock.elapsed(), 0)])

    def note(self, events: int) -> None:
        """So many events have been evaluated by now."""
        now = self._clock.elapsed()
        self._notes.append((now, events))
        while len(self._notes) > 2 and self._notes[1][0] <= now - _RATE_NANOSECONDS:
            self._notes.popleft()

    @property
    def value(self) -> float:
        (since, before), (_, events) = self._notes[0], self._notes[-1]
        return (events - before) * 1e9 / max(self._clock.elapsed() - since, 1)
