import tomllib

import pytest
from hypothesis import given

from deckwatch.eql.nodes import Expr, Field, InRange, IsNull, Query
from deckwatch.eql.parser import parse, parse_expression
from deckwatch.eql.unparse import field_name, unparse
from tests.shared import SHARED, needs_shared
from tests.strategies import expressions, queries


def same(left: object, right: object) -> bool:
    """Equal in type too: 1, 1.0 and true are different literals."""
    return left == right and _shape(left) == _shape(right)


def _shape(node: object) -> object:
    if isinstance(node, tuple):
        return tuple(map(_shape, node))
    return type(node), tuple(_shape(getattr(node, name)) for name in getattr(type(node), "__match_args__", ()))


@given(expressions())
def test_an_expression_survives_its_text(expression: Expr) -> None:
    text = unparse(expression)
    assert same(parse_expression(text), expression)
    assert unparse(parse_expression(text)) == text


@given(queries())
def test_a_query_survives_its_text(query: Query) -> None:
    text = unparse(query)
    assert same(parse(text), query)
    assert unparse(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        pytest.param("((a) or (b and (c)))", "a or b and c", id="needless brackets go"),
        pytest.param("(a or b) and c", "(a or b) and c", id="needed brackets stay"),
        pytest.param("a and (b and (c and d))", "a and b and c and d", id="and is flat"),
        pytest.param("not a in (1)", "a not in (1)", id="not in"),
        pytest.param('not a like "x"', 'not a like "x"', id="not like"),
        pytest.param("not (a == 1)", "not a == 1", id="not of a comparison"),
        pytest.param("(not a) == true", "(not a) == true", id="comparison of a not"),
        pytest.param("(a == b) == c", "(a == b) == c", id="comparison of a comparison"),
        pytest.param("a - (b - c) - d", "a - (b - c) - d", id="minus associates to the left"),
        pytest.param("(a * b) + c % (d / e)", "a * b + c % (d / e)", id="products bind stronger"),
        pytest.param("-(-1) + (-(a + b))", "--1 + -(a + b)", id="signs"),
        pytest.param('(a + b) : "x"', '(a + b) : "x"', id="a match binds to one primary"),
        pytest.param('-(a : "x")', '-a : "x"', id="a sign binds weaker than a match"),
        pytest.param('a : ("x")', 'a : "x"', id="a list of one pattern"),
        pytest.param("a in~ (1 or 2, -3)", "a in~ (1 or 2, -3)", id="members are expressions"),
        pytest.param("?`a`.`b-c` . d == `in`", "?a.`b-c`.d == `in`", id="names"),
        pytest.param("`x``y`.`a.b`", "`x``y`.a.b", id="back quotes"),
        pytest.param(r'"\u{41}\'\t\"\\ é"', r'''"A'\t\"\\ é"''', id="text"),
        pytest.param('"""a\\"b"""', r'"a\\\"b"', id="raw text"),
        pytest.param("1. + .5 + 2e3 + 9223372036854775808", "1.0 + 0.5 + 2000.0 + 9.223372036854776e+18", id="numbers"),
    ],
)
def test_canonical_expressions(text: str, canonical: str) -> None:
    assert unparse(parse_expression(text)) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        pytest.param('"process" where true|head 1+2 | tail 0', "process where true | head 3 | tail 0", id="event"),
        pytest.param('"any" where x', '"any" where x', id="a category that looks like a keyword"),
        pytest.param("any where x // why", "any where x", id="comments go"),
        pytest.param(
            "sequence by a,?b with maxspan = 5 m [a where b] by c with runs = 2 ![any where d] by e "
            "until [f where g] by h | head 1",
            "sequence by a, ?b with maxspan=5m\n"
            "  [a where b] by c with runs=2\n"
            "  ![any where d] by e\n"
            "until [f where g] by h\n"
            "| head 1",
            id="sequence",
        ),
        pytest.param(
            "sample by a [b where c] by d [e where f] by g",
            "sample by a\n  [b where c] by d\n  [e where f] by g",
            id="sample",
        ),
        pytest.param("join [a where b] [c where d]", "join\n  [a where b]\n  [c where d]", id="join"),
    ],
)
def test_canonical_queries(text: str, canonical: str) -> None:
    assert unparse(parse(text)) == canonical


def test_lowered_forms_print_as_what_they_mean() -> None:
    assert unparse(IsNull(Field("a"))) == "a == null"
    assert unparse(InRange(Field("a"), 1, None)) == "a >= 1"
    assert unparse(InRange(Field("a"), 1, 2)) == "a >= 1 and a <= 2"


def test_a_name_with_an_empty_part_is_quoted_whole() -> None:
    assert field_name("a..b") == "`a..b`"


@needs_shared
def test_every_public_rule_survives() -> None:
    rules = [
        tomllib.loads(path.read_text(encoding="utf-8"))["rule"]
        for path in sorted((SHARED / "corpus/elastic-rules").rglob("*.toml"))
    ]
    texts = [rule["query"] for rule in rules if rule.get("language") == "eql"]
    assert len(texts) == 415
    for text in texts:
        tree = parse(text)
        canonical = unparse(tree)
        assert same(parse(canonical), tree), text
        assert unparse(parse(canonical)) == canonical
