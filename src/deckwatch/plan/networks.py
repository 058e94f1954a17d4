"""Many blocks of addresses at a time: merged into ranges, among which one search finds an address."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

import polars as pl

from deckwatch.eql.addresses import address_number, block_range


class Blocks:
    """Some blocks and single addresses; what is neither holds nothing."""

    def __init__(self, blocks: Iterable[str]) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in sorted(found for block in blocks if (found := block_range(block)) is not None):
            if self._lasts and first <= self._lasts[-1] + 1:
                self._lasts[-1] = max(self._lasts[-1], last)
            else:
                self._firsts.append(first)
                self._lasts.append(last)

    def __contains__(self, address: str) -> bool:
        number = address_number(address)
        if number is None:
            return False
        place = bisect_right(self._firsts, number) - 1
        return place >= 0 and number <= self._lasts[place]

    def verdicts(self, addresses: pl.Series) -> pl.Series:
        """For each address whether a block holds it; null for null."""
        held = [None if address is None else address in self for address in addresses.to_list()]
        return pl.Series(addresses.name, held, dtype=pl.Boolean)
