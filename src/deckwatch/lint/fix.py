"""Taking out of files what is there twice: comments and layout stay, and the rest is proven to mean the same."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from deckwatch.eql.nodes import EventQuery, Expr, Literal, Query, SampleQuery, Span, Stage, stages_of
from deckwatch.eql.unparse import unparse
from deckwatch.lint.catalog import BY_CODE
from deckwatch.lint.finding import Edit
from deckwatch.lint.logic import implies
from deckwatch.lint.subject import Subject
from deckwatch.lint.written import Written, forget, placed
from deckwatch.rules.draft import Draft
from deckwatch.rules.load import compiled
from deckwatch.rules.ndjson import read_json, read_ndjson
from deckwatch.rules.rule import Rule
from deckwatch.rules.toml import read_toml

FIXABLE = ("duplicate-member", "subsumed-member")
"""The checks whose findings say what to take out."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of one rule: how many members were taken out of it, or why none was."""

    rule: str
    file: str
    removed: int
    refused: str = ""


def fix(rules: Iterable[Rule], codes: Iterable[str] = FIXABLE) -> tuple[Fixed, ...]:
    """Mend the files of these rules; rules that need no mending are left out of the answer.

    A file is only written when the new text loads, and its query provably lets the same events through.
    """
    wanted = tuple(code for code in FIXABLE if code in set(codes))
    return tuple(done for rule in rules if (done := _fix(rule, wanted)))


def _fix(rule: Rule, codes: tuple[str, ...]) -> Fixed | None:
    subject = Subject.of(rule)
    if not (edits := _next(subject, codes)):
        return None
    if not subject.written.offsets:
        return Fixed(rule.rule_id, rule.source.file, 0, "its query was not found in a file that can be written")
    mended, removed = subject, 0
    while edits:
        text = _without(mended.written, edits)
        again = _loaded(text, mended.rule)
        place = placed(again, text, subject.written.first)
        if not place.offsets:
            return Fixed(rule.rule_id, rule.source.file, 0, "its new query was not found in its new text")
        mended, removed = Subject.of(again, place), removed + 1
        edits = _next(mended, codes)
    if not _means_the_same(subject.rule, mended.rule):
        return Fixed(rule.rule_id, rule.source.file, 0, "the new query could not be proven to mean the same")
    refused = _write(subject, mended.written.text)
    return Fixed(rule.rule_id, rule.source.file, 0 if refused else removed, refused)


def _next(subject: Subject, codes: tuple[str, ...]) -> tuple[Edit, ...]:
    """The first thing to be taken out of a rule. One at a time: what is left decides what comes next."""
    found = (found.fix for code in codes for _, found in BY_CODE[code].find((subject,)) if found.fix)
    return next(found, ())


def _without(place: Written, edits: tuple[Edit, ...]) -> str:
    text = place.text
    for edit in sorted(edits, key=lambda edit: -edit.span.start):
        start, end = _range(place, edit.span)
        text = text[:start] + text[end:]
    return text


def _range(place: Written, span: Span) -> tuple[int, int]:
    return place.offsets[span.start], place.offsets[span.end]


def _loaded(text: str, rule: Rule) -> Rule:
    """The rule that a text holds."""
    file, data = rule.source.file, text.encode()
    match Path(file).suffix.lower():
        case ".toml":
            reading = read_toml(data, file)
        case ".ndjson":
            reading = next(read_ndjson(BytesIO(data), file))
        case _:
            reading = next(read_json(data, file))
    if not isinstance(reading, Draft):
        raise TypeError(f"{file} held a rule and does not any more")
    return replace(compiled(reading), source=rule.source)


def _means_the_same(old: Rule, new: Rule) -> bool:
    """Whether nothing but the query differs, and its conditions let the same events through."""
    changing = ("query", "required_fields")
    kept = [{key: value for key, value in rule.parameters.items() if key not in changing} for rule in (old, new)]
    before, after = old.checked.query, new.checked.query
    if kept[0] != kept[1] or unparse(_hollow(before)) != unparse(_hollow(after)):
        return False
    pairs = zip(_conditions(before), _conditions(after), strict=True)
    return all(implies(one, other) and implies(other, one) for one, other in pairs)


def _conditions(query: Query) -> list[Expr]:
    return [stage.filter.condition for stage in stages_of(query)]


def _hollow(query: Query) -> Query:
    """The query with all its conditions true."""

    def hollow(stage: Stage) -> Stage:
        return replace(stage, filter=replace(stage.filter, condition=Literal(value=True)))

    match query:
        case EventQuery():
            return replace(query, filter=hollow(Stage(query.filter)).filter)
        case SampleQuery():
            return replace(query, stages=tuple(map(hollow, query.stages)))
        case _:
            until = query.until and hollow(query.until)
            return replace(query, stages=tuple(map(hollow, query.stages)), until=until)


def _write(subject: Subject, text: str) -> str:
    """Put a new text in the place of the old one; why not, when that cannot be done."""
    path = Path(subject.rule.source.file).resolve()
    data = path.read_bytes()
    returns = data.count(b"\r\n")
    if returns not in (0, data.count(b"\n")):
        return "some of the file's lines end in CR LF and some in LF; make them alike first"
    whole = data.removeprefix(_BOM).decode().replace("\r\n", "\n")
    if subject.written.text != whole:
        lines = whole.split("\n")
        lines[subject.written.first - 1] = text
        text = "\n".join(lines)
    new = text.replace("\n", "\r\n").encode() if returns else text.encode()
    _replace(path, _BOM * data.startswith(_BOM) + new)
    forget()
    return ""


def _replace(path: Path, data: bytes) -> None:
    """All of it or nothing, whenever the machine stops."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        shutil.copymode(path, name)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
