"""Explanations as values: what an event held and what was wanted, how far sequences got and what ended them.

Times are ISO 8601 in UTC, durations seconds. Stages count the positive stages from 1, runs expanded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from deckwatch.eql.nodes import Scalar

Verdict: TypeAlias = Literal["true", "false", "missing"]
"""Of a clause; missing: false, and a field that it reads has no value."""

NEVER = 1_000
"""The distance of what no event can change."""

ClauseKind: TypeAlias = Literal["and", "or", "not", "test"]

Form: TypeAlias = Literal["event", "sequence", "sample"]
"""Of a query."""

How: TypeAlias = Literal[
    "completed", "overwritten", "expired", "forgotten", "until", "missing event", "input ended", "not begun"
]


@dataclass(frozen=True, slots=True)
class Held:
    """A field that a clause reads, and what it held: dates as ISO 8601, nothing when it is missing."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a condition, judged on one event.

    `text` is that of the query, on one line. `held` and `wanted` are of tests. `decisive`: a test that is not as
    wanted, among the fewest that would have to be otherwise.
    """

    kind: ClauseKind
    text: str
    verdict: Verdict
    held: tuple[Held, ...] = ()
    wanted: str = ""
    terms: tuple[Clause, ...] = ()
    decisive: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """An event by its position in the input, counted from 0, its id and its time."""

    position: int
    id: str
    time: str | None
    document: Mapping[str, Any] = field(hash=False, repr=False, compare=False, metadata={"hidden": True})


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of the query as it is written, by name: `event`, `stage 2`, `missing event after stage 3`, `until`."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """One event against one filter of the query, named as `Filter` does.

    `obstacles`: why the rule does not look at the event at all. `distance`: how many tests and obstacles would have to
    be otherwise; `NEVER` or more: it could not match whatever it holds.
    """

    filter: str
    event: Event
    obstacles: tuple[str, ...]
    clause: Clause
    distance: int

    @property
    def matches(self) -> bool:
        return not self.distance


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One component of a join key: the fields it comes from, one per stage where they differ, and its value."""

    fields: tuple[str, ...]
    value: Scalar


@dataclass(frozen=True, slots=True)
class Difference:
    """A component of the join key that a candidate does not share; no value: the field is missing."""

    field: str
    values: tuple[Scalar, ...]
    wanted: Scalar


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event that comes near to a stage that was not reached.

    `distance` counts the decisive clauses, obstacles and key components that differ, and wrong timing as one more.
    """

    stage: int
    judgement: Judgement
    differences: tuple[Difference, ...]
    timing: str
    distance: int


@dataclass(frozen=True, slots=True)
class Ending:
    """What ended a sequence, the event that did it, and for how many seconds it was past maxspan."""

    how: How
    event: Event | None = None
    filter: str = ""
    past_maxspan: float | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sequence of one join key: its events by positive stage, None where none came.

    `candidates`: for every stage without an event the nearest ones, the best first. `distance`: how many things would
    have to be otherwise for the whole to complete.
    """

    key: tuple[KeyPart, ...]
    events: tuple[Event | None, ...]
    ending: Ending
    candidates: tuple[Candidate, ...]
    distance: int

    @property
    def reached(self) -> int:
        """How many stages have an event."""
        return sum(event is not None for event in self.events)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a rule fired, and why it did not.

    `events` and `malformed` count what was read. `fired`: how often, within what was asked about. `judgements`: of the
    event asked about, against each filter; without such an event, of those that came nearest to an event rule, or to a
    sequence that never began. `attempts`: sequences that did not complete (with an event asked about all those it has
    to do with), nearest first, of `attempts_seen`.
    """

    rule_id: str
    name: str
    query: Form
    events: int
    malformed: int
    fired: int
    filters: tuple[Filter, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    attempts_seen: int = 0
    notes: tuple[str, ...] = ()

    @property
    def nearest(self) -> Attempt | Judgement | None:
        """What came nearest to firing and did not: a sequence that began, else an event."""
        incomplete = (each for each in self.attempts if each.ending.how != "completed")
        short = sorted((each for each in self.judgements if not each.matches), key=lambda each: each.distance)
        return next(incomplete, None) or next(iter(short), None)
