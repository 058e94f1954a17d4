"""What every alert says about its rule and about the run that found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import uuid4

from deckwatch.engine.paths import leaves
from deckwatch.rules.rule import DEFAULTS, Rule

REPEATED = (
    *("version", "description", "author", "tags", "severity", "risk_score", "severity_mapping", "risk_score_mapping"),
    *("enabled", "immutable", "interval", "from", "to", "max_signals", "references", "false_positives"),
    *("exceptions_list", "actions", "threat", "created_at", "created_by", "updated_at", "updated_by"),
    *("rule_name_override", "timestamp_override", "building_block_type", "license", "note", "timeline_id"),
    *("timeline_title", "throttle", "namespace"),
)
"""Parameters that an alert repeats one by one, as the rule has them."""

NOT_PARAMETERS = frozenset(
    {"id", "name", "tags", "enabled", "interval", "actions", "throttle", "revision", "execution_summary", "outcome"}
    | {"created_at", "created_by", "updated_at", "updated_by", "alias_target_id", "alias_purpose"}
)
"""What belongs to any alerting rule and not to the parameters of an EQL rule."""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of rules. `timestamp` is when its alerts are written, as ISO 8601 text in UTC."""

    uuid: str
    timestamp: str
    type: Literal["manual", "scheduled"] = "scheduled"
    space: str = "default"

    @classmethod
    def now(cls) -> Run:
        """A run that starts at this moment."""
        return cls(str(uuid4()), datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))


@lru_cache(maxsize=1024)
def rule_fields(rule: Rule, run: Run, name: str) -> Mapping[str, Any]:
    """The fields below `kibana.alert.rule`, None where undefined: `name` after overrides, all else before."""
    given = {**DEFAULTS, **rule.parameters}
    fields = {
        "uuid": rule.id,
        "rule_id": rule.rule_id,
        "name": name,
        "type": "eql",
        "rule_type_id": "siem.eqlRule",
        "category": "Event Correlation Rule",
        "consumer": "siem",
        "producer": "siem",
        "revision": rule.revision,
        "indices": list(rule.index),
        **{key: given.get(key) for key in REPEATED},
        **{f"meta.{path}": value for path, (_, value) in leaves(given.get("meta", {})).items()},
        "execution.uuid": run.uuid,
        "execution.type": run.type,
        "execution.timestamp": run.timestamp,
        "parameters": {key: given[key] for key in sorted(given.keys() - NOT_PARAMETERS)},
    }
    return {f"kibana.alert.rule.{key}": value for key, value in fields.items()}
