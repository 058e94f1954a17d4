"""What runtimes tell of their containers: from files laid out as they lay them out, and a daemon's socket."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from deckwatch.sensor.capabilities import CAPABILITIES
from deckwatch.sensor.docker import ask_daemon
from deckwatch.sensor.facts import Facts
from deckwatch.sensor.images import Image
from deckwatch.sensor.runtimes import Runtimes, read_facts

ID = "ab" * 32
ALL = {"bounding": list(CAPABILITIES)}
EVERYTHING = [{"allow": False, "access": "rwm"}, {"allow": True, "access": "rwm"}]
SOME_DEVICES = [
    {"allow": False, "access": "rwm"},
    {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
]
CRI = {
    "io.kubernetes.cri.container-name": "api",
    "io.kubernetes.cri.container-type": "container",
    "io.kubernetes.cri.image-name": "registry.test:5000/shop/api:2.1",
    "io.kubernetes.cri.sandbox-name": "api-7c9d",
    "io.kubernetes.cri.sandbox-namespace": "shop",
    "io.kubernetes.cri.sandbox-uid": "uid",
}
CRIO = {
    "io.kubernetes.container.name": "api",
    "io.kubernetes.cri-o.ContainerType": "sandbox",
    "io.kubernetes.cri-o.ImageName": "quay.test/api:2",
    "io.kubernetes.cri-o.ImageRef": "sha256:12",
    "io.kubernetes.cri-o.PrivilegedRuntime": "true",
    "io.kubernetes.pod.name": "api-7c9d",
    "io.kubernetes.pod.namespace": "shop",
    "io.kubernetes.pod.uid": "uid",
}


def specification(**parts: Any) -> dict[str, Any]:
    """A bundle's configuration, of a plain container unless told otherwise."""
    capabilities, devices = parts.pop("capabilities", {"bounding": ["CAP_CHOWN"]}), parts.pop("devices", SOME_DEVICES)
    return {
        "process": {"args": ["sh"], "capabilities": capabilities},
        "linux": {"resources": {"devices": devices}, "maskedPaths": parts.pop("masked", ["/proc/kcore"])},
        **parts,
    }


def state(*labels: str) -> dict[str, Any]:
    return {"id": ID, "init_process_pid": 7, "config": {"rootfs": "/r", "labels": list(labels)}}


Files = Mapping[str, Any]

FACTS = [
    pytest.param({}, None, None, id="nobody knows it"),
    pytest.param(
        {f"run/runc/{ID}/state.json": state("bundle=/b", "team=shop"), "b/config.json": specification()},
        None,
        Facts(runtime="runc", labels={"team": "shop"}, privileged=False),
        id="runc",
    ),
    pytest.param(
        {f"run/runc/{ID}/state.json": state("bundle=/gone")}, None, Facts(runtime="runc"), id="runc, no bundle"
    ),
    pytest.param(
        {
            f"run/containerd/runc/k8s.io/{ID}/state.json": state(*(f"{key}={value}" for key, value in CRI.items())),
            f"run/containerd/io.containerd.runtime.v2.task/k8s.io/{ID}/config.json": specification(annotations=CRI),
        },
        "containerd",
        Facts(
            runtime="containerd",
            name="api",
            image=Image("registry.test:5000/shop/api", "2.1"),
            privileged=False,
            pod_name="api-7c9d",
            pod_namespace="shop",
            pod_uid="uid",
            sandbox=False,
        ),
        id="containerd CRI",
    ),
    pytest.param(
        {f"var/lib/containers/storage/overlay-containers/{ID}/userdata/config.json": {"annotations": CRIO}},
        "cri-o",
        Facts(
            runtime="cri-o",
            name="api",
            image=Image("quay.test/api", "2"),
            image_id="sha256:12",
            privileged=True,
            pod_name="api-7c9d",
            pod_namespace="shop",
            pod_uid="uid",
            sandbox=True,
        ),
        id="CRI-O, a pod's sandbox",
    ),
    pytest.param(
        {
            f"run/crun/{ID}/status": {"pid": 7, "bundle": "/bundle"},
            "bundle/config.json": specification(annotations={"io.container.manager": "libpod"}),
            "var/lib/containers/storage/overlay-containers/containers.json": [
                {"id": "other"},
                {"id": ID, "names": ["web"], "image": "34", "metadata": '{"image-name": "docker.io/library/nginx:1"}'},
            ],
        },
        "podman",
        Facts(
            runtime="podman",
            name="web",
            image=Image("docker.io/library/nginx", "1"),
            image_id="sha256:34",
            privileged=False,
        ),
        id="podman with crun",
    ),
    pytest.param(
        {
            f"var/lib/docker/containers/{ID}/config.v2.json": {
                "Name": "/web",
                "Image": "sha256:56",
                "Config": {"Image": "nginx:1.25", "Labels": {"team": "shop"}},
            },
            f"var/lib/docker/containers/{ID}/hostconfig.json": {"Privileged": True},
            f"run/docker/runtime-runc/moby/{ID}/state.json": state("bundle=/b"),
            "b/config.json": specification(),
        },
        "docker",
        Facts(
            runtime="docker",
            name="web",
            image=Image("nginx", "1.25"),
            image_id="sha256:56",
            labels={"team": "shop"},
            privileged=True,
        ),
        id="docker: what the daemon says goes before what follows from the bundle",
    ),
    pytest.param(
        {f"run/runc/{ID}/state.json": {"config": 7}, "run/other": "x"}, None, Facts(runtime="runc"), id="odd content"
    ),
    pytest.param(
        {f"run/runc/{ID}/state.json": state("bundle=/b"), "b/config.json": specification(annotations=None, linux=None)},
        None,
        Facts(runtime="runc"),
        id="a specification that does not tell whether it is privileged",
    ),
]

PRIVILEGED = [
    pytest.param(specification(capabilities=ALL, devices=EVERYTHING, masked=None), True, id="everything"),
    pytest.param(specification(devices=EVERYTHING, masked=None), False, id="few capabilities"),
    pytest.param(specification(capabilities=ALL, masked=None), False, id="few devices"),
    pytest.param(specification(capabilities=ALL, devices=EVERYTHING), False, id="parts of /proc hidden"),
    pytest.param(
        specification(capabilities={"bounding": list(CAPABILITIES[:38])}, devices=EVERYTHING, masked=[]),
        True,
        id="by a runtime that is older than three capabilities",
    ),
]


def lay_out(root: Path, files: Files) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(content))


@pytest.mark.parametrize(("files", "runtime", "facts"), FACTS)
def test_facts_of_a_container(tmp_path: Path, files: Files, runtime: str | None, facts: Facts | None) -> None:
    lay_out(tmp_path, files)
    assert read_facts(tmp_path, ID, runtime) == facts


@pytest.mark.parametrize(("content", "privileged"), PRIVILEGED)
def test_privileged_is_who_was_given_everything(tmp_path: Path, content: dict[str, Any], privileged: bool) -> None:
    lay_out(tmp_path, {f"run/runc/{ID}/state.json": state("bundle=/b"), "b/config.json": content})
    facts = read_facts(tmp_path, ID, None)
    assert facts is not None
    assert facts.privileged is privileged


def test_a_state_directory_of_ones_own(tmp_path: Path) -> None:
    lay_out(tmp_path, {f"mine/{ID}/state.json": state("a=b")})
    assert read_facts(tmp_path, ID, None) is None
    assert read_facts(tmp_path, ID, None, [tmp_path / "mine"]) == Facts(runtime="runc", labels={"a": "b"})


class _Daemon(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path == f"/containers/{ID}/json"
        self.send_response(200 if known else 404)
        self.end_headers()
        told = {"Name": "/web", "Image": "sha256:56", "Config": {"Image": "nginx"}, "HostConfig": {"Privileged": False}}
        self.wfile.write(json.dumps(told).encode() if known else b"{}")

    def address_string(self) -> str:
        return "a client"

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "run").mkdir()
    with socketserver.UnixStreamServer(str(tmp_path / "run/docker.sock"), _Daemon) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield tmp_path
        server.shutdown()
        thread.join()


def test_a_daemon_is_asked_for_what_its_files_do_not_tell(daemon: Path) -> None:
    facts = Facts(runtime="docker", name="web", image=Image("nginx"), image_id="sha256:56", privileged=False)
    assert read_facts(daemon, ID, "docker") == facts
    assert read_facts(daemon, ID, "containerd") is None
    assert ask_daemon(daemon, "cd" * 32, "docker") is None
    assert ask_daemon(daemon, ID, "podman") is None


def outcomes(runtimes: Runtimes, count: int) -> list[tuple[str, Facts | None]]:
    found: list[tuple[str, Facts | None]] = []
    deadline = time.monotonic() + 10
    while len(found) < count and time.monotonic() < deadline:
        found += runtimes.found(0.1)
    return found


def test_what_is_not_there_yet_comes_later(tmp_path: Path) -> None:
    runtimes = Runtimes(tmp_path, patience=(0, 0.001, 0.002, 0.2))
    runtimes.ask(ID, None)
    assert outcomes(runtimes, 1) == [(ID, None)]
    lay_out(tmp_path, {f"run/runc/{ID}/state.json": state()})
    assert outcomes(runtimes, 1) == [(ID, Facts(runtime="runc"))]
    runtimes.close()


def test_what_is_there_comes_at_once(tmp_path: Path) -> None:
    lay_out(tmp_path, {f"run/runc/{ID}/state.json": state()})
    runtimes = Runtimes(tmp_path, patience=(0, 60))
    runtimes.ask(ID, None)
    assert outcomes(runtimes, 1) == [(ID, Facts(runtime="runc"))]
    runtimes.close()
