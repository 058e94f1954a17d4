"""What is measured: which program over which events with which rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import measure
import python_eql
import rulesets
from generate import Load

RuleSets: TypeAlias = Mapping[str, list[Path]]

NDJSON_DECODERS = ("duckdb", "duckdb-json", "pyarrow", "polars")
PARQUET_DECODERS = ("duckdb", "pyarrow", "polars")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of events: of most jobs, of the costly ones, of the pair that shows flatness, and for python-eql."""

    usual: int
    costly: int
    small: int
    large: int
    foreign: int
    foreign_heavy: int

    @classmethod
    def of(cls, events: int, *, quick: bool) -> Sizes:
        if quick:
            return cls(events, events // 2, events // 2, 2 * events, 10_000, 3_000)
        return cls(events, min(events, 300_000), 100_000, max(events, 3_000_000), 20_000, 10_000)


@dataclass(frozen=True, slots=True)
class Job:
    """One program to measure. `take` limits how many events python-eql is given."""

    name: str
    tool: Literal["bare", "ours", "python-eql"]
    load: Load
    rules: str
    form: Literal["ndjson", "parquet", "scalar"] = "ndjson"
    decoder: str = ""
    take: int = 0

    def owed(self) -> Mapping[str, int]:
        """Alerts that must come out, by rule id; empty when that is not known."""
        known = self.tool == "ours" and self.rules == "2" and self.form != "scalar"
        return self.load.expected() if known else {}


def jobs(sizes: Sizes, sets: RuleSets) -> list[Job]:
    """Every job there are rules for, in the order they run in each round."""
    main = main_set(sets)
    usual, costly = Load(sizes.usual), Load(sizes.costly)
    full, heavy = replace(costly, detail="full"), replace(costly, sequence_heavy=True)
    unnamed = replace(costly, streams=False)
    every = [
        *(Job(f"bare usual {each}", "bare", usual, main, decoder=each) for each in NDJSON_DECODERS),
        Job("ours usual", "ours", usual, main),
        *(Job(f"bare parquet {each}", "bare", usual, main, "parquet", decoder=each) for each in PARQUET_DECODERS),
        Job("ours parquet", "ours", usual, main, "parquet"),
        *(Job(f"bare full {each}", "bare", full, main, decoder=each) for each in NDJSON_DECODERS),
        Job("ours full", "ours", full, main),
        *(Job(f"ours named {rules}", "ours", costly, rules) for rules in ("2", "48", "400")),
        *(Job(f"ours unnamed {rules}", "ours", unnamed, rules) for rules in ("2", "48", "400")),
        Job("ours small", "ours", Load(sizes.small), main),
        Job("ours large", "ours", Load(sizes.large), main),
        Job("ours heavy", "ours", heavy, "2"),
        Job("python-eql mix", "python-eql", costly, main, "scalar", take=sizes.foreign),
        Job("ours scalar mix", "ours", costly, main, "scalar"),
        Job("python-eql heavy", "python-eql", heavy, main, "scalar", take=sizes.foreign_heavy),
        Job("ours scalar heavy", "ours", heavy, main, "scalar"),
    ]
    return [job for job in every if job.rules in sets]


def main_set(sets: RuleSets) -> str:
    """The rules of the jobs that do not compare rule sets: the container rules, or the founding two alone."""
    return "48" if "48" in sets else "2"


def command(job: Job, sets: RuleSets, accepted: Mapping[str, list[str]], tell: Callable[[str], None]) -> list[str]:
    """The command of a job; its events are generated here unless they lie in the cache.

    `accepted` holds, per rule set, the rules that python-eql takes; whatever is compared with it runs just those.
    """
    path, rules = events(job, tell), sets[job.rules]
    chosen = accepted[job.rules] if job.form == "scalar" else [str(rule) for rule in rules]
    match job.tool:
        case "bare":
            return measure.script("bare.py", job.decoder, str(path), *rulesets.fields(rules))
        case "ours":
            return measure.script("ours.py", str(path), *chosen)
        case "python-eql":
            arguments = ("scan", str(path), str(job.take), *chosen)
            return measure.script("python_eql.py", *arguments, python=python_eql.python())


def events(job: Job, tell: Callable[[str], None]) -> Path:
    """The file a job reads, made in a process of its own, so that this one stays small."""
    tell(f"events for {job.name}: {job.load.events:,}")
    options = ["--parquet"] if job.form == "parquet" else []
    report = measure.run(measure.script("generate.py", *job.load.options(), *options)).report
    path = Path(report["path"])
    if job.form != "scalar":
        return path
    flat = path.with_name(f"{path.stem}-scalar.ndjson")
    if not flat.exists():
        measure.run(measure.script("python_eql.py", "flatten", str(path), str(flat)))
    return flat


def accepted_rules(sets: RuleSets) -> dict[str, list[str]]:
    """Of the set that python-eql is given, the rules that it takes.

    Raises:
        MeasurementError, CalledProcessError: there is no environment with python-eql and none could be made.
    """
    name = main_set(sets)
    paths = [str(path) for path in sets[name]]
    report = measure.run(measure.script("python_eql.py", "accept", *paths, python=python_eql.python())).report
    return {name: list(report["taken"])}
