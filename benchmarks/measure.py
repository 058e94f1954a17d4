"""One measurement: a command in a fresh process, its wall time, processor time and peak memory.

The peak a child reports is never below the memory of its parent at the moment of the fork, so whoever measures must
stay small: nothing here or in `run.py` imports a data library.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class MeasurementError(RuntimeError):
    """A measured command failed; the text holds the end of what it said."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`wall` and `processor` in seconds for the whole process, `peak` resident MiB, `report` what it printed."""

    wall: float
    processor: float
    peak: float
    report: Mapping[str, Any]

    @property
    def work(self) -> float:
        """Seconds of the work alone, without the start of the interpreter, imports, and the loading of rules."""
        return float(self.report["seconds"])


@dataclass(frozen=True, slots=True)
class Series:
    """The samples of one job, in the order of the rounds."""

    samples: tuple[Sample, ...]

    def median(self, quantity: Callable[[Sample], float]) -> float:
        return statistics.median(map(quantity, self.samples))

    def least(self, quantity: Callable[[Sample], float]) -> float:
        return min(map(quantity, self.samples))

    @property
    def events(self) -> int:
        return int(self.samples[0].report["events"])

    @property
    def peak(self) -> float:
        return max(sample.peak for sample in self.samples)


def run(command: Sequence[str], timeout: float = 1800.0) -> Sample:
    """Run a command that prints one line of JSON with at least `events` and `seconds`.

    Raises:
        MeasurementError: it failed, ran too long, or printed something else.
    """
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "src")}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        with subprocess.Popen(command, stdout=out, stderr=err, env=environment) as child:
            usage = _wait(child, start + timeout)
        wall = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        printed, complaint = out.read().decode(errors="replace"), err.read().decode(errors="replace")
    if child.returncode:
        raise MeasurementError(f"{' '.join(command)[:300]}\nended with {child.returncode}: {complaint.strip()[-1500:]}")
    try:
        report = json.loads(printed.strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise MeasurementError(f"{' '.join(command)[:300]}\nprinted no report: {printed[-300:]!r}") from None
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, report)


def _wait(child: subprocess.Popen[bytes], deadline: float) -> Any:
    """Wait by polling: only `wait4` tells the resources of one child, and it knows no time limit."""
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage
        if time.perf_counter() > deadline:
            child.kill()
            deadline = float("inf")
        time.sleep(0.002)


def script(name: str, *arguments: str, python: str = sys.executable) -> list[str]:
    """The command that runs a script of this folder."""
    return [python, str(HERE / name), *arguments]


def rounds(
    jobs: Mapping[str, Sequence[str]], repeat: int, tell: Callable[[str], None]
) -> tuple[dict[str, Series], dict[str, str]]:
    """Every job once, then every job again, so that a slow minute hits all alike. Series, and why others have none."""
    samples: dict[str, list[Sample]] = {name: [] for name in jobs}
    failed: dict[str, str] = {}
    for turn in range(repeat):
        for name, command in jobs.items():
            if name in failed:
                continue
            tell(f"round {turn + 1}/{repeat}: {name}")
            try:
                samples[name].append(run(command))
            except MeasurementError as error:
                failed[name] = str(error)
    return {name: Series(tuple(each)) for name, each in samples.items() if name not in failed}, failed
