"""What becomes of lines that are no events."""

from __future__ import annotations

from dataclasses import asdict
from typing import IO, TYPE_CHECKING

import click

from deckwatch.cli.render import escaped, json_line, number_of, printable

if TYPE_CHECKING:
    from deckwatch.events.deadletter import DeadLetter


class DeadLetters:
    """Writes every letter to a file, if there is one.

    `first` is the first line that is no event. `damaged` are the inputs that could not be read, or not to their end.
    `malformed` counts the lines that are no events.
    """

    def __init__(self, file: IO[str] | None) -> None:
        self._file = file
        self.malformed = 0
        self.first: DeadLetter | None = None
        self.damaged: list[DeadLetter] = []

    def __call__(self, letter: DeadLetter) -> None:
        if self._file is not None:
            self._file.write(json_line(asdict(letter)) + "\n")
        if letter.line is None:
            self.damaged.append(letter)
            return
        self.malformed += 1
        self.first = self.first or letter


def report_damage(letters: DeadLetters) -> None:
    """Say on the standard error which inputs could not be read, or not to their end, and why."""
    for letter in letters.damaged:
        click.echo(printable(f"{letter.source}: {letter.reason}"), err=True)


def malformed(count: int, first: DeadLetter, file: str | None) -> str:
    """How many lines are no events, where they are kept if `file` is given, and what is wrong with the first."""
    where = f"all in {file}" if file else "--dead-letter FILE keeps them"
    return f"{number_of(count, 'malformed line')}, {where}; the first: " + escaped(
        f"{first.source}:{first.line}: {first.reason}"
    )
