"""Fields that no schema has, or that the rule's data streams do not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from deckwatch.eql.nodes import Field, fields
from deckwatch.eql.suggest import hint
from deckwatch.events.fields import field_table
from deckwatch.events.streams import IndexPatterns
from deckwatch.lint.finding import Found
from deckwatch.lint.subject import Step, Subject
from deckwatch.rules.suppression import Suppression

FAMILY = "logs-cloud_defend"
"""What the names of the streams begin with whose fields are all known."""

STREAMS: Mapping[str, str] = {
    "p": "logs-cloud_defend.process-default",
    "f": "logs-cloud_defend.file-default",
    "a": "logs-cloud_defend.alerts-default",
    "b": "logs-cloud_defend.alerts-default",
}

_OF_CATEGORY: Mapping[str | None, str] = {"process": "pa", "file": "fb", None: "pfab"}
"""In which of the streams events of a category are; other categories are in none."""

_CATEGORIES: Mapping[str, str] = {
    "logs-cloud_defend.process": "process",
    "logs-cloud_defend.file": "file",
    "logs-endpoint.events.file": "file",
    "logs-endpoint.events.network": "network",
    "logs-endpoint.events.process": "process",
    "logs-endpoint.events.registry": "registry",
}
"""Streams whose events have one category."""

_OVERRIDES = (
    "timestamp_override",
    "timestamp_field",
    "tiebreaker_field",
    "event_category_override",
    "rule_name_override",
)


@dataclass(frozen=True, slots=True)
class Supply:
    """In which of `STREAMS` Defend for Containers tells a field, and in which the sensor of deckwatch does."""

    streams: frozenset[str]
    sensor: frozenset[str]


@cache
def supplies() -> Mapping[str, Supply]:
    """The table of `supplied.tsv`."""
    text = files("deckwatch.lint").joinpath("supplied.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return {name: Supply(frozenset(streams), frozenset(sensor)) for name, streams, sensor in rows}


def unknown_fields(subject: Subject) -> Iterator[Found]:
    table = field_table()
    for field in _once(subject):
        if table.resolve(field.name) is not None or field.name in supplies() or field.optional:
            continue
        cure = hint(field.name, table.names())
        if cure or known_streams(subject):
            yield Found(
                f"no schema knows the field `{field.name}`", field.span, cure or "write a field of the data stream"
            )
    for parameter, name in _named(subject):
        cure = hint(name, table.names())
        if table.resolve(name) is None and (cure or known_streams(subject)):
            yield Found(f"no schema knows the field `{name}`, which `{parameter}` names", parameter, cure or "mend it")


def unsupplied_fields(subject: Subject) -> Iterator[Found]:
    for step, streams in known_steps(subject):
        for field in _fields(step):
            if field_table().resolve(field.name) and not is_supplied(field.name, streams):
                yield Found(
                    f"the data streams of {step.called} do not hold `{field.name}`",
                    field.span,
                    f"use a field that they hold, or write `?{field.name}` if it may be missing",
                )


def sensor_fields(subject: Subject) -> Iterator[Found]:
    seen = set()
    for step, streams in known_steps(subject):
        if not streams & {"p", "f"}:
            continue
        for field in (*_fields(step), *step.keys):
            known = supplies().get(field.name)
            if known and known.streams & streams and not known.sensor & streams and field.name not in seen:
                seen.add(field.name)
                message = f"Defend for Containers tells `{field.name}`, but the sensor of deckwatch does not"
                yield Found(message, field.span, "run the rule over recorded events of Defend for Containers")


def absent_keys(subject: Subject) -> Iterator[Found]:
    for step, streams in known_steps(subject):
        for key in step.keys:
            if key.optional or is_supplied(key.name, streams):
                continue
            yield Found(
                f"the join key `{key.name}` is never there in the events of {step.called}, so it joins nothing",
                key.span,
                "join this stage by a field that its data stream holds",
            )


def stream_categories(subject: Subject) -> Iterator[Found]:
    entries = [entry.strip() for pattern in subject.rule.index for entry in pattern.split(",")]
    names = [next((name for name in _CATEGORIES if entry.startswith(name)), None) for entry in entries]
    if not names or None in names or subject.rule.event_category_override != "event.category":
        return
    categories = sorted({_CATEGORIES[name] for name in names if name})
    for step in subject.steps:
        category = step.written.category
        if category is not None and category not in categories:
            yield Found(
                f"{step.called} wants events of category {category}; the rule reads {', '.join(subject.rule.index)}",
                step.written.span,
                f"add the data stream of {category} events to `index`, or mend the category",
            )


def known_streams(subject: Subject) -> frozenset[str]:
    """The letters of the streams that a rule reads; none when it reads any whose fields are not known."""
    entries = [entry.strip() for pattern in subject.rule.index for entry in pattern.split(",")]
    if not all(entry.startswith(FAMILY) for entry in entries):
        return frozenset()
    patterns = IndexPatterns(subject.rule.index)
    return frozenset(letter for letter, stream in STREAMS.items() if patterns.matches(stream))


def is_supplied(name: str, streams: frozenset[str]) -> bool:
    """Whether one of the streams holds the field."""
    known = supplies().get(name)
    return known is not None and bool((known.streams | known.sensor) & streams)


def known_steps(subject: Subject) -> Iterator[tuple[Step, frozenset[str]]]:
    """Each filter, with the letters of the streams it can find events in."""
    letters = known_streams(subject)
    for step in subject.steps:
        streams = frozenset(_OF_CATEGORY.get(step.written.category, "")) & letters
        if streams:
            yield step, streams


def _fields(step: Step) -> Iterator[Field]:
    """The fields of a filter that are not marked optional, each at its first place."""
    found: dict[str, Field] = {}
    for field in fields(step.written.condition):
        if not field.optional:
            found.setdefault(field.name, field)
    yield from found.values()


def _once(subject: Subject) -> Iterator[Field]:
    found: dict[str, Field] = {}
    for step in subject.steps:
        for field in (*fields(step.written.condition), *step.keys):
            found.setdefault(field.name, field)
    yield from found.values()


def _named(subject: Subject) -> Iterator[tuple[str, str]]:
    """The fields that parameters of the rule name."""
    for parameter in _OVERRIDES:
        if name := subject.parameters.get(parameter):
            yield parameter, name
    for parameter in ("severity_mapping", "risk_score_mapping"):
        for entry in subject.parameters.get(parameter, ()):
            yield parameter, entry["field"]
    match subject.parameters.get("investigation_fields"):
        case {"field_names": list(names)}:
            yield from (("investigation_fields", name) for name in names if isinstance(name, str))
    if (suppression := Suppression.of(subject.parameters)) is not None:
        for field in suppression.group_by:
            yield "alert_suppression", field.name
