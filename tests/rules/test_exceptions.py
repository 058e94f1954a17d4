"""Exception lists: how they are read, which rules they are for, what of them cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.rules.exceptions.lists import Equals, Exists, Glob, InList, Nested, gathered
from deckwatch.rules.exceptions.value_lists import MAX_VALUES, read_value_list
from deckwatch.rules.load import load_rules
from deckwatch.rules.networks import BadRangeError, blocks_of
from deckwatch.rules.rule import RuleSet
from tests.golden import assert_golden
from tests.rules.build import parameters
from tests.rules.excepting import (
    LIST,
    REFERENCE,
    container,
    entry,
    excepting,
    excluded,
    faults,
    item,
    nested,
    read,
    referring,
    within,
    written,
)

GOLDEN = Path(__file__).parent / "golden"
CURL = entry("process.name", "match", "curl")
SEQUENCE = (
    "sequence by host.id with maxspan=5s [any where true] ![any where false] [any where true] until [any where true]"
)


def items_of(rules: RuleSet, place: int = 0) -> list[str]:
    return [each.item_id for each in rules.rules[place].exceptions.exclusions]


def test_every_entry_type_is_read() -> None:
    children = (entry("a", "match", "1"), excluded("b", "match_any", ["2"]), entry("c", "exists"))
    found = read(
        item(
            CURL,
            excluded("user.name", "match_any", ["a", "b", "a"]),
            entry("process.executable", "wildcard", "/opt/*"),
            excluded("user.email", "exists"),
            within("source.ip", "office", "ip_range", "excluded"),
            nested("file.Ext.code_signature", *children),
            os_types=["linux"],
            expire_time="2026-12-31T00:00:00Z",
            meta={"step": [2, "until"]},
        )
    )
    assert found.entries == (
        Equals("process.name", ("curl",)),
        Equals("user.name", ("a", "b"), excluded=True),
        Glob("process.executable", "/opt/*"),
        Exists("user.email", excluded=True),
        InList("source.ip", "office", "ip_range", excluded=True),
        Nested("file.Ext.code_signature", (Equals("a", ("1",)), Equals("b", ("2",), excluded=True), Exists("c"))),
    )
    assert (found.os_types, found.steps, found.expires) == (("linux",), (2, "until"), 1_798_675_200_000_000_000)


BROKEN: list[dict[str, Any]] = [
    item(),
    item(CURL, item_id=""),
    {key: value for key, value in item(CURL).items() if key != "list_id"},
    item("process.name is curl"),  # type: ignore[arg-type]
    item({"field": "a", "type": "matches", "operator": "included", "value": "x"}),
    item({"field": "a", "type": "match", "operator": "is", "value": "x"}),
    item({"field": " ", "type": "match", "operator": "included", "value": "x"}),
    item({"type": "exists", "operator": "included"}),
    item(entry("a", "match", 5)),
    item(entry("a", "match")),
    item(entry("a", "match_any", [])),
    item(entry("a", "match_any", ["x", 1])),
    item(entry("a", "wildcard", ["x*"])),
    item(entry("a", "list")),
    item(entry("a", "list", list={"id": "x"})),
    item(nested("a")),
    item(nested("a", entry("b", "wildcard", "x*"))),
    item(nested("a", nested("b", CURL))),
    item(CURL, os_types=["solaris"]),
    item(CURL, expire_time="soon"),
    item(CURL, meta={"step": 0}),
    item(CURL, meta={"step": ["last", True]}),
    item(CURL, tags=["\ud800"]),
    item(entry("a", "exist"), entry("b", "match", "x", "not"), expire_time=1),
]


def test_faults_of_items() -> None:
    shown = "\n".join(str(fault) for broken in BROKEN for fault in faults(broken))
    assert all(faults(broken) for broken in BROKEN)
    assert_golden(GOLDEN / "exception_faults.txt", shown + "\n")


def test_a_bad_item_keeps_nothing_else_from_being_loaded(tmp_path: Path) -> None:
    path = written(tmp_path / "x.ndjson", item(), referring(), item(CURL, item_id="good"), container())
    found = load_rules(path)
    assert [(fault.line, fault.message) for fault in found.faults] == [
        (1, "exception 'name of item': it has no entries")
    ]
    assert items_of(found) == ["good"]


TOML = f"""
[metadata]
creation_date = "2026/01/02"
list_name = "Trusted"
rule_ids = ["11111111-2222-3333-4444-555555555555"]
rule_names = ["Netcat"]

[[exceptions]]
[exceptions.container]
list_id = "{LIST}"
name = "Trusted"
namespace_type = "single"
type = "detection"

[[exceptions.items]]
item_id = "one"
name = "Curl"
entries = [{{ field = "process.name", operator = "included", type = "match", value = "curl" }}]
"""


def test_the_toml_form_names_its_rules(tmp_path: Path) -> None:
    (tmp_path / "list.toml").write_text(TOML)
    written(tmp_path / "rule.json", referring(exceptions_list=None))
    found = load_rules(tmp_path)
    assert (found.faults, found.skipped, found.warnings) == ((), (), ())
    assert items_of(found) == ["one"]
    (each,) = found.exception_lists
    assert (each.key, each.name, each.file) == ((LIST, "single"), "Trusted", str(tmp_path / "list.toml"))


def test_a_rule_and_its_exceptions_may_share_a_toml_file(tmp_path: Path) -> None:
    rule = "\n".join(f"{key} = {json.dumps(value)}" for key, value in parameters().items())
    (tmp_path / "both.toml").write_text(f"[rule]\n{rule}\n{TOML}")
    found = load_rules(tmp_path)
    assert (found.faults, found.skipped, found.warnings) == ((), (), ())
    assert items_of(found) == ["one"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("exceptions = 5", id="no list"),
        pytest.param("[[exceptions]]\nitems = []", id="no container"),
        pytest.param("exceptions = [1]", id="no table"),
        pytest.param(f"[[exceptions]]\nitems = [1]\n[exceptions.container]\nlist_id = '{LIST}'", id="item is no table"),
        pytest.param("[[exceptions]]\n[exceptions.container]\nname = 'x'", id="no list_id"),
    ],
)
def test_odd_toml_lists_are_faults(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.toml").write_text(text)
    found = load_rules(tmp_path)
    assert found.rules == ()
    assert found.faults


LINKS = [
    pytest.param([referring(), container(), item(CURL)], ["item"], [], id="referred to"),
    pytest.param([item(CURL), container(), referring()], ["item"], [], id="in any order"),
    pytest.param([referring(), item(CURL)], ["item"], [], id="items without their list"),
    pytest.param([referring(exceptions_list=None), container(), item(CURL)], [], [], id="not referred to"),
    pytest.param([referring(), item(CURL, list_id="other")], [], ["`trusted` is not there"], id="no such list"),
    pytest.param([referring(), container()], [], [], id="list without items"),
    pytest.param(
        [referring(), container(namespace_type="agnostic"), item(CURL, namespace_type="agnostic")],
        [],
        ["`trusted` is not there"],
        id="a list of all spaces has another name",
    ),
    pytest.param(
        [referring(exceptions_list=[REFERENCE, REFERENCE]), container(), item(CURL)], ["item"], [], id="twice"
    ),
    pytest.param(
        [referring(exceptions_list=[{**REFERENCE, "type": "rule_default"}]), item(CURL)], ["item"], [], id="own list"
    ),
    pytest.param(
        [
            referring(exceptions_list=None),
            container(meta={"rule_ids": ["11111111-2222-3333-4444-555555555555"]}),
            item(CURL),
        ],
        ["item"],
        [],
        id="the list names the rule",
    ),
    pytest.param(
        [referring(), item(entry("source.ip", "match", "home")), item(CURL, item_id="b")],
        ["b"],
        ["`home` cannot be a value of `source.ip`"],
        id="an item that cannot be meant",
    ),
    pytest.param(
        [referring(), item(within("user.name", "x"), CURL)], [], ["there is no value list `x`"], id="no value list"
    ),
    pytest.param(
        [referring(), item(within("user.name", "x", "text"))], [], ["is of type text"], id="value list of a type"
    ),
    pytest.param([referring(), item(CURL, meta={"step": 1})], ["item"], [], id="an event rule has one stage"),
    pytest.param([referring(), item(CURL, meta={"step": 2})], [], ["stage 2, which the rule does"], id="no such stage"),
    pytest.param(
        [referring(query=SEQUENCE), item(CURL, meta={"step": [2, "until"]})],
        ["item"],
        ["for stage 2 and until only; Elastic"],
        id="stages",
    ),
    pytest.param(
        [referring(), {"exported_exception_list_count": 1, "exported_exception_list_item_count": 0}, item(CURL)],
        ["item"],
        [],
        id="the end of an export of lists",
    ),
    pytest.param([referring(), item(nested("file.x", CURL)), container()], ["item"], [], id="nested"),
    pytest.param(
        [referring(), item(entry("file.elf.sections.name", "match", "x"))], [], ["use a nested entry"], id="flat nested"
    ),
    pytest.param(
        [
            referring(),
            item(entry("process.parent.Ext.code_signature.trusted", "match", "true")),
            item(excluded("process.Ext.token.privileges.name.caseless", "exists"), item_id="b"),
            item(entry("process.Ext.code_signatures", "exists"), item_id="c"),
        ],
        ["c"],
        ["use a nested entry", "use a nested entry"],
        id="flat on an array of the endpoint",
    ),
    pytest.param([referring(), item(entry("source.geo.location", "exists"))], [], ["geo_point"], id="a point"),
    pytest.param([referring(), item(entry("source.ip", "wildcard", "10.*"))], [], ["matches text"], id="no text"),
    pytest.param(
        [referring(), item(entry("message", "match", "a " * 100_000))],
        [],
        ["is no regular expression"],
        id="a long text",
    ),
]


@pytest.mark.parametrize(("lines", "expected", "warnings"), LINKS)
def test_which_exceptions_a_rule_has(
    tmp_path: Path, lines: list[dict[str, Any]], expected: list[str], warnings: list[str]
) -> None:
    found = load_rules(written(tmp_path / "export.ndjson", *lines))
    assert found.faults == ()
    assert items_of(found) == expected
    assert len(found.warnings) == len(warnings)
    assert all(part in str(warning) for part, warning in zip(warnings, found.warnings, strict=True))


def test_lists_of_several_files_are_one(tmp_path: Path) -> None:
    written(tmp_path / "a.ndjson", item(CURL, item_id="a"))
    written(tmp_path / "b.ndjson", container(), item(CURL, item_id="b"), item(entry("x", "exists"), item_id="a"))
    written(tmp_path / "rule.json", referring())
    found = load_rules(tmp_path)
    (whole,) = found.exception_lists
    assert (whole.name, whole.parameters) == ("Trusted", container())
    assert [each.entries for each in whole.items] == [(Equals("process.name", ("curl",)),)] * 2
    assert items_of(found) == ["a", "b"]
    assert items_of(load_rules(*sorted(tmp_path.iterdir()))) == ["a", "b"]
    assert gathered(found.exception_lists) == found.exception_lists


@pytest.mark.parametrize("place", ["beside/office", "beside/office.txt", "beside/value_lists/office.csv", "office.txt"])
def test_value_lists_lie_beside_exceptions_or_rules(tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\ufeff10.0.0.1\r\n\r\n  10.0.0.0/8 \n10.0.0.1\n", encoding="utf-8")
    written(tmp_path / "beside" / "items.ndjson", referring(), item(within("source.ip", "office", "ip")))
    found = load_rules(tmp_path)
    assert found.warnings == ()
    assert [(each.list_id, each.values, each.file) for each in found.value_lists] == [
        ("office", ("10.0.0.1", "10.0.0.0/8"), str(file))
    ]


UNUSABLE = [
    pytest.param("ip", "10.0.0.1\nhost\n", "'host', which is no address", id="no address"),
    pytest.param("ip_range", "10.0.0.9-10.0.0.1\n", "no address, block or range", id="range turned round"),
    pytest.param("ip_range", "".join(f"10.0.0.{n}-10.0.1.{n}\n" for n in range(201)), "201 ranges", id="dashes"),
    pytest.param("ip", "".join(f"10.{n >> 8}.{n & 255}.1\n" for n in range(MAX_VALUES + 1)), "65,536", id="values"),
]


@pytest.mark.parametrize(("kind", "text", "reason"), UNUSABLE)
def test_value_lists_that_cannot_be_used(tmp_path: Path, kind: str, text: str, reason: str) -> None:
    (tmp_path / "office").write_text(text)
    path = written(tmp_path / "x.ndjson", referring(), item(within("source.ip", "office", kind)))
    (warning,) = load_rules(path).warnings
    assert reason in str(warning)


def test_a_value_list_must_be_text_and_its_name_a_name(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    assert read_value_list("bytes", tmp_path / "bytes").fault == "is not UTF-8 text"
    assert "cannot be read" in read_value_list("x", tmp_path).fault
    (tmp_path / "secret").write_text("x")
    (tmp_path / "lists").mkdir()
    path = written(tmp_path / "lists" / "x.ndjson", item(within("user.name", "../secret"), CURL))
    assert load_rules(path).value_lists == ()


@pytest.mark.parametrize("name", [f"file.{kind}" for kind in ("elf.sections", "pe.sections")])
def test_a_nested_entry_reaches_what_a_query_cannot(name: str) -> None:
    (exclusion,) = excepting(item(nested(name, entry("name", "match", ".text")))).exceptions.exclusions
    assert exclusion.kinds == {f"{name}.name": "keyword"}


RANGES = [
    pytest.param("10.0.0.1", ("10.0.0.1",), id="address"),
    pytest.param("10.0.0.0/8", ("10.0.0.0/8",), id="block"),
    pytest.param("10.0.0.1 - 10.0.0.2", ("10.0.0.1/32", "10.0.0.2/32"), id="range"),
    pytest.param("::-::3", ("::/126",), id="range that is a block"),
]


@pytest.mark.parametrize(("text", "blocks"), RANGES)
def test_ranges_as_blocks(text: str, blocks: tuple[str, ...]) -> None:
    assert blocks_of(text) == blocks


@pytest.mark.parametrize(
    "text", ["", "-", "a-b", "10.0.0.1-", "10.0.0.1-::1", "10.0.0.0/8-10.0.0.9", "10.0.0.2-10.0.0.1"]
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(BadRangeError):
        blocks_of(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["match", "included", "list"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["field", "type", "operator", "value", "entries", "list", "id", "meta", "step"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["name", "entries", "os_types", "expire_time", "meta", "list_id"]), JSON))
def test_no_object_crashes_the_reader(value: dict[str, Any]) -> None:
    faults({"item_id": "i", "entries": [], **value})


def test_rules_keep_their_exceptions_in_other_company(tmp_path: Path) -> None:
    one = load_rules(written(tmp_path / "one.ndjson", referring(), item(CURL)))
    both = one + load_rules(written(tmp_path / "two.ndjson", referring(rule_id="two")))
    assert [items_of(both, place) for place in (0, 1)] == [["item"], []]
    assert [items_of(both.linked(), place) for place in (0, 1)] == [["item"], ["item"]]
    json.dumps([dict(each.parameters) for each in both.exception_lists])
