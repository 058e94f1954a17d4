"""Scenarios as a file of tests."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deckwatch.eql.dates import SECOND, format_timestamp

if TYPE_CHECKING:
    from deckwatch.proof.prove import Proof
    from deckwatch.proof.scenario import Scenario, Sketch

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write_tests(proof: Proof, file: str) -> None:
    """Write every scenario in which the rule did what it must as a test, in the form that `rules test` reads."""
    Path(file).write_text("\n".join(_lines(proof, Path(file))), encoding="utf-8")


def _lines(proof: Proof, file: Path) -> Iterator[str]:
    rule = proof.rule
    beside = Path(rule.source.file)
    yield f"# Events made from the rule by `deckwatch rules prove --write`: {rule.name}"
    if beside.with_name(f"{beside.stem}.test.toml").resolve() != file.resolve():
        yield f"rule = {_value(os.path.relpath(beside.resolve(), file.resolve().parent))}"
        yield f"rule_id = {_value(rule.rule_id)}"
    counts: dict[str, int] = {}
    for each in proof.tried:
        if each.passed:
            name = f"{each.scenario.sort}: {each.scenario.about}"
            counts[name] = counts.get(name, 0) + 1
            yield from _case(each.scenario, name if counts[name] == 1 else f"{name} ({counts[name]})")


def _case(scenario: Scenario, name: str) -> Iterator[str]:
    yield ""
    yield "[[case]]"
    yield f"name = {_value(name)}"
    yield f"fires = {'true' if scenario.fires else 'false'}"
    for event in scenario.events:
        yield ""
        yield from _event(event, scenario.events[0].time)


def _event(event: Sketch, first: int) -> Iterator[str]:
    yield "[[case.event]]"
    after = (event.time - first) / SECOND
    if after:
        yield f"_at = {after!r}"
    if absent := [name for name, values in sorted(event.values.items()) if not values]:
        yield f"_absent = {_value(absent)}"
    for name, values in sorted(event.values.items()):
        if values:
            listed = [_json(value, event.dates, name) for value in values]
            yield f"{_key(name, event)} = {_value(listed if len(listed) > 1 else listed[0])}"


def _json(value: Any, dates: frozenset[str], name: str) -> Any:
    return format_timestamp(value) if name in dates and isinstance(value, int) else value


def _key(name: str, event: Sketch) -> str:
    """Dotted, unless one field's name is the beginning of another's: TOML then needs it in quotes."""
    if any(other.startswith(f"{name}.") or name.startswith(f"{other}.") for other in event.values):
        return _value(name)
    return ".".join(part if _BARE.fullmatch(part) else _value(part) for part in name.split("."))


def _value(value: Any) -> str:
    """JSON's texts, numbers, booleans and lists are TOML's too, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
