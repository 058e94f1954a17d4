"""One meaning: a stream gives the alerts of a scan, id by id, however it is cut, and shuffled within lateness."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import deckwatch as dw
from deckwatch.engine.stream import Stream
from tests.engine.live import (
    RUN,
    Document,
    FakeClock,
    FakeSource,
    at_once,
    counted,
    scanned,
    split,
    streamed,
)
from tests.engine.random_queries import documents
from tests.engine.test_engines_agree import KNOWN, ONE_RULE, STAGE
from tests.rules.build import rule
from tests.shared import SHARED, needs_shared

LATENESS = 0.004  # of events that lie between 0 and 12 ms
MANY_YEARS = 10**18
SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
MISSING = st.one_of(
    st.builds("sequence by process.name with maxspan=4ms [any where {}] ![any where {}]".format, STAGE, STAGE),
    st.builds("sequence with maxspan=3ms ![any where {}] [any where {}]".format, STAGE, STAGE),
)
RULES = st.lists(st.one_of(ONE_RULE, ONE_RULE, MISSING), min_size=1, max_size=4, unique=True)
CUTS = st.lists(st.integers(1, 16), max_size=6)


def made(queries: Sequence[str]) -> list[dw.Rule]:
    return [rule(rule_id=query, id=query, query=query, index=["*"]) for query in queries]


def known(events: Sequence[Document]) -> list[Document]:
    """With fields that rules know, each event with an id of its own."""
    return [
        {**{KNOWN.get(name, name): value for name, value in each.items() if name != "o"}, "event.id": str(number)}
        for number, each in enumerate(events)
    ]


def stream_of(batches: Any, rules: Sequence[dw.Rule], lateness: float | None = LATENESS, **how: Any) -> Stream:
    clock = FakeClock(MANY_YEARS, stopped=True)
    return Stream(FakeSource(at_once(batches), clock), rules, lateness=lateness, run=RUN, clock=clock, **how)


@st.composite
def jittered(draw: st.DrawFn) -> list[Document]:
    """Events none of which comes more than the lateness after a later one."""
    events = known(draw(documents()))
    delays = [draw(st.integers(0, int(LATENESS * 1000))) for _ in events]
    order = sorted(range(len(events)), key=lambda i: events[i]["@timestamp"] + delays[i])
    return [events[i] for i in order]


@SETTINGS
@given(queries=RULES, events=jittered(), cuts=CUTS)
def test_shuffled_within_lateness_equals_a_scan(queries: list[str], events: list[Document], cuts: list[int]) -> None:
    rules = made(queries)
    stream = stream_of(split(events, cuts), rules)
    found = counted(streamed(stream))
    event("alerts" if found else "none")
    assert found == counted(scanned(events, rules))
    assert stream.status.late == 0


@SETTINGS
@given(queries=RULES.filter(lambda queries: "sample" not in str(queries)), events=jittered(), cuts=CUTS)
def test_shuffled_within_lateness_equals_sorted(queries: list[str], events: list[Document], cuts: list[int]) -> None:
    rules = made(queries)
    apart = [{**each, "event.sequence": number} for number, each in enumerate(events)]
    in_order = sorted(apart, key=lambda each: (each["@timestamp"], each["event.sequence"]))
    assert counted(streamed(stream_of(split(apart, cuts), rules))) == counted(scanned(in_order, rules))


@SETTINGS
@given(queries=RULES, events=documents().map(known), cuts=CUTS, others=CUTS)
def test_any_split_gives_the_same_even_when_events_are_late(
    queries: list[str], events: list[Document], cuts: list[int], others: list[int]
) -> None:
    rules = made(queries)
    one, other = (stream_of(split(events, some), rules, lateness=0.002) for some in (cuts, others))
    found = counted(streamed(one))
    assert found == counted(streamed(other))
    assert one.status.late == other.status.late
    event("late" if one.status.late else "in time")
    alone = [each for each in rules if each.query.startswith(("any", "p"))]
    assert counted(scanned(events, alone)) <= found


@SETTINGS
@given(queries=RULES, events=documents().map(known), cuts=CUTS)
def test_a_recording_equals_a_scan_in_any_order(queries: list[str], events: list[Document], cuts: list[int]) -> None:
    rules = made(queries)
    source = FakeSource(at_once(split(events, cuts)), FakeClock(), live=False, lateness=float("inf"))
    assert counted(streamed(Stream(source, rules, run=RUN))) == counted(scanned(events, rules))


@SETTINGS
@given(queries=RULES, events=jittered(), cuts=CUTS, stop=st.integers(1, 6))
def test_stopped_anywhere_it_has_claimed_what_is_certain(
    queries: list[str], events: list[Document], cuts: list[int], stop: int
) -> None:
    rules = made(queries)
    batches = split(events, cuts)
    stream = stream_of(batches, rules)
    found = []
    for number, step in enumerate(stream, 1):
        found += step.alerts
        if number == stop:
            stream.stop()
    seen = events[: stream.status.evaluated]
    waiting = [each for each in rules if "] ![" in each.query]
    certain = [each for each in rules if each not in waiting]
    assert counted(scanned(seen, certain)) <= counted(found) <= counted(scanned(seen, rules))


@needs_shared
@pytest.mark.parametrize("seed", range(3))
def test_the_founding_attacks_in_small_shuffled_batches(seed: int) -> None:
    path, rules = SHARED / "telemetry" / "attacks.ndjson", dw.founding_rules()
    events = [json.loads(line) for line in path.read_text().splitlines()]
    chance = random.Random(seed)
    times = [dw.evaluate(f'"{each["@timestamp"]}"') for each in events]
    assert times == sorted(times)
    batches, start = [], 0
    while start < len(events):
        end = start + chance.randint(1, 9)
        some = events[start:end]
        chance.shuffle(some)
        batches.append(some)
        start = end
    stream = stream_of(batches, rules, lateness=60)
    assert counted(streamed(stream)) == counted(scanned(events, rules))
    assert stream.status.late == 0
    assert stream.status.alerts == 27
