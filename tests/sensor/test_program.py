"""The objects that are shipped, on the kernel of this machine."""

import errno
from collections.abc import Iterator

import pytest

from deckwatch.sensor.btf import Btf
from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.libbpf import LibbpfError
from deckwatch.sensor.program import _MISSED, _RUNS, KERNEL_TYPES, OBJECTS, BpfObject, Map, Program, object_bytes
from deckwatch.sensor.tiers import GROUPS, TIERS, Request, load
from tests.sensor.machine import needs_kernel

KNOWN_GROUPS = {group for groups in GROUPS.values() for group in groups}


@pytest.fixture(scope="module")
def kernel() -> Iterator[Btf]:
    types = Btf.parse(KERNEL_TYPES)
    yield types
    types.close()


@needs_kernel
@pytest.mark.parametrize("machine", sorted(OBJECTS))
def test_every_program_belongs_to_a_tier_and_every_tier_has_programs(machine: str):
    bpf = BpfObject(object_bytes(machine))
    groups = {name.partition("_")[0] for name in bpf.programs}
    bpf.close()
    assert groups == KNOWN_GROUPS


def _names() -> list[str]:
    try:
        bpf = BpfObject(object_bytes())
    except SensorError:
        return []
    names = sorted(bpf.programs)
    bpf.close()
    return names


@needs_kernel
@pytest.mark.parametrize("name", _names())
def test_a_program_loads_and_attaches_or_is_told_off(name: str, kernel: Btf):
    bpf = BpfObject(object_bytes())
    try:
        if not bpf.programs[name].has_target(kernel):
            pytest.skip(f"this kernel has no {' '.join(bpf.programs[name].hook)}")
        bpf.select([name])
        bpf.resize("ring", 4096)
        try:
            bpf.load()
            assert bpf.attach(name)
        except LibbpfError as error:
            is_variant = name.startswith("uring_")
            if error.program != name or not (is_variant or error.number == errno.EPERM):
                raise
            pytest.skip(f"this kernel refuses it: {error.summary}")
    finally:
        bpf.close()


@needs_kernel
@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_is_had_whole_or_refused_with_a_reason(tier: str, kernel: Btf):
    try:
        loaded = load(Request(object_bytes(), 4096, {}, kernel), [tier])
    except SensorError as error:
        pytest.skip(error.message)
    loaded.object.close()
    assert loaded.tier == tier
    assert all(loaded.off.values())


@pytest.mark.parametrize(
    ("section", "hook"),
    [
        pytest.param("lsm/file_open", ("lsm", "file_open"), id="lsm"),
        pytest.param("?fexit/vfs_unlink", ("fexit", "vfs_unlink"), id="not by default"),
        pytest.param("lsm.s/path_unlink", ("lsm", "path_unlink"), id="may sleep"),
        pytest.param("iter/task", ("iter", "task"), id="iterator"),
    ],
)
def test_a_section_says_how_and_where(section: str, hook: tuple[str, str]):
    assert Program("name", section, 0).hook == hook


@needs_kernel
@pytest.mark.parametrize(
    ("section", "there"),
    [
        pytest.param("tp_btf/sched_process_exec", True, id="tracepoint"),
        pytest.param("tp_btf/sched_process_dance", False, id="no tracepoint"),
        pytest.param("fexit/vfs_unlink", True, id="function"),
        pytest.param("fexit/vfs_uncle", False, id="no function"),
        pytest.param("iter/task", True, id="not told by types"),
    ],
)
def test_the_kernel_s_types_tell_what_can_be_attached_to(section: str, *, there: bool, kernel: Btf):
    assert Program("name", section, 0).has_target(kernel) is there


@pytest.fixture
def bpf(kernel: Btf) -> Iterator[BpfObject]:
    loaded = load(Request(object_bytes(), 8192, {"new_cgroup_wants": 0}, kernel), ["tracepoint"])
    yield loaded.object
    loaded.object.close()


@needs_kernel
def test_a_map_gives_what_was_put_in(bpf: BpfObject):
    cgroups: Map = bpf.map("cgs")
    keys = [(0xDEAD_0000_0000 + number).to_bytes(8, "little") for number in range(3)]
    for number, key in enumerate(keys):
        cgroups.put(key, number.to_bytes(4, "little"))
    assert set(keys) <= set(cgroups.keys())
    assert [cgroups.get(key) for key in keys] == [bytes([number, 0, 0, 0]) for number in range(3)]
    cgroups.delete(keys[0])
    cgroups.delete(keys[0])
    assert cgroups.get(keys[0]) is None


@needs_kernel
def test_a_ring_has_the_size_asked_for(bpf: BpfObject):
    assert bpf.map("ring").entries == 8192


@needs_kernel
def test_the_kernel_counts_how_often_a_program_runs(bpf: BpfObject):
    with bpf.statistics():
        before = bpf.runs("tp_sys_exit")
        KERNEL_TYPES.stat()
        assert bpf.runs("tp_sys_exit") > before
    assert bpf.missed() == 0


@needs_kernel
@pytest.mark.parametrize(
    ("name", "offset"),
    [pytest.param("run_cnt", _RUNS, id="runs"), pytest.param("recursion_misses", _MISSED, id="missed")],
)
def test_the_kernel_s_counts_are_where_we_read_them(name: str, offset: int, kernel: Btf):
    place = kernel.members("bpf_prog_info")[name]
    assert (place.offset, place.size) == (offset, 8)
