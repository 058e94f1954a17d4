"""The socket where a watch is asked: who may ask, and that nobody who does can harm it."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import deckwatch
from deckwatch.engine.stream import Stream
from deckwatch.errors import DeckwatchError
from deckwatch.explanation import ask, control, meeting
from deckwatch.explanation.control import Control
from deckwatch.explanation.live_values import LiveExplanation
from deckwatch.explanation.meeting import ControlError, Question
from tests.explanation.test_live import AB, ABC, event, running, tagged
from tests.golden import assert_golden

GOLDEN = Path(__file__).parent / "golden" / "control"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watch.sock"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "PATIENCE_SECONDS", 5.0)
    monkeypatch.setattr(control, "REST_SECONDS", 0.0)


def about(stream: Stream) -> control.Answer:
    return lambda asked: deckwatch.explain_stream(stream, asked.rule, container=asked.container, limit=asked.limit)


def refusing(question: Question) -> LiveExplanation:
    raise DeckwatchError(f"nobody knows {question.rule}")


@contextmanager
def served(listener: Control) -> Iterator[None]:
    """Steps go on beside the test."""
    over = threading.Event()

    def steps() -> None:
        while not over.is_set():
            listener.serve()
            time.sleep(0.002)

    thread = threading.Thread(target=steps)
    with listener:
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def calling(path: Path, words: bytes = b"") -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(5)
        caller.connect(str(path))
        caller.sendall(words)
        yield caller


@contextmanager
def nobody() -> Iterator[None]:
    """Not root for a while."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_what_is_answered_is_what_the_stream_tells(path: Path) -> None:
    stream = running(ABC, tagged("A@1", "B@2"), 4)
    with stream, served(Control(path, about(stream))):
        answer = deckwatch.explain_live("one", path)
    assert answer == deckwatch.explain_stream(stream, "one")
    assert answer.sequences
    assert [each and each.id for each in answer.sequences.open[0].events] == ["A1", "B2", None]


@pytest.mark.parametrize(
    ("by", "container", "expected"),
    [
        pytest.param("container.id", "a1", ["a1-x", "a1-y"], id="beginning-of-an-id"),
        pytest.param("container.id", "a1-x", ["a1-x"], id="whole-id"),
        pytest.param("container.id", "x", [], id="no-beginning"),
        pytest.param("user.id, container.name", "name-b2", ["b2"], id="name"),
        pytest.param("user.id, container.name", "name", [], id="beginning-of-a-name"),
    ],
)
def test_of_one_container(path: Path, by: str, container: str, expected: list[str]) -> None:
    documents = [
        event(identity, 1, "any", tags=["A"], container__id=identity, container__name=f"name-{identity}")
        for identity in ("a1-x", "a1-y", "b2")
    ]
    stream = running(AB.replace("container.id", by), [(1, documents)], 3)
    with stream, served(Control(path, about(stream))):
        told = deckwatch.explain_live("one", path, container=container)
    assert told.sequences
    assert sorted(each.id for going in told.sequences.open for each in going.events if each) == expected


@pytest.mark.parametrize(
    "query", ["any where true", AB.replace("container.id", "user.id")], ids=["events", "other-key"]
)
def test_a_rule_that_does_not_tell_containers_apart(path: Path, query: str) -> None:
    stream = running(query, [], 1)
    with stream, served(Control(path, about(stream))), pytest.raises(ControlError) as error:
        deckwatch.explain_live("one", path, container="c")
    assert_golden(GOLDEN / "no_containers.txt", str(error.value).removeprefix(f"{path}: ") + "\n")


def test_of_documents_no_more_is_sent_than_is_shown(path: Path) -> None:
    secret = event("e", 1, "any", tags=["A"], process__args=["x" * 5000] * 500, process__env_vars=["TOKEN=1"])
    stream = running(ABC, [(1, [secret])], 3)
    with stream, served(Control(path, about(stream))):
        answer = deckwatch.explain_live("one", path)
    assert answer.sequences
    (first, *_) = answer.sequences.open[0].events
    assert first
    assert first.document["process.args"] == ["x" * 200] * 20
    assert "TOKEN" not in str(answer)


def test_only_the_user_who_watches_may_ask(path: Path) -> None:
    before = os.umask(0)
    try:
        with Control(path, refusing):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert not path.exists()


def test_folders_that_are_made_are_for_the_user_alone(tmp_path: Path) -> None:
    with Control(tmp_path / "new" / "watch.sock", refusing):
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_what_a_killed_watch_has_left_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with served(Control(path, refusing)), pytest.raises(ControlError, match="nobody knows one"):
        deckwatch.explain_live("one", path)


def test_a_watch_leaves_the_socket_of_its_successor_alone(path: Path) -> None:
    first = Control(path, refusing)
    path.unlink()
    with Control(path, refusing):
        first.close()
        first.close()
        assert path.exists()


def used(path: Path) -> object:
    return Control(path, refusing)


def other_file(path: Path) -> object:
    return path.write_text("keep me")


def nothing(path: Path) -> object:
    return None


@pytest.mark.parametrize(
    ("name", "prepare", "message"),
    [
        pytest.param("s", used, "another watch listens there; name another path", id="in-use"),
        pytest.param(
            "s", other_file, "this is another file, which stays as it is; name a path that is free", id="file"
        ),
        pytest.param("x" * 120, nothing, "cannot listen there: AF_UNIX path too long", id="too-long"),
    ],
)
def test_where_it_cannot_listen(tmp_path: Path, name: str, prepare: Callable[[Path], object], message: str) -> None:
    path = tmp_path / name
    first = prepare(path)
    with pytest.raises(ControlError, match=message):
        Control(path, refusing)
    if isinstance(first, Control):
        first.close()


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        pytest.param(b"nonsense\n", "malformed", id="no-json"),
        pytest.param(b"\xff\xfe\n", "malformed", id="no-text"),
        pytest.param(b"[1]\n", "Expected `object`, got `array`", id="no-question"),
        pytest.param(b'{"rule": 1}\n', "Expected `str`, got `int`", id="no-name"),
        pytest.param(b'{"rule": "one", "limit": 0}\n', "Expected `int` >= 1", id="limit-too-low"),
        pytest.param(b'{"rule": "one", "limit": 1000000}\n', "Expected `int` <= 100", id="limit-too-high"),
        pytest.param(b'{"rule": "one", "stop": true}\n', "unknown field `stop`", id="unknown-word"),
        pytest.param(b'{"rule": "one"}\n{"rule": "two"}\n', "trailing characters", id="two-questions"),
        pytest.param(b"[" * 4000 + b"\n", "", id="deep"),
    ],
)
def test_what_is_no_question_is_told_so(path: Path, words: bytes, answer: str) -> None:
    with served(Control(path, refusing)), calling(path, words) as caller:
        assert answer in json.loads(caller.recv(1 << 16))["error"]


def test_a_question_that_fails_is_told_so_and_ends_nothing(path: Path) -> None:
    def failing(question: Question) -> LiveExplanation:
        raise ZeroDivisionError(question.rule)

    with served(Control(path, failing)):
        for _ in range(2):
            with pytest.raises(ControlError, match="the watch could not answer: ZeroDivisionError: one"):
                deckwatch.explain_live("one", path)


def test_a_question_too_long_is_hung_up_on(path: Path) -> None:
    with (
        served(Control(path, refusing)),
        calling(path) as caller,
        pytest.raises((BrokenPipeError, ConnectionResetError)),
    ):
        caller.sendall(b"x" * 10_000_000)


def test_those_who_say_nothing_are_let_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "CLIENT_SECONDS", 0.2)
    with served(Control(path, refusing)), calling(path, b'{"rule":') as caller:
        assert caller.recv(1) == b""


def test_those_who_ask_at_once_all_get_an_answer(path: Path) -> None:
    answers: list[str] = []

    def call() -> None:
        with pytest.raises(ControlError) as error:
            deckwatch.explain_live("one", path)
        answers.append(str(error.value))

    with served(Control(path, refusing)):
        callers = [threading.Thread(target=call) for _ in range(3 * control.MOST_CLIENTS)]
        for each in callers:
            each.start()
        for each in callers:
            each.join()
    assert answers == [f"{path}: nobody knows one"] * len(callers)


def test_nobody_can_make_a_step_wait(path: Path) -> None:
    """Those who connect, stay silent, ask and do not read, and go away in the middle."""
    stream = running(ABC, [(1, [event(f"e{n}", 1, "any", tags=["A"], container__id=f"c{n}") for n in range(200)])], 3)
    question = b'{"rule": "one", "limit": 100}\n'
    callers = []
    with stream, Control(path, about(stream)) as listener:
        slowest = 0.0
        for n in range(60):
            caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            caller.settimeout(0)
            callers.append(caller)
            try:
                caller.connect(str(path))
                caller.send((b"", question, question[:9], b"\n")[n % 4])
            except BlockingIOError:
                callers.pop().close()  # as many wait as may
            if n % 8 == 7:
                callers.pop(0).close()
            began = time.perf_counter()
            listener.serve()
            slowest = max(slowest, time.perf_counter() - began)
    for caller in callers:
        caller.close()
    assert slowest < control.CLIENT_SECONDS / 2  # whoever waits for a silent client waits for all of it


def test_answers_rest_in_between(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "REST_SECONDS", 0.2)
    began = time.monotonic()
    with served(Control(path, refusing)):
        for _ in range(3):
            with pytest.raises(ControlError, match="nobody knows one"):
                deckwatch.explain_live("one", path)
    assert time.monotonic() - began >= 0.4


class TestWhoIsAsked:
    """Without a path the only watch of this user is."""

    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(meeting, "ROOT_FOLDER", tmp_path / "run")
        monkeypatch.setattr(ask, "ROOT_FOLDER", tmp_path / "run")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        return tmp_path / "run"

    def errors(self, place: Path, name: str, path: Path | None = None) -> None:
        with pytest.raises(ControlError) as error:
            deckwatch.explain_live("two", path)
        assert_golden(GOLDEN / f"{name}.txt", str(error.value).replace(str(place), "RUN") + "\n")

    def test_nobody_listens(self, place: Path) -> None:
        self.errors(place, "nobody")

    def test_nobody_listens_to_those_who_have_no_place(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        place.mkdir()
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        assert Control.by_default(refusing) is None
        self.errors(place, "nobody_of_mine")

    def test_the_only_one(self, place: Path) -> None:
        place.mkdir()
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(place / "watch-1.sock"))
        listener = Control.by_default(refusing)
        assert listener
        assert listener.path == place / f"watch-{os.getpid()}.sock"
        with served(listener), pytest.raises(ControlError, match="nobody knows one"):
            deckwatch.explain_live("one")

    def test_one_of_several(self, place: Path) -> None:
        with Control(place / "watch-1.sock", refusing), Control(place / "watch-2.sock", refusing):
            self.errors(place, "several")

    def test_nobody_listens_at_a_path(self, place: Path) -> None:
        self.errors(place, "not_there", place / "x.sock")

    def test_nobody_listens_any_more(self, place: Path) -> None:
        place.mkdir()
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(place / "x.sock"))
        self.errors(place, "ended", place / "x.sock")

    def test_a_file_that_is_no_socket(self, place: Path) -> None:
        place.mkdir()
        (place / "x").write_text("")
        self.errors(place, "no_socket", place / "x")

    def test_somebody_listens_and_never_answers(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ask, "PATIENCE_SECONDS", 0.1)
        with Control(place / "x.sock", refusing):
            self.errors(place, "silent", place / "x.sock")

    def test_the_watch_ends_before_it_answers(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(control, "CLIENT_SECONDS", 0.0)
        with served(Control(place / "x.sock", refusing)):
            self.errors(place, "gone", place / "x.sock")

    def test_another_version_answers(self, place: Path) -> None:
        with served(Control(place / "x.sock", lambda _: {"weather": "fine"})):
            self.errors(place, "other_version", place / "x.sock")

    def test_the_watch_does_not_run_the_rule(self, place: Path) -> None:
        stream = running(AB, [], 1)
        with stream, served(Control(place / "x.sock", about(stream))):
            self.errors(place, "not_run", place / "x.sock")

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else for a while")
    def test_somebody_else_may_not_ask(self, place: Path) -> None:
        with Control(place / "x.sock", refusing), nobody(), pytest.raises(ControlError) as error:
            deckwatch.explain_live("two", place / "x.sock")
        assert_golden(GOLDEN / "not_permitted.txt", str(error.value).replace(str(place), "RUN") + "\n")
