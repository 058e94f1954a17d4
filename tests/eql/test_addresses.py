"""Addresses and blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.addresses import canonical_ip, in_block, is_block


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        pytest.param("10.0.0.1", "10.0.0.1", id="IPv4"),
        pytest.param("FE80:0:0::1", "fe80::1", id="IPv6"),
        pytest.param("fe80::1%eth0", "fe80::1", id="zone"),
        pytest.param("::ffff:10.0.0.1", "10.0.0.1", id="IPv4-mapped"),
        pytest.param("::", "::", id="unspecified"),
        pytest.param("10.0.0", None, id="too short"),
        pytest.param("10.0.0.0/8", None, id="a block"),
        pytest.param("host", None, id="a name"),
        pytest.param("1" * 100_000, None, id="long"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_canonical_ip(text: str, canonical: str | None) -> None:
    assert canonical_ip(text) == canonical


@pytest.mark.parametrize(
    ("address", "block", "inside"),
    [
        pytest.param("10.6.48.157", "10.6.48.157/8", True, id="host bits"),
        pytest.param("11.0.0.1", "10.0.0.0/8", False, id="outside"),
        pytest.param("8.8.8.8", "0.0.0.0/0", True, id="everything"),
        pytest.param("::1", "0.0.0.0/0", False, id="IPv6 is not in IPv4"),
        pytest.param("8.8.8.8", "::/0", True, id="IPv4 is in IPv6"),
        pytest.param("10.0.0.1", "::ffff:10.0.0.0/104", True, id="IPv4-mapped block"),
        pytest.param("fe80::1", "fe80::/10", True, id="IPv6"),
        pytest.param("fe80::1", "fe80::1", True, id="single address"),
        pytest.param("no", "0.0.0.0/0", False, id="no address"),
        pytest.param("10.0.0.1", "10.0.0.0/33", False, id="no block"),
    ],
)
def test_in_block(address: str, block: str, inside: bool) -> None:
    assert in_block(address, block) is inside


@pytest.mark.parametrize(
    "text", ["10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/08x", "10.0.0.0/1/2", "/8", "10.0.0.0/٣", "x/8"]
)
def test_is_no_block(text: str) -> None:
    assert not is_block(text)


@given(st.ip_addresses())
def test_a_canonical_address_stays(address: object) -> None:
    canonical = canonical_ip(str(address))
    assert canonical is not None
    assert canonical_ip(canonical) == canonical
    assert in_block(str(address), canonical)
