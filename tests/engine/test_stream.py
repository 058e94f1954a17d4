"""When a stream reports, what it counts, and what it lets go of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

import deckwatch as dw
from deckwatch.engine.stream import Stream
from tests.engine.live import RUN, SECOND, Document, FakeClock, FakeSource, streamed
from tests.rules.build import rule

START = 1_700_000_000
Batch = tuple[float, Sequence[Document]]


def made(query: str) -> dw.Rule:
    return rule(query=query, rule_id=query, index=["*"])


PAIR = made('sequence by user.id with maxspan=10s [any where process.name == "a"] [any where process.name == "b"]')
ALONE = made('sequence by user.id with maxspan=10s [any where process.name == "a"] ![any where process.name == "b"]')
SINGLE = made('any where process.name == "b"')
ENDLESS = made('sequence by user.id [any where process.name == "a"] [any where process.name == "b"]')
BOTH = made('sample by user.id [any where process.name == "a"] [any where process.name == "b"]')


def event(second: float, name: str, user: str = "u") -> Document:
    return {
        "@timestamp": round((START + second) * 1000),
        "process.name": name,
        "user.id": user,
        "event.id": f"{name}{second:g}",
    }


def stream_of(batches: Iterable[Batch], *rules: dw.Rule, live: bool = True, **how: Any) -> tuple[Stream, FakeClock]:
    """A stream that begins at START and does not end, but for recordings."""
    clock = FakeClock(START * SECOND)
    source = FakeSource(batches, clock, live=live, lateness=how.pop("bound", None), endless=live)
    return Stream(source, rules, clock=clock, run=RUN, **how), clock


def reported(batches: Iterable[Batch], *rules: dw.Rule, until: float, **how: Any) -> list[tuple[float, list[str]]]:
    """When (seconds) which alerts came: of each the events, without the shells."""
    stream, clock = stream_of(batches, *rules, **how)
    times = []
    for step in stream:
        ids = [each["kibana.alert.original_event.id"] for each in step.alerts if not _is_shell(each)]
        if ids:
            times.append((clock.passed / SECOND, ids))
        if clock.passed >= until * SECOND:
            return times
    return times


def _is_shell(alert: Document) -> bool:
    return "kibana.alert.group.id" in alert and "kibana.alert.group.index" not in alert


@pytest.mark.parametrize(
    ("batches", "rules", "how", "expected"),
    [
        pytest.param([(1, [event(1, "b")])], [SINGLE], {}, [(1, ["b1"])], id="an-event-at-once"),
        pytest.param(
            [(1, [event(1, "a")]), (3, [event(3, "b")])],
            [PAIR],
            {},
            [(5, ["a1", "b3"])],
            id="a-sequence-when-its-last-event-can-have-no-other-before-it",
        ),
        pytest.param(
            [(1, [event(1, "a"), event(1.5, "b")]), (2, [event(3.6, "x")])],
            [PAIR],
            {},
            [(3.5, ["a1", "b1.5"])],
            id="events-from-the-future-do-not-hurry-it",
        ),
        pytest.param(
            [(600, [event(1, "a"), event(2, "b")]), (600.5, [event(30, "x")])],
            [PAIR],
            {},
            [(600.5, ["a1", "b2"])],
            id="later-events-hurry-it",
        ),
        pytest.param(
            [(1, [event(1, "a")]), (3, [event(3, "b")])],
            [PAIR],
            {"bound": 0.05},
            [(3.05, ["a1", "b3"])],
            id="a-source-knows-its-lateness",
        ),
        pytest.param(
            [(1, [event(1, "a")]), (3, [event(3, "b")])],
            [PAIR],
            {"bound": 0.05, "lateness": 1},
            [(4, ["a1", "b3"])],
            id="the-option-wins",
        ),
        pytest.param([(1, [event(1, "a")])], [ALONE], {}, [(13, ["a1"])], id="a-missing-event-when-it-is-missing"),
        pytest.param([(1, [event(1, "a")]), (11, [event(11, "b")])], [ALONE], {}, [], id="it-comes-at-the-last-moment"),
        pytest.param(
            [(1, [event(1, "a")]), (11.5, [event(11.001, "b")])],
            [ALONE],
            {},
            [(13.499, ["a1"])],
            id="it-comes-too-late",
        ),
        pytest.param(
            [(1, [event(1, "a")]), (12.9, [event(10.95, "b")])], [ALONE], {}, [], id="it-was-delivered-late-enough"
        ),
        pytest.param(
            [(601, [event(1, "a")])], [ALONE], {}, [(613, ["a1"])], id="a-stream-that-lags-keeps-its-own-time"
        ),
        pytest.param(
            [(5, [event(1, "a"), event(4, "a", "v")]), (10, [event(6, "b"), event(9, "b", "v")])],
            [PAIR],
            {},
            [(10, ["a1", "b6"]), (12, ["a4", "b9"])],
            id="bulk-deliveries-are-not-late",
        ),
        pytest.param(
            [(1, [event(1, "b")]), (2, [event(2, "a")])], [BOTH], {}, [(2, ["a2", "b1"])], id="a-sample-at-once"
        ),
    ],
)
def test_reports_come_as_early_as_they_may(
    batches: list[Batch], rules: list[dw.Rule], how: dict[str, Any], expected: list[tuple[float, list[str]]]
) -> None:
    times = [(pytest.approx(time, abs=1e-6), ids) for time, ids in expected]
    assert reported(batches, *rules, until=700, **how) == times


def test_a_recording_goes_by_its_own_times() -> None:
    batches = [
        (0, [event(10, "a"), event(20_000, "x")]),
        (0, [event(12, "b"), event(9, "a", "v"), event(11, "b", "v")]),
    ]
    stream, clock = stream_of(batches, PAIR, live=False, bound=math.inf)
    assert [each["event.id"] for each in streamed(stream) if "event.id" in each] == ["a9", "b11", "a10", "b12"]
    assert clock.passed == 0
    assert stream.status.late == stream.status.ahead == 0
    assert (stream.status.lag, stream.status.watermark) == (None, None)


@pytest.mark.parametrize("interval", [0.05, 0.1, 1])
def test_steps_are_never_further_apart_than_the_interval(interval: float) -> None:
    batches = [(at / 7, [event(at / 7, "a")]) for at in range(7, 70)]
    stream, clock = stream_of(batches, PAIR, ALONE, interval=interval)
    before = 0
    for _ in stream:
        assert clock.passed - before <= interval * SECOND + 1
        before = clock.passed
        if stream.status.evaluated == 63:
            break


def test_events_gather_for_an_interval() -> None:
    batches = [(at / 1000, [event(at / 1000, "x")]) for at in range(5000, 6000)]
    stream, clock = stream_of(batches, SINGLE)
    polls = 0
    for _ in stream:
        polls += clock.passed >= 5 * SECOND
        if clock.passed > 6 * SECOND:
            break
    assert polls < 30


def test_a_source_with_more_than_a_batch_is_asked_again_at_once() -> None:
    batches = [(1, [event(1, "b")] * 10) for _ in range(20)]
    stream, clock = stream_of(batches, SINGLE, batch_events=10)
    while stream.status.evaluated < 200:
        next(stream)
    assert clock.passed == SECOND


def test_late_events_are_counted_and_matched_by_event_rules_only() -> None:
    batches = [(1, [event(1, "a")]), (9, [event(9, "x")]), (9.5, [event(6.9, "b"), event(7.5, "x")])]
    stream, clock = stream_of(batches, PAIR, SINGLE)
    found = [alert for step in stream if clock.passed < 20 * SECOND or stream.stop() for alert in step.alerts]
    assert [each["event.id"] for each in found] == ["b6.9"]
    assert stream.status.late == 1


@pytest.mark.parametrize(
    ("future", "ahead"),
    [
        pytest.param(3600, 1, id="an-hour"),
        pytest.param(86_400 * 365 * 80, 1, id="80-years"),
        pytest.param(1.5, 0, id="within-the-lateness"),
    ],
)
def test_events_from_the_future_spoil_nothing(future: float, ahead: int) -> None:
    batches = [(1, [event(1, "a")]), (1.5, [event(1.5 + future, "a", "v")]), (3, [event(3, "b")])]
    stream, clock = stream_of(batches, PAIR)
    found: list[Document] = []
    while clock.passed < 10 * SECOND:
        found += next(stream).alerts
    assert [each["event.id"] for each in found if "event.id" in each] == ["a1", "b3"]
    assert (stream.status.ahead, stream.status.late) == (ahead, 0)
    assert stream.status.watermark is not None
    assert stream.status.watermark <= clock.now() - 2 * SECOND


def test_events_from_the_future_wait_for_their_time() -> None:
    batches = [(1, [event(61, "a")]), (62, [event(62, "b")])]
    assert reported(batches, PAIR, until=100) == [(pytest.approx(64), ["a61", "b62"])]


def test_time_does_not_pass_events_that_the_source_holds_back() -> None:
    batches = [(1, [event(1, "a")]), (3.9, [event(3.9, "x")]), (12.1, [event(10.9, "b")])]
    stream, clock = stream_of(batches, PAIR, ALONE, bound=0.05)
    source, polls, found = stream._source, 0, []
    assert isinstance(source, FakeSource)
    while clock.passed < 15 * SECOND:
        holds = clock.passed >= 10.9 * SECOND and stream.status.evaluated < 3
        source.holding = round((START + 10.9) * SECOND) if holds else None
        found += next(stream).alerts
        polls += 1
    assert [each["event.id"] for each in found if "event.id" in each] == ["a1", "b10.9"]
    assert stream.status.late == 0
    assert polls < 500


def test_setting_the_clock_back_and_forth_loses_nothing() -> None:
    batches = [(at, [event(at, name)]) for at, name in enumerate("abxxab", 1)]
    stream, clock = stream_of(batches, PAIR, SINGLE)
    found: list[Document] = []
    for number, step in enumerate(stream):
        found += step.alerts
        clock.set = (number % 3 - 1) * 3600 * SECOND
        if clock.passed > 20 * SECOND:
            stream.stop()
    assert {each["event.id"] for each in found if "event.id" in each} == {"b2", "b6", "a1", "a5"}


def test_stop_reports_what_is_complete_and_does_not_claim_what_waits() -> None:
    stream, clock = stream_of([(1, [event(1, "a"), event(0.5, "b")]), (1.2, [event(1.1, "b")])], PAIR, ALONE)
    while clock.passed < 1.3 * SECOND:
        assert next(stream).alerts == ()
    stream.stop()
    assert [each["event.id"] for each in streamed(stream) if "event.id" in each] == ["a1", "b1.1"]
    assert stream.status.pending == 0
    assert stream.status.waiting == 1


def test_stop_before_the_first_step_ends_at_once() -> None:
    stream, clock = stream_of([(1, [event(1, "b")])], SINGLE)
    stream.stop()
    assert streamed(stream) == []
    assert clock.passed == 0


def test_the_source_is_closed_at_the_end_and_its_counts_stay() -> None:
    clock = FakeClock()
    source = FakeSource([(0, [event(1, "b")])], clock, live=False)
    with Stream(source, [SINGLE], clock=clock) as stream:
        assert len(streamed(stream)) == 1
        assert source.closed == 1
    assert stream.status.seen == 1


def test_a_source_that_cannot_be_opened_is_closed() -> None:
    class Broken(FakeSource):
        def open(self, fields: Any) -> None:
            raise dw.DeckwatchError(f"no {len(fields)} fields")

    source = Broken([], FakeClock())
    with pytest.raises(dw.DeckwatchError, match=r"no \d fields"):
        Stream(source, [SINGLE])
    assert source.closed == 1


def test_what_was_seen_was_evaluated_or_lost() -> None:
    stream, clock = stream_of([(1, [event(1, "b")] * 3), (2, [event(2, "a")])], SINGLE, PAIR)
    source = stream._source
    assert isinstance(source, FakeSource)
    source.lost["ring full"] = 4
    while clock.passed < 2 * SECOND:
        next(stream)
    status = stream.status
    assert (status.seen, status.evaluated, status.lost) == (8, 4, {"ring full": 4})
    assert (status.alerts, status.repeated, status.hits) == (1, 2, {SINGLE.rule_id: 1, PAIR.rule_id: 0})
    assert (status.pending, status.kept) == (4, 4)
    assert status.lag == pytest.approx(clock.passed / SECOND - 2)
    assert status.newest == (START + 2) * SECOND
    assert status.rate > 0


def test_events_without_a_time_take_part_in_event_rules() -> None:
    undated = {"process.name": "b", "user.id": "u"}
    stream, clock = stream_of([(1, [event(1, "a")]), (1.5, [undated])], PAIR, SINGLE)
    found = []
    while clock.passed < 20 * SECOND:
        found += next(stream).alerts
    assert len(found) == stream.status.undated == 1


def test_alerts_bear_the_time_they_are_made() -> None:
    clock = FakeClock(START * SECOND)
    source = FakeSource([(at, [event(at, "b")]) for at in (1, 2.5)], clock)
    alerts = streamed(Stream(source, [SINGLE], clock=clock))
    assert [each["@timestamp"] for each in alerts] == ["2023-11-14T22:13:21.000Z", "2023-11-14T22:13:22.500Z"]
    assert len({each["kibana.alert.rule.execution.uuid"] for each in alerts}) == 1


def test_state_and_kept_events_stay_flat() -> None:
    """Every event begins a sequence, some sequences end; and there is somebody whose clock is ahead."""
    batches = [
        (at, [event(at, "a", f"u{at}-{n}") for n in range(50)] + [event(at, "b", f"u{at - 3}-{n}") for n in range(5)])
        for at in range(300)
    ]
    batches[10][1].append(event(86_400, "a"))
    stream, clock = stream_of(batches, PAIR, ALONE, interval=1)
    early, late = [0] * 4, [0] * 4
    while clock.passed < 299 * SECOND:
        next(stream)
        status = stream.status
        half = early if clock.passed < 200 * SECOND else late
        half[:] = map(max, half, (status.pending, status.partials, status.waiting, status.kept))
    assert all(then <= 1.1 * before for before, then in zip(early, late, strict=True)), (early, late)
    assert late[3] < 5000
    assert isinstance(stream._source, FakeSource)
    assert len(stream._source.kept) == stream.status.kept


@pytest.mark.parametrize("given", [ENDLESS, BOTH], ids=["sequence", "sample"])
def test_the_horizon_evicts_and_counts(given: dw.Rule) -> None:
    batches = [(at, [event(at, "a", str(at))]) for at in range(0, 5000, 10)]
    stream, clock = stream_of([*batches, (5000, [event(5000, "b", "4990")])], given, horizon=100)
    found: list[Document] = []
    while clock.passed < 5010 * SECOND:
        found += next(stream).alerts
        assert stream.status.partials <= 22
    assert len(found) == 3
    assert stream.status.evicted + stream.status.partials == 499


@pytest.mark.parametrize(
    ("option", "message"),
    [
        pytest.param({"interval": 0}, "interval must be between 0.001 and 60 seconds, not 0", id="interval"),
        pytest.param({"lateness": -1}, "lateness must be 0 seconds or more, not -1", id="lateness"),
        pytest.param({"lateness": math.nan}, "lateness must be 0 seconds or more, not nan", id="nan"),
        pytest.param({"horizon": -0.5}, "horizon must be 0 seconds or more, not -0.5", id="horizon"),
        pytest.param({"batch_events": 0}, "batch_events must be 1 or more, not 0", id="batch"),
    ],
)
def test_options_out_of_range(option: dict[str, float], message: str) -> None:
    with pytest.raises(dw.DeckwatchError, match=message):
        stream_of([], SINGLE, **option)
