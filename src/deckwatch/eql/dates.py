"""Dates as text: nanoseconds since 1970-01-01 UTC, and the interval that a partly written date covers."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:[Tt](?P<hour>[0-9]{2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,32}))?)?)?)?"
    r"(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?)?"
)
_MILLISECONDS = re.compile(r"-?[0-9]{1,19}")

MILLISECOND = 1_000_000
SECOND = 1_000 * MILLISECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LEAST, GREATEST = -(2**63) + 1, 2**63 - 2
"""The instants that fit into 64 bits and have one before and one after them that do."""

_EPOCH = date(1970, 1, 1).toordinal()


def parse_timestamp(text: str) -> int | None:
    """The instant a document's date names, in nanoseconds since 1970; of a partial date, its beginning.

    ISO 8601 from `2017` to nanoseconds (further decimals are cut), with `T`, `Z` or an offset in either case, or
    epoch milliseconds as digits. Without an offset it is UTC. Four digits are a year, as in Elasticsearch.
    None when it is no date, or one outside of 64 bits of nanoseconds (the years 1677 to 2262).
    """
    interval = _interval(text)
    return interval[0] if interval and LEAST <= interval[0] <= GREATEST else None


def parse_date_range(text: str) -> tuple[int, int] | None:
    """First and last nanosecond that a date constant covers; None when it is no date.

    It covers the smallest unit that is written: `2017-08` the month, `2017-08-30T20` the hour. Up to three decimals
    (`.5` is `.500`) and epoch milliseconds cover the millisecond, which is what a `date` field resolves; more decimals
    are exact. Ends outside of 64 bits are moved to their limit.
    """
    interval = _interval(text)
    if interval is None:
        return None
    first, last = (max(LEAST, min(end, GREATEST)) for end in interval)
    return first, last


def millisecond(number: float) -> tuple[int, int] | None:
    """First and last nanosecond of an epoch millisecond; None for what is no finite number."""
    try:
        first = int(number) * MILLISECOND
    except (OverflowError, ValueError):
        return None
    return max(LEAST, min(first, GREATEST)), max(LEAST, min(first + MILLISECOND - 1, GREATEST))


def format_timestamp(nanoseconds: int) -> str:
    """ISO 8601 in UTC, with milliseconds, or nine decimals where they are needed."""
    days, rest = divmod(nanoseconds, DAY)
    seconds, fraction = divmod(rest, SECOND)
    day = date(1970, 1, 1) + timedelta(days)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    decimals = f"{fraction:09}" if fraction % MILLISECOND else f"{fraction // MILLISECOND:03}"
    return f"{day.isoformat()}T{clock}.{decimals}Z"


def format_duration(seconds: float) -> str:
    """120 ms, 12.3 s, 2 h 05 min, 3.4 d: as much of it as somebody wants to know."""
    minutes, whole = divmod(int(seconds), 60)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if minutes == 0:
        return f"{seconds:.1f} s"
    if minutes < 60:
        return f"{minutes} min {whole:02} s"
    if minutes < 48 * 60:
        return f"{minutes // 60:,} h {minutes % 60:02} min"
    return f"{minutes / 1440:,.1f} d"


def _interval(text: str) -> tuple[int, int] | None:
    found = _DATE.fullmatch(text)
    if found:
        return _calendar(found.groupdict())
    if _MILLISECONDS.fullmatch(text):
        first = int(text) * MILLISECOND
        return first, first + MILLISECOND - 1
    return None


def _calendar(parts: dict[str, str | None]) -> tuple[int, int] | None:
    year, month, day, hour, minute, second = (
        int(parts[name] or default)
        for name, default in (("year", 0), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0), ("second", 0))
    )
    offset = _offset(parts["zone"])
    if offset is None or hour > 23 or minute > 59 or second > 59:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    fraction = int((parts["fraction"] or "")[:9].ljust(9, "0"))
    first = days * DAY + hour * HOUR + minute * MINUTE + second * SECOND + fraction - offset
    return first, first + _length(parts, year, month) - 1


def _length(parts: dict[str, str | None], year: int, month: int) -> int:
    """How many nanoseconds the smallest written unit has."""
    if parts["fraction"]:
        return MILLISECOND if len(parts["fraction"]) <= len("123") else 1
    for name, length in (("second", SECOND), ("minute", MINUTE), ("hour", HOUR), ("day", DAY)):
        if parts[name]:
            return length
    if parts["month"]:
        return monthrange(year, month)[1] * DAY
    return (date(year, 12, 31).toordinal() - date(year, 1, 1).toordinal() + 1) * DAY


def _offset(zone: str | None) -> int | None:
    """An offset east of UTC in nanoseconds; None when there is no such."""
    if not zone or zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if hours > 18 or minutes > 59:
        return None
    return (hours * HOUR + minutes * MINUTE) * (-1 if zone[0] == "-" else 1)
