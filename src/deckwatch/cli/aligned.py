"""Reports of prose and small tables: columns as wide as what they hold."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

import click
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from deckwatch.cli.table import GAP

PIPE_WIDTH = 100
"""Where nobody looks."""


def print_report(lines: Callable[[int], Iterable[Text]]) -> None:
    """Print lines, made for the width they are given: on a terminal folded, or cut off if they must not wrap."""
    if not sys.stdout.isatty():
        for line in lines(PIPE_WIDTH):
            click.echo(line.plain)
        return
    terminal = Console(highlight=False, emoji=False, markup=False)
    for line in lines(terminal.width):
        terminal.print(line, no_wrap=line.no_wrap, overflow=line.overflow)


def aligned(header: Sequence[str], rows: Iterable[Iterable[str | Text]]) -> Iterator[Text]:
    """The lines of a table; a title that begins with a blank belongs to a column of numbers, set to the right.

    On a terminal a line that is too long is cut off. The text of the cells must be printable.
    """
    right = [title.startswith(" ") for title in header]
    cells = [[each if isinstance(each, Text) else Text(each) for each in row] for row in rows]
    if not cells:
        return
    cells.insert(0, [Text(title.strip(), "bold") for title in header])
    widths = [max(cell_len(row[number].plain) for row in cells) for number in range(len(header))]
    for row in cells:
        line = Text(no_wrap=True, overflow="ellipsis")
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
            blank = " " * (width - cell_len(cell.plain))
            line += Text.assemble(GAP if number else "", *((blank, cell) if right[number] else (cell, blank)))
        line.rstrip()
        yield line
