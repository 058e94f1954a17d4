"""From counts to what a backtest tells of a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from deckwatch.backtesting.counting import UNITS, start_of, unit_for
from deckwatch.backtesting.history import History, Seen
from deckwatch.backtesting.noise import Concentration, Noise, Sort, estimate, rate_per_day, verdict
from deckwatch.backtesting.profile import Profile
from deckwatch.backtesting.values import Bar, Chart, Count, OfContainer, OfImage, OfRule, Period, Values

MOST_BARS = 100
MOST_ROWS = 20
"""Of containers, images and command lines."""

MOST_VALUES = 5
_UNKNOWN = Seen(0, 0, "", "")
_SHORT_ID = 12


@dataclass(frozen=True)
class World:
    """A history that has ended, as all rules are measured against it."""

    history: History

    @cached_property
    def images(self) -> Mapping[str, tuple[int, int]]:
        """Of each image how many containers were seen, and for how long, all together."""
        count: Counter[str] = Counter()
        lifetimes: Counter[str] = Counter()
        for seen in self.history.containers.values():
            count[seen.image] += 1
            lifetimes[seen.image] += seen.lifetime
        return {image: (count[image], lifetimes[image]) for image in count if image}

    @cached_property
    def lifetimes(self) -> int:
        """For how long containers were seen, all together, in nanoseconds."""
        return sum(seen.lifetime for seen in self.history.containers.values())

    @cached_property
    def observed(self) -> int:
        """For how long there were events, in nanoseconds: the same for every rule, and read off the whole timeline."""
        return self.history.observed

    def period(self) -> Period:
        history = self.history
        return Period(
            first=history.first,
            last=history.last,
            observed=self.observed,
            events=history.events,
            undated=history.undated,
            containers=len(history.containers),
            images=len(self.images),
        )

    def container(self, identity: str) -> Seen:
        return self.history.containers.get(identity, _UNKNOWN)

    def label(self, identity: str) -> str:
        """A container's name and short id."""
        return " ".join(filter(None, (self.container(identity).name, identity[:_SHORT_ID])))

    def chart(self, profile: Profile) -> Chart:
        history = self.history
        if history.first is None or history.last is None:
            return Chart("second", ())
        least = max(history.timeline.unit, profile.timeline.unit)
        name = unit_for(history.first, history.last, MOST_BARS, least)
        unit = UNITS[name]
        alerts, events = profile.timeline.by(unit), history.timeline.by(unit)
        starts = range(start_of(history.first, unit), history.last + 1, unit)
        return Chart(name, tuple(Bar(start, alerts[start], events[start]) for start in starts))


def of_rule(profile: Profile, world: World) -> OfRule:
    """What was counted of a rule, as a result."""
    chart = world.chart(profile)
    noise = _noise(profile, world, [bar.alerts for bar in chart.bars if bar.events])
    return OfRule(
        rule=profile.rule,
        alerts=profile.alerts,
        undated=profile.undated,
        in_containers=profile.in_containers,
        firing_containers=len(profile.containers),
        noise=noise,
        verdict=verdict(noise, profile.alerts),
        chart=chart,
        containers=tuple(_containers(profile, world)),
        images=tuple(_images(profile, world, noise.dispersion)),
        commands=_counts(profile.commands.common(MOST_ROWS)),
        values=tuple(_values(profile)),
    )


def _noise(profile: Profile, world: World, by_unit: list[int]) -> Noise:
    return estimate(
        profile.alerts,
        profile.in_containers,
        observed=world.observed,
        lifetimes=world.lifetimes,
        by_unit=by_unit,
        concentrations=_concentrations(profile, world),
    )


def _concentrations(profile: Profile, world: World) -> Iterator[Concentration]:
    """Where all is in one image or container, that tells nothing of the rule."""
    if len(world.images) > 1:
        yield from _most(profile, "image", profile.images.common(1))
    if len(world.history.containers) > 1:
        firing = profile.containers.common(1)
        yield from _most(profile, "container", ((world.label(identity), count) for identity, count in firing))
    yield from _most(profile, "command line", profile.commands.common(1))


def _most(profile: Profile, sort: Sort, common: Iterable[tuple[str, int]]) -> Iterator[Concentration]:
    for value, count in common:
        yield Concentration(sort, value, count, count / profile.alerts)


def _containers(profile: Profile, world: World) -> Iterator[OfContainer]:
    for identity, count in profile.containers.common(MOST_ROWS):
        seen = world.container(identity)
        yield OfContainer(identity, seen.name, seen.image, count, count / profile.alerts, seen.lifetime)


def _images(profile: Profile, world: World, spread: float) -> Iterator[OfImage]:
    fired = Counter(world.container(identity).image for identity, _ in profile.containers.common())
    for image, count in profile.images.common(MOST_ROWS):
        containers, lifetime = world.images.get(image, (0, 0))
        per_day = rate_per_day(count, lifetime, spread)
        yield OfImage(image, count, count / profile.alerts, fired[image], containers, per_day)


def _values(profile: Profile) -> Iterator[Values]:
    categories = {stage.number: stage.category for stage in profile.stages}
    for (number, field), top in profile.values.items():
        found = _counts(top.common(MOST_VALUES))
        yield Values(number, categories[number], field, len(top), found, top.error)


def _counts(common: Iterable[tuple[str, int]]) -> tuple[Count, ...]:
    return tuple(Count(value, count) for value, count in common)
