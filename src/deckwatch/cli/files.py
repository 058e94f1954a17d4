"""Files that a command writes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import click

from deckwatch.events.paths import STANDARD_INPUT, expand


def refuse_inputs(inputs: Iterable[str], *outputs: str | None) -> None:
    """Stop before a file is overwritten that is to be read.

    Raises:
        click.UsageError: one of the outputs is one of the inputs, or among those that a folder or pattern stands for.
    """
    read = {os.path.realpath(file) for file in expand(inputs) if file != STANDARD_INPUT}
    for output in outputs:
        if output is not None and os.path.realpath(output) in read:
            raise click.UsageError(f"{output} is one of the inputs and would be overwritten; name another file")


def opened(stack: ExitStack, path: str) -> IO[str]:
    """The file, emptied, open for writing until the stack unwinds."""
    return stack.enter_context(Path(path).open("w", encoding="utf-8"))
