"""How noisy a rule is, from what it did in a history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from deckwatch.eql.dates import DAY

Sort: TypeAlias = Literal["image", "container", "command line"]
Level: TypeAlias = Literal["silent", "quiet", "bearable", "busy", "noisy", "unknown"]

LEVELS: tuple[tuple[float, Level], ...] = ((1, "quiet"), (7, "bearable"), (70, "busy"), (float("inf"), "noisy"))
"""Up to how many alerts a week a rule is called so: one a week, one a day, ten a day, more."""

LEAST_HISTORY = DAY
"""Of less, nothing is said about weeks; of fewer container-days than one, nothing about container-days."""

CONCENTRATED = 0.5
"""From which share on one value is worth an exception, if there are `LEAST_ALERTS`."""

LEAST_ALERTS = 5
LEAST_UNITS = 5
"""Of fewer units of time, how alerts cluster cannot be told."""

MOST_SHOWN = 80
"""Characters of a value in a sentence."""

_Z = 1.959964
"""Standard deviations on either side of the mean that hold 95 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate, and between which ones the true one lies with a probability of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Concentration:
    """The most frequent value of one sort, and its share of all alerts, from 0 to 1."""

    sort: Sort
    value: str
    alerts: int
    share: float


@dataclass(frozen=True, slots=True)
class Noise:
    """`dispersion` is how much more alerts vary from one unit of time to the next than chance explains; 1: not at all.

    `per_container_day` counts alerts in containers only, and is None where there is less than one container-day;
    `per_week` is None where the history is shorter than a day.
    """

    level: Level
    container_days: float
    per_container_day: Rate | None
    days: float
    per_week: Rate | None
    dispersion: float
    concentrations: tuple[Concentration, ...]


def estimate(
    alerts: int,
    in_containers: int,
    *,
    observed: int,
    lifetimes: int,
    by_unit: Sequence[int],
    concentrations: Iterable[Concentration],
) -> Noise:
    """The noise of a rule.

    Args:
        alerts: how many there were.
        in_containers: how many of them happened in containers.
        observed: how long the history is, in nanoseconds.
        lifetimes: for how long containers were seen, all of them together.
        by_unit: how many alerts there were in each unit of time that has events.
        concentrations: the most frequent values.
    """
    spread = dispersion(by_unit)
    weekly = rate(alerts, observed / (7 * DAY), spread) if observed >= LEAST_HISTORY else None
    return Noise(
        level=_level(alerts, weekly),
        container_days=lifetimes / DAY,
        per_container_day=rate_per_day(in_containers, lifetimes, spread),
        days=observed / DAY,
        per_week=weekly,
        dispersion=spread,
        concentrations=tuple(concentrations),
    )


def rate_per_day(count: int, nanoseconds: int, spread: float) -> Rate | None:
    """A rate over at least a day; None for less."""
    return rate(count, nanoseconds / DAY, spread) if nanoseconds >= LEAST_HISTORY else None


def rate(count: int, exposure: float, spread: float = 1.0) -> Rate:
    """A count over an exposure, with Byar's approximation of the exact interval for Poisson counts.

    Where alerts come in bursts there are fewer independent ones than alerts, by the factor `spread`.
    """
    low, high = interval(count / spread)
    return Rate(count / exposure, low * spread / exposure, high * spread / exposure)


def interval(count: float) -> tuple[float, float]:
    """Between which numbers the expected count lies with a probability of 95 %, if this many were counted."""
    above = count + 1
    high = above * (1 - 1 / (9 * above) + _Z / (3 * above**0.5)) ** 3
    low = count * max(0.0, 1 - 1 / (9 * count) - _Z / (3 * count**0.5)) ** 3 if count else 0.0
    return low, high


def dispersion(counts: Sequence[int]) -> float:
    """Variance over mean, at least 1; 1 also where there is too little to tell."""
    mean = sum(counts) / len(counts) if counts else 0.0
    if len(counts) < LEAST_UNITS or not mean:
        return 1.0
    return max(1.0, sum((count - mean) ** 2 for count in counts) / (len(counts) - 1) / mean)


def verdict(noise: Noise, alerts: int) -> str:
    """What the numbers mean, in a sentence or two."""
    return " ".join(filter(None, (_forecast(noise, alerts), _advice(noise, alerts))))


def _level(alerts: int, weekly: Rate | None) -> Level:
    if not alerts:
        return "silent"
    return "unknown" if weekly is None else next(name for most, name in LEVELS if weekly.value <= most)


def _forecast(noise: Noise, alerts: int) -> str:
    if noise.per_week is None:
        what = "No alert" if not alerts else f"{_counted(alerts)}"
        return f"{what}, but the history is shorter than a day: too short to tell how many a week would bring."
    low, high = (_about(each) for each in (noise.per_week.low, noise.per_week.high))
    if not alerts:
        return f"Silent. In a week there may be up to {high} alerts (95 %)."
    return (
        f"{noise.level.capitalize()}: to be expected are about {_about(noise.per_week.value)} a week "
        f"(95 %: {low} to {high})."
    )


def _advice(noise: Noise, alerts: int) -> str:
    if alerts < LEAST_ALERTS or not noise.concentrations:
        return ""
    most = max(noise.concentrations, key=lambda each: each.alerts)
    if most.share < CONCENTRATED:
        return "No image, container or command line makes most of them."
    rest = alerts - most.alerts
    left = "none" if not rest else f"{rest:,}"
    value = most.value if len(most.value) <= MOST_SHOWN else most.value[: MOST_SHOWN - 1] + "…"
    return f"The {most.sort} {value} makes {100 * most.share:.0f} % of them; without it {left} would be left."


def _counted(alerts: int) -> str:
    return "1 alert" if alerts == 1 else f"{alerts:,} alerts"


def _about(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"
