"""Events as text: complete, on one line, and harmless."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.cli import render


@given(st.text(st.characters()))
def test_nothing_unprintable_comes_through(text: str) -> None:
    assert render.escaped(text).isprintable()
    assert render.printable(text).replace("\n", "").replace("\t", "").isprintable()


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_printable_text_stays(text: str) -> None:
    assert render.escaped(text) == text


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        pytest.param({"name": "curl", "args": ["curl", "-o", "x"]}, "curl -o x", id="name-first"),
        pytest.param({"name": "curl", "args": ["/usr/bin/curl", "-o"]}, "/usr/bin/curl -o", id="path-first"),
        pytest.param({"name": "busybox", "args": ["wget", "u"]}, "busybox: wget u", id="other-name"),
        pytest.param({"name": "curl"}, "curl", id="no-arguments"),
        pytest.param({"args": ["a", "b"]}, "a b", id="no-name"),
        pytest.param({"args": "a b"}, "a b", id="one-string"),
        pytest.param({}, "", id="nothing"),
        pytest.param({"name": "sh", "args": ["sh", "x" * 200]}, "sh " + "x" * 76 + "…", id="long"),
        pytest.param({"name": "sh", "args": ["sh", "\x1b[2J\n"]}, "sh \\x1b[2J\\n", id="escape-sequence"),
    ],
)
def test_process(process: dict[str, Any], expected: str) -> None:
    assert render.process_text({"process": process}) == expected


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        pytest.param("2026-11-22T02:42:37.317999Z", "2026-11-22 02:42:37.317", id="cut-to-milliseconds"),
        pytest.param("2026-11-22T03:42:37+01:00", "2026-11-22 02:42:37.000", id="offset"),
        pytest.param(1795315357000, "2026-11-22 02:42:37.000", id="number"),
        pytest.param(["2026-11-22", "2027"], "2026-11-22 00:00:00.000", id="several"),
        pytest.param("\x1b[31m", "", id="no-time"),
        pytest.param(None, "", id="none"),
    ],
)
def test_time(time: object, expected: str) -> None:
    assert render.time_text({"@timestamp": time}, "@timestamp") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("ü\x9b\x7f", '"\\u00fc\\u009b\\u007f"', id="ascii"),
        pytest.param("\ud800", '"\\ud800"', id="half-a-pair"),
        pytest.param([float("inf"), -float("inf"), 1], "[null,null,1]", id="infinite"),
    ],
)
def test_json(value: object, expected: str) -> None:
    assert render.json_line(value) == expected


def test_values_of_fields() -> None:
    document = {"a": {"b": ["x", 1, None, True]}, "a.b": {"c": 1.5}}
    assert render.field_text(document, "a.b") == 'x, 1, true, {"c":1.5}'


@pytest.mark.parametrize(("count", "expected"), [(0, "0 alerts"), (1, "1 alert"), (1234, "1,234 alerts")])
def test_number_of(count: int, expected: str) -> None:
    assert render.number_of(count, "alert") == expected
