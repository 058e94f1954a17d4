"""Paths as they were written, made canonical: in real directories, and as text where nothing can be asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deckwatch.sensor.records import Flag, What
from deckwatch.sensor.resolve import Resolver, Root
from tests.sensor.happening import Stage, Task, runtime

NAMESPACE = 1


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A container's root: `real` is a directory, `link` leads to it, `file` to a file in it."""
    (tmp_path / "real/inner").mkdir(parents=True)
    (tmp_path / "real/a").touch()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "again").symlink_to("/link/inner")
    (tmp_path / "file").symlink_to("real/a")
    (tmp_path / "up").symlink_to("../../../real")
    return tmp_path


WRITTEN = [
    pytest.param("/", "/real/a", "/real/a", id="nothing to resolve"),
    pytest.param("/", "/link/a", "/real/a", id="a directory that is a link"),
    pytest.param("/", "link/a", "/real/a", id="relative to the root"),
    pytest.param("/link", "a", "/real/a", id="relative to a link"),
    pytest.param("/", "/again/b", "/real/inner/b", id="a link to a link, absolute within the root"),
    pytest.param("/", "/again/../b", "/real/b", id="above where a link leads"),
    pytest.param("/", "/real/./inner/..//b", "/real/b", id="dots and slashes"),
    pytest.param("/", "/up/a", "/real/a", id="no link leads out of the root"),
    pytest.param("/", "/../../real/a", "/real/a", id="nor do dots"),
    pytest.param("/", "/link", "/link", id="a link at the end stays"),
    pytest.param("/real", "inner/", "/real/inner", id="a slash at the end"),
]


@pytest.mark.parametrize(("base", "path", "meant"), WRITTEN)
def test_what_is_meant(tree: Path, base: str, path: str, meant: str) -> None:
    place, name = os.path.split(meant)
    found = Resolver().resolve(NAMESPACE, [str(tree)], base, path)
    assert found == (f"{tree}{place.rstrip('/')}/{name}", True)


def test_links_at_the_end_are_followed_by_some_calls(tree: Path) -> None:
    resolver = Resolver()
    # Under a root of its own, as the paths of a container are.
    assert resolver.resolve(NAMESPACE, ["/"], str(tree), "file", follow=True) == (f"{tree}/real/a", True)
    assert resolver.resolve(NAMESPACE, ["/"], str(tree), "real/a", follow=True) == (f"{tree}/real/a", True)
    assert resolver.resolve(NAMESPACE, ["/"], str(tree), "file") == (f"{tree}/file", True)


TEXT = [
    pytest.param("/a/b", "../c//d/./e", "/a/c/d/e", id="a directory that is gone"),
    pytest.param("/a", "", "/a", id="no name"),
    pytest.param("/real", "..", "/", id="dots at the end"),
    pytest.param("/", "/proc/self/fd/3", "/proc/self/fd/3", id="something else for whoever asks"),
]


@pytest.mark.parametrize(("base", "path", "text"), TEXT)
def test_what_cannot_be_checked_is_text(tree: Path, base: str, path: str, text: str) -> None:
    checked = Resolver().resolve(NAMESPACE, [str(tree / "nothing")], base, path)
    assert checked == (text, False)


def test_the_first_root_within_reach_is_taken(tree: Path) -> None:
    roots = [str(tree / "nothing"), "/"]
    assert Resolver().resolve(NAMESPACE, roots, str(tree), "link/a") == (f"{tree}/real/a", True)


def test_who_called_chroot_sees_nothing_above(tree: Path) -> None:
    (tree / "real/inside").symlink_to("/inner")
    root = f"{tree}/real"
    resolve = Resolver().resolve
    assert resolve(NAMESPACE, ["/"], root, "inside/a", root=root) == (f"{root}/inner/a", True)
    assert resolve(NAMESPACE, ["/"], f"{root}/inner", "../../../a", root=root) == (f"{root}/a", True)
    assert resolve(NAMESPACE, ["/gone"], f"{root}/inner", "../../../a", root=root) == (f"{root}/a", False)


CHANGES = [
    pytest.param(lambda resolver, _: resolver.relinked(NAMESPACE), True, id="a link may be gone"),
    pytest.param(lambda resolver, tree: resolver.moved(NAMESPACE, f"{tree}/other"), True, id="something was moved"),
    pytest.param(lambda resolver, tree: resolver.moved(2, f"{tree}/link"), False, id="in another namespace"),
    pytest.param(lambda *_: None, False, id="nothing that is known"),
]


@pytest.mark.parametrize(("told", "noticed"), CHANGES)
def test_a_link_that_leads_elsewhere(tree: Path, told: Callable[[Resolver, Path], None], noticed: bool) -> None:
    resolver = Resolver()
    assert resolver.resolve(NAMESPACE, ["/"], str(tree), "link/a") == (f"{tree}/real/a", True)
    (tree / "link").unlink()
    (tree / "link").symlink_to("real/inner")
    told(resolver, tree)
    place = "real/inner" if noticed else "real"
    assert resolver.resolve(NAMESPACE, ["/"], str(tree), "link/a") == (f"{tree}/{place}/a", True)


def test_a_directory_that_was_moved_and_replaced_by_a_link(tree: Path) -> None:
    resolver = Resolver()
    assert resolver.resolve(NAMESPACE, ["/"], str(tree), "real/inner/b") == (f"{tree}/real/inner/b", True)
    (tree / "real").rename(tree / "moved")
    (tree / "real").symlink_to("moved")
    resolver.moved(NAMESPACE, f"{tree}/real", f"{tree}/moved")
    assert resolver.resolve(NAMESPACE, ["/"], str(tree), "real/inner/b") == (f"{tree}/moved/inner/b", True)


@pytest.mark.skipif(os.geteuid() != 0, reason="the root directory of a process is root's to open")
def test_a_root_directory_of_a_process(tree: Path) -> None:
    root = Root(os.getpid())
    assert Resolver().resolve(NAMESPACE, [root.name], str(tree), "link/a") == (f"{tree}/real/a", True)
    root.close()


def test_a_process_that_is_gone_has_no_root() -> None:
    with pytest.raises(FileNotFoundError):
        Root(2**22 + 1)


def test_chroot_shows_in_absolute_paths() -> None:
    """What one record tells of the root is remembered for the next ones, and for children."""
    stage = Stage()
    init = Task(runtime(), nspid=1).leads()
    child = Task(init)
    flags = Flag.CHROOTED
    documents = stage.play(
        init.exec("/bin/init"),
        init.file(What.DELETE, "/a", base="/jail", flags=flags),
        init.file(What.DELETE, "../../b", base="/jail/in", flags=flags),
        child.fork(),
        child.file(What.DELETE, "../../c", base="/jail/in", flags=flags),
    )
    paths = [document["file"]["path"] for document in documents if "file" in document]
    assert paths == ["/jail/a", "/jail/b", "/jail/c"]
