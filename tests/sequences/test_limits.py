"""Size, head and tail."""

from __future__ import annotations

import pytest

from deckwatch.eql.nodes import Pipe
from deckwatch.sequences.limits import Position, cut


@pytest.mark.parametrize(
    ("size", "position", "pipes", "expected"),
    [
        pytest.param(10, "tail", [], "1234567", id="E17-default"),
        pytest.param(3, "tail", [], "567", id="E17-size"),
        pytest.param(3, "head", [], "123", id="E17-size-head"),
        pytest.param(10, "tail", [Pipe("head", 2)], "12", id="E17-head"),
        pytest.param(10, "tail", [Pipe("tail", 2)], "67", id="E17-tail"),
        pytest.param(10, "tail", [Pipe("head", 5), Pipe("tail", 2)], "45", id="E17-head-tail"),
        pytest.param(10, "tail", [Pipe("tail", 5), Pipe("head", 2)], "34", id="E17-tail-head"),
        pytest.param(3, "tail", [Pipe("head", 50)], "123", id="size-takes-the-direction-of-the-first-pipe"),
        pytest.param(3, "head", [Pipe("tail", 50)], "567", id="size-ignores-the-position-when-there-is-a-pipe"),
        pytest.param(10, "tail", [Pipe("head", 0)], "", id="head-nothing"),
        pytest.param(10, "tail", [Pipe("tail", 0)], "", id="tail-nothing"),
        pytest.param(0, "tail", [], "", id="size-nothing"),
    ],
)
def test_cut(size: int, position: Position, pipes: list[Pipe], expected: str) -> None:
    assert "".join(cut("1234567", pipes, size, position)) == expected
