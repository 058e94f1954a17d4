"""Name, severity and risk score taken from the event."""

from typing import Any

import pytest

from deckwatch.engine.alerts import Run, SourceEvent, event_alert, sequence_alerts
from deckwatch.engine.overrides import Grading, of_event
from tests.rules.build import rule


def _severity(value: str, severity: str, field: str = "event.severity") -> dict[str, str]:
    return {"field": field, "operator": "equals", "value": value, "severity": severity}


RISK = [{"field": "event.risk_score", "operator": "equals", "value": ""}, {"field": "a", "operator": "equals"}]
RISKS = [
    pytest.param({"event": {"risk_score": 12}}, 12, id="number"),
    pytest.param({"event.risk_score": ["3", 99.5]}, 99.5, id="the-largest-and-text"),
    pytest.param({"event": {"risk_score": 101}}, 47, id="out-of-range"),
    pytest.param({"event": {"risk_score": -1}}, 47, id="negative"),
    pytest.param({"event": {"risk_score": "high"}}, 47, id="no-number"),
    pytest.param({"a": 5}, 47, id="only-the-first-mapping-counts"),
]


@pytest.mark.parametrize(("document", "score"), RISKS)
def test_risk_score(document: dict[str, Any], score: float) -> None:
    assert of_event(rule(risk_score_mapping=RISK), document).risk_score == score


SEVERITY = [
    _severity("7", "critical"),
    _severity("7", "low"),
    _severity("9.5", "high"),
    _severity("x", "low"),
    _severity("x", "high", "a"),
    _severity("y", "low", "a"),
]
SEVERITIES = [
    pytest.param({"event": {"severity": 7.9}}, "critical", id="floored-and-the-highest-wins"),
    pytest.param({"event": {"severity": 8}}, "medium", id="none-fits"),
    pytest.param({"event": {"severity": [1, "9"]}}, "high", id="the-value-of-the-mapping-is-floored-too"),
    pytest.param({"event": {"severity": "x"}}, "medium", id="no-number-fits-nothing"),
    pytest.param({"a": ["y", "x"]}, "high", id="any-value-of-an-array"),
    pytest.param({"a": "y"}, "low", id="lower-than-the-rule"),
    pytest.param({"a": "X"}, "medium", id="case-matters"),
]


@pytest.mark.parametrize(("document", "severity"), SEVERITIES)
def test_severity(document: dict[str, Any], severity: str) -> None:
    assert of_event(rule(severity_mapping=SEVERITY), document).severity == severity


NAMES = [
    pytest.param({"message": "M"}, "M", id="text"),
    pytest.param({"message": ["M"]}, "Netcat", id="an-array-is-no-text"),
    pytest.param({"message": 1}, "Netcat", id="number"),
    pytest.param({}, "Netcat", id="absent"),
]


@pytest.mark.parametrize(("document", "name"), NAMES)
def test_name(document: dict[str, Any], name: str) -> None:
    assert of_event(rule(rule_name_override="message"), document).name == name


def test_where_overrides_show() -> None:
    varied = rule(rule_name_override="message", risk_score_mapping=RISK, severity_mapping=SEVERITY)
    event = SourceEvent({"message": "M", "event": {"risk_score": 1, "severity": 7}}, "1")
    assert of_event(varied, event.document) == Grading("M", "critical", 1)
    run = Run("u", "2026-01-01T00:00:00.000Z")
    alert = event_alert(varied, event, run)
    shown = ("kibana.alert.severity", "kibana.alert.risk_score", "kibana.alert.rule.name")
    before = ("kibana.alert.rule.severity", "kibana.alert.rule.risk_score")
    assert [alert[key] for key in (*shown, *before)] == ["critical", 1, "M", "medium", 47]
    assert alert["kibana.alert.reason"].endswith("created critical alert M.")
    for each in sequence_alerts(varied, [event], run):
        assert [each[key] for key in shown] == ["medium", 47, "Netcat"]
