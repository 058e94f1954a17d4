"""Name, severity and risk score of an event alert: the rule's, or what the event says instead."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deckwatch.engine.paths import leaves
from deckwatch.events.document import field_values
from deckwatch.events.values import coerce
from deckwatch.rules.rule import SEVERITIES, Rule, Severity

_NUMERIC_SEVERITY = "event.severity"
_MAX_RISK = 100


@dataclass(frozen=True, slots=True)
class Grading:
    """How an alert presents itself."""

    name: str
    severity: Severity
    risk_score: int | float


def of_rule(rule: Rule) -> Grading:
    """What the rule itself says, as the alerts of sequences carry it."""
    return Grading(rule.name, rule.severity, rule.risk_score)


def of_event(rule: Rule, document: Mapping[str, Any]) -> Grading:
    """What the rule says where the event does not override it."""
    return Grading(_name(rule, document), _severity(rule, document), _risk_score(rule, document))


def _name(rule: Rule, document: Mapping[str, Any]) -> str:
    if not rule.rule_name_override:
        return rule.name
    _, value = leaves(document).get(rule.rule_name_override, ((), None))
    return value if isinstance(value, str) and value else rule.name


def _severity(rule: Rule, document: Mapping[str, Any]) -> Severity:
    """The highest severity whose mapping names a value of the event."""
    candidates = [mapping["severity"] for mapping in rule.severity_mapping if _fits(mapping, document)]
    return max(candidates, key=SEVERITIES.index, default=rule.severity)


def _fits(mapping: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    field, value = mapping["field"], mapping["value"]
    if field == _NUMERIC_SEVERITY:
        wanted = coerce(value, "double")
        return isinstance(wanted, float) and math.floor(wanted) in map(math.floor, _numbers(document, field))
    return value in field_values(document, field, "keyword")


def _risk_score(rule: Rule, document: Mapping[str, Any]) -> int | float:
    if not rule.risk_score_mapping:
        return rule.risk_score
    score = max(_numbers(document, rule.risk_score_mapping[0]["field"]), default=-1.0)
    if not 0 <= score <= _MAX_RISK:
        return rule.risk_score
    return int(score) if score.is_integer() else score


def _numbers(document: Mapping[str, Any], field: str) -> list[float]:
    return [value for value in field_values(document, field, "double") if isinstance(value, float)]
