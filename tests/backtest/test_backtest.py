"""What rules would have done in a history."""

import json
from collections import Counter
from pathlib import Path

import pytest

import deckwatch
from deckwatch import DeckwatchError, Rule
from deckwatch.backtesting.values import Count, OfRule
from tests.backtest.build import CURL, DROP, at, created, curl, event, rule, run, weeks
from tests.shared import SHARED, needs_shared

TELEMETRY = [SHARED / "telemetry" / name for name in ("attacks.ndjson", "benign.ndjson.gz")]


@pytest.fixture
def curls(tmp_path: Path) -> Rule:
    return rule(tmp_path, CURL)


def only(found: deckwatch.Backtest) -> OfRule:
    (each,) = found.rules
    return each


def test_alerts_by_time_image_and_container(curls: Rule) -> None:
    found = only(deckwatch.backtest([curls], weeks([3, 0, 0, 1, 0, 2, 4] * 2)))
    assert (found.alerts, found.in_containers, found.firing_containers) == (20, 20, 1)
    assert found.chart.unit == "day"
    assert [bar.alerts for bar in found.chart.bars] == [3, 0, 0, 1, 0, 2, 4] * 2
    (image,) = found.images
    assert (image.name, image.alerts, image.share, image.fired, image.containers) == ("shop", 20, 1.0, 1, 2)
    (container,) = found.containers
    assert (container.id, container.name, container.image, container.alerts) == ("c0", "name-c0", "shop", 20)


def test_noise(curls: Rule) -> None:
    noise = only(deckwatch.backtest([curls], weeks([3, 0, 0, 1, 0, 2, 4] * 2))).noise
    assert noise.level == "busy"
    assert noise.days == pytest.approx(14 - 1 / 24)
    assert noise.container_days == pytest.approx(4 * (14 - 1 / 24))
    assert noise.dispersion == pytest.approx(2.4176 / (20 / 14), abs=0.001)
    assert noise.per_week is not None
    assert noise.per_week.value == pytest.approx(10.03, abs=0.01)
    assert noise.per_week.low < noise.per_week.value < noise.per_week.high
    assert [(each.sort, each.value, each.share) for each in noise.concentrations] == [
        ("image", "shop", 1.0),
        ("container", "name-c0 c0", 1.0),
        ("command line", "curl -o /opt/x", 1.0),
    ]


def test_in_a_single_container_concentration_tells_nothing(curls: Rule) -> None:
    noise = only(deckwatch.backtest([curls], weeks([6], containers=1))).noise
    assert [each.sort for each in noise.concentrations] == ["command line"]


def test_times_without_events_are_told_from_times_without_alerts(curls: Rule) -> None:
    bars = only(deckwatch.backtest([curls], [curl(at(), "1"), event(at(hours=1), "2"), curl(at(hours=3), "3")])).chart
    assert bars.unit == "10 minutes"
    assert [bar.start for bar in bars.bars if bar.events] == [bars.bars[n].start for n in (0, 6, 18)]
    assert [bar.alerts for bar in bars.bars if bar.events] == [1, 0, 1]


def test_values_of_the_fields_that_a_rule_reads(tmp_path: Path) -> None:
    events = [curl(at(seconds=n), str(n)) for n in range(3)]
    query = 'process where process.args : ("curl", "/opt/*") and event.action == "exec"'
    found = only(deckwatch.backtest([rule(tmp_path, query)], events)).values
    assert [(each.stage, each.field, each.distinct) for each in found] == [
        (None, "process.args", 3),
        (None, "event.action", 1),
    ]
    assert found[0].top == (Count("-o", 3), Count("/opt/x", 3), Count("curl", 3))


def test_values_of_each_stage_of_a_sequence(tmp_path: Path) -> None:
    events = [created(at(), "1", "x"), run(at(seconds=1), "2", "x")]
    found = only(deckwatch.backtest([rule(tmp_path, DROP)], events))
    assert found.alerts == 1
    assert [(each.stage, each.field, each.top[0].value) for each in found.values] == [
        (1, "container.id", "c1"),
        (1, "file.name", "x"),
        (1, "event.action", "creation"),
        (2, "process.name", "x"),
        (2, "event.action", "exec"),
    ]


def test_a_sequence_is_where_and_when_it_ends(tmp_path: Path) -> None:
    query = DROP.replace(" by container.id", "")
    events = [created(at(), "1", "x", "c1"), run(at(seconds=20), "2", "x", "c2")]
    found = only(deckwatch.backtest([rule(tmp_path, query)], events))
    assert [bar.alerts for bar in found.chart.bars] == [0] * 20 + [1]
    assert found.containers[0].id == "c1"
    assert found.commands == (Count("/opt/x", 1),)


@pytest.mark.parametrize(
    ("query", "events"),
    [
        pytest.param(
            """sequence with maxspan=1m
                 [process where process.name == "a"] with runs=2
                 [process where process.name == "b"]""",
            "aab", id="runs",
        ),
        pytest.param(
            """sequence with maxspan=1m
                 [process where process.name == "a"]
                 ![process where process.name == "x"]
                 [process where process.name == "b"]""",
            "ab", id="a missing event",
        ),
        pytest.param(
            """sample by container.id
                 [process where process.name == "a"]
                 [process where process.name == "b"]""",
            "ba", id="a sample",
        ),
    ],
)  # fmt: skip
def test_stages_are_those_of_the_query(tmp_path: Path, query: str, events: str) -> None:
    documents = [run(at(seconds=place), str(place), name) for place, name in enumerate(events)]
    found = only(deckwatch.backtest([rule(tmp_path, query)], documents))
    names = {each.stage: [count.value for count in each.top] for each in found.values if each.field == "process.name"}
    present = [
        number for number, stage in enumerate(rule(tmp_path, query).checked.query.stages, 1) if not stage.missing
    ]  # type: ignore[union-attr]
    assert names == {present[0]: ["a"], present[-1]: ["b"]}


def test_alerts_outside_of_containers_and_without_a_time(curls: Rule) -> None:
    nowhere = {key: value for key, value in curl(at(), "1").items() if key != "container"}
    never = curl("never", "2")
    found = only(deckwatch.backtest([curls], [nowhere, never, curl(at(), "3")]))
    assert (found.alerts, found.in_containers, found.undated) == (3, 2, 1)


def test_a_rule_that_does_not_fire(curls: Rule) -> None:
    found = only(deckwatch.backtest([curls], weeks([0, 0])))
    assert (found.alerts, found.noise.level, found.images, found.containers) == (0, "silent", (), ())
    assert found.verdict == "Silent. In a week there may be up to 13 alerts (95 %)."


def test_batches_make_no_difference(curls: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = weeks([3, 1, 2])
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(each) + "\n" for each in documents))
    assert deckwatch.backtest([curls], documents).rules == deckwatch.backtest([curls], path).rules


def test_before_wants_one_rule(curls: Rule, tmp_path: Path) -> None:
    with pytest.raises(DeckwatchError, match="2 rules were given"):
        deckwatch.backtest([curls, rule(tmp_path, CURL, "s")], [], before=curls)


@needs_shared
def test_the_founding_rules_over_the_recorded_telemetry() -> None:
    """Alerts are those of the labels, container by container."""
    labels = json.loads((SHARED / "telemetry" / "labels.json").read_text())
    expected: dict[str, Counter[str]] = {}
    for alert in _alerts(labels):
        expected.setdefault(alert["rule_id"], Counter())[alert["container_id"]] += 1
    found = deckwatch.backtest(deckwatch.founding_rules(), TELEMETRY)
    assert {each.rule.rule_id: each.alerts for each in found.rules} == {
        rule_id: counts.total() for rule_id, counts in expected.items()
    }
    for each in found.rules:
        assert {row.id: row.alerts for row in each.containers} == expected[each.rule.rule_id]
    assert (found.period.events, found.period.containers, found.period.images) == (29695, 58, 2)


def _alerts(node: object) -> list[dict[str, str]]:
    """Every alert of the labels, wherever they keep it."""
    if isinstance(node, dict):
        own = [node] if {"rule_id", "container_id", "event_ids"} <= node.keys() else []
        return own + [alert for value in node.values() for alert in _alerts(value)]
    return [alert for value in node for alert in _alerts(value)] if isinstance(node, list) else []


@pytest.mark.parametrize(
    ("query", "events"),
    [
        pytest.param(CURL, [curl(at(minutes=n), str(n)) for n in range(5)], id="events"),
        pytest.param(
            DROP,
            [
                each
                for n in range(5)
                for each in (created(at(minutes=n), f"a{n}", "x"), run(at(minutes=n), f"b{n}", "x"))
            ],
            id="sequences",
        ),
    ],
)
def test_suppressed_alerts_do_not_count(tmp_path: Path, query: str, events: list[dict[str, object]]) -> None:
    more = '[rule.alert_suppression]\ngroup_by = ["container.id"]\nduration = { value = 3, unit = "m" }'
    plain, suppressing = rule(tmp_path, query, "a"), rule(tmp_path, query, "b", more=more)
    assert [each.alerts for each in deckwatch.backtest([plain, suppressing], events).rules] == [5, 2]
