"""What the generated containers run: programs with arguments and files, and the containers themselves.

Everything that does not change from event to event is rendered to JSON text once, here.
"""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

Detail: TypeAlias = Literal["lean", "full"]

PROGRAMS = "programs.tsv"
"""Executable, arguments, and the files touched (verb and path); line n is run with a probability like 1/n."""

EPOCH = 1_795_305_600  # 2026-11-22T00:00:00Z
PID_NAMESPACE = "4026531836"

ACTIONS: dict[str, tuple[str, str, str]] = {
    "fork": ("process", "start", "tracepoint__sched_process_fork"),
    "exec": ("process", "start", "tracepoint__sched_process_exec"),
    "end": ("process", "end", "kprobe__taskstats_exit"),
    "creation": ("file", "creation", "lsm__path_mknod"),
    "open": ("file", "change", "lsm__file_open"),
    "modification": ("file", "change", "lsm__path_truncate"),
    "deletion": ("file", "deletion", "lsm__path_unlink"),
    "rename": ("file", "change", "lsm__path_rename"),
}
"""Action → category, type, kernel hook."""

_CAPABILITIES = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SYS_CHROOT",
    "CAP_MKNOD",
    "CAP_AUDIT_WRITE",
    "CAP_SETFCAP",
]
_NAMES = ("web", "api", "builder", "worker", "cron", "cache", "ingest", "report")


def render(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def inner(value: dict[str, Any]) -> str:
    """An object's text without its braces."""
    return render(value)[1:-1]


@lru_cache(maxsize=4096)
def second(at: int) -> str:
    """`2026-11-22T00:00:00` of whole seconds since 1970; the generated span lies within one month."""
    day, rest = divmod(at - EPOCH, 86_400)
    return f"2026-11-{22 + day:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"


@dataclass(frozen=True, slots=True)
class Program:
    """A program ready to run: JSON texts cut at the places where a number goes in (join them with it)."""

    image: str
    args: tuple[str, ...]
    args_count: int
    files: tuple[tuple[str, tuple[str, ...]], ...]


def program(executable: str, args: str, files: str) -> Program:
    words = args.split()
    name = executable.rpartition("/")[2]
    touched = [each.split(" ", 1) for each in files.split("|") if each]
    return Program(
        inner({"executable": executable, "name": name}),
        tuple(render(words).split("{n}")),
        len(words),
        tuple((verb, tuple(path.split("{n}"))) for verb, path in touched),
    )


@dataclass(frozen=True, slots=True)
class Session:
    """A shell in a container, the parent of what runs there."""

    heads: dict[str, str]
    tail: str
    shell: str
    kin: str
    own: str
    node: int
    thread: str
    previous: str


@dataclass(frozen=True, slots=True)
class World:
    """Everything that may happen; a uniform draw from a tuple follows the wanted distribution."""

    sessions: tuple[Session, ...]
    terminals: tuple[Session, ...]
    programs: tuple[Program, ...]


def entity_id(node: int, pid: int, start: int) -> str:
    text = f"{PID_NAMESPACE}__{node:08x}-94c6-4f0b-8f4e-0c5b7a1e9d26__{pid}__{start}"
    return base64.b64encode(text.encode()).decode()


def _zipf(items: list[Any], size: int) -> tuple[Any, ...]:
    """Items repeated in proportion to 1/rank, each at least once, about `size` in all."""
    total = sum(1 / rank for rank in range(1, len(items) + 1))
    return tuple(item for rank, item in enumerate(items, 1) for _ in range(max(1, round(size / rank / total))))


def _heads(detail: Detail, container: dict[str, Any], node: int, *, streams: bool) -> dict[str, str]:
    """Per action, the text from `agent` to the constants of `event`, whose object stays open."""
    agent: dict[str, Any] = {"id": f"a1c4b5de-7d20-4f35-9a66-{node:012x}", "type": "cloud-defend", "version": "9.3.0"}
    policy: dict[str, Any] = {}
    if detail == "full":
        agent["name"] = f"node-{node}"
        policy = {"package_policy_id": "c6d2e0aa-51b7-4a54-9f6e-7d3b2f80e915", "package_policy_revision": 3}
    heads = {}
    for action, (category, kind, hook) in ACTIONS.items():
        dataset = f"cloud_defend.{category}"
        hooks = [hook] if category == "process" else hook
        selectors = ["everyProcess" if category == "process" else "anyWrite"]
        document: dict[str, Any] = {
            "agent": agent,
            "cloud_defend": {"hook_point": hooks, "matched_selectors": selectors, **policy},
            "container": container,
        }
        if detail == "full":
            document["ecs"] = {"version": "8.7.0"}
        event = {"action": [action], "category": [category], "kind": "event", "module": "cloud_defend", "type": [kind]}
        if streams:
            document["data_stream"] = {"dataset": dataset, "namespace": "default", "type": "logs"}
            event["dataset"] = dataset
        heads[action] = inner({**document, "event": event})[:-1]
    return heads


def _tail(detail: Detail, number: int, node: int, name: str, user: str) -> str:
    """The constants behind `event`: group, host, orchestrator, user."""
    pod = {"name": f"{name}-{number:09x}-x{number % 9973:04d}", "type": "pod"}
    host: dict[str, Any] = {"id": f"{node:032x}", "name": f"node-{node}", "os": {"type": "linux"}}
    orchestrator: dict[str, Any] = {"cluster": {"name": "lab"}, "namespace": "platform", "resource": pod}
    document: dict[str, Any] = {"host": host, "orchestrator": orchestrator, "user": {"id": user}}
    if detail == "full":
        host |= {
            "architecture": "amd64",
            "boot": {"id": f"{node:08x}-94c6-4f0b-8f4e-0c5b7a1e9d26"},
            "hostname": f"node-{node}",
            "pid_ns_ino": PID_NAMESPACE,
        }
        host["os"] |= {"family": "debian", "full": "Debian 12", "name": "Linux", "platform": "debian", "version": "12"}
        orchestrator["cluster"]["id"] = "5b0d9c1e-6f1a-4d27-8f15-3d2c9a7e4b60"
        orchestrator["resource"] = pod | {
            "ip": [f"10.42.{number // 250}.{number % 250 + 1}"],
            "label": [f"app:{name}"],
            "parent": {"type": "ReplicaSet"},
        }
        document["group"] = {"id": user}
    return inner(document)


def _kin(detail: Detail, block: dict[str, Any]) -> str:
    """Parent and leaders of what a shell runs: the shell itself is all of them."""
    other = {**block, "same_as_process": False}
    entry = {"entry_meta": {"type": "container"}}
    if detail == "full":
        leaders = {"entry_leader": other | entry, "session_leader": other, "group_leader": other}
        return inner({"parent": other, **leaders})
    brief = ("args", "entity_id", "executable", "interactive", "name", "pid", "same_as_process")
    short = {name: other[name] for name in ("entity_id", "same_as_process")}
    return inner({"parent": {name: other[name] for name in brief}, "entry_leader": short | entry})


def _session(
    detail: Detail, number: int, pid: int, container: dict[str, Any], *, streams: bool, terminal: bool
) -> Session:
    node = number % 10
    user = ("0", "0", "0", "1000", "65532")[number % 5]
    shell, args = "/usr/bin/dash", ["/bin/sh", "-c", f"while :; do /srv/run-{number % 40}.sh; done"]
    if terminal:
        shell, args = "/usr/bin/bash", ["/bin/bash"]
    name = shell.rpartition("/")[2]
    own: dict[str, Any] = {"interactive": terminal, "user": {"id": user}, "working_directory": "/srv/app"}
    thread: dict[str, Any] = {}
    previous: dict[str, Any] = {}
    if detail == "full":
        own["group"] = {"id": user}
        thread = {"thread": {"capabilities": {"effective": _CAPABILITIES, "permitted": _CAPABILITIES}}}
        previous = {"previous": [{"args": args, "executable": shell}]}
        if terminal:
            own["tty"] = {"char_device": {"major": 136, "minor": 0}}
    block = {
        "args": args,
        "entity_id": entity_id(node, pid, EPOCH - 60),
        "executable": shell,
        "group": {"id": user},
        "interactive": terminal,
        "name": name,
        "pid": pid,
        "start": f"{second(EPOCH)}.000Z",
        "user": {"id": user},
        "working_directory": "/srv/app",
    }
    return Session(
        heads=_heads(detail, container, node, streams=streams),
        tail=_tail(detail, number, node, container["name"], user),
        shell=inner({"args": args, "args_count": len(args), "executable": shell, "name": name}),
        kin=_kin(detail, block),
        own=inner(own),
        node=node,
        thread="," + inner(thread) if thread else "",
        previous="," + inner(previous) if previous else "",
    )


@lru_cache(maxsize=2)
def world(seed: int, containers: int, detail: Detail, *, streams: bool) -> World:
    """The containers of a seed, busy ones first, each with a working shell, every tenth with a person's terminal."""
    rng = random.Random(seed)
    sessions, terminals = [], []
    for number in range(containers):
        name, tag = _NAMES[number % len(_NAMES)], f"1.{number % 7}.{number % 13}"
        image: dict[str, Any] = {"name": f"registry.example.test/{name}/{name}", "tag": [tag]}
        if detail == "full":
            image["hash"] = {"all": [f"sha256:{rng.getrandbits(256):064x}"]}
        container = {
            "id": f"{rng.getrandbits(256):064x}",
            "image": image,
            "name": name,
            "security_context": {"privileged": False},
        }
        sessions.append(_session(detail, number, rng.randrange(200, 1000), container, streams=streams, terminal=False))
        if number % 10 == 0:
            terminals.append(
                _session(detail, number, rng.randrange(200, 1000), container, streams=streams, terminal=True)
            )
    lines = (Path(__file__).parent / PROGRAMS).read_text("utf-8").splitlines()
    programs = [program(*line.split("\t")) for line in lines[1:]]
    return World(_zipf(sessions, 4096), tuple(terminals), _zipf(programs, 1024))
