"""What analysts found of alerts: true or false, read from the alert documents that they worked on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from deckwatch.events.deadletter import DeadLetter
from deckwatch.events.document import field_values, leaves, unwrap
from deckwatch.events.reader import EventSource, open_events
from deckwatch.rules.rule import Rule

Verdict: TypeAlias = Literal["true", "false"]

VERDICTS: Mapping[str, Verdict] = {
    "true_positive": "true",
    "benign_positive": "false",
    "false_positive": "false",
}
"""Reasons for closing an alert, and tags, that say what it was; others say nothing of that."""

WORDS = ("kibana.alert.workflow_reason", "kibana.alert.workflow_tags")
UUID = "kibana.alert.uuid"
GROUP = "kibana.alert.group.id"
ANCESTORS = "kibana.alert.ancestors"


@dataclass(frozen=True, slots=True)
class Marks:
    """Verdicts by what tells an alert: its id, that of its sequence, or the events it goes back to."""

    verdicts: Mapping[object, Verdict]
    counts: Mapping[Verdict, int]
    """How many alerts, or sequences, were marked so."""

    def of(self, alert: Mapping[str, Any]) -> Verdict | None:
        """What was found of an alert, or of the sequence that it is the shell of."""
        found = [verdict for key in _keys(alert) if (verdict := self.verdicts.get(key)) is not None]
        return "true" if "true" in found else found[0] if found else None


def read_marks(alerts: EventSource, rule: Rule, *, dead_letter: Callable[[DeadLetter], None] | None = None) -> Marks:
    """The marks on the alerts of a rule, in files of alert documents as `scan --output` and Kibana write them.

    An alert that is marked both ways counts as true. `dead_letter` is called with every line that is no document.

    Raises:
        DeckwatchError: a path does not exist.
    """
    verdicts: dict[object, Verdict] = {}
    marked: dict[object, Verdict] = {}
    with open_events(alerts, {}, dead_letter=dead_letter) as reader:
        for batch in reader:
            for row in range(batch.height):
                alert, _, _ = unwrap(batch.documents.document(row))
                verdict = verdict_of(alert)
                if verdict is None or not _is_of(rule, alert):
                    continue
                keys = _keys(alert)
                for key in keys:
                    if verdicts.get(key) != "true":
                        verdicts[key] = verdict
                name = _text(alert, GROUP) or _text(alert, UUID) or (keys[-1] if keys else None)
                if marked.get(name) != "true":
                    marked[name] = verdict
    found = list(marked.values())
    return Marks(verdicts, {"true": found.count("true"), "false": found.count("false")})


def verdict_of(alert: Mapping[str, Any]) -> Verdict | None:
    """What an alert document is marked as, by its reason for closing or its tags; letter case and blanks are free."""
    words = (_plain(str(word)) for name in WORDS for word in field_values(alert, name, "keyword"))
    found = [VERDICTS[word] for word in words if word in VERDICTS]
    return "true" if "true" in found else found[0] if found else None


def _plain(word: str) -> str:
    return "_".join(word.lower().replace("-", " ").replace("_", " ").split())


def _is_of(rule: Rule, alert: Mapping[str, Any]) -> bool:
    named = {_text(alert, "kibana.alert.rule.rule_id"), _text(alert, "kibana.alert.rule.uuid")}
    return not named.isdisjoint({rule.rule_id, rule.id})


def _keys(alert: Mapping[str, Any]) -> list[object]:
    ids = (_text(alert, UUID), _text(alert, GROUP))
    return [*(each for each in ids if each), *_events(alert)]


def _events(alert: Mapping[str, Any]) -> Iterable[frozenset[str]]:
    """The ids of the events that an alert goes back to, as one key; none for a building block, which is a part."""
    if field_values(alert, "kibana.alert.group.index", "long"):
        return
    ancestors = [each for each in leaves(alert, ANCESTORS) if isinstance(each, dict)]
    found = frozenset(str(each.get("id")) for each in ancestors if each.get("type") == "event")
    if found:
        yield found


def _text(alert: Mapping[str, Any], name: str) -> str:
    values = field_values(alert, name, "keyword")
    return str(values[0]) if values else ""
