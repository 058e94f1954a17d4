"""Files that a command writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from deckwatch.cli.render import json_line, printable
from deckwatch.events.paths import STANDARD_INPUT, expand

if TYPE_CHECKING:
    from deckwatch.rules.rule import Rule


def check_outputs(inputs: Sequence[str], outputs: Iterable[str], rules: Iterable[Rule] = ()) -> None:
    """Stop before a file is overwritten that is to be read, that holds one of the rules, or that is written twice.

    Raises:
        click.UsageError: an output is one of the inputs, of the files that a folder or pattern stands for, the file
            of a rule, or named twice.
    """
    files = expand(inputs) if inputs else ()
    taken = {os.path.realpath(file): "one of the inputs" for file in files if file != STANDARD_INPUT}
    taken |= {os.path.realpath(rule.source.file): "a file of rules" for rule in rules}
    for output in outputs:
        place = os.path.realpath(output)
        if place in taken:
            raise click.UsageError(f"{printable(output)} is {taken[place]} and would be overwritten; name another file")
        taken[place] = "another output"


def opened(stack: ExitStack, path: str, mode: str = "w") -> IO[str]:
    """The file, emptied unless the mode says otherwise, open for writing until the stack unwinds."""
    return stack.enter_context(Path(path).open(mode, encoding="utf-8"))


def json_lines(stream: IO[str]) -> Callable[[object], None]:
    """What writes each value as one line of JSON, at once."""
    return lambda value: click.echo(json_line(value), stream)
