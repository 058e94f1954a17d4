"""Everyday work, whole and in order, which no founding rule may mistake for an attack."""

import io
import tarfile
from pathlib import Path

from tests.scenes.bundle import Bundle
from tests.scenes.notation import lines, word
from tests.scenes.stage import Stage

BUILD = """mkdir -p /tmp/build
cd /tmp/build
for unit in main util; do
  cc 'create /tmp/cc.s' "create $unit.o" 'unlink /tmp/cc.s'
done
ld 'copy-self program'
mv program /usr/local/bin/program
program 'exit 0'
ld 'copy-self /tmp/conftest'
/tmp/conftest 'exit 0'
/opt/tools/rm 'unlink /tmp/conftest'
"""


def test_a_build(stage: Stage) -> None:
    """Compiler and linker stand-ins make, run and remove the files that real ones do, a configure probe included."""
    container = stage.shell(BUILD)
    assert stage.stream(container) == lines(
        f"""
        1 busybox exec /bin/busybox sh -c {word(BUILD)}
        2 busybox fork from 1
        2 busybox end 0
        3 busybox fork from 1
        3 cc exec /usr/bin/cc cc 'create /tmp/cc.s' 'create main.o' 'unlink /tmp/cc.s'
        3 cc creation /tmp/cc.s
        3 cc open /tmp/cc.s
        3 cc creation /tmp/build/main.o
        3 cc open /tmp/build/main.o
        3 cc deletion /tmp/cc.s
        3 cc end 0
        4 busybox fork from 1
        4 cc exec /usr/bin/cc cc 'create /tmp/cc.s' 'create util.o' 'unlink /tmp/cc.s'
        4 cc creation /tmp/cc.s
        4 cc open /tmp/cc.s
        4 cc creation /tmp/build/util.o
        4 cc open /tmp/build/util.o
        4 cc deletion /tmp/cc.s
        4 cc end 0
        5 busybox fork from 1
        5 ld exec /usr/bin/ld ld 'copy-self program'
        5 ld creation /tmp/build/program
        5 ld open /tmp/build/program
        5 ld end 0
        6 busybox fork from 1
        6 busybox rename /tmp/build/program to /usr/local/bin/program
        6 busybox end 0
        7 busybox fork from 1
        7 program exec /usr/local/bin/program program 'exit 0'
        7 program end 0
        8 busybox fork from 1
        8 ld exec /usr/bin/ld ld 'copy-self /tmp/conftest'
        8 ld creation /tmp/conftest
        8 ld open /tmp/conftest
        8 ld end 0
        9 busybox fork from 1
        9 conftest exec /tmp/conftest /tmp/conftest 'exit 0'
        9 conftest end 0
        10 busybox fork from 1
        10 rm exec /opt/tools/rm /opt/tools/rm 'unlink /tmp/conftest'
        10 rm deletion /tmp/conftest
        10 rm end 0
        1 busybox end 0
        """
    )
    assert stage.alerts(container) == []


def test_a_periodic_job(stage: Stage, tmp_path: Path) -> None:
    """run-parts, as cron calls it, runs a job that lies on a bind mount, twice."""
    job = tmp_path / "jobs" / "stamp"
    job.parent.mkdir()
    job.write_text("#!/bin/sh\ndate > /run/stamp.new\nmv /run/stamp.new /run/stamp\n")
    job.chmod(0o755)
    script = "run-parts /etc/periodic; run-parts /etc/periodic"
    container = stage.container(Bundle(("sh", "-c", script), binds=((str(job.parent), "/etc/periodic"),)))
    container.run()

    assert stage.stream(container) == lines(
        f"""
        1 busybox exec /bin/busybox sh -c {word(script)}
        2 busybox fork from 1
        2 busybox exec /bin/busybox run-parts /etc/periodic
        3 busybox fork from 2
        3 busybox exec /bin/busybox /bin/sh /etc/periodic/stamp
        3 busybox creation /run/stamp.new
        3 busybox open /run/stamp.new
        4 busybox fork from 3
        4 busybox end 0
        5 busybox fork from 3
        5 busybox rename /run/stamp.new to /run/stamp
        5 busybox end 0
        3 busybox end 0
        2 busybox end 0
        1 busybox exec /bin/busybox run-parts /etc/periodic
        6 busybox fork from 1
        6 busybox exec /bin/busybox /bin/sh /etc/periodic/stamp
        6 busybox creation /run/stamp.new
        6 busybox open /run/stamp.new
        7 busybox fork from 6
        7 busybox end 0
        8 busybox fork from 6
        8 busybox rename /run/stamp.new to /run/stamp
        8 busybox end 0
        6 busybox end 0
        1 busybox end 0
        """
    )
    assert stage.alerts(container) == []


def test_a_package_is_unpacked(stage: Stage, tmp_path: Path) -> None:
    """New files, one that was there already, a hard link, a symbolic link, a folder; the archive is a file mount."""
    package = tmp_path / "package.tar"
    with tarfile.open(package, "w") as archive:
        _add(archive, "usr/local/share", type=tarfile.DIRTYPE, mode=0o755)
        _add(archive, "usr/local/bin/tool", b"#!/bin/sh\n", mode=0o755)
        _add(archive, "usr/local/bin/soft", type=tarfile.SYMTYPE, linkname="tool")
        _add(archive, "usr/local/bin/hard", type=tarfile.LNKTYPE, linkname="usr/local/bin/tool")
        _add(archive, "etc/os-release", b"ID=new\n")
    bundle = Bundle(("tar", "-xf", "/opt/package.tar", "-C", "/"), binds=((str(package), "/opt/package.tar"),))
    container = stage.container(bundle)
    container.run()

    assert stage.stream(container) == lines(
        """
        1 busybox exec /bin/busybox tar -xf /opt/package.tar -C /
        1 busybox modification /usr/local/share
        1 busybox creation /usr/local/bin/tool
        1 busybox open /usr/local/bin/tool
        1 busybox modification /usr/local/bin/tool
        1 busybox deletion /etc/os-release
        1 busybox creation /etc/os-release
        1 busybox open /etc/os-release
        1 busybox modification /etc/os-release
        1 busybox link /usr/local/bin/tool to /usr/local/bin/hard
        1 busybox end 0
        """
    )
    assert stage.alerts(container) == []


def _add(archive: tarfile.TarFile, name: str, content: bytes = b"", **facts: object) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for fact, value in facts.items():
        setattr(member, fact, value)
    archive.addfile(member, io.BytesIO(content))
