"""What is found of exceptions."""

from typing import Any

import pytest

from deckwatch.lint.subject import Subject
from tests.lint.linting import found
from tests.rules.excepting import entry, excepting, excluded, item, nested, within

CURL = 'process where process.name == "curl"'
PAIR = 'sequence by host.id [process where process.name == "curl"] [file where true] until [process where true]'
NAMED = "the exception 'name of item' (items.ndjson:1)"


def subject(*items: dict[str, Any], query: str = CURL, **changes: Any) -> Subject:
    return Subject.of(excepting(*items, query=query, lists={"tools": ["curl", "wget"]}, **changes))


REMOVES = [
    pytest.param([entry("process.name", "match", "curl")], CURL, {}, "the query", id="the same"),
    pytest.param([entry("process.name", "match_any", ["wget", "curl"])], CURL, {}, "the query", id="one of several"),
    pytest.param([entry("process.name", "wildcard", "c*")], CURL, {}, "the query", id="wildcard"),
    pytest.param([entry("process.name", "exists")], CURL, {}, "the query", id="exists"),
    pytest.param([within("process.name", "tools")], CURL, {}, "the query", id="value list"),
    pytest.param([entry("event.category", "match", "process")], CURL, {}, "the query", id="category"),
    pytest.param([excluded("event.category", "match", "file")], CURL, {}, None, id="several categories"),
    pytest.param([entry("process.name", "match", "wget")], CURL, {}, None, id="another"),
    pytest.param([entry("process.name", "match", "curl"), entry("a.b", "exists")], CURL, {}, None, id="and more"),
    pytest.param([entry("process.name", "match", "curl")], CURL, {"os_types": ["linux"]}, None, id="of one system"),
    pytest.param(
        [entry("process.name", "match", "curl")], CURL, {"expire_time": "2020-01-01"}, None, id="expired anyway"
    ),
    pytest.param([nested("process.name", entry("a", "exists"))], CURL, {}, None, id="nested"),
    pytest.param([entry("process.name", "match", "curl")], PAIR, {}, "stage 1", id="a stage"),
    pytest.param([entry("event.category", "match", "file")], PAIR, {"meta": {"step": 1}}, None, id="of other stages"),
    pytest.param([entry("event.category", "match", "file")], PAIR, {"meta": {"step": 2}}, "stage 2", id="its stage"),
    pytest.param([entry("event.category", "exists")], PAIR, {"meta": {"step": "until"}}, None, id="only until"),
]


@pytest.mark.parametrize(("entries", "query", "more", "called"), REMOVES)
def test_an_exception_that_removes_all(
    entries: list[dict[str, Any]], query: str, more: dict[str, Any], called: str | None
) -> None:
    messages = [message for _, message in found("exception-removes-all", subject(item(*entries, **more), query=query))]
    assert messages == ([] if called is None else [f"{NAMED} removes whatever {called} can match"])


def test_expired_items_are_told_once() -> None:
    old = item(entry("user.name", "exists"), expire_time="2020-01-01T00:00:00Z")
    new = item(entry("user.name", "exists"), item_id="new", expire_time="2200-01-01T00:00:00Z")
    two = [subject(old, new, rule_id="a"), subject(old, new, rule_id="b")]
    assert found("exception-expired", *two) == [("exceptions_list", f"{NAMED} has expired: 2020-01-01T00:00:00.000Z")]


STREAM = {"index": ["logs-cloud_defend.*"]}
FIELDS = [
    pytest.param(entry("user.nam", "exists"), {}, "tests `user.nam`, which no schema knows", id="mistyped"),
    pytest.param(entry("proces.name.caseless", "match", "x"), {}, "tests `proces.name`, which no", id="caseless"),
    pytest.param(entry("zzz.qqq", "exists"), {}, None, id="perhaps of another integration"),
    pytest.param(entry("zzz.qqq", "exists"), STREAM, "tests `zzz.qqq`, which no", id="not of this data stream"),
    pytest.param(nested("zzz", entry("qqq", "exists")), STREAM, "tests `zzz.qqq`, which no", id="nested"),
    pytest.param(entry("process.parent", "exists"), {}, "which is an object", id="object"),
    pytest.param(entry("user.name", "exists"), STREAM, None, id="known"),
    pytest.param(entry("process.name.text", "match", "x"), STREAM, None, id="variant"),
    pytest.param(
        entry("a.b", "exists"), {**STREAM, "query": 'any where a.b == "x"'}, None, id="the rule asks for it, too"
    ),
]


@pytest.mark.parametrize(("wanted", "changes", "part"), FIELDS)
def test_fields_that_no_schema_has(wanted: dict[str, Any], changes: dict[str, Any], part: str | None) -> None:
    messages = [message for _, message in found("exception-field", subject(item(wanted), **changes))]
    assert len(messages) == (part is not None)
    assert all(message.startswith(f"{NAMED} ") and str(part) in message for message in messages)


DROP = """sequence by container.id with maxspan=1m
  [file where event.action == "creation"] ![file where event.action == "rename"] [process where process.name == "x"]"""
SPARED = [
    pytest.param(entry("file.path", "exists"), {}, [("stage 3", "file.path")], id="a field of files"),
    pytest.param(
        entry("process.exit_code", "exists"),
        {},
        [("stage 1", "process.exit_code"), ("stage 2", "process.exit_code")],
        id="a field of processes",
    ),
    pytest.param(entry("container.id", "exists"), {}, [], id="a field of both"),
    pytest.param(entry("a.b", "exists"), {}, [], id="a field of none"),
    pytest.param(excluded("file.path", "exists"), {}, [], id="excluded"),
    pytest.param(entry("file.path", "exists"), {"meta": {"step": 1}}, [], id="of its stage"),
]


@pytest.mark.parametrize(("wanted", "more", "expected"), SPARED)
def test_stages_that_an_exception_spares(
    wanted: dict[str, Any], more: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    messages = [message for _, message in found("exception-stage", subject(item(wanted, **more), query=DROP, **STREAM))]
    assert messages == [f"{NAMED} takes no events from {stage}, which has no `{field}`" for stage, field in expected]
