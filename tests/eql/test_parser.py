import json
import pickle
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.cursor import MAX_FAULTS, MAX_LENGTH
from deckwatch.eql.errors import QueryError
from deckwatch.eql.expressions import MAX_DEPTH
from deckwatch.eql.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    EventFilter,
    EventQuery,
    Expr,
    Field,
    JoinQuery,
    Literal,
    Match,
    MaxSpan,
    Membership,
    Not,
    Or,
    Pipe,
    SampleQuery,
    SequenceQuery,
    Sign,
    Span,
    Stage,
    walk,
)
from deckwatch.eql.operators import INFIX, MATCHES
from deckwatch.eql.parser import parse, parse_expression
from deckwatch.eql.tokens import MAX_TOKENS, RESERVED
from deckwatch.eql.unparse import unparse
from tests.shared import SHARED, needs_shared

A, B, C = Field("a"), Field("b"), Field("c")
ONE, TWO, X, TRUE = Literal(1), Literal(2), Literal("x"), Literal(value=True)


def messages(text: str) -> list[str]:
    """What is wrong with a query."""
    with pytest.raises(QueryError) as caught:
        parse(text)
    return [fault.message for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("not a == 1 and b == 2", And((Not(Comparison("==", A, ONE)), Comparison("==", B, TWO))), id="not"),
        pytest.param("a or b and c", Or((A, And((B, C)))), id="and before or"),
        pytest.param("a and (b and c)", And((A, B, C)), id="and is flat"),
        pytest.param('a + b : "x"', Arithmetic("+", A, Match(B, ":", (X,))), id="a match binds to one primary"),
        pytest.param("-a in (1)", Sign("-", Membership(A, (ONE,))), id="sign after predicate"),
        pytest.param("a not in (1)", Not(Membership(A, (ONE,))), id="not in"),
        pytest.param("not a in~ (1, b)", Not(Membership(A, (ONE, B), insensitive=True)), id="in~"),
        pytest.param('(a) like~ ("x", "x")', Match(A, "like~", (X, X)), id="patterns"),
        pytest.param("a : null", Match(A, ":", (Literal(None),)), id="match null"),
        pytest.param('f(a, 1) regex "x"', Match(Call("f", (A, ONE)), "regex", (X,)), id="match a call"),
        pytest.param("f~()", Call("f", (), insensitive=True), id="tilde call"),
        pytest.param("a - b - c", Arithmetic("-", Arithmetic("-", A, B), C), id="left associative"),
        pytest.param("a + b * c", Arithmetic("+", A, Arithmetic("*", B, C)), id="product before sum"),
        pytest.param("a != -1", Comparison("!=", A, Sign("-", ONE)), id="a sign is an operator"),
        pytest.param("not not a", Not(Not(A)), id="not not"),
        pytest.param("?a . `b.c`.d", Field("a.b.c.d", optional=True), id="field"),
        pytest.param("(true == (null))", Comparison("==", TRUE, Literal(None)), id="constants"),
    ],
)
def test_expressions(text: str, expected: Expr) -> None:
    assert parse_expression(text) == expected


WHERE_A, WHERE_B = EventFilter("p", A), EventFilter(None, B)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("p where a", EventQuery(WHERE_A), id="event"),
        pytest.param(
            '"p" where a | head 2 | tail 1', EventQuery(WHERE_A, (Pipe("head", 2), Pipe("tail", 1))), id="pipes"
        ),
        pytest.param("p where a | head 7 / 2 + -1 % 2", EventQuery(WHERE_A, (Pipe("head", 2),)), id="folded count"),
        pytest.param("Sequence where a", EventQuery(EventFilter("Sequence", A)), id="category like a keyword"),
        pytest.param(
            "sequence [p where a] with runs=2", SequenceQuery((Stage(WHERE_A, runs=2),)), id="one stage that runs twice"
        ),
        pytest.param(
            "sequence by a, ?b with maxspan=5m [p where a] by c ![any where b] by a until [any where b] by b | tail 1",
            SequenceQuery(
                (Stage(WHERE_A, (C,)), Stage(WHERE_B, (A,), missing=True)),
                (A, Field("b", optional=True)),
                MaxSpan(5, "m"),
                Stage(WHERE_B, (B,)),
                (Pipe("tail", 1),),
            ),
            id="sequence",
        ),
        pytest.param(
            "sample by a [p where a] by b [any where b] by c",
            SampleQuery((Stage(WHERE_A, (B,)), Stage(WHERE_B, (C,))), (A,)),
            id="sample",
        ),
        pytest.param(
            "join by a [p where a] [any where b] until [p where a]",
            JoinQuery((Stage(WHERE_A), Stage(WHERE_B)), (A,), Stage(WHERE_A)),
            id="join",
        ),
    ],
)
def test_statements(text: str, expected: object) -> None:
    assert parse(text) == expected


def test_spans_cover_the_text_of_each_part() -> None:
    text = "any where (a or b) and not f(c) : (1, 2)"
    query = parse(text)
    assert isinstance(query, EventQuery)
    parts = [text[node.span.start : node.span.end] for node in walk(query.filter.condition)]
    assert parts[:3] == ["(a or b) and not f(c) : (1, 2)", "a or b", "a"]
    assert parts[4:6] == ["not f(c) : (1, 2)", "f(c) : (1, 2)"]


REJECTED = [
    pytest.param("", ["the query is empty"], id="empty"),
    pytest.param(" // a", ["expected an event category, found the end of the query"], id="comment alone"),
    pytest.param("p where a == 1 == true", ["comparisons cannot be chained"], id="chained comparison"),
    pytest.param("p where a : b", ["the right side of `:` must be a constant"], id="match a field"),
    pytest.param("p where a in ()", ["the list is empty"], id="empty list"),
    pytest.param('p where a not like "x"', ["`not` cannot stand before `like`"], id="not like"),
    pytest.param("p where a = 1", ["`=` does not compare"], id="single equals"),
    pytest.param("p where a[0] == 1", ["array subscripts are not supported"], id="subscript"),
    pytest.param("?p where a", ["`?` cannot stand before an event category"], id="optional category"),
    pytest.param("`p` where a", ["an event category cannot stand in back quotes"], id="quoted category"),
    pytest.param("sequence [p where a]", ["a sequence needs a minimum of 2 stages, found 1"], id="one stage"),
    pytest.param(
        "sequence [p where a] until [p where a]",
        ["a sequence needs a minimum of 2 stages, found 1"],
        id="until counts not",
    ),
    pytest.param(
        "sequence" + " [p where a] with runs=100" * 3,
        ["a sequence cannot have more than 256 stages, found 300"],
        id="300 stages",
    ),
    pytest.param(
        "sequence [p where a] with runs=0 [p where b]",
        ["`runs` must be a positive whole number, found `0`"],
        id="runs 0",
    ),
    pytest.param(
        "sequence [p where a] with runs=2.5 [p where b]",
        ["`runs` must be a positive whole number, found `2.5`"],
        id="runs 2.5",
    ),
    pytest.param(
        "sequence [p where a] with runs=101 [p where b]", ["a stage cannot run more than 100 times"], id="runs 101"
    ),
    pytest.param("sequence [p where a] with run=2 [p where b]", ["unknown option `run`"], id="unknown option"),
    pytest.param(
        "sequence [p where a] [p where b] until [p where c] with runs=2",
        ["`with runs` is only supported after the stages of a sequence"],
        id="until runs",
    ),
    pytest.param("sequence by f(a) [p where a] [p where b]", ["unsupported join key"], id="call as key"),
    pytest.param("sequence with maxspan=1s by a [p where a] [p where b]", ["`by` stands after `with`"], id="by late"),
    pytest.param("sequence by a by b [p where a] [p where b]", ["`by` stands here twice"], id="by twice"),
    pytest.param(
        "sequence [p where a] ![p where b]",
        ["`maxspan` is required with a missing event `![…]`"],
        id="missing, no span",
    ),
    pytest.param(
        "sequence with maxspan=1s ![p where a] ![p where b]",
        ["a sequence needs at least one event that is not missing"],
        id="all missing",
    ),
    pytest.param("sample by a [p where a]", ["a sample needs a minimum of 2 filters, found 1"], id="small sample"),
    pytest.param(
        "sample by a" + " [p where a]" * 6, ["a sample cannot contain more than 5 filters, found 6"], id="large sample"
    ),
    pytest.param(
        "sample [p where a] [p where b] by a",
        ["a sample needs at least one join key for every filter"],
        id="sample without key",
    ),
    pytest.param(
        "sample by a [p where a] by a [p where b] by c", ["join key `a` may be used only once"], id="key used twice"
    ),
    pytest.param(
        "sample by a [p where a] [p where b] | head 1", ["a sample does not support pipes"], id="sample, pipe"
    ),
    pytest.param(
        "sample by a [p where a] ![p where b]",
        ["missing events `![…]` are only supported in sequences, not in a sample"],
        id="sample, missing",
    ),
    pytest.param("p where a | unique b", ["pipe `unique` is not supported"], id="old pipe"),
    pytest.param("p where a | foo b", ["unknown pipe `foo`"], id="unknown pipe"),
    pytest.param("p where a | head", ["pipe `head` expects exactly one argument, found 0"], id="no count"),
    pytest.param("p where a | head -1", ["pipe `head` expects a positive integer"], id="negative count"),
    pytest.param("p where a | head 1 / 0", ["pipe `head` expects a positive integer"], id="no number"),
    pytest.param("p where a | head true", ["pipe `head` expects a positive integer"], id="boolean count"),
    pytest.param("p where a b", ["unexpected `b` after the condition"], id="two operands"),
    pytest.param("p where a.b(c)", ["`a.b` is not a function"], id="dotted function"),
]


@pytest.mark.parametrize(("text", "expected"), REJECTED)
def test_rejected(text: str, expected: list[str]) -> None:
    assert messages(text) == expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        pytest.param("30", "the time `30` has no unit", id="no unit"),
        pytest.param("1w", "unknown unit of time `w`", id="week"),
        pytest.param("1M", "unknown unit of time `M`", id="case"),
        pytest.param("1.5s", "decimal times are not supported", id="decimal"),
        pytest.param("0s", "`maxspan` must be positive", id="zero"),
        pytest.param("-1s", "expected a time such as `30s`, found `-`", id="negative"),
        pytest.param('"1s"', 'expected a time such as `30s`, found `"1s"`', id="text"),
        pytest.param("999999999d", "`maxspan` is longer than 106,751 days", id="too long"),
        pytest.param("9" * 30 + "d", "`maxspan` is longer than 106,751 days", id="beyond 64 bit"),
        pytest.param("9" * 5000 + "d", "the number is too large", id="no number at all"),
    ],
)
def test_maxspan(span: str, expected: str) -> None:
    assert messages(f"sequence with maxspan={span} [p where a] [p where b]") == [expected]


def test_stages_and_pipes_are_read_on_after_a_fault() -> None:
    text = "sequence [p where (] [p where a ==] by b [p where 'x' [p where c d] | head x | tail 1 2 | sort"
    assert messages(text) == [
        "expected a value, found `]`",
        "expected a value, found `]`",
        "single quotes are not supported",
        "expected `]`, found `[`",
        "expected `]`, found `d`",
        "pipe `head` expects a positive integer",
        "unexpected `2` after the query",
        "pipe `sort` is not supported",
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("any where " + "(" * 150 + "a" + ")" * 150, id="brackets"),
        pytest.param("any where " + "not " * 99 + "a", id="not"),
        pytest.param("any where " + "-" * 99 + "a", id="signs"),
        pytest.param("any where " + "f(" * 99 + "a" + ")" * 99, id="calls"),
        pytest.param("any where a" + " + a" * 99, id="sums"),
        pytest.param("any where a == 1" + " or a == 1" * 10_000, id="or"),
        pytest.param("any where not a" + " and not a" * 10_000, id="and"),
        pytest.param(f"any where a in ({', '.join(map(str, range(20_000)))})", id="list"),
    ],
)
def test_large_queries(text: str) -> None:
    query = parse(text)
    assert isinstance(query, EventQuery)
    assert parse(unparse(query)) == query
    assert pickle.loads(pickle.dumps(query)) == query  # noqa: S301 - our own bytes
    assert sum(1 for _ in walk(query.filter.condition))


TOO_DEEP = f"the expression nests more than {MAX_DEPTH} levels deep"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("any where " + "(" * 10_000, TOO_DEEP, id="brackets"),
        pytest.param("any where " + "not " * 10_000 + "a", TOO_DEEP, id="not"),
        pytest.param("any where " + "-" * 10_000 + "a", TOO_DEEP, id="signs"),
        pytest.param("any where " + "f(" * 10_000, TOO_DEEP, id="calls"),
        pytest.param("any where " + "a in (" * 10_000, TOO_DEEP, id="lists"),
        pytest.param("any where " + "not (a or b == c + d * f(" * 5_000, TOO_DEEP, id="mixed"),
        pytest.param("any where a" + " + a" * 10_000, TOO_DEEP, id="sums"),
        pytest.param("any where a | head 1" + " + 1" * 10_000, TOO_DEEP, id="counts"),
        pytest.param(
            "any where " + " " * MAX_LENGTH, f"the query is longer than {MAX_LENGTH:,} characters", id="length"
        ),
        pytest.param("a " * MAX_TOKENS + "b", f"the query has more than {MAX_TOKENS:,} words and signs", id="tokens"),
    ],
)
def test_limits(text: str, expected: str) -> None:
    assert messages(text)[-1] == expected


def test_an_error_has_a_limited_number_of_faults() -> None:
    found = messages("any where a " + "; " * 1000)
    assert len(found) == MAX_FAULTS
    assert found[-1] == "901 further faults from here on are not shown"


WORDS = st.sampled_from(
    [
        *sorted(RESERVED),
        *INFIX,
        *MATCHES,
        *"()[]|,.?=:~!;'`\"",
        "![",
        "a",
        "f(",
        "1",
        "1.5",
        '"x"',
        "'y'",
        "AND",
        "head",
    ]
)


@given(st.lists(WORDS, max_size=25), st.sampled_from(["", "any where a ", "sequence [a where b] ", "sample by a "]))
def test_any_words_are_read_or_rejected_with_faults(words: list[str], start: str) -> None:
    text = start + " ".join(words)
    error = None
    try:
        query = parse(text)
    except QueryError as rejected:
        error = rejected
    if error is None:
        assert parse(unparse(query)) == query
        return
    spans = [fault.span for fault in error.faults]
    assert spans
    assert all(0 <= span.start <= span.end <= len(text) for span in spans)
    assert all(left.start <= right.start for left, right in pairwise(spans))
    assert str(error)


@given(st.text(max_size=60))
def test_any_text_is_read_or_rejected(text: str) -> None:
    with suppress(QueryError):
        parse_expression(text)


# The specification's data


def conformance(name: str) -> list[dict[str, str]]:
    path = SHARED / "conformance/eql" / name
    return json.loads(path.read_text(encoding="utf-8"))["cases"] if path.is_file() else []


@needs_shared
@pytest.mark.parametrize("case", conformance("parse_supported.json"), ids=lambda case: case["id"])
def test_supported(case: dict[str, str]) -> None:
    parse(case["query"])


@needs_shared
@pytest.mark.parametrize("case", conformance("parse_unsupported.json"), ids=lambda case: case["id"])
def test_unsupported(case: dict[str, str]) -> None:
    with pytest.raises(QueryError) as caught:
        parse(case["query"])
    assert case["error_contains"] in str(caught.value)


@needs_shared
@pytest.mark.parametrize("path", sorted(SHARED.glob("conformance/eql/cases_*.json")), ids=lambda path: path.stem)
def test_queries_with_results(path: Path) -> None:
    for case in conformance(path.name):
        parse(case["query"])


def test_a_span_of_a_stage_reaches_from_bracket_to_last_key() -> None:
    query = parse("sequence [p where a] by b [p where a] by c")
    assert isinstance(query, SequenceQuery)
    assert query.stages[0].span == Span(9, 25)
