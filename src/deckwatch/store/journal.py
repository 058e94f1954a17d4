"""What happened to the rules of a store: one entry a rule and command, with the values before and after."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias, cast, get_args

from deckwatch.store.document import Document

Event: TypeAlias = Literal["added", "updated", "edited", "enabled", "disabled", "duplicated", "removed", "restored"]

_COUNTED = ("revision",)
"""Parameters that count changes and are none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`changes` maps parameters, and `metadata.NAME`, to what was and what is; None stands for absent.

    `outside` marks what was done to the files without deckwatch: an editor, a checkout, a merge.
    """

    time: str
    event: Event
    rule_id: str
    name: str
    version: int
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    source: str = ""
    outside: bool = False

    @property
    def described(self) -> dict[str, Any]:
        """The entry as JSON has it, what is empty left out."""
        values = {
            "time": self.time,
            "event": self.event,
            "rule_id": self.rule_id,
            "name": self.name,
            "version": self.version,
            "source": self.source,
            "outside": self.outside,
            "changes": {key: {"from": was, "to": now} for key, (was, now) in self.changes.items()},
        }
        return {key: value for key, value in values.items() if value not in ("", {}, False)}

    @property
    def line(self) -> str:
        """The entry as a line of the history's file."""
        return json.dumps(self.described, ensure_ascii=False, separators=(",", ":"), default=str)


def entry(
    event: Event, was: Document | None, now: Document | None, *, source: str = "", outside: bool = False
) -> Entry:
    """The entry for a rule that became another, appeared or vanished, just now.

    The source may be the name of a file that is not UTF-8; its bytes are then escaped.
    """
    shown = cast("Document", now or was)
    changes = changed(was, now) if was and now else {}
    return Entry(
        datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        event,
        shown.rule_id,
        shown.name,
        shown.parameters["version"],
        changes,
        source.encode(errors="backslashreplace").decode(),
        outside,
    )


def changed(was: Document, now: Document) -> dict[str, tuple[Any, Any]]:
    """The parameters that differ, each with its two values."""
    before, after = _flat(was), _flat(now)
    keys = [key for key in {**before, **after} if key not in _COUNTED]
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


def _flat(document: Document) -> dict[str, Any]:
    return {**document.parameters, **{f"metadata.{key}": value for key, value in document.metadata.items()}}


def entries(lines: Iterable[str]) -> list[Entry]:
    """The entries of some lines, oldest first; lines that are none, such as marks of a merge, are passed over."""
    found = [each for line in lines if (each := _read(line)) is not None]
    return sorted(found, key=lambda each: each.time)


def _read(line: str) -> Entry | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match value:
        case {
            "time": str(time),
            "event": str(event),
            "rule_id": str(rule_id),
            "name": str(name),
            "version": int(version),
        } if event in get_args(Event):
            given = value.get("changes")
            pairs = given.items() if isinstance(given, dict) else ()
            changes = {key: (pair.get("from"), pair.get("to")) for key, pair in pairs if isinstance(pair, dict)}
            source, outside = str(value.get("source", "")), value.get("outside") is True
            return Entry(time, cast("Event", event), rule_id, name, version, changes, source, outside)
    return None
