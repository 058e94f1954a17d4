"""Numbers as bars of characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

EIGHTHS = " ▁▂▃▄▅▆▇█"
NO_EVENTS = "·"
_FULL = len(EIGHTHS) - 1


def columns(counts: Sequence[int | None], height: int) -> Iterator[str]:
    """The lines of a chart, from the top, with the scale before them; None is a time without events.

    The smallest number that is not 0 can be seen.
    """
    most = max((count for count in counts if count), default=0)
    scale = len(f"{most:,}")
    for row in reversed(range(height)):
        label = f"{most:,}" if row == height - 1 and most else "0" if row == 0 else ""
        yield f"{label:>{scale}} │" + "".join(_cell(count, most, row, height) for count in counts).rstrip()


def sparkline(counts: Sequence[int | None]) -> str:
    """The same in one line, without a scale."""
    most = max((count for count in counts if count), default=0)
    return "".join(_cell(count, most, 0, 1) for count in counts)


def folded(counts: Sequence[int | None], room: int) -> tuple[list[int | None], int]:
    """No more numbers than there is room for: sums of as many neighbours as the second number says."""
    together = max(1, -(-len(counts) // room))
    groups = (counts[start : start + together] for start in range(0, len(counts), together))
    return [_sum(group) for group in groups], together


def _sum(counts: Sequence[int | None]) -> int | None:
    seen = [count for count in counts if count is not None]
    return sum(seen) if seen else None


def _cell(count: int | None, most: int, row: int, height: int) -> str:
    if count is None:
        return NO_EVENTS if row == 0 else " "
    filled = max(1, round(count * height * _FULL / most)) if count else 0
    return EIGHTHS[min(_FULL, max(0, filled - row * _FULL))]
