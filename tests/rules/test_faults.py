"""Files that are no rules: every fault of every file, with its place and its cure."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from deckwatch.errors import DeckwatchError
from deckwatch.rules import draft
from deckwatch.rules.load import MAX_FAULTS, load_rules
from deckwatch.rules.ndjson import read_ndjson
from deckwatch.rules.package import FOLDER
from tests.golden import assert_golden
from tests.rules.build import parameters

HERE = Path(__file__).parent

QUERY_FILES = [
    pytest.param("query = '''\nprocess where\n  process.name = and\n'''", (10, True), id="literal-block"),
    pytest.param("query = '''process where\n  process.name = and\n'''", (9, True), id="literal-block-begun-at-once"),
    pytest.param('query = """\nprocess where\n  process.name = and\n"""', (10, True), id="basic-block"),
    pytest.param("query = 'process where process.name = and'", (8, True), id="one-line"),
    pytest.param(r'query = "process where process.name == \"a\" and"', (8, False), id="with-escapes"),
    pytest.param('query = """\\\n  process where \\\n  process.name = and"""', (8, False), id="joined-lines"),
]


def _rule_toml(query: str) -> str:
    given = parameters(query=None, index=None)
    lines = ["[rule]", *(f"{key} = {value if isinstance(value, int) else repr(value)}" for key, value in given.items())]
    return "\n".join([*lines[:7], query, *lines[7:]])


def test_every_fault_has_its_place_and_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    found = load_rules("broken")
    assert_golden(HERE / "broken.txt", "".join(f"{fault}\n" for fault in found.faults))
    assert [rule.name for rule in found] == ["Sound", "Twin a"]


def test_every_broken_file_is_reported() -> None:
    reported = {Path(fault.file).name for fault in load_rules(HERE / "broken").faults}
    assert reported == {path.name for path in (HERE / "broken").iterdir()} - {"twin_a.toml"}


@pytest.mark.parametrize(("query", "place"), QUERY_FILES)
def test_a_fault_of_the_query_is_placed_in_the_file(tmp_path: Path, query: str, place: tuple[int, bool]) -> None:
    path = tmp_path / "rule.toml"
    path.write_text(_rule_toml(query))
    fault = load_rules(path).faults[0]
    line, placed = place
    assert fault.line == line
    assert (fault.column is not None) == placed
    assert ("of the query" in fault.message) != placed
    if placed:
        assert fault.column is not None
        assert path.read_text().split("\n")[line - 1][fault.column - 1 :].startswith(("=", "and"))


def test_windows_line_ends_do_not_move_faults(tmp_path: Path) -> None:
    path = tmp_path / "rule.toml"
    text = _rule_toml("query = '''\nprocess where\n  process.name = and\n'''")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_rules(path).faults[0].line == 10


def test_a_missing_path_is_an_error_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(DeckwatchError, match=r"nowhere: No such file or directory; name rule files or folders"):
        load_rules(tmp_path / "nowhere")


def test_a_dangling_link_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.toml").symlink_to(tmp_path / "gone.toml")
    (tmp_path / "b.toml").symlink_to(tmp_path / "b.toml")
    assert [fault.message for fault in load_rules(tmp_path).faults] == ["not a regular file"] * 2


def _zip(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def _truncated_zip(path: Path) -> None:
    _zip(path, {f"{FOLDER}a.json": os.urandom(2000).hex().encode()})
    path.write_bytes(path.read_bytes()[:1000])


def _damaged_member(path: Path) -> None:
    _zip(path, {f"{FOLDER}a.json": b"{}" * 5000})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)


GARBAGE = [
    pytest.param("a.toml", lambda path: path.write_bytes(b"\x7fELF\xff\xfe\x00"), "not UTF-8 text", id="binary-toml"),
    pytest.param("a.json", lambda path: path.write_bytes(b"\x80\x81"), "not UTF-8 text", id="binary-json"),
    pytest.param("a.ndjson", lambda path: path.write_bytes(b"\x80\x81"), "not UTF-8 text", id="binary-ndjson"),
    pytest.param("a.zip", lambda path: path.write_bytes(b"\x80\x81"), "not a readable zip archive", id="binary-zip"),
    pytest.param("a.ndjson", lambda path: path.write_bytes(b""), "empty", id="empty-ndjson"),
    pytest.param("a.json", lambda path: path.write_bytes(b""), "empty", id="empty-json"),
    pytest.param("a.yml", lambda path: path.write_text("rule: 1"), "not a rule file", id="other-suffix"),
    pytest.param("a.toml", os.mkfifo, "not a regular file", id="pipe"),
    pytest.param("a.json", lambda path: path.write_text("[" * 100_000), "nested too deeply", id="deep-json"),
    pytest.param("a.ndjson", lambda path: path.write_text("[" * 100_000), "nested too deeply", id="deep-ndjson"),
    pytest.param("a.toml", lambda path: path.write_text("a=" + "[" * 100_000), "nested too deeply", id="deep-toml"),
    pytest.param("a.json", lambda path: path.write_text('{"a":' + "9" * 9999 + "}"), "not JSON", id="endless-number"),
    pytest.param("a.toml", lambda path: path.write_text("a=" + "9" * 9999), "not TOML", id="endless-number-toml"),
    pytest.param("a.zip", lambda path: _zip(path, {"readme.txt": b""}), "no rules in this archive", id="other-zip"),
    pytest.param("a.zip", _truncated_zip, "not a readable zip archive", id="truncated-zip"),
    pytest.param("a.zip", _damaged_member, "cannot be unpacked", id="damaged-member"),
    pytest.param("folder", lambda path: path.mkdir(), "no rule files in this folder", id="empty-folder"),
]


@pytest.mark.parametrize(("name", "write", "message"), GARBAGE)
def test_garbage_is_a_fault_and_the_rest_is_still_loaded(tmp_path: Path, name: str, write, message: str) -> None:
    write(tmp_path / name)
    sound = tmp_path / "sound.toml"
    sound.write_text(_rule_toml("query = 'process where true'"))
    found = load_rules(tmp_path / name, sound)
    assert [fault.message for fault in found.faults if message in fault.message]
    assert all(fault.hint for fault in found.faults if "not JSON" not in fault.message)
    assert [rule.name for rule in found] == ["Netcat"]


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = {f"{FOLDER}bomb.json": b" " * (draft.MAX_BYTES + 2), f"{FOLDER}good.json": b"{}"}
    _zip(tmp_path / "a.zip", bomb)
    (tmp_path / "b.json").write_bytes(b" " * (draft.MAX_BYTES + 2))
    large = [fault.file for fault in load_rules(tmp_path).faults if fault.message == "too large to be a rule"]
    assert large == [f"{tmp_path}/a.zip/{FOLDER}bomb.json", f"{tmp_path}/b.json"]
    monkeypatch.setattr("deckwatch.rules.package.MAX_TOTAL_BYTES", 100)
    assert "unpacks to too much" in str(load_rules(tmp_path / "a.zip").faults[0])


def test_an_endless_line_leaves_the_next_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deckwatch.rules.draft.MAX_BYTES", 50)
    monkeypatch.setattr("deckwatch.rules.ndjson.MAX_BYTES", 50)
    readings = list(read_ndjson(io.BytesIO(b'{"a":"' + b"x" * 500 + b'"}\n{"name":"next"}\n'), "a.ndjson"))
    assert [type(reading).__name__ for reading in readings] == ["RuleFault", "Draft"]
    assert readings[1].source.line == 2


def test_a_file_of_faults_is_summed_up(tmp_path: Path) -> None:
    (tmp_path / "events.ndjson").write_text("{}\n" * 1000)
    faults = load_rules(tmp_path).faults
    assert len(faults) == MAX_FAULTS + 1
    assert faults[-1].message == f"{1000 * 7 - MAX_FAULTS} more faults"
