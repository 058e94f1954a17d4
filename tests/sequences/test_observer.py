"""What an observer of the automaton is told; being observed changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.sequences.automaton import SequenceAutomaton
from deckwatch.sequences.observer import Happening, What

from .notation import program, records, stream
from .test_properties import programs, streams

CASES = [
    pytest.param("A B", 10, "", "A@1 B@2", "started 1, extended 1 2, completed 1 2", id="completed"),
    pytest.param("A B", 10, "", "A@1 A@2", "started 1, overwritten 1 by 2, started 2", id="overwritten"),
    pytest.param("A B", 10, "", "A@1 B@12", "started 1, expired 1 by 2", id="expired-at-the-next-stage"),
    pytest.param("A B", 10, "", "A@1 A@12", "started 1, expired 1, started 2", id="expired-before-a-new-start"),
    pytest.param("A B", 10, "", "A@1 A/x@40", "started 1, expired 1, started 2", id="expired-with-time"),
    pytest.param("A B", 10, "U", "A@1 U@2 B@3", "started 1, ended 1 by 2, unclaimed by 3", id="ended-by-until"),
    pytest.param("A B", 10, "", "B@3", "unclaimed by 1", id="unclaimed"),
    pytest.param(
        "A !M B",
        10,
        "",
        "A@1 M@2 B@3",
        "started 1, interrupted 1 by 2, extended 1 3, refused 1 3",
        id="missing-between",
    ),
    pytest.param(
        "A !M B",
        10,
        "",
        "A@1 M@3 B@3",
        "started 1, interrupted 1 by 2, extended 1 3, completed 1 3",
        id="missing-at-the-time-of-the-next",
    ),
    pytest.param(
        "!M A B", 10, "", "M@1 A@2 B@3", "sighted by 1, started 2, extended 2 3, refused 2 3", id="missing-before"
    ),
    pytest.param(
        "A B !M", 10, "", "A@1 B@2 M@3", "started 1, extended 1 2, sighted by 3, refused 1 2", id="missing-after"
    ),
    pytest.param("A !M", 10, "", "A@1 A@2 M@30", "completed 1, completed 2, sighted by 3", id="single-stage"),
    pytest.param(
        "A*2 B",
        10,
        "",
        "A@1 A@2 A@3",
        "unclaimed by 1, started 1, extended 1 2, started 2, overwritten 1 2 by 3, extended 2 3, started 3",
        id="overwritten-by-one-that-moves-up",
    ),
]


@pytest.mark.parametrize(("stages", "seconds", "until", "events", "told"), CASES)
def test_what_is_told(stages: str, seconds: int, until: str, events: str, told: str) -> None:
    compiled = program(stages, seconds, until)
    steps: list[Happening] = []
    automaton = SequenceAutomaton(compiled, observer=steps.append)
    automaton.advance(records(compiled, stream(compiled, events)))
    automaton.finish()
    assert ", ".join(map(_text, steps)) == told


@given(st.data())
def test_being_observed_changes_nothing(data: st.DataObject) -> None:
    compiled = data.draw(programs())
    stream = list(records(compiled, data.draw(streams(compiled))))
    steps: list[Happening] = []
    plain, observed = SequenceAutomaton(compiled), SequenceAutomaton(compiled, observer=steps.append)
    found = plain.advance(stream) + plain.finish()
    assert observed.advance(stream) + observed.finish() == found
    assert observed.snapshot() == plain.snapshot()
    assert sum(step.what is What.COMPLETED for step in steps) == len(found)


@given(st.data())
def test_every_sequence_ends_once(data: st.DataObject) -> None:
    compiled = data.draw(programs())
    steps: list[Happening] = []
    automaton = SequenceAutomaton(compiled, observer=steps.append)
    automaton.advance(records(compiled, data.draw(streams(compiled))))
    automaton.finish()
    begun = sum(step.what is What.STARTED for step in steps)
    ended = sum(step.what in ENDINGS for step in steps)
    assert ended + automaton.stats.partials == begun or compiled.stages == 1


ENDINGS = {What.COMPLETED, What.REFUSED, What.OVERWRITTEN, What.EXPIRED, What.ENDED}


def _text(step: Happening) -> str:
    alone = step.what in {What.STARTED, What.EXTENDED}
    by = "" if step.token is None or alone else f" by {step.token}"
    return " ".join([step.what.name.lower(), *map(str, step.tokens)]) + by
