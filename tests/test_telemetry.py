"""The founding rules over the recorded attacks: what must fire does, with the right events, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

import deckwatch as dw
from tests.shared import SHARED, needs_shared

TELEMETRY = SHARED / "telemetry"
FILES = ["attacks.ndjson", "benign.ndjson.gz"]

pytestmark = needs_shared


def summarised(alerts: list[dict[str, Any]]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Rule, container and events in order: of each event alert, and of each sequence by its building blocks."""
    found: dict[str, list[dict[str, Any]]] = {}
    for alert in alerts:
        if "kibana.alert.group.id" not in alert:
            found[alert["kibana.alert.uuid"]] = [alert]
        elif "kibana.alert.group.index" in alert:
            found.setdefault(alert["kibana.alert.group.id"], []).append(alert)
    return sorted(
        (
            blocks[0]["kibana.alert.rule.rule_id"],
            blocks[0]["container"]["id"],
            tuple(block["kibana.alert.original_event.id"] for block in blocks),
        )
        for blocks in found.values()
    )


def labelled(*files: str) -> list[tuple[str, str, tuple[str, ...]]]:
    scenarios = json.loads((TELEMETRY / "labels.json").read_text())["scenarios"]
    return sorted(
        (alert["rule_id"], alert["container_id"], tuple(alert["event_ids"]))
        for scenario in scenarios
        if scenario["file"] in files
        for alert in scenario["expected_alerts"]
    )


@pytest.mark.parametrize("batch_events", [None, 100])
@pytest.mark.parametrize("name", FILES)
def test_alerts_are_those_of_the_labels(name: str, batch_events: int | None) -> None:
    scan = dw.scan(TELEMETRY / name, dw.founding_rules(), batch_events=batch_events)
    assert summarised(list(scan)) == labelled(name)
    assert scan.summary.alerts == len(labelled(name))
    assert scan.summary.malformed == scan.summary.undated == 0


def test_the_reference_engine_agrees_on_the_attacks() -> None:
    scan = dw.scan(TELEMETRY / "attacks.ndjson", dw.founding_rules(), engine="reference")
    assert summarised(list(scan)) == labelled("attacks.ndjson")


def test_both_recordings_together_count_every_document() -> None:
    scan = dw.scan([TELEMETRY / name for name in FILES], dw.founding_rules())
    assert summarised(list(scan)) == labelled(*FILES)
    assert scan.summary.events == 29_695
    assert sorted(scan.summary.hits.values()) == [10, 19]
