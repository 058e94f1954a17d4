from __future__ import annotations

import json
import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from deckwatch.eql.types import MAPPING_KINDS, FieldInfo
from deckwatch.errors import DeckwatchError
from deckwatch.events import fields
from deckwatch.events.fields import UNQUERYABLE, SchemaWith, field_table
from tests.shared import SHARED, needs_shared

GENERATOR = Path(__file__).parents[2] / "tools" / "generate_fields.py"
TABLE = Path(fields.__file__).with_name("fields.tsv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("process.name", FieldInfo("process.name", "keyword", "keyword"), id="keyword"),
        pytest.param("process.name.text", FieldInfo("process.name", "match_only_text", "keyword"), id="variant"),
        pytest.param("@timestamp", FieldInfo("@timestamp", "date", "date"), id="date"),
        pytest.param("event.sequence", FieldInfo("event.sequence", "long", "long"), id="long"),
        pytest.param("host.ip", FieldInfo("host.ip", "ip", "ip"), id="ip"),
        pytest.param("process.tty", FieldInfo("process.tty", "object", None), id="object"),
        pytest.param("process.pe.sections", FieldInfo("process.pe.sections", "nested", None), id="nested"),
        pytest.param(
            "process.pe.sections.name", FieldInfo("process.pe.sections.name", "keyword", None), id="below nested"
        ),
        pytest.param(
            "process.entry_leader.same_as_process",
            FieldInfo("process.entry_leader.same_as_process", "boolean", "boolean"),
            id="entry leader",
        ),
        pytest.param(
            "process.parent.same_as_process",
            FieldInfo("process.parent.same_as_process", "boolean", "boolean"),
            id="what ECS lacks",
        ),
        pytest.param(
            "cloud_defend.package_policy_revision",
            FieldInfo("cloud_defend.package_policy_revision", "short", "long"),
            id="cloud_defend",
        ),
        pytest.param("deckwatch.loss.count", FieldInfo("deckwatch.loss.count", "long", "long"), id="of our own sensor"),
        pytest.param("process.nmae", None, id="unknown"),
    ],
)
def test_resolve(name: str, expected: FieldInfo | None) -> None:
    assert field_table().resolve(name) == expected


@pytest.mark.parametrize("relative", ["parent", "group_leader", "session_leader", "entry_leader"])
def test_relatives_have_the_whole_block(relative: str) -> None:
    parts = "entity_id pid name executable args interactive same_as_process start user.id group.id working_directory"
    names = [f"process.{relative}.{part}" for part in parts.split()]
    assert [name for name in names if field_table().resolve(name) is None] == []


@pytest.mark.parametrize(
    ("name", "several"),
    [
        pytest.param("process.args", True, id="args"),
        pytest.param("process.parent.args", True, id="args of a relative"),
        pytest.param("event.type", True, id="as in ECS"),
        pytest.param("event.action", True, id="as container sensors have it"),
        pytest.param("process.name", False, id="one"),
        pytest.param("no.such", False, id="unknown"),
    ],
)
def test_is_array(name: str, several: bool) -> None:
    assert field_table().is_array(name) is several


def test_table_is_sorted_and_of_known_types() -> None:
    header, *rows = TABLE.read_text(encoding="utf-8").splitlines()
    assert "ECS 9.3.0" in header
    assert "Apache-2.0" in header
    assert rows == sorted(rows, key=lambda row: row.split("\t")[0])
    names, types, cardinalities = zip(*(row.split("\t") for row in rows), strict=True)
    assert len(set(names)) == len(names)
    assert set(types) <= MAPPING_KINDS.keys() | UNQUERYABLE
    assert set(cardinalities) == {"1", "n"}
    assert set(field_table().names()) == set(names)


@needs_shared
def test_generator_writes_the_table() -> None:
    table = runpy.run_path(str(GENERATOR))["table"]
    assert table(SHARED / "data" / "ecs" / "ecs_flat-9.3.0.yml") == TABLE.read_text(encoding="utf-8")


def rules_of_cloud_defend() -> list[dict[str, Any]]:
    """The EQL rules that read streams of cloud_defend alone."""
    texts = (path.read_bytes() for path in sorted((SHARED / "corpus" / "elastic-rules").rglob("*.toml")))
    rules = [tomllib.loads(text.decode())["rule"] for text in texts if b"cloud_defend" in text]
    return [
        rule
        for rule in rules
        if rule["language"] == "eql" and all("cloud_defend" in index for index in rule.get("index", [""]))
    ]


def field_names(query: str) -> set[str]:
    without_text = re.sub(r'"""(?s:.*?)"""|"(?:\\.|[^"\\])*"', '""', query)
    without_comments = re.sub(r"/\*(?s:.*?)\*/|//.*", "", without_text)
    return set(re.findall(r"[@A-Za-z_]\w*(?:\.\w+)+", without_comments))


@needs_shared
def test_every_field_of_the_rules_is_known() -> None:
    rules = rules_of_cloud_defend()
    used = set().union(*(field_names(rule["query"]) for rule in rules))
    resolved = {name: field_table().resolve(name) for name in used}
    assert len(rules) >= 48
    assert "container.security_context.privileged" in used
    assert {name for name, field in resolved.items() if field is None or field.kind is None} == set()


def paths(node: dict[str, Any], above: str = "") -> set[str]:
    found = set()
    for key, value in node.items():
        for item in value if isinstance(value, list) else [value]:
            found |= paths(item, f"{above}{key}.") if isinstance(item, dict) else {f"{above}{key}"}
    return found


@needs_shared
def test_every_field_of_real_documents_is_known() -> None:
    lines = (SHARED / "telemetry" / "attacks.ndjson").read_text(encoding="utf-8").splitlines()
    used = set().union(*(paths(json.loads(line)) for line in lines))
    assert {name for name in used if field_table().resolve(name) is None} == set()


EXTRA = {
    "pid": "long",
    "event_type": "keyword",
    "event.category": "alias:event_type",
    "kind": "alias:event.category",
    "tool": "alias:process.name",
    "process.pid": "keyword",
    "hits": "nested",
    "hits.name": "keyword",
    "title": "keyword",
    "title.words": "text",
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("pid", FieldInfo("pid", "long", "long"), id="own"),
        pytest.param("event.category", FieldInfo("event_type", "keyword", "keyword"), id="alias"),
        pytest.param("kind", FieldInfo("event_type", "keyword", "keyword"), id="alias of an alias"),
        pytest.param("tool", FieldInfo("process.name", "keyword", "keyword"), id="alias of a field below"),
        pytest.param("process.pid", FieldInfo("process.pid", "keyword", "keyword"), id="over a field below"),
        pytest.param("process.name", FieldInfo("process.name", "keyword", "keyword"), id="below"),
        pytest.param("hits.name", FieldInfo("hits.name", "keyword", None), id="below nested"),
        pytest.param("title.words", FieldInfo("title", "text", "keyword"), id="variant"),
        pytest.param("nothing", None, id="unknown"),
    ],
)
def test_schema_with(name: str, expected: FieldInfo | None) -> None:
    assert SchemaWith(EXTRA, field_table()).resolve(name) == expected


def test_schema_with_names_each_field_once() -> None:
    names = list(SchemaWith(EXTRA, field_table()).names())
    assert len(set(names)) == len(names)
    assert set(names) == set(field_table().names()) | EXTRA.keys()


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        pytest.param({"pid": "lng"}, "field 'pid' has the unknown type 'lng'; did you mean `long`?", id="misspelt"),
        pytest.param({"pid": "?"}, f"use one of {', '.join(sorted(MAPPING_KINDS))}", id="no type at all"),
        pytest.param(
            {"a": "alias:b"}, "field 'a' is an alias of 'b', which is not mapped; declare its type too", id="nowhere"
        ),
        pytest.param({"a": "alias:process.naem"}, "did you mean `process.name`", id="misspelt alias"),
        pytest.param({"a": "alias:b", "b": "alias:a"}, "field 'a': its alias leads back to itself", id="circle"),
        pytest.param({"a": "alias:a"}, "field 'a': its alias leads back to itself", id="itself"),
    ],
)
def test_schema_with_faults(extra: dict[str, str], message: str) -> None:
    with pytest.raises(DeckwatchError, match=re.escape(message)):
        SchemaWith(extra, field_table())
