"""What goes with rules: exception lists, value lists and connectors, as files of the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from deckwatch.rules.exceptions.lists import ExceptionList
from deckwatch.rules.rule import RuleSet
from deckwatch.store.files import identity
from deckwatch.store.place import CONNECTORS, EXCEPTIONS, VALUE_LISTS


def list_path(each: ExceptionList) -> str:
    """Where the store has an exception list."""
    shared = "" if each.namespace_type == "single" else f".{identity(each.namespace_type)}"
    return f"{EXCEPTIONS}/{identity(each.list_id)}{shared}.ndjson"


def list_lines(each: ExceptionList) -> Iterator[str]:
    """The list and its items as Kibana exports them; only its items where nothing else is known of it."""
    for value in (each.parameters, *(item.parameters for item in each.items)):
        if value:
            yield json_line(value)


def json_line(value: Mapping[str, Any]) -> str:
    """A JSON object on a line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str) + "\n"


def new_lists(found: Iterable[ExceptionList], known: Iterable[ExceptionList]) -> tuple[dict[str, bytes], list[str]]:
    """The files of lists that are new or have new items, and which lists or items are kept as they were."""
    here = {each.key: each for each in known}
    files: dict[str, bytes] = {}
    kept: list[str] = []
    for each in found:
        mine = here.get(each.key)
        if mine is None:
            whole = each
        else:
            items = {item.item_id: item for item in mine.items}
            kept += [
                f"exception {item.name!r} of list {each.list_id}"
                for item in each.items
                if item.item_id in items and items[item.item_id].parameters != item.parameters
            ]
            added = tuple(item for item in each.items if item.item_id not in items)
            if not added:
                continue
            whole = replace(mine, items=(*mine.items, *added))
        files[list_path(each)] = "".join(list_lines(whole)).encode()
    return files, kept


def new_value_lists(found: RuleSet, known: Mapping[str, bytes]) -> tuple[dict[str, bytes], list[str]]:
    """The files of value lists that are new, and which lists are kept as they were."""
    files: dict[str, bytes] = {}
    kept = []
    for each in found.value_lists:
        path, content = f"{VALUE_LISTS}/{Path(each.file).name}", Path(each.file).read_bytes()
        if path not in known:
            files[path] = content
        elif known[path] != content:
            kept.append(f"value list {each.list_id}")
    return files, kept


def new_connectors(found: RuleSet, roots: Iterable[Path], known: bytes) -> dict[str, bytes]:
    """The file of connectors with those that exports hold beside rules, or folders by themselves, if any are new."""
    mine = {value["id"]: value for value in connectors(known)}
    exports = {Path(rule.source.file) for rule in found if rule.source.file.endswith(".ndjson")}
    alone = {root / CONNECTORS for root in roots if (root / CONNECTORS).is_file()}
    theirs = [value for export in sorted(exports | alone) for value in connectors(export.read_bytes())]
    added = {value["id"]: value for value in theirs if value["id"] not in mine}
    if not added:
        return {}
    return {CONNECTORS: "".join(json_line(value) for value in {**mine, **added}.values()).encode()}


def connectors(lines: bytes) -> Iterator[dict[str, Any]]:
    """The connectors among the lines of an export."""
    for line in lines.decode(errors="replace").splitlines():
        if '"action"' in line:
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            match value:
                case {"type": "action", "id": str(), "attributes": dict()}:
                    yield value
