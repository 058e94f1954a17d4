"""Updates of rules in words: what each side changed, what comes of it, and what is left to decide."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher, unified_diff
from typing import TYPE_CHECKING, Any

import click

from deckwatch.cli.render import escaped, json_line, number_of, printable, shortened

if TYPE_CHECKING:
    from deckwatch.store.merge import Difference
    from deckwatch.store.review import Review
    from deckwatch.store.update import Updates

MOST_NAMED = 10
VALUE_CHARACTERS = 100
WORDS_AROUND = 3

SIDES = ("base", "yours", "new")

OUTCOMES = {
    "new": ("new", "cyan"),
    "yours": ("yours kept", "green"),
    "same": ("the same on both sides", "green"),
    "merged": ("merged", "green"),
    "conflict": ("CONFLICT", "red"),
}


def text_lines(updates: Updates, *, dry_run: bool) -> Iterator[str]:
    """The whole of an update."""
    for review in updates.reviews:
        yield from _review(review)
        yield ""
    done = len(updates.reviews) - len(updates.left)
    would = "would be " if dry_run else ""
    parts = [f"{number_of(done, 'rule')} {would}updated", f"{len(updates.left):,} left", f"{updates.current:,} current"]
    yield ", ".join(parts)
    if any(review.conflicts for review in updates.left):
        yield "  hint: decide with --take yours, --take new, or --take FIELD=yours"
    for skip in updates.withdrawn:
        yield printable(f"withdrawn: {skip.name!r} ({skip.rule_id}): {skip.reason}")
    for rule in updates.older:
        yield printable(f"older than the store's: {rule.name!r} ({rule.rule_id}), version {rule.version}")
    for name in updates.kept:
        yield printable(f"kept as it is: {name}")
    if updates.unknown:
        names = ", ".join(repr(rule.name) for rule in updates.unknown[:MOST_NAMED])
        more = f" and {len(updates.unknown) - MOST_NAMED:,} more" if len(updates.unknown) > MOST_NAMED else ""
        yield printable(f"not in the store: {names}{more}; `deckwatch rules add` takes them over")


def _review(review: Review) -> Iterator[str]:
    was, now = review.rule.version, review.version
    version = f"version {was} to {now}" if was != now else f"version {now}"
    yield click.style(escaped(review.rule.name), bold=True) + f"  ({escaped(review.rule.rule_id)}), {version}"
    if not review.has_base:
        yield "  the version it began with is not known, so every difference is yours to decide"
    for difference in review.differences:
        yield from _difference(difference)
    if review.fault:
        yield "  " + click.style("not updated", fg="red") + printable(f": the result is no sound rule: {review.fault}")


def _difference(difference: Difference) -> Iterator[str]:
    told, colour = OUTCOMES[difference.outcome]
    if difference.taken:
        told = f"{told}: {difference.taken} taken"
    yield f"  {difference.unit.name}: " + click.style(told, fg=colour)
    for key in difference.unit.keys:
        sides = [
            None if side is None else side.get(key) for side in (difference.base, difference.yours, difference.new)
        ]
        match difference.outcome:
            case "new":
                yield from _change(key, sides[1], sides[2])
            case "yours" | "same":
                yield from _change(key, sides[0], sides[1])
            case "merged" if difference.taken is None:
                yield from _change(key, sides[1], difference.result.get(key))
            case _ if sides[1] != sides[2] or sides[0] != sides[1]:
                yield from _sides(key, sides, known=difference.base is not None)


def _change(key: str, was: Any, now: Any) -> Iterator[str]:
    """What a parameter was and is; of texts and lists only what differs."""
    if was != now:
        yield from (f"    {line}" for line in changed(key, was, now))


def changed(key: str, was: Any, now: Any) -> Iterator[str]:
    """The change of a parameter: of texts the lines that differ, of lists the members, otherwise both values."""
    match was, now:
        case (list(), list()):
            yield from (f"{key} - {_short(each)}" for each in was if each not in now)
            yield from (f"{key} + {_short(each)}" for each in now if each not in was)
        case (str(), str()) if "\n" in was.strip() or "\n" in now.strip():
            for line in list(unified_diff(was.splitlines(), now.splitlines(), lineterm="", n=0))[2:]:
                if not line.startswith("@@"):
                    yield f"{key} {line[0]} {escaped(line[1:])}"
        case (str(), str()) if max(len(was), len(now)) > VALUE_CHARACTERS:
            yield from (f"{key}: {piece}" for piece in _pieces(was.strip().split(" "), now.strip().split(" ")))
        case _:
            yield f"{key}: {_short(was)} → {_short(now)}"


def _sides(key: str, sides: Sequence[Any], *, known: bool) -> Iterator[str]:
    """What both sides made of a parameter: of long texts what they changed, otherwise all values."""
    base, yours, new = sides
    if not known:
        yield from (f"    yours to new  {line}" for line in changed(key, yours, new))
    elif any(isinstance(each, str) and (len(each) > VALUE_CHARACTERS or "\n" in each.strip()) for each in sides):
        for name, value in (("yours", yours), ("new", new)):
            yield from (f"    {name:<6}{line}" for line in changed(key, base, value))
    else:
        yield from (f"    {name:<6}{key} {_short(value)}" for name, value in zip(SIDES, sides, strict=True))


def _pieces(was: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    """Where two long lines differ, with the words around it."""
    for operation, start, end, first, last in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if operation != "equal":
            before, after = was[max(0, start - WORDS_AROUND) : start], was[end : end + WORDS_AROUND]
            gone, come = " ".join(was[start:end]), " ".join(now[first:last])
            parts = [*before, *([f"[-{gone}-]"] if gone else []), *([f"{{+{come}+}}"] if come else []), *after]
            yield escaped(
                " ".join(["…" * (start > WORDS_AROUND), *parts, "…" * (end + WORDS_AROUND < len(was))]).strip()
            )


def _short(value: Any) -> str:
    if value is None:
        return "(not set)"
    text = json.dumps(value, ensure_ascii=False)
    return shortened(escaped(text), VALUE_CHARACTERS)


def as_json_lines(updates: Updates) -> Iterator[str]:
    """An object for each rule that its authors have published anew, then for those that they have not, or no more."""
    for review in updates.reviews:
        yield json_line(
            {
                "kind": "updated" if review.is_ready else "left",
                "rule_id": review.rule.rule_id,
                "name": review.rule.name,
                "version": {"from": review.rule.version, "to": review.version},
                "fields": {each.unit.name: _described(each) for each in review.differences},
                **({"fault": review.fault} if review.fault else {}),
            }
        )
    for kind, rules in (("unknown", updates.unknown), ("older", updates.older)):
        for rule in rules:
            yield json_line({"kind": kind, "rule_id": rule.rule_id, "name": rule.name, "version": rule.version})
    for skip in updates.withdrawn:
        yield json_line({"kind": "withdrawn", "rule_id": skip.rule_id, "name": skip.name, "reason": skip.reason})
    for name in updates.kept:
        yield json_line({"kind": "kept", "name": name})
    for fault in updates.faults:
        yield json_line({"kind": "fault", "file": fault.file, "line": fault.line, "message": fault.message})


def _described(difference: Difference) -> Mapping[str, Any]:
    return {
        "outcome": difference.outcome,
        "taken": difference.taken,
        "base": difference.base,
        "yours": difference.yours,
        "new": difference.new,
        "result": difference.result,
    }
