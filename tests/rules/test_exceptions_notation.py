"""Entries as people say them, and items as Kibana imports them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.errors import DeckwatchError
from deckwatch.rules.exceptions.notation import NotationError, parse_entry, say
from deckwatch.rules.exceptions.write import new_item, new_list, write_items
from deckwatch.rules.load import load_rules
from tests.rules.build import parameters
from tests.rules.excepting import entry, excluded, nested, within, written

SAID = [
    pytest.param("process.name is curl", entry("process.name", "match", "curl"), id="is"),
    pytest.param("  process.name   is   a b ", entry("process.name", "match", "a b"), id="blanks"),
    pytest.param("a is not b", excluded("a", "match", "b"), id="is not"),
    pytest.param('a is "not b"', entry("a", "match", "not b"), id="quotes"),
    pytest.param('a is "a \\"b\\" \\n"', entry("a", "match", 'a "b" \n'), id="quotes as in JSON"),
    pytest.param("a is b, c", entry("a", "match", "b, c"), id="one value with a comma"),
    pytest.param('a is one of b, "c, d",e f', entry("a", "match_any", ["b", "c, d", "e f"]), id="is one of"),
    pytest.param("a is not one of b", excluded("a", "match_any", ["b"]), id="is not one of"),
    pytest.param("a matches /usr/*", entry("a", "wildcard", "/usr/*"), id="matches"),
    pytest.param("a does not match ?", excluded("a", "wildcard", "?"), id="does not match"),
    pytest.param("a exists", entry("a", "exists"), id="exists"),
    pytest.param("a does not exist", excluded("a", "exists"), id="does not exist"),
    pytest.param("a is in list b.txt", within("a", "b.txt"), id="is in list"),
    pytest.param("a is not in list b (ip)", within("a", "b", "ip", "excluded"), id="is not in list"),
    pytest.param('a is in list "b c" (ip_range)', within("a", "b c", "ip_range"), id="a list with blanks"),
    pytest.param(
        'a.b has (c is "x; y"; d does not exist)',
        nested("a.b", entry("c", "match", "x; y"), excluded("d", "exists")),
        id="has",
    ),
    pytest.param(
        '{"field": "a", "type": "exists", "operator": "included"}', entry("a", "exists"), id="as Kibana has it"
    ),
]


@pytest.mark.parametrize(("text", "expected"), SAID)
def test_what_a_text_says(text: str, expected: dict[str, Any]) -> None:
    assert parse_entry(text) == expected
    assert parse_entry(say(expected)) == expected


NOTHING = [
    pytest.param("", "says nothing", id="empty"),
    pytest.param("process.name", "says nothing", id="no operator"),
    pytest.param("process.name == 'curl'", "says nothing", id="a query"),
    pytest.param("a is in list b c", "no name of a value list", id="two lists"),
    pytest.param('a is "b', "not one text in quotes", id="open quotes"),
    pytest.param("a is one of b,,c", "separate them by commas", id="an empty value"),
    pytest.param("a has (b)", "says nothing", id="no entry within"),
    pytest.param("a has ()", "says nothing", id="no entries"),
    pytest.param("{field: a}", "not JSON", id="not JSON"),
    pytest.param('{"a":' * 100_000, "nested too deeply|not JSON", id="deep"),
]


@pytest.mark.parametrize(("text", "message"), NOTHING)
def test_what_says_nothing(text: str, message: str) -> None:
    with pytest.raises(NotationError, match=message):
        parse_entry(text)


VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.sampled_from(
    ["not a", "one of b", "in list c", 'a"b', "a;b", "(a)", " a", "a,b", "in  list"]
)
FIELDS = st.sampled_from(["process.name", "a", "x.caseless"])
OPERATORS = st.sampled_from(["included", "excluded"])
FLAT = st.one_of(
    st.builds(entry, FIELDS, st.just("match"), VALUES, OPERATORS),
    st.builds(entry, FIELDS, st.just("match_any"), st.lists(VALUES, min_size=1, max_size=3), OPERATORS),
    st.builds(entry, FIELDS, st.just("exists"), st.none(), OPERATORS),
)
ENTRIES = st.one_of(
    FLAT,
    st.builds(entry, FIELDS, st.just("wildcard"), VALUES, OPERATORS),
    st.builds(within, FIELDS, VALUES, st.sampled_from(["keyword", "ip"]), OPERATORS),
    st.builds(lambda field, entries: nested(field, *entries), FIELDS, st.lists(FLAT, min_size=1, max_size=3)),
)


@given(ENTRIES)
def test_what_is_said_is_read_back(written_entry: dict[str, Any]) -> None:
    assert parse_entry(say(written_entry)) == written_entry


def test_an_item_is_written_for_its_rule(tmp_path: Path) -> None:
    written(tmp_path / "rule.json", parameters())
    rule_id = parameters()["rule_id"]
    file = tmp_path / "list.ndjson"
    one = new_item([entry("user.name", "match", "ünal")], list_id="list", name="One", steps=[1])
    two = new_item([excluded("user.name", "exists")], list_id="list", expire_time="2026-12-31", os_types=["linux"])
    write_items(file, new_list("list", "List", [rule_id]), [one])
    write_items(file, new_list("list", "List", [rule_id, "other"]), [two, {**one, "name": "Renamed"}])
    (rule,) = found = load_rules(tmp_path)
    assert found.faults == ()
    assert [each.item.name for each in rule.exceptions.exclusions] == ["user.name does not exist", "Renamed"]
    assert [each.rule_ids for each in found.exception_lists] == [(rule_id, "other")]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["list.ndjson", "rule.json"]


def test_the_same_conditions_have_the_same_id() -> None:
    of = [new_item([entry("a", "exists")], list_id=name, name=name)["item_id"] for name in ("a", "a", "b")]
    assert of[0] == of[1] != of[2]


def test_what_is_in_a_file_stays(tmp_path: Path) -> None:
    file = written(
        tmp_path / "export.ndjson",
        parameters(),
        {"list_id": "list", "name": "Mine", "meta": None},
        {"exported_count": 2},
    )
    write_items(file, new_list("list", "List", ["r"]), [new_item([entry("a", "exists")], list_id="list")])
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0] == parameters()
    assert lines[1] == {"list_id": "list", "name": "Mine", "meta": {"rule_ids": ["r"]}}
    assert len(lines) == 3


@pytest.mark.parametrize("text", ["[rule]\n", "[1]\n", "5\n"], ids=["TOML", "a list", "a number"])
def test_other_files_are_not_written_over(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x"
    file.write_text(text)
    with pytest.raises(DeckwatchError, match="name a new file"):
        write_items(file, new_list("list", "List", []), [])
    assert file.read_text() == text


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(DeckwatchError, match="cannot be written"):
        write_items(tmp_path / "none" / "x", new_list("list", "List", []), [])
