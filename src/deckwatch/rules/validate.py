"""What each parameter of a rule must look like. Parameters that are not named here are kept as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from deckwatch.eql.suggest import hint as suggestion
from deckwatch.eql.suggest import similar
from deckwatch.rules.draft import Draft, unfit
from deckwatch.rules.rule import SEVERITIES, RuleError, RuleFault, Skipped

OTHER_TYPES = ("query", "saved_query", "threshold", "threat_match", "machine_learning", "new_terms", "esql")
"""Types of detection rules that are not written in EQL."""

REQUIRED = ("type", "language", "query", "name", "description", "risk_score", "severity")

_RULE_IDS = UUID("0b6c4ad1-53ae-4d0b-9d0e-6a9d1a3f7f52")
_SHOWN = 60
_DATE_MATH = r"(?:now|\d{4}[^\s|]*(?:\|\|)?)(?:[+-]\d*[yMwdhHms]|/[yMwdhHms])*"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a parameter has to be, in words and as a test."""

    expected: str
    accepts: Callable[[Any], bool]


def _is_number(low: int, high: float = float("inf")) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _has_form(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_list(accepts: Callable[[Any], bool], least: int = 0, most: float = float("inf")) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(accepts, value))


def _one_of(*allowed: Any) -> Shape:
    return Shape(
        "one of " + ", ".join(allowed) if len(allowed) > 1 else f'"{allowed[0]}"', lambda value: value in allowed
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_severity_mapping(value: Any) -> bool:
    match value:
        case {"field": str(), "operator": "equals", "value": str(), "severity": severity}:
            return severity in SEVERITIES
        case _:
            return False


def _is_risk_mapping(value: Any) -> bool:
    match value:
        case {"field": str(), "operator": "equals"}:
            return value.get("risk_score") is None or type(value["risk_score"]) is int
        case _:
            return False


def _is_named(value: Any) -> bool:
    match value:
        case {"id": str(), "name": str(), "reference": str()}:
            return True
        case _:
            return False


def _is_threat(value: Any) -> bool:
    match value:
        case {"framework": str(), "tactic": tactic}:
            return _is_named(tactic) and _is_list(_is_named)(value.get("technique", []))
        case _:
            return False


def _is_suppression(value: Any) -> bool:
    match value:
        case {"group_by": _} | {"group_by_v2": _}:
            strategy = value.get("missing_fields_strategy", "suppress")
            duration = value.get("duration")
            return (
                _is_list(_is_filled, 1, 5)(value.get("group_by", ["-"]))
                and _is_list(_is_group_field, 1, 5)(value.get("group_by_v2", [{"field": "-"}]))
                and strategy in ("suppress", "doNotSuppress")
                and (duration is None or _is_duration(duration))
            )
        case _:
            return False


def _is_group_field(value: Any) -> bool:
    match value:
        case {"field": field}:
            place = value.get("sequence_index")
            return _is_filled(field) and (place is None or _is_number(0)(place))
        case _:
            return False


def _is_duration(value: Any) -> bool:
    match value:
        case {"value": amount, "unit": "s" | "m" | "h"}:
            return _is_number(1)(amount)
        case _:
            return False


TEXT = Shape("text", _is_text)
FILLED = Shape("some text", _is_filled)
FLAG = Shape("true or false", lambda value: isinstance(value, bool))
TEXTS = Shape("a list of texts", _is_list(_is_text))
OBJECTS = Shape("a list of objects", _is_list(lambda value: isinstance(value, dict)))

SHAPES: Mapping[str, Shape] = {
    "type": _one_of("eql"),
    "language": _one_of("eql"),
    "query": FILLED,
    "name": FILLED,
    "description": FILLED,
    "risk_score": Shape("a whole number from 0 to 100", _is_number(0, 100)),
    "severity": _one_of(*SEVERITIES),
    "rule_id": FILLED,
    "id": FILLED,
    "version": Shape("a whole number from 1", _is_number(1)),
    "revision": Shape("a whole number from 0", _is_number(0)),
    "enabled": FLAG,
    "interval": Shape("a number and one of s, m, h, d, such as 5m", _has_form(r"\d+[smhd]")),
    "from": Shape("date math such as now-6m", _has_form(_DATE_MATH)),
    "to": Shape("date math such as now", _has_form(_DATE_MATH)),
    "max_signals": Shape("a whole number from 1", _is_number(1)),
    "index": Shape("a list of at least one index pattern", _is_list(_is_filled, 1)),
    "data_view_id": TEXT,
    "filters": OBJECTS,
    "timestamp_override": TEXT,
    "timestamp_override_fallback_disabled": FLAG,
    "timestamp_field": TEXT,
    "event_category_override": TEXT,
    "tiebreaker_field": TEXT,
    "severity_mapping": Shape(
        'a list of {field, operator "equals", value, severity}, values in quotes', _is_list(_is_severity_mapping)
    ),
    "risk_score_mapping": Shape('a list of {field, operator "equals", value, risk_score?}', _is_list(_is_risk_mapping)),
    "rule_name_override": TEXT,
    "threat": Shape(
        "a list of {framework, tactic, technique?}; a tactic or technique has id, name and reference",
        _is_list(_is_threat),
    ),
    "tags": TEXTS,
    "author": TEXTS,
    "license": TEXT,
    "references": TEXTS,
    "false_positives": TEXTS,
    "note": TEXT,
    "setup": TEXT,
    "required_fields": OBJECTS,
    "related_integrations": OBJECTS,
    "building_block_type": _one_of("default"),
    "alert_suppression": Shape(
        "{group_by: 1 to 5 fields, duration?: {value, unit s, m or h}, missing_fields_strategy?: suppress or "
        "doNotSuppress}, or with group_by_v2: 1 to 5 of {field, sequence_index?}",
        _is_suppression,
    ),
    "exceptions_list": OBJECTS,
    "actions": OBJECTS,
    "meta": Shape("an object", lambda value: isinstance(value, dict)),
    "immutable": FLAG,
}


def reason_to_skip(draft: Draft) -> Skipped | None:
    """Why a rule is not for deckwatch although nothing is wrong with it."""
    parameters = draft.parameters
    if parameters.get("deprecated") is True:
        return draft.skipped("deprecated by its authors")
    if parameters.get("type") in OTHER_TYPES:
        return draft.skipped(f"a rule of type {parameters['type']}; deckwatch runs rules of type eql")
    if _active(parameters.get("filters")):
        return draft.skipped("has query DSL filters, which deckwatch does not evaluate")
    if parameters.get("data_view_id") and not parameters.get("index"):
        return draft.skipped("reads a Kibana data view, which deckwatch cannot look up; give it `index`")
    return None


def _active(filters: Any) -> bool:
    if not isinstance(filters, list):
        return False
    metas = (each.get("meta") for each in filters if isinstance(each, dict))
    return not all(isinstance(meta, dict) and meta.get("disabled") is True for meta in metas)


def validated(draft: Draft) -> dict[str, Any]:
    """The parameters of a sound rule, version and `rule_id` made explicit; otherwise `RuleError` with all faults."""
    parameters = {key: value for key, value in draft.parameters.items() if value is not None or key not in SHAPES}
    faults = [*_missing(draft, parameters), *_misshapen(draft, parameters)]
    if faults:
        raise RuleError(*sorted(faults, key=lambda fault: fault.line or 0))
    parameters.setdefault("version", 1)
    parameters.setdefault("rule_id", parameters.get("id") or str(uuid5(_RULE_IDS, parameters["name"])))
    if "threat" in parameters:
        parameters["threat"] = [{**threat, "technique": threat.get("technique", [])} for threat in parameters["threat"]]
    return parameters


def _missing(draft: Draft, parameters: Mapping[str, Any]) -> Iterator[RuleFault]:
    strangers = parameters.keys() - SHAPES.keys()
    for key in dict.fromkeys((*REQUIRED, *draft.required)):
        if key not in parameters:
            meant = similar(key, strangers, 1)
            cure = f"is `{meant[0]}` meant?" if meant else f"add it; it must be {SHAPES[key].expected}"
            yield draft.fault("", f"`{key}` is missing", cure)


def _misshapen(draft: Draft, parameters: Mapping[str, Any]) -> Iterator[RuleFault]:
    for key, value in parameters.items():
        if blemish := unfit(value):
            yield draft.fault(key, f"`{key}` holds {blemish}", "write it as text, or leave it out")
        elif key in SHAPES and not SHAPES[key].accepts(value):
            yield draft.fault(key, f"`{key}` must be {SHAPES[key].expected}, not {_shown(value)}", _near(key, value))


def _near(key: str, value: Any) -> str:
    choices = {"severity": SEVERITIES, "type": ("eql", *OTHER_TYPES)}.get(key, ())
    return suggestion(value, choices) if isinstance(value, str) else ""


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
