"""Processes and what they run: identity, ends, arguments, and the ways a program can hide."""

import pytest

from tests.scenes.bundle import Bundle
from tests.scenes.notation import lines, word
from tests.scenes.stage import Stage

SCENES = [
    pytest.param(
        """
        child exit 0
        child exit 7
        child signal 11
        child signal 9
        exit 3
        """,
        """
        2 payload fork from 1
        2 payload end 0
        3 payload fork from 1
        3 payload end 7
        4 payload fork from 1
        4 payload end 139
        5 payload fork from 1
        5 payload end 137
        1 payload end 3
        """,
        3,
        id="exit codes and signals",
    ),
    pytest.param(
        """
        child child exec /bin/payload create%20/tmp/a
        """,
        """
        2 payload fork from 1
        3 payload fork from 2
        3 payload exec /bin/payload /bin/payload 'create /tmp/a'
        3 payload creation /tmp/a
        3 payload open /tmp/a
        3 payload end 0
        2 payload end 0
        1 payload end 0
        """,
        0,
        id="a child's child",
    ),
    pytest.param(
        """
        orphan exec /bin/payload create%20/tmp/a
        """,
        """
        2 payload fork from 1
        3 payload fork from 2
        2 payload end 0
        3 payload exec /bin/payload /bin/payload 'create /tmp/a'
        3 payload creation /tmp/a
        3 payload open /tmp/a
        3 payload end 0
        1 payload end 0
        """,
        0,
        id="an orphan keeps the parent it was born of",
    ),
    pytest.param(
        """
        copy-self /tmp/tool
        exec /tmp/tool unlink%20/tmp/tool exec%20/proc/self/exe%20exit%25205
        """,
        """
        1 payload creation /tmp/tool
        1 payload open /tmp/tool
        1 tool exec /tmp/tool /tmp/tool 'unlink /tmp/tool' 'exec /proc/self/exe exit%205'
        1 tool deletion /tmp/tool
        1 tool exec /tmp/tool /proc/self/exe 'exit 5'
        1 tool end 5
        """,
        5,
        id="a program deletes itself and runs on",
    ),
    pytest.param(
        """
        copy-self /tmp/tool
        child exec /tmp/tool unlink%20/tmp/tool
        refused exec /tmp/tool
        """,
        """
        1 payload creation /tmp/tool
        1 payload open /tmp/tool
        2 payload fork from 1
        2 tool exec /tmp/tool /tmp/tool 'unlink /tmp/tool'
        2 tool deletion /tmp/tool
        2 tool end 0
        1 payload end 0
        """,
        0,
        id="a program deletes itself",
    ),
    pytest.param(
        "exec-memfd evil innocent create%20/tmp/a",
        """
        1 memfd:evil exec memfd:evil innocent 'create /tmp/a'
        1 memfd:evil creation /tmp/a
        1 memfd:evil open /tmp/a
        1 memfd:evil end 0
        """,
        0,
        id="a program in memory alone",
    ),
    pytest.param(
        "exec-by-thread /bin/payload create%20/tmp/a exit%204",
        """
        1 payload exec /bin/payload /bin/payload 'create /tmp/a' 'exit 4'
        1 payload creation /tmp/a
        1 payload open /tmp/a
        1 payload end 4
        """,
        4,
        id="exec by a thread that is not the leader",
    ),
    pytest.param(
        "refused exec /bin/no-such-program\nrefused exec /etc/passwd",
        "1 payload end 0",
        0,
        id="an exec that was refused",
    ),
    pytest.param(
        """
        create /tmp/root
        child setuid 1000
        child exec /bin/payload setuid%201000 create%20/tmp/u exec%20/bin/payload%20create%2520/tmp/v
        unlink /tmp/u
        """,
        """
        1 payload creation /tmp/root
        1 payload open /tmp/root
        2 payload fork from 1
        2 payload end 0 as 1000
        3 payload fork from 1
        3 payload exec /bin/payload /bin/payload 'setuid 1000' 'create /tmp/u' 'exec /bin/payload create%20/tmp/v'
        3 payload creation /tmp/u as 1000
        3 payload open /tmp/u as 1000
        3 payload exec /bin/payload /bin/payload 'create /tmp/v' as 1000
        3 payload creation /tmp/v as 1000
        3 payload open /tmp/v as 1000
        3 payload end 0 as 1000
        1 payload deletion /tmp/u
        1 payload end 0
        """,
        0,
        id="a process becomes another user's",
    ),
]


@pytest.mark.parametrize(("script", "stream", "status"), SCENES)
def test_the_stream_says_what_processes_did(stage: Stage, script: str, stream: str, status: int) -> None:
    assert stage.payload(script, status=status) == ["1 payload exec /bin/payload payload", *lines(stream)]


def test_a_script_runs_in_its_interpreter(stage: Stage) -> None:
    script = "printf '#!/bin/sh\\nexit 4' > /tmp/s; chmod +x /tmp/s; /tmp/s an argument; true"
    assert stage.stream(stage.shell(script)) == lines(
        f"""
        1 busybox exec /bin/busybox sh -c {word(script)}
        1 busybox creation /tmp/s
        1 busybox open /tmp/s
        2 busybox fork from 1
        2 busybox modification /tmp/s
        2 busybox end 0
        3 busybox fork from 1
        3 busybox exec /bin/busybox /bin/sh /tmp/s an argument
        3 busybox end 4
        1 busybox end 0
        """
    )


WHOLE = 14_336
"""Bytes of arguments that are told, NULs included."""


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(("x" * 6000,), id="6,000 bytes in one"),
        pytest.param(("x" * 1000,) * 14, id="14,014 bytes in 14"),
        pytest.param(("",) * 2000, id="2,000 empty ones"),
        pytest.param(("x" * (WHOLE - len("true") - 2),), id="just so many"),
    ],
)
def test_long_arguments_are_whole(stage: Stage, args: tuple[str, ...]) -> None:
    container = stage.container(Bundle(("true", *args)))
    container.run()
    process = stage.documents(container)[0]["process"]
    assert (process["args"], process["args_count"]) == (["true", *args], len(args) + 1)


def test_longer_arguments_are_cut_and_marked(stage: Stage) -> None:
    """Near the kernel's own limit: 15 arguments of 130,000 bytes."""
    document = stage.documents(stage.played("exec-long /bin/true 15 130000"))[1]
    assert document["process"]["args"] == ["/bin/true", "x" * (WHOLE - len("/bin/true") - 1)]
    assert document["process"]["args_count"] == 16
    assert document["deckwatch"] == {"args_cut": True}
