"""A rule and its file."""

from pathlib import Path
from typing import Any

import pytest

from deckwatch.rules.load import load_rules
from deckwatch.rules.rule import RuleError
from deckwatch.store.document import Document, decoded, rule_of
from tests.store.build import document, written

NOTED = {"creation_date": "2026/01/01", "integration": ["cloud_defend"]}


@pytest.mark.parametrize(
    ("changes", "suffix"),
    [
        pytest.param({}, ".toml", id="plain"),
        pytest.param({"query": 'process where\n  process.name == "nc"\n'}, ".toml", id="a query of several lines"),
        pytest.param({"note": "## Setup\n\nDo it.", "setup": "There."}, ".toml", id="a note with a setup elsewhere"),
        pytest.param({"description": "Two\nlines."}, ".toml", id="a description of several lines"),
        pytest.param({"note": "## Setup\n\nDo it."}, ".toml", id="a note that readers would take apart"),
        pytest.param({"meta": {"from": None}}, ".json", id="a null"),
        pytest.param({"tags": ["a  b"]}, ".toml", id="blanks that readers would fold"),
        pytest.param({"unheard_of": {"deep": [1, {"er": "x"}]}}, ".toml", id="a parameter nobody knows"),
    ],
)
def test_the_file_holds_the_whole_rule(tmp_path: Path, changes: dict[str, Any], suffix: str) -> None:
    rule = document(NOTED, **changes)
    assert rule.encoded[0] == suffix
    assert decoded(rule.text.encode(), f"a{suffix}") == rule
    (loaded,) = load_rules(written(tmp_path, rule))
    assert Document.of(loaded) == rule


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        pytest.param([{"name": "process.name", "type": "keyword", "ecs": True}], False, id="as the query says"),
        pytest.param([{"name": "process.name", "type": "text", "ecs": True}], True, id="otherwise"),
    ],
)
def test_required_fields_that_follow_from_the_query_are_left_out(
    tmp_path: Path, fields: list[dict[str, Any]], kept: bool
) -> None:
    query = 'any where process.name == "nc"'
    (loaded,) = load_rules(written(tmp_path, document(required_fields=fields, query=query)))
    assert ("required_fields" in decoded(Document.of(loaded).text.encode(), "a.toml").parameters) == kept
    assert loaded.parameters["required_fields"] == fields


@pytest.mark.parametrize(
    ("text", "file", "message"),
    [
        pytest.param("[metadata]\n", "a.toml", "no table `rule`", id="no rule"),
        pytest.param("{", "a.json", "not a rule", id="no JSON"),
        pytest.param(
            '{"item_id": "a", "list_id": "b", "entries": []}', "a.json", "no entries|not a rule", id="exception"
        ),
        pytest.param(
            '[rule]\nrule_id = "a"\n[metadata]\nmaturity = "deprecated"', "a.toml", "deprecated", id="skipped"
        ),
    ],
)
def test_what_is_no_rule(text: str, file: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        decoded(text.encode(), file)


def test_a_document_that_is_no_sound_rule() -> None:
    with pytest.raises(RuleError, match="`severity` must be one of"):
        rule_of(document(severity="hihg"), "a")
