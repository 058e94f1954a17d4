"""The three-way comparison of a rule: as it was taken over (base), as it is here (yours), as it is published (new)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from deckwatch.store.document import Document
from deckwatch.store.lines import merged
from deckwatch.store.units import How, Unit, Values, units_of

Side: TypeAlias = Literal["yours", "new"]
Outcome: TypeAlias = Literal["unchanged", "new", "yours", "same", "merged", "conflict"]
"""Who changed a unit: nobody, its authors, you, both alike, both and it could be merged, both and it could not."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A unit in three versions, its values by parameter; `base` is None when the first version is not known.

    `result` is what the unit becomes; of a conflict, until somebody decides, that is yours.
    """

    unit: Unit = field(repr=False)
    outcome: Outcome
    base: Values | None
    yours: Values
    new: Values
    result: Values
    taken: Side | None = None
    """Which side somebody decided for."""

    @property
    def is_open(self) -> bool:
        return self.outcome == "conflict" and self.taken is None


def compared(base: Document | None, yours: Document, new: Document) -> tuple[Difference, ...]:
    """Every unit, those that nobody changed included.

    Where a new version has no metadata at all, its format has none, and yours stay.
    """
    versions = [yours, new] if base is None else [base, yours, new]
    return tuple(
        _difference(unit, base, yours, new)
        for unit in units_of(*versions)
        if not (unit.in_metadata and not new.metadata)
    )


def _difference(unit: Unit, base: Document | None, yours: Document, new: Document) -> Difference:
    before, here, there = None if base is None else unit.of(base), unit.of(yours), unit.of(new)
    outcome, result = _outcome(unit, before, here, there)
    return Difference(unit, outcome, before, here, there, result)


def _outcome(unit: Unit, base: Values | None, yours: Values, new: Values) -> tuple[Outcome, Values]:
    here, there = unit.meaning(yours), unit.meaning(new)
    before = None if base is None else unit.meaning(base)
    match before == here, before == there, here == there:
        case True, True, _:
            return "unchanged", yours
        case _, _, True:
            return ("unchanged" if base is None else "same"), yours
        case True, False, _:
            return "new", new
        case False, True, _:
            return "yours", yours
    together = None if base is None else _merged(unit, base, yours, new)
    return ("conflict", yours) if together is None else ("merged", together)


def _merged(unit: Unit, base: Values, yours: Values, new: Values) -> Values | None:
    """Both changes together, or None when that cannot be."""
    key = unit.keys[0]
    versions: list[Any] = [values.get(key) for values in (base, yours, new)]
    match unit.how:
        case How.LINES:
            text = merged(*(each or "" for each in versions))
            return None if text is None else {key: text}
        case How.MEMBERS:
            return {key: _united(*(each or [] for each in versions))}
        case How.STREAMS if all(values.keys() == {key} for values in (base, yours, new)):
            together = _united(*versions)
            return {key: together} if together else None
        case _:
            return None


def _united(base: Sequence[Any], yours: Sequence[Any], new: Sequence[Any]) -> list[Any]:
    """Your members, without those that the new version drops, then those that it adds."""
    dropped = [each for each in base if each not in new]
    added = [each for each in new if each not in base and each not in yours]
    return [*(each for each in yours if each not in dropped), *added]


def settled(differences: Sequence[Difference], take: Mapping[str, Side]) -> tuple[Difference, ...]:
    """The differences with somebody's decisions, by the name of the unit; the empty name decides the other conflicts.

    A decision about a unit that could be merged puts one side in place of both.
    """
    return tuple(_decided(each, take) for each in differences)


def _decided(difference: Difference, take: Mapping[str, Side]) -> Difference:
    side = take.get(difference.unit.name) if difference.outcome in ("conflict", "merged") else None
    side = side or (take.get("") if difference.outcome == "conflict" else None)
    if side is None:
        return difference
    result = difference.yours if side == "yours" else difference.new
    return Difference(
        difference.unit, difference.outcome, difference.base, difference.yours, difference.new, result, side
    )


def together(yours: Document, new: Document, differences: Sequence[Difference], version: int) -> Document:
    """Your rule with the result of every difference, as this version."""
    parameters, metadata = dict(yours.parameters), dict(yours.metadata)
    for difference in differences:
        home = metadata if difference.unit.in_metadata else parameters
        for key in difference.unit.keys:
            home.pop(key, None)
        home.update(difference.result)
    changed = version != parameters["version"] or any(_differs(differences))
    parameters |= {"version": version, "type": new.parameters["type"]}
    if changed:
        parameters["revision"] = parameters.get("revision", 0) + 1
    return Document(parameters, metadata)


def _differs(differences: Sequence[Difference]) -> Iterator[bool]:
    return (each.unit.meaning(each.result) != each.unit.meaning(each.yours) for each in differences)
