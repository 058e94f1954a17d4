"""What docker, and podman's socket that speaks like it, tell of a container."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from pathlib import Path

import msgspec

from deckwatch.sensor.facts import Facts
from deckwatch.sensor.files import read_json
from deckwatch.sensor.images import parse_image

_CONTAINERS = "var/lib/docker/containers"
_SOCKETS: Mapping[str, str] = {"docker": "run/docker.sock", "podman": "run/podman/podman.sock"}
_SECONDS = 0.25


class _Config(msgspec.Struct):
    image: str | None = msgspec.field(name="Image", default=None)
    labels: dict[str, str] | None = msgspec.field(name="Labels", default=None)


class _HostConfig(msgspec.Struct):
    privileged: bool | None = msgspec.field(name="Privileged", default=None)


class _Container(msgspec.Struct):
    name: str | None = msgspec.field(name="Name", default=None)
    image_id: str | None = msgspec.field(name="Image", default=None)
    config: _Config | None = msgspec.field(name="Config", default=None)
    host: _HostConfig | None = msgspec.field(name="HostConfig", default=None)


def read_docker(root: Path, identity: str) -> Facts | None:
    """From the files of the daemon; None when it knows no such container, or keeps its files elsewhere."""
    place = root / _CONTAINERS / identity
    container = read_json(place / "config.v2.json", _Container)
    return _facts(container, read_json(place / "hostconfig.json", _HostConfig), "docker") if container else None


def ask_daemon(root: Path, identity: str, runtime: str) -> Facts | None:
    """From the daemon itself, within a quarter of a second."""
    path = root / _SOCKETS[runtime]
    if not path.is_socket():
        return None
    connection = _UnixConnection(path)
    try:
        connection.request("GET", f"/containers/{identity}/json")
        answer = connection.getresponse()
        container = msgspec.json.decode(answer.read(), type=_Container) if answer.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException, msgspec.MsgspecError):
        return None
    finally:
        connection.close()
    return _facts(container, container.host, runtime) if container else None


def _facts(container: _Container, host: _HostConfig | None, runtime: str) -> Facts:
    config = container.config or _Config()
    return Facts(
        runtime=runtime,
        name=(container.name or "").removeprefix("/") or None,
        image=parse_image(config.image) if config.image else None,
        image_id=container.image_id or None,
        labels=config.labels or {},
        privileged=host.privileged if host else None,
    )


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(str(self._path))
