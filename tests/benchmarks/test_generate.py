"""The benchmark's events: valid, reproducible, and shaped like recorded ones."""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.shared import SHARED, needs_shared

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import generate
from columns import COLUMNS
from generate import CREATE_BY_HAND, CREATE_RUN_DELETE, Load

SAMPLE = Load(2_000, attacks=2_000)
LOADS = [
    pytest.param(SAMPLE, id="lean"),
    pytest.param(replace(SAMPLE, detail="full"), id="full"),
    pytest.param(replace(SAMPLE, streams=False), id="no streams"),
    pytest.param(replace(SAMPLE, sequence_heavy=True), id="sequence-heavy"),
]

Document = dict[str, Any]


def documents(load: Load) -> list[Document]:
    return [json.loads(line) for line in b"".join(generate.ndjson(load)).splitlines()]


def leaves(value: Document, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names and the JSON type of what they hold."""
    for name, each in value.items():
        if isinstance(each, dict):
            yield from leaves(each, f"{prefix}{name}.")
        else:
            kind = f"list of {type(each[0]).__name__}" if isinstance(each, list) else type(each).__name__
            yield prefix + name, kind


@pytest.mark.parametrize("load", LOADS)
def test_events_are_whole_unique_and_almost_in_order(load: Load) -> None:
    events = documents(load)
    times = [event["@timestamp"] for event in events]
    assert len(events) == load.events
    assert len({event["event"]["id"] for event in events}) == load.events
    assert [event["event"]["sequence"] for event in events] == list(range(1, load.events + 1))
    assert sum(early > late for early, late in pairwise(times)) <= load.events / 1_000
    assert all(len(time) == len("2026-11-22T00:00:00.000000000Z") for time in times)


@pytest.mark.parametrize("load", LOADS)
def test_every_field_has_a_column(load: Load) -> None:
    assert {name for event in documents(load) for name, _ in leaves(event)} <= set(COLUMNS)


def test_the_same_seed_gives_the_same_bytes() -> None:
    once, again = (b"".join(generate.ndjson(SAMPLE)) for _ in range(2))
    assert once == again
    assert b"".join(generate.ndjson(replace(SAMPLE, seed=8))) != once


def test_chunks_follow_each_other_in_time() -> None:
    load = Load(3_000)
    first, second = (generate.Chunk(load, first, 1_500).ordered() for first in (0, 1_500))
    assert max(draft[0] for draft in first) < min(draft[0] for draft in second)


def test_the_parameters_survive_the_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    load = Load(1_000, seed=3, containers=40, detail="full", streams=False, sequence_heavy=True, attacks=0, rate=900)
    monkeypatch.setattr(sys, "argv", ["generate.py", *load.options(), "--directory", str(tmp_path)])
    generate.main()
    assert load.path(tmp_path, ".ndjson").exists()


def test_half_of_a_heavy_load_opens_the_founding_sequence() -> None:
    opening = [
        event
        for event in documents(replace(SAMPLE, sequence_heavy=True))
        if event["event"]["action"] == ["creation"]
        and event["process"]["name"] == "curl"
        and event["file"]["path"].startswith("/tmp/dl-")  # noqa: S108
    ]
    assert len(opening) == SAMPLE.events / 2
    assert len({event["file"]["name"] for event in opening}) == len(opening)


def test_planted_attacks_are_complete() -> None:
    events = documents(SAMPLE)
    assert SAMPLE.expected() == {CREATE_RUN_DELETE: 2, CREATE_BY_HAND: 2}
    dropped = [event for event in events if event.get("file", {}).get("name", "").startswith("upd")]
    assert Counter(event["event"]["action"][0] for event in dropped) == {"creation": 2, "open": 2, "deletion": 2}
    ran = [event for event in events if event["process"]["executable"].startswith("/tmp/upd")]  # noqa: S108
    assert sum(event["event"]["action"] == ["exec"] for event in ran) == 2
    by_hand = [event for event in events if event["process"]["interactive"] and event["process"]["name"] == "wget"]
    assert sum(event["event"]["type"] == ["creation"] for event in by_hand) == 2


@pytest.fixture(scope="module")
def recorded() -> set[tuple[str, str]]:
    with gzip.open(SHARED / "telemetry" / "benign.ndjson.gz") as lines:
        return {leaf for line in lines for leaf in leaves(json.loads(line))}


@needs_shared
@pytest.mark.parametrize("load", LOADS)
def test_fields_and_types_are_those_of_recorded_events(load: Load, recorded: set[tuple[str, str]]) -> None:
    assert {leaf for event in documents(load) for leaf in leaves(event)} <= recorded


@needs_shared
def test_full_events_leave_no_field_out(recorded: set[tuple[str, str]]) -> None:
    full = replace(SAMPLE, events=5_000, detail="full")
    assert {leaf for event in documents(full) for leaf in leaves(event)} == recorded
