"""What is tried on a rule: some events, and whether it must fire."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from deckwatch.eql.nodes import Span
from deckwatch.proof.profile import Values

Sort: TypeAlias = Literal["positive", "near miss", "boundary"]

Places: TypeAlias = "tuple[int | None, ...]"
"""Events by their place in a scenario, or in all input; None for a missing stage."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What a scenario says of an event: its values where they matter, its time in nanoseconds.

    `dates` are the fields whose integers are times.
    """

    values: Values
    time: int
    dates: frozenset[str]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Events in the order of their times, and what must come of them.

    `about` says which part of the rule it is for, `place` where that stands in the query. `documents` are the `events`
    completed by what ordinary ones have. `match` has the events that
    must be found together; None: the rule must not fire.
    """

    sort: Sort
    about: str
    place: Span | None
    events: tuple[Sketch, ...]
    documents: tuple[dict[str, Any], ...]
    match: Places | None

    @property
    def fires(self) -> bool:
        """Whether the rule must fire."""
        return self.match is not None

    def is_borne_out(self, found: Collection[Places]) -> bool:
        """Whether a rule that finds this in its events does what it must."""
        return not found if self.match is None else self.match in found


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of a rule for which no event was made. `certain`: none exists."""

    sort: Sort
    about: str
    place: Span | None
    reason: str
    certain: bool


@dataclass(slots=True)
class Suite:
    """The scenarios of a rule. `apart`: each must be run alone, since nothing else keeps their events apart."""

    scenarios: list[Scenario] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    apart: bool = False
    left_out: int = 0
    """How many scenarios there would be beyond the limit."""
