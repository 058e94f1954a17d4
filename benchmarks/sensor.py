"""The benchmark of the sensor: real containers under load, the kernel's events, 48 rules.

    sudo python benchmarks/sensor.py [--quick]

Needs root, runc and gcc, and takes about five minutes. Processor times and ratios hold on a busy machine too; rates and
latencies want a quiet one with two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from deckwatch.rules.load import load_rules
from deckwatch.rules.rule import Rule
from deckwatch.sensor.errors import SensorError
from generate import DATA
from loads import COMPILE, UNTAR, Loads, loads, missing
from rulesets import SHARED, rule_sets
from watcher import Reading, Watcher, probes

RATES = (5_000, 10_000, 20_000, 30_000, 40_000, 60_000, 80_000)
FLOOD = 0
_EVENTS_PER_TURN = {"files": 3, "mixed": 4.3}
_KEEPS_PACE = 0.5  # seconds after which all must be evaluated

console = Console(width=None if sys.stdout.isatty() else 140)


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the result; `met` is None where there is no target."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds of each load, and how many pairs."""

    rate_seconds: float
    latency_seconds: float
    pairs: int


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Run:
    """A paced load and what the sensor made of it. `lag`: seconds after the load's end until all was evaluated."""

    wanted: int
    rate: float
    lag: float
    came: Reading

    @property
    def kept_pace(self) -> bool:
        return not self.came.lost and self.lag < _KEEPS_PACE

    @property
    def per_event(self) -> float:
        """Microseconds of processor time."""
        return 1e6 * self.came.processor / self.came.events


def paced(watcher: Watcher, at: Loads, kind: str, wanted: int, seconds: float) -> Run:
    before = watcher.read()
    done = at.paced(kind, round(wanted / _EVENTS_PER_TURN[kind]), seconds)
    lag = watcher.settle(done.ended)
    came = watcher.read().since(before)
    run = Run(wanted, came.events / seconds, lag, came)
    tell(
        f"  {kind}: {run.rate:,.0f} events/s, {came.lost:,} records lost, all evaluated {lag:.2f} s after its end,"
        f" {run.per_event:.1f} µs an event, load {os.getloadavg()[0]:.1f}"
    )
    return run


def warm_up(watcher: Watcher, at: Loads) -> None:
    """Have the rules see some of everything: what they remember of it is empty at first."""
    watcher.settle(at.paced("mixed", 500, 1.0).ended)


def throughput(rules: Sequence[Rule], at: Loads, plan: Plan) -> list[Run]:
    tell("files that come and go, at rising rates")
    with Watcher(rules) as watcher:
        warm_up(watcher, at)
        return [paced(watcher, at, "files", rate, plan.rate_seconds) for rate in (*RATES, FLOOD)]


def throughput_findings(runs: Sequence[Run]) -> Iterator[Finding]:
    kept = [run.rate for run in runs if run.kept_pace]
    best = max(kept, default=0.0)
    yield Finding("sustained without loss, events/s", f"{best:,.0f}", "≥ 30,000", best >= 0.95 * 30_000)
    flood = runs[-1]
    yield Finding(
        "flood: evaluated events/s, records lost",
        f"{flood.came.events / (flood.came.events / flood.rate + flood.lag):,.0f}, {flood.came.lost:,}",
    )
    chosen = next((run for run in runs if run.wanted == 30_000), flood)
    stages = {stage: 1e6 * seconds / chosen.came.events for stage, seconds in chosen.came.stages.items()}
    stages["rest"] = chosen.per_event - sum(stages.values())
    yield Finding("processor time per event at 30,000/s, µs", f"{chosen.per_event:.1f}")
    yield Finding("  of it: " + ", ".join(stages), ", ".join(f"{each:.1f}" for each in stages.values()))


def latency(rules: Sequence[Rule], at: Loads, plan: Plan) -> Iterator[Finding]:
    for rate in (1000, 5000):
        tell(f"latency at {rate:,} events/s")
        with Watcher([*rules, *probes()]) as watcher:
            warm_up(watcher, at)
            for delays in watcher.delays.values():
                delays.clear()
            run = paced(watcher, at, "mixed", rate, plan.latency_seconds)
        for name, delays in watcher.delays.items():
            what = (
                f"{name.removeprefix('probe-')} alert at {run.rate:,.0f} events/s, ms: p50, p99, most ({len(delays)})"
            )
            yield latency_finding(what, delays, judged=rate == 5000)


def latency_finding(what: str, delays: Sequence[float], *, judged: bool) -> Finding:
    if len(delays) < 2:
        return Finding(what, "no alerts came", "p99 < 250", met=False)
    cuts = statistics.quantiles(delays, n=100, method="inclusive")
    shown = ", ".join(f"{1000 * each:.0f}" for each in (cuts[49], cuts[98], max(delays)))
    return Finding(what, shown, "p99 < 250" if judged else "", cuts[98] < 0.25 if judged else None)


def overhead(rules: Sequence[Rule], at: Loads, plan: Plan) -> Iterator[Finding]:
    for name, script, limit in (("compile", COMPILE, 0.05), ("untar", UNTAR, None)):
        at.timed(script)
        ratios, own = [], []
        for number in range(plan.pairs):
            plain, watched, sensor = pair(rules, at, script)
            ratios.append(watched / plain)
            own.append(sensor / plain)
            tell(f"{name} {number + 1}/{plan.pairs}: {plain:.2f} s, watched {watched:.2f} s, sensor {sensor:.2f} s")
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
        yield Finding(
            f"{name}: processor time watched ÷ not (quartiles of {len(ratios)} pairs)",
            f"{middle:.3f} ({low:.3f} to {high:.3f})",
            f"< {1 + limit:.2f}" if limit else "",
            middle < 1 + limit if limit else None,
        )
        yield Finding(f"{name}: processor time of the sensor itself ÷ its", f"{statistics.median(own):.3f}")


def pair(rules: Sequence[Rule], at: Loads, script: str) -> tuple[float, float, float]:
    """Processor seconds of a script unwatched and watched, in random order, and what the sensor spent on it."""
    plain = watched = sensor = 0.0
    for on in random.sample((False, True), 2):
        if not on:
            plain = at.timed(script).processor
            continue
        with Watcher(rules) as watcher:
            warm_up(watcher, at)
            before = watcher.read()
            done = at.timed(script)
            watched = done.processor
            watcher.settle(done.ended)
            sensor = watcher.read().since(before).processor
    return plain, watched, sensor


def table(findings: Sequence[Finding]) -> Table:
    shown = Table(title=f"The sensor on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", title_justify="left")
    for name in ("what", "measured", "target", ""):
        shown.add_column(name)
    for each in findings:
        shown.add_row(each.what, each.measured, each.target, {None: "", True: "met", False: "MISSED"}[each.met])
    return shown


def container_rules() -> list[Rule]:
    sets = rule_sets()
    if "48" not in sets:
        tell(f"no rule corpus at {SHARED}: 2 founding rules instead of 48; set DECKWATCH_SHARED to have all")
    return list(load_rules(*sets.get("48", sets["2"])))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short loads, few pairs: does it run at all")
    parser.add_argument("--only", choices=("throughput", "latency", "overhead"))
    options = parser.parse_args()
    if reason := missing():
        tell(f"the sensor cannot be measured here: {reason}")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # containers are taken away then, too
    plan = Plan(1.0, 3.0, 2) if options.quick else Plan(5.0, 15.0, 9)
    rules = container_rules()
    findings: list[Finding] = []
    try:
        with loads() as at:
            if options.only in (None, "throughput"):
                findings += throughput_findings(throughput(rules, at, plan))
            if options.only in (None, "latency"):
                findings += latency(rules, at, plan)
            if options.only in (None, "overhead"):
                findings += overhead(rules, at, plan)
    except SensorError as error:
        tell(str(error))
        return 2
    console.print(table(findings))
    DATA.mkdir(exist_ok=True)
    (DATA / "sensor.json").write_text(json.dumps([asdict(each) for each in findings], indent=1) + "\n", "utf-8")
    return 1 if any(each.met is False for each in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
