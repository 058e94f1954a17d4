"""Ranges of addresses as blocks."""

from __future__ import annotations

from ipaddress import ip_address, summarize_address_range

from deckwatch.eql.addresses import is_block


class BadRangeError(ValueError):
    """What is no address, block or range of addresses."""


def blocks_of(text: str) -> tuple[str, ...]:
    """An address, a block, or the blocks that `first-last` consists of, both ends included."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    if not dash and is_block(text):
        return (text,)
    try:
        # ValueError: no addresses, or the last before the first; TypeError: of different versions
        return tuple(map(str, summarize_address_range(ip_address(first), ip_address(last))))
    except (ValueError, TypeError) as error:
        raise BadRangeError(f"{text!r}, which is no address, block or range of addresses") from error
