"""A backtest as JSON: one object for the history, one for each rule, one for the change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from deckwatch.backtesting.sighting import Sighting
from deckwatch.backtesting.values import Backtest, Change, OfRule, Period
from deckwatch.eql.dates import SECOND, format_timestamp


def as_json(found: Backtest) -> Iterator[dict[str, Any]]:
    """Plain values, each with its kind: history, rule, change. Times are ISO 8601, durations in seconds."""
    yield {"kind": "history", **_period(found.period)}
    for each in found.rules:
        yield {"kind": "rule", **_rule(each)}
    if found.change is not None:
        yield {"kind": "change", **_change(found.change)}


def _period(period: Period) -> dict[str, Any]:
    return {
        **asdict(period),
        "first": _time(period.first),
        "last": _time(period.last),
        "observed": period.observed / SECOND,
    }


def _rule(found: OfRule) -> dict[str, Any]:
    return {
        "rule_id": found.rule.rule_id,
        "name": found.rule.name,
        "file": found.rule.source.file,
        "line": found.rule.source.line,
        "alerts": found.alerts,
        "undated": found.undated,
        "in_containers": found.in_containers,
        "firing_containers": found.firing_containers,
        "verdict": found.verdict,
        "noise": asdict(found.noise),
        "timeline": {
            "unit": found.chart.unit,
            "bars": [
                {"start": _time(bar.start), "alerts": bar.alerts, "events": bar.events} for bar in found.chart.bars
            ],
        },
        "containers": [{**asdict(each), "lifetime": each.lifetime / SECOND} for each in found.containers],
        "images": [asdict(each) for each in found.images],
        "commands": [asdict(each) for each in found.commands],
        "values": [asdict(each) for each in found.values],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "before": _rule(change.before),
        "stay": change.stay,
        "appear": [_sighting(each) for each in change.appear],
        "vanish": [_sighting(each) for each in change.vanish],
        "moved": [{"before": _sighting(each.before), "after": _sighting(each.after)} for each in change.moved],
    }


def _sighting(found: Sighting) -> dict[str, Any]:
    return {
        "time": _time(found.time),
        "container": {"id": found.container, "name": found.name, "image": found.image},
        "events": [{**asdict(step), "time": _time(step.time)} for step in found.steps],
    }


def _time(time: int | None) -> str | None:
    return None if time is None else format_timestamp(time)
