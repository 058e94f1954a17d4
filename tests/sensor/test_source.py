"""The source of kernel events: batches in order, metadata awaited, losses told, documents kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from deckwatch.engine.ports import Holder
from deckwatch.errors import DeckwatchError
from deckwatch.sensor.containers import Containers
from deckwatch.sensor.errors import SensorError
from deckwatch.sensor.records import AnyRecord, Lost, What
from deckwatch.sensor.runtimes import Runtimes
from deckwatch.sensor.source import KernelSource
from tests.sensor.happening import CGROUP, ID, NODE, OTHER_CGROUP, OTHER_ID, Kernel, Task, containers, runtime

Document = dict[str, Any]
Open = Callable[..., KernelSource]
NOTHING_THERE = (0, 0.001, 0.002)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Open a source on a kernel; runtimes keep their files below `tmp_path`."""
    sources: list[KernelSource] = []

    def opened(
        kernel: Kernel, patience: Sequence[float] = NOTHING_THERE, known: Containers | None = None
    ) -> KernelSource:
        source = KernelSource(
            kernel, node=NODE, runtimes=Runtimes(tmp_path, patience), containers=known or containers(tmp_path)
        )
        sources.append(source)
        source.open({"process.name": "keyword", "event.sequence": "long"})
        return source

    yield opened
    for source in sources:
        source.close()


def documents(source: KernelSource, count: int) -> list[Document]:
    """The next documents, however many batches they come in."""
    found: list[Document] = []
    deadline = time.monotonic() + 10
    while len(found) < count and time.monotonic() < deadline:
        batch = source.poll(0.05)
        if batch is not None:
            found += batch.documents.documents(range(batch.height))
    return found


def first(cgroup: int = CGROUP) -> tuple[Task, AnyRecord]:
    init = Task(runtime(), nspid=1, cgroup=cgroup).leads()
    return init, init.exec("/bin/init", "init")


def tell(root: Path, identity: str, *labels: str) -> None:
    """As runc writes it."""
    place = root / "run/runc" / identity
    place.mkdir(parents=True)
    (place / "state.json").write_text(json.dumps({"config": {"labels": labels}}))


def test_batches_have_columns_documents_and_positions(opened: Open) -> None:
    init, exec_ = first()
    source = opened(Kernel([exec_], [init.file(What.DELETE, "/a")], [init.exit()]))
    positions: list[int] = []
    while len(positions) < 3:
        if batch := source.poll(0.1):
            positions += range(batch.first, batch.first + batch.height)
            column = batch.columns["process.name"]
            assert column.values.gather(column.codes).to_list() == ["init"] * batch.height
            assert batch.documents.document(0)["process"]["name"] == "init"
    assert positions == [0, 1, 2]
    assert source.counts.events == 3
    assert source.poll(0) is None


def test_kept_documents_can_be_asked_for_later(opened: Open) -> None:
    init, exec_ = first()
    source = opened(Kernel([exec_, init.file(What.DELETE, "/a"), init.file(What.DELETE, "/b")]))
    batch = source.poll(5)
    assert batch is not None
    batch.documents.keep([1, 2])
    assert [each["file"]["path"] for each in source.documents([2, 1]).values()] == ["/b", "/a"]
    source.retain({2})
    assert source.documents([2])[2] == batch.documents.document(2)
    with pytest.raises(DeckwatchError, match="event 1 was not kept"):
        source.documents([1])


def test_events_wait_for_the_metadata_of_their_container(opened: Open, tmp_path: Path) -> None:
    """And those behind them wait too, so that all stay in order."""
    tell(tmp_path, ID, "io.kubernetes.cri.image-name=r.test/a:1")
    init, exec_ = first()
    other, other_exec = first(OTHER_CGROUP)
    source = opened(Kernel([exec_, init.file(What.DELETE, "/a"), other_exec, init.file(What.DELETE, "/b")]))
    found = documents(source, 4)
    assert [each["event"]["sequence"] for each in found] == [1, 2, 3, 4]
    assert [each["container"].get("image") for each in found] == [
        *[{"name": "r.test/a", "tag": ["1"]}] * 2,
        None,
        {"name": "r.test/a", "tag": ["1"]},
    ]
    assert other.cgroup == OTHER_CGROUP


def test_events_do_not_wait_for_long(opened: Open) -> None:
    init, exec_ = first()
    source = opened(Kernel([exec_, init.file(What.DELETE, "/a")]), patience=(60,))
    began = time.monotonic()
    found = documents(source, 2)
    assert time.monotonic() - began < 5
    assert [each["container"] for each in found] == [{"id": ID}] * 2


def test_time_does_not_pass_what_is_under_way(opened: Open) -> None:
    """Neither while events are held, nor while more of them are ready than a batch can have."""
    init, exec_ = first()
    more = [init.file(What.DELETE, f"/{n}") for n in range(20_000)]
    source = opened(Kernel([exec_], [], more), patience=(60,))
    assert isinstance(source, Holder)
    batches, deadline = [], time.monotonic() + 10
    while sum(batches) < 1 + len(more) and time.monotonic() < deadline:
        batch = source.poll(0.05)
        batches.append(batch.height if batch else 0)
        if (taken := sum(batches)) <= len(more):
            waiting = [exec_, *more][taken]
            assert source.holding <= NODE.boot_epoch + waiting.time
    assert batches[0] == 0
    assert len(batches) > 2
    while source.holding <= NODE.boot_epoch + more[-1].time and time.monotonic() < deadline:
        source.poll(0.05)
    assert source.holding > NODE.boot_epoch + more[-1].time


def test_losses_are_told_as_of_the_records_around_them(opened: Open) -> None:
    """Records wait in the ring behind those that did not get in: a time of now would make them late."""
    init, exec_ = first()
    kernel = Kernel([exec_, init.file(What.DELETE, "/a")], [init.file(What.DELETE, "/b")])
    kernel.lost = [Lost(cpu=0, what=What.OPEN, reason="ring full", count=1)]
    found = documents(opened(kernel), 4)
    assert [each["event"]["action"] for each in found] == [["exec"], ["deletion"], ["loss"], ["deletion"]]
    assert [each["@timestamp"] for each in found] == sorted(each["@timestamp"] for each in found)


def test_metadata_that_comes_late_is_on_later_events(opened: Open, tmp_path: Path) -> None:
    init, exec_ = first()
    kernel = Kernel([exec_])
    source = opened(kernel, patience=(0, 0.001, 0.002, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2))
    assert documents(source, 1)[0]["container"] == {"id": ID}
    tell(tmp_path, ID, "io.kubernetes.cri.container-name=api")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        kernel.batches.append([init.file(What.DELETE, "/a")])
        if documents(source, 1)[0]["container"].get("name") == "api":
            break
    else:
        pytest.fail("the name was never told")


def test_no_more_events_wait_than_there_is_room_for(opened: Open) -> None:
    init, exec_ = first()
    source = opened(Kernel([exec_, *(init.file(What.DELETE, f"/{n}") for n in range(11_000))]), patience=(60,))
    began = time.monotonic()
    assert len(documents(source, 11_001)) == 11_001
    assert time.monotonic() - began < 10


def test_losses_are_events_and_counted(opened: Open) -> None:
    kernel = Kernel()
    kernel.lost = [
        Lost(cpu=1, what=What.OPEN, reason="ring full", count=7),
        Lost(cpu=-1, what=None, reason="undecodable", count=1),
    ]
    source = opened(kernel)
    found = documents(source, 2)
    assert [each["message"] for each in found] == [
        "7 records of kind open were lost on CPU 1: ring full",
        "1 records were lost: undecodable",
    ]
    assert found[0]["deckwatch"] == {"loss": {"count": 7, "cpu": 1, "reason": "ring full", "what": "open"}}
    assert found[0]["data_stream"]["dataset"] == "deckwatch.losses"
    assert found[0]["event"]["action"] == ["loss"]
    assert source.counts.lost == {"kernel: ring full": 7, "kernel: undecodable": 1}


@pytest.mark.parametrize(
    ("lost_of", "named"),
    [
        pytest.param({CGROUP: 7}, ID, id="one"),
        pytest.param({CGROUP: 4, OTHER_CGROUP: 3}, ID, id="one more than the other"),
        pytest.param({CGROUP: 5, OTHER_CGROUP: 5}, None, id="two alike"),
        pytest.param({CGROUP: 4, 0: 3}, ID, id="one more than unknown ones"),
        pytest.param({0: 7}, None, id="unknown"),
        pytest.param({12345: 7}, None, id="a cgroup that is no container's"),
    ],
)
def test_the_container_that_lost_most_is_named(opened: Open, lost_of: dict[int, int], named: str | None) -> None:
    kernel = Kernel()
    kernel.lost = [Lost(cpu=0, what=What.OPEN, reason="ring full", count=7)]
    kernel.lost_of = lost_of
    source = opened(kernel)
    assert documents(source, 1)[0].get("container", {}).get("id") == named
    of_containers = {ID: lost_of.get(CGROUP, 0), OTHER_ID: lost_of.get(OTHER_CGROUP, 0)}
    assert source.lost_by_container == {identity: count for identity, count in of_containers.items() if count}


def test_a_container_is_named_for_what_was_lost_now(opened: Open) -> None:
    """The kernel's table counts from the start."""
    kernel = Kernel()
    source = opened(kernel)
    for lost_of, named in (({CGROUP: 90}, ID), ({CGROUP: 90, OTHER_CGROUP: 2}, OTHER_ID)):
        kernel.lost_of = lost_of
        kernel.lost = [Lost(cpu=0, what=What.OPEN, reason="ring full", count=1)]
        assert documents(source, 1)[0]["container"]["id"] == named


def test_lost_process_records_are_made_up_for(opened: Open) -> None:
    init, exec_ = first()
    unseen = Task(init)
    kernel = Kernel([exec_], tasks=[])
    source = opened(kernel)
    documents(source, 1)
    time.sleep(1)  # it looks around at most once a second
    kernel.alive = [init.task("/bin/init", "init"), unseen.task("/bin/unseen", "unseen")]
    kernel.lost = [Lost(cpu=0, what=What.FORK, reason="ring full", count=1)]
    documents(source, 1)
    kernel.batches.append([unseen.file(What.DELETE, "/a")])
    assert documents(source, 1)[0]["process"]["name"] == "unseen"


def test_what_was_there_before_is_watched_and_known(tmp_path: Path) -> None:
    (place := tmp_path / "tests" / ID).mkdir(parents=True)
    cgroup = place.stat().st_ino
    init = Task(runtime(), nspid=1, cgroup=cgroup).leads()
    kernel = Kernel([init.file(What.DELETE, "/a")], tasks=[init.task("/bin/init", "init")])
    source = KernelSource(
        kernel, node=NODE, containers=Containers(tmp_path), runtimes=Runtimes(tmp_path, NOTHING_THERE)
    )
    source.open({})
    assert kernel.watched == {cgroup}
    (document,) = documents(source, 1)
    assert (document["container"]["id"], document["process"]["name"]) == (ID, "init")
    source.close()


def test_what_runtimes_do_is_counted_apart(opened: Open) -> None:
    init, exec_ = first()
    source = opened(Kernel([init.file(What.CREATE, "/dev/null"), exec_]))
    assert len(documents(source, 1)) == 1
    assert source.left_out == {"runtime setup": 1}
    assert source.counts.lost == {}


def test_rings_are_incidents(opened: Open) -> None:
    init, exec_ = first()
    source = opened(Kernel([exec_, init.file(What.IO_URING, "")]))
    assert len(documents(source, 2)) == 2
    assert source.counts.incidents == {"io_uring": 1}


def test_missed_calls_are_incidents(opened: Open) -> None:
    """They may have been anybody's, so they are not counted as lost events."""
    kernel = Kernel()
    kernel.missed_calls = 3
    source = opened(kernel)
    deadline = time.monotonic() + 10
    while not source.counts.incidents and time.monotonic() < deadline:
        source.poll(0.05)
    assert source.counts.incidents == {"kernel: missed": 3}
    assert source.counts.lost == {}


class Broken(Kernel):
    def poll(self, timeout: float) -> list[AnyRecord]:  # noqa: ARG002
        raise SensorError("the ring is gone", "Start again.")


def test_a_kernel_that_fails_says_so_where_events_are_asked_for(opened: Open) -> None:
    source = opened(Broken())
    with pytest.raises(SensorError, match="the ring is gone"):
        source.poll(5)


def test_closing_closes_the_kernel_once(opened: Open) -> None:
    kernel = Kernel()
    source = opened(kernel)
    source.close()
    source.close()
    assert kernel.closed
    assert source.poll(0) is None


def test_two_runs_never_give_the_same_event_id(opened: Open) -> None:
    _, exec_ = first()
    one, other = (documents(opened(Kernel([exec_])), 1)[0] for _ in range(2))
    assert one["event"]["id"] != other["event"]["id"]
    assert one["process"] == other["process"]
    assert OTHER_ID not in one["container"].values()
