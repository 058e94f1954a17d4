"""The picture, for which matplotlib is needed."""

from importlib.util import find_spec
from pathlib import Path

import pytest

import deckwatch
from deckwatch import DeckwatchError
from deckwatch.backtesting import png
from tests.backtest.build import CURL, rule, weeks

needs_matplotlib = pytest.mark.skipif(
    find_spec("matplotlib") is None, reason="matplotlib draws it and is not installed"
)


@needs_matplotlib
@pytest.mark.parametrize("days", [[2, 0, 3], [0], []], ids=["alerts", "no alert", "no event"])
def test_a_picture(tmp_path: Path, days: list[int]) -> None:
    found = deckwatch.backtest([rule(tmp_path, CURL)], weeks(days))
    png.write(found, tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ImportError

    monkeypatch.setattr(png, "import_module", missing)
    with pytest.raises(DeckwatchError, match=r"pip install 'deckwatch\[plot\]'"):
        png.check()
