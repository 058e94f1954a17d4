"""What becomes of lines that are no events."""

from __future__ import annotations

from dataclasses import asdict
from typing import IO, TYPE_CHECKING

from deckwatch.cli.render import json_line

if TYPE_CHECKING:
    from deckwatch.events.deadletter import DeadLetter


class DeadLetters:
    """Writes every letter to a file, if there is one.

    `first` is the first line that is no event. `damaged` are the inputs that could not be read, or not to their end.
    """

    def __init__(self, file: IO[str] | None) -> None:
        self._file = file
        self.first: DeadLetter | None = None
        self.damaged: list[DeadLetter] = []

    def __call__(self, letter: DeadLetter) -> None:
        if self._file is not None:
            self._file.write(json_line(asdict(letter)) + "\n")
        if letter.line is None:
            self.damaged.append(letter)
        elif self.first is None:
            self.first = letter
