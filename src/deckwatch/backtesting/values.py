"""What a backtest finds, as values."""

from __future__ import annotations

from dataclasses import dataclass

from deckwatch.backtesting.noise import Noise, Rate
from deckwatch.backtesting.sighting import Sighting
from deckwatch.engine.summary import Summary
from deckwatch.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Period:
    """The history. Times in nanoseconds since 1970, None where no event has one; `observed` is without gaps."""

    first: int | None
    last: int | None
    observed: int
    events: int
    undated: int
    containers: int
    images: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One unit of time from its beginning, in nanoseconds since 1970; without events nothing could fire."""

    start: int
    alerts: int
    events: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Alerts over the whole history, one bar for every unit of time."""

    unit: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class OfContainer:
    """A container in which the rule fired; `lifetime` is for how long it was seen, in nanoseconds."""

    id: str
    name: str
    image: str
    alerts: int
    share: float
    lifetime: int


@dataclass(frozen=True, slots=True)
class OfImage:
    """An image in whose containers the rule fired: in `fired` of the `containers` that were seen."""

    name: str
    alerts: int
    share: float
    fired: int
    containers: int
    per_container_day: Rate | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many alerts hold a value."""

    value: str
    alerts: int


@dataclass(frozen=True, slots=True)
class Values:
    """The most frequent values of a field that the rule reads, of `distinct` ones.

    `stage` counts from 1 and is None for rules about single events. Counts are too low by at most `error`.
    """

    stage: int | None
    category: str
    field: str
    distinct: int
    top: tuple[Count, ...]
    error: int


@dataclass(frozen=True, slots=True)
class OfRule:
    """What one rule did. `containers`, `images`, `commands` and `values` have the most frequent first."""

    rule: Rule
    alerts: int
    undated: int
    in_containers: int
    firing_containers: int
    noise: Noise
    verdict: str
    chart: Chart
    containers: tuple[OfContainer, ...]
    images: tuple[OfImage, ...]
    commands: tuple[Count, ...]
    values: tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """Two alerts that share an event, but not all."""

    before: Sighting
    after: Sighting


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the alerts of `before` when another version of the rule takes its place.

    Alerts are the same when they consist of the same events. Those that `moved` neither appear nor vanish.
    """

    before: OfRule
    stay: int
    appear: tuple[Sighting, ...]
    vanish: tuple[Sighting, ...]
    moved: tuple[Moved, ...]

    @property
    def differs(self) -> bool:
        return bool(self.appear or self.vanish or self.moved)


@dataclass(frozen=True, slots=True)
class Backtest:
    """What rules did in a history."""

    period: Period
    rules: tuple[OfRule, ...]
    change: Change | None
    summary: Summary

    @property
    def alerts(self) -> int:
        return sum(each.alerts for each in self.rules)
