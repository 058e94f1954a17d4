"""Giving rules away: as a folder of files, or as Kibana exports them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deckwatch.errors import DeckwatchError
from deckwatch.rules.exceptions.lists import ExceptionList
from deckwatch.rules.rule import Rule, RuleSet
from deckwatch.store.document import Document
from deckwatch.store.files import rule_path, write
from deckwatch.store.place import CONNECTORS, RULES, VALUE_LISTS
from deckwatch.store.shelves import connectors, json_line, list_lines, list_path
from deckwatch.store.store import Store


def export_folder(store: Store, rules: Sequence[Rule], lists: RuleSet, folder: Path) -> list[Path]:
    """Write each rule into a file of its own, its exceptions beside. Returns the paths of the rules.

    Args:
        store: whose connectors go along.
        rules: which rules.
        lists: where their exception lists and value lists are.
        folder: a new or empty folder.

    Raises:
        DeckwatchError: the folder is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DeckwatchError(f"{folder}: exists and is not empty; name a new folder")
    written: dict[str, bytes] = {}
    for rule in rules:
        document = Document.of(rule)
        path = rule_path(document, written, _stem(rule)).removeprefix(f"{RULES}/")
        written[path] = document.text.encode()
    used = list(_used(rules, lists))
    others = {list_path(each): "".join(list_lines(each)).encode() for each in used}
    others |= {f"{VALUE_LISTS}/{Path(each.file).name}": Path(each.file).read_bytes() for each in lists.value_lists}
    if found := _connectors(store, rules):
        others[CONNECTORS] = "".join(map(json_line, found)).encode()
    for path, content in {**written, **others}.items():
        write(folder / path, content)
    return [folder / path for path in written]


def _stem(rule: Rule) -> str:
    return Path(rule.source.file).stem


def export_lines(store: Store, rules: Sequence[Rule], lists: RuleSet) -> Iterator[str]:
    """The rules as Kibana exports them: rules, exception lists, their items, connectors, and a summary.

    Value lists are not among them; Kibana exports these by themselves.
    """
    used = list(_used(rules, lists))
    for rule in rules:
        yield json_line({**rule.parameters, **_bound(rule, used), "enabled": rule.enabled})
    found = _connectors(store, rules)
    yield from (json_line(each.parameters) for each in used if each.parameters)
    yield from (json_line(item.parameters) for each in used for item in each.items)
    yield from map(json_line, found)
    yield json_line(_summary(rules, used, found))


def _used(rules: Iterable[Rule], lists: RuleSet) -> Iterator[ExceptionList]:
    """The lists that these rules refer to, or that name them."""
    wanted = {key for rule in rules for key in _references(rule)}
    ids = {rule.rule_id for rule in rules}
    return (each for each in lists.exception_lists if each.key in wanted or ids & set(each.rule_ids))


def _references(rule: Rule) -> Iterator[tuple[str, str]]:
    for reference in rule.parameters.get("exceptions_list", []):
        yield str(reference.get("list_id", "")), str(reference.get("namespace_type", "single"))


def _bound(rule: Rule, lists: Iterable[ExceptionList]) -> dict[str, Any]:
    """The exception lists of a rule, if any name it that it does not refer to: Kibana knows references alone."""
    known = set(_references(rule))
    more = [
        {
            "id": each.parameters.get("id", each.list_id),
            "list_id": each.list_id,
            "type": each.type,
            "namespace_type": each.namespace_type,
        }
        for each in lists
        if rule.rule_id in each.rule_ids and each.key not in known
    ]
    return {"exceptions_list": [*rule.parameters.get("exceptions_list", []), *more]} if more else {}


def _connectors(store: Store, rules: Iterable[Rule]) -> list[Mapping[str, Any]]:
    """The connectors that the actions of these rules use."""
    path, wanted = store.root / CONNECTORS, _actions(rules)
    return [each for each in connectors(path.read_bytes()) if each["id"] in wanted] if path.is_file() else []


def _actions(rules: Iterable[Rule]) -> dict[str, str]:
    """The connectors that actions name, by id, with their types."""
    actions = (action for rule in rules for action in rule.parameters.get("actions", []))
    return {str(each.get("id", "")): str(each.get("action_type_id", "")) for each in actions}


def _summary(
    rules: Sequence[Rule], lists: Sequence[ExceptionList], found: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The last line of an export."""
    heads = sum(bool(each.parameters) for each in lists)
    items = sum(len(each.items) for each in lists)
    there = {each.key for each in lists if each.parameters}
    missing = sorted({key for rule in rules for key in _references(rule)} - there)
    known = {each["id"] for each in found}
    lost = [{"id": name, "type": kind} for name, kind in sorted(_actions(rules).items()) if name not in known]
    return {
        "exported_count": len(rules) + heads + items + len(found),
        "exported_rules_count": len(rules),
        "missing_rules": [],
        "missing_rules_count": 0,
        "exported_exception_list_count": heads,
        "exported_exception_list_item_count": items,
        "missing_exception_lists": [{"list_id": list_id, "namespace_type": kind} for list_id, kind in missing],
        "missing_exception_lists_count": len(missing),
        "missing_exception_list_items": [],
        "missing_exception_list_items_count": 0,
        "exported_action_connector_count": len(found),
        "missing_action_connections": lost,
        "missing_action_connection_count": len(lost),
    }
