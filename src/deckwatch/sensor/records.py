"""What the kernel tells us: one record per thing that happened, decoded but not yet understood.

Times are nanoseconds since boot, suspended time included (`CLOCK_BOOTTIME`). Pids are those of the initial pid
namespace unless a name says otherwise. A process is (pid, start): pids are used again. Texts are decoded as UTF-8;
bytes that are none are written as a backslash, `x` and two hex digits.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TypeAlias

import msgspec


class What(IntEnum):
    """What a record tells of; the numbers are shared with the kernel's side."""

    FORK = 1
    EXEC = 2
    EXIT = 3
    SETSID = 4
    TASK = 5  # a process that was there before the sensor
    CREATE = 16
    OPEN = 17  # an existing file, for writing
    DELETE = 18
    RENAME = 19
    LINK = 20
    CHMOD = 21
    TRUNCATE = 22
    DIRECTORY = 23  # directories and symbolic links made, moved or removed: paths learnt before may mean something else
    CGROUP_MADE = 32
    CGROUP_REMOVED = 33
    IO_URING = 34  # a container made a ring: file operations through it may go unseen


class Flag(IntFlag):
    """Marks on a record."""

    EXE_DELETED = 1 << 0  # the program's file has no name any more
    EXE_MEMFD = 1 << 1
    EXE_UPPER = 1 << 2  # made or changed since the container started: it lies in the overlay's writable layer
    STDIN_TTY = 1 << 3  # descriptor 0 is the controlling terminal
    STDERR_TTY = 1 << 4
    ARGS_CUT = 1 << 5
    PATH_CUT = 1 << 6  # deeper or longer than the walk goes: the beginning of the path is missing
    OTHER_MOUNT = 1 << 7  # not on the root mount of the mount namespace
    FILE_MOUNT = 1 << 8  # the mount is a single file
    BY_DESCRIPTOR = 1 << 9  # the path comes from an open file or a dentry: canonical
    COMPAT32 = 1 << 10
    BY_IO_URING = 1 << 11
    CHROOTED = 1 << 12
    FILE_UPPER = 1 << 13
    TMPFILE = 1 << 14  # opened with O_TMPFILE: no name yet
    TRUNCATED = 1 << 15  # opened with O_TRUNC
    HOST_MOUNTS = 1 << 16  # the task is in the initial mount namespace
    TRACKED_BY_NAME = 1 << 17  # CGROUP_MADE: the kernel took it for a container


class Hook(IntEnum):
    """Which hook saw it."""

    TASK_ITERATOR = 0
    SCHED_PROCESS_FORK = 1
    SCHED_PROCESS_EXEC = 2
    SCHED_PROCESS_EXIT = 3
    SYS_EXIT = 4
    CGROUP = 5
    IO_URING_TRACEPOINT = 6
    LSM_PATH_MKNOD = 16
    LSM_FILE_OPEN = 17
    LSM_PATH_UNLINK = 18
    LSM_PATH_RENAME = 19
    LSM_PATH_LINK = 20
    LSM_PATH_CHMOD = 21
    LSM_PATH_TRUNCATE = 22
    LSM_FILE_TRUNCATE = 23
    LSM_PATH_DIRECTORY = 24  # path_mkdir, path_rmdir, path_symlink
    FEXIT_OPEN = 32
    FEXIT_UNLINK = 33
    FEXIT_RENAME = 34
    FEXIT_LINK = 35
    FEXIT_CHMOD = 36
    FEXIT_TRUNCATE = 37
    FEXIT_MKNOD = 38
    FEXIT_DIRECTORY = 39


class Record(msgspec.Struct, gc=False, kw_only=True):
    """What every record carries. `cgroup` is the kernfs id in the default hierarchy; `start` is the group leader's."""

    what: What
    flags: int
    hook: Hook
    cpu: int
    time: int
    cgroup: int
    start: int
    pid: int
    tid: int
    nspid: int  # the group leader's pid in its own pid namespace


class ProcessRecord(Record, gc=False, kw_only=True):
    """FORK, EXEC, EXIT, SETSID, TASK. On a fork it describes the child, whose image is still the parent's.

    `tty` is `major << 20 | minor`, 0 without one; `exit_code` the raw wait status; `argument_bytes` the real size of
    the argument area. The texts are there on EXEC (and on TASK as far as known), empty otherwise.
    """

    parent_pid: int
    parent_start: int
    group: int
    session: int
    pid_namespace: int
    mount_namespace: int
    uid: int
    gid: int
    euid: int
    egid: int
    suid: int
    sgid: int
    capabilities_permitted: int
    capabilities_effective: int
    tty: int
    exit_code: int
    argument_count: int
    argument_bytes: int
    old_tid: int
    comm: str
    executable: str = ""
    working_directory: str = ""
    args: tuple[str, ...] = ()
    filename: str = ""  # as given to execve: for a script the script


class FileRecord(Record, gc=False, kw_only=True):
    """What happened to a file. `mode` is the inode's afterwards, 0 when unknown; `operation_flags` those of the call.

    Either a path is canonical (BY_DESCRIPTOR, then `base` is empty), or it is what the caller wrote, relative to the
    directory `base`; both as seen from the root of the mount namespace. The second pair is there for RENAME and LINK:
    `base`, `path` name the source, `base2`, `path2` the new name.
    """

    inode: int
    device: int
    mode: int
    operation_flags: int
    argument: int
    mount: int
    euid: int  # of the task
    egid: int
    base: str
    path: str
    base2: str = ""
    path2: str = ""


class CgroupRecord(Record, gc=False, kw_only=True):
    """A cgroup came or went; `cgroup` is its id, `path` its whole path in the default hierarchy."""

    parent: int
    path: str


AnyRecord: TypeAlias = ProcessRecord | FileRecord | CgroupRecord


class Lost(msgspec.Struct, frozen=True):
    """Records that the kernel could not hand over since the last count, or that could not be decoded.

    Of the latter neither CPU (-1) nor kind (None) is known.
    """

    cpu: int
    what: What | None
    reason: str  # "ring full", "no buffer", "unreadable", "undecodable"
    count: int
