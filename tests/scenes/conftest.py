"""One sensor for all tests of a worker; each test has containers of its own and looks at nothing else."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from deckwatch.sensor.errors import SensorError
from tests.scenes import host, image
from tests.scenes.containers import Yard
from tests.scenes.observer import Lighthouse, Observer, kernel_observer
from tests.scenes.stage import Stage


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    host.require(host.missing())
    return image.build(tmp_path_factory.mktemp("scenes") / "image")


@pytest.fixture(scope="session")
def observer(rootfs: Path, record_testsuite_property: Callable[[str, Any], None]) -> Iterator[Observer]:
    with ExitStack() as stack:
        try:
            observer = stack.enter_context(kernel_observer())
        except SensorError as error:
            host.require(str(error))
        record_testsuite_property("tier", observer.tier)
        yield observer
        assert observer.documents(None) == [], "events of no container, or losses"


@pytest.fixture(scope="session")
def lighthouse(observer: Observer, rootfs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lighthouse]:
    yard = Yard(tmp_path_factory.mktemp("lighthouse"), rootfs)
    with closing(yard), closing(Lighthouse(yard, observer)) as lighthouse:
        yield lighthouse


@pytest.fixture
def stage(observer: Observer, lighthouse: Lighthouse, rootfs: Path, tmp_path: Path) -> Iterator[Stage]:
    with closing(Yard(tmp_path, rootfs)) as yard:
        yield Stage(yard, observer, lighthouse)
