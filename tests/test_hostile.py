"""Bad input through the public functions: a clear error or an answer, the rest evaluated, every line accounted for."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import deckwatch as dw
from deckwatch.events.deadletter import DeadLetter
from tests.bounded import peak_megabytes
from tests.cli.run import ATTACKS, event, run
from tests.rules.build import rule

EVERYTHING = [rule(rule_id="all", id="all", query="any where true", index=["*"])]
FEW_LINES = 200


def scanned(events: Any, rules: Any = EVERYTHING, **how: Any) -> tuple[set[str], dw.Summary, list[DeadLetter]]:
    """The ids of the alerts of a scan whose numbers add up, and its dead letters."""
    letters: list[DeadLetter] = []
    scan = dw.scan(events, rules, dead_letter=letters.append, **how)
    found = {alert["kibana.alert.uuid"] for alert in scan}
    summary = scan.summary
    assert summary.lines == summary.events + summary.blank + summary.malformed
    assert summary.malformed == sum(letter.line is not None for letter in letters)
    assert all(letter.reason for letter in letters)
    return found, summary, letters


@pytest.fixture(scope="module")
def recording() -> bytes:
    return gzip.decompress(ATTACKS.read_bytes())


@pytest.fixture(scope="module")
def few(recording: bytes) -> bytes:
    return b"".join(recording.splitlines(keepends=True)[:FEW_LINES])


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(20):
        data[chance.randrange(len(data))] = chance.randrange(256)


def cut_out(data: bytearray, chance: random.Random) -> None:
    for _ in range(10):
        start = chance.randrange(len(data))
        del data[start : start + chance.randrange(300)]


def put_in(data: bytearray, chance: random.Random) -> None:
    pieces = [b"\n", b"\x00", b'"', b"{", b"}", b"[", b"\xff\xfe", b"\xed\xa0\x80", b"\\u", b",", b"\r\n", b"\n\n\n"]
    for _ in range(20):
        at = chance.randrange(len(data))
        data[at:at] = chance.choice(pieces) * chance.randrange(1, 4)


def double(data: bytearray, chance: random.Random) -> None:
    for _ in range(5):
        start, at = chance.randrange(len(data)), chance.randrange(len(data))
        data[at:at] = data[start : start + chance.randrange(2000)]


def truncate(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def parquet(lines: bytes) -> bytes:
    documents = [json.loads(line) for line in lines.splitlines()]
    buffer = io.BytesIO()
    frame = {"@timestamp": [each["@timestamp"] for each in documents], "event": [each["event"] for each in documents]}
    pl.DataFrame(frame, strict=False).write_parquet(buffer)
    return buffer.getvalue()


def zstandard(data: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(data, asbytes=True)
    return packed


PACKS = [
    pytest.param(gzip.compress, id="gzip"),
    pytest.param(zstandard, id="zstandard"),
    pytest.param(parquet, id="parquet"),
]


MUTATIONS = [flip, cut_out, put_in, double, truncate]


@pytest.mark.parametrize("mutate", MUTATIONS)
@pytest.mark.parametrize("seed", range(4))
def test_mutated_json_lines(
    few: bytes, mutate: Callable[[bytearray, random.Random], None], seed: int, tmp_path: Path
) -> None:
    data = bytearray(few)
    mutate(data, random.Random(seed))
    path = tmp_path / "events.ndjson"
    path.write_bytes(data)
    found, summary, _ = scanned(path, [*EVERYTHING, *dw.founding_rules()])
    again, _, _ = scanned(path, [*EVERYTHING, *dw.founding_rules()], engine="reference", batch_events=50)
    assert found == again
    assert summary.lines == data.count(b"\n") + (not data.endswith(b"\n") and len(data) > 0)
    lines = bytes(data).split(b"\n")
    assert summary.events >= sum(line in few for line in lines if line.startswith(b"{") and line.endswith(b"}"))


@pytest.mark.parametrize("mutate", MUTATIONS)
@pytest.mark.parametrize("pack", PACKS)
def test_mutated_files_of_other_formats(
    few: bytes, pack: Callable[[bytes], bytes], mutate: Callable[[bytearray, random.Random], None], tmp_path: Path
) -> None:
    path, sound = tmp_path / "b.dat", tmp_path / "c.ndjson"
    sound.write_bytes(few)
    for seed in range(3):
        data = bytearray(pack(few))
        mutate(data, random.Random(seed))
        path.write_bytes(data)
        _, summary, letters = scanned([path, sound])
        assert summary.events >= FEW_LINES
        assert letters or summary.events > FEW_LINES or not data


@pytest.mark.parametrize("pack", PACKS[:2])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.99])
def test_what_comes_before_the_cut_is_evaluated(
    recording: bytes, pack: Callable[[bytes], bytes], share: float, tmp_path: Path
) -> None:
    data = pack(recording)
    path = tmp_path / "events.dat"
    path.write_bytes(data[: int(len(data) * share)])
    _, summary, letters = scanned(path)
    assert [letter.line for letter in letters if letter.line is None] == [None]
    assert summary.events > recording.count(b"\n") * share / 2
    assert summary.malformed <= 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=200)
    | st.lists(st.sampled_from([b'{"a":1}', b"{", b"", b" ", b"\xff", b"[]"])).map(b"\n".join)
)
def test_any_bytes(data: bytes, tmp_path: Path) -> None:
    assume(not data.startswith(b"PAR1"))  # which a path may hold, but not a stream
    path = tmp_path / "events"
    path.write_bytes(data)
    found, summary, _ = scanned(path)
    assert len(found) <= summary.events
    assert scanned(io.BytesIO(data))[1].lines == summary.lines


def test_any_documents() -> None:
    odd: list[Any] = [
        {},
        {"@timestamp": None},
        {"@timestamp": []},
        {"": 1},
        {"a": {"": {"": []}}},
        None,
        [],
        5,
        "x",
    ]
    _, summary, letters = scanned(odd)
    assert summary.lines == len(odd)
    assert {letter.line for letter in letters} == {6, 7, 8, 9}


def test_lines_that_are_not_utf8_are_dead_letters(tmp_path: Path) -> None:
    path, dead = tmp_path / "events.ndjson", tmp_path / "dead.ndjson"
    sound = json.dumps(event(1)).encode()
    path.write_bytes(b"\n".join([sound, sound.replace(b"creation", b"cr\xe9ation"), b"", sound, b'"\xff\xfe"']))
    result = run("scan", path, "--dead-letter", dead, "--json")
    assert result.exit_code == 0
    letters = [json.loads(line) for line in dead.read_text().splitlines()]
    assert [letter["line"] for letter in letters] == [2, 5]
    assert all("UTF-8" in letter["reason"] for letter in letters)
    assert scanned(path)[1].events == 2


LONG_LINE = """
import sys, deckwatch as dw
letters = []
from tests.test_hostile import EVERYTHING
scan = dw.scan(sys.argv[1], EVERYTHING, dead_letter=letters.append)
alerts = sum(1 for _ in scan)
summary = scan.summary
print(alerts, summary.lines, summary.events, summary.malformed, [letter.line for letter in letters])
"""


@pytest.mark.parametrize("ending", [b'"}\n', b""], ids=["whole", "cut-off"])
def test_a_line_of_a_hundred_megabytes(ending: bytes, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    first, last = (json.dumps(event(number)).encode() + b"\n" for number in (1, 2))
    with path.open("wb") as file:
        file.write(first + b'{"a":"')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(ending + (last if ending else b""))
    printed, megabytes = peak_megabytes(LONG_LINE, path)
    assert printed == ("2 3 2 1 [2]" if ending else "1 2 1 1 [2]")
    assert megabytes < 700


DEEP = 10_000
DEEP_VALUES = {
    "objects": '{"a":' * DEEP + "1" + "}" * DEEP,
    "arrays": '{"a":' + "[" * DEEP + "1" + "]" * DEEP + "}",
    "both": '{"a":' + '[{"a":' * DEEP + "1" + "}]" * DEEP + "}",
    "in-a-read-field": '{"event":{"id":' + "[" * DEEP + '"x"' + "]" * DEEP + "}}",
    "dotted": '{"event.id":' + "[" * DEEP + '"x"' + "]" * DEEP + "}",
    "unclosed": '{"a":' * DEEP,
    "closed-too-often": '{"a":1' + "}" * DEEP,
}


@pytest.mark.parametrize("engine", ["columnar", "reference"])
@pytest.mark.parametrize("name", DEEP_VALUES)
def test_nesting_ten_thousand_deep(name: str, engine: Any, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    sound = json.dumps(event(1))
    path.write_text("\n".join([sound, DEEP_VALUES[name], sound]))
    _, summary, _ = scanned(path, [*EVERYTHING, *dw.founding_rules()], engine=engine)
    assert summary.lines == 3
    assert summary.events >= 2


@pytest.mark.parametrize("engine", ["columnar", "reference"])
def test_documents_nested_ten_thousand_deep(engine: Any) -> None:
    deep: dict[str, Any] = {"x": 1}
    listed: list[Any] = []
    for _ in range(DEEP):
        deep, listed = {"event": deep}, [listed]
    _, summary, _ = scanned([event(1), deep, {"event": {"id": listed}}, event(2)], engine=engine)
    assert summary.lines == 4
    assert summary.events >= 2


HOSTILE_QUERIES = {
    "or": " or ".join(f"process.pid=={i}" for i in range(10_000)),
    "and": " and ".join(f"process.pid!={i + 9}" for i in range(2_000)),
    "or-of-and": " or ".join(f'process.name == "n{i}" and process.pid == {i}' for i in range(1_000)),
    "or-of-relations": " or ".join(f"startsWith(process.name, file.name) and process.pid=={i}" for i in range(1_000)),
    "or-of-wildcards": " or ".join(f'file.name:"n{i}*?"' for i in range(2_000)),
    "parentheses": "(" * 5_000 + "true" + ")" * 5_000,
    "not": "not " * 5_000 + "true",
    "not-parentheses": "not (" * 5_000 + "true" + ")" * 5_000,
    "alternating": "(process.pid == 1 or (process.pid == 2 and " * 2_000 + "true" + "))" * 2_000,
    "calls": "concat(" * 5_000 + "process.name" + ")" * 5_000 + ' == "b"',
    "sum": " + ".join(["process.pid"] * 5_000) + " == 5000",
    "minus": "- " * 5_000 + "process.pid == 1",
    "unclosed": "(" * 100_000,
    "long-text": 'process.name == "' + "x" * 250_000 + '"',
    "long-name": "x" * 250_000 + " == 1",
    "dots": "a" + ".a" * 100_000 + " == 1",
    "too-long": " " * 300_000 + "true",
    "list": "process.pid in (" + ",".join(["1"] * 100_000) + ")",
    "list-of-texts": "process.name in (" + ",".join(f'"{i}"' for i in range(25_000)) + ")",
    "list-any-case": "process.name in~ (" + ",".join(f'"{i}"' for i in range(5_000)) + ")",
    "list-beyond-bounds": "process.name in (" + ",".join(f'"m{i}"' for i in range(100_000)) + ")",
    "wildcards": "process.name : (" + ",".join(f'"*m{i}*x"' for i in range(4_000)) + ")",
    "wildcards-of-marks": "process.name like (" + ",".join(f'"{"?" * i}"' for i in range(600)) + ")",
    "expressions": "process.name regex (" + ",".join(f'"m{i}.*x"' for i in range(1_000)) + ")",
    "large-expressions": "process.name regex (" + ",".join(f'"[^a]{{{i}}}"' for i in range(3_000, 3_100)) + ")",
}
HOSTILE_PATTERNS = {
    "nested-repetition": 'regex "(a+)+b"',
    "ambiguous": 'regex "(a|a)*c"',
    "ambiguous-optional": 'regex "' + "(a?)" * 500 + "a" * 500 + '"',
    "repeated-repetition": 'regex "(((a{1,50}){1,50}){1,50}){1,50}"',
    "stars": 'regex "(.*a.*){20}b"',
    "far-back": 'regex ".*a.{500}"',
    "exponential-automaton": 'regex "(a|b)*a(a|b){20}"',
    "exponential-complement": 'regex "~(.*a(a|b){20})"',
    "complement": 'regex "~((a*)*b)"',
    "intersection": 'regex "(a*&b*&~(aa)*)+"',
    "intersections": 'regex "' + "&".join(f"(.*{'a' * i}.*)" for i in range(1, 40)) + '"',
    "interval": 'regex "<1-2147483647>a*"',
    "parentheses": 'regex "' + "(" * 2_000 + "a" + ")" * 2_000 + '"',
    "alternatives": 'regex "' + "|".join(f"a{i}" for i in range(20_000)) + '"',
    "wildcard-stars": ': "' + "*a" * 200 + '*c"',
    "wildcard-star-and-mark": 'like "' + "*?a" * 300 + 'b"',
    "wildcard-marks": 'like "' + "?" * 5_000 + '"',
    "wildcard-many-marks": 'like "' + "?" * 100_000 + '"',
    "wildcard-any-case": 'like~ "' + "*a?B" * 300 + '*"',
    "many-wildcards": "like (" + ",".join(f'"*{"a*" * (i % 50)}c"' for i in range(100)) + ")",
}
BOTH_ENGINES = """
import sys, json
import deckwatch as dw
from tests.test_hostile import TABLES, VALUES

def answer(query, engine):
    try:
        return [event["process"]["pid"] for event in dw.search(query, VALUES, engine=engine, size=100).events]
    except dw.DeckwatchError as error:
        return str(error)

for name, condition in TABLES[sys.argv[1]].items():
    print(json.dumps([name, *(answer("any where " + condition, engine) for engine in ("columnar", "reference"))]))
"""
TABLES = {
    "queries": HOSTILE_QUERIES,
    "patterns": {name: "process.name " + test for name, test in HOSTILE_PATTERNS.items()},
}
VALUES = [
    {"@timestamp": i, "process": {"name": name, "pid": i}, "file": {"name": "a"}}
    for i, name in enumerate(["a" * 100_000, "a" * 100_000 + "b", "a" * 5_000, "b", "", ["", "ab", "n7"]])
]


@pytest.mark.parametrize("table", TABLES)
def test_hostile_queries(table: str) -> None:
    printed, megabytes = peak_megabytes(BOTH_ENGINES, table)
    answers = [json.loads(line) for line in printed.splitlines()]
    assert [name for name, *_ in answers] == [*TABLES[table]]
    assert [each for each in answers if each[1] != each[2]] == []
    assert [each for each in answers if isinstance(each[1], str) and "line 1, column" not in each[1]] == []
    assert megabytes < 1_500


VERY_MANY = """
import sys
import deckwatch as dw
from tests.test_hostile import VALUES
pattern, operator = sys.argv[1:]
patterns = ",".join(f'"{pattern}"'.replace("N", str(i)).replace("S", "a*" * (i % 50)) for i in range(3_000))
print(len(dw.search(f"any where process.name {operator} ({patterns})", VALUES).events))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "operator"),
    [
        pytest.param("mN.*x", "regex", id="expressions"),
        pytest.param("*mN*x", "like", id="wildcards"),
        pytest.param("*SN", "like", id="wildcards-of-many-stars"),
    ],
)
def test_very_many_patterns(pattern: str, operator: str) -> None:
    assert peak_megabytes(VERY_MANY, pattern, operator)[0] == "0"


LARGE_ARRAYS = """
import sys, json
import deckwatch as dw
query, engine, width = sys.argv[1], sys.argv[2], int(sys.argv[3])
values = [[f"{letter}{i}" for i in range(width)] for letter in "ab"]
events = [
    {"@timestamp": 0, "process": {"name": values[0]}, "file": {"name": values[1]}},
    {"@timestamp": 1, "process": {"name": ["ab", *values[0]]}, "file": {"name": ["x", "a", *values[1]]}},
    {"@timestamp": 2, "process": {"name": "ab"}, "file": {"name": "a"}},
]
print(json.dumps([event["@timestamp"] for event in dw.search(query, events, engine=engine).events]))
"""


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("any where startsWith(process.name, file.name)", [1, 2], id="relation"),
        pytest.param('any where concat(process.name, file.name, process.name) == "abaab"', [1, 2], id="three-times"),
        pytest.param("any where length(process.name) + length(file.name) == 10", [0, 1], id="few-results"),
        pytest.param('any where process.name == "a4999" and not file.name : "c*"', [0, 1], id="one-field-each"),
    ],
)
def test_an_event_with_large_arrays_in_two_fields(query: str, found: list[int]) -> None:
    for engine in ("columnar", "reference"):
        printed, megabytes = peak_megabytes(LARGE_ARRAYS, query, engine, 5_000)
        assert json.loads(printed) == found
        assert megabytes < 1_000


@pytest.mark.parametrize("engine", ["columnar", "reference"])
def test_one_field_is_searched_whole_however_many_values_it_has(engine: str) -> None:
    printed, _ = peak_megabytes(LARGE_ARRAYS, 'any where process.name : "a2999?"', engine, 30_000)
    assert json.loads(printed) == [0, 1]


@pytest.mark.slow
def test_many_events_with_arrays_in_two_fields() -> None:
    code = """
import deckwatch as dw
events = [
    {"process": {"name": [f"x{i}.{k}" for k in range(99)]}, "file": {"name": [f"y{i}.{k}" for k in range(99)]}}
    for i in range(1_500)
]
print(len(dw.search("any where startsWith(process.name, file.name)", events).events))
"""
    printed, megabytes = peak_megabytes(code)
    assert printed == "0"
    assert megabytes < 1_000
