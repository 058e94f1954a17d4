"""Which alerts of a rule stand for others: its parameter `alert_suppression`, and when the rule runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deckwatch.eql.dates import DAY, HOUR, MINUTE, SECOND
from deckwatch.eql.nodes import EventQuery, Query

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}


@dataclass(frozen=True, slots=True)
class GroupField:
    """A field that alerts are grouped by; `place`: of which event of a sequence, from 0, or None for what all share."""

    name: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Suppression:
    """Alerts whose fields agree become one. `duration` in nanoseconds; None: those of one run of the rule.

    `missing`: whether alerts without one of the fields are suppressed, too.
    """

    group_by: tuple[GroupField, ...]
    duration: int | None
    missing: bool

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Suppression | None:
        """That of validated parameters, if there is any."""
        written = parameters.get("alert_suppression")
        if not written:
            return None
        length = written.get("duration")
        return cls(
            group_by=tuple(_fields(written)),
            duration=length and length["value"] * _UNITS[length["unit"]],
            missing=written.get("missing_fields_strategy", "suppress") == "suppress",
        )


def _fields(written: Mapping[str, Any]) -> Iterator[GroupField]:
    if by_place := written.get("group_by_v2"):
        return (GroupField(each["field"], each.get("sequence_index")) for each in by_place)
    return (GroupField(name) for name in written["group_by"])


def interval(parameters: Mapping[str, Any]) -> int:
    """The time from one run of a rule to the next, in nanoseconds."""
    text = parameters.get("interval", "5m")
    return max(int(text[:-1]), 1) * _UNITS[text[-1]]


def misplaced(parameters: Mapping[str, Any], query: Query) -> str:
    """What is wrong with the places of `group_by_v2` in this query; empty when nothing is."""
    suppression = Suppression.of(parameters)
    places = [field.place for field in suppression.group_by if field.place is not None] if suppression else []
    if not places:
        return ""
    if isinstance(query, EventQuery):
        return "`sequence_index` in `alert_suppression` is for sequences; the query finds single events"
    events = sum(stage.runs for stage in query.stages if not stage.missing)
    if max(places) >= events:
        return f"`sequence_index` in `alert_suppression` must be from 0 to {events - 1}, not {max(places)}"
    return ""


def unknown_to_kibana(parameters: Mapping[str, Any]) -> Iterator[str]:
    """What of the parameter only deckwatch understands."""
    if "group_by_v2" in (parameters.get("alert_suppression") or {}):
        yield "no release of Kibana knows `group_by_v2` of `alert_suppression` so far; it groups by `group_by` alone"
