"""Every check is documented, and its example is found by it."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from deckwatch.lint.catalog import BY_CODE, CHECKS
from deckwatch.lint.fix import FIXABLE
from tests.lint.linting import found, subject

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "lint.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `([\w-]+)`\n(.*?)(?=^### |\Z)", PAGE, re.DOTALL | re.MULTILINE))
EXAMPLES = {code: re.search(r"```(eql|toml)\n(.*?)```", text, re.DOTALL) for code, text in SECTIONS.items()}

WITHOUT_EXAMPLE = {
    "invalid-rule",  # it does not load
    "repeated-name",
    "equivalent-rule",
    "subsumed-rule",
    "exception-removes-all",  # it takes a list beside the rule
    "exception-stage",
    "exception-expired",
    "exception-field",
    "repository-dates",
    "repository-version",
    "repository-os",  # it takes a folder
}


def test_every_check_has_a_section_in_the_order_of_the_catalogue() -> None:
    assert list(SECTIONS) == [check.code for check in CHECKS]


def test_the_table_is_that_of_the_catalogue() -> None:
    rows = re.findall(r"^\| \[`([\w-]+)`\]\(#([\w-]+)\) \| (\w+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(check.code, check.code, check.severity, check.what) for check in CHECKS]


@pytest.mark.parametrize("code", SECTIONS)
def test_sections_say_what_the_catalogue_says(code: str) -> None:
    check, text = BY_CODE[code], " ".join(SECTIONS[code].split())
    fixable = ", can be fixed" if code in FIXABLE else ""
    profile = f", with `--profile {check.profile}`" if check.profile else ""
    assert text.startswith(f"**{check.severity}**{fixable}{profile}: {check.what}. *Why*: {check.why}.")
    assert "*Cure*: " in text


@pytest.mark.parametrize("code", [code for code in SECTIONS if code not in WITHOUT_EXAMPLE])
def test_examples_are_found(code: str) -> None:
    example = EXAMPLES[code]
    assert example
    changes: dict[str, Any] = tomllib.loads(example[2]) if example[1] == "toml" else {"query": example[2]}
    assert found(code, subject(**changes))
