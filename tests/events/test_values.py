from __future__ import annotations

import math
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.types import Kind
from deckwatch.events.values import INT64, coerce

KINDS: tuple[Kind, ...] = ("keyword", "long", "double", "boolean", "date", "ip", "version")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
STORAGE: dict[Kind, type] = {
    "keyword": str,
    "long": int,
    "double": float,
    "boolean": bool,
    "date": int,
    "ip": str,
    "version": str,
}


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        pytest.param("bash", "keyword", "bash", id="text"),
        pytest.param("", "keyword", "", id="empty text is a value"),
        pytest.param(5, "keyword", "5", id="integer as text"),
        pytest.param(10**5000, "keyword", "1" + "0" * 5000, id="integer of any size as text"),
        pytest.param(1.5, "keyword", "1.5", id="fraction as text"),
        pytest.param(True, "keyword", "true", id="true as text"),
        pytest.param(False, "keyword", "false", id="false as text"),
        pytest.param({"a": 1}, "keyword", None, id="object is no text"),
        pytest.param(math.nan, "keyword", None, id="not a number is no text"),
        pytest.param("1.2.3", "version", "1.2.3", id="version"),
        pytest.param(7, "version", "7", id="version as number"),
        pytest.param(5, "long", 5, id="integer"),
        pytest.param(5.7, "long", 5, id="fraction is cut"),
        pytest.param(-5.7, "long", -5, id="negative fraction is cut toward zero"),
        pytest.param("5", "long", 5, id="integer in text"),
        pytest.param("+5", "long", 5, id="signed integer in text"),
        pytest.param("5.7", "long", 5, id="fraction in text"),
        pytest.param("1e3", "long", 1000, id="exponent in text"),
        pytest.param(2**63 - 1, "long", 2**63 - 1, id="greatest"),
        pytest.param(str(2**63 - 1), "long", 2**63 - 1, id="greatest in text"),
        pytest.param(2**63, "long", None, id="too great"),
        pytest.param(str(2**63), "long", None, id="too great in text"),
        pytest.param(1e300, "long", None, id="fraction too great"),
        pytest.param("1e999999999", "long", None, id="text far too great"),
        pytest.param("1e99999999999999999999", "long", None, id="exponent beyond bounds"),
        pytest.param("1" * 100_000 + "x", "long", None, id="long text that is no number"),
        pytest.param("", "long", None, id="empty text is no number"),
        pytest.param(" 5", "long", None, id="blank before number"),
        pytest.param("1_000", "long", None, id="underscore in number"),
        pytest.param("٥", "long", None, id="digit of another script"),
        pytest.param(True, "long", None, id="boolean is no integer"),
        pytest.param([5], "long", None, id="array is no integer"),
        pytest.param(5, "double", 5.0, id="integer as double"),
        pytest.param("5.7", "double", 5.7, id="double in text"),
        pytest.param(10**400, "double", None, id="integer beyond doubles"),
        pytest.param("1e400", "double", None, id="text beyond doubles"),
        pytest.param("NaN", "double", None, id="not a number in text"),
        pytest.param(math.inf, "double", None, id="infinity"),
        pytest.param(False, "double", None, id="boolean is no double"),
        pytest.param(True, "boolean", True, id="true"),
        pytest.param("true", "boolean", True, id="true in text"),
        pytest.param("false", "boolean", False, id="false in text"),
        pytest.param("", "boolean", False, id="empty text is false"),
        pytest.param("True", "boolean", None, id="capital true is no boolean"),
        pytest.param(1, "boolean", None, id="one is no boolean"),
        pytest.param("1970-01-01T00:00:01.000000002Z", "date", 1_000_000_002, id="nanoseconds"),
        pytest.param("1970-01-01T02:00:00+02:00", "date", 0, id="offset"),
        pytest.param(1500, "date", 1_500_000_000, id="milliseconds"),
        pytest.param(-1, "date", -1_000_000, id="milliseconds before 1970"),
        pytest.param(1.5, "date", 1_500_000, id="fraction of a millisecond"),
        pytest.param("1700000000000", "date", 1_700_000_000_000_000_000, id="milliseconds in text"),
        pytest.param(10**13, "date", None, id="milliseconds out of range"),
        pytest.param(1e300, "date", None, id="fraction out of range"),
        pytest.param("9999-01-01T00:00:00Z", "date", None, id="year out of range"),
        pytest.param("yesterday", "date", None, id="no date"),
        pytest.param(True, "date", None, id="boolean is no date"),
        pytest.param("10.0.0.1", "ip", "10.0.0.1", id="address"),
        pytest.param("2001:DB8:0:0::1", "ip", "2001:db8::1", id="canonical address"),
        pytest.param("::ffff:10.0.0.1", "ip", "10.0.0.1", id="mapped address"),
        pytest.param("10.0.0.0/8", "ip", None, id="network is no address"),
        pytest.param("localhost", "ip", None, id="name is no address"),
        pytest.param(167772161, "ip", None, id="number is no address"),
    ],
)
def test_coerce(value: object, kind: Kind, expected: object) -> None:
    result = coerce(value, kind)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_null_is_a_value_of_no_kind(kind: Kind) -> None:
    assert coerce(None, kind) is None


@given(value=json_values, kind=st.sampled_from(KINDS))
def test_anything_becomes_a_value_of_the_storage_type_or_missing(value: object, kind: Kind) -> None:
    result = coerce(value, kind)
    assert result is None or type(result) is STORAGE[kind]
    if type(result) is int:
        assert result in INT64
    if type(result) is float:
        assert math.isfinite(result)


@given(value=st.integers() | st.floats(), kind=st.sampled_from(["long", "double"]))
def test_a_number_in_text_is_the_number(value: float, kind: Kind) -> None:
    assert coerce(repr(value), kind) == coerce(value, kind)


@given(st.ip_addresses())
def test_addresses_are_themselves(address: object) -> None:
    text = coerce(str(address), "ip")
    assert isinstance(text, str)
    assert coerce(text, "ip") == text
    assert (getattr(address, "ipv4_mapped", None) or address) == ip_address(text)
