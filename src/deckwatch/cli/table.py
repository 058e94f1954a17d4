"""Rows printed as they come: folded into the width of a terminal, or whole, one line each, where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column as Cells
from rich.table import Table as Grid
from rich.text import Text

GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is what its cells usually need, `least` what they need on a terminal.

    There, the columns with a `share` divide what the others leave, and a cell that is longer still goes on in the
    next line, or ends in … where it is `cropped`.
    """

    title: str
    width: int
    least: int
    share: int = 0
    cropped: bool = False


class Table:
    """A table on the standard output, its header printed before the first row."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._begun = False
        self.terminal = Console(highlight=False, emoji=False, markup=False) if sys.stdout.isatty() else None

    def row(self, cells: Sequence[Text]) -> None:
        """Print a row; the text of the cells must be printable."""
        self._begin()
        self._print(cells)

    def line(self, text: Text) -> None:
        """Print a line across all columns."""
        self._begin()
        if self.terminal:
            self.terminal.print(text)
        else:
            click.echo(text.plain)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._print([Text(column.title, "bold") for column in self._columns])

    def _print(self, cells: Sequence[Text]) -> None:
        if self.terminal:
            self.terminal.print(self._grid(cells, self.terminal))
        else:
            padded = (
                cell.plain + " " * (column.width - cell_len(cell.plain))
                for cell, column in zip(cells, self._columns, strict=True)
            )
            click.echo(GAP.join(padded).rstrip())

    def _grid(self, cells: Sequence[Text], terminal: Console) -> Grid:
        columns = (
            Cells(width=width, overflow="ellipsis" if column.cropped else "fold", no_wrap=column.cropped)
            for column, width in zip(self._columns, self._widths(terminal.width), strict=True)
        )
        grid = Grid.grid(*columns, padding=(0, len(GAP), 0, 0))
        grid.add_row(*cells)
        return grid

    def _widths(self, room: int) -> list[int]:
        """What the columns need, and their share of what that leaves; rich wants a gap after the last one, too."""
        spare = max(0, room - sum(column.least + len(GAP) for column in self._columns))
        shares = max(1, sum(column.share for column in self._columns))
        return [column.least + spare * column.share // shares for column in self._columns]
