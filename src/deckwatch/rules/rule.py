"""A detection rule, and a set of them together with everything that did not become one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Literal, TypeAlias, cast

from deckwatch.eql.check import Checked
from deckwatch.eql.errors import visible
from deckwatch.eql.suggest import hint
from deckwatch.eql.types import Kind
from deckwatch.errors import DeckwatchError
from deckwatch.events.fields import field_table
from deckwatch.events.streams import IndexPatterns
from deckwatch.rules.exceptions.link import NO_EXCEPTIONS, Exceptions, compiled, linked
from deckwatch.rules.exceptions.lists import ExceptionList, gathered
from deckwatch.rules.exceptions.value_lists import ValueList
from deckwatch.rules.suppression import Suppression, unknown_to_kibana

Severity: TypeAlias = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
"""From the least to the most severe."""

DEFAULT_INDEX = (
    "apm-*-transaction*",
    "auditbeat-*",
    "endgame-*",
    "filebeat-*",
    "logs-*",
    "packetbeat-*",
    "traces-apm*",
    "winlogbeat-*",
    "-*elastic-cloud-logs-*",
)
"""What a rule without index patterns reads."""

DEFAULTS: Mapping[str, Any] = {
    "author": [],
    "exceptions_list": [],
    "false_positives": [],
    "from": "now-6m",
    "immutable": False,
    "language": "eql",
    "max_signals": 100,
    "references": [],
    "related_integrations": [],
    "required_fields": [],
    "risk_score_mapping": [],
    "rule_source": {"type": "internal"},
    "setup": "",
    "severity_mapping": [],
    "threat": [],
    "to": "now",
    "type": "eql",
    "version": 1,
    "actions": [],
    "enabled": True,
    "interval": "5m",
    "revision": 0,
    "tags": [],
}
"""What an absent parameter means. A rule handed to deckwatch is enabled unless it says otherwise."""


_FIELD_PARAMETERS = (
    "timestamp_override",
    "timestamp_field",
    "event_category_override",
    "tiebreaker_field",
    "rule_name_override",
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule is written; `line` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Rule:
    """An EQL rule, ready to run.

    `id` goes into alert ids: the id of the installed rule, or `rule_id` where the file names none.
    `parameters` is the whole rule in the vocabulary of the rules API, absent parameters left absent (`DEFAULTS`).
    `exceptions` are those of the exception lists read beside it.
    """

    id: str
    rule_id: str
    name: str
    query: str
    index: tuple[str, ...]
    severity: Severity
    risk_score: int
    severity_mapping: tuple[Mapping[str, Any], ...] = field(hash=False)
    risk_score_mapping: tuple[Mapping[str, Any], ...] = field(hash=False)
    rule_name_override: str | None
    timestamp_override: str | None
    timestamp_field: str
    event_category_override: str
    tiebreaker_field: str | None
    building_block_type: str | None
    threat: tuple[Mapping[str, Any], ...] = field(hash=False, repr=False)
    tags: tuple[str, ...]
    max_signals: int
    version: int
    revision: int
    enabled: bool
    source: Source
    parameters: Mapping[str, Any] = field(hash=False, repr=False)
    checked: Checked = field(hash=False, compare=False, repr=False)
    exceptions: Exceptions = field(default=NO_EXCEPTIONS, hash=False, compare=False, repr=False)

    @classmethod
    def of(cls, parameters: Mapping[str, Any], checked: Checked, source: Source) -> Rule:
        """The rule of validated parameters."""
        given = {**DEFAULTS, **parameters}
        return cls(
            id=given.get("id", given["rule_id"]),
            rule_id=given["rule_id"],
            name=given["name"],
            query=given["query"],
            index=tuple(given.get("index", DEFAULT_INDEX)),
            severity=cast("Severity", given["severity"]),
            risk_score=given["risk_score"],
            severity_mapping=tuple(given["severity_mapping"]),
            risk_score_mapping=tuple(given["risk_score_mapping"]),
            rule_name_override=given.get("rule_name_override") or None,
            timestamp_override=given.get("timestamp_override") or None,
            timestamp_field=given.get("timestamp_field") or "@timestamp",
            event_category_override=category_field(given),
            tiebreaker_field=given.get("tiebreaker_field") or None,
            building_block_type=given.get("building_block_type"),
            threat=tuple(given["threat"]),
            tags=tuple(given["tags"]),
            max_signals=given["max_signals"],
            version=given["version"],
            revision=given["revision"],
            enabled=given["enabled"],
            source=source,
            parameters=parameters,
            checked=checked,
        )

    @property
    def known_fields(self) -> Mapping[str, Kind]:
        """The fields that the rule reads, with their kinds."""
        overriding: dict[str, Kind] = {self.timestamp_override: "date"} if self.timestamp_override else {}
        return {**overriding, **self.checked.fields, self.timestamp_field: "date"}

    def excepting(self, lists: Iterable[ExceptionList], value_lists: Iterable[ValueList] = ()) -> Rule:
        """The rule with the exceptions of more lists, whether it refers to them or not."""
        values = {each.list_id: each for each in value_lists}
        more = compiled(lists, self.known_fields, self.checked, values)
        exclusions = {each.item_id: each for each in (*self.exceptions.exclusions, *more.exclusions)}
        return replace(
            self, exceptions=Exceptions(tuple(exclusions.values()), self.exceptions.warnings + more.warnings)
        )


def category_field(parameters: Mapping[str, Any]) -> str:
    """The field that the word before `where` is compared with."""
    return parameters.get("event_category_override") or "event.category"


@dataclass(frozen=True, slots=True)
class RuleFault:
    """Why something is not a rule: what, where, how to mend. No line: the file as a whole is meant."""

    file: str
    line: int | None
    column: int | None
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        shown = f"{place}: {visible(self.message)}"
        return f"{shown}\n  hint: {visible(self.hint)}" if self.hint else shown


class RuleError(DeckwatchError):
    """Rules that cannot be used, every fault of them at once."""

    def __init__(self, *faults: RuleFault) -> None:
        super().__init__(*faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something sound that deckwatch does not run, and why. `rule_id` is empty for what is not a rule."""

    name: str
    rule_id: str
    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """What of a sound rule has no effect, or probably not the one that is meant."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: warning: {visible(self.message)}"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in the order they were read, and what was read beside them."""

    rules: tuple[Rule, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    faults: tuple[RuleFault, ...] = ()
    exception_lists: tuple[ExceptionList, ...] = ()
    value_lists: tuple[ValueList, ...] = ()

    @classmethod
    def union(cls, sets: Iterable[RuleSet]) -> RuleSet:
        """All of them in one; of rules that share a `rule_id` the first stays and the others become faults."""
        parts = tuple(sets)
        first: dict[str, Rule] = {}
        repeated: list[RuleFault] = []
        for rule in chain.from_iterable(part.rules for part in parts):
            kept = first.setdefault(rule.rule_id, rule)
            if kept is not rule:
                repeated.append(_repeated(rule, kept))
        return cls(
            tuple(first.values()),
            tuple(chain.from_iterable(part.skipped for part in parts)),
            (*chain.from_iterable(part.faults for part in parts), *repeated),
            gathered(chain.from_iterable(part.exception_lists for part in parts)),
            tuple({each.list_id: each for part in reversed(parts) for each in reversed(part.value_lists)}.values()),
        )

    def linked(self) -> RuleSet:
        """The same rules, each with the exceptions that this set's lists hold for it."""
        lists = {each.key: each for each in self.exception_lists}
        values = {each.list_id: each for each in self.value_lists}
        rules = (
            replace(rule, exceptions=linked(rule.parameters, rule.known_fields, rule.checked, lists, values))
            for rule in self
        )
        return replace(self, rules=tuple(rules))

    @property
    def warnings(self) -> tuple[RuleWarning, ...]:
        """What of the rules is ignored, and which fields may be mistyped, in the order of the rules."""
        return tuple(
            RuleWarning(rule.source.file, rule.source.line, message)
            for rule in self
            for message in (
                *IndexPatterns(rule.index).warnings,
                *_of_view(rule),
                *_mistyped(rule),
                *rule.exceptions.warnings,
                *unknown_to_kibana(rule.parameters),
                *_restricted(rule),
            )
        )

    def __add__(self, other: RuleSet) -> RuleSet:
        return RuleSet.union((self, other))

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)


def _mistyped(rule: Rule) -> Iterator[str]:
    """Fields that no schema knows, but that are spelled much like one that is known."""
    table = field_table()
    for name in rule.checked.fields:
        if table.resolve(name) is None and (cure := hint(name, table.names())):
            yield f"unknown field `{name}`; {cure}"
    for parameter, name in _named(rule):
        if table.resolve(name) is None and name not in rule.checked.fields and (cure := hint(name, table.names())):
            yield f"unknown field `{name}` in `{parameter}`; {cure}"


def _named(rule: Rule) -> Iterator[tuple[str, str]]:
    """Parameters that name fields, with the fields."""
    for parameter in _FIELD_PARAMETERS:
        if name := rule.parameters.get(parameter):
            yield parameter, name
    for parameter in ("severity_mapping", "risk_score_mapping"):
        yield from ((parameter, mapping["field"]) for mapping in rule.parameters.get(parameter, ()))
    if suppression := Suppression.of(rule.parameters):
        yield from (("alert_suppression", each.name) for each in suppression.group_by)


def _of_view(rule: Rule) -> Iterator[str]:
    if view := rule.parameters.get("data_view_id"):
        yield f"the data view `{view}` is in Kibana, where it goes before `index`; here `index` is read"


def _restricted(rule: Rule) -> Iterator[str]:
    flag = "timestamp_override_fallback_disabled"
    if rule.timestamp_override and rule.parameters.get(flag):
        yield f"only events with `{rule.timestamp_override}` are searched, since `{flag}` is set"


def _repeated(rule: Rule, kept: Rule) -> RuleFault:
    return RuleFault(
        rule.source.file,
        rule.source.line,
        None,
        f"rule_id {rule.rule_id} is already taken by {kept.name!r} in {kept.source}",
        "give one of the two rules another rule_id, or leave one of them out",
    )
