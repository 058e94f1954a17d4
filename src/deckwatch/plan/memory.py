"""Verdicts remembered from batch to batch: telemetry repeats itself there as well."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deckwatch.plan.texts import TextTests
from deckwatch.plan.trial import Test, run
from deckwatch.plan.views import FieldView, Mask

_MOST_REMEMBERED = 1 << 15
_REPEATING = (pl.String, pl.Boolean)
_WORD = 64

Packed: TypeAlias = NDArray[np.uint64]
"""Verdicts as bits: a row per value, 64 tests in each column."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The verdicts of some tests on the contents of one field, by number of test."""

    packed: Packed
    places: Mapping[int, int]

    def __getitem__(self, test: int) -> Mask:
        word, bit = divmod(self.places[test], _WORD)
        mask: Mask = self.packed[:, word] & np.uint64(1 << bit) != 0
        return mask


class Memory:
    """What some tests say of the values of one field.

    Only values not seen before are tested. At most `_MOST_REMEMBERED` are kept, then all are forgotten. Numbers and
    times, which hardly ever repeat, are not remembered.
    """

    def __init__(self, tests: Mapping[int, Test]) -> None:
        self._tests = tests
        self._wanted: dict[int, int] = {}
        self._judge = _Judge([])
        self._numbers: dict[str | bool | None, int] = {}
        self._packed: Packed = np.empty((0, 0), dtype=np.uint64)

    def __len__(self) -> int:
        """How many values are remembered."""
        return len(self._numbers)

    def verdicts(self, view: FieldView, wanted: Sequence[int]) -> Verdicts:
        """The verdicts of these tests, and perhaps others, on the contents of a field."""
        if not self._wanted.keys() >= set(wanted):
            self._wanted = {number: place for place, number in enumerate(sorted({*self._wanted, *wanted}))}
            self._judge = _Judge([self._tests[number] for number in self._wanted])
            self._forget()
        return Verdicts(view.any_element(self._of_elements(view.elements)), self._wanted)

    def _of_elements(self, elements: pl.Series) -> Packed:
        if elements.dtype not in _REPEATING or len(elements) > _MOST_REMEMBERED:
            return self._judge.verdicts(elements)
        values = elements.to_list()
        numbers = np.array([self._numbers.get(value, -1) for value in values], dtype=np.intp)
        new = np.flatnonzero(numbers < 0)
        if len(new):
            if len(self._numbers) + len(new) > _MOST_REMEMBERED:
                self._forget()
                new = np.arange(len(values))
            numbers[new] = self._learn([values[i] for i in new], self._judge.verdicts(elements.gather(new)))
        return self._packed[numbers]

    def _learn(self, values: Sequence[str | bool | None], packed: Packed) -> NDArray[np.intp]:
        """Remember the verdicts on new values; the numbers of these."""
        first, end = len(self._numbers), len(self._numbers) + len(values)
        if end > len(self._packed):
            room = np.empty((max(end, 2 * first), packed.shape[1]), dtype=np.uint64)
            room[:first] = self._packed[:first]
            self._packed = room
        self._packed[first:end] = packed
        self._numbers.update(zip(values, range(first, end), strict=True))
        return np.arange(first, end)

    def _forget(self) -> None:
        self._numbers = {}
        self._packed = np.empty((0, self._judge.width), dtype=np.uint64)


class _Judge:
    """Runs tests on values, those that can be taken together first."""

    def __init__(self, tests: Sequence[Test]) -> None:
        self._tests = tests
        self._texts = TextTests(tests)
        self.width = -(-len(tests) // _WORD)

    def verdicts(self, elements: pl.Series) -> Packed:
        packed: Packed = np.zeros((len(elements), self.width), dtype=np.uint64)
        rest: Collection[int] = range(len(self._tests))
        if self._texts.can_take(elements):
            size = self.width * _WORD // 8
            data = b"".join(each.to_bytes(size, sys.byteorder) for each in self._texts.verdicts(elements))
            packed |= np.frombuffer(data, dtype=np.uint64).reshape(packed.shape)
            rest = self._texts.others
        for place, mask in zip(rest, run(elements.to_frame("0"), [self._tests[place] for place in rest]), strict=True):
            word, bit = divmod(place, _WORD)
            packed[:, word] |= mask.astype(np.uint64) << np.uint64(bit)
        return packed
