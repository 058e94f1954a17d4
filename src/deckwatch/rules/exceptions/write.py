"""Exception items as Kibana imports them: a line for their list, and one for each item."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from deckwatch.errors import DeckwatchError
from deckwatch.rules.exceptions.lists import Step
from deckwatch.rules.exceptions.notation import say
from deckwatch.rules.exceptions.read import RULES_KEY, STEP_KEY

_ITEM_IDS = UUID("5d8ad1c6-6c3f-4b57-8a4e-6a5b1f0d3e27")

Line = dict[str, Any]


def new_item(
    entries: Sequence[Mapping[str, Any]],
    *,
    list_id: str,
    name: str = "",
    os_types: Sequence[str] = (),
    expire_time: str | None = None,
    steps: Sequence[Step] = (),
) -> Line:
    """An item in Kibana's form; the same conditions on the same list have the same `item_id`."""
    what = json.dumps([list_id, entries, list(os_types), list(steps)], sort_keys=True)
    said = " and ".join(map(say, entries))
    return {
        "item_id": str(uuid5(_ITEM_IDS, what)),
        "list_id": list_id,
        "type": "simple",
        "name": name or said,
        "description": said,
        "namespace_type": "single",
        "entries": [dict(each) for each in entries],
        "os_types": list(os_types),
        "tags": [],
        "comments": [],
        **({"expire_time": expire_time} if expire_time else {}),
        **({"meta": {STEP_KEY: list(steps)}} if steps else {}),
    }


def new_list(list_id: str, name: str, rule_ids: Sequence[str]) -> Line:
    """A list in Kibana's form, for rules that need not refer to it."""
    return {
        "list_id": list_id,
        "type": "detection",
        "name": name,
        "description": name,
        "namespace_type": "single",
        "os_types": [],
        "tags": [],
        "immutable": False,
        "version": 1,
        "meta": {RULES_KEY: list(rule_ids)},
    }


def write_items(path: Path, head: Line, items: Iterable[Line]) -> None:
    """Write a list and items into a file; what is there stays, but for items of the same `item_id`.

    The list that is there stays as well, and the rules it is for grow by those of `head`.

    Raises:
        DeckwatchError: the file holds something other than lines of an export, or cannot be written.
    """
    lines = _merged(_existing(path), head, list(items))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)  # in one step, whoever reads at the same time
    except OSError as error:
        raise DeckwatchError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)


def _existing(path: Path) -> list[Line]:
    if not path.exists():
        return []
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError as error:
        raise DeckwatchError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DeckwatchError(f"{path}: not lines of JSON: {error}; name a new file") from error
    if not all(isinstance(line, dict) for line in lines):
        raise DeckwatchError(f"{path}: not lines of JSON objects; name a new file")
    return lines


def _merged(lines: list[Line], head: Line, items: list[Line]) -> list[Line]:
    new = {item["item_id"] for item in items}
    kept = [line for line in lines if line.get("item_id") not in new]
    for place, line in enumerate(kept):
        if _is_list(line) and line["list_id"] == head["list_id"]:
            kept[place] = _for_more_rules(line, head["meta"][RULES_KEY])
            break
    else:
        kept.append(head)
    ends = [line for line in kept if "exported_count" in line or "exported_exception_list_count" in line]
    return [line for line in kept if line not in ends] + items  # what ends counted is no longer so


def _is_list(line: Line) -> bool:
    return "list_id" in line and "item_id" not in line and "rule_id" not in line


def _for_more_rules(line: Line, rule_ids: Sequence[str]) -> Line:
    meta = line.get("meta") if isinstance(line.get("meta"), dict) else {}
    known = (meta or {}).get(RULES_KEY) or []
    return {**line, "meta": {**(meta or {}), RULES_KEY: list(dict.fromkeys([*known, *rule_ids]))}}
