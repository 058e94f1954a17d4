"""The sentence that says what an alert is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deckwatch.events.document import field_values

_NAMED = (("process", "process.name"), ("parent process", "process.parent.name"), ("file", "file.name"))
_ADDRESSED = ("source", "destination")


def reason(document: Mapping[str, Any], severity: str, rule_name: str) -> str:
    """What happened, to whom and where, as far as the document says; the comma after an address belongs to its port."""
    details = ""
    for label, field in _NAMED:
        if name := _shown(document, field):
            details += f" {label} {name},"
    for label in _ADDRESSED:
        if address := _shown(document, f"{label}.ip"):
            details += f" {label} {address}"
        if port := _shown(document, f"{label}.port"):
            details += f":{port},"
    category, user, host = (_shown(document, field) for field in ("event.category", "user.name", "host.name"))
    return (
        (f"{category} event" if category else "event")
        + (f" with{details}" if details else "")
        + (f" by {user}" if user else "")
        + (f" on {host}" if host else "")
        + f" created {severity} alert {rule_name}."
    )


def _shown(document: Mapping[str, Any], field: str) -> str:
    values = [str(value) for value in field_values(document, field, "keyword") if value != ""]
    return "" if values == ["-"] else ", ".join(values)
