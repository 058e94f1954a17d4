"""Where the rule store is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from deckwatch.errors import DeckwatchError

VARIABLE = "DECKWATCH_STORE"

INNER = ".deckwatch"
"""The folder for what the store needs beside the rules; hidden, so that nobody takes a base version for a rule."""

RULES = "rules"
EXCEPTIONS = "exceptions"
VALUE_LISTS = "value_lists"
BASE = f"{INNER}/base"
CONNECTORS = "connectors.ndjson"
HISTORY = f"{INNER}/history.ndjson"
STATE = f"{INNER}/state.sqlite"
LOCK = f"{INNER}/lock"


def default_place(environment: Mapping[str, str] = os.environ) -> Path:
    """What DECKWATCH_STORE names, else `deckwatch/rules` in the user's folder for data (XDG_DATA_HOME).

    Raises:
        DeckwatchError: that needs a home folder, and there is none.
    """
    try:
        if named := environment.get(VARIABLE):
            return Path(named).expanduser()
        data = environment.get("XDG_DATA_HOME")
        return (Path(data) if data else Path.home() / ".local" / "share") / "deckwatch" / "rules"
    except RuntimeError as error:
        raise DeckwatchError(f"the place of the rule store is not known: no home folder; set {VARIABLE}") from error


def is_store(root: Path) -> bool:
    """Whether there is a rule store; it may have lost its state, or its rules."""
    return (root / INNER).is_dir() or (root / RULES).is_dir()
