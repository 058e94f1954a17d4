"""Events in a few words."""

from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 22, 2, 42, tzinfo=UTC)


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def event(identity: str, seconds: float | None, category: str, **fields: Any) -> dict[str, Any]:
    """An event of container c1 and user 0; `__` in names stands for a dot, None removes a field."""
    document = {
        "@timestamp": None if seconds is None else at(seconds),
        "event.id": identity,
        "event.category": category,
        "container.id": "c1",
        "user.id": "0",
        **{name.replace("__", "."): value for name, value in fields.items()},
    }
    return {name: value for name, value in document.items() if value is not None}


def file(identity: str, seconds: float | None, **fields: Any) -> dict[str, Any]:
    return event(identity, seconds, "file", **fields)


def process(identity: str, seconds: float | None, **fields: Any) -> dict[str, Any]:
    return event(identity, seconds, "process", **fields)
