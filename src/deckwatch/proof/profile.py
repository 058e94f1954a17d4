"""What real events look like: defaults, which fields follow from which, and what else a field may hold."""

from __future__ import annotations

import posixpath
import random
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from deckwatch.eql.nodes import Scalar
from deckwatch.eql.types import Kind

Values: TypeAlias = Mapping[str, tuple[Scalar, ...]]
"""The values of fields; an empty tuple: the field is missing."""

ACTIONS: Mapping[str, tuple[str, str]] = {
    "process": ("start", "exec"),
    "file": ("creation", "creation"),
    "network": ("start", "connection_attempted"),
    "authentication": ("start", "logged-in"),
}
"""Of a category, the type and the action of its usual events."""

TYPES: Mapping[str, str] = {
    "creation": "creation",
    "deletion": "deletion",
    "end": "end",
    "exec": "start",
    "fork": "start",
    "modification": "change",
    "open": "change",
    "rename": "change",
}
"""The event type that goes with an action."""

OF_CATEGORY: Mapping[str, tuple[str, ...]] = {
    "process": ("exec", "fork", "end"),
    "file": ("creation", "deletion", "modification", "rename", "open"),
    "network": ("connection_attempted", "connection_accepted", "disconnect_received"),
}
"""The usual actions of a category."""

OTHERS: Mapping[str, tuple[Scalar, ...]] = {
    "event.action": ("exec", "creation", "deletion", "fork", "end", "rename", "modification", "connection_accepted"),
    "event.type": ("start", "creation", "change", "deletion", "end", "info"),
    "event.category": ("process", "file", "network", "session"),
    "event.outcome": ("success", "failure"),
    "host.os.type": ("linux", "windows", "macos"),
    "user.id": ("0", "1000", "65534"),
    "user.name": ("root", "app"),
    "process.name": ("server", "python3", "bash", "nginx"),
    "process.parent.name": ("bash", "containerd-shim", "sshd"),
    "process.args": ("--verbose", "status"),
    "file.path": ("/srv/data/report.txt", "/tmp/payload", "/etc/app.conf"),  # noqa: S108  # of containers
    "file.name": ("report.txt", "payload"),
    "destination.port": (443, 8080, 22),
    "destination.ip": ("203.0.113.7", "10.0.0.9", "127.0.0.1", "2001:db8::7"),
    "source.ip": ("10.0.0.5", "203.0.113.9", "127.0.0.1", "2001:db8::5"),
}
"""Usual values of some fields, tried where a test refuses the default."""

ANY_OF_KIND: Mapping[Kind, tuple[Scalar, ...]] = {
    "keyword": ("other", "x", ""),
    "long": (1, 0, 1000, -1),
    "double": (0.5, 0.0, 100.0, -1.0),
    "boolean": (False, True),
    "date": (1_767_225_600_000_000_000,),
    "ip": ("10.0.0.5", "203.0.113.7", "127.0.0.1", "2001:db8::5"),
    "version": ("1.0.0", "2.1.0"),
}

_DIRECTORIES = ("/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/tmp", "/opt/app")  # noqa: S108  # of containers
_FIRST = ("event", "data_stream", "host", "container", "user")
_AFTER_NAME = frozenset({"executable", "path", "command_line"})
_FILLERS = ("", "x1")
_LATER = ("action", "type", "executable", "path", "extension", "args", "args_count", "command_line")


def rank(name: str) -> tuple[int, int, str]:
    """The order in which fields get their values: what others follow from comes first."""
    head, _, last = name.rpartition(".")
    return (
        0 if name.split(".", 1)[0] in _FIRST else 1,
        _LATER.index(last) + 1 if last in _LATER else 0,
        head if last in _LATER else name,
    )


def derived(name: str, values: Values) -> Iterator[tuple[Scalar, ...]]:
    """What a field would hold for an event to make sense with those values, the likeliest first."""
    head, _, last = name.rpartition(".")
    derivation = _DERIVATIONS.get(last)
    if derivation is not None:
        yield from derivation(lambda other: values.get(f"{head}.{other}", ()))
    elif last == "dataset":
        yield from (values[twin] for twin in ("data_stream.dataset", "event.dataset") if values.get(twin))


_Beside: TypeAlias = Callable[[str], tuple[Scalar, ...]]
"""The values of a field beside another: `process.args` beside `process.name`."""


def _name(beside: _Beside) -> Iterator[tuple[Scalar, ...]]:
    for path in (*_texts(beside("executable")), *_texts(beside("path")), *_texts(beside("args")[:1])):
        if name := posixpath.basename(path):
            yield (name,)


def _below(*folders: str) -> Callable[[_Beside], Iterator[tuple[Scalar, ...]]]:
    return lambda beside: ((f"{folder}/{text}",) for text in _texts(beside("name")) for folder in folders)


def _action(beside: _Beside) -> Iterator[tuple[Scalar, ...]]:
    yield from ((action,) for each in _texts(beside("category")) for action in OF_CATEGORY.get(each, ()))


def _type(beside: _Beside) -> Iterator[tuple[Scalar, ...]]:
    yield from ((TYPES[action],) for action in _texts(beside("action")) if action in TYPES)


def _extension(beside: _Beside) -> Iterator[tuple[Scalar, ...]]:
    yield from ((text.rpartition(".")[2],) for text in _texts(beside("name")) if "." in text.lstrip("."))


def _args(beside: _Beside) -> Iterator[tuple[Scalar, ...]]:
    yield from (tuple(_words(line)) for line in _texts(beside("command_line")))
    yield from ((text,) for text in _texts(beside("name")))


def _args_count(beside: _Beside) -> Iterator[tuple[Scalar, ...]]:
    if args := beside("args"):
        yield (len(args),)


def _command_line(beside: _Beside) -> Iterator[tuple[Scalar, ...]]:
    if args := beside("args"):
        yield (" ".join(map(str, args)),)


_DERIVATIONS: Mapping[str, Callable[[_Beside], Iterator[tuple[Scalar, ...]]]] = {
    "name": _name,
    "executable": _below(*_DIRECTORIES),
    "path": _below("/srv/data", *_DIRECTORIES),
    "action": _action,
    "type": _type,
    "extension": _extension,
    "args": _args,
    "args_count": _args_count,
    "command_line": _command_line,
}


def fillers(name: str, values: Values) -> Sequence[str]:
    """Texts that may stand for the `*` of a pattern on a field, as other fields ask for it; none if they do not."""
    head, _, last = name.rpartition(".")
    named = _texts(values.get(f"{head}.name", ()))
    return [*named, *_FILLERS] if named and last in _AFTER_NAME else []


def defaults(category: str | None, stream: Mapping[str, str], chance: random.Random) -> dict[str, tuple[Scalar, ...]]:
    """The usual event of a category in a data stream, as small as it can be and still look real."""
    container = f"{chance.getrandbits(256):064x}"
    category = category or "process"
    kind, action = ACTIONS.get(category, ("info", category))
    found: dict[str, tuple[Scalar, ...]] = {
        "event.kind": ("event",),
        "event.category": (category,),
        "event.type": (kind,),
        "event.action": (action,),
        "host.id": (f"{chance.getrandbits(128):032x}",),
        "host.name": ("node-1",),
        "host.os.type": ("linux",),
        "user.id": ("0",),
        **{name: (value,) for name, value in stream.items()},
    }
    if category in {"process", "file", "network"}:
        found |= _process(chance)
    if category == "file":
        found |= {"file.path": ("/srv/data/report.txt",), "file.name": ("report.txt",)}
    if stream.get("data_stream.dataset", "cloud_defend").startswith("cloud_defend"):
        found |= {
            "container.id": (container,),
            "container.name": ("shop",),
            "container.image.name": ("registry.example.test/shop",),
            "container.security_context.privileged": (False,),
            "orchestrator.namespace": ("default",),
            "orchestrator.resource.name": (f"shop-{container[:8]}",),
            "orchestrator.resource.type": ("pod",),
        }
    return found


def _process(chance: random.Random) -> dict[str, tuple[Scalar, ...]]:
    pid = chance.randrange(1000, 60000)
    return {
        "process.pid": (pid,),
        "process.entity_id": (f"{chance.getrandbits(64):016x}",),
        "process.name": ("server",),
        "process.executable": ("/usr/bin/server",),
        "process.args": ("server",),
        "process.interactive": (False,),
        "process.working_directory": ("/",),
        "process.parent.pid": (pid - 1,),
        "process.parent.entity_id": (f"{chance.getrandbits(64):016x}",),
        "process.parent.name": ("entrypoint",),
        "process.parent.executable": ("/usr/bin/entrypoint",),
        "process.parent.args": ("entrypoint",),
        "process.parent.interactive": (False,),
    }


def fresh(name: str, kind: Kind, chance: random.Random) -> Scalar:
    """A value of a field that no other event has: for join keys."""
    number = chance.getrandbits(48)
    last = name.rpartition(".")[2]
    match kind:
        case "keyword" | "version":
            if name in {"container.id", "process.entity_id", "process.parent.entity_id", "host.id"}:
                return f"{chance.getrandbits(128):032x}"
            if name.endswith("user.id"):
                return str(100_000 + number)
            return f"payload-{number & 0xFFFFFFFF:08x}" if last == "name" else f"{last}-{number:012x}"
        case "long":
            return 1000 + number
        case "double":
            return float(1000 + number)
        case "ip":
            return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        case "date":
            return 1_700_000_000_000_000_000 + number * 1_000_000
        case "boolean":
            return bool(number & 1)


def _texts(values: Sequence[Scalar]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
