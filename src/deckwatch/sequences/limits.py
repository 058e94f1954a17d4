"""Which of all results a request shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypeVar

from deckwatch.eql.nodes import Pipe

Result = TypeVar("Result")
Position: TypeAlias = Literal["head", "tail"]


def cut(results: Sequence[Result], pipes: Sequence[Pipe], size: int, result_position: Position) -> list[Result]:
    """The results that remain, in the order given: first `size` of them, then every pipe from left to right.

    `size` is taken from the end that the first pipe names, from `result_position` when there is none.
    """
    kept = list(results)
    implicit = Pipe(pipes[0].name if pipes else result_position, size)
    for pipe in (implicit, *pipes):
        kept = kept[: pipe.count] if pipe.name == "head" else kept[max(len(kept) - pipe.count, 0) :]
    return kept
