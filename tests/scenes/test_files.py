"""File operations by path, by descriptor and in all other ways: one program, each action with its canonical path."""

import pytest

from tests.scenes import host
from tests.scenes.bundle import Bundle
from tests.scenes.notation import lines, written
from tests.scenes.stage import Stage

DEEP = "/tmp/" + "/".join(f"d{level}" for level in range(60))

TEMPORARY = "/tmp" if host.kernel_version() >= (6, 3) else "/dev/shm"
"""Where O_TMPFILE works; older overlays have none."""

SCENES = [
    pytest.param(
        "create /tmp/a",
        """
        creation /tmp/a
        open /tmp/a
        """,
        id="create",
    ),
    pytest.param(
        """
        create /tmp/a
        open-or-create /tmp/a
        overwrite /tmp/a
        append /tmp/a
        empty /tmp/a
        """,
        """
        creation /tmp/a
        open /tmp/a
        open /tmp/a
        open /tmp/a
        open /tmp/a
        open /tmp/a
        """,
        id="an existing file is opened, not created",
    ),
    pytest.param("read /etc/passwd", "", id="reading is not reported"),
    pytest.param(
        """
        create /tmp/a
        refused create /tmp/a
        refused create /nowhere/a
        refused unlink /tmp/b
        refused rename /tmp/b /tmp/c
        refused append /etc
        """,
        """
        creation /tmp/a
        open /tmp/a
        """,
        id="what was refused did not happen",
    ),
    pytest.param(
        """
        create /tmp/a
        unlink /tmp/a
        create /tmp/a
        """,
        """
        creation /tmp/a
        open /tmp/a
        deletion /tmp/a
        creation /tmp/a
        open /tmp/a
        """,
        id="create, delete, create again",
    ),
    pytest.param(
        """
        create /tmp/a
        rename /tmp/a /tmp/b
        """,
        """
        creation /tmp/a
        open /tmp/a
        rename /tmp/a to /tmp/b
        """,
        id="rename",
    ),
    pytest.param(
        """
        create /tmp/new
        rename /tmp/new /etc/passwd
        """,
        """
        creation /tmp/new
        open /tmp/new
        rename /tmp/new to /etc/passwd
        """,
        id="rename over a file",
    ),
    pytest.param(
        """
        create /tmp/a
        create /tmp/b
        refused rename-noreplace /tmp/a /tmp/b
        rename-noreplace /tmp/a /tmp/c
        """,
        """
        creation /tmp/a
        open /tmp/a
        creation /tmp/b
        open /tmp/b
        rename /tmp/a to /tmp/c
        """,
        id="rename that replaces nothing",
    ),
    pytest.param(
        """
        create /tmp/a
        create /tmp/b
        rename-exchange /tmp/a /tmp/b
        """,
        """
        creation /tmp/a
        open /tmp/a
        creation /tmp/b
        open /tmp/b
        rename /tmp/a to /tmp/b
        rename /tmp/b to /tmp/a
        """,
        id="two files change names",
    ),
    pytest.param(
        f"tmpfile-link {TEMPORARY} {TEMPORARY}/named",
        f"""
        open '{TEMPORARY}/#INODE'
        creation {TEMPORARY}/named
        """,
        id="O_TMPFILE, then a name through /proc",
    ),
    pytest.param(
        "tmpfile-link-fd /dev/shm /dev/shm/named",
        """
        open '/dev/shm/#INODE'
        creation /dev/shm/named
        """,
        id="O_TMPFILE, then a name for the descriptor",
    ),
    pytest.param(
        """
        create /tmp/a
        link /tmp/a /usr/bin/a
        unlink /tmp/a
        """,
        """
        creation /tmp/a
        open /tmp/a
        link /tmp/a to /usr/bin/a
        deletion /tmp/a
        """,
        id="hard link",
    ),
    pytest.param("mknod /tmp/a", "creation /tmp/a", id="mknod"),
    pytest.param(
        """
        create /tmp/a
        chmod 0755 /tmp/a
        fchmod 0644 /tmp/a
        chmod-at 0600 /tmp a
        """,
        """
        creation /tmp/a
        open /tmp/a
        modification /tmp/a
        modification /tmp/a
        modification /tmp/a
        """,
        id="chmod, fchmod, fchmodat",
    ),
    pytest.param(
        """
        truncate /etc/group
        ftruncate /etc/passwd
        """,
        """
        modification /etc/group
        open /etc/passwd
        modification /etc/passwd
        """,
        id="truncate, ftruncate",
    ),
    pytest.param(
        """
        chdir /tmp
        create a
        chmod 0755 ./a
        chdir /var/tmp
        mkdir b
        rename ../../tmp/a ./b/../c
        unlink ../tmp//c
        """,
        """
        creation /tmp/a
        open /tmp/a
        modification /tmp/a
        rename /tmp/a to /var/tmp/c
        deletion /var/tmp/c
        """,
        id="relative to the working directory",
    ),
    pytest.param(
        """
        create-at /var/tmp a
        chmod-at 0755 /var/tmp ../tmp/a
        rename-at /var/tmp a /usr/local bin/a
        unlink-at /usr local/bin/a
        """,
        """
        creation /var/tmp/a
        open /var/tmp/a
        modification /var/tmp/a
        rename /var/tmp/a to /usr/local/bin/a
        deletion /usr/local/bin/a
        """,
        id="relative to a directory's descriptor",
    ),
    pytest.param(
        f"""
        mkdirs {DEEP}
        create {DEEP}/a
        chdir {DEEP}
        rename a b
        unlink {DEEP}/b
        """,
        f"""
        creation {DEEP}/a
        open {DEEP}/a
        rename {DEEP}/a to {DEEP}/b
        deletion {DEEP}/b
        """,
        id="sixty directories deep",
    ),
    pytest.param(
        """
        create /tmp/two%0Alines
        create /tmp/a%20space
        create /tmp/no-utf8-%FF
        create /tmp/größe
        unlink /tmp/no-utf8-%FF
        """,
        r"""
        creation '/tmp/two\nlines'
        open '/tmp/two\nlines'
        creation '/tmp/a space'
        open '/tmp/a space'
        creation '/tmp/no-utf8-\xff'
        open '/tmp/no-utf8-\xff'
        creation '/tmp/größe'
        open '/tmp/größe'
        deletion '/tmp/no-utf8-\xff'
        """,
        id="odd names",
    ),
    pytest.param(
        """
        mkdirs /tmp/jail/in
        chroot /tmp/jail
        chdir /
        create /in/a
        chmod 0755 in/a
        rename /in/a ../../b
        unlink /b
        """,
        """
        creation /tmp/jail/in/a
        open /tmp/jail/in/a
        modification /tmp/jail/in/a
        rename /tmp/jail/in/a to /tmp/jail/b
        deletion /tmp/jail/b
        """,
        id="chroot inside the container",
    ),
    pytest.param(
        """
        create-32bit /tmp/a
        unlink-32bit /tmp/a
        """,
        """
        creation /tmp/a
        open /tmp/a
        deletion /tmp/a
        """,
        id="32-bit system calls",
    ),
    pytest.param(
        """
        create /dev/shm/a
        chmod 0755 /dev/shm/a
        unlink /dev/shm/a
        """,
        """
        creation /dev/shm/a
        open /dev/shm/a
        modification /dev/shm/a
        deletion /dev/shm/a
        """,
        id="on another mount",
    ),
]


@pytest.mark.parametrize(("script", "stream"), SCENES)
def test_the_stream_says_what_happened_to_files(stage: Stage, script: str, stream: str) -> None:
    assert stage.payload(script) == [
        "1 payload exec /bin/payload payload",
        *(f"1 payload {line}" for line in lines(stream)),
        "1 payload end 0",
    ]


LINKS = [
    pytest.param(
        """
        mkdir /opt/real
        symlink /opt/real /tmp/link
        symlink link /tmp/again
        create /tmp/link/a
        chmod 0755 /tmp/again/a
        rename /tmp/link/a /tmp/again/b
        link /tmp/link/b /tmp/link/c
        truncate /tmp/link/b
        unlink /tmp/again/b
        unlink /tmp/link/../real/c
        """,
        """
        creation /opt/real/a
        open /opt/real/a
        modification /opt/real/a
        rename /opt/real/a to /opt/real/b
        link /opt/real/b to /opt/real/c
        modification /opt/real/b
        deletion /opt/real/b
        deletion /opt/real/c
        """,
        id="through symbolic links to directories",
    ),
    pytest.param(
        """
        create /opt/a
        symlink /opt/a /tmp/link
        append /tmp/link
        chmod 0755 /tmp/link
        truncate /tmp/link
        """,
        """
        creation /opt/a
        open /opt/a
        open /opt/a
        modification /opt/a
        modification /opt/a
        """,
        id="through a symbolic link to a file",
    ),
    pytest.param(
        """
        symlink /etc/passwd /tmp/link
        rename /tmp/link /tmp/moved
        link /tmp/moved /tmp/too
        unlink /tmp/moved
        """,
        """
        rename /tmp/link to /tmp/moved
        link /tmp/moved to /tmp/too
        deletion /tmp/moved
        """,
        id="symbolic links themselves",
    ),
]


@pytest.mark.parametrize(("script", "stream"), LINKS)
def test_symbolic_links_are_followed(stage: Stage, script: str, stream: str) -> None:
    """While the container runs: where no hook tells it, the sensor has to look where links lead."""
    container = stage.container(Bundle(("payload", "sleep 60000")))
    with stage.running(container):
        container.execute(Bundle(("payload",)), given=script)
        stage.wait_for_end(container, 2)
    assert stage.stream(container) == [
        "1 payload exec /bin/payload payload 'sleep 60000'",
        "2 payload exec /bin/payload payload",
        *(f"2 payload {line}" for line in lines(stream)),
        "2 payload end 0",
        "1 payload end 137",
    ]


def test_a_path_whose_links_are_gone_says_so(stage: Stage) -> None:
    script = """
        mkdir /opt/real
        symlink /opt/real /tmp/link
        create /tmp/link/a
        unlink /tmp/link/a
        unlink /tmp/link
    """
    documents = stage.documents(stage.played(script))
    assert written(documents)[3] in {"1 payload deletion /opt/real/a", "1 payload deletion /tmp/link/a"}
    assert documents[3]["file"]["path"] == "/opt/real/a" or documents[3]["deckwatch"] == {"path_unchecked": True}


def test_a_path_too_deep_to_be_told_says_so(stage: Stage) -> None:
    deep = "/tmp" + "/d" * 300
    (_, creation, open_, _) = stage.documents(stage.played(f"mkdirs {deep}\ncreate {deep}/a"))
    for document in (creation, open_):
        assert document["file"]["path"].startswith("…/d/d/d/")
        assert document["file"]["path"].endswith("/d/d/d/a")
        assert document["deckwatch"] == {"path_cut": True}


@pytest.mark.skipif(not host.has_io_uring(), reason="the kernel refuses io_uring")
def test_files_made_through_io_uring_are_seen(stage: Stage) -> None:
    """Where hooks of file functions are refused, the ring itself is reported too: what it does may go unseen.

    Before Linux 6.0 it does.
    """
    by_calls = stage.tier == "tracepoint"
    seen = not by_calls or host.kernel_version() >= (6, 0)
    assert stage.payload("create-io_uring /tmp/a") == [
        "1 payload exec /bin/payload payload",
        *(["1 payload io_uring made"] if by_calls else []),
        *(["1 payload creation /tmp/a", "1 payload open /tmp/a"] if seen else []),
        "1 payload end 0",
    ]
