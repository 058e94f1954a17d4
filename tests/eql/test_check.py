"""What is wrong with a query, and what a right one becomes."""

from pathlib import Path

import pytest

from deckwatch.eql.check import Checked, check
from deckwatch.eql.errors import QueryError
from deckwatch.eql.nodes import (
    And,
    Arithmetic,
    Call,
    Comparison,
    EventQuery,
    Expr,
    Field,
    InRange,
    IsNull,
    Literal,
    Match,
    Membership,
    Not,
    Or,
    SequenceQuery,
    Sign,
)
from deckwatch.eql.parser import parse
from deckwatch.eql.versions import Version
from tests.eql.mapping import SCHEMA, Mapped

GOLDEN = Path(__file__).parent / "golden"

MANY_FAULTS = """\
sequence by process.pdi with maxspan=1m
  [process where proces.name == "sh" and lenght(f) > "x" and n : "1*"]
    by f
  [file where f == g
     and n in (1, "two", m) // and more
     and cidrMatch(f, "10.0.0.0/8", g)
     and not n
     and startsWith(f)]
    by n
  until [any where @timestamp > "soon" or b == 5 or geo == null]
    by f"""

WHERE = len("any where ")


def checked(condition: str) -> Checked:
    text = f"any where {condition}"
    return check(parse(text), SCHEMA, text=text)


def condition(text: str, result: Checked | None = None) -> Expr:
    query = (result or checked(text)).query
    assert isinstance(query, EventQuery)
    return query.filter.condition


@pytest.mark.parametrize(
    ("condition", "message", "column"),
    [
        pytest.param("pid == 1", "unknown field `pid`", 1, id="unknown field"),
        pytest.param("length(?f + 1) == 1", "`+` takes numbers, but `?f` is text", 8, id="arithmetic on text"),
        pytest.param("geo == 1", "`geo` has the type geo_point, which cannot be queried", 1, id="unsupported type"),
        pytest.param("?threads == null", "type nested, which cannot be queried", 1, id="nested"),
        pytest.param("lenght(f) == 1", "unknown function `lenght`", 1, id="unknown function"),
        pytest.param("wildcard(f, 1)", "unknown function `wildcard`", 1, id="function of another dialect"),
        pytest.param("length~(f) == 1", "`length` has no case-insensitive form", 1, id="no tilde"),
        pytest.param("length() == 1", "takes exactly one argument, not 0", 1, id="no argument"),
        pytest.param("add(1) == n", "takes exactly two arguments, not 1", 1, id="one of two arguments"),
        pytest.param("indexOf(f) == 1", "takes two or three arguments, not 1", 1, id="one of two or three arguments"),
        pytest.param('between(f) == "x"', "takes three or four arguments, not 1", 1, id="one of three arguments"),
        pytest.param("cidrMatch(ip)", "takes at least two arguments, not 1", 1, id="no block"),
        pytest.param(
            "length(n) == 1", "the first argument of `length` must be text, but `n` is", 8, id="first argument"
        ),
        pytest.param("startsWith(f, 5)", "the second argument of `startsWith` must be text", 15, id="second argument"),
        pytest.param(
            "substring(f, 1, 1.5) == f", "the third argument of `substring` must be an integer", 17, id="third"
        ),
        pytest.param("number(n) == 1", "the first argument of `number` must be text", 8, id="number of a number"),
        pytest.param("add(f, 1) == 1", "must be a number, but `f` is text", 5, id="sum of text"),
        pytest.param('between(f, g, "x") == "y"', "must be a constant, not `g`", 12, id="delimiter is a field"),
        pytest.param("cidrMatch(ip, f)", "must be a constant, not `f`", 15, id="block is a field"),
        pytest.param('cidrMatch(f, "::/0")', "must be an IP address, but `f` is text", 11, id="no address field"),
        pytest.param('cidrMatch(ip, "10.0.0.0/99")', "must be an address block", 15, id="no block text"),
        pytest.param('n : "x"', "`:` matches text, but `n` is an integer", 1, id="colon on number"),
        pytest.param('ip : "10.*"', "`:` matches text, but `ip` is an IP address", 1, id="colon on address"),
        pytest.param('v like "1.*"', "`like` matches text, but `v` is a version", 1, id="like on version"),
        pytest.param("f : 5", "`:` takes text, not `5`", 5, id="colon with a number"),
        pytest.param('f regex ("a", "a(")', "is no regular expression", 15, id="broken regex"),
        pytest.param("n", "a condition must be true or false, but `n` is an integer", 1, id="numeric condition"),
        pytest.param("f and b", "each side of `and` must be true or false, but `f` is text", 1, id="text and"),
        pytest.param("b or n + 1", "each side of `or` must be true or false, but `n + 1` is", 6, id="number or"),
        pytest.param("not f", "what follows `not` must be true or false", 5, id="not text"),
        pytest.param('n in (1, "a")', "the second member of the list is text, but `n` is an integer", 10, id="in text"),
        pytest.param("f in (1)", "the first member of the list is an integer, but `f` is text", 7, id="in number"),
        pytest.param("n in (m)", "comparisons against fields are not supported: `m`", 7, id="in field"),
        pytest.param("n in~ (1)", "`in~` compares text, but `n` is an integer", 1, id="in~ on number"),
        pytest.param("f == g", "comparisons against fields are not supported: `g`", 6, id="field to field"),
        pytest.param("length(f) == length(g)", "comparisons against fields", 14, id="call to call"),
        pytest.param("n < m + 1", "comparisons against fields are not supported: `m`", 5, id="field in arithmetic"),
        pytest.param('n == "abc"', '`"abc"` cannot be a value of `n`, which is an integer', 6, id="text for a number"),
        pytest.param("b == 5", "`5` cannot be a value of `b`, which is a boolean", 6, id="number for a boolean"),
        pytest.param('"yes" != b', '`"yes"` cannot be a value of `b`', 1, id="text for a boolean"),
        pytest.param('ip == "abc"', '`"abc"` cannot be a value of `ip`', 7, id="text for an address"),
        pytest.param('ip in ("::1", "x")', '`"x"` cannot be a value of `ip`', 15, id="text among addresses"),
        pytest.param('@timestamp > "now"', "which is a date", 14, id="no date"),
        pytest.param('ip > "10.0.0.0"', "which has no order", 1, id="order of addresses"),
        pytest.param("b > true", "which has no order", 1, id="order of booleans"),
        pytest.param('-f == "x"', "`-` takes numbers, but `f` is text", 2, id="minus text"),
        pytest.param("@timestamp + 1 > 2", "`+` takes numbers, but `@timestamp` is a date", 1, id="date arithmetic"),
        pytest.param("n > 1 / 0", "`1 / 0` has no value: division by zero", 5, id="division by zero"),
        pytest.param("f == (5 : 5)", "`:` matches text, but `5` is an integer", 7, id="only the inner fault"),
        pytest.param('`a\x1b` == "x"', "unknown field `a\N{REPLACEMENT CHARACTER}`", 1, id="control characters"),
        pytest.param('n == number("x")', "no number in base 10", 6, id="constant that is no number"),
    ],
)
def test_fault(condition: str, message: str, column: int) -> None:
    with pytest.raises(QueryError) as caught:
        checked(condition)
    (fault,) = caught.value.faults
    assert message in fault.message
    assert (fault.line, fault.column) == (1, WHERE + column)


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        pytest.param('proces.name == "a"', "did you mean `process.name`?", id="field"),
        pytest.param("lenght(f) == 1", "did you mean `length`?", id="function"),
        pytest.param('n : "x"', "use `==`", id="colon"),
        pytest.param("n in~ (1)", "use `in`", id="in~"),
        pytest.param("length~(f) == 1", "write `length(…)`", id="tilde"),
    ],
)
def test_hint(condition: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        checked(condition)
    assert [fault.hint for fault in caught.value.faults] == [hint]


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        pytest.param("join [any where b] [any where b]", "`join` is not supported", 1, id="join"),
        pytest.param(
            "sequence [any where b] by f [any where b] by n",
            "the join key `n` is an integer and can never equal `f`, which is text",
            46,
            id="sequence keys",
        ),
        pytest.param(
            "sample [any where b] by n, ip [any where b] by d, f",
            "the join key `f` is text",
            51,
            id="second sample key",
        ),
        pytest.param(
            "sequence [any where b] by f [any where b] by f until [any where b] by n",
            "the join key `n`",
            71,
            id="until key",
        ),
        pytest.param("sequence by x [any where b] [any where b]", "unknown field `x`", 13, id="unknown key"),
        pytest.param("sample by geo [any where b] [any where b]", "cannot be queried", 11, id="unsupported key"),
    ],
)
def test_statement_fault(text: str, message: str, column: int) -> None:
    with pytest.raises(QueryError) as caught:
        check(parse(text), SCHEMA, text=text)
    (fault,) = caught.value.faults
    assert message in fault.message
    assert (fault.line, fault.column, fault.kind) == (1, column, "verification")


def test_category_must_be_mapped_unless_any() -> None:
    schema = Mapped({"b": "boolean", "n": "long"})
    check(parse("any where b"), schema)
    text = "process where b"
    with pytest.raises(QueryError, match=r"unknown field `event\.category`"):
        check(parse(text), schema, text=text)
    with pytest.raises(QueryError, match="the category field `n` is an integer, not text"):
        check(parse(text), schema, text=text, category_field="n")


@pytest.mark.parametrize(
    ("category", "width"),
    [("process", 7), ('"process"', 9), ('"""a b"""', 9), (r'"a\tb"', 6)],
    ids=["name", "text", "raw", "escaped"],
)
def test_the_fault_of_a_category_covers_it_as_written(category: str, width: int) -> None:
    text = f"sequence [any where b] [{category} where b]"
    with pytest.raises(QueryError) as caught:
        check(parse(text), Mapped({"b": "boolean"}), text=text)
    (fault,) = caught.value.faults
    assert (fault.column, fault.span.end - fault.span.start) == (25, width)


def test_many_faults_at_once() -> None:
    with pytest.raises(QueryError) as caught:
        check(parse(MANY_FAULTS), SCHEMA, text=MANY_FAULTS)
    assert str(caught.value) + "\n" == (GOLDEN / "many_faults.txt").read_text()


F, G, N, B, D, IP = Field("f"), Field("g"), Field("n"), Field("b"), Field("d"), Field("ip")
TRUE, FALSE = Literal(value=True), Literal(value=False)
DAY = 86_400_000_000_000


def literals(*values: bool | float | str) -> tuple[Literal, ...]:
    return tuple(Literal(value) for value in values)


@pytest.mark.parametrize(
    ("text", "lowered"),
    [
        pytest.param('nick == "a"', Comparison("==", F, Literal("a")), id="alias"),
        pytest.param('?f == "a"', Comparison("==", F, Literal("a")), id="mapped optional field"),
        pytest.param('f != "a"', Not(Comparison("==", F, Literal("a"))), id="unequal"),
        pytest.param("5 < n", Comparison(">", N, Literal(5)), id="constant on the left"),
        pytest.param("n > 2 * 3", Comparison(">", N, Literal(6)), id="folded constant"),
        pytest.param("b", Comparison("==", B, TRUE), id="bare boolean field"),
        pytest.param("not b", Not(Comparison("==", B, TRUE)), id="not a boolean field"),
        pytest.param("b == false", Comparison("==", B, FALSE), id="boolean field is false"),
        pytest.param("b != true", Not(Comparison("==", B, TRUE)), id="boolean field is not true"),
        pytest.param('b == "false"', Comparison("==", B, FALSE), id="boolean as text"),
        pytest.param("(n > 5) == true", Comparison(">", N, Literal(5)), id="test is true"),
        pytest.param("(n > 5) == false", Not(Comparison(">", N, Literal(5))), id="test is false"),
        pytest.param("startsWith(f, g) != true", Not(Call("startsWith", (F, G))), id="call is not true"),
        pytest.param(
            "STARTSWITH~(f, g) != false", Call("startsWith", (F, G), insensitive=True), id="call is not false"
        ),
        pytest.param("f == null", IsNull(F), id="null test"),
        pytest.param("null != f", Not(IsNull(F)), id="not null test"),
        pytest.param("(n > 5) == null", IsNull(Comparison(">", N, Literal(5))), id="null test of a test"),
        pytest.param("f < null", FALSE, id="order of null"),
        pytest.param('f : "a"', Membership(F, literals("a"), insensitive=True), id="colon without wildcards"),
        pytest.param('f : ("a", "b*")', Match(F, ":", literals("a", "b*")), id="colon with wildcards"),
        pytest.param('f : ("a", null)', Membership(F, literals("a"), insensitive=True), id="colon with null"),
        pytest.param("f : null", FALSE, id="colon null"),
        pytest.param('f : "*"', Not(IsNull(F)), id="colon star"),
        pytest.param('f like~ ("a", "**")', Not(IsNull(F)), id="like star"),
        pytest.param('f like ("a", "b")', Membership(F, literals("a", "b")), id="like without wildcards"),
        pytest.param('f like~ "a?"', Match(F, "like~", literals("a?")), id="like with wildcards"),
        pytest.param('f regex ("a", "b.*")', Match(F, "regex", literals("a", "b.*")), id="regex list"),
        pytest.param('f in ("a", null, "a")', Membership(F, literals("a")), id="null and repeated members"),
        pytest.param("f not in (null)", TRUE, id="not in null"),
        pytest.param("n in (1, 2.0, 2.5)", Membership(N, literals(1, 2)), id="integers"),
        pytest.param("d in (1, 2.5)", Membership(D, literals(1.0, 2.5)), id="doubles"),
        pytest.param("f == 5", Comparison("==", F, Literal("5")), id="number as text"),
        pytest.param("f == true", Comparison("==", F, Literal("true")), id="boolean as keyword"),
        pytest.param("n > 4.5", Comparison(">", N, Literal(4.5)), id="long and fraction"),
        pytest.param("n == 4.0", Comparison("==", N, Literal(4)), id="long and whole double"),
        pytest.param('n == "7"', Comparison("==", N, Literal(7)), id="text as number"),
        pytest.param("d == 4", Comparison("==", D, Literal(4.0)), id="double and integer"),
        pytest.param('v > "1.5"', Comparison(">", Field("v"), Literal(Version("1.5"))), id="version"),
        pytest.param('ip == "10.0.0.0/8"', Call("cidrMatch", (IP, *literals("10.0.0.0/8"))), id="address in block"),
        pytest.param('ip != "::1"', Not(Call("cidrMatch", (IP, *literals("::1")))), id="other address"),
        pytest.param(
            'ip in ("::1", "10.0.0.1")', Call("cidrMatch", (IP, *literals("::1", "10.0.0.1"))), id="addresses"
        ),
        pytest.param("null and b", FALSE, id="null and"),
        pytest.param("null or b", Comparison("==", B, TRUE), id="null or"),
        pytest.param("not (null or b)", Not(Comparison("==", B, TRUE)), id="not null or"),
        pytest.param("true and b", Comparison("==", B, TRUE), id="true and"),
        pytest.param("b or 1 == 1", TRUE, id="or true"),
        pytest.param(
            "-n + +1 == 2", Comparison("==", Arithmetic("+", Sign("-", N), Literal(1)), Literal(2)), id="signs"
        ),
        pytest.param("length(null) == 3", FALSE, id="call of null"),
        pytest.param("concat(f, null) == null", TRUE, id="null argument"),
        pytest.param(
            'indexOf(f, "x", null) == 0',
            Comparison("==", Call("indexOf", (F, Literal("x"))), Literal(0)),
            id="null start",
        ),
        pytest.param(
            'substring(f, null, null) == "x"',
            Comparison("==", Call("substring", (F, Literal(0))), Literal("x")),
            id="null positions",
        ),
        pytest.param(
            'string(@timestamp) : "2024*"',
            Match(Call("string", (Call("dateText", (Field("@timestamp"),)),)), ":", literals("2024*")),
            id="text of a date",
        ),
    ],
)
def test_lowered(text: str, lowered: Expr) -> None:
    assert condition(text) == lowered


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        pytest.param('== "1970-01-02"', DAY, 2 * DAY - 1, id="equal"),
        pytest.param('< "1970-01-02"', None, DAY - 1, id="before"),
        pytest.param('<= "1970-01-02"', None, 2 * DAY - 1, id="not after"),
        pytest.param('> "1970-01-02"', 2 * DAY, None, id="after"),
        pytest.param('>= "1970-01-02"', DAY, None, id="not before"),
        pytest.param("> 5", 6_000_000, None, id="after a millisecond"),
        pytest.param("== 5", 5_000_000, 5_999_999, id="at a millisecond"),
    ],
)
def test_dates_become_ranges(text: str, low: int | None, high: int | None) -> None:
    assert condition(f"@timestamp {text}") == InRange(Field("@timestamp"), low, high)


def test_dates_in_a_list() -> None:
    stamp = Field("@timestamp")
    expected = Or((InRange(stamp, DAY, 2 * DAY - 1), InRange(stamp, 0, 999_999)))
    assert condition('@timestamp in ("1970-01-02", 0)') == expected


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("?u == null", TRUE, id="is null"),
        pytest.param("?u != null", FALSE, id="is not null"),
        pytest.param('?u == "c"', FALSE, id="equal"),
        pytest.param('"c" != ?u', TRUE, id="unequal"),
        pytest.param('length(?u) != "c"', TRUE, id="call unequal"),
        pytest.param("?u == ?w", TRUE, id="null equals null"),
        pytest.param("?u < 5", None, id="order"),
        pytest.param("?u + 1 < 5", None, id="arithmetic"),
        pytest.param('?u : "c"', None, id="colon"),
        pytest.param('?u in~ ("c")', None, id="in~"),
        pytest.param('?u in ("c")', None, id="in"),
        pytest.param('?u like "a*"', None, id="like"),
        pytest.param('?u regex "a.*"', None, id="regex"),
        pytest.param('?u like~ "abc"', None, id="like~"),
        pytest.param('?u regex~ "abc"', None, id="regex~"),
        pytest.param('?u like "abc"', FALSE, id="plain like"),
        pytest.param('?u regex "abc"', FALSE, id="plain regex"),
        pytest.param('?u like "*"', FALSE, id="like star"),
        pytest.param('?u like~ "*"', FALSE, id="like~ star"),
        pytest.param('?u : "*"', FALSE, id="colon star"),
        pytest.param("?u", None, id="alone"),
        pytest.param("?u and b", None, id="and"),
        pytest.param("b and ?u", None, id="and, right"),
    ],
)
def test_unmapped_optional_field_is_null(text: str, folded: Literal | None) -> None:
    """Null shows as: neither the condition nor its negation can be true."""
    value, negation = condition(text), condition(f"not ({text})")
    assert value == (folded or FALSE)
    assert negation == {TRUE: FALSE, FALSE: TRUE, None: FALSE}[folded]


def test_aliases_and_unmapped_keys() -> None:
    text = "sequence by nick, ?gone [process where n > 1] [any where true] until [any where d > 1.5]"
    result = check(parse(text), SCHEMA, text=text)
    assert isinstance(result.query, SequenceQuery)
    assert result.query.by == (Field("f"), Field("gone", optional=True))
    assert result.fields == {"n": "long", "d": "double", "f": "keyword", "gone": "keyword", "event.category": "keyword"}
    assert result.category_field == "event.category"


def test_category_alias() -> None:
    result = check(parse("process where true"), SCHEMA, category_field="nick")
    assert (result.category_field, result.fields) == ("f", {"f": "keyword"})


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        pytest.param("x > 5", "long", id="number"),
        pytest.param("5 < x", "long", id="number on the left"),
        pytest.param("x > -2.5", "double", id="double"),
        pytest.param("x in (1, 2.5)", "double", id="list of numbers"),
        pytest.param("x == true", "boolean", id="boolean"),
        pytest.param("n > 1 and not x", "boolean", id="bare"),
        pytest.param("x", "boolean", id="alone"),
        pytest.param('cidrMatch(x, "::/0")', "ip", id="address"),
        pytest.param('cidrMatch(x, "::/0") and x != "::1"', "ip", id="address and text"),
        pytest.param('x : "a*"', "keyword", id="pattern"),
        pytest.param("length(x) > 1", "keyword", id="text argument"),
        pytest.param('x == "a" or x == 5', "keyword", id="text and number"),
        pytest.param("x + 1 > 5", "long", id="arithmetic"),
        pytest.param("add(x, 1) > 5", "long", id="numeric argument"),
        pytest.param("?x != null", "keyword", id="optional, nothing tells"),
    ],
)
def test_inferred_kind(condition: str, kind: str) -> None:
    text = f"any where {condition}"
    result = check(parse(text), SCHEMA, text=text, on_unknown="infer")
    assert result.fields["x"] == kind


def test_inferred_keys_take_the_kind_of_their_partners() -> None:
    text = "sequence by a [process where a > 1] by x [any where ?y != null] by y [any where true] by n"
    result = check(parse(text), Mapped({"n": "long"}), text=text, on_unknown="infer")
    assert result.fields == {"a": "long", "x": "long", "y": "long", "n": "long", "event.category": "keyword"}


def test_optional_fields_count_as_mapped_when_inferred() -> None:
    text = 'any where not ?x : "a*"'
    result = check(parse(text), SCHEMA, text=text, on_unknown="infer")
    assert condition(text, result) == Not(Match(Field("x"), ":", literals("a*")))


def test_flattened_after_lowering() -> None:
    assert condition("b and (true and (b and b))") == And((Comparison("==", B, TRUE),) * 3)
