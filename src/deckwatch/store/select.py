"""Choosing rules: by name, and by what they are about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deckwatch.eql.suggest import hint
from deckwatch.errors import DeckwatchError
from deckwatch.rules.rule import Rule
from deckwatch.store.document import authors_notes

MOST_NAMED = 10
_PACKAGE = re.compile(r"(?:logs|metrics|traces)-([a-z0-9_]+)[.-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rules: of each kind any one value must fit, and every kind that is given.

    `techniques` are ATT&CK ids; that of a technique covers its sub-techniques, that of a tactic all of it.
    """

    tags: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    integrations: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    enabled: bool | None = None

    def __bool__(self) -> bool:
        return self != Filter()

    def __call__(self, rule: Rule) -> bool:
        """Whether the rule is one of them."""
        return (
            (self.enabled is None or rule.enabled == self.enabled)
            and (not self.severities or rule.severity in self.severities)
            and _meet(self.tags, rule.tags)
            and (not self.techniques or any(map(self._covers, attack_ids(rule))))
            and (not self.integrations or _meet(self.integrations, integrations(rule)))
        )

    def _covers(self, attack_id: str) -> bool:
        return any(f"{attack_id}.".startswith(f"{wanted.upper()}.") for wanted in self.techniques)


def _meet(wanted: Iterable[str], given: Iterable[str]) -> bool:
    some = {each.casefold() for each in wanted}
    return not some or any(each.casefold() in some for each in given)


def unfit(wanted: Filter, rules: Iterable[Rule]) -> Iterator[str]:
    """What of a filter fits no rule at all, and what may be meant."""
    everything = list(rules)
    tags = sorted({tag for rule in everything for tag in rule.tags})
    for tag in wanted.tags:
        if not _meet([tag], tags):
            yield _no_rule("tag", tag, tags)
    packages = sorted({each for rule in everything for each in integrations(rule)}) if wanted.integrations else []
    for package in wanted.integrations:
        if not _meet([package], packages):
            yield _no_rule("integration", package, packages)
    for technique in wanted.techniques:
        if not any(map(Filter(techniques=(technique,)), everything)):
            yield _no_rule("technique", technique, [])


def _no_rule(kind: str, value: str, known: Iterable[str]) -> str:
    cure = hint(value, known)
    return f"no rule of the store has the {kind} {value!r}" + (f"; {cure}" if cure else "")


def attack_ids(rule: Rule) -> Iterator[str]:
    """The ids of the tactics, techniques and sub-techniques that a rule claims."""
    for threat in rule.threat:
        yield threat["tactic"]["id"]
        for technique in threat.get("technique", []):
            yield technique["id"]
            yield from (each["id"] for each in technique.get("subtechnique") or [] if "id" in each)


def integrations(rule: Rule) -> tuple[str, ...]:
    """The packages whose events a rule reads: those it names, its authors name, and its index patterns name."""
    related = (each.get("package") for each in rule.parameters.get("related_integrations", []))
    noted = _listed(authors_notes(rule), "integration")
    patterns = (found[1] for pattern in rule.index if (found := _PACKAGE.match(pattern)))
    return tuple(dict.fromkeys(each for each in (*related, *noted, *patterns) if isinstance(each, str)))


def _listed(values: Mapping[str, Any], key: str) -> list[Any]:
    value = values.get(key, [])
    return value if isinstance(value, list) else [value]


def named(rules: Iterable[Rule], text: str) -> Rule:
    """The rule with this id or name; of a name its beginning is enough.

    Raises:
        DeckwatchError: it is none, or several.
    """
    everything = list(rules)
    exact = [rule for rule in everything if text in (rule.rule_id, rule.id, rule.name)]
    found = exact or [rule for rule in everything if text and rule.name.casefold().startswith(text.casefold())]
    if len(found) == 1:
        return found[0]
    if not found:
        cure = hint(text, [rule.name for rule in everything]) or "`rules list` has them"
        raise DeckwatchError(f"{text!r} is neither the id nor the name of a rule in the store; {cure}")
    names = ", ".join(f"{rule.name!r} ({rule.rule_id})" for rule in found[:MOST_NAMED])
    more = f", and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    raise DeckwatchError(f"{text!r} names several rules: {names}{more}")


def chosen(rules: Iterable[Rule], names: Iterable[str], wanted: Filter) -> list[Rule]:
    """The rules with these names, and those that the filter wants, each once, in the order of the store."""
    everything = list(rules)
    ids = {named(everything, name).rule_id for name in names}
    return [rule for rule in everything if rule.rule_id in ids or (wanted and wanted(rule))]
