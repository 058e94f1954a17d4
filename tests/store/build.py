"""Small stores and rules, to be varied by tests."""

import json
from pathlib import Path
from typing import Any

from deckwatch.rules.rule import Rule
from deckwatch.store.add import add
from deckwatch.store.document import Document
from deckwatch.store.edit import replace_rule
from deckwatch.store.store import Store
from tests.rules.build import parameters

ID = "11111111-2222-3333-4444-555555555555"

LIST = {"list_id": "l", "type": "detection", "name": "L", "description": "d", "namespace_type": "single"}
ITEM = {
    "item_id": "i",
    "list_id": "l",
    "namespace_type": "single",
    "name": "I",
    "description": "d",
    "type": "simple",
    "entries": [{"field": "process.name", "type": "match", "operator": "included", "value": "nc"}],
}
REFERENCE = {"id": "1", "list_id": "l", "type": "detection", "namespace_type": "single"}
CONNECTOR = {"id": "c", "type": "action", "attributes": {"name": "chat"}}
ACTION = {"id": "c", "action_type_id": ".slack", "params": {}, "group": "default"}


def document(metadata: dict[str, Any] | None = None, **changes: Any) -> Document:
    """A sound rule, as the store has it; None removes a parameter."""
    return Document({"version": 1, **parameters(**changes)}, metadata or {})


def written(folder: Path, *documents: Document) -> Path:
    """A folder with these rules, as their authors publish them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(documents):
        suffix, text = each.encoded
        (folder / f"rule-{number}{suffix}").write_text(text)
    return folder


def exported(path: Path, *lines: dict[str, Any]) -> Path:
    """A Kibana export."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def store_of(root: Path, *documents: Document) -> Store:
    """A store to which these rules have been added."""
    store = Store(root / "store")
    add(store, written(root / "published", *documents))
    return store


def only(store: Store) -> Rule:
    """The one rule of a store."""
    (rule,) = store.rules()
    return rule


def current(store: Store) -> Document:
    return Document.of(only(store))


def edited(store: Store, **changes: Any) -> None:
    """Change the one rule; None takes a parameter away."""
    before = current(store)
    values = {key: value for key, value in {**before.parameters, **changes}.items() if value is not None}
    replace_rule(store, before, Document(values, before.metadata))
