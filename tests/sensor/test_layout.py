"""Bytes become records; bytes that make no sense are counted, and nothing else suffers."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.sensor.layout import ITERATOR_PREFIX, RING_PREFIX, arguments, decode
from deckwatch.sensor.records import AnyRecord, CgroupRecord, FileRecord, Flag, Hook, ProcessRecord, What
from tests.sensor import wire

HEADER = {
    "flags": Flag.EXE_UPPER,
    "cpu": 3,
    "time": 5_000_000_001,
    "cgroup": 0xFEDC_BA98_7654_3210,
    "start": 4_000_000_002,
    "pid": 4242,
    "tid": 4243,
    "nspid": 7,
}


def decoded(batch: bytes, prefix: int = ITERATOR_PREFIX) -> tuple[list[AnyRecord], int]:
    records: list[AnyRecord] = []
    return records, decode(batch, prefix, records)


def only(packed: bytes) -> AnyRecord:
    records, unreadable = decoded(wire.padded(packed))
    assert (len(records), unreadable) == (1, 0)
    return records[0]


def test_an_exec_has_every_field_and_text():
    packed = wire.process(
        What.EXEC,
        b"/usr/bin/curl",
        b"/root",
        b"curl\0-s\0http://host/\0",
        b"./curl",
        **HEADER,
        hook=Hook.SCHED_PROCESS_EXEC,
        parent_start=3_000_000_003,
        capabilities_permitted=(1 << 41) - 1,
        capabilities_effective=1 << 21,
        parent_pid=11,
        group=12,
        session=13,
        pid_namespace=4026531836,
        mount_namespace=4026531841,
        uid=1,
        gid=2,
        euid=3,
        egid=4,
        suid=5,
        sgid=6,
        tty=136 << 20 | 1,
        exit_code=-1,
        argument_count=3,
        argument_bytes=21,
        old_tid=99,
        comm=b"curl",
    )
    assert only(packed) == ProcessRecord(
        what=What.EXEC,
        hook=Hook.SCHED_PROCESS_EXEC,
        **HEADER,
        parent_start=3_000_000_003,
        capabilities_permitted=(1 << 41) - 1,
        capabilities_effective=1 << 21,
        parent_pid=11,
        group=12,
        session=13,
        pid_namespace=4026531836,
        mount_namespace=4026531841,
        uid=1,
        gid=2,
        euid=3,
        egid=4,
        suid=5,
        sgid=6,
        tty=136 << 20 | 1,
        exit_code=-1,
        argument_count=3,
        argument_bytes=21,
        old_tid=99,
        comm="curl",
        executable="/usr/bin/curl",
        working_directory="/root",
        args=("curl", "-s", "http://host/"),
        filename="./curl",
    )


def test_a_rename_has_both_names_and_both_bases():
    packed = wire.file(
        What.RENAME,
        b"/srv",
        b"../srv/a",
        b"/",
        b"/srv/b",
        **HEADER,
        hook=Hook.SYS_EXIT,
        user=1000,
        inode=1 << 40,
        device=8 << 20 | 1,
        mode=0o100755,
        operation_flags=1,
        argument=2,
        mount=30,
        group=100,
    )
    assert only(packed) == FileRecord(
        what=What.RENAME,
        hook=Hook.SYS_EXIT,
        **HEADER,
        inode=1 << 40,
        device=8 << 20 | 1,
        mode=0o100755,
        operation_flags=1,
        argument=2,
        mount=30,
        euid=1000,
        egid=100,
        base="/srv",
        path="../srv/a",
        base2="/",
        path2="/srv/b",
    )


def test_a_cgroup_has_its_parent_and_path():
    packed = wire.cgroup(What.CGROUP_MADE, b"/docker/abc", **HEADER, hook=Hook.CGROUP, parent=77)
    assert only(packed) == CgroupRecord(
        what=What.CGROUP_MADE, hook=Hook.CGROUP, **HEADER, parent=77, path="/docker/abc"
    )


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        *(pytest.param(what, ProcessRecord, id=what.name) for what in What if what <= What.TASK),
        *(pytest.param(what, FileRecord, id=what.name) for what in What if What.CREATE <= what <= What.DIRECTORY),
        pytest.param(What.CGROUP_MADE, CgroupRecord, id="CGROUP_MADE"),
        pytest.param(What.CGROUP_REMOVED, CgroupRecord, id="CGROUP_REMOVED"),
        pytest.param(What.IO_URING, FileRecord, id="IO_URING"),
    ],
)
def test_the_kind_of_record_follows_from_what(what: What, kind: type):
    make = {ProcessRecord: wire.process, FileRecord: wire.file, CgroupRecord: wire.cgroup}[kind]
    read = only(make(what))
    assert (type(read), read.what) == (kind, what)


@pytest.mark.parametrize(
    ("given_bytes", "text"),
    [
        pytest.param("/srv/grün".encode(), "/srv/grün", id="UTF-8"),
        pytest.param(b"/srv/\xff\xfe", r"/srv/\xff\xfe", id="not UTF-8"),
        pytest.param(b"/srv/cut \xe2\x82", r"/srv/cut \xe2\x82", id="cut within a letter"),
        pytest.param(b"/srv/a\nb", "/srv/a\nb", id="line break"),
        pytest.param(b"", "", id="empty"),
    ],
)
def test_a_path_is_text_whatever_its_bytes(given_bytes: bytes, text: str):
    read = only(wire.file(What.CREATE, b"", given_bytes))
    assert isinstance(read, FileRecord)
    assert read.path == text


@pytest.mark.parametrize(
    ("area", "args"),
    [
        pytest.param(b"ls\0", ("ls",), id="one"),
        pytest.param(b"sh\0-c\0x y\0", ("sh", "-c", "x y"), id="several"),
        pytest.param(b"a\0\0b\0", ("a", "", "b"), id="an empty one"),
        pytest.param(b"a\0\0", ("a", ""), id="an empty last one"),
        pytest.param(b"\0", ("",), id="only an empty one"),
        pytest.param(b"a\0cut", ("a", "cut"), id="the last one cut"),
    ],
)
def test_arguments_end_with_a_nul(area: bytes, args: tuple[str, ...]):
    assert arguments(area) == args


def test_a_name_as_long_as_its_field_has_no_nul():
    read = only(wire.process(comm=b"sixteen letters!"))
    assert isinstance(read, ProcessRecord)
    assert read.comm == "sixteen letters!"


GOOD = wire.file(What.CREATE, b"", b"/good")


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(wire.file(99, b"", b"/x"), id="an unknown kind"),
        pytest.param(wire.file(What.CREATE, b"", b"/x", hook=999), id="an unknown hook"),
        pytest.param(wire.file(0x110, b"", b"/x"), id="a kind that looks like another in one byte"),
        pytest.param(wire.file(What.CREATE, b"", b"/x", lengths=(0, 4000, 0, 0)), id="a text longer than the record"),
        pytest.param(wire.cgroup(What.CGROUP_MADE, b"/x", lengths=(9, 0, 0, 0)), id="a path longer than the record"),
        pytest.param(wire.process(What.EXEC, b"/x", lengths=(1, 1, 1, 1)), id="texts longer together"),
        pytest.param(wire.cgroup(What.FORK, b"/x"), id="too short for its kind"),
    ],
)
@pytest.mark.parametrize("prefix", [ITERATOR_PREFIX, RING_PREFIX], ids=["iterator", "ring"])
def test_a_record_that_makes_no_sense_is_counted_and_its_neighbours_stand(bad: bytes, prefix: int):
    wrap = wire.in_ring if prefix else wire.padded
    records, unreadable = decoded(wrap(GOOD) + wrap(bad) + wrap(GOOD), prefix)
    assert ([type(record) for record in records], unreadable) == ([FileRecord, FileRecord], 1)


@pytest.mark.parametrize("length", [0, 55, 1 << 31], ids=["nothing", "less than a header", "more than there is"])
def test_an_impossible_length_ends_the_batch(length: int):
    records, unreadable = decoded(wire.padded(GOOD) + wire.padded(wire.file(length=length)) + wire.padded(GOOD))
    assert (len(records), unreadable) == (1, 1)


def test_nothing_is_nothing():
    assert decoded(b"") == ([], 0)
    assert decoded(b"", RING_PREFIX) == ([], 0)


texts = st.binary(max_size=30).filter(lambda text: b"\0" not in text)
packed_records = st.one_of(
    st.builds(wire.file, st.sampled_from([What.CREATE, What.RENAME]), texts, texts, texts, texts),
    st.builds(wire.process, st.just(What.EXEC), texts, texts, st.just(b"a\0b\0"), texts),
    st.builds(wire.cgroup, st.just(What.CGROUP_MADE), texts),
)


@given(st.lists(packed_records, max_size=8))
def test_a_batch_is_its_records_in_order(parts: list[bytes]):
    alone = [only(part) for part in parts]
    assert decoded(b"".join(map(wire.padded, parts))) == (alone, 0)
    assert decoded(b"".join(map(wire.in_ring, parts)), RING_PREFIX) == (alone, 0)


@given(st.binary(max_size=600), st.sampled_from([ITERATOR_PREFIX, RING_PREFIX]))
def test_any_bytes_can_be_read(batch: bytes, prefix: int):
    records, unreadable = decoded(batch, prefix)
    assert len(records) + unreadable <= 1 + len(batch) // struct.calcsize("<56x")
