"""Constant expressions have the value that the conformance cases give."""

import contextlib
import json

import pytest

from deckwatch.eql.errors import QueryError
from deckwatch.eql.evaluate import evaluate_constant
from deckwatch.eql.nodes import Scalar
from deckwatch.eql.parser import parse_expression
from tests.shared import SHARED, needs_shared

FOLD = SHARED / "conformance/eql/fold.json"
SUBSTITUTES = ("null", "true", "0", '"text"', "1.5")


def cases() -> list[dict[str, object]]:
    if not FOLD.is_file():
        return []
    return [case for case in json.loads(FOLD.read_text())["cases"] if case["status"] == "run"]


def evaluate(text: str) -> Scalar:
    return evaluate_constant(parse_expression(text), text)


def typed(value: Scalar) -> tuple[type, Scalar]:
    return type(value), value


@needs_shared
@pytest.mark.parametrize("case", [pytest.param(case, id=str(case["id"])) for case in cases()])
def test_conformance(case: dict[str, object]) -> None:
    template = str(case["expression"])
    for expression in (
        [template.replace("$value", each) for each in SUBSTITUTES] if "$value" in template else [template]
    ):
        if case.get("expect_error"):
            with pytest.raises(QueryError):
                evaluate(expression)
        else:
            assert typed(evaluate(expression)) == typed(case["expected"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("-7 / 2", -3, id="division truncates toward zero"),
        pytest.param("10 % -6", 4, id="remainder, negative divisor"),
        pytest.param("-10 % 6", -4, id="remainder, negative dividend"),
        pytest.param("5.5 % 2", 1.5, id="remainder of doubles"),
        pytest.param("1.0 / 0 > 1e300", True, id="double division by zero is infinite"),
        pytest.param("1 == 1.0", True, id="integer equals double"),
        pytest.param('"a" == 1', False, id="different types are not equal"),
        pytest.param('"a" < 1', None, id="different types have no order"),
        pytest.param("null == null", True, id="null is null"),
        pytest.param("5 == null", False, id="a value is not null"),
        pytest.param('null != "a"', True, id="null differs from a value"),
        pytest.param('length(null) != "a"', True, id="a null call differs from a value"),
        pytest.param("null < 5", None, id="null has no order"),
        pytest.param("not null", None, id="not null"),
        pytest.param("false and null", False, id="false decides"),
        pytest.param("true and null", None, id="null decides"),
        pytest.param("null + 1", None, id="null arithmetic"),
        pytest.param('"Foo" : "foo"', True, id="colon ignores case"),
        pytest.param('"Foo" : ("x", "f*")', True, id="colon with wildcards"),
        pytest.param('"Foo" like "foo"', False, id="like minds case"),
        pytest.param('"foo" regex ("a", "f.o")', True, id="regex"),
        pytest.param('"A*" in~ ("a*")', True, id="in~ compares literally"),
        pytest.param('"abc" in ("x", null)', False, id="null member"),
        pytest.param("(1 < 2) == false", False, id="comparison with false"),
        pytest.param("string(4.0)", "4.0", id="string of a double"),
        pytest.param("string(true)", "true", id="string of a boolean"),
        pytest.param("ADD(1, 2)", 3, id="names in any case"),
        pytest.param("-(-3)", 3, id="two signs"),
        pytest.param("+3", 3, id="plus"),
        pytest.param("9223372036854775807", 2**63 - 1, id="greatest integer"),
    ],
)
def test_value(text: str, value: Scalar) -> None:
    assert typed(evaluate(text)) == typed(value)


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        pytest.param("1 + 1 / 0", "division by zero", 5, id="division by zero"),
        pytest.param("7 % 0", "division by zero", 1, id="remainder by zero"),
        pytest.param("9223372036854775807 + 1", "does not fit into 64 bits", 1, id="overflow"),
        pytest.param('number("x")', "no number in base 10", 1, id="no number"),
        pytest.param('number("")', "no number in base 10", 1, id="empty number"),
        pytest.param('number("1", 99)', "a base is between 2 and 36", 1, id="no base"),
        pytest.param('"a" + 1', "takes numbers", 1, id="text in arithmetic"),
        pytest.param("length(5)", "must be text", 8, id="wrong type"),
        pytest.param("length()", "takes exactly one argument, not 0", 1, id="wrong count"),
        pytest.param("1 + f", "unknown field `f`", 5, id="a field"),
        pytest.param("not 5", "must be true or false", 5, id="not of a number"),
    ],
)
def test_no_value(text: str, message: str, column: int) -> None:
    with pytest.raises(QueryError) as caught:
        evaluate(text)
    (fault,) = caught.value.faults
    assert (message in fault.message, fault.column) == (True, column)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('substring("abc", -999999999999999999, 999999999999999999)', id="huge slice"),
        pytest.param('indexOf("abc", "c", 999999999999999999)', id="huge start"),
        pytest.param('number("' + "9" * 100_000 + '")', id="long number"),
        pytest.param('number("' + "1" * 1000 + '", 3)', id="long number in another base"),
        pytest.param("9223372036854775807 * 9223372036854775807", id="huge product"),
        pytest.param(" + ".join(["1"] * 200), id="long sum"),
    ],
)
def test_hostile_constants_cost_little(text: str) -> None:
    with contextlib.suppress(QueryError):
        evaluate(text)
