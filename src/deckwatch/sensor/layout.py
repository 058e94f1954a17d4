"""From the bytes of a batch to records. The layout is that of `bpf/wire.h`; a test compares the two through BTF."""

from __future__ import annotations

import struct
from collections.abc import Callable

from deckwatch.sensor.records import AnyRecord, CgroupRecord, FileRecord, Hook, ProcessRecord, What

RING_PREFIX = 8  # before each record in the ring: the kernel's own length and page offset
ITERATOR_PREFIX = 0

Fields = tuple[tuple[str, str], ...]

# name and struct code of every field, in order; what nobody asks for is skipped (`x`)
# fmt: off
HEADER: Fields = (
    ("what", "H"), ("version", "2x"), ("flags", "I"), ("length", "I"), ("hook", "H"), ("cpu", "H"),
    ("time", "Q"), ("cgroup", "Q"), ("start", "Q"), ("pid", "I"), ("tid", "I"), ("nspid", "I"), ("user", "I"),
)
PROCESS_SECTION: Fields = (
    ("parent_start", "Q"), ("capabilities_permitted", "Q"), ("capabilities_effective", "Q"),
    ("parent_pid", "I"), ("group", "I"), ("session", "I"), ("pid_namespace", "I"), ("mount_namespace", "I"),
    ("uid", "I"), ("gid", "I"), ("euid", "I"), ("egid", "I"), ("suid", "I"), ("sgid", "I"),
    ("tty", "I"), ("exit_code", "i"), ("argument_count", "I"), ("argument_bytes", "I"), ("old_tid", "I"),
    ("comm", "16s"), ("lengths", "4H"),
)
FILE_SECTION: Fields = (
    ("inode", "Q"), ("device", "I"), ("mode", "I"), ("operation_flags", "I"), ("argument", "I"),
    ("mount", "I"), ("group", "I"), ("lengths", "4H"),
)
CGROUP_SECTION: Fields = (("parent", "Q"), ("lengths", "4H"))
# fmt: on


def _struct(*sections: Fields) -> struct.Struct:
    return struct.Struct("<" + "".join(code for section in sections for _, code in section))


_LENGTH = struct.Struct("<8xI")
_PROCESS = _struct(HEADER, PROCESS_SECTION)
_FILE = _struct(HEADER, FILE_SECTION)
_CGROUP = _struct(HEADER, CGROUP_SECTION)
_SHORTEST = _CGROUP.size
_WHAT = {int(what): what for what in What}
_HOOK = {int(hook): hook for hook in Hook}


class _UnreadableError(Exception):
    """A record whose texts do not fit into it."""


def _process(batch: bytes, position: int) -> ProcessRecord:
    # fmt: off
    (
        what, flags, length, hook, cpu, time, cgroup, start, pid, tid, nspid, _,
        parent_start, permitted, effective, parent_pid, group, session, pid_namespace, mount_namespace,
        uid, gid, euid, egid, suid, sgid, tty, exit_code, argument_count, argument_bytes, old_tid,
        comm, executable_bytes, directory_bytes, args_bytes, filename_bytes,
    ) = _PROCESS.unpack_from(batch, position)
    # fmt: on
    at = position + _PROCESS.size
    directory_at = at + executable_bytes
    args_at = directory_at + directory_bytes
    filename_at = args_at + args_bytes
    end = filename_at + filename_bytes
    if end > position + length:
        raise _UnreadableError
    return ProcessRecord(
        what=_WHAT[what],
        flags=flags,
        hook=_HOOK[hook],
        cpu=cpu,
        time=time,
        cgroup=cgroup,
        start=start,
        pid=pid,
        tid=tid,
        nspid=nspid,
        parent_pid=parent_pid,
        parent_start=parent_start,
        group=group,
        session=session,
        pid_namespace=pid_namespace,
        mount_namespace=mount_namespace,
        uid=uid,
        gid=gid,
        euid=euid,
        egid=egid,
        suid=suid,
        sgid=sgid,
        capabilities_permitted=permitted,
        capabilities_effective=effective,
        tty=tty,
        exit_code=exit_code,
        argument_count=argument_count,
        argument_bytes=argument_bytes,
        old_tid=old_tid,
        comm=comm.partition(b"\0")[0].decode("utf-8", "backslashreplace"),
        executable=batch[at:directory_at].decode("utf-8", "backslashreplace"),
        working_directory=batch[directory_at:args_at].decode("utf-8", "backslashreplace"),
        args=arguments(batch[args_at:filename_at]) if args_bytes else (),
        filename=batch[filename_at:end].decode("utf-8", "backslashreplace"),
    )


def _file(batch: bytes, position: int) -> FileRecord:
    # fmt: off
    (
        what, flags, length, hook, cpu, time, cgroup, start, pid, tid, nspid, user,
        inode, device, mode, operation_flags, argument, mount, group,
        base_bytes, path_bytes, base2_bytes, path2_bytes,
    ) = _FILE.unpack_from(batch, position)
    # fmt: on
    at = position + _FILE.size
    path_at = at + base_bytes
    base2_at = path_at + path_bytes
    path2_at = base2_at + base2_bytes
    end = path2_at + path2_bytes
    if end > position + length:
        raise _UnreadableError
    return FileRecord(
        what=_WHAT[what],
        flags=flags,
        hook=_HOOK[hook],
        cpu=cpu,
        time=time,
        cgroup=cgroup,
        start=start,
        pid=pid,
        tid=tid,
        nspid=nspid,
        inode=inode,
        device=device,
        mode=mode,
        operation_flags=operation_flags,
        argument=argument,
        mount=mount,
        euid=user,
        egid=group,
        base=batch[at:path_at].decode("utf-8", "backslashreplace") if base_bytes else "",
        path=batch[path_at:base2_at].decode("utf-8", "backslashreplace"),
        base2=batch[base2_at:path2_at].decode("utf-8", "backslashreplace") if base2_bytes else "",
        path2=batch[path2_at:end].decode("utf-8", "backslashreplace") if path2_bytes else "",
    )


def _cgroup(batch: bytes, position: int) -> CgroupRecord:
    # fmt: off
    (
        what, flags, length, hook, cpu, time, cgroup, start, pid, tid, nspid, _,
        parent, path_bytes, *_,
    ) = _CGROUP.unpack_from(batch, position)
    # fmt: on
    at = position + _CGROUP.size
    if at + path_bytes > position + length:
        raise _UnreadableError
    return CgroupRecord(
        what=_WHAT[what],
        flags=flags,
        hook=_HOOK[hook],
        cpu=cpu,
        time=time,
        cgroup=cgroup,
        start=start,
        pid=pid,
        tid=tid,
        nspid=nspid,
        parent=parent,
        path=batch[at : at + path_bytes].decode("utf-8", "backslashreplace"),
    )


_PROCESSES = (What.FORK, What.EXEC, What.EXIT, What.SETSID, What.TASK)
_CGROUPS = (What.CGROUP_MADE, What.CGROUP_REMOVED)
_DECODERS: dict[int, Callable[[bytes, int], AnyRecord]] = {
    what: _process if what in _PROCESSES else _cgroup if what in _CGROUPS else _file for what in What
}


def decode(batch: bytes, prefix: int, records: list[AnyRecord]) -> int:
    """Append the records of a batch, `prefix` bytes before each; return how many could not be read.

    A number that records.py does not know, or a length that contradicts itself, makes a record unreadable. When its
    whole length is impossible, so is all that follows, which counts as one.
    """
    unreadable = 0
    position, size = prefix, len(batch)
    while position + _SHORTEST <= size:
        (length,) = _LENGTH.unpack_from(batch, position)
        if not _SHORTEST <= length <= size - position:
            break
        try:
            records.append(_DECODERS[batch[position]](batch, position))
        except (KeyError, struct.error, _UnreadableError):
            unreadable += 1
        position += (length + prefix + 7) & -8
    return unreadable + (position < size)


def arguments(area: bytes) -> tuple[str, ...]:
    """The arguments in an argument area: each ends with a NUL, the last one perhaps not."""
    return tuple(area.removesuffix(b"\0").decode("utf-8", "backslashreplace").split("\0"))
