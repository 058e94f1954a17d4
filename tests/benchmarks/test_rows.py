"""How measurements become the table of ratios."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import measure
from generate import Load
from jobs import Job, Sizes, jobs, main_set
from measure import MeasurementError, Sample, Series
from rows import Ratio, ratios, rows

SIZES = Sizes(1_000_000, 300_000, 100_000, 3_000_000, 20_000, 10_000)
SETS = {name: [Path("rule.toml")] for name in ("2", "48", "400")}


def series(events: int, *walls: float, hits: dict[str, int] | None = None) -> Series:
    return Series(
        tuple(Sample(wall, wall, 100.0, {"events": events, "seconds": wall / 2, "hits": hits}) for wall in walls)
    )


def test_a_ratio_is_per_event_and_against_the_fastest() -> None:
    measured = {
        "ours": series(200, 4.0, 6.0, 8.0),
        "bare a": series(100, 1.0, 2.0, 9.0),
        "bare b": series(100, 3.0, 3.0, 3.0),
    }
    row = Ratio("what", "ours", "bare", at_most=1.4).row(measured)
    assert (row.best, row.typical, row.target, row.passed) == (2.0, 1.5, "≤ 1.4", False)


@pytest.mark.parametrize(
    ("at_least", "passed"), [pytest.param(1.5, True, id="held"), pytest.param(1.6, False, id="missed")]
)
def test_a_lower_limit(at_least: float, passed: bool) -> None:
    measured = {"ours": series(100, 3.0), "bare a": series(100, 2.0)}
    assert Ratio("what", "ours", "bare", at_least=at_least).row(measured).passed is passed


def test_what_was_not_measured_has_no_verdict() -> None:
    assert {row.passed for row in rows({}, [], "48", SIZES)} == {None}


def test_every_ratio_names_jobs_that_exist() -> None:
    names = [job.name for job in jobs(SIZES, SETS)]
    assert len(set(names)) == len(names)
    for ratio in ratios("48", SIZES):
        assert ratio.over in names
        assert any(name.startswith(ratio.under) for name in names)


def test_without_the_corpus_only_the_founding_rules_are_run() -> None:
    founding = {"2": SETS["2"]}
    assert main_set(founding) == "2"
    assert {job.rules for job in jobs(SIZES, founding)} == {"2"}


@pytest.mark.parametrize(
    ("off", "passed"), [pytest.param(0, True, id="exact"), pytest.param(1, False, id="one too many")]
)
def test_planted_attacks_must_fire_exactly(off: int, passed: bool) -> None:
    job = Job("ours heavy", "ours", Load(300_000), "2")
    hits = {rule: count + off for rule, count in job.owed().items()}
    *_, row = rows({"ours heavy": series(300_000, 1.0, hits=hits)}, [job], "48", SIZES)
    assert row.passed is passed


def test_a_measurement_reports_time_memory_and_what_was_printed() -> None:
    sample = measure.run([sys.executable, "-c", "print('noise'); print('{\"events\": 3, \"seconds\": 0.5}')"])
    assert sample.report["events"] == 3
    assert sample.work == 0.5
    assert sample.wall > 0
    assert sample.peak > 1


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        pytest.param("raise SystemExit('no such rule')", "no such rule", id="fails"),
        pytest.param("print('hello')", "printed no report: 'hello", id="prints something else"),
    ],
)
def test_a_failed_measurement_says_why(program: str, complaint: str) -> None:
    with pytest.raises(MeasurementError, match=complaint):
        measure.run([sys.executable, "-c", program])
