"""Exception items as Kibana writes them, and rules that have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deckwatch.rules.exceptions.lists import ExceptionItem, ExceptionList
from deckwatch.rules.exceptions.read import read_item
from deckwatch.rules.exceptions.value_lists import ValueList
from deckwatch.rules.rule import Rule, RuleFault, RuleSet, Source
from tests.rules.build import parameters, rule

LIST = "trusted"
REFERENCE = {"id": "so", "list_id": LIST, "type": "detection", "namespace_type": "single"}


def entry(field: str, kind: str, value: Any = None, operator: str = "included", **more: Any) -> dict[str, Any]:
    return {"field": field, "type": kind, "operator": operator, **({} if value is None else {"value": value}), **more}


def excluded(field: str, kind: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return entry(field, kind, value, "excluded", **more)


def within(field: str, list_id: str, kind: str = "keyword", operator: str = "included") -> dict[str, Any]:
    return entry(field, "list", operator=operator, list={"id": list_id, "type": kind})


def nested(field: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"field": field, "type": "nested", "entries": list(entries)}


def item(*entries: dict[str, Any], item_id: str = "item", **more: Any) -> dict[str, Any]:
    return {
        "item_id": item_id,
        "list_id": LIST,
        "name": f"name of {item_id}",
        "description": "",
        "type": "simple",
        "namespace_type": "single",
        "entries": list(entries),
        **more,
    }


def container(**changes: Any) -> dict[str, Any]:
    return {"list_id": LIST, "type": "detection", "name": "Trusted", "namespace_type": "single", **changes}


def read(value: dict[str, Any]) -> ExceptionItem:
    (found,) = read_item(value, Source("items.ndjson", 1))
    assert isinstance(found, ExceptionItem), found
    return found


def faults(value: dict[str, Any]) -> list[RuleFault]:
    return [each for each in read_item(value, Source("items.ndjson", 1)) if isinstance(each, RuleFault)]


def excepting(*items: dict[str, Any], lists: dict[str, list[str]] | None = None, **changes: Any) -> Rule:
    """A rule with these items, and value lists by id."""
    held = tuple(read(each) for each in items)
    values = tuple(ValueList(name, tuple(each), name) for name, each in (lists or {}).items())
    one = rule(**{"index": ["*"], "exceptions_list": [REFERENCE], **changes})
    whole = ExceptionList(LIST, "single", "Trusted", "detection", (), "items.ndjson", 1, container(), held)
    (found,) = RuleSet((one,), exception_lists=(whole,), value_lists=values).linked()
    return found


def written(path: Path, *values: dict[str, Any]) -> Path:
    """Values as an export, in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def referring(**changes: Any) -> dict[str, Any]:
    """The parameters of a rule that refers to the list."""
    return parameters(**{"exceptions_list": [REFERENCE], **changes})
