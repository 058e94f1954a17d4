"""Updates: what is published anew comes in, and what was changed here is never lost without a word."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.rules.load import load_rules
from deckwatch.store.add import add
from deckwatch.store.document import Document
from deckwatch.store.edit import remove, switch
from deckwatch.store.files import contents
from deckwatch.store.merge import Side, compared, together
from deckwatch.store.review import Take
from deckwatch.store.store import Store
from deckwatch.store.units import How, customized
from deckwatch.store.update import Updates, update
from tests.shared import SHARED, needs_shared
from tests.store.build import ID, current, document, edited, exported, only, store_of, written

BETTER = 'process where process.name in ("nc", "ncat")'


def published(tmp_path: Path, *documents: Document) -> Path:
    return written(tmp_path / "published-anew", *documents)


def fields(updates: Updates) -> dict[str, str]:
    """How the units of the one review came out."""
    (review,) = updates.reviews
    return {each.unit.name: each.outcome for each in review.differences}


def test_nothing_new(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    edited(store, severity="high")
    before = contents(store.root)
    updates = update(store, tmp_path / "published")
    assert (updates.reviews, updates.current) == ((), 1)
    assert contents(store.root) == before


def test_edited_here_and_published_anew(tmp_path: Path) -> None:
    store = store_of(tmp_path, document({"updated_date": "1"}, tags=["a"]))
    edited(store, severity="high", tags=["a", "mine"])
    switch(store, [ID], enabled=False)
    new = document({"updated_date": "2"}, version=2, query=BETTER, tags=["a", "theirs"])
    updates = update(store, published(tmp_path, new))
    assert fields(updates) == {
        "severity": "yours",
        "eql_query": "new",
        "tags": "merged",
        "metadata.updated_date": "new",
    }
    rule = only(store)
    assert (rule.query, rule.severity, rule.tags) == (BETTER, "high", ("a", "mine", "theirs"))
    assert (rule.version, rule.revision, rule.enabled) == (2, 2, False)
    assert current(store).metadata == {"updated_date": "2"}
    base = store.base(ID)
    assert base is not None
    assert customized(base, new) == ()
    assert store.history()[-1].changes.keys() == {"version", "query", "tags", "metadata.updated_date"}
    assert update(store, tmp_path / "published-anew").reviews == ()


@pytest.mark.parametrize(
    ("take", "query"),
    [
        pytest.param({}, "mine", id="nobody decides"),
        pytest.param({"": "yours"}, "mine", id="yours"),
        pytest.param({"": "new"}, "theirs", id="new"),
        pytest.param({"eql_query": "new"}, "theirs", id="the field"),
        pytest.param({"name": "new"}, "mine", id="another field"),
    ],
)
def test_conflict(tmp_path: Path, take: Take, query: str) -> None:
    store = store_of(tmp_path, document())
    edited(store, query='any where "mine" == "mine"')
    before = contents(store.root)
    new = document(version=2, query='any where "theirs" == "theirs"', severity="low")
    folder = published(tmp_path, new)
    updates = update(store, folder, take=take)
    decided = "" in take or "eql_query" in take
    assert bool(updates.left) != decided
    assert query in only(store).query
    assert (only(store).severity, only(store).version) == (("low", 2) if decided else ("medium", 1))
    if not decided:
        assert contents(store.root) == before
        assert len(update(store, folder).left) == 1
    else:
        assert update(store, folder).reviews == ()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    store = store_of(tmp_path, document())
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}
    updates = update(store, published(tmp_path, document(version=2, query=BETTER)), dry_run=True)
    assert fields(updates) == {"eql_query": "new"}
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == before


def test_some_rules_only(tmp_path: Path) -> None:
    store = store_of(tmp_path, document(), document(rule_id="b", name="B"))
    new = [document(version=2, query=BETTER), document(rule_id="b", name="B2", version=2)]
    updates = update(store, published(tmp_path, *new), only=["b"])
    assert {rule.name for rule in store.rules()} == {"Netcat", "B2"}
    assert updates.unknown == ()


def test_a_checkout_names_no_versions(tmp_path: Path) -> None:
    """As the lock file of detection-rules counts: one more when the rule has changed, and its dates do not count."""
    plain = document({"updated_date": "1"})
    store = store_of(tmp_path, plain)

    def checkout(name: str, rule: Document) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        text = rule.text.replace("version = 1\n", "")
        (folder / "a.toml").write_text(text)
        return folder

    assert update(store, checkout("same", plain)).reviews == ()
    update(store, checkout("dated", document({"updated_date": "2"})))
    assert (only(store).version, current(store).metadata) == (1, {"updated_date": "2"})
    update(store, checkout("changed", document({"updated_date": "3"}, query=BETTER)))
    assert only(store).version == 2
    update(store, checkout("again", document({"updated_date": "3"}, query=BETTER, severity="low")))
    assert only(store).version == 3


def test_versions_alone(tmp_path: Path) -> None:
    store = store_of(tmp_path, document(version=3))
    assert len(update(store, published(tmp_path, document(version=5))).reviews) == 1
    assert only(store).version == 5
    updates = update(store, tmp_path / "published")
    assert [rule.version for rule in updates.older] == [3]
    assert only(store).version == 5


def test_new_withdrawn_and_unsound_rules(tmp_path: Path) -> None:
    store = store_of(tmp_path, document(), document(rule_id="b", name="B"))
    lines = [
        {"rule_id": ID, "version": 2, "name": "Netcat", "deprecated": True},
        {**document(rule_id="b", name="B", type="esql", language="esql", version=2).parameters},
        {**document(rule_id="c", name="C").parameters},
        {"rule_id": "d"},
    ]
    updates = update(store, exported(tmp_path / "e.ndjson", *lines))
    assert {skip.rule_id for skip in updates.withdrawn} == {ID, "b"}
    assert [rule.name for rule in updates.unknown] == ["C"]
    assert updates.faults != ()
    assert len(store.rules()) == 2


def test_a_result_that_is_no_sound_rule(tmp_path: Path) -> None:
    suppressed = {"group_by_v2": [{"field": "process.name", "sequence_index": 1}]}
    sequence = "sequence [any where true] [any where true]"
    store = store_of(tmp_path, document(query=sequence))
    edited(store, alert_suppression=suppressed)
    updates = update(store, published(tmp_path, document(version=2, query=BETTER)))
    assert "sequence_index" in updates.left[0].fault
    assert only(store).query == sequence


class TestWithoutBase:
    """Rules that were changed before they came here."""

    CHANGED: Mapping[str, Any] = {"type": "external", "is_customized": True, "has_base_version": True}

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        store = Store(tmp_path / "store")
        mine = document(rule_source=dict(self.CHANGED), severity="high", version=2)
        add(store, exported(tmp_path / "kibana.ndjson", {**mine.parameters}))
        return store

    def test_differences_are_to_be_decided(self, store: Store, tmp_path: Path) -> None:
        folder = published(tmp_path, document(version=3))
        assert fields(update(store, folder)) == {"severity": "conflict"}
        assert (only(store).version, only(store).severity) == (2, "high")
        update(store, folder, take={"": "yours"})
        assert (only(store).version, only(store).severity) == (3, "high")
        assert store.base(ID) is not None

    def test_without_differences_there_is_nothing_to_decide(self, store: Store, tmp_path: Path) -> None:
        update(store, published(tmp_path, document(version=3, severity="high")))
        assert only(store).version == 3
        assert store.base(ID) is not None

    @pytest.mark.parametrize("zipped", [True, False])
    def test_a_package_holds_the_version_they_began_with(self, store: Store, tmp_path: Path, zipped: bool) -> None:
        folder = tmp_path / "package" / "kibana" / "security_rule"
        folder.mkdir(parents=True)
        for rule in (document(version=2), document(version=4, query=BETTER)):
            asset = {"id": "x", "type": "security-rule", "attributes": rule.parameters}
            (folder / f"{ID}_{rule.parameters['version']}.json").write_text(json.dumps(asset))
        place = tmp_path / "package"
        if zipped:
            place = tmp_path / "package.zip"
            with zipfile.ZipFile(place, "w") as archive:
                for file in folder.iterdir():
                    archive.write(file, f"package-9/kibana/security_rule/{file.name}")
        assert fields(update(store, place)) == {"severity": "yours", "eql_query": "new"}
        assert (only(store).severity, only(store).query, only(store).version) == ("high", BETTER, 4)

    def test_kibana_says_that_nothing_was_changed(self, tmp_path: Path) -> None:
        store = Store(tmp_path / "other")
        pristine = document(rule_source={"type": "external", "is_customized": False}, version=2)
        add(store, exported(tmp_path / "k.ndjson", {**pristine.parameters}))
        for path in (store.root / ".deckwatch" / "base").iterdir():
            path.unlink()
        assert fields(update(store, published(tmp_path, document(version=3, name="New")))) == {"name": "new"}


@needs_shared
@pytest.mark.parametrize("name", ["defense_evasion", "execution"])
def test_the_founding_rules(tmp_path: Path, name: str) -> None:
    """Edited here, published anew, and both at the same place."""
    (file,) = (SHARED / "rules" / "founding").glob(f"{name}*")
    upstream = tmp_path / "upstream"
    upstream.mkdir()
    copy = upstream / file.name
    text = file.read_text()
    copy.write_text(text)
    store = Store(tmp_path / "store")
    add(store, upstream)
    rule = only(store)
    note = f"{rule.parameters['note']}\n\nAsk the owners first." if rule.parameters.get("note") else "Ask the owners."
    edited(store, risk_score=99, note=note, tags=[*rule.tags, "Team: Blue"])

    copy.write_text(text.replace('"OS: Linux"', '"OS: Linux", "New: Tag"').replace("container.id", "container.id ", 1))
    assert not update(store, upstream).left
    changed = only(store)
    assert (changed.risk_score, changed.parameters["note"]) == (99, note)
    assert {"Team: Blue", "New: Tag"} <= set(changed.tags)
    assert changed.query != rule.query
    assert changed.version == rule.version + 1

    copy.write_text(text.replace(f"risk_score = {rule.risk_score}", "risk_score = 1"))
    updates = update(store, upstream)
    assert [each.unit.name for each in updates.left[0].conflicts] == ["risk_score"]
    assert only(store) == changed


@needs_shared
@pytest.mark.slow
def test_the_whole_corpus_edited_here_and_published_anew(tmp_path: Path) -> None:
    """Every rule: a local edit of severity, an upstream edit of the note, and for every third a conflict."""
    rules = list(load_rules(SHARED / "corpus" / "elastic-rules"))
    store = Store(tmp_path / "store")
    add(store, SHARED / "corpus" / "elastic-rules")
    with store.changing() as change:
        for rule in change.rules:
            was = Document.of(rule)
            change.replace(rule, Document({**was.parameters, "risk_score": 1}, was.metadata), "edited")
    upstream = []
    for number, rule in enumerate(rules):
        was = Document.of(rule)
        more = {"risk_score": 2} if number % 3 == 0 else {}
        upstream.append(Document({**was.parameters, "max_signals": 7, **more}, was.metadata))
    updates = update(store, written(tmp_path / "upstream", *upstream))
    assert (len(updates.reviews), len(updates.left)) == (415, 139)
    assert {rule.risk_score for rule in store.rules()} == {1}
    assert sum(rule.max_signals == 7 for rule in store.rules()) == 415 - 139


WORDS = st.lists(st.sampled_from("abcdef"), max_size=5)
TEXTS = WORDS.map(lambda words: "".join(f"{word}\n" for word in words))
VERSIONS = st.fixed_dictionaries(
    {
        "name": st.sampled_from("ABC"),
        "severity": st.sampled_from(["low", "medium", "high"]),
        "risk_score": st.integers(1, 3),
        "query": st.sampled_from([f'any where "{word}" == "x"' for word in "abc"]),
        "tags": WORDS,
        "index": WORDS.filter(bool),
        "note": TEXTS,
        "setup": TEXTS,
        "interval": st.sampled_from(["1m", "5m"]),
        "from": st.sampled_from(["now-6m", "now-9m"]),
        "custom": st.sampled_from("xyz"),
    },
    optional={"license": st.sampled_from("LM"), "max_signals": st.integers(1, 2)},
)


@given(VERSIONS, VERSIONS, VERSIONS, st.booleans())
def test_no_local_change_is_lost_silently(
    base: dict[str, Any], yours: dict[str, Any], new: dict[str, Any], known: bool
) -> None:
    before, here, there = document(**base), document(**yours), document(**new, version=2)
    differences = compared(before if known else None, here, there)
    result = together(here, there, differences, 2)
    for each in differences:
        if each.is_open or before.parameters == here.parameters:
            continue
        unit, was = each.unit, each.unit.of(before)
        mine, final = unit.of(here), unit.of(result)
        if unit.meaning(was) == unit.meaning(mine) and known:
            continue
        if each.outcome != "merged":
            assert unit.meaning(final) == unit.meaning(mine)
        elif unit.how is How.LINES:
            _, kept = (set(text.get(unit.keys[0], "").splitlines()) for text in (was, final))
            added = set(mine.get(unit.keys[0], "").splitlines()) - set(was.get(unit.keys[0], "").splitlines())
            assert added <= kept
        else:
            a, b, c = (set(values.get(unit.keys[0], [])) for values in (was, mine, final))
            assert b - a <= c
            assert not (a - b) & c


@given(VERSIONS, VERSIONS, VERSIONS, st.sampled_from(["yours", "new"]))
def test_sides_are_symmetric(base: dict[str, Any], yours: dict[str, Any], new: dict[str, Any], side: Side) -> None:
    """What is a conflict from here is one from there; what comes together is the same set of things."""
    before, here, there = document(**base), document(**yours), document(**new)
    outcomes, mirrored = (
        {each.unit.name: each for each in some}
        for some in (compared(before, here, there), compared(before, there, here))
    )
    swapped = {"new": "yours", "yours": "new"}
    for name, each in outcomes.items():
        assert mirrored[name].outcome == swapped.get(each.outcome, each.outcome)
        if each.outcome == "merged":
            assert each.unit.meaning(each.result) == each.unit.meaning(mirrored[name].result)


def test_a_duplicate_is_nobodys_to_update(tmp_path: Path) -> None:
    from deckwatch.store.edit import duplicate

    store = store_of(tmp_path, document())
    duplicate(store, only(store))
    remove(store, [ID])
    updates = update(store, published(tmp_path, document(version=2, query=BETTER)))
    assert (updates.reviews, len(updates.unknown)) == ((), 1)
