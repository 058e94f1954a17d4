"""Where an alert comes from, and the ids that follow from it: the same events and rule give the same ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from deckwatch.engine.paths import leaves
from deckwatch.rules.rule import Rule

NO_VERSION = "undefined"
"""Stands in event alert ids for the document version, which EQL results do not carry."""

Ancestor: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """An event that a rule has matched. `index` is empty when unknown; `id` must be stable across reads."""

    document: Mapping[str, Any] = field(hash=False)
    id: str
    index: str = ""


def ancestry(event: SourceEvent) -> list[dict[str, Any]]:
    """The events and alerts an alert on this event goes back to, the event itself last."""
    alert = {key: value for key, value in event.document.items() if key.startswith("kibana")}
    values = {path: value for path, (_, value) in leaves(alert).items()}
    if "kibana.alert.uuid" not in values:
        return [{"id": event.id, "type": "event", "index": event.index, "depth": 0}]
    earlier = values.get("kibana.alert.ancestors")
    depth = values.get("kibana.alert.depth")
    parent = {
        "id": event.id,
        "type": "signal",
        "index": event.index,
        "depth": depth if type(depth) is int else 1,
    }
    if (rule := values.get("kibana.alert.rule.uuid")) is not None:
        parent["rule"] = rule
    known = earlier if isinstance(earlier, list) else []
    return [*(each for each in known if isinstance(each, dict)), parent]


def made_by(rule: Rule, document: Mapping[str, Any]) -> bool:
    """Whether a document goes back to an alert of the rule; an alert on it would feed on itself."""
    return any(ancestor.get("rule") == rule.id for ancestor in ancestry(SourceEvent(document, "")))


def event_uuid(rule: Rule, event: SourceEvent, space: str) -> str:
    """The id of the alert on a single event."""
    return _sha256(f"{event.index}{event.id}{NO_VERSION}{space}:{rule.id}")


def block_uuids(rule: Rule, ancestors: Sequence[Sequence[Ancestor]]) -> list[str]:
    """The ids of the building blocks of a sequence, given the ancestors of each."""
    base = "".join(_joined(each) + rule.id for each in ancestors)
    return [_sha256(f"{base}{position}") for position in range(len(ancestors))]


def shell_uuid(rule: Rule, ancestors: Sequence[Ancestor]) -> str:
    """The id of the alert on a whole sequence, given all its ancestors; also the id of its group."""
    return _sha256(_joined(ancestors) + rule.id)


def _joined(ancestors: Sequence[Ancestor]) -> str:
    return "".join(f"{ancestor.get('id', '')}{ancestor.get('index', '')}" for ancestor in ancestors)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
