"""Every rule of the pack fires in a real container that does what it is about, and is silent in all the others."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from deckwatch.sensor.errors import SensorError
from tests.pack.pack import PLACES, RULES, SCENARIOS
from tests.pack.scenario import Scenario
from tests.scenes import host, image
from tests.scenes.bundle import Bundle
from tests.scenes.containers import Container, Yard
from tests.scenes.observer import Lighthouse, Observer, kernel_observer
from tests.scenes.stage import Stage
from tests.scenes.terminal import PROMPT
from tests.scenes.web import serving


@pytest.fixture(scope="module")
def rootfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of the scenes, with all the stand-ins that scenarios ask for."""
    host.require(host.missing())
    folder = tmp_path_factory.mktemp("pack")
    root, stub = image.build(folder / "image"), folder / "stub"
    (folder / "stub.c").write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-static", "-o", stub, folder / "stub.c"], check=True)
    for scenario in SCENARIOS:
        for program, paths in ((stub, scenario.stubs), (root / "bin/payload", scenario.payloads)):
            for path in paths:
                _install(program, root / path.lstrip("/"))
    return root


def _install(program: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.hardlink_to(program)


@pytest.fixture(scope="module")
def observer(rootfs: Path) -> Iterator[Observer]:
    with ExitStack() as stack:
        try:
            yield stack.enter_context(kernel_observer(RULES))
        except SensorError as error:
            host.require(str(error))


@pytest.fixture(scope="module")
def lighthouse(observer: Observer, rootfs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lighthouse]:
    yard = Yard(tmp_path_factory.mktemp("lighthouse"), rootfs)
    with closing(yard), closing(Lighthouse(yard, observer)) as lighthouse:
        yield lighthouse


@pytest.fixture(scope="module")
def web(rootfs: Path) -> Iterator[str]:
    """Where a program can be downloaded."""
    with serving({"/tool": (rootfs.parent / "stub").read_bytes()}) as address:
        yield address


@pytest.fixture
def stage(observer: Observer, lighthouse: Lighthouse, rootfs: Path, tmp_path: Path) -> Iterator[Stage]:
    with closing(Yard(tmp_path, rootfs)) as yard:
        yield Stage(yard, observer, lighthouse)


@pytest.mark.parametrize("scenario", [pytest.param(scenario, id=scenario.name) for scenario in SCENARIOS])
def test_exactly_these_rules_fire(scenario: Scenario, stage: Stage, web: str) -> None:
    container = played(scenario, stage, web)
    alerts = stage.alert_documents(container)
    assert {PLACES[alert["kibana.alert.rule.rule_id"]] for alert in alerts} == set(scenario.fires)


def played(scenario: Scenario, stage: Stage, web: str) -> Container:
    """The container in which it has happened."""
    environment = (("WEB", web), ("PS1", PROMPT))
    args = ("sh",) if scenario.typed else ("sh", "-c", scenario.script)
    container = stage.container(Bundle(args, terminal=scenario.typed, user=scenario.user, environment=environment))
    if scenario.typed:
        with container.terminal() as terminal:
            for line in (*scenario.script.strip().splitlines(), "exit"):
                terminal.enter(line)
    else:
        container.run()
    return container
