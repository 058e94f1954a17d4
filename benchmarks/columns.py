"""The fields of a generated event: dotted name → type, and the nested schemas that readers want."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

Type: TypeAlias = Literal["text", "texts", "whole", "flag", "instant", "images"]
Tree: TypeAlias = "dict[str, Type | Tree]"

_PROCESS: dict[str, Type] = {
    "args": "texts",
    "entity_id": "text",
    "executable": "text",
    "group.id": "text",
    "interactive": "flag",
    "name": "text",
    "pid": "whole",
    "start": "instant",
    "user.id": "text",
    "working_directory": "text",
}

COLUMNS: Mapping[str, Type] = {
    "@timestamp": "instant",
    "agent.id": "text",
    "agent.name": "text",
    "agent.type": "text",
    "agent.version": "text",
    "cloud_defend.hook_point": "texts",
    "cloud_defend.matched_selectors": "texts",
    "cloud_defend.package_policy_id": "text",
    "cloud_defend.package_policy_revision": "whole",
    "container.id": "text",
    "container.image.hash.all": "texts",
    "container.image.name": "text",
    "container.image.tag": "texts",
    "container.name": "text",
    "container.security_context.privileged": "flag",
    "data_stream.dataset": "text",
    "data_stream.namespace": "text",
    "data_stream.type": "text",
    "ecs.version": "text",
    "event.action": "texts",
    "event.category": "texts",
    "event.created": "instant",
    "event.dataset": "text",
    "event.id": "text",
    "event.ingested": "instant",
    "event.kind": "text",
    "event.module": "text",
    "event.sequence": "whole",
    "event.type": "texts",
    "file.Ext.original.name": "text",
    "file.Ext.original.path": "text",
    "file.extension": "text",
    "file.name": "text",
    "file.path": "text",
    "group.id": "text",
    "host.architecture": "text",
    "host.boot.id": "text",
    "host.hostname": "text",
    "host.id": "text",
    "host.name": "text",
    "host.os.family": "text",
    "host.os.full": "text",
    "host.os.name": "text",
    "host.os.platform": "text",
    "host.os.type": "text",
    "host.os.version": "text",
    "host.pid_ns_ino": "text",
    "orchestrator.cluster.id": "text",
    "orchestrator.cluster.name": "text",
    "orchestrator.namespace": "text",
    "orchestrator.resource.ip": "texts",
    "orchestrator.resource.label": "texts",
    "orchestrator.resource.name": "text",
    "orchestrator.resource.parent.type": "text",
    "orchestrator.resource.type": "text",
    **{f"process.{name}": kind for name, kind in _PROCESS.items()},
    "process.args_count": "whole",
    "process.end": "instant",
    "process.exit_code": "whole",
    "process.previous": "images",
    "process.thread.capabilities.effective": "texts",
    "process.thread.capabilities.permitted": "texts",
    "process.tty.char_device.major": "whole",
    "process.tty.char_device.minor": "whole",
    **{
        f"process.{kin}.{name}": kind
        for kin in ("parent", "entry_leader", "session_leader", "group_leader")
        for name, kind in ({**_PROCESS, "same_as_process": "flag"}).items()
    },
    "process.entry_leader.entry_meta.type": "text",
    "user.id": "text",
}


def tree(names: Iterable[str]) -> Tree:
    """Dotted names as nested objects with a type at each leaf; a name that is no column is text."""
    root: Tree = {}
    for name in names:
        *parents, leaf = name.split(".")
        node: Any = root
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = COLUMNS.get(name, "text")
    return root


def arrow_schema(names: Iterable[str], *, instants: bool) -> Any:
    """A nested PyArrow schema of the names; dates are `timestamp[ns, UTC]`, or text when `instants` is false."""
    import pyarrow as pa

    images = pa.list_(pa.struct({"args": pa.list_(pa.string()), "executable": pa.string()}))
    leaf = {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "whole": pa.int64(),
        "flag": pa.bool_(),
        "instant": pa.timestamp("ns", tz="UTC") if instants else pa.string(),
        "images": images,
    }

    def fields(node: Tree) -> list[Any]:
        return [
            pa.field(name, pa.struct(fields(kind)) if isinstance(kind, dict) else leaf[kind])
            for name, kind in node.items()
        ]

    return pa.schema(fields(tree(names)))
