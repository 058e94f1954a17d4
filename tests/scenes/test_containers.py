"""Which container it was: several at once, very short ones, what runtimes tell of them, the ids of processes."""

from concurrent.futures import ThreadPoolExecutor

from tests.scenes.bundle import Bundle
from tests.scenes.notation import Document, lines, written
from tests.scenes.observer import kernel_observer
from tests.scenes.stage import Stage
from tests.scenes.web import serving

WORK = """
    create /tmp/a
    child exec /bin/payload rename%20/tmp/a%20/tmp/b
    chmod 0755 /tmp/b
    unlink /tmp/b
"""
WORK_SEEN = lines(
    """
    1 payload exec /bin/payload payload
    1 payload creation /tmp/a
    1 payload open /tmp/a
    2 payload fork from 1
    2 payload exec /bin/payload /bin/payload 'rename /tmp/a /tmp/b'
    2 payload rename /tmp/a to /tmp/b
    2 payload end 0
    1 payload modification /tmp/b
    1 payload deletion /tmp/b
    1 payload end 0
    """
)


def test_two_containers_do_the_same_at_the_same_time(stage: Stage) -> None:
    with ThreadPoolExecutor(2) as pool:
        streams = list(pool.map(stage.payload, [WORK] * 2))
    assert streams == [WORK_SEEN] * 2


def test_an_attack_in_two_halves_is_not_one(stage: Stage) -> None:
    """One container downloads a tool, another one runs and deletes its own of the same name; a third one does both."""
    with serving({"/tool": (stage.image / "bin/payload").read_bytes()}) as address:
        download = f"wget -q {address}/tool -O /tmp/tool; chmod +x /tmp/tool"
        run_and_delete = "/tmp/tool 'exit 0'; rm /tmp/tool"
        scripts = [download, f"cp /bin/payload /tmp/tool; {run_and_delete}", f"{download}; {run_and_delete}"]
        with ThreadPoolExecutor(3) as pool:
            containers = list(pool.map(stage.shell, scripts))
    assert [stage.alerts(container) for container in containers] == [
        [],
        [],
        ["download, run, delete: creation /tmp/tool, exec /tmp/tool, deletion /tmp/tool"],
    ]


ANNOTATIONS = (
    ("io.kubernetes.cri.image-name", "registry.example/team/tool:1.2"),
    ("io.kubernetes.cri.container-name", "tool"),
    ("io.kubernetes.cri.sandbox-name", "tool-7d9f"),
    ("io.kubernetes.cri.sandbox-namespace", "team"),
)
METADATA = {
    "image": {"name": "registry.example/team/tool", "tag": ["1.2"]},
    "name": "tool",
    "pod": "tool-7d9f",
    "namespace": "team",
}


def test_a_container_that_lives_50_ms_is_known_from_its_first_event(stage: Stage) -> None:
    container = stage.container(Bundle(("payload", "create /tmp/a", "sleep 50")))
    container.run()
    assert stage.stream(container) == lines(
        """
        1 payload exec /bin/payload payload 'create /tmp/a' 'sleep 50'
        1 payload creation /tmp/a
        1 payload open /tmp/a
        1 payload end 0
        """
    )


def test_the_runtime_tells_what_a_container_is(stage: Stage) -> None:
    container = stage.container(Bundle(("payload", "sleep 60000"), annotations=ANNOTATIONS))
    with stage.running(container):
        pass
    assert [_metadata(document) for document in stage.documents(container)] == [METADATA] * 2


def test_metadata_of_short_containers_is_right_or_absent(stage: Stage) -> None:
    """The runtime's state is gone when they end; a busy machine can be too late for some of them, but not for all."""
    containers = [stage.container(Bundle(("payload", "sleep 50"), annotations=ANNOTATIONS)) for _ in range(5)]
    for container in containers:
        container.run()
    found = [_metadata(document) for container in containers for document in stage.documents(container)]
    assert METADATA in found
    assert all(each in (METADATA, {}) for each in found)


def _metadata(document: Document) -> Document:
    container, pod = document["container"], document.get("orchestrator", {})
    found = {
        **{key: container.get(key) for key in ("image", "name")},
        "pod": pod.get("resource", {}).get("name"),
        "namespace": pod.get("namespace"),
    }
    return {key: value for key, value in found.items() if value is not None}


def test_a_container_that_was_there_before_the_sensor(stage: Stage) -> None:
    container = stage.container(Bundle(("payload",)))
    with container.spawn() as program:
        stage.wait_for_start(container)
        with kernel_observer() as second, stage.watched_by(second) as again:
            program.communicate(b"create /tmp/a\nchild exec /bin/payload exit%204")
            documents = again.documents(container)
    assert written(documents) == lines(
        """
        1 payload creation /tmp/a
        1 payload open /tmp/a
        2 payload fork from 1
        2 payload exec /bin/payload /bin/payload 'exit 4'
        2 payload end 4
        1 payload end 0
        """
    )
    process = documents[0]["process"]
    assert (process["executable"], process["args"], process["entry_leader"]["same_as_process"]) == (
        "/bin/payload",
        ["payload"],
        True,
    )
    seen_by_the_first = stage.documents(container)[1:]
    assert [*map(_without_time, seen_by_the_first)] == [*map(_without_time, documents)]


def _without_time(document: Document) -> Document:
    """The process as it is; when it ended, each sensor reads off the clock for itself."""
    return {name: value for name, value in document["process"].items() if name != "end"}


def test_process_ids_are_the_hosts(stage: Stage) -> None:
    container = stage.container(Bundle(("payload", "sleep 60000")))
    with stage.running(container):
        pid = container.pid()
    (exec_, end) = stage.documents(container)
    assert [document["process"]["pid"] for document in (exec_, end)] == [pid, pid]
