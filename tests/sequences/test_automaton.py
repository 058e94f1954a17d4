"""The worked examples of the language, on the automaton and on the reference; then what only the automaton does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deckwatch.errors import DeckwatchError
from deckwatch.sequences.automaton import SequenceAutomaton
from deckwatch.sequences.records import Match, SnapshotError
from deckwatch.sequences.reference import ReferenceEvent, reference_matches
from deckwatch.sequences.state import Stats
from deckwatch.sequences.steps import SequenceProgram

from .notation import SECOND, automaton_matches, program, records, stream

Engine = Callable[[SequenceProgram, list[ReferenceEvent]], list[Match]]

CASES = [
    pytest.param("A B", None, "", "A@1 A@2 B@3 B@4 A@5", "2 3", id="E1-latest-wins-first-match-consumes"),
    pytest.param("A B C", None, "", "A@1 B@2 A@3 C@4 B@5 C@6", "1 2 4, 3 5 6", id="E2-re-entrance"),
    pytest.param("A B C", None, "", "A@1 B@2 A@3 B@4 C@5", "3 4 5", id="E3-overwritten-in-a-later-stage"),
    pytest.param("A B C", None, "", "A@1 B@2 B@3 C@4", "1 2 4", id="E4-extra-middle-events"),
    pytest.param("A B", None, "", "AB@1 AB@2 AB@3", "1 2, 2 3", id="E5-one-event-several-stages"),
    pytest.param("A B C", None, "", "ABC@1 ABC@2 ABC@3 ABC@4", "1 2 3, 2 3 4", id="E5-three-stages"),
    pytest.param("F*3", 60, "", "F/k@0 F/k@10 F/k@20 F/k@30", "1 2 3, 2 3 4", id="E6-runs-slide"),
    pytest.param("F*3", 60, "", "F/k@0 F/k@40 F/k@70 F/k@90", "2 3 4", id="E6-runs-past-maxspan"),
    pytest.param("F*2 G", 60, "", "F@0 F@1 F@2 G@3", "2 3 4", id="runs-then-another-stage"),
    pytest.param("A B C", 10, "", "A@0 B@4 C@10", "1 2 3", id="E7-maxspan-inclusive"),
    pytest.param("A B C", 10, "", "A@0 B@4 C@10.000000001", "", id="E7-one-nanosecond-too-late"),
    pytest.param("A B C", 10, "", "A@0 B@4 C@10.001 C@10.002", "", id="E7-maxspan-destructive"),
    pytest.param("A B C", 10, "", "A@0 A@5 B@12 C@15", "2 3 4", id="E7-overwritten-start"),
    pytest.param("A B", 10, "", "A@9 A@11 B@12 B@13", "2 3", id="replaced-across-generations"),
    pytest.param("A B", 0, "", "A@5 B@5 A@6 B@7", "1 2", id="maxspan-zero"),
    pytest.param("A B", None, "", "A@5 B@5", "1 2", id="E8-same-timestamp-in-order"),
    pytest.param("A B", None, "", "B@5 A@5", "", id="E8-same-timestamp-out-of-order"),
    pytest.param("A B", None, "U", "A/k@1 U/k@2 B/k@3", "", id="E9-until-between"),
    pytest.param("A B", None, "U", "A/k@1 B/k@2 U/k@3", "1 2", id="E9-until-after"),
    pytest.param("A B", None, "U", "U/k@1 A/k@2 B/k@3", "2 3", id="E9-until-before"),
    pytest.param("A B", None, "U", "A/k@1 BU/k@2", "1 2", id="E9-last-event-is-until"),
    pytest.param("A B", None, "U", "AU/k@1 B/k@2", "", id="E9-first-event-is-until"),
    pytest.param("A B", None, "U", "A/x@1 U/y@2 B/x@3", "1 3", id="E9-until-of-another-key"),
    pytest.param("A B", None, "U", "A/k@1 U/k@2 A/k@3 B/k@4", "3 4", id="E9-start-again-after-until"),
    pytest.param("A B C", None, "U", "A/k@1 BU/k@2 C/k@3", "", id="E9-middle-event-is-until"),
    pytest.param("A B C", None, "U", "A/k@1 B/k@2 A/k@3 U/k@4 B/k@5 C/k@6", "", id="E9-until-ends-every-stage"),
    pytest.param("A B", None, "", "A/u+7@1 A/u+@2 -@3 B/u+@4 B/u+7@5", "2 4, 1 5", id="E10-null-key-equals-null"),
    pytest.param("A B", None, "", "A/p,q@1 B/q,p@2", "1 2, 1 2", id="E11-several-keys"),
    pytest.param("A B", None, "", "A/p,q@1 A/q@2 B/q,p@3", "1 3, 2 3", id="several-keys-are-independent"),
    pytest.param("A !M B", 60, "", "A@0 M@5 B@9", "", id="E12-middle-missing"),
    pytest.param("A !M B", 60, "", "A@0 M@0 B@9", "1 - 3", id="E12-same-time-as-left-neighbour"),
    pytest.param("A !M B", 60, "", "A@0 M@9 B@9", "1 - 3", id="E12-same-time-as-right-neighbour"),
    pytest.param("A !M B", 60, "", "A@0 M@0 M@5 B@9", "", id="E12-one-at-the-edge-one-between"),
    pytest.param("A !M B", 60, "", "A@0 M@5 A@6 B@9", "3 - 4", id="E12-before-the-latest-start"),
    pytest.param("A !M B", 60, "", "A@0 B@3 M@4 B@5", "1 - 2", id="E12-candidates-ignore-missing"),
    pytest.param("A !M B", 60, "", "A/x@0 M/y@5 B/x@9", "1 - 3", id="E12-another-key"),
    pytest.param("A !M B", 60, "", "A@0 M@5 M@9 B@9", "", id="earliest-in-between-counts"),
    pytest.param("A !M B !N C", 60, "", "A@0 M@1 B@2 N@5 C@5", "", id="doomed-stays-doomed"),
    pytest.param("A !M B !N C", 60, "", "A@0 M@2 B@2 C@9", "1 - 3 - 4", id="mark-of-one-gap-is-not-of-the-next"),
    pytest.param("A !M !N B", 60, "", "A@0 N@5 B@9", "", id="adjacent-missing-stages"),
    pytest.param("A !M !N B", 60, "", "A@0 B@9", "1 - - 2", id="adjacent-missing-stages-keep-places"),
    pytest.param("A !M*2 B", 60, "", "A@0 B@9", "1 - - 2", id="runs-of-missing-repeat-the-place"),
    pytest.param("A B !M C", 60, "", "A@1 B@2 M@3 B@4 C@5", "", id="E13-candidate-is-not-retried"),
    pytest.param("A !M B C", 60, "", "A@1 M@2 B@3 C@4 C@5", "", id="E13-doomed-partial-is-consumed"),
    pytest.param("A !M B C", 60, "", "A@0 B@1 A@2 M@3 B@4 C@5", "", id="E13-doomed-partial-overwrites"),
    pytest.param("A !H", 300, "", "A/h@0 H/h@300", "", id="E14-trailing-at-the-boundary"),
    pytest.param("A !H", 300, "", "A/h@0 H/h@300.001", "1 -", id="E14-trailing-past-the-boundary"),
    pytest.param("A !H", 300, "", "A/h@0 H/g@5", "1 -", id="E14-another-key"),
    pytest.param("A !H", 300, "", "A/h@0 H/h@0", "1 -", id="E14-same-time"),
    pytest.param("A !H", 300, "", "A/h@0 H/h@0 H/h@7", "", id="E14-same-time-then-later"),
    pytest.param("A !H", 300, "", "A/h@0 A/h@10", "1 -, 2 -", id="E14-every-event-is-a-candidate"),
    pytest.param("A !H", 300, "", "A/h@0 A/h@10 H/h@10 A/h@11", "2 -, 4 -", id="E14-refuses-only-what-came-before"),
    pytest.param("A !H", 300, "U", "A/h@0 U/h@1 AU/h@2", "1 -, 3 -", id="E14-until-has-no-effect"),
    pytest.param("A B !H", 10, "", "A@0 B@10 H@10.5", "1 2 -", id="trailing-nothing-left-to-wait-for"),
    pytest.param("A B !H !I", 10, "", "A@0 B@5 I@9", "", id="trailing-any-of-several"),
    pytest.param("!M A B", 60, "", "M@0 A@50 B@58", "", id="E15-leading-within-span-of-the-last"),
    pytest.param("!M A B", 60, "", "M@0 A@50 B@60", "", id="E15-leading-at-the-boundary"),
    pytest.param("!M A B", 60, "", "M@0 A@50 B@61", "- 2 3", id="E15-leading-past-the-boundary"),
    pytest.param("!M A B", 60, "", "M@50 A@50 B@58", "- 2 3", id="E15-leading-at-the-same-time"),
    pytest.param("!M A B", 60, "", "M@0 M@50 A@50 B@58", "", id="E15-leading-earlier-than-the-same-time"),
    pytest.param("!M A B", 60, "", "M@50 M@50 A@50 B@58", "- 3 4", id="E15-leading-twice-at-the-same-time"),
    pytest.param("!M A B", 60, "", "A@50 M@51 B@58", "- 1 3", id="E15-leading-after-the-first"),
    pytest.param("!M !N A", 60, "", "N@0 M@1 A@61 M@90 A@121.5", "", id="E15-latest-of-several"),
    pytest.param("!M A !N", 60, "", "M@0 A@30", "- 2 -", id="E16-only-before"),
    pytest.param("!M A !N", 60, "", "A@30 N@40", "- 1 -", id="E16-only-after"),
    pytest.param("!M A !N", 60, "", "M@0 A@30 N@60", "", id="E16-both-at-the-boundary"),
    pytest.param("!M A !N", 60, "", "M@0 A@30 N@61", "- 2 -", id="E16-both-past-the-boundary"),
    pytest.param("!M A !N", 60, "", "M@0 A@61 N@62", "- 2 -", id="E16-before-is-already-past"),
]


@pytest.fixture(
    params=[pytest.param(automaton_matches, id="automaton"), pytest.param(reference_matches, id="reference")]
)
def find(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = request.param
    return engine


def _shown(matches: list[Match]) -> str:
    return ", ".join(" ".join("-" if event is None else str(event) for event in match.events) for match in matches)


@pytest.mark.parametrize(("stages", "maxspan", "until", "events", "expected"), CASES)
def test_worked_example(find: Engine, stages: str, maxspan: int | None, until: str, events: str, expected: str) -> None:
    sequence = program(stages, maxspan, until)
    assert _shown(find(sequence, stream(sequence, events))) == expected


def test_match_tells_key_times_and_last_event(find: Engine) -> None:
    sequence = program("A !M B !N", 10)
    matches = find(sequence, stream(sequence, "A/p,q@1 B/q,p@2"))
    assert matches == [
        Match((key,), (1, None, 2, None), first_time=1 * SECOND, last_time=2 * SECOND, last_token=2) for key in "pq"
    ]


@pytest.mark.parametrize(
    ("stages", "events", "waits_until"),
    [
        pytest.param("A !H", "A@0", 10, id="trailing"),
        pytest.param("A B !H", "A@0 B@4", 10, id="trailing-counts-from-the-first"),
        pytest.param("!M A !H", "M@0 A@4", 10, id="two-sided-counts-from-the-leading"),
    ],
)
def test_candidate_waits_exactly_its_span(stages: str, events: str, waits_until: int) -> None:
    sequence = program(stages, 10)
    automaton = SequenceAutomaton(sequence)
    assert automaton.advance(records(sequence, stream(sequence, events))) == []
    assert automaton.advance_time(waits_until * SECOND) == []
    assert len(automaton.advance_time(waits_until * SECOND + 1)) == 1
    assert len(automaton) == automaton.stats.remembered


def test_candidate_without_a_leading_event_does_not_wait() -> None:
    sequence = program("!M A !H", 10)
    automaton = SequenceAutomaton(sequence)
    assert len(automaton.advance(records(sequence, stream(sequence, "A@0")))) == 1


def test_records_release_what_is_due() -> None:
    sequence = program("A !H", 10)
    automaton = SequenceAutomaton(sequence)
    found = automaton.advance(records(sequence, stream(sequence, "A/x@0 A/y@1 A/z@10.5 A/z@12")))
    assert _shown(found) == "1 -, 2 -"


def test_horizon_evicts_and_counts() -> None:
    sequence = program("A B")
    automaton = SequenceAutomaton(sequence, horizon=10 * SECOND)
    events = "A/x@0 B/x@10 A/y@10 B/y@20.5 A/z@21 A/w@22"
    assert _shown(automaton.advance(records(sequence, stream(sequence, events)))) == "1 2"
    assert automaton.stats == Stats(partials=2, waiting=0, remembered=0, evicted=1)
    automaton.advance_time(100 * SECOND)
    assert automaton.stats == Stats(partials=0, waiting=0, remembered=0, evicted=3)
    assert SequenceAutomaton.restore(sequence, automaton.snapshot()).stats == automaton.stats


def test_maxspan_goes_before_the_horizon_and_counts_nothing() -> None:
    sequence = program("A B", 10)
    automaton = SequenceAutomaton(sequence, horizon=1 * SECOND)
    assert _shown(automaton.advance(records(sequence, stream(sequence, "A@0 B@10 A@20 B@31 A@40")))) == "1 2"
    automaton.advance_time(100 * SECOND)
    assert automaton.stats == Stats(0, 0, 0, 0)


def test_without_maxspan_and_horizon_nothing_is_forgotten() -> None:
    sequence = program("A B")
    automaton = SequenceAutomaton(sequence)
    automaton.advance(records(sequence, stream(sequence, "A@0")))
    automaton.advance_time(10**18)
    assert len(automaton.advance(records(sequence, stream(sequence, f"B@{10**9 + 1}")))) == 1


@pytest.mark.parametrize("stages", ["A B", "A B C", "!M A B", "A !M B", "A B !M", "!M A !N"])
def test_state_stays_bounded_over_ever_new_keys(stages: str) -> None:
    sequence = program(stages, 1)
    automaton = SequenceAutomaton(sequence)
    per_second, slots = 100, len(sequence.slots)
    largest = 0
    for number in range(100_000):
        records = [(number * SECOND // per_second, number, slot, (number // 2,)) for slot in range(slots)]
        automaton.advance(records)
        largest = max(largest, len(automaton))
    assert largest <= 2 * per_second * slots
    automaton.finish()
    automaton.advance_time(2000 * SECOND)
    assert len(automaton) == 0


def test_used_up_keys_leave_nothing_behind() -> None:
    sequence = program("A B C", until="U")
    automaton = SequenceAutomaton(sequence)
    automaton.advance(records(sequence, stream(sequence, "A/x@0 B/x@1 C/x@2 A/y@3 B/y@4 U/y@5 U/z@6")))
    assert len(automaton) == 0


def test_restored_horizon_may_differ() -> None:
    sequence = program("A B")
    automaton = SequenceAutomaton(sequence, horizon=100 * SECOND)
    automaton.advance(records(sequence, stream(sequence, "A/x@0 A/y@45")))
    restored = SequenceAutomaton.restore(sequence, automaton.snapshot(), horizon=10 * SECOND)
    matches = restored.advance(records(sequence, stream(sequence, "B/x@50 B/y@51")))
    assert [match.key for match in matches] == [("y",)]
    assert restored.stats.evicted == 1


def test_watermark_that_goes_back_forgets_nothing() -> None:
    sequence = program("A B", 10)
    automaton = SequenceAutomaton(sequence)
    automaton.advance(records(sequence, stream(sequence, "A@55")))
    restored = SequenceAutomaton.restore(sequence, automaton.snapshot())
    restored.advance_time(5 * SECOND)
    assert len(restored.advance(records(sequence, stream(sequence, "B@56")))) == 1


@pytest.mark.parametrize(
    ("snapshot", "message"),
    [
        pytest.param(
            b"", "cannot read the saved state of a sequence: Input data was truncated; start without it", id="empty"
        ),
        pytest.param(b"\xc1", "cannot read the saved state of a sequence", id="noise"),
        pytest.param(
            SequenceAutomaton(program("A B C", 10)).snapshot(),
            "the saved state is of another sequence: 3 positive stages within 10000000000 ns, "
            "not 2 within 10000000000 ns; start without it",
            id="another-sequence",
        ),
        pytest.param(
            SequenceAutomaton(program("A B", 20)).snapshot(),
            "the saved state is of another sequence: 2 positive stages within 20000000000 ns, "
            "not 2 within 10000000000 ns; start without it",
            id="another-maxspan",
        ),
    ],
)
def test_unusable_snapshot_says_so(snapshot: bytes, message: str) -> None:
    with pytest.raises(SnapshotError) as caught:
        SequenceAutomaton.restore(program("A B", 10), snapshot)
    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, DeckwatchError)
