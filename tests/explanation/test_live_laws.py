"""Laws: a stream that is asked at every step finds the same, and whatever it holds can be told and sent."""

from __future__ import annotations

import json

import msgspec
from hypothesis import event, given

import deckwatch
from deckwatch.cli.explained_live import lines
from deckwatch.explanation.control import _brief
from deckwatch.explanation.live_values import LiveExplanation
from tests.engine.live import Document, counted, scanned, split
from tests.engine.test_stream_laws import CUTS, RULES, SETTINGS, jittered, made, stream_of


def sent(told: LiveExplanation) -> LiveExplanation:
    return msgspec.convert(json.loads(json.dumps(_brief(msgspec.to_builtins(told)))), LiveExplanation)


@SETTINGS
@given(queries=RULES, events=jittered(), cuts=CUTS)
def test_a_stream_that_is_asked_finds_the_same(queries: list[str], events: list[Document], cuts: list[int]) -> None:
    rules = made(queries)
    stream, found = stream_of(split(events, cuts), rules), []
    for step in stream:
        found += step.alerts
        for each in rules:
            told = deckwatch.explain_stream(stream, each.rule_id, limit=100)
            assert sent(told) == told
            assert "\n" not in "".join(line.plain for line in lines(told))
            if told.sequences:
                open_, ended = told.sequences.open, told.sequences.endings
                event("open" if open_ else "waiting" if told.sequences.waiting else "ended" if ended else "nothing")
                assert len(open_) <= told.sequences.begun
                assert told.sequences.reached[0].sequences >= told.sequences.begun + sum(ended.values())
    assert counted(found) == counted(scanned(events, rules))
    for each in rules:
        told = deckwatch.explain_stream(stream, each.rule_id)
        assert (told.events, told.fired) == (len(events), stream.status.hits[each.rule_id])
