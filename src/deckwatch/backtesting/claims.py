"""Which parts of MITRE ATT&CK a rule says it covers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deckwatch.rules.attack import FRAMEWORK, entries
from deckwatch.rules.rule import Rule


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A technique below a tactic, as ids; `technique` is empty for the tactic as a whole."""

    tactic: str
    technique: str = ""


def claims(rule: Rule) -> set[Place]:
    """The places that a rule names: tactics, techniques and sub-techniques, what was revoked under its new id."""
    return set(_claims(rule))


def name_of(identity: str) -> str:
    """The newest name of an id; the id itself where the table does not have it."""
    entry = entries().get(identity)
    return entry.names[0] if entry and entry.names else identity


def matrix() -> list[Place]:
    """The places of the matrix for containers, techniques and sub-techniques, in order."""
    return sorted(
        Place(tactic, identity)
        for identity, entry in entries().items()
        if entry.in_containers
        for tactic in entries()[parent(identity)].tactics
    )


def parent(technique: str) -> str:
    """The technique that a sub-technique belongs to; a technique itself."""
    return technique.partition(".")[0]


def _claims(rule: Rule) -> Iterator[Place]:
    for threat in rule.threat:
        if threat["framework"] != FRAMEWORK:
            continue
        tactic = threat["tactic"]["id"]
        yield Place(tactic)
        for technique in threat.get("technique", ()):
            below = [each.get("id") for each in technique.get("subtechnique") or () if isinstance(each, dict)]
            for identity in (technique["id"], *below):
                current = _current(str(identity))
                yield Place(tactic, current)
                yield Place(tactic, parent(current))


def _current(identity: str) -> str:
    entry = entries().get(identity)
    return entry.replaced if entry and entry.replaced else identity
