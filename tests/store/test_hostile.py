"""Whatever lies in the store's files: an error that says what and where, or the rest goes on."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deckwatch.errors import DeckwatchError
from deckwatch.store import place
from deckwatch.store.add import add
from deckwatch.store.edit import switch
from deckwatch.store.repair import repair
from deckwatch.store.store import Store
from deckwatch.store.update import update
from tests.store.build import ACTION, CONNECTOR, ID, ITEM, LIST, REFERENCE, document, exported, store_of

FILES = (
    "rules/rule-0.toml",
    "rules/netcat.toml",
    f".deckwatch/base/{ID}.toml",
    "exceptions/l.ndjson",
    "connectors.ndjson",
    place.HISTORY,
    place.STATE,
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with some of everything."""
    root = tmp_path_factory.mktemp("original")
    store = store_of(root, document())
    rule = document(rule_id="b", exceptions_list=[REFERENCE], actions=[ACTION])
    add(store, exported(root / "e.ndjson", {**rule.parameters}, LIST, ITEM, CONNECTOR))
    assert all((store.root / path).is_file() for path in FILES)
    return root


@contextlib.contextmanager
def copied(original: Path) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(original, folder, dirs_exist_ok=True)
        yield Store(Path(folder) / "store")


def use(store: Store, folder: Path) -> None:
    """Do everything that reads these files."""
    for command in (
        store.rules,
        store.missing,
        store.history,
        lambda: switch(store, [ID], enabled=False),
        lambda: update(store, folder),
        lambda: repair(store),
    ):
        with contextlib.suppress(DeckwatchError):
            command()


@settings(max_examples=40)
@given(st.sampled_from(FILES), st.data())
def test_damaged_files(original: Path, path: str, data: st.DataObject) -> None:
    with copied(original) as store:
        content = (store.root / path).read_bytes()
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 40)))
        junk = data.draw(st.binary(max_size=20) | st.sampled_from([b"[" * 5000, b"\n[rule]\n", b'"', b"{}", b"null\n"]))
        (store.root / path).write_bytes(content[:start] + junk + content[end:])
        use(store, store.root.parent / "published")


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("junk", [b"", b"\xff\xfe", b"null", b"[]", b"{}", b"[" * 100_000, b'{"time": 1}\n'])
def test_files_of_something_else(original: Path, path: str, junk: bytes) -> None:
    with copied(original) as store:
        (store.root / path).write_bytes(junk)
        use(store, store.root.parent / "published")


@pytest.mark.parametrize("path", ["rules", "exceptions", ".deckwatch", ".deckwatch/base", place.HISTORY, place.STATE])
def test_files_that_are_gone(original: Path, path: str) -> None:
    with copied(original) as store:
        gone = store.root / path
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
        use(store, store.root.parent / "published")
        assert store.missing() == ()
