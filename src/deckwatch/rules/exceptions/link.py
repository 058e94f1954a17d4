"""Which exceptions apply to a rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from deckwatch.eql.check import Checked
from deckwatch.eql.nodes import EventQuery, SampleQuery, SequenceQuery
from deckwatch.eql.types import Kind
from deckwatch.rules.exceptions.lists import ExceptionItem, ExceptionList, ListKey, Step
from deckwatch.rules.exceptions.lower import Exclusion, UnusableError, lowered
from deckwatch.rules.exceptions.value_lists import ValueList


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The exceptions of a rule as its events are tested for them, and what of them could not be used."""

    exclusions: tuple[Exclusion, ...] = ()
    warnings: tuple[str, ...] = ()


NO_EXCEPTIONS = Exceptions()


def linked(
    parameters: Mapping[str, Any],
    known: Mapping[str, Kind],
    checked: Checked,
    lists: Mapping[ListKey, ExceptionList],
    value_lists: Mapping[str, ValueList],
) -> Exceptions:
    """The exceptions of a rule of these parameters, among some lists; `known` are the fields it reads."""
    referred = list(_referred(parameters, lists))
    missing = tuple(each for each in referred if isinstance(each, str))
    found = compiled([each for each in referred if not isinstance(each, str)], known, checked, value_lists)
    return Exceptions(found.exclusions, missing + found.warnings) if missing else found


def compiled(
    lists: Iterable[ExceptionList], known: Mapping[str, Kind], checked: Checked, value_lists: Mapping[str, ValueList]
) -> Exceptions:
    """All items of some lists, as exceptions of a rule that reads the fields `known`."""
    exclusions: list[Exclusion] = []
    warnings: list[str] = []
    stages = steps_of(checked)
    for item in chain.from_iterable(each.items for each in lists):
        try:
            exclusions.append(lowered(item, known, value_lists, _predicates(item, stages)))
        except UnusableError as error:
            warnings.append(f"exception {item.name!r} is left out: {error}")
        if item.steps and len(stages) > 1:
            warnings.append(
                f"exception {item.name!r} is for {_named(item.steps)} only; Elastic applies it to every stage"
            )
    return Exceptions(tuple(exclusions), tuple(warnings)) if exclusions or warnings else NO_EXCEPTIONS


def _referred(parameters: Mapping[str, Any], lists: Mapping[ListKey, ExceptionList]) -> Iterator[ExceptionList | str]:
    """The lists of a rule: those it refers to, then those that name it; a warning for each that is not there."""
    seen: set[ListKey] = set()
    for reference in parameters.get("exceptions_list") or ():
        list_id = str(reference.get("list_id", ""))
        key = list_id, "agnostic" if reference.get("namespace_type") == "agnostic" else "single"
        if key in seen:
            continue
        seen.add(key)
        yield lists.get(key) or f"its exception list `{list_id}` is not there; the rule runs without it"
    for key, each in lists.items():
        if key not in seen and parameters["rule_id"] in each.rule_ids:
            yield each


def stage_names(checked: Checked) -> list[str]:
    """What to call the filters of a rule, in their order."""
    return [_named((step,)) for step in steps_of(checked)]


def steps_of(checked: Checked) -> Sequence[Step]:
    """What steps a rule has, in the order of its predicates."""
    match checked.query:
        case EventQuery():
            return (1,)
        case SampleQuery(stages=stages):
            return range(1, len(stages) + 1)
        case SequenceQuery(stages=stages, until=until):
            return (*range(1, len(stages) + 1), *(("until",) if until else ()))


def _predicates(item: ExceptionItem, stages: Sequence[Step]) -> frozenset[int] | None:
    if not item.steps:
        return None
    for step in item.steps:
        if step not in stages:
            raise UnusableError(f"it is for {_named((step,))}, which the rule does not have")
    return frozenset(map(stages.index, item.steps))


def _named(steps: Sequence[Step]) -> str:
    numbered = [str(step) if step == "until" else f"stage {step}" for step in steps]
    return " and ".join(numbered)
