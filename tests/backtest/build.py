"""Histories and rules made to measure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deckwatch import Rule, load_rules

START = datetime(2026, 11, 2, tzinfo=UTC)
"""A Monday."""

RULE = """
[rule]
name = "{name}"
description = "d"
rule_id = "{rule_id}"
risk_score = 21
severity = "low"
type = "eql"
language = "eql"
index = ["{index}"]
query = '''{query}'''
{more}
"""

CURL = 'process where process.name == "curl"'
DROP = """sequence by container.id with maxspan=1m
  [file where event.action == "creation"] by file.name
  [process where event.action == "exec"] by process.name"""


def rule(folder: Path, query: str, rule_id: str = "r", *, index: str = "*", more: str = "", file: str = "") -> Rule:
    """The rule, read from a file in the folder."""
    return next(iter(load_rules(rule_file(folder, query, rule_id, index=index, more=more, file=file))))


def rule_file(
    folder: Path, query: str, rule_id: str = "r", *, index: str = "*", more: str = "", file: str = ""
) -> Path:
    path = folder / f"{file or rule_id}.toml"
    text = RULE.format(name=f"Rule {rule_id}", rule_id=rule_id, query=query, index=index, more=more)
    path.write_text(text, encoding="utf-8")
    return path


def at(**after: float) -> str:
    """A time so long after the start."""
    return (START + timedelta(**after)).isoformat().replace("+00:00", "Z")


def nanoseconds(**after: float) -> int:
    """The same in nanoseconds since 1970."""
    return int((START + timedelta(**after)).timestamp()) * 1_000_000_000


def event(time: str, identity: str, container: str = "c1", image: str = "shop", **fields: Any) -> dict[str, Any]:
    """An event in a container, of a quiet process unless its fields say otherwise."""
    return {
        "@timestamp": time,
        "event": {"category": "process", "action": "exec", "id": identity},
        "container": {"id": container, "name": f"name-{container}", "image": {"name": image}},
        "process": {"name": "sh", "args": ["sh", "-c", "true"]},
        **fields,
    }


def curl(time: str, identity: str, container: str = "c1", image: str = "shop") -> dict[str, Any]:
    """An event on which the rule `CURL` fires."""
    return event(time, identity, container, image, process={"name": "curl", "args": ["curl", "-o", "/opt/x"]})


def created(time: str, identity: str, file: str, container: str = "c1") -> dict[str, Any]:
    """The first event of `DROP`."""
    what = {"category": "file", "action": "creation", "id": identity}
    return event(time, identity, container, event=what, file={"name": file, "path": f"/opt/{file}"})


def run(time: str, identity: str, program: str, container: str = "c1") -> dict[str, Any]:
    """The second event of `DROP`."""
    return event(time, identity, container, process={"name": program, "args": [f"/opt/{program}"]})


def weeks(alerts_by_day: Iterable[int], containers: int = 4) -> list[dict[str, Any]]:
    """An event every hour in each container, and so many alerts a day, all in the first container."""
    events = []
    for day, alerts in enumerate(alerts_by_day):
        for container in range(containers):
            image = "shop" if container < containers // 2 else "cart"
            events += [
                event(at(days=day, hours=hour), f"{day}-{container}-{hour}", f"c{container}", image)
                for hour in range(24)
            ]
        events += [curl(at(days=day, hours=1, minutes=each), f"{day}-alert-{each}", "c0") for each in range(alerts)]
    return events
