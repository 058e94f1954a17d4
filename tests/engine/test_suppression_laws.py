"""Laws of suppression: nothing is lost, no order of input matters, a stream ends with the alerts of a scan."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import deckwatch as dw
from deckwatch.engine.scan import Scan
from deckwatch.engine.visibility import TimeRange
from tests.engine.live import RUN, Document, counted, scanned, split, streamed
from tests.engine.test_stream_laws import stream_of
from tests.rules.build import rule
from tests.shared import SHARED, needs_shared

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
COUNT = "kibana.alert.suppression.docs_count"
QUERIES = (
    "any where true",
    'process where process.name == "a"',
    'sequence [any where process.name == "a"] [any where process.name == "b"]',
    "sequence by process.name with maxspan=4ms [any where true] [any where true]",
    "sequence by process.name with maxspan=3ms [any where true] ![any where true]",
    'sequence by user.id with maxspan=4ms [any where true] ![any where process.name == "c"] [any where true]',
    'sample by user.id [any where process.name == "a"] [any where process.name == "b"]',
)
SUPPRESSIONS = st.builds(
    lambda fields, milliseconds, strategy: {
        "group_by": fields,
        "missing_fields_strategy": strategy,
        **({"duration": {"value": milliseconds, "unit": "s"}} if milliseconds else {}),
    },
    st.lists(st.sampled_from(["process.name", "user.id", "host.name"]), min_size=1, max_size=2, unique=True),
    st.sampled_from([0, 1, 2, 5]),
    st.sampled_from(["suppress", "doNotSuppress"]),
)
SECOND = 1000
"""Milliseconds. Events lie within some seconds, so that windows of a second matter."""

RULES = st.lists(st.tuples(st.sampled_from(QUERIES), SUPPRESSIONS), min_size=1, max_size=3)
EVENTS = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from("abc"), st.sampled_from(["1", "2", ["1", "2"], None])), max_size=16
)
CUTS = st.lists(st.integers(1, 16), max_size=6)


def made(rules: Sequence[tuple[str, dict[str, Any]]]) -> list[dw.Rule]:
    """Sequences span seconds here, not milliseconds."""
    return [
        rule(
            rule_id=str(number),
            id=str(number),
            query=query.replace("ms ", "s "),
            index=["*"],
            interval="3s",
            alert_suppression=suppression,
        )
        for number, (query, suppression) in enumerate(rules)
    ]


def documents(events: Iterable[tuple[int, str, Any]]) -> list[Document]:
    """At different times, so that their order is clear: half a second and some milliseconds apart."""
    return [
        {
            "@timestamp": 1_700_000_100_000 + time * SECOND // 2 + number,
            "event.id": str(number),
            "event.category": "process",
            "process.name": name,
            **({} if user is None else {"user.id": user}),
        }
        for number, (time, name, user) in enumerate(events)
    ]


def final(alerts: Iterable[Document]) -> list[Document]:
    """Of each alert how it was reported last; one that is found by two join keys has one id."""
    return [*{alert["kibana.alert.uuid"]: alert for alert in alerts}.values()]


def bare(chosen: dw.Rule) -> dw.Rule:
    """The rule without suppression."""
    parameters = {key: value for key, value in chosen.parameters.items() if key != "alert_suppression"}
    return rule(**parameters)


@SETTINGS
@given(rules=RULES, events=EVENTS.map(documents))
def test_nothing_is_lost(rules: list[tuple[str, dict[str, Any]]], events: list[Document]) -> None:
    for chosen in made(rules):
        scan = Scan(events, [chosen], within=TimeRange(), run=RUN)
        alerts = list(scan)
        whole = Scan(events, [bare(chosen)], within=TimeRange(), run=RUN)
        every = list(whole)
        suppressed = sum(alert.get(COUNT, 0) for alert in alerts)
        assert scan.summary.suppressed[chosen.rule_id] == suppressed
        found = whole.summary.alerts + whole.summary.repeated
        assert scan.summary.alerts + scan.summary.repeated + suppressed == found
        event("suppressed" if suppressed else "none")
        assert {alert["kibana.alert.uuid"] for alert in alerts} <= {alert["kibana.alert.uuid"] for alert in every}


@SETTINGS
@given(rules=RULES, events=EVENTS.map(documents))
def test_a_group_is_reported_once_in_its_window(
    rules: list[tuple[str, dict[str, Any]]], events: list[Document]
) -> None:
    for chosen in made(rules):
        spans: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for alert in scanned(events, [chosen]):
            if COUNT in alert:
                start, end = (alert[f"kibana.alert.suppression.{end}"] for end in ("start", "end"))
                spans[alert["kibana.alert.instance.id"]].append((start, end))
        for each in spans.values():
            assert all(end < start for (_, end), (start, _) in pairwise(each))


@SETTINGS
@given(rules=RULES, events=EVENTS.map(documents), chance=st.randoms(use_true_random=False))
def test_the_order_of_input_does_not_matter(
    rules: list[tuple[str, dict[str, Any]]], events: list[Document], chance: Any
) -> None:
    ordered = [each for each in made(rules) if not each.query.startswith("sample")]
    shuffled = [*events]
    chance.shuffle(shuffled)
    assert counted(scanned(shuffled, ordered)) == counted(scanned(events, ordered))


@SETTINGS
@given(rules=RULES, events=EVENTS.map(documents))
def test_the_engines_agree(rules: list[tuple[str, dict[str, Any]]], events: list[Document]) -> None:
    chosen = made(rules)
    other = Scan(events, chosen, within=TimeRange(), run=RUN, engine="reference")
    assert list(other) == scanned(events, chosen)


@SETTINGS
@given(rules=RULES, events=EVENTS.map(documents), cuts=CUTS, late=st.integers(0, 3))
def test_a_stream_ends_with_the_alerts_of_a_scan(
    rules: list[tuple[str, dict[str, Any]]], events: list[Document], cuts: list[int], late: int
) -> None:
    chosen = made(rules)
    arrived = sorted(events, key=lambda each: each["@timestamp"] + late * SECOND * (int(each["event.id"]) % 2))
    stream = stream_of(split(arrived, cuts), chosen, lateness=late + 0.001)
    alerts = streamed(stream)
    event("repeated" if len(final(alerts)) < len(alerts) else "once")
    assert counted(final(alerts)) == counted(final(scanned(arrived, chosen)))
    assert stream.status.suppressed == _suppressed(arrived, chosen)
    assert (stream.status.late, stream.status.windows) == (0, 0)


@needs_shared
@pytest.mark.parametrize(
    "suppression",
    [
        pytest.param({"group_by": ["container.id"], "duration": {"value": 10, "unit": "m"}}, id="duration"),
        pytest.param({"group_by": ["container.id", "process.name"]}, id="run"),
    ],
)
def test_the_founding_attacks_end_as_a_scan_does(suppression: dict[str, Any]) -> None:
    path = SHARED / "telemetry" / "attacks.ndjson"
    events = [json.loads(line) for line in path.read_text().splitlines()]
    rules = [rule(**each.parameters, alert_suppression=suppression) for each in dw.founding_rules()]
    stream = stream_of(split(events, range(50, len(events), 50)), rules, lateness=60)
    alerts = final(streamed(stream))
    assert counted(alerts) == counted(scanned(events, rules))
    assert stream.status.alerts + sum(stream.status.suppressed.values()) == 27
    assert stream.status.alerts < 27


def _suppressed(events: Sequence[Document], rules: Sequence[dw.Rule]) -> Counter[str]:
    scan = Scan(events, rules, within=TimeRange(), run=RUN)
    list(scan)
    return Counter(dict(scan.summary.suppressed))
