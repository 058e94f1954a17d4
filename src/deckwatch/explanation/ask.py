"""Asking a running watch."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import msgspec

from deckwatch.explanation.live_values import LiveExplanation
from deckwatch.explanation.meeting import MOST_TOLD, ROOT_FOLDER, ControlError, Question, folder, listening

PATIENCE_SECONDS = 65.0
"""A watch answers after its next step, and its interval may be a minute."""

_AGAIN_SECONDS = 0.05
_HOW_TO_START = "start one with `deckwatch watch`, or name its socket with --control PATH"
_HUNG_UP = "the watch ended, or hung up; if it still runs, ask again"


def explain_live(
    rule: str, control: str | os.PathLike[str] | None = None, *, container: str | None = None, limit: int = 5
) -> LiveExplanation:
    """How a rule of a running watch is doing.

    Args:
        rule: the id or the name of one of its rules; of a name its beginning is enough.
        control: where the watch listens; None: this user's only watch.
        container: only sequences of this container: its name, or the beginning of its id.
        limit: at most so many sequences that go on, that wait, and that have ended.

    Raises:
        ControlError: no watch listens there, or it does not run this rule, or the rule does not tell containers apart.
    """
    if not 1 <= limit <= MOST_TOLD:
        raise ControlError(f"limit must be between 1 and {MOST_TOLD}, not {limit}")
    path = _only() if control is None else Path(control)
    question = msgspec.json.encode(Question(rule, container, limit))
    try:
        answer = json.loads(_exchanged(path, question))
        if "error" in answer:
            raise ControlError(f"{path}: {answer['error']}")
        return msgspec.convert(answer["told"], LiveExplanation)
    except (ValueError, KeyError, TypeError, msgspec.ValidationError) as error:
        raise ControlError(f"{path}: the answer is not that of a watch of this version: {error}") from error


def _only() -> Path:
    """Where the only watch of this user listens.

    Raises:
        ControlError: there is none, or there are several.
    """
    place = folder()
    found = listening()
    match found:
        case [only]:
            return only
        case []:
            where = "" if place is None else f" in {place}"
            root = (
                "; a watch of root may be asked by root only: sudo"
                if place != ROOT_FOLDER and ROOT_FOLDER.exists()
                else ""
            )
            raise ControlError(f"no watch listens{where}; {_HOW_TO_START}{root}")
        case _:
            raise ControlError(f"several watches listen; name one with --control: {', '.join(map(str, found))}")


def _exchanged(path: Path, question: bytes) -> bytes:
    """The answer to a question."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(PATIENCE_SECONDS)
        try:
            _connect(caller, path)
            caller.sendall(question + b"\n")
            with caller.makefile("rb") as answers:
                answer = answers.readline()
        except (FileNotFoundError, ConnectionRefusedError):
            raise ControlError(f"{path}: no watch listens there; {_HOW_TO_START}") from None
        except (ConnectionResetError, BrokenPipeError):
            raise ControlError(f"{path}: {_HUNG_UP}") from None
        except PermissionError:
            raise ControlError(f"{path}: only the user who runs the watch may ask it; use sudo") from None
        except TimeoutError:
            raise ControlError(f"{path}: the watch did not answer within {PATIENCE_SECONDS:.0f} s") from None
        except OSError as error:
            raise ControlError(f"{path}: cannot be asked: {error.strerror or error}") from error
        if not answer.endswith(b"\n"):
            raise ControlError(f"{path}: {_HUNG_UP}")
        return answer


def _connect(caller: socket.socket, path: Path) -> None:
    """Be let in; where so many wait that no more may, wait outside."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            caller.connect(os.fspath(path))
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError from None
            time.sleep(_AGAIN_SECONDS)
        else:
            return
