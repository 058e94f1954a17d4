"""Bringing back what is lost: files from the state, the state from the files."""

from __future__ import annotations

from deckwatch.store.document import decoded
from deckwatch.store.journal import Event, entry
from deckwatch.store.place import RULES
from deckwatch.store.store import Store


def repair(store: Store, *, forget: bool = False) -> tuple[str, ...]:
    """Write files that are gone anew from the state; or, to `forget` them, accept that they are gone.

    The state and the history are rebuilt by whatever opens the store for a change, this included. Returns the
    paths of the files in question.

    Raises:
        DeckwatchError: the store cannot be changed.
    """
    with store.changing() as change:
        event: Event = "removed" if forget else "restored"
        for path in change.missing:
            change.files[path] = None if forget else change.known[path]
            if path.startswith(f"{RULES}/"):
                document = decoded(change.known[path], path)
                change.entries.append(entry(event, document, None))
    return change.missing
