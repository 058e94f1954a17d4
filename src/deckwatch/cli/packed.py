"""Short texts side by side, on as many lines as they need, none of them broken where it fits on a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions
from rich.text import Text

BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class Packed:
    """A renderable; it leaves `spare` cells free at the end of each line."""

    items: tuple[Text, ...]
    spare: int = 0

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[Text]:
        return _lines(self.items, options.max_width - self.spare)


def _lines(items: Iterable[Text], width: int) -> Iterator[Text]:
    line = Text(overflow="fold")
    for item in items:
        if line.plain and line.cell_len + len(BETWEEN) + item.cell_len > width:
            yield line
            line = Text(overflow="fold")
        if line.plain:
            line.append(BETWEEN, "dim")
        line.append_text(item)
    if line.plain:
        yield line
