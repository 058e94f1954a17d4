"""Files that a command writes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import click

from deckwatch.cli.render import printable
from deckwatch.events.paths import STANDARD_INPUT, expand


def check_outputs(inputs: Iterable[str], outputs: Iterable[str]) -> None:
    """Stop before a file is overwritten that is to be read, or written twice.

    Raises:
        click.UsageError: an output is one of the inputs, of the files that a folder or pattern stands for, or named
            twice.
    """
    taken = {os.path.realpath(file): "one of the inputs" for file in expand(inputs) if file != STANDARD_INPUT}
    for output in outputs:
        place = os.path.realpath(output)
        if place in taken:
            raise click.UsageError(f"{printable(output)} is {taken[place]} and would be overwritten; name another file")
        taken[place] = "another output"


def opened(stack: ExitStack, path: str) -> IO[str]:
    """The file, emptied, open for writing until the stack unwinds."""
    return stack.enter_context(Path(path).open("w", encoding="utf-8"))
