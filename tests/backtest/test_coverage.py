"""What rules cover: claimed, proven, observed; and the data that they need."""

from pathlib import Path
from typing import Any

import pytest

import deckwatch
from deckwatch import Coverage, Rule
from deckwatch.backtesting.claims import Place, claims, matrix
from deckwatch.backtesting.coverage import WEIGHTS, Technique
from deckwatch.backtesting.streams import OfField, OfPattern
from deckwatch.rules.attack import entries
from tests.backtest.build import CURL, DROP, at, created, curl, event, rule, run


def threat(tactic: str, technique: str = "", below: str = "") -> str:
    """A `[[rule.threat]]`, its names left to chance."""
    lines = ['[[rule.threat]]\nframework = "MITRE ATT&CK"', _named("rule.threat.tactic", tactic, table=True)]
    if technique:
        lines.append(_named("rule.threat.technique", technique))
    if below:
        lines.append(_named("rule.threat.technique.subtechnique", below))
    return "\n".join(lines)


def _named(key: str, identity: str, *, table: bool = False) -> str:
    head = f"[{key}]" if table else f"[[{key}]]"
    return f'{head}\nid = "{identity}"\nname = "n"\nreference = "https://attack.mitre.org/x/{identity}/"'


def stream(dataset: str) -> dict[str, str]:
    return {"type": "logs", "dataset": dataset, "namespace": "default"}


@pytest.fixture
def rules(tmp_path: Path) -> list[Rule]:
    return [
        rule(tmp_path, CURL, "shell", more=threat("TA0002", "T1609")),
        rule(tmp_path, DROP, "cron", more=threat("TA0003", "T1053", "T1053.003")),
        rule(tmp_path, CURL, "bare", more=threat("TA0002")),
    ]


def technique(found: Coverage, tactic: str, identity: str) -> Technique:
    (each,) = [each for each in found.techniques if (each.tactic, each.id) == (tactic, identity)]
    return each


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param("", set(), id="nothing"),
        pytest.param(threat("TA0002"), {Place("TA0002")}, id="a tactic"),
        pytest.param(threat("TA0002", "T1059"), {Place("TA0002"), Place("TA0002", "T1059")}, id="a technique"),
        pytest.param(
            threat("TA0002", "T1059", "T1059.004"),
            {Place("TA0002"), Place("TA0002", "T1059"), Place("TA0002", "T1059.004")},
            id="a sub-technique",
        ),
        pytest.param(
            threat("TA0002", "T1086"),
            {Place("TA0002"), Place("TA0002", "T1059.001"), Place("TA0002", "T1059")},
            id="a revoked technique is claimed under its new id",
        ),
        pytest.param(threat("TA0002").replace("MITRE ATT&CK", "Other"), set(), id="another framework"),
    ],
)
def test_claims(tmp_path: Path, more: str, expected: set[Place]) -> None:
    assert claims(rule(tmp_path, CURL, more=more)) == expected


def test_the_matrix_for_containers() -> None:
    places = matrix()
    techniques = {place.technique for place in places}
    assert Place("TA0004", "T1611") in places
    assert Place("TA0005", "T1610") in places
    assert Place("TA0006", "T1552.007") in places
    assert Place("TA0040", "T1055") not in places
    assert len({each for each in techniques if "." not in each}) == 29
    assert {each.partition(".")[0] for each in techniques} <= techniques
    assert {place.tactic for place in places} <= entries().keys()


@pytest.mark.parametrize(
    ("proven", "observed", "score"),
    [
        pytest.param(None, None, 20, id="claimed"),
        pytest.param({"shell": True}, None, 70, id="proven"),
        pytest.param({"shell": False}, None, 20, id="a proof that failed"),
        pytest.param({"cron": True}, None, 20, id="another rule is proven"),
        pytest.param(None, [curl(at(), "1")], 50, id="observed"),
        pytest.param({"shell": True}, [curl(at(), "1")], 100, id="all"),
        pytest.param(None, [event(at(), "1")], 20, id="looked for, not observed"),
    ],
)
def test_scores(rules: list[Rule], proven: dict[str, bool] | None, observed: list[Any] | None, score: int) -> None:
    found = deckwatch.coverage(rules, proven=proven, observed=observed)
    assert technique(found, "TA0002", "T1609").score == score
    assert found.asked == ("claimed", *(["proven"] if proven else []), *(["observed"] if observed else []))


def test_weights_make_100() -> None:
    assert sum(WEIGHTS.values()) == 100


def test_tactics(rules: list[Rule]) -> None:
    found = deckwatch.coverage(rules, proven={"bare": True}, observed=[curl(at(), "1")])
    (execution,) = [each for each in found.tactics if each.id == "TA0002"]
    assert (execution.name, execution.techniques) == ("Execution", 4)
    assert (execution.covered, execution.proven, execution.observed) == (1, 0, 1)
    assert (execution.claimed_by, execution.proven_by, execution.observed_by) == (2, 1, 2)
    assert found.unplaced == ("Rule bare",)


def test_gaps(rules: list[Rule]) -> None:
    gaps = {(each.tactic, each.id) for each in deckwatch.coverage(rules).gaps}
    assert ("TA0004", "T1611") in gaps
    assert ("TA0002", "T1609") not in gaps
    assert ("TA0003", "T1053.007") in gaps, "its technique has a rule, it has none"
    assert ("TA0002", "T1053.007") not in gaps, "its technique is the gap"
    assert ("TA0002", "T1053") in gaps, "claimed below another tactic only"


def test_alerts_are_counted_as_they_were_saved(rules: list[Rule]) -> None:
    events = [curl(at(), "1"), created(at(seconds=1), "2", "x"), run(at(seconds=2), "3", "x")]
    saved = list(deckwatch.scan(events, rules))
    assert len(saved) == 5
    fresh, again = (deckwatch.coverage(rules, observed=each) for each in (events, saved))
    assert fresh.techniques == again.techniques
    assert technique(again, "TA0003", "T1053.003").alerts == 1


def test_alerts_of_rules_that_are_not_there(rules: list[Rule]) -> None:
    saved = list(deckwatch.scan([curl(at(), "1")], rules))
    assert not any(each.alerts for each in deckwatch.coverage(rules[1:2], observed=saved).techniques)


def test_streams_and_fields(tmp_path: Path) -> None:
    rules = [
        rule(tmp_path, 'process where process.name == "curl" and user.id == "0"', "a", index="logs-one*, logs-two*"),
        rule(tmp_path, 'file where file.name == "x"', "b", index="logs-one*"),
        rule(tmp_path, 'file where file.name == "x"', "c", index="auditbeat-*"),
    ]
    events = [
        event(at(), "1", data_stream=stream("one")),
        event(at(), "2", data_stream=stream("one"), user={"id": "0"}),
        event(at(), "3", data_stream=stream("three"), file={"name": "x"}),
    ]
    found = deckwatch.coverage(rules, events=events).streams
    assert found.patterns == (
        OfPattern("logs-one*", 2, 2),
        OfPattern("auditbeat-*", 1, 0),
        OfPattern("logs-two*", 1, 0),
    )
    assert found.seen == {"logs-one-default": 2, "logs-three-default": 1}
    assert found.absent == (OfField("file.name", ("Rule b",)),)
    assert found.blind == ("Rule c",)


def test_events_that_name_no_stream_are_seen_by_every_rule(tmp_path: Path) -> None:
    found = deckwatch.coverage([rule(tmp_path, CURL, index="logs-one*")], events=[curl(at(), "1")]).streams
    assert (found.seen, found.blind, found.absent) == ({"": 1}, (), ())
    assert found.patterns == (OfPattern("logs-one*", 1, 1),)


def test_needs_without_events(tmp_path: Path) -> None:
    found = deckwatch.coverage([rule(tmp_path, CURL, index='logs-one*", "-logs-one.x*')]).streams
    assert found.patterns == (OfPattern("logs-one*", 1, None),)
