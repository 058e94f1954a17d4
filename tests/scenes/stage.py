"""One test's stage: containers of its own, and the streams and alerts that came of them."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tests.scenes.bundle import Bundle
from tests.scenes.containers import Container, Yard
from tests.scenes.laws import check
from tests.scenes.notation import Document, told, written
from tests.scenes.observer import Lighthouse, Observer


class Stage:
    """Plays in containers and tells what the sensor saw of it."""

    def __init__(self, yard: Yard, observer: Observer, lighthouse: Lighthouse) -> None:
        self.image = yard.image
        self.tier = observer.tier
        self._yard = yard
        self._observer = observer
        self._lighthouse = lighthouse

    @contextmanager
    def watched_by(self, observer: Observer) -> Iterator["Stage"]:
        """The same stage, seen by another sensor."""
        with closing(Lighthouse(self._yard, observer)) as lighthouse:
            yield Stage(self._yard, observer, lighthouse)

    def container(self, bundle: Bundle, *, overlay: bool = True) -> Container:
        return self._yard.container(bundle, overlay=overlay)

    def payload(self, script: str, *, status: int = 0) -> list[str]:
        """The stream of a container whose only program is the payload with this script (see `payload.c`)."""
        return self.stream(self.played(script, status=status))

    def played(self, script: str, *, status: int = 0) -> Container:
        container = self.container(Bundle(("payload",)))
        container.run(given=script, status=status)
        return container

    def shell(self, script: str) -> Container:
        """A container in which a busybox shell has run this script."""
        container = self.container(Bundle(("sh", "-c", script)))
        container.run()
        return container

    def stream(self, container: Container) -> list[str]:
        """All that was seen of a container that has ended."""
        return written(self.documents(container))

    def documents(self, container: Container) -> list[Document]:
        self._lighthouse.flash()
        self.wait_for_end(container, 1)
        documents = self._observer.documents(container.id)
        check(documents)
        return documents

    def alerts(self, container: Container) -> list[str]:
        """The alerts on a container that has ended; sequences with their events."""
        return told(self.alert_documents(container))

    def alert_documents(self, container: Container) -> list[Document]:
        self.documents(container)
        return self._observer.alerts(container.id)

    @contextmanager
    def running(self, container: Container) -> Iterator[None]:
        """Have a container run in the background, from its first program on."""
        with container.running():
            self.wait_for_start(container)
            yield

    def wait_for_start(self, container: Container) -> None:
        """Wait until its first program is seen to run."""
        self._observer.wait(lambda: self._observer.documents(container.id), f"{container.id[:12]} starts")

    def wait_for_end(self, container: Container, number: int) -> None:
        """Wait until a process, by its number in the stream, is seen to end."""
        self._observer.wait(lambda: self._ended(container, number), f"process {number} of {container.id[:12]} ends")

    def _ended(self, container: Container, number: int) -> bool:
        return any(re.match(rf"{number} \S+ end ", line) for line in written(self._observer.documents(container.id)))
