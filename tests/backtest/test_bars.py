"""Bars of characters, and tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from deckwatch.cli.aligned import aligned
from deckwatch.cli.rules.bars import columns, folded, sparkline

COUNTS = st.lists(st.none() | st.integers(0, 10**6), max_size=40)


@pytest.mark.parametrize(
    ("counts", "height", "expected"),
    [
        pytest.param([1, 2, 4], 2, ["4 │  █", "0 │▄██"], id="whole cells and halves"),
        pytest.param([0, None, 8], 1, ["8 │ ·█"], id="no alerts, no events"),
        pytest.param([1, 10_000], 2, ["10,000 │ █", "     0 │▁█"], id="the smallest can be seen"),
        pytest.param([0, 0], 2, ["  │", "0 │"], id="nothing"),
    ],
)
def test_columns(counts: list[int | None], height: int, expected: list[str]) -> None:
    assert list(columns(counts, height)) == expected


def test_a_sparkline() -> None:
    assert sparkline([None, 0, 1, 4, 8]) == "· ▁▄█"


@given(COUNTS, st.integers(1, 30))
def test_folding_loses_nothing_and_fits(counts: list[int | None], room: int) -> None:
    shorter, together = folded(counts, room)
    assert len(shorter) <= room
    assert sum(count or 0 for count in shorter) == sum(count or 0 for count in counts)
    assert (together == 1) == (len(counts) <= room)


@given(COUNTS, st.integers(1, 8))
def test_what_is_not_0_can_be_seen(counts: list[int | None], height: int) -> None:
    *_, floor = columns(counts, height)
    shown = floor.partition("│")[2].ljust(len(counts))
    assert [cell not in " ·" for cell in shown] == [bool(count) for count in counts]
    assert [cell == "·" for cell in shown] == [count is None for count in counts]


def test_numbers_are_set_to_the_right_and_wide_characters_count_twice() -> None:
    lines = aligned([" N", "NAME", "X"], [["5", "容器", "a"], ["1,000", Text("ab"), ""]])
    assert [line.plain for line in lines] == ["    N  NAME  X", "    5  容器  a", "1,000  ab"]


def test_a_table_without_rows_is_none() -> None:
    assert list(aligned(["A"], [])) == []
