"""What a query found, as rows: one for each event, those of a sequence below its join keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.cells import cell_len
from rich.text import Text

from deckwatch.cli import render
from deckwatch.cli.table import Column, Table

if TYPE_CHECKING:
    from deckwatch import Result

Document: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = Mapping[str, Callable[[Document], str]]
"""Titles, and what of a document stands below each."""

NARROWEST, WIDEST = 13, 60
"""On a terminal, columns share its width as their cells need, between these numbers of characters."""

MISSING = "(no such event)"


def usual(timestamp_field: str, category_field: str) -> Columns:
    """What most people want to see of an event."""
    return {
        "TIME (UTC)": lambda document: render.time_text(document, timestamp_field),
        "EVENT": lambda document: render.action_text(document, category_field),
        "CONTAINER": render.container_text,
        "PROCESS": render.process_text,
        "FILE": lambda document: render.field_text(document, "file.path"),
    }


def chosen(fields: Iterable[str]) -> Columns:
    """The fields themselves."""
    return {name: partial(render.field_text, name=name) for name in fields}


def print_result(found: Result, columns: Columns) -> None:
    """Print the events, or the sequences each below its join keys."""
    loose = [_row(event, columns) for event in found.events]
    grouped = [[_row(event, columns) for event in sequence.events] for sequence in found.sequences]
    cells = zip(*chain(loose, *grouped), strict=True)
    table = Table([_column(title, below) for title, below in zip(columns, cells, strict=False)])
    for row in loose:
        table.row(row)
    for number, (sequence, rows) in enumerate(zip(found.sequences, grouped, strict=True), 1):
        table.line(_heading(number, sequence.join_keys))
        for row in rows:
            table.row(row)


def _row(event: Document | None, columns: Columns) -> list[Text]:
    if event is None:
        return [Text(MISSING, "dim"), *(Text(render.NOTHING, "dim") for _ in [*columns][1:])]
    return [Text(column(event) or render.NOTHING) for column in columns.values()]


def _column(title: str, cells: Iterable[Text]) -> Column:
    width = max(cell_len(text) for text in (title, *(cell.plain for cell in cells)))
    return Column(title, width, least=min(width, NARROWEST), share=min(width, WIDEST))


def _heading(number: int, join_keys: Sequence[object]) -> Text:
    keys = ", ".join(render.value_text(key) for key in join_keys)
    return Text(f"#{number} by {keys}" if keys else f"#{number}", "bold")
