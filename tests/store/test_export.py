"""Rules go out and come back as they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from deckwatch.errors import DeckwatchError
from deckwatch.rules.load import load_rules
from deckwatch.rules.rule import DEFAULTS, RuleSet
from deckwatch.store.add import add
from deckwatch.store.edit import switch
from deckwatch.store.export import export_folder, export_lines
from deckwatch.store.store import Store
from tests.shared import SHARED, needs_shared
from tests.store.build import ACTION, CONNECTOR, ID, ITEM, LIST, REFERENCE, document, exported, store_of

CORPUS = SHARED / "corpus" / "elastic-rules"


def meanings(rules: RuleSet) -> dict[str, dict[str, Any]]:
    """Every parameter of every rule, absent ones as what they mean."""
    return {rule.rule_id: {**DEFAULTS, **rule.parameters} for rule in rules}


@needs_shared
@pytest.mark.parametrize("form", ["toml", "ndjson"])
@pytest.mark.parametrize(
    ("place", "count"),
    [
        pytest.param(CORPUS / "cross-platform", 63, id="some"),
        pytest.param(CORPUS, 415, id="all", marks=pytest.mark.slow),
    ],
)
def test_add_list_export_add(tmp_path: Path, place: Path, count: int, form: str) -> None:
    """The round trip of the published rules, compared parameter by parameter."""
    first, second = Store(tmp_path / "first"), Store(tmp_path / "second")
    assert len(add(first, place).added) == count
    rules = first.rules()
    assert rules.faults == ()
    assert len(rules) == count
    given = tmp_path / f"out{'.ndjson' * (form == 'ndjson')}"
    if form == "toml":
        export_folder(first, rules.rules, rules, given)
    else:
        given.write_text("".join(export_lines(first, rules.rules, rules)))
    assert len(add(second, given).added) == count
    original = meanings(load_rules(place))
    assert meanings(rules) == original
    assert meanings(second.rules()) == original


def test_summary(tmp_path: Path) -> None:
    rule = document(exceptions_list=[REFERENCE, {**REFERENCE, "list_id": "gone"}], actions=[ACTION])
    lines = [{**rule.parameters}, LIST, ITEM, CONNECTOR]
    store = Store(tmp_path / "store")
    add(store, exported(tmp_path / "e.ndjson", *lines))
    rules = store.rules()
    *values, summary = map(json.loads, export_lines(store, rules.rules, rules))
    assert values[1:] == lines[1:]
    assert summary == {
        "exported_count": 4,
        "exported_rules_count": 1,
        "missing_rules": [],
        "missing_rules_count": 0,
        "exported_exception_list_count": 1,
        "exported_exception_list_item_count": 1,
        "missing_exception_lists": [{"list_id": "gone", "namespace_type": "single"}],
        "missing_exception_lists_count": 1,
        "missing_exception_list_items": [],
        "missing_exception_list_items_count": 0,
        "exported_action_connector_count": 1,
        "missing_action_connections": [],
        "missing_action_connection_count": 0,
    }


def test_what_other_rules_need_stays_here(tmp_path: Path) -> None:
    rule = document(exceptions_list=[REFERENCE], actions=[ACTION])
    other = document(rule_id="b", name="B", actions=[{**ACTION, "id": "gone"}])
    store = Store(tmp_path / "store")
    lines = ({**rule.parameters}, {**other.parameters}, LIST, ITEM, CONNECTOR)
    add(store, exported(tmp_path / "e.ndjson", *lines))
    rules = store.rules()
    some = [each for each in rules if each.rule_id == "b"]
    only, summary = map(json.loads, export_lines(store, some, rules))
    assert only["rule_id"] == "b"
    assert summary["missing_action_connections"] == [{"id": "gone", "type": ".slack"}]
    export_folder(store, some, rules, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.toml"]


def test_a_folder_takes_exceptions_along(tmp_path: Path) -> None:
    rule = document(exceptions_list=[REFERENCE], actions=[ACTION])
    store = Store(tmp_path / "store")
    add(store, exported(tmp_path / "e.ndjson", {**rule.parameters}, LIST, ITEM, CONNECTOR))
    rules = store.rules()
    export_folder(store, rules.rules, rules, tmp_path / "out")
    second = Store(tmp_path / "second")
    add(second, tmp_path / "out")
    (found,) = second.rules().exception_lists
    assert (found.parameters, [item.parameters for item in found.items]) == (LIST, [ITEM])
    assert (second.root / "connectors.ndjson").read_bytes() == (store.root / "connectors.ndjson").read_bytes()


def test_kibana_is_told_of_lists_that_name_the_rule(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    naming = {**LIST, "meta": {"rule_ids": [ID]}}
    add(store, exported(tmp_path / "e.ndjson", {**document().parameters}, naming, ITEM))
    rules = store.rules()
    first, *_ = map(json.loads, export_lines(store, rules.rules, rules))
    assert [(each["list_id"], each["namespace_type"]) for each in first["exceptions_list"]] == [
        (LIST["list_id"], LIST["namespace_type"])
    ]


def test_rules_that_do_not_run_stay_so(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    switch(store, [ID], enabled=False)
    rules = store.rules()
    (tmp_path / "e.ndjson").write_text("".join(export_lines(store, rules.rules, rules)))
    second = Store(tmp_path / "second")
    add(second, tmp_path / "e.ndjson")
    assert [rule.enabled for rule in second.rules()] == [False]


def test_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    with pytest.raises(DeckwatchError, match="not empty; name a new folder"):
        export_folder(store, store.rules().rules, store.rules(), tmp_path)
