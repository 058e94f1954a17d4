"""Events as documents, in the shape of the Defend for Containers data streams, not merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deckwatch.eql.dates import format_timestamp
from deckwatch.sensor.actors import Actor, State
from deckwatch.sensor.capabilities import names_of
from deckwatch.sensor.containers import View
from deckwatch.sensor.event import Event, Loss, Moment
from deckwatch.sensor.node import Node
from deckwatch.sensor.portrait import OWN, RELATIVES, STATE, base_name, date_of, is_cut, is_same, nested

Object = dict[str, Any]


class Describer:
    """Writes the parts of documents. Parts that events share are made once and never changed: copy before you do.

    `run` makes event ids different from those of any other run.
    """

    def __init__(self, node: Node, run: str) -> None:
        self.node = node
        self._run = run
        self.constant: Object = {"agent": dict(node.agent), "ecs": {"version": "8.7.0"}, "host": dict(node.host)}

    def document(self, event: Event) -> Object:
        """The whole document; parts of it belong to other documents too."""
        document: Object = {"@timestamp": format_timestamp(self.time(event)), **self.constant}
        for part in self._parts(event):
            _merge(document, part)
        return document

    def _parts(self, event: Event) -> Iterator[Object]:
        yield event.action.object
        yield {"event": self.numbers(event)}
        if event.container is not None:
            yield self.container(event.container)
        if event.actor is not None:
            yield self.actor(event.actor)
        if event.path:
            yield {"file": nested((name, told(getattr(event, of)) or None) for name, (of, told) in FILE.items())}
        if event.lexical or event.cut:
            yield {"deckwatch": _known({"path_cut": event.cut or None, "path_unchecked": event.lexical or None})}
        if event.detail is not None:
            yield self.detail(event.detail)

    def time(self, event: Event) -> int:
        """When it happened, in nanoseconds since 1970."""
        return self.node.boot_epoch + event.time

    def event_id(self, event: Event) -> str:
        """Unique among all events of all runs."""
        return f"{self._run}-{event.sequence:x}"

    def numbers(self, event: Event) -> Object:
        """What `event` holds that no other event has."""
        read = format_timestamp(event.read)
        return {"created": read, "id": self.event_id(event), "ingested": read, "sequence": event.sequence}

    def container(self, view: View) -> Object:
        """The objects `container`, `orchestrator` and `deckwatch` of a container's events."""
        if view.objects is None:
            view.objects = _container(view)
        return view.objects

    def actor(self, actor: Actor) -> Object:
        """The objects `process`, `user` and `group`, and what is missing in them."""
        if actor.objects is None:
            actor.objects = self._actor(actor)
        return actor.objects

    def _actor(self, actor: Actor) -> Object:
        state = actor.state
        process = dict(self._state(state)) | nested((name, told(self.node, state)) for name, told in OWN.items())
        for name in RELATIVES:
            relative: State | None = getattr(actor, name)
            if relative is not None:
                process[name] = {**self._state(relative), "same_as_process": is_same(actor, relative)}
        if actor.entry_type is not None and "entry_leader" in process:
            process["entry_leader"]["entry_meta"] = {"type": actor.entry_type}
        objects = {"process": process} | {name: process[name] for name in ("user", "group") if name in process}
        return objects | {"deckwatch": {"args_cut": True}} if is_cut(state) else objects

    def _state(self, state: State) -> Object:
        """A process without its relatives; not to be changed."""
        if state.object is None:
            state.object = nested((name, told(self.node, state)) for name, told in STATE.items())
        return state.object

    def detail(self, detail: Moment | Loss) -> Object:
        """What only some events tell."""
        return {"process": self._moment(detail)} if isinstance(detail, Moment) else _loss(detail)

    def _moment(self, moment: Moment) -> Object:
        sets = {"effective": names_of(moment.effective), "permitted": names_of(moment.permitted)}
        told: Object = {"thread": {"capabilities": {name: list(names) for name, names in sets.items()}}}
        if moment.previous is not None:
            told["previous"] = [{"args": list(moment.previous.args), "executable": moment.previous.executable}]
        if moment.ended is not None:
            told["end"] = date_of(self.node, moment.ended)
            told["exit_code"] = exit_code(moment.status)
        return told


def exit_code(status: int) -> int:
    """What a shell calls it: 128 and the signal for a process that was killed."""
    signal = status & 0x7F
    return 128 + signal if signal else status >> 8 & 0xFF


def extension(path: str) -> str:
    """What follows the last dot of the name; empty when only dots are before it, as in hidden files."""
    stem, _, found = base_name(path).rpartition(".")
    return found if stem.strip(".") else ""


FILE: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "path": ("path", str),
    "name": ("path", base_name),
    "extension": ("path", extension),
    "Ext.original.path": ("original", str),
    "Ext.original.name": ("original", base_name),
}
"""The fields of `file`: which text of the event they are made of, and how. An empty one is none."""


def _container(view: View) -> Object:
    path, facts = view.path, view.facts
    image = facts.image
    container: Object = {"id": path.id}
    known = {
        "name": facts.name,
        "runtime": facts.runtime,
        "labels": {key.replace(".", "_"): value for key, value in facts.labels.items()},
        "security_context": None if facts.privileged is None else {"privileged": facts.privileged},
        "image": _known(
            {
                "name": image.name if image else None,
                "tag": [image.tag] if image and image.tag else None,
                "hash": _known({"all": sorted(filter(None, {image.digest if image else None, facts.image_id}))}),
            }
        ),
    }
    objects = {"container": container | _known(known)}
    resource = _known({"name": facts.pod_name, "id": facts.pod_uid})
    if resource:
        namespace = _known({"namespace": facts.pod_namespace})
        objects["orchestrator"] = {**namespace, "resource": {**resource, "type": "pod"}}
    own = _known({"outer": list(path.outer), "sandbox": facts.sandbox or None})
    if own:
        objects["deckwatch"] = {"container": own}
    return objects


def _known(members: Object) -> Object:
    return {key: value for key, value in members.items() if value not in (None, "", [], {})}


def _loss(loss: Loss) -> Object:
    told: Object = {"count": loss.count, "reason": loss.reason}
    kind, place = "", ""
    if loss.what is not None:
        told["what"], kind = loss.what, f" of kind {loss.what}"
    if loss.cpu >= 0:
        told["cpu"], place = loss.cpu, f" on CPU {loss.cpu}"
    return {"deckwatch": {"loss": told}, "message": f"{loss.count} records{kind} were lost{place}: {loss.reason}"}


def _merge(document: Object, part: Object) -> None:
    """Add a part to a document; objects that both have are copied before they are joined."""
    for key, value in part.items():
        if key in document and isinstance(value, dict):
            joined = document[key] = dict(document[key])
            _merge(joined, value)
        else:
            document[key] = value
