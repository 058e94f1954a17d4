"""What of ATT&CK and of the data rules cover: what they claim, what is proven of it, what was observed."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from deckwatch.backtesting.claims import Place, claims, matrix, name_of, parent
from deckwatch.backtesting.sighting import POSITION
from deckwatch.backtesting.streams import Presence, Streams, needs, present
from deckwatch.engine.scan import Scan
from deckwatch.engine.visibility import TimeRange
from deckwatch.eql.types import Kind
from deckwatch.events.batch import EventBatch
from deckwatch.events.deadletter import DeadLetter
from deckwatch.events.reader import EventSource, Reader
from deckwatch.plan.views import Views
from deckwatch.rules.rule import Rule

WEIGHTS: Mapping[str, int] = {"claimed": 20, "proven": 50, "observed": 30}
"""What it adds to the score of a technique that a rule names it, is proven to work, and has fired. They make 100."""

_RULE_ID = "kibana.alert.rule.rule_id"
_GROUP = "kibana.alert.group.id"
_DEPTH = "kibana.alert.depth"


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique below a tactic: the names of the rules that claim it, and of those that are proven or have fired.

    `alerts`: how many there were, of all these rules. `score`: from 0 to 100, see `WEIGHTS`.
    """

    tactic: str
    id: str
    name: str
    in_containers: bool
    claimed: tuple[str, ...]
    proven: tuple[str, ...]
    observed: tuple[str, ...]
    alerts: int

    @property
    def score(self) -> int:
        return sum(weight for evidence, weight in WEIGHTS.items() if getattr(self, evidence))


@dataclass(frozen=True, slots=True)
class Tactic:
    """A tactic: how many techniques the matrix for containers has below it, and of how many of them there is evidence.

    Sub-techniques are not counted. `claimed_by`, `proven_by`, `observed_by`: by how many rules the tactic is, whether
    they name a technique or not.
    """

    id: str
    name: str
    techniques: int
    covered: int
    proven: int
    observed: int
    claimed_by: int
    proven_by: int
    observed_by: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What rules cover. `asked`: which sorts of evidence were looked for.

    `techniques` are those that rules claim and those of the matrix for containers; the `gaps` among the latter have
    no rule (a sub-technique only where its technique has one). `unplaced`: rules that name no technique.
    """

    rules: int
    asked: tuple[str, ...]
    tactics: tuple[Tactic, ...]
    techniques: tuple[Technique, ...]
    unplaced: tuple[str, ...]
    streams: Streams

    @property
    def gaps(self) -> tuple[Technique, ...]:
        claimed = {(each.tactic, each.id) for each in self.techniques if each.claimed}
        return tuple(
            each
            for each in self.techniques
            if each.in_containers
            and not each.claimed
            and (each.id == parent(each.id) or (each.tactic, parent(each.id)) in claimed)
        )


def coverage(
    rules: Iterable[Rule],
    *,
    proven: Mapping[str, bool] | None = None,
    observed: EventSource | None = None,
    events: EventSource | None = None,
    since: int | None = None,
    until: int | None = None,
    dead_letter: Callable[[DeadLetter], None] | None = None,
    on_batch: Callable[[Reader], None] | None = None,
) -> Coverage:
    """What rules cover of MITRE ATT&CK, and which data they need.

    Args:
        rules: a `RuleSet`, or any rules.
        proven: by rule_id whether a proof succeeded; None: nobody looked.
        observed: alerts as `scan` and `watch` write them, or events that the rules are to run over.
        events: events of which only the data streams and fields are looked at.
        since: only events at or after this time (nanoseconds since 1970); `until` likewise, exclusive.
        until: see `since`.
        dead_letter: called with every line that is not an event.
        on_batch: called after every batch with the reader, for progress.

    Raises:
        DeckwatchError: the events cannot be opened.
    """
    tested = tuple(rules)
    within = TimeRange(since, until)
    alerts: Counter[str] = Counter()
    if observed is not None:
        looker = _Alerts(alerts)
        with closing(
            Scan(observed, tested, within=within, dead_letter=dead_letter, on_batch=on_batch, onlooker=looker)
        ) as scan:
            alerts.update(_fired(scan))
    presence = None
    if events is not None:
        presence = Presence(tested)
        with closing(
            Scan(events, (), within=within, dead_letter=dead_letter, on_batch=on_batch, onlooker=presence)
        ) as scan:
            deque(scan, maxlen=0)
    evidence = _Evidence(frozenset(rule_id for rule_id, good in (proven or {}).items() if good), alerts)
    asked = {"claimed": True, "proven": proven is not None, "observed": observed is not None}
    by_place = _by_place(tested)
    return Coverage(
        rules=len(tested),
        asked=tuple(name for name, wanted in asked.items() if wanted),
        tactics=tuple(_tactics(by_place, evidence)),
        techniques=tuple(_techniques(by_place, evidence)),
        unplaced=tuple(rule.name for rule in tested if not any(place.technique for place in claims(rule))),
        streams=needs(tested, presence),
    )


class _Alerts:
    """Counts the alerts among the events of a scan by rule_id, as its `Onlooker`; a sequence once."""

    fields: Mapping[str, Kind] = {_RULE_ID: "keyword", POSITION: "long"}

    def __init__(self, alerts: Counter[str]) -> None:
        self._alerts = alerts

    def see(self, batch: EventBatch) -> None:
        views = Views(batch.columns.read_as(self.fields), batch.height)
        rules, positions = views[_RULE_ID], views[POSITION]
        for code in rules.codes[~present(positions)]:
            self._alerts.update(rules.python_lists(code[None])[0])


def _fired(scan: Scan) -> Iterator[str]:
    """The rule_id of each alert on events; alerts on alerts are of the past that is counted already."""
    for alert in scan:
        if POSITION not in alert and alert[_DEPTH] <= (2 if _GROUP in alert else 1):
            yield alert[_RULE_ID]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """By rule_id: which rules are proven, and how often each has fired."""

    proven: frozenset[str]
    alerts: Mapping[str, int]

    def of(self, rules: Iterable[Rule]) -> tuple[list[Rule], list[Rule]]:
        """Those of the rules that are proven, and those that have fired."""
        rules = list(rules)
        return (
            [rule for rule in rules if rule.rule_id in self.proven],
            [rule for rule in rules if self.alerts.get(rule.rule_id)],
        )


def _by_place(rules: Iterable[Rule]) -> Mapping[Place, Sequence[Rule]]:
    found: defaultdict[Place, list[Rule]] = defaultdict(list)
    for rule in rules:
        for place in claims(rule):
            found[place].append(rule)
    return found


def _techniques(by_place: Mapping[Place, Sequence[Rule]], evidence: _Evidence) -> Iterator[Technique]:
    of_matrix = set(matrix())
    for place in sorted(of_matrix | {place for place in by_place if place.technique}):
        rules = by_place.get(place, ())
        proven, fired = evidence.of(rules)
        yield Technique(
            tactic=place.tactic,
            id=place.technique,
            name=name_of(place.technique),
            in_containers=place in of_matrix,
            claimed=_names(rules),
            proven=_names(proven),
            observed=_names(fired),
            alerts=sum(evidence.alerts[rule.rule_id] for rule in fired),
        )


def _tactics(by_place: Mapping[Place, Sequence[Rule]], evidence: _Evidence) -> Iterator[Tactic]:
    of_matrix = [place for place in matrix() if "." not in place.technique]
    for tactic in sorted({place.tactic for place in (*of_matrix, *by_place)}):
        techniques = [place for place in of_matrix if place.tactic == tactic]
        claimed = [by_place[place] for place in techniques if place in by_place]
        by = by_place.get(Place(tactic), ())
        yield Tactic(
            id=tactic,
            name=name_of(tactic),
            techniques=len(techniques),
            covered=len(claimed),
            proven=sum(bool(evidence.of(rules)[0]) for rules in claimed),
            observed=sum(bool(evidence.of(rules)[1]) for rules in claimed),
            claimed_by=len(by),
            proven_by=len(evidence.of(by)[0]),
            observed_by=len(evidence.of(by)[1]),
        )


def _names(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(rule.name for rule in rules)
