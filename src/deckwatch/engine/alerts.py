"""Alert documents: what a match becomes, in the shape the Kibana detection engine writes.

Parts of a document may be shared with others of the same rule: treat them as read-only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deckwatch.engine.conformance import conforming
from deckwatch.engine.identity import SourceEvent, ancestry, block_uuids, event_uuid, made_by, shell_uuid
from deckwatch.engine.overrides import Grading, of_event, of_rule
from deckwatch.engine.paths import leaves
from deckwatch.engine.reason import reason
from deckwatch.engine.rule_fields import Run, rule_fields
from deckwatch.engine.shell import common
from deckwatch.eql.dates import format_timestamp
from deckwatch.events.document import field_values
from deckwatch.rules.rule import Rule

__all__ = ["Run", "SourceEvent", "event_alert", "made_by", "sequence_alerts"]

_FOREIGN = ("kibana", "signal", "threshold_result")
_ENVELOPE = frozenset({"_index", "_id"})
_ORIGINALS = {"event.": "kibana.alert.original_event.", "data_stream.": "kibana.alert.original_data_stream."}


def event_alert(rule: Rule, event: SourceEvent, run: Run) -> dict[str, Any]:
    """The alert on an event that an event query matches."""
    uuid = event_uuid(rule, event, run.space)
    own = {"kibana.alert.building_block_type": rule.building_block_type}
    return _on_event(rule, event, run, of_event(rule, event.document), uuid, own, ancestry(event))


def sequence_alerts(rule: Rule, events: Sequence[SourceEvent | None], run: Run) -> list[dict[str, Any]]:
    """The alerts on a sequence or sample: a building block for each event, then the shell.

    None stands for a stage that asks for a missing event; it has no document.
    """
    present = [event for event in events if event is not None]
    lineages = [ancestry(event) for event in present]
    uuids = block_uuids(rule, lineages)
    ancestors = [
        ancestor
        for lineage, uuid in zip(lineages, uuids, strict=True)
        for ancestor in (*lineage, _as_parent(rule, lineage, uuid))
    ]
    group = shell_uuid(rule, ancestors)
    blocks = []
    for position, (event, lineage) in enumerate(zip(present, lineages, strict=True)):
        own = {
            "kibana.alert.building_block_type": "default",
            "kibana.alert.group.id": group,
            "kibana.alert.group.index": position,
        }
        blocks.append(_on_event(rule, event, run, of_rule(rule), uuids[position], own, lineage))
    return [*blocks, _shell(rule, run, blocks, ancestors, group)]


def _on_event(
    rule: Rule,
    event: SourceEvent,
    run: Run,
    grading: Grading,
    uuid: str,
    own: Mapping[str, Any],
    lineage: list[dict[str, Any]],
) -> dict[str, Any]:
    """The document of one event, `own` being the fields that tell an event alert from a building block."""
    source = _source(event.document)
    head = {
        **_state(run, grading, uuid, lineage),
        **own,
        "kibana.alert.reason": reason(event.document, grading.severity, grading.name),
        "kibana.alert.original_time": _time(event.document),
        **rule_fields(rule, run, grading.name),
        **_originals(source),
    }
    return _document(head, _without_kind(source))


def _shell(
    rule: Rule, run: Run, blocks: list[dict[str, Any]], ancestors: list[dict[str, Any]], group: str
) -> dict[str, Any]:
    head = {
        **_state(run, of_rule(rule), group, ancestors),
        "kibana.alert.building_block_type": rule.building_block_type,
        "kibana.alert.group.id": group,
        "kibana.alert.group.index": None,
        "kibana.alert.reason": "",
        "kibana.alert.original_time": blocks[0]["@timestamp"],
        **rule_fields(rule, run, rule.name),
    }
    shared = common([{key: value for key, value in block.items() if key not in head} for block in blocks])
    head["kibana.alert.reason"] = reason(shared, rule.severity, rule.name)
    return _document(head, shared)


def _as_parent(rule: Rule, lineage: list[dict[str, Any]], uuid: str) -> dict[str, Any]:
    """A building block as an ancestor of its shell; it is in no index yet when the shell is made."""
    return {"id": uuid, "type": "signal", "index": "", "depth": _depth(lineage), "rule": rule.id}


def _depth(ancestors: list[dict[str, Any]]) -> int:
    depths = (ancestor.get("depth") for ancestor in ancestors)
    return max((depth for depth in depths if isinstance(depth, int)), default=0) + 1


def _document(head: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """One document of both. What the head leaves undefined is absent, even if the body has it."""
    return {
        **{key: value for key, value in head.items() if value is not None},
        **{key: value for key, value in body.items() if key not in head},
    }


def _state(run: Run, grading: Grading, uuid: str, ancestors: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@timestamp": run.timestamp,
        "event.kind": "signal",
        "kibana.space_ids": [run.space],
        "kibana.alert.uuid": uuid,
        "kibana.alert.status": "active",
        "kibana.alert.workflow_status": "open",
        "kibana.alert.workflow_tags": [],
        "kibana.alert.workflow_assignee_ids": [],
        "kibana.alert.severity": grading.severity,
        "kibana.alert.risk_score": grading.risk_score,
        "kibana.alert.depth": _depth(ancestors),
        "kibana.alert.ancestors": ancestors,
        "kibana.alert.intended_timestamp": run.timestamp,
        "kibana.alert.start": run.timestamp,
        "kibana.alert.last_detected": run.timestamp,
    }


def _time(document: Mapping[str, Any]) -> str | None:
    """The time of an event as it writes it; numbers, which are milliseconds since 1970, in ISO 8601."""
    times = field_values(document, "@timestamp", "date")
    if not times or not isinstance(times[0], int):
        return None
    written = document.get("@timestamp")
    return written if isinstance(written, str) else format_timestamp(times[0])


def _source(document: Mapping[str, Any]) -> dict[str, Any]:
    """The event's own fields, as far as an alert can carry them."""
    return conforming(
        {key: value for key, value in document.items() if not key.startswith(_FOREIGN) and key not in _ENVELOPE}
    )


def _originals(source: Mapping[str, Any]) -> dict[str, Any]:
    found = leaves({key: value for key, value in source.items() if key.startswith(("event", "data_stream"))})
    return {
        original + path.removeprefix(prefix): value
        for prefix, original in _ORIGINALS.items()
        for path, (_, value) in found.items()
        if path.startswith(prefix)
    }


def _without_kind(source: dict[str, Any]) -> dict[str, Any]:
    """The source without `event.kind`, which an alert has in the spelling with a dot."""
    event = source.get("event")
    if isinstance(event, dict) and "kind" in event:
        rest = {key: value for key, value in event.items() if key != "kind"}
        source = {key: rest if key == "event" else value for key, value in source.items() if key != "event" or rest}
    return {key: value for key, value in source.items() if key != "event.kind"}
