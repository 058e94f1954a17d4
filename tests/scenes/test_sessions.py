"""Ways into a container: its own program, shells with and without a terminal, exec sessions; and who leads whom."""

import pytest

from tests.scenes.bundle import Bundle
from tests.scenes.notation import Document, lines
from tests.scenes.stage import Stage
from tests.scenes.terminal import SHELL


def test_a_shell_without_a_terminal(stage: Stage) -> None:
    container = stage.container(Bundle(("sh",)))
    container.run(given="touch /tmp/a\ncd /tmp\nrm a\nexit 4\n", status=4)
    assert stage.stream(container) == lines(
        """
        1 busybox exec /bin/busybox sh
        2 busybox fork from 1
        2 busybox creation /tmp/a
        2 busybox open /tmp/a
        2 busybox end 0
        3 busybox fork from 1
        3 busybox deletion /tmp/a
        3 busybox end 0
        1 busybox end 4
        """
    )


def test_a_shell_with_a_terminal(stage: Stage) -> None:
    container = stage.container(SHELL)
    with container.terminal() as terminal:
        terminal.enter("touch /etc/a")
        terminal.enter("cat /etc/a")
        terminal.enter("exit 4")
    assert stage.stream(container) == lines(
        """
        1 busybox exec /bin/busybox sh tty
        2 busybox fork from 1 tty
        2 busybox creation /etc/a tty
        2 busybox open /etc/a tty
        2 busybox end 0 tty
        3 busybox fork from 1 tty
        3 busybox exec /bin/busybox cat /etc/a tty
        3 busybox end 0 tty
        1 busybox end 4 tty
        """
    )
    assert stage.alerts(container) == []


def test_one_user_after_the_other(stage: Stage) -> None:
    """The container runs as a plain user; an exec session comes in as root."""
    container = stage.container(Bundle(("payload", "create /tmp/a", "sleep 60000"), user=1000))
    with stage.running(container):
        container.execute(Bundle(("payload", "unlink /tmp/a", "exit 3")), status=3)
    assert stage.stream(container) == lines(
        """
        1 payload exec /bin/payload payload 'create /tmp/a' 'sleep 60000' as 1000
        1 payload creation /tmp/a as 1000
        1 payload open /tmp/a as 1000
        2 payload exec /bin/payload payload 'unlink /tmp/a' 'exit 3'
        2 payload deletion /tmp/a
        2 payload end 3
        1 payload end 137 as 1000
        """
    )


def test_leaders(stage: Stage) -> None:
    """Of the container's own program, of an exec session with job control, and of those who make their own session."""
    container = stage.container(Bundle(("payload", "child setsid", "sleep 60000")))
    with stage.running(container):
        stage.wait_for_end(container, 2)
        with container.execute_on_terminal(SHELL) as terminal:
            terminal.enter("payload 'child exec /bin/payload setsid'")
            terminal.enter("exit")
    assert _leaders(stage.documents(container)) == lines(
        """
        1 exec, parent outside, group 1, session 1, entry 1
        2 fork, parent 1, group 1, session 1, entry 1
        2 end, parent 1, group 2, session 2, entry 1
        3 exec, parent outside, group 3, session 3, entry 3, tty
        4 fork, parent 3, group 3, session 3, entry 3, tty
        4 exec, parent 3, group 4, session 3, entry 3, tty
        5 fork, parent 4, group 4, session 3, entry 3, tty
        5 exec, parent 4, group 4, session 3, entry 3, tty
        5 end, parent 4, group 5, session 5, entry 3
        4 end, parent 3, group 4, session 3, entry 3, tty
        3 end, parent outside, group 3, session 3, entry 3, tty
        1 end, parent outside, group 1, session 1, entry 1
        """
    )


def _leaders(documents: list[Document]) -> list[str]:
    numbers: dict[str, int] = {}
    for document in documents:
        numbers.setdefault(document["process"]["entity_id"], len(numbers) + 1)
    return [_relatives(document, numbers) for document in documents]


def _relatives(document: Document, numbers: dict[str, int]) -> str:
    process = document["process"]
    found = [f"{numbers[process['entity_id']]} {document['event']['action'][0]}"]
    for role in ("parent", "group_leader", "session_leader", "entry_leader"):
        who = numbers.get(process[role]["entity_id"], "outside")
        found.append(f"{role.removesuffix('_leader')} {who}")
    return ", ".join([*found, *["tty"] * process["interactive"]])


@pytest.mark.parametrize("overlay", [True, False], ids=["overlay", "plain folder"])
def test_paths_do_not_depend_on_the_root_file_system(stage: Stage, overlay: bool) -> None:
    container = stage.container(Bundle(("payload", "create /tmp/a", "unlink /tmp/a")), overlay=overlay)
    container.run()
    assert stage.stream(container) == lines(
        """
        1 payload exec /bin/payload payload 'create /tmp/a' 'unlink /tmp/a'
        1 payload creation /tmp/a
        1 payload open /tmp/a
        1 payload deletion /tmp/a
        1 payload end 0
        """
    )
