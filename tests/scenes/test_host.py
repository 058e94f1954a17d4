"""Without what they need the scenes are skipped, but never in CI."""

import pytest

from tests.scenes import host


@pytest.mark.parametrize(("in_ci", "outcome"), [(False, pytest.skip.Exception), (True, pytest.fail.Exception)])
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, in_ci: bool, outcome: type[BaseException]) -> None:
    monkeypatch.setattr(host, "IN_CI", in_ci)
    with pytest.raises(outcome, match="no runc"):
        host.require("no runc (Debian's package runc; tools/ci-setup installs it)")


def test_nothing_is_required_of_a_machine_that_has_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "IN_CI", True)
    host.require("")
