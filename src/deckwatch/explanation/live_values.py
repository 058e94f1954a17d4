"""How a rule of a running stream is doing, as values.

Times are ISO 8601 in UTC, durations seconds. Stages count the positive stages from 1, runs expanded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deckwatch.explanation.values import Ending, Event, Form, How, KeyPart


@dataclass(frozen=True, slots=True)
class Satisfied:
    """A filter of the query; how many events have satisfied it, and how many of these wait for their turn."""

    name: str
    text: str
    events: int
    pending: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """How many sequences have ever got as far as a stage."""

    stage: int
    sequences: int


@dataclass(frozen=True, slots=True)
class Open:
    """A sequence that goes on: its join key, and its events by positive stage, None where none came yet.

    `until`: when no earlier event can come any more, it is given up, or told if it is complete. None: not by time.
    `left`: from now until then; below 0 when late events alone can still change something.
    """

    key: tuple[KeyPart, ...]
    events: tuple[Event | None, ...]
    until: str | None
    left: float | None


@dataclass(frozen=True, slots=True)
class Ended:
    """A sequence that has ended."""

    key: tuple[KeyPart, ...]
    events: tuple[Event | None, ...]
    ending: Ending


@dataclass(frozen=True, slots=True)
class Sequences:
    """The sequences of a rule.

    `reached`: how many have ever got as far as each stage. `open`: of all `begun` that wait for their next stage some
    that got furthest. `waiting`: some of `waiting_count` that are complete but for a missing event that may yet come.
    `ended`: of each sort some of the last; `endings` counts them all.
    """

    reached: tuple[Reached, ...]
    begun: int
    open: tuple[Open, ...]
    waiting_count: int
    waiting: tuple[Open, ...]
    endings: Mapping[How, int]
    ended: tuple[Ended, ...]


@dataclass(frozen=True, slots=True)
class LiveExplanation:
    """A rule of a running stream at one moment.

    `seconds`: for how long the stream has been running. `newest`: the time of the newest event; `lag`: how long ago,
    None for recordings. `watermark`: up to this time sequences are decided. Of all `events` evaluated `seen` are of the
    rule's data streams; `excepted` were taken away by exceptions. `fired`: alerts, besides those `suppressed`.
    `sequences` is None for other queries.
    """

    rule_id: str
    name: str
    query: Form
    source: str
    seconds: float
    newest: str | None
    lag: float | None
    watermark: str | None
    events: int
    seen: int
    fired: int
    suppressed: int
    excepted: int
    filters: tuple[Satisfied, ...]
    sequences: Sequences | None = None
    notes: tuple[str, ...] = ()
