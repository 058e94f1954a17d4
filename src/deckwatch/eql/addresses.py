"""IP addresses: canonical text and containment in CIDR blocks.

Every address is seen as 128 bits, IPv4 in its IPv4-mapped place, so `::ffff:10.0.0.1` is `10.0.0.1`
and `::/0` holds every address.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

Block: TypeAlias = tuple[int, int]
"""A network as (bits to ignore on the right, the remaining leading bits)."""

LONGEST = 64
"""No textual address with a prefix length and a zone is longer."""

_MAPPED = 0xFFFF << 32
_BITS = 128
_IPV4_BITS = 32


def canonical_ip(text: str) -> str | None:
    """The usual text of an address, without a zone; an IPv4-mapped one as IPv4. None when it is no address."""
    address = _parse(text)
    return None if address is None else str(address)


def is_block(text: str) -> bool:
    """Whether the text names an address or a CIDR block. Host bits may be set: `10.6.48.157/8` is `10.0.0.0/8`."""
    return _block(text) is not None


def in_block(address: str, block: str) -> bool:
    """Whether a block, or single address, contains an address. False when either is not what it should be."""
    bits, network = _bits(address), _block(block)
    if bits is None or network is None:
        return False
    ignored, leading = network
    return bits >> ignored == leading


def address_number(address: str) -> int | None:
    """The address as a number of 128 bits; None when it is none."""
    return _bits(address)


def block_range(block: str) -> tuple[int, int] | None:
    """The first and the last number in a block, or of a single address; None when it is neither."""
    found = _block(block)
    if found is None:
        return None
    ignored, leading = found
    return leading << ignored, ((leading + 1) << ignored) - 1


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    if len(text) > LONGEST:
        return None
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


@lru_cache(maxsize=4096)
def _bits(text: str) -> int | None:
    match _parse(text):
        case IPv4Address() as address:
            return _MAPPED | int(address)
        case IPv6Address() as address:
            return int(address)
        case _:
            return None


@lru_cache(maxsize=1024)
def _block(text: str) -> Block | None:
    address, slash, prefix = text.partition("/")
    bits = _bits(address)
    if bits is None:
        return None
    if not slash:
        return 0, bits
    width = _BITS if ":" in address else _IPV4_BITS
    if not (prefix.isascii() and prefix.isdecimal()) or len(prefix) > len(str(_BITS)) or int(prefix) > width:
        return None
    ignored = width - int(prefix)
    return ignored, bits >> ignored
