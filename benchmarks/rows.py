"""The table of results: each row is one ratio, rate, peak or count, with the limit it is held to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from jobs import Job, Sizes
from measure import Sample, Series

Measured = Mapping[str, Series]
Statistic = Callable[[Series, Callable[[Sample], float]], float]


@dataclass(frozen=True, slots=True)
class Row:
    """`best` and `typical`: from the least and from the median of the rounds. `passed` judges the typical one."""

    what: str
    best: float | None
    typical: float | None
    unit: str
    target: str
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Ratio:
    """Time per event of one job ÷ that of the fastest of the jobs whose names begin with `under`.

    Times are those of whole processes, or with `work` of the scans alone.
    """

    what: str
    over: str
    under: str
    at_most: float | None = None
    at_least: float | None = None
    work: bool = False

    def row(self, measured: Measured) -> Row:
        unders = [series for name, series in measured.items() if name.startswith(self.under)]
        best = typical = None
        if self.over in measured and unders:
            best = self._value(measured[self.over], unders, Series.least)
            typical = self._value(measured[self.over], unders, Series.median)
        return judged(self.what, best, typical, "×", at_most=self.at_most, at_least=self.at_least)

    def _value(self, over: Series, unders: Sequence[Series], statistic: Statistic) -> float:
        quantity = attrgetter("work" if self.work else "wall")
        floor = min(statistic(each, quantity) / each.events for each in unders)
        return statistic(over, quantity) / over.events / floor


def judged(
    what: str,
    best: float | None,
    typical: float | None,
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> Row:
    target = f"≤ {at_most:,g}" if at_most is not None else f"≥ {at_least:,g}" if at_least is not None else ""
    passed = None
    if typical is not None and at_most is not None:
        passed = typical <= at_most
    elif typical is not None and at_least is not None:
        passed = typical >= at_least
    return Row(what, best, typical, unit, target, passed)


def ratios(main: str, sizes: Sizes) -> list[Ratio]:
    """The ratios of the table; `main` names the rule set of most of them."""
    grown = f"{thousands(sizes.small)} → {thousands(sizes.large)} events"
    return [
        Ratio(f"NDJSON, {main} rules ÷ bare decode", "ours usual", "bare usual", at_most=2.0),
        Ratio(f"NDJSON, 3.9 KB an event, {main} rules ÷ bare decode", "ours full", "bare full"),
        Ratio(f"Parquet, {main} rules ÷ bare decode", "ours parquet", "bare parquet"),
        Ratio("2 → 48 rules", "ours named 48", "ours named 2"),
        Ratio("48 → 400 rules", "ours named 400", "ours named 48", at_most=3.0),
        Ratio("2 → 48 rules, each sees every event", "ours unnamed 48", "ours unnamed 2"),
        Ratio("48 → 400 rules, each sees every event", "ours unnamed 400", "ours unnamed 48", at_most=3.0),
        Ratio(f"{grown}, time per event", "ours large", "ours small", at_most=1.15, work=True),
        Ratio("half of all events open a sequence ÷ few do, 2 rules", "ours heavy", "ours named 2", work=True),
        Ratio(
            "events/s, ours ÷ python-eql, scalar events", "python-eql mix", "ours scalar mix", at_least=200, work=True
        ),
        Ratio(
            f"the same, half of python-eql's {thousands(sizes.foreign_heavy)} events open a sequence",
            "python-eql heavy",
            "ours scalar heavy",
            at_least=200,
            work=True,
        ),
    ]


def thousands(events: int) -> str:
    return f"{events / 1e6:g} M" if events >= 1_000_000 else f"{events / 1e3:g} k"


def rows(measured: Measured, jobs: Sequence[Job], main: str, sizes: Sizes) -> Iterator[Row]:
    """The whole table, in the order it is printed."""
    for ratio in ratios(main, sizes):
        yield ratio.row(measured)
    for form, at_least in (("usual", None), ("parquet", 500_000.0)):
        yield _rate(measured.get(f"ours {form}"), form, main, at_least)
    peaks = (("large", sizes.large, f"{main} rules"), ("heavy", sizes.costly, "2 rules, half of them open a sequence"))
    for name, events, rules in peaks:
        series = measured.get(f"ours {name}")
        peak = series.peak if series else None
        yield judged(f"peak memory, {thousands(events)} events, {rules}", peak, peak, " MiB", at_most=1024)
    for job in jobs:
        if job.owed() and job.name in measured:
            yield _owed(job, measured[job.name])


def _rate(series: Series | None, form: str, main: str, at_least: float | None) -> Row:
    name = "Parquet" if form == "parquet" else "NDJSON"
    best = typical = None
    if series:
        best = series.events / series.least(attrgetter("wall"))
        typical = series.events / series.median(attrgetter("wall"))
    return judged(f"{name}, {main} rules, whole process", best, typical, " events/s", at_least=at_least)


def _owed(job: Job, series: Series) -> Row:
    """Whether the planted attacks, and only they, made the founding rules fire, in every round."""
    owed = {rule: count for rule, count in job.owed().items() if count}
    fired = [sample.report["hits"] for sample in series.samples]
    exact = all(each == owed for each in fired)
    alerts = float(sum(fired[0].values()))
    what = f"alerts of the founding rules ({job.name.removeprefix('ours ')})"
    return Row(what, alerts, alerts, "", f"= {sum(owed.values())}", exact)
