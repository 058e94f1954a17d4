"""Where a running watch can be asked: a Unix socket that is seen to between the steps of its stream.

A connection carries one question, a line of JSON, and one answer. Nothing here ever waits, and all that a client can
make the watch do is bounded: connections, the length of a question, the time they have, answers per second.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import msgspec

from deckwatch.errors import DeckwatchError
from deckwatch.events.document import leaves
from deckwatch.explanation.meeting import ControlError, Question, folder, free

MOST_CLIENTS = 8
QUESTION_BYTES = 4096
CLIENT_SECONDS = 10.0
"""Until a client that does not ask, or does not read, is let go."""

REST_SECONDS = 0.1
"""Between two answers, each of which takes some milliseconds."""

SHOWN = ("event.category", "event.action", "file.path", "process.name", "process.args")
"""What people are shown of an event. No more of its document goes into an answer, and no more than this:"""

VALUE_CHARACTERS = 200
LIST_ITEMS = 20

TEXT_CHARACTERS = 10_000
"""Of all other texts, such as join keys."""

Answer: TypeAlias = Callable[[Question], object]
"""What a question is answered with: a value of dataclasses.

Raises:
    DeckwatchError: it cannot be answered; whoever asked is told why.
"""


@dataclass(slots=True)
class _Client:
    connection: socket.socket
    until: float
    question: bytearray = field(default_factory=bytearray)
    answer: memoryview | None = None


class Control:
    """Listens at a path that only this user may use. A context manager.

    Raises:
        ControlError: it cannot listen there.
    """

    def __init__(self, path: Path, answer: Answer) -> None:
        self.path = path
        self._answer = answer
        self._clients: list[_Client] = []
        self._next = 0.0
        try:
            self._socket = _listener(path)
            self._inode = path.stat().st_ino
        except OSError as error:
            raise ControlError(f"{path}: cannot listen there: {error.strerror or error}") from error

    @classmethod
    def by_default(cls, answer: Answer) -> Control | None:
        """Where `explain_live` looks if it is not told where; None if this user has no place for that."""
        with contextlib.suppress(ControlError):
            if (place := folder()) is not None:
                return cls(place / f"watch-{os.getpid()}.sock", answer)
        return None

    def serve(self) -> None:
        """See to what is asked by now. To be called between steps; it does not wait."""
        now = time.monotonic()
        self._welcome(now)
        for client in self._clients.copy():
            try:
                goes_on = now < client.until and self._goes_on(client, now)
            except BlockingIOError:
                goes_on = True
            except OSError:
                goes_on = False
            if not goes_on:
                self._clients.remove(client)
                client.connection.close()

    def close(self) -> None:
        """Let go of all; may be called twice."""
        for each in (self._socket, *(client.connection for client in self._clients)):
            each.close()
        self._clients.clear()
        with contextlib.suppress(OSError):
            if self.path.stat().st_ino == self._inode:
                self.path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _welcome(self, now: float) -> None:
        """Others wait outside, where the kernel bounds their number."""
        with contextlib.suppress(OSError):
            while len(self._clients) < MOST_CLIENTS:
                connection, _ = self._socket.accept()
                connection.settimeout(0)
                self._clients.append(_Client(connection, now + CLIENT_SECONDS))

    def _goes_on(self, client: _Client, now: float) -> bool:
        """Go as far with a client as can be gone now; whether there is more to do."""
        if client.answer is None:
            if b"\n" not in client.question:
                data = client.connection.recv(QUESTION_BYTES)
                client.question += data
                if not data or len(client.question) > QUESTION_BYTES:
                    return False
            if b"\n" not in client.question or now < self._next:
                return True
            client.answer = memoryview(self._answered(bytes(client.question)))
            self._next = time.monotonic() + REST_SECONDS
        client.answer = client.answer[client.connection.send(client.answer) :]
        return bool(client.answer)

    def _answered(self, line: bytes) -> bytes:
        try:
            answer = {"told": _brief(msgspec.to_builtins(self._answer(msgspec.json.decode(line, type=Question))))}
        except (DeckwatchError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            answer = {"error": str(error)}
        except Exception as error:  # noqa: BLE001  # no question may end a watch
            answer = {"error": f"the watch could not answer: {type(error).__name__}: {error}"}
        return json.dumps(answer).encode() + b"\n"


def _listener(path: Path) -> socket.socket:
    free(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listener.fileno(), 0o600)  # before it has a name: at no time may anybody else connect
        listener.bind(os.fspath(path))
        listener.listen(MOST_CLIENTS)
        listener.settimeout(0)
    except BaseException:
        listener.close()
        raise
    return listener


def _brief(value: Any) -> Any:
    """The same with no more of each document than is shown, and nothing in it without a bound."""
    match value:
        case {"document": dict() as document, **rest}:
            return {**_brief(rest), "document": {name: _shown(document, name) for name in SHOWN}}
        case dict():
            return {name: _brief(each) for name, each in value.items()}
        case list() | tuple():
            return [_brief(each) for each in value]
        case str():
            return value[:TEXT_CHARACTERS]
        case _:
            return value


def _shown(document: Mapping[str, Any], name: str) -> list[str]:
    values = islice((leaf for leaf in leaves(document, name) if isinstance(leaf, str)), LIST_ITEMS)
    return [value[:VALUE_CHARACTERS] for value in values]
