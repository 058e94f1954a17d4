"""What somebody may have meant by a wrong name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

CUTOFF = 0.7
"""Least likeness, from 0 to 1, of a name worth suggesting."""

SPREAD = 0.1
"""A name this much less like than the best one is not suggested beside it."""

LAST_PART = 0.9
"""Likeness of `process.pid` to `pid`: the right name, without its beginning."""

LONGEST = 128
"""A longer name is noise, and comparing it would take long."""


def similar(name: str, candidates: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """The candidates most like a name, best first, equals in alphabetical order. Case does not count."""
    if len(name) > LONGEST:
        return ()
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(name.lower())
    scores = {candidate: _likeness(matcher, name, candidate) for candidate in candidates if candidate != name}
    least = max(CUTOFF, max(scores.values(), default=0.0) - SPREAD)
    close = [candidate for candidate, score in scores.items() if score >= least]
    return tuple(sorted(close, key=lambda candidate: (-scores[candidate], candidate))[:limit])


def hint(name: str, candidates: Iterable[str]) -> str:
    """``did you mean `x`?``, or nothing when no candidate is close."""
    match [f"`{candidate}`" for candidate in similar(name, candidates)]:
        case []:
            return ""
        case [only]:
            return f"did you mean {only}?"
        case [*first, last]:
            return f"did you mean {', '.join(first)} or {last}?"
    return ""


def _likeness(matcher: SequenceMatcher[str], name: str, candidate: str) -> float:
    if candidate.lower().endswith(f".{name.lower()}"):
        return LAST_PART
    matcher.set_seq1(candidate.lower())
    if matcher.real_quick_ratio() < CUTOFF or matcher.quick_ratio() < CUTOFF:
        return 0.0
    return matcher.ratio()
