"""What of a rule is compared and merged as one thing when its authors publish a new version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from deckwatch.rules.rule import DEFAULTS
from deckwatch.store.document import Document

Values: TypeAlias = Mapping[str, Any]


class How(Enum):
    """How two different changes of a unit come together."""

    NEVER = "never"
    LINES = "line by line"
    MEMBERS = "member by member"
    STREAMS = "member by member, within one kind of data source"


@dataclass(frozen=True, slots=True)
class Unit:
    """Parameters that change together, or one of them; `in_metadata` when they are the authors' notes."""

    name: str
    keys: tuple[str, ...]
    how: How = How.NEVER
    in_metadata: bool = False

    def of(self, document: Document) -> Values:
        """The unit's values, in the spelling of the file; what the file does not name is left out."""
        home = document.metadata if self.in_metadata else document.parameters
        return {key: home[key] for key in self.keys if key in home}

    def meaning(self, values: Values) -> str:
        """Two sets of values are the same exactly when this is."""
        given = {key: _normal(key, values.get(key, DEFAULTS.get(key))) for key in self.keys}
        if self.how in (How.MEMBERS, How.STREAMS):
            given = {key: _as_set(value) for key, value in given.items()}
        return json.dumps(given, sort_keys=True, default=str)


UNITS = (
    Unit("name", ("name",)),
    Unit("description", ("description",), How.LINES),
    Unit("severity", ("severity",)),
    Unit("severity_mapping", ("severity_mapping",)),
    Unit("risk_score", ("risk_score",)),
    Unit("risk_score_mapping", ("risk_score_mapping",)),
    Unit("eql_query", (
        *("query", "language", "filters"),
        *("event_category_override", "timestamp_field", "tiebreaker_field"),
    )),
    Unit("data_source", ("index", "data_view_id"), How.STREAMS),
    Unit("rule_schedule", ("interval", "from", "to")),
    Unit("timestamp_override", ("timestamp_override", "timestamp_override_fallback_disabled")),
    Unit("rule_name_override", ("rule_name_override",)),
    Unit("timeline_template", ("timeline_id", "timeline_title")),
    Unit("building_block", ("building_block_type",)),
    Unit("alert_suppression", ("alert_suppression",)),
    Unit("max_signals", ("max_signals",)),
    Unit("investigation_fields", ("investigation_fields",)),
    Unit("required_fields", ("required_fields",)),
    Unit("related_integrations", ("related_integrations",)),
    Unit("threat", ("threat",)),
    Unit("tags", ("tags",), How.MEMBERS),
    Unit("references", ("references",), How.MEMBERS),
    Unit("false_positives", ("false_positives",)),
    Unit("setup", ("setup",), How.LINES),
    Unit("note", ("note",), How.LINES),
    Unit("author", ("author",)),
    Unit("license", ("license",)),
)  # fmt: skip
"""The units of the detection engine; and author and license, which can be edited here."""

KEPT = frozenset({
    *("rule_id", "id", "type", "version", "revision", "enabled", "exceptions_list", "actions", "throttle"),
    *("response_actions", "meta", "output_index", "namespace", "alias_target_id", "alias_purpose", "outcome"),
    *("created_at", "created_by", "updated_at", "updated_by", "immutable", "rule_source", "execution_summary"),
})  # fmt: skip
"""What a new version never changes: who the rule is, and what was decided about it here."""

_NAMED = {key for unit in UNITS for key in unit.keys}
_TEXTS = frozenset({"query", "note", "setup", "description"})


def units_of(*documents: Document) -> Iterable[Unit]:
    """The units of some versions of a rule: those everybody knows, then what else these hold, by name."""
    others = sorted({key for each in documents for key in each.parameters} - _NAMED - KEPT)
    notes = sorted({key for each in documents for key in each.metadata})
    return (
        *UNITS,
        *(Unit(key, (key,)) for key in others),
        *(Unit(f"metadata.{key}", (key,), in_metadata=True) for key in notes),
    )


def unit_name(text: str) -> str | None:
    """The name of the unit that is called so or has a parameter of that name."""
    return next((unit.name for unit in UNITS if text == unit.name or text in unit.keys), None)


def customized(base: Document, current: Document) -> tuple[str, ...]:
    """The units that are not as the rule's authors published them."""
    return tuple(
        unit.name for unit in units_of(base, current) if unit.meaning(unit.of(base)) != unit.meaning(unit.of(current))
    )


def _normal(key: str, value: Any) -> Any:
    """Outer blanks of texts make no difference, nor does an empty value, or no, against none."""
    if key in _TEXTS and isinstance(value, str):
        value = value.strip()
    return None if value is False or value in ("", [], {}) else value


def _as_set(value: Any) -> Any:
    """A list without order and repetition; but of index patterns that take away again, the order matters."""
    if not isinstance(value, list) or any(isinstance(each, str) and each.startswith("-") for each in value):
        return value
    return sorted({json.dumps(each, sort_keys=True) for each in value})
