"""Who is whose parent and leader, and how a process came into its container."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deckwatch.sensor.actors import Program, State
from deckwatch.sensor.records import Flag, What
from tests.sensor.happening import CGROUP, OTHER_CGROUP, SECOND, TTY, Stage, Task, now, runtime

ROLES = ("parent", "group_leader", "session_leader", "entry_leader")


def started(stage: Stage, **others: Any) -> Task:
    """A container whose first program runs, put there by a runtime."""
    init = Task(runtime(), nspid=1, **others).leads()
    stage.play(init.exec("/bin/init", "init"))
    return init


def who(document: dict[str, Any], *tasks: Task) -> dict[str, int | None]:
    """The number, in `tasks`, of each relative of an event's process; None when it has none, or another one."""
    numbers = {task.pid: number for number, task in enumerate(tasks)}
    return {role: numbers.get(document["process"].get(role, {}).get("pid")) for role in ROLES}


def test_the_first_process_leads_the_way_in() -> None:
    stage = Stage()
    init = Task(runtime(), nspid=1).leads()
    (document,) = stage.play(init.exec("/bin/init", "init"))
    assert who(document, init, init.parent or init) == {
        "parent": 1,
        "group_leader": 0,
        "session_leader": 0,
        "entry_leader": 0,
    }
    entry = document["process"]["entry_leader"]
    assert (entry["entry_meta"], entry["same_as_process"]) == ({"type": "container"}, True)


def test_descendants_have_the_entry_leader_of_their_parent() -> None:
    stage = Stage()
    init = started(stage)
    child = Task(init)
    grandchild = Task(child)
    *_, document = stage.play(child.fork(), child.exec("/bin/a"), grandchild.fork())
    assert who(document, init, child, grandchild) == {
        "parent": 1,
        "group_leader": 0,
        "session_leader": 0,
        "entry_leader": 0,
    }
    assert document["process"]["entry_leader"]["same_as_process"] is False


def test_an_exec_session_is_a_way_in_of_its_own() -> None:
    stage = Stage()
    started(stage)
    session = Task(runtime(), tty=TTY).leads()
    child = Task(session, tty=TTY)
    first, second = stage.play(session.exec("/bin/sh", "sh"), child.fork())
    assert who(first, session)["entry_leader"] == who(second, session, child)["entry_leader"] == 0
    assert first["process"]["entry_leader"]["interactive"] is True


def test_who_calls_setsid_leads_a_session_but_came_the_same_way() -> None:
    stage = Stage()
    init = started(stage)
    daemon = Task(init)
    *_, document = stage.play(daemon.fork(), daemon.setsid(), daemon.exec("/bin/daemon"))
    assert who(document, init, daemon) == {"parent": 0, "group_leader": 1, "session_leader": 1, "entry_leader": 0}


def test_a_shell_puts_its_jobs_into_groups() -> None:
    stage = Stage()
    init = started(stage)
    first, second = Task(init), Task(init)
    stage.play(first.fork())
    first.group = first.pid
    stage.play(second.fork())
    second.group = first.pid
    one, other = stage.play(first.exec("/bin/a"), second.exec("/bin/b"))
    assert who(one, init, first)["group_leader"] == who(other, init, first, second)["group_leader"] == 1


def test_the_parent_stays_the_one_at_the_fork() -> None:
    """The kernel makes the first process the parent of an orphan."""
    stage = Stage()
    init = started(stage)
    parent = Task(init)
    orphan = Task(parent)
    stage.play(parent.fork(), parent.exec("/bin/parent"), orphan.fork(), parent.exit())
    orphan.parent = init
    (document,) = stage.play(orphan.exec("/bin/orphan"))
    assert document["process"]["parent"]["name"] == "parent"


def test_a_container_in_a_container_has_a_way_in_of_its_own() -> None:
    stage = Stage()
    outer = started(stage)
    runc = Task(outer)
    inner = Task(runc, cgroup=OTHER_CGROUP, nspid=1).leads()
    *_, document = stage.play(runc.fork(), runc.exec("/usr/bin/runc", "runc", "run"), inner.exec("/bin/inner", "inner"))
    assert who(document, inner, runc) == {"parent": 1, "group_leader": 0, "session_leader": 0, "entry_leader": 0}


def test_a_pid_namespace_within_the_container_is_no_way_in() -> None:
    stage = Stage()
    init = started(stage)
    child = Task(init, nspid=1)
    (document,) = stage.play(child.fork())
    assert who(document, init, child)["entry_leader"] == 0


def test_the_runtime_is_shown_as_parent_as_far_as_it_is_known() -> None:
    runc = runtime()
    state = State(runc.pid, runc.start, Program("/usr/sbin/runc", ("runc", "run"), "/b", 2), 0, 0)
    known, unknown = Stage({runc.pid: state}), Stage()
    for stage, names in ((known, ("runc", ["runc", "run"])), (unknown, (None, None))):
        (document,) = stage.play(Task(runc, nspid=1).leads().exec("/bin/init"))
        parent = document["process"]["parent"]
        assert (parent["pid"], parent.get("name"), parent.get("args")) == (runc.pid, *names)


def test_the_runtime_that_made_a_process_may_be_gone_when_it_starts() -> None:
    """As `runc create` is at `runc start`: the process belongs to another one by then."""
    stage = Stage()
    create, shim = runtime(), runtime()
    init = Task(create, nspid=1)
    stage.play(init.fork(), init.setsid())
    init.parent = shim
    (document,) = stage.play(init.exec("/bin/init"))
    assert document["process"]["parent"]["pid"] == create.pid


def test_what_ran_before_is_told_by_exec_alone() -> None:
    stage = Stage()
    init = started(stage)
    child = Task(init)
    documents = stage.play(child.fork(), child.exec("/bin/a", "a", "1"), child.exec("/bin/b"), child.exit())
    assert [document["process"].get("previous") for document in documents] == [
        None,
        [{"args": ["init"], "executable": "/bin/init"}],
        [{"args": ["a", "1"], "executable": "/bin/a"}],
        None,
    ]
    assert len({document["process"]["entity_id"] for document in documents}) == 1


TERMINALS = [
    pytest.param(0, False, id="none"),
    pytest.param(136 << 20 | 3, True, id="a pseudo terminal"),
    pytest.param(143 << 20, True, id="another one"),
    pytest.param(144 << 20, False, id="something else"),
    pytest.param(4 << 20 | 64, True, id="a serial line"),
]


@pytest.mark.parametrize(("tty", "interactive"), TERMINALS)
def test_interactive_is_who_has_a_controlling_terminal(tty: int, interactive: bool) -> None:
    document = Stage().play(Task(runtime(), nspid=1, tty=tty).leads().exec("/bin/sh"))[0]
    assert document["process"]["interactive"] is interactive
    assert ("tty" in document["process"]) is bool(tty)


def test_the_end_of_a_session_takes_the_terminal_but_not_from_the_last_events() -> None:
    stage = Stage()
    init = started(stage, tty=TTY)
    child = Task(init, tty=TTY)
    stage.play(child.fork(), init.exit())
    child.tty = 0
    (document,) = stage.play(child.exit())
    assert document["process"]["interactive"] is True


def test_an_end_is_told_once() -> None:
    """Two last threads that end at once may both make a record."""
    stage = Stage()
    init = started(stage)
    ends = stage.play(init.exit(), init.exit())
    assert [document["event"]["action"] for document in ends] == [["end"]]


@pytest.mark.parametrize(("credential", "whose"), [("euid", "user"), ("egid", "group")])
def test_a_process_may_become_anothers_without_exec(credential: str, whose: str) -> None:
    stage = Stage()
    init = started(stage)
    others: dict[str, Any] = {credential: 1000}
    documents = stage.play(
        init.file(What.DELETE, "/opt/a"), init.file(What.DELETE, "/opt/b", **others), Task(init).fork()
    )
    assert [document[whose]["id"] for document in documents] == ["0", "1000", "0"]
    assert documents[2]["process"]["parent"][whose]["id"] == "1000"


def test_a_pid_that_is_used_again_is_another_process() -> None:
    stage = Stage()
    init = started(stage)
    first = Task(init)
    stage.play(first.fork(), first.exec("/bin/first"), first.exit())
    second = Task(init)
    second.pid = first.pid
    late, document = stage.play(first.file(What.DELETE, "/opt/a"), second.fork())
    assert late["process"]["name"] == "first"
    assert document["process"]["name"] == "init"
    assert late["process"]["entity_id"] != document["process"]["entity_id"]


def test_the_dead_are_remembered_for_a_while() -> None:
    stage = Stage()
    init = started(stage)
    child = Task(init)
    stage.play(child.fork(), child.exit())
    moment = now()
    stage.processes.expire(moment + 29 * SECOND)
    assert stage.processes.find(child.pid, child.start) is not None
    stage.processes.expire(moment + 31 * SECOND)
    assert stage.processes.find(child.pid, child.start) is None
    assert len(stage.processes) == 1


def test_generations_do_not_pile_up() -> None:
    """A chain of processes, each of which forks the next one and ends."""
    stage = Stage()
    link = started(stage)
    for _ in range(10):
        successor = Task(link)
        stage.play(successor.fork(), link.exit())
        link = successor
    stage.processes.expire(now() + 31 * SECOND)
    last = stage.processes.find(link.pid, link.start)
    assert len(stage.processes) == 1
    assert last is not None
    assert last.parent is not None
    assert last.parent.parent is None


def snapshot(stage: Stage, *tasks: Task, program: str = "/bin/init") -> None:
    stage.translator.snapshot([task.task(program, "init") for task in tasks], now())


def test_processes_that_were_there_before_are_known() -> None:
    stage = Stage()
    init = Task(runtime(), nspid=1).leads()
    child = Task(init)
    snapshot(stage, child, init)
    document, forked = stage.play(child.file(What.DELETE, "/opt/a"), Task(child).fork())
    assert who(document, init, child) == {"parent": 0, "group_leader": 0, "session_leader": 0, "entry_leader": 0}
    assert document["process"]["args"] == ["init"]
    assert who(forked, init, child)["parent"] == 1
    assert len(stage.started) == 1


def test_a_snapshot_mends_what_was_lost() -> None:
    stage = Stage()
    init = started(stage)
    unseen, ended = Task(init), Task(init)
    stage.play(ended.fork())
    snapshot(stage, init, unseen, program="/bin/unseen")
    assert stage.play(unseen.file(What.DELETE, "/opt/a"))[0]["process"]["name"] == "unseen"
    assert stage.play(init.file(What.DELETE, "/opt/a"))[0]["process"]["name"] == "init"
    stage.processes.expire(now() + 31 * SECOND)
    assert stage.processes.find(ended.pid, ended.start) is None


def test_a_fork_that_a_snapshot_knew_already_is_told_all_the_same() -> None:
    stage = Stage()
    init = started(stage)
    child = Task(init)
    fork = child.fork()
    snapshot(stage, init, child, program="/bin/child")
    (document,) = stage.play(fork)
    assert document["event"]["action"] == ["fork"]
    assert document["process"]["name"] == "child"


UNKNOWN: list[Any] = [
    pytest.param(lambda task: task.file(What.DELETE, "/opt/a"), ["deletion"], id="a file operation"),
    pytest.param(lambda task: task.exec("/bin/a"), ["exec"], id="an exec"),
    pytest.param(lambda task: task.exit(), ["end"], id="an end"),
]


@pytest.mark.parametrize(("does", "actions"), UNKNOWN)
def test_a_process_whose_fork_was_lost_is_no_secret(does: Callable[[Task], Any], actions: list[str]) -> None:
    stage = Stage()
    child = Task(started(stage))
    documents = stage.play(does(child))
    assert [document["event"]["action"][0] for document in documents] == actions
    assert documents[0]["process"]["pid"] == child.pid


def test_setup_of_a_container_is_left_out_and_counted() -> None:
    stage = Stage()
    runc = runtime()
    parent = Task(runc, flags=Flag.HOST_MOUNTS)  # `runc init`, moved into the cgroup
    child = Task(parent, flags=Flag.HOST_MOUNTS)
    init = Task(runc, nspid=1)
    documents = stage.play(
        parent.file(What.CREATE, "/host/a"),
        child.fork(),
        child.exec("/memfd:runc_cloned:/proc/self/exe", "runc", "init", flags=Flag.HOST_MOUNTS | Flag.EXE_MEMFD),
        init.fork(),
        init.setsid(),
        init.file(What.CREATE, "/dev/null"),
        child.exit(),
        parent.exit(),
        init.exec("/bin/init", "init"),
        init.file(What.CREATE, "/opt/a", argument=1),
    )
    assert [document["event"]["action"] for document in documents] == [["exec"], ["creation"]]
    assert stage.translator.left_out == {"runtime setup": 7, "bookkeeping": 1}
    assert "previous" not in documents[0]["process"]


def test_setup_of_an_exec_session_is_left_out_too() -> None:
    stage = Stage()
    started(stage)
    runc = runtime()
    parent = Task(runc, flags=Flag.HOST_MOUNTS)
    session = Task(runc)  # in the container's mount namespace already
    documents = stage.play(
        parent.file(What.OPEN, "/proc/self/exe"),
        session.fork(),
        session.setsid(),
        session.file(What.OPEN, "/dev/pts/0"),
        session.exec("/bin/sh", "sh"),
    )
    assert [document["event"]["action"] for document in documents] == [["exec"]]
    assert documents[0]["process"]["parent"]["pid"] == runc.pid


def test_a_runtime_within_a_container_prepares_another_one_unseen() -> None:
    stage = Stage()
    outer = started(stage)
    inner = Task(outer, cgroup=OTHER_CGROUP)
    documents = stage.play(
        inner.exec("/memfd:runc_cloned", "runc", "init", flags=Flag.EXE_MEMFD),
        inner.file(What.CREATE, "/dev/null"),
        inner.exec("/bin/inner", "inner"),
    )
    assert [document["process"]["name"] for document in documents] == ["inner"]


def test_a_child_left_to_the_runtime_is_still_the_containers() -> None:
    """CLONE_PARENT: its parent is the one that put the maker into the container."""
    stage = Stage()
    runc = runtime()
    session = Task(runc).leads()
    stage.play(session.exec("/bin/sh", "sh"))
    child = Task(runc)
    child.session = child.group = session.pid
    document, created = stage.play(child.fork(), child.file(What.CREATE, "/opt/a", argument=1))
    assert who(document, session, child)["entry_leader"] == 0
    assert created["event"]["action"] == ["creation"]


def test_breaking_out_of_the_mount_namespace_is_reported() -> None:
    stage = Stage()
    init = started(stage)
    init.flags = Flag.HOST_MOUNTS
    documents = stage.play(init.exec("/bin/sh", "sh"), init.file(What.CREATE, "/etc/cron.d/a", argument=1))
    assert [document["event"]["action"] for document in documents] == [["exec"], ["creation"]]


def test_a_program_called_like_a_runtime_is_not_hidden() -> None:
    stage = Stage()
    started(stage)
    (document,) = stage.play(Task(runtime(), cgroup=CGROUP).leads().exec("/opt/runc", "runc", "attack"))
    assert document["process"]["name"] == "runc"
