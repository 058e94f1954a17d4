"""The store through its life: what lies where, and that files and state can be made from each other."""

import contextlib
import json
import multiprocessing
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from deckwatch.errors import DeckwatchError
from deckwatch.rules.rule import RuleError
from deckwatch.store import place
from deckwatch.store import store as module
from deckwatch.store.add import add
from deckwatch.store.document import Document
from deckwatch.store.edit import as_edited, duplicate, parsed, remove, replace_rule, switch, with_settings
from deckwatch.store.files import contents, identity, slug
from deckwatch.store.repair import repair
from deckwatch.store.store import Store, enabled, open_store
from tests.store.build import (
    ACTION,
    CONNECTOR,
    ID,
    ITEM,
    LIST,
    REFERENCE,
    current,
    document,
    edited,
    exported,
    only,
    store_of,
    written,
)

FILE = "rules/rule-0.toml"


def history(store: Store) -> list[str]:
    return [f"{entry.event} {entry.name}{' outside' * entry.outside}" for entry in store.history()]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"DECKWATCH_STORE": "/srv/rules"}, "/srv/rules", id="the variable"),
        pytest.param({"XDG_DATA_HOME": "/data"}, "/data/deckwatch/rules", id="the folder for data"),
        pytest.param({"DECKWATCH_STORE": "", "XDG_DATA_HOME": "/data"}, "/data/deckwatch/rules", id="empty is unset"),
    ],
)
def test_place(environment: dict[str, str], expected: str) -> None:
    assert place.default_place(environment) == Path(expected)


def test_place_without_anything() -> None:
    assert place.default_place({}) == Path.home() / ".local/share/deckwatch/rules"
    assert open_store("a").root == Path("a")
    assert not open_store().exists


def test_what_lies_where(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    found = {path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()}
    assert found == {
        ".gitattributes",
        ".gitignore",
        FILE,
        f".deckwatch/base/{ID}.toml",
        ".deckwatch/history.ndjson",
        ".deckwatch/lock",
        ".deckwatch/state.sqlite",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("Reverse Shell (via nc)", "reverse-shell-via-nc", id="words"),
        pytest.param("Über/../Größe", "uber-groe", id="other letters"),
        pytest.param("../../etc", "etc", id="a path"),
        pytest.param("日本", "rule", id="nothing plain"),
    ],
)
def test_names_of_files(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize("rule_id", ["a/b", "..", ".hidden", "x" * 300, "", "ü"])
def test_ids_in_names_of_files(rule_id: str) -> None:
    made = identity(rule_id)
    assert "/" not in made
    assert not made.startswith(".")
    assert len(made) < 200


def test_rules_of_the_same_name_get_files_of_their_own(tmp_path: Path) -> None:
    lines = [{**document(rule_id=rule_id).parameters} for rule_id in ("a", "b", "a/c", "a/d")]
    store = Store(tmp_path / "store")
    add(store, exported(tmp_path / "e.ndjson", *lines))
    assert {rule.rule_id for rule in store.rules()} == {"a", "b", "a/c", "a/d"}
    assert len(list((store.root / "rules").iterdir())) == 4


@pytest.mark.parametrize(
    ("said", "asked", "expected"),
    [
        pytest.param(None, None, True, id="rules run"),
        pytest.param(False, None, False, id="unless their file says otherwise"),
        pytest.param(False, True, True, id="all of them"),
        pytest.param(None, False, False, id="none of them"),
    ],
)
def test_whether_an_added_rule_runs(tmp_path: Path, said: bool | None, asked: bool | None, expected: bool) -> None:
    store = Store(tmp_path / "store")
    add(store, written(tmp_path / "new", document(enabled=said)), enabled=asked)
    assert only(store).enabled == expected
    assert len(enabled(store.rules())) == expected


def test_adding_again_changes_nothing(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    edited(store, severity="high")
    before = contents(store.root)
    again = add(store, tmp_path / "published")
    assert (len(again.added), len(again.known), len(again.differing)) == (0, 1, 0)
    other = add(store, written(tmp_path / "other", document(name="Another")))
    assert [rule.name for rule in other.differing] == ["Another"]
    assert contents(store.root) == before


def test_enabling_and_disabling(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    assert switch(store, [ID], enabled=True) == []
    assert len(switch(store, [ID], enabled=False)) == 1
    assert "enabled = false" in (store.root / FILE).read_text()
    assert only(store).revision == 0
    assert history(store) == ["added Netcat", "disabled Netcat"]


def test_enabling_keeps_remarks(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    path = store.root / FILE
    path.write_text(remarked := f"# a remark\n{path.read_text()}")
    switch(store, [ID], enabled=False)
    assert path.read_text() == remarked.replace("enabled = true", "enabled = false")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        pytest.param("severity=high", "high", id="a text"),
        pytest.param("risk_score=73", 73, id="a number"),
        pytest.param('tags=["a", "b"]', ["a", "b"], id="a list"),
        pytest.param("max_signals=null", None, id="taken away"),
        pytest.param("name=42", "42", id="a text that looks like a number"),
        pytest.param("query=any where true", "any where true", id="a text with blanks"),
        pytest.param("note=a=b", "a=b", id="an equals sign in it"),
        pytest.param("made_up={}", {}, id="a parameter nobody knows"),
    ],
)
def test_settings(setting: str, value: Any) -> None:
    assert parsed([setting]) == {setting.partition("=")[0]: value}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        pytest.param("severity", "write FIELD=VALUE", id="no value"),
        pytest.param("severty=high", "did you mean `severity`", id="mistyped"),
        pytest.param("rule_id=a", "`rules duplicate` makes another", id="the id"),
        pytest.param("version=2", "that of the rule's authors", id="the version"),
    ],
)
def test_settings_that_are_refused(setting: str, message: str) -> None:
    with pytest.raises(DeckwatchError, match=message):
        parsed([setting])


def test_editing(tmp_path: Path) -> None:
    store = store_of(tmp_path, document(max_signals=5))
    before = current(store)
    assert replace_rule(store, before, with_settings(before, {"max_signals": None, "severity": "high"}))
    rule = only(store)
    assert (rule.severity, rule.revision, rule.max_signals) == ("high", 1, 100)
    (_, last) = store.history()
    assert last.changes == {"severity": ("medium", "high"), "max_signals": (5, None)}
    assert not replace_rule(store, current(store), current(store))


def test_what_is_not_sound_replaces_nothing(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    before, files = current(store), contents(store.root)
    with pytest.raises(RuleError, match="the query ends too early"):
        replace_rule(store, before, with_settings(before, {"query": "process where"}))
    with pytest.raises(RuleError, match="a Kibana data view"):
        replace_rule(store, before, with_settings(before, {"index": None, "data_view_id": "logs"}))
    with pytest.raises(RuleError, match="the query ends too early"):
        as_edited(before, before.text.replace('process.name == "nc"', ""), "edited.toml")
    with pytest.raises(DeckwatchError, match="`rule_id` cannot be changed"):
        as_edited(before, before.text.replace(ID, "other"), "edited.toml")
    assert contents(store.root) == files


def test_two_people_edit_a_rule(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    before = current(store)
    edited(store, severity="high")
    with pytest.raises(DeckwatchError, match="changed by somebody else"):
        replace_rule(store, before, with_settings(before, {"severity": "low"}))
    assert only(store).severity == "high"


def test_duplicating(tmp_path: Path) -> None:
    store = store_of(tmp_path, document(exceptions_list=[{"list_id": "a"}], rule_source={"type": "external"}))
    copy = duplicate(store, only(store))
    rule = next(rule for rule in store.rules() if rule.rule_id == copy.rule_id)
    assert (rule.name, rule.version, rule.revision, rule.enabled) == ("Netcat [Duplicate]", 1, 0, False)
    assert not {"exceptions_list", "rule_source"} & rule.parameters.keys()
    assert store.base(copy.rule_id) is None
    again = duplicate(store, rule, "Another", exceptions=True)
    assert again.name == "Another"


def test_removing(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    assert len(remove(store, [ID])) == 1
    assert contents(store.root) == {}
    assert (len(store.rules()), store.missing()) == (0, ())
    assert history(store) == ["added Netcat", "removed Netcat"]
    assert len(add(store, tmp_path / "published").added) == 1


class TestLoss:
    """What is lost comes back."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        store = store_of(tmp_path, document(), document(rule_id="b", name="B"))
        switch(store, ["b"], enabled=False)
        return store

    def test_of_the_state(self, store: Store) -> None:
        before, entries = contents(store.root), store.history()
        (store.root / place.STATE).unlink()
        switch(store, ["b"], enabled=False)
        assert (contents(store.root), store.history()) == (before, entries)
        shutil.rmtree(store.root / "rules")
        repair(store)
        assert contents(store.root) == before

    def test_of_all_rules(self, store: Store) -> None:
        before = contents(store.root)
        shutil.rmtree(store.root / "rules")
        assert store.missing() == ("rules/rule-0.toml", "rules/rule-1.toml")
        assert repair(store) == ("rules/rule-0.toml", "rules/rule-1.toml")
        assert contents(store.root) == before
        assert history(store)[-2:] == ["restored Netcat", "restored B"]

    def test_of_everything_but_the_state(self, store: Store, tmp_path: Path) -> None:
        before, entries = contents(store.root), store.history()
        other = Store(tmp_path / "other")
        (other.root / place.INNER).mkdir(parents=True)
        shutil.copy(store.root / place.STATE, other.root / place.STATE)
        repair(other)
        assert contents(other.root) == before
        assert other.history()[: len(entries)] == entries

    def test_of_the_history(self, store: Store) -> None:
        path = store.root / place.HISTORY
        before = path.read_text()
        path.unlink()
        switch(store, ["b"], enabled=False)
        assert path.read_text() == before

    def test_of_a_base_version(self, store: Store) -> None:
        base = store.root / place.BASE / f"{ID}.toml"
        before = base.read_text()
        base.unlink()
        assert repair(store) == (f".deckwatch/base/{ID}.toml",)
        assert base.read_text() == before

    def test_of_everything_but_the_rules(self, store: Store) -> None:
        shutil.rmtree(store.root / place.INNER)
        assert len(store.rules()) == 2
        switch(store, ["b"], enabled=True)
        assert history(store) == ["added Netcat outside", "added B outside", "enabled B"]

    @pytest.mark.parametrize("junk", [b"no database at all, and longer than its header" * 100, b""])
    def test_of_a_sound_state(self, store: Store, junk: bytes) -> None:
        before, entries = contents(store.root), store.history()
        (store.root / place.STATE).write_bytes(junk)
        assert store.history() == entries
        switch(store, ["b"], enabled=False)
        assert (contents(store.root), store.history()) == (before, entries)
        with sqlite3.connect(store.root / place.STATE) as state:
            assert state.execute("SELECT count(*) FROM files").fetchone() == (len(before),)

    def test_forgetting(self, store: Store) -> None:
        (store.root / FILE).unlink()
        assert repair(store, forget=True) == (FILE,)
        assert store.missing() == ()
        assert history(store)[-1] == "removed Netcat"
        assert repair(store) == ()


class TestOutside:
    """What is done to the files by other means."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return store_of(tmp_path, document())

    def test_an_editor(self, store: Store) -> None:
        path = store.root / FILE
        path.write_text(path.read_text().replace("medium", "high"))
        assert only(store).severity == "high"
        switch(store, [ID], enabled=False)
        assert history(store) == ["added Netcat", "edited Netcat outside", "disabled Netcat"]
        assert store.history()[1].changes == {"severity": ("medium", "high")}

    def test_an_editor_that_only_moves_lines(self, store: Store) -> None:
        path = store.root / FILE
        path.write_text("# a remark\n" + path.read_text())
        switch(store, [ID], enabled=True)
        assert history(store) == ["added Netcat"]

    def test_a_file_that_is_no_rule(self, store: Store) -> None:
        path = store.root / FILE
        sound = path.read_text()
        path.write_text("[rule]\nname = 1")
        assert len(store.rules().faults) > 0
        switch(store, [ID], enabled=False)
        path.unlink()
        repair(store)
        assert path.read_text() == sound

    def test_a_new_file(self, store: Store) -> None:
        (store.root / "rules" / "mine").mkdir()
        (store.root / "rules" / "mine" / "b.toml").write_text(document(rule_id="b", name="B").text)
        switch(store, ["b"], enabled=False)
        assert history(store)[1:] == ["added B outside", "disabled B"]

    def test_a_file_that_moves(self, store: Store) -> None:
        (store.root / FILE).rename(store.root / "rules" / "other.toml")
        assert store.missing() == ()
        edited(store, severity="high")
        assert only(store).source.file.endswith("other.toml")
        assert store.missing() == ()

    def test_a_checkout_in_which_somebody_removed_a_rule(self, store: Store, tmp_path: Path) -> None:
        other = Store(tmp_path / "other")
        shutil.copytree(store.root, other.root)
        remove(other, [ID])
        for path in (FILE, f".deckwatch/base/{ID}.toml"):
            (store.root / path).unlink()
        shutil.copy(other.root / place.HISTORY, store.root / place.HISTORY)
        assert store.missing() == ()
        assert repair(store) == ()
        assert history(store) == ["added Netcat", "removed Netcat"]

    def test_a_checkout_that_tells_what_it_changed(self, store: Store, tmp_path: Path) -> None:
        other = Store(tmp_path / "other")
        shutil.copytree(store.root, other.root)
        edited(other, severity="high")
        for path in (FILE, place.HISTORY):
            shutil.copy(other.root / path, store.root / path)
        switch(store, [ID], enabled=True)
        assert history(store) == ["added Netcat", "edited Netcat"]

    def test_a_history_with_marks_of_a_merge(self, store: Store) -> None:
        path = store.root / place.HISTORY
        path.write_text(f"<<<<<<< ours\n{path.read_text()}=======\n[]\n{{}}\n>>>>>>> theirs\n")
        assert history(store) == ["added Netcat"]

    def test_a_rule_in_a_file_of_several(self, store: Store) -> None:
        exported(store.root / "rules" / "two.ndjson", {**document(rule_id="b", name="B").parameters})
        with pytest.raises(DeckwatchError, match="each rule gets its own file"):
            switch(store, ["b"], enabled=False)


def test_an_error_leaves_everything_as_it_was(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    before = contents(store.root)
    with contextlib.suppress(RuntimeError), store.changing() as change:
        change.remove(only(store))
        raise RuntimeError
    assert contents(store.root) == before
    assert history(store) == ["added Netcat"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, document())
    before = contents(store.root)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        switch(store, [ID], enabled=False)
    assert contents(store.root) == before
    assert not list(store.root.rglob(".new-*"))


def test_where_there_is_no_room_for_all_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, document())
    before = contents(store.root)
    room, fsync = iter(range(2)), os.fsync

    def filling(handle: int) -> None:
        if next(room, None) is None:
            raise OSError(28, "No space left on device")
        fsync(handle)

    more = written(tmp_path / "more", *(document(rule_id=f"more-{number}") for number in range(5)))
    monkeypatch.setattr("os.fsync", filling)
    with pytest.raises(OSError, match=r"No space left on device: '.*/rules/rule-1.toml'"):
        add(store, more)
    assert contents(store.root) == before
    assert not list(store.root.rglob(".new-*"))
    assert history(store) == ["added Netcat"]


@pytest.mark.parametrize("junk", [b"", b"x = [", b"\xff"])
def test_damaged_base_versions_are_brought_back(tmp_path: Path, junk: bytes) -> None:
    store = store_of(tmp_path, document())
    (base,) = (store.root / place.BASE).iterdir()
    base.write_bytes(junk)
    path = base.relative_to(store.root).as_posix()
    assert store.missing() == (path,)
    switch(store, [ID], enabled=False)
    assert store.base(ID) is None
    assert repair(store) == (path,)
    assert store.base(ID) is not None
    assert store.missing() == ()


def test_forgetting_a_damaged_base_version(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    (base,) = (store.root / place.BASE).iterdir()
    base.write_bytes(b"x = [")
    repair(store, forget=True)
    assert store.missing() == ()
    assert not base.exists()


def test_folders_that_cannot_be_read_are_not_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, document())
    scandir = os.scandir

    def refusing(path: str) -> Any:
        if Path(path).name == place.RULES:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refusing)
    with pytest.raises(PermissionError, match="rules"):
        store.missing()


def _rename(root: Path, number: int) -> None:
    store = Store(root)
    for turn in range(5):
        switch(store, [f"rule-{number}"], enabled=bool(turn % 2))
    add(store, written(root.parent / f"more-{number}", document(rule_id=f"more-{number}", name="More")))


def test_processes_at_once(tmp_path: Path) -> None:
    rules = [document(rule_id=f"rule-{number}", name=f"R{number}") for number in range(3)]
    store = store_of(tmp_path, *rules)
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_rename, args=(store.root, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(store.rules()) == 6
    assert store.rules().faults == ()
    assert not any(rule.enabled for rule in store.rules() if rule.rule_id.startswith("rule-"))
    assert len(store.history()) == 3 + 3 * 5 + 3
    assert not any(entry.outside for entry in store.history())
    assert len(store.history()) == len((store.root / place.HISTORY).read_text().splitlines())


def test_waiting_for_another_process_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, document())
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    with (
        store.changing(),
        pytest.raises(DeckwatchError, match="another process is changing this store"),
        Store(store.root).changing(),
    ):
        pass


def test_a_store_that_may_only_be_read(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    (store.root / place.STATE).unlink()
    (store.root / place.STATE).mkdir()
    assert len(store.rules()) == 1
    assert len(store.history()) == 1
    with pytest.raises(DeckwatchError, match="unable to open database file"):
        switch(store, [ID], enabled=False)


class TestExceptions:
    """Exception lists, value lists and connectors go with rules."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        rule = document(exceptions_list=[REFERENCE], actions=[ACTION])
        export = exported(tmp_path / "e.ndjson", {**rule.parameters}, LIST, ITEM, CONNECTOR)
        store = Store(tmp_path / "store")
        assert add(store, export).lists == 1
        return store

    def test_are_in_the_store(self, store: Store) -> None:
        lines = (store.root / "exceptions" / "l.ndjson").read_text().splitlines()
        assert list(map(json.loads, lines)) == [LIST, ITEM]
        (found,) = store.rules().exception_lists
        assert [item.item_id for item in found.items] == ["i"]
        assert json.loads((store.root / "connectors.ndjson").read_text()) == CONNECTOR

    def test_that_are_there_are_kept(self, store: Store, tmp_path: Path) -> None:
        changed, new = {**ITEM, "name": "Mine"}, {**ITEM, "item_id": "j"}
        again = add(store, exported(tmp_path / "f.ndjson", {**document().parameters}, changed, new))
        assert again.kept == ("exception 'Mine' of list l",)
        (found,) = store.rules().exception_lists
        assert [item.name for item in found.items] == ["I", "I"]

    def test_of_a_rule_that_goes_stay(self, store: Store) -> None:
        remove(store, [ID])
        assert (store.root / "exceptions" / "l.ndjson").exists()

    def test_value_lists(self, store: Store, tmp_path: Path) -> None:
        entry = {
            "field": "process.name",
            "type": "list",
            "operator": "included",
            "list": {"id": "v", "type": "keyword"},
        }
        item = {**ITEM, "item_id": "k", "entries": [entry]}
        folder = tmp_path / "with-values"
        folder.mkdir()
        exported(folder / "e.ndjson", {**document(rule_id="b").parameters}, item)
        (folder / "value_lists").mkdir()
        (folder / "value_lists" / "v.txt").write_text("nc\n")
        assert add(store, folder).lists == 2
        assert (store.root / "value_lists" / "v.txt").read_text() == "nc\n"
        assert [each.list_id for each in store.rules().value_lists] == ["v"]
        (folder / "value_lists" / "v.txt").write_text("other\n")
        assert add(store, folder).kept == ("value list v",)


def test_document_of_a_rule_whose_file_is_gone(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    rule = only(store)
    (store.root / FILE).unlink()
    assert Document.of(rule).rule_id == ID
