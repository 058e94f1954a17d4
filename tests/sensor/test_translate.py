"""Records to events: actions, paths, containers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from deckwatch.sensor.records import Flag, Hook, What
from tests.sensor.happening import CGROUP, ID, NODE, OTHER_CGROUP, OTHER_ID, Stage, Task, cgroup, runtime


def begun() -> tuple[Stage, Task]:
    stage = Stage()
    init = Task(runtime(), nspid=1).leads()
    stage.play(init.exec("/bin/init", "init"))
    return stage, init


def told(document: dict[str, Any]) -> str:
    """As `action/type path < original`."""
    (action,), (type_,), file = document["event"]["action"], document["event"]["type"], document["file"]
    original = file.get("Ext", {}).get("original", {}).get("path")
    return f"{action}/{type_} {file['path']}" + (f" < {original}" if original else "")


OPENED: dict[str, Any] = {"operation_flags": 0o1101, "argument": 0}
FILES = [
    pytest.param(What.CREATE, {"path": "/a", **OPENED}, ["creation/creation /a", "open/change /a"], id="created"),
    pytest.param(
        What.CREATE, {"path": "/a", **OPENED, "operation_flags": 0o100}, ["creation/creation /a"], id="created to read"
    ),
    pytest.param(
        What.CREATE, {"path": "/a", "operation_flags": 0, "argument": 1}, ["creation/creation /a"], id="mknod"
    ),
    pytest.param(
        What.CREATE, {"path": "/a", "flags": Flag.TMPFILE | Flag.BY_DESCRIPTOR, "operation_flags": 2, "argument": 2},
        ["creation/creation /a"],
        id="a nameless file gets a name",
    ),
    pytest.param(What.OPEN, {"path": "/a"}, ["open/change /a"], id="opened"),
    pytest.param(
        What.OPEN, {"path": "/a", "flags": Flag.TRUNCATED | Flag.BY_DESCRIPTOR}, ["open/change /a"], id="emptied"
    ),
    pytest.param(What.DELETE, {"path": "/a"}, ["deletion/deletion /a"], id="deleted"),
    pytest.param(What.RENAME, {"path": "/a", "path2": "/b"}, ["rename/change /b < /a"], id="renamed"),
    pytest.param(
        What.RENAME, {"path": "/a", "path2": "/b", "operation_flags": 2},
        ["rename/change /b < /a", "rename/change /a < /b"],
        id="exchanged",
    ),
    pytest.param(What.LINK, {"path": "/a", "path2": "/b"}, ["link/creation /b < /a"], id="linked"),
    pytest.param(What.CHMOD, {"path": "/a"}, ["modification/change /a"], id="mode changed"),
    pytest.param(What.TRUNCATE, {"path": "/a"}, ["modification/change /a"], id="truncated"),
    pytest.param(What.DIRECTORY, {"path": "/a", "argument": 1}, [], id="directory made"),
    pytest.param(What.DIRECTORY, {"path": "/a", "argument": 2}, [], id="directory removed"),
    pytest.param(
        What.DIRECTORY, {"path": "/a", "path2": "/b", "argument": 3}, ["rename/change /b < /a"], id="directory renamed"
    ),
    pytest.param(What.DIRECTORY, {"path": "/a", "argument": 4}, [], id="symbolic link made"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "others", "lines"), FILES)
def test_what_happened_to_a_file(what: What, others: dict[str, Any], lines: list[str]) -> None:
    stage, init = begun()
    documents = stage.play(init.file(what, **others))
    assert [told(document) for document in documents] == lines
    assert len({document["@timestamp"] for document in documents}) <= 1


@pytest.mark.parametrize("lexical", [False, True], ids=["checked", "not to be checked"])
def test_a_path_that_could_not_be_checked_says_so(lexical: bool) -> None:
    stage, init = begun()
    flags = 0 if lexical else Flag.BY_DESCRIPTOR
    (document,) = stage.play(init.file(What.DELETE, "a/../b", base="/nowhere/at/all", flags=flags))
    assert document["file"]["path"] == ("/nowhere/at/all/b" if lexical else "a/../b")
    assert document.get("deckwatch") == ({"path_unchecked": True} if lexical else None)


def test_a_path_without_its_beginning_says_so() -> None:
    stage, init = begun()
    flags = Flag.BY_DESCRIPTOR | Flag.PATH_CUT
    (renamed,) = stage.play(init.file(What.RENAME, "/d" * 80, "/opt/a", flags=flags))
    assert told(renamed) == f"rename/change /opt/a < …{'/d' * 80}"
    assert renamed["deckwatch"] == {"path_cut": True}
    (executed,) = stage.play(init.exec("/d" * 80, "d", flags=Flag.PATH_CUT))
    assert executed["process"]["executable"] == f"…{'/d' * 80}"
    assert executed["process"]["working_directory"] == "/work"


ENDS = [
    pytest.param(0, 0, id="well"),
    pytest.param(7 << 8, 7, id="with a status"),
    pytest.param(11, 139, id="killed"),
    pytest.param(11 | 0x80, 139, id="killed, and a core dumped"),
]


@pytest.mark.parametrize(("status", "code"), ENDS)
def test_how_a_process_ended(status: int, code: int) -> None:
    stage, init = begun()
    (document,) = stage.play(init.exit(status))
    assert (document["event"]["action"], document["event"]["type"]) == (["end"], ["end"])
    assert document["process"]["exit_code"] == code
    assert document["process"]["end"][:19] == document["@timestamp"][:19]


HOOKS = [
    pytest.param(Hook.LSM_PATH_UNLINK, "lsm__path_unlink", id="LSM"),
    pytest.param(Hook.FEXIT_UNLINK, "fexit__unlink", id="fentry"),
    pytest.param(Hook.SYS_EXIT, "tracepoint__sys_exit", id="tracepoint"),
]


@pytest.mark.parametrize(("hook", "name"), HOOKS)
def test_the_hook_is_named(hook: Hook, name: str) -> None:
    stage, init = begun()
    (document,) = stage.play(init.file(What.DELETE, "/a", hook=hook))
    assert document["cloud_defend"]["hook_point"] == [name]


def test_an_io_uring_is_an_event_of_its_own() -> None:
    stage, init = begun()
    (document,) = stage.play(init.file(What.IO_URING, ""))
    assert document["event"]["action"] == ["io_uring"]
    assert document["data_stream"]["dataset"] == "deckwatch.losses"
    assert "file" not in document
    assert stage.translator.rings == 1


def test_events_are_numbered_in_the_order_of_the_kernel() -> None:
    stage, init = begun()
    child = Task(init)
    documents = stage.play(child.fork(), child.file(What.CREATE, "/a", **OPENED), child.exit())
    numbers = [document["event"]["sequence"] for document in documents]
    assert [later - earlier for earlier, later in itertools.pairwise(numbers)] == [1, 1, 1]
    assert len({document["event"]["id"] for document in documents}) == 4


def test_a_process_that_moves_into_another_container_is_that_ones() -> None:
    stage, init = begun()
    child = Task(init)
    stage.play(child.fork())
    child.cgroup = OTHER_CGROUP
    (document,) = stage.play(child.leads().exec("/bin/other"))
    assert document["container"]["id"] == OTHER_ID
    assert document["process"]["entry_leader"]["same_as_process"] is True


def test_longer_arguments_are_counted_and_marked() -> None:
    stage, init = begun()
    (document,) = stage.play(init.exec("/bin/a", "a", "b", flags=Flag.ARGS_CUT, argument_count=9))
    assert document["process"]["args_count"] == 9
    assert document["deckwatch"] == {"args_cut": True}


WATCHED = [
    pytest.param(f"/tests/{ID}", Flag.TRACKED_BY_NAME, None, id="as the kernel thought"),
    pytest.param("/tests/service", 0, None, id="not, as the kernel thought"),
    pytest.param(f"/docker/{OTHER_ID}/init.scope", 0, True, id="missed by the kernel"),
    pytest.param(f"/libpod-conmon-{ID}.scope", Flag.TRACKED_BY_NAME, False, id="taken for one by the kernel"),
]


@pytest.mark.parametrize(("path", "flags", "corrected"), WATCHED)
def test_the_kernel_is_corrected(path: str, flags: int, corrected: bool | None) -> None:
    stage = Stage()
    stage.play(cgroup(What.CGROUP_MADE, path, 99, flags))
    assert stage.watched == ({} if corrected is None else {99: corrected})


def test_a_container_that_runs_again_is_prepared_again() -> None:
    stage, init = begun()
    stage.play(init.exit(), cgroup(What.CGROUP_REMOVED, f"/{ID}", CGROUP), cgroup(What.CGROUP_MADE, f"/{ID}", 99))
    again = Task(runtime(), nspid=1, cgroup=99).leads()
    assert stage.play(again.file(What.CREATE, "/dev/null")) == []
    (document,) = stage.play(again.exec("/bin/init"))
    assert document["container"]["id"] == ID
    assert stage.started == [ID, ID]


def test_what_is_not_in_a_container_is_counted() -> None:
    stage = Stage()
    stage.play(cgroup(What.CGROUP_MADE, "/service", 99, 0))
    assert stage.play(Task(cgroup=99).fork()) == []
    assert stage.translator.left_out == {"not in a container": 1, "bookkeeping": 1}


def test_a_document_is_in_the_shape_of_the_reference_product() -> None:
    stage, init = begun()
    child = Task(init, user=1000)
    stage.play(child.fork(), child.exec("/usr/bin/wget", "wget", "-q", "http://a/b.sh"))
    (document,) = stage.play(child.file(What.OPEN, "/opt/b.sh"))
    relative = {"group_leader", "session_leader", "entry_leader", "parent"}
    process = document.pop("process")
    assert {key: value for key, value in process.items() if key not in relative | {"start", "entity_id"}} == {
        "args": ["wget", "-q", "http://a/b.sh"],
        "args_count": 3,
        "command_line": "wget -q http://a/b.sh",
        "executable": "/usr/bin/wget",
        "group": {"id": "1000"},
        "interactive": False,
        "name": "wget",
        "pid": child.pid,
        "user": {"id": "1000"},
        "working_directory": "/work",
    }
    assert relative <= process.keys()
    event = document["event"]
    assert document == {
        "@timestamp": document["@timestamp"],
        "agent": NODE.agent,
        "cloud_defend": {"hook_point": ["lsm__file_open"]},
        "container": {"id": ID},
        "data_stream": {"dataset": "cloud_defend.file", "namespace": "default", "type": "logs"},
        "ecs": {"version": "8.7.0"},
        "event": {
            "action": ["open"],
            "category": ["file"],
            "created": "2023-11-14T22:13:20.000Z",
            "dataset": "cloud_defend.file",
            "id": f"run-{event['sequence']:x}",
            "ingested": "2023-11-14T22:13:20.000Z",
            "kind": "event",
            "module": "cloud_defend",
            "sequence": event["sequence"],
            "type": ["change"],
        },
        "file": {"extension": "sh", "name": "b.sh", "path": "/opt/b.sh"},
        "group": {"id": "1000"},
        "host": NODE.host,
        "user": {"id": "1000"},
    }
