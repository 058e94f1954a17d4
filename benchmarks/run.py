"""The benchmark: generate events, measure, print one table of ratios.

    python benchmarks/run.py [--quick] [--events N]

Every measurement is a fresh process, repeated in rounds, so that all jobs share the machine's good and bad minutes.
Numbers of different runs or machines do not compare; ratios within one run do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from operator import attrgetter

from rich import box
from rich.console import Console
from rich.table import Table

from generate import DATA
from jobs import Job, Sizes, accepted_rules, command, jobs, main_set
from measure import MeasurementError, Series, rounds
from rows import Row, rows
from rulesets import SHARED, rule_sets

console = Console(width=None if sys.stdout.isatty() else 160)


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measured_jobs(wanted: Sequence[Job], repeat: int) -> tuple[dict[str, Series], dict[str, str]]:
    """Series by job name, and for jobs without one the reason."""
    sets, failed = rule_sets(), {}
    accepted: dict[str, list[str]] = {}
    try:
        accepted = accepted_rules(sets)
        tell(", ".join(f"python-eql takes {len(each)} of {len(sets[name])} rules" for name, each in accepted.items()))
    except (MeasurementError, subprocess.CalledProcessError, OSError) as error:
        failed = {job.name: f"no python-eql here: {error}" for job in wanted if job.form == "scalar"}
    commands = {job.name: command(job, sets, accepted, tell) for job in wanted if job.name not in failed}
    series, broken = rounds(commands, repeat, tell)
    return series, failed | broken


def measurements(series: dict[str, Series]) -> Table:
    table = Table(title="Measurements (least, median of the rounds)", title_justify="left", box=_box())
    table.add_column("job")
    for name in ("events", "whole s", "median", "scan s", "median", "processor s", "peak MiB", "events/s"):
        table.add_column(name, justify="right")
    wall, work, processor = attrgetter("wall"), attrgetter("work"), attrgetter("processor")
    for name, each in series.items():
        times = (each.least(wall), each.median(wall), each.least(work), each.median(work), each.least(processor))
        rate = f"{each.events / each.median(wall):,.0f}"
        table.add_row(name, f"{each.events:,}", *(f"{time:.2f}" for time in times), f"{each.peak:,.0f}", rate)
    return table


def results(table_rows: Sequence[Row]) -> Table:
    table = Table(title="Ratios of this run", title_justify="left", box=_box())
    table.add_column("what")
    for name in ("best", "median", "target"):
        table.add_column(name, justify="right")
    table.add_column("")
    for row in table_rows:
        mark = {None: "", True: "[green]pass[/]", False: "[red]FAIL[/]"}[row.passed]
        if row.typical is None:
            mark = "not measured"
        table.add_row(row.what, _shown(row.best, row.unit), _shown(row.typical, row.unit), row.target, mark)
    return table


def _shown(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:,.{0 if value >= 100 else 2}f}{unit}"


def _box() -> box.Box:
    return box.SIMPLE_HEAD if console.is_terminal else box.ASCII2


def grouped(failed: dict[str, str]) -> dict[str, list[str]]:
    """Jobs by the last line of why they failed; the whole text is in the saved results."""
    groups: dict[str, list[str]] = {}
    for name, reason in failed.items():
        groups.setdefault(reason.splitlines()[-1], []).append(name)
    return groups


def save(options: argparse.Namespace, series: dict[str, Series], failed: dict[str, str], table: Sequence[Row]) -> None:
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    document = {
        "machine": machine,
        "options": vars(options),
        "rows": [asdict(row) for row in table],
        "jobs": {name: [asdict(sample) for sample in each.samples] for name, each in series.items()},
        "failed": failed,
    }
    (DATA / "results.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, help="of most measurements; default 1,000,000, with --quick 50,000")
    parser.add_argument("--quick", action="store_true", help="small files, one round: does it run at all")
    parser.add_argument("--repeat", type=int, help="rounds; default 3, with --quick 1")
    parser.add_argument("--only", default="", help="measure only jobs whose name has this in it")
    options = parser.parse_args()
    sizes = Sizes.of(options.events or (50_000 if options.quick else 1_000_000), quick=options.quick)
    sets = rule_sets()
    main_rules = main_set(sets)
    if main_rules == "2":
        tell(f"no rule corpus at {SHARED}: only the 2 founding rules are measured; set DECKWATCH_SHARED to have all")
    wanted = [job for job in jobs(sizes, sets) if options.only in job.name]
    series, failed = measured_jobs(wanted, options.repeat or (1 if options.quick else 3))
    table = list(rows(series, wanted, main_rules, sizes))
    console.print(measurements(series))
    console.print(results(table))
    for reason, names in grouped(failed).items():
        console.print(f"not measured: {', '.join(names)}\n    {reason}", markup=False, highlight=False)
    save(options, series, failed, table)
    return 1 if failed or any(row.passed is False for row in table) else 0


if __name__ == "__main__":
    sys.exit(main())
