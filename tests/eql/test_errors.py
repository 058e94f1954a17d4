import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.errors import WIDTH, QueryError, render
from deckwatch.eql.nodes import Span
from deckwatch.eql.parser import parse
from deckwatch.eql.suggest import hint, similar
from deckwatch.eql.text import QueryText
from tests.golden import assert_golden

GOLDEN = Path(__file__).parent / "golden"

LONG = " or ".join(f'process.name == "tool{number}"' for number in range(40))

QUERIES = {
    "syntax_equals": 'process where name = "x" AND a => 3 or b <> 4',
    "syntax_quotes": "process where a == 'x' and b : “y*” and c == ?\"z\"",
    "syntax_escape": 'file where path : "C:\\Users\\*"',
    "syntax_negation": 'process where a not like "x" and !b and c == not d',
    "syntax_lists": "process where a in () and b in 3 and c in (1, 2,) and d : (e) and f like (-1)",
    "syntax_brackets": "process where (a == 1 or (b == 2 and c == 3)",
    "syntax_subscript": "process where args[0] == 1 and child of [file where true]",
    "syntax_names": "process where a.in.b == 1 and sequence == 2 and größe == 3",
    "syntax_no_category": 'process.name == "x"',
    "syntax_tabs": "process where\n\t\tname\t= 'ü'\n\tand size == 1 5",
    "syntax_wide": 'process where a == "漢字" and b = 1',
    "syntax_long_line": f"process where {LONG} and size = 1 or {LONG}",
    "syntax_control": 'process where a == "\x1b[31m" and b = 1',
    "sequence_many": (
        "sequence with maxspan=30 by host.id\n"
        "  [process where name = 'x'] by pid\n"
        "  [file where (path == ] by pid, name\n"
        "  ! [network where foo(] by length(pid) with runs=101\n"
        "until [process where a b]\n"
        "| sort x | head -1"
    ),
    "sequence_small": "sequence by a [process where true] until [process where true] with runs=2",
    "sequence_missing": "sequence ![process where true] ![file where true]",
    "sequence_unclosed": (
        "sequence by a\n  [process where b == 1\n  [file where c == 2],\n  [file where d == 3] fork=true"
    ),
    "sequence_options": "sequence by a with maxspan=0.5s [a where b] with span=2 [c where d] with runs=0 by a",
    "sample_everything": "sample [a where b] ![c where d] | head 1",
    "pipes": "any where a | count | haed 3 | head | tail 1, 2 | head 1.5 || b",
}


@pytest.mark.parametrize("name", QUERIES)
def test_the_error_of_a_query(name: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(QUERIES[name])
    assert_golden(GOLDEN / f"{name}.txt", f"{caught.value}\n")


def test_an_error_survives_pickling() -> None:
    with pytest.raises(QueryError) as caught:
        parse("process where a = 'b'")
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert (str(copy), copy.faults, copy.text) == (str(caught.value), caught.value.faults, caught.value.text)


def test_faults_stand_in_the_order_of_the_text() -> None:
    with pytest.raises(QueryError) as caught:
        parse("sequence [a where b = 1] | sort c")
    columns = [fault.column for fault in caught.value.faults]
    assert columns == sorted(columns)


def test_a_fault_knows_its_place() -> None:
    fault = QueryText("any where\r\n  a = 1").fault("wrong", Span(15, 16), "mend it", kind="verification")
    assert (fault.line, fault.column, fault.hint, fault.kind) == (2, 5, "mend it", "verification")


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        pytest.param("ab\ncd", 0, (1, 1), id="start"),
        pytest.param("ab\ncd", 2, (1, 3), id="line end"),
        pytest.param("ab\ncd", 3, (2, 1), id="second line"),
        pytest.param("ab\r\ncd", 4, (2, 1), id="CRLF is one line end"),
        pytest.param("ab\rcd", 3, (2, 1), id="CR alone"),
        pytest.param("ab\n", 3, (2, 1), id="end of the text"),
    ],
)
def test_positions(text: str, offset: int, expected: tuple[int, int]) -> None:
    assert QueryText(text).position(offset) == expected


@given(st.text(max_size=300), st.data())
def test_any_place_of_any_text_can_be_shown(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    source = QueryText(text)
    shown = render(source.fault("wrong", Span(start, end)), text).split("\n")
    assert len(shown) == 5
    assert "^" in shown[-1]
    assert all(len(line) <= 2 * WIDTH + 12 for line in shown)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("process.nam", "did you mean `process.name`?", id="one letter missing"),
        pytest.param("pid", "did you mean `process.pid`?", id="beginning missing"),
        pytest.param("PROCESS.PID", "did you mean `process.pid`?", id="case"),
        pytest.param("nonsense", "", id="nothing like it"),
        pytest.param("name", "did you mean `file.name`, `host.name` or `process.name`?", id="several, in order"),
        pytest.param("x" * 10_000, "", id="too long to be a name"),
    ],
)
def test_hints(name: str, expected: str) -> None:
    assert hint(name, ["process.name", "process.pid", "host.name", "file.name", "user.name"]) == expected


def test_the_best_suggestion_comes_first() -> None:
    assert similar("lengt", ["lengthy", "concat", "length"]) == ("length", "lengthy")
    assert similar("length", ["length"]) == ()
