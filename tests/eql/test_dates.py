"""Dates as instants and as intervals."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deckwatch.eql.dates import (
    DAY,
    GREATEST,
    HOUR,
    LEAST,
    MILLISECOND,
    MINUTE,
    SECOND,
    format_timestamp,
    parse_date_range,
    parse_timestamp,
)


def nanoseconds(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * SECOND  # type: ignore[misc,arg-type]


NOON = nanoseconds(2024, 2, 29, 12, 30, 15)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        pytest.param("2024-02-29T12:30:15Z", NOON, id="seconds"),
        pytest.param("2024-02-29t12:30:15z", NOON, id="lower case"),
        pytest.param("2024-02-29T12:30:15", NOON, id="no offset is UTC"),
        pytest.param("2024-02-29T14:30:15+02:00", NOON, id="offset"),
        pytest.param("2024-02-29T14:30:15+0200", NOON, id="offset without colon"),
        pytest.param("2024-02-29T07:30:15-05", NOON, id="offset of hours"),
        pytest.param("2024-02-29T12:30:15.5Z", NOON + 500 * MILLISECOND, id="one decimal"),
        pytest.param("2024-02-29T12:30:15,123456789Z", NOON + 123_456_789, id="nine decimals"),
        pytest.param("2024-02-29T12:30:15.1234567899Z", NOON + 123_456_789, id="ten decimals"),
        pytest.param("2024-02-29T12:30", NOON - 15 * SECOND, id="minutes"),
        pytest.param("2024-02-29", nanoseconds(2024, 2, 29), id="date"),
        pytest.param("2024-02", nanoseconds(2024, 2, 1), id="month"),
        pytest.param("2024", nanoseconds(2024, 1, 1), id="four digits are a year"),
        pytest.param("1504126052000", 1_504_126_052_000 * MILLISECOND, id="milliseconds"),
        pytest.param("-1", -MILLISECOND, id="before 1970"),
        pytest.param("0", 0, id="the epoch"),
        pytest.param("1969-12-31T23:59:59.999999999Z", -1, id="a nanosecond before 1970"),
        pytest.param("2023-02-29", None, id="no such day"),
        pytest.param("2024-13", None, id="no such month"),
        pytest.param("0000-01-01", None, id="no such year"),
        pytest.param("2024-02-29T24:00:00Z", None, id="no such hour"),
        pytest.param("2024-02-29T12:30:60Z", None, id="leap second"),
        pytest.param("2024-02-29T12:30:15+99:00", None, id="no such offset"),
        pytest.param("2024-02-29 12:30:15", None, id="blank instead of T"),
        pytest.param("٢٠٢٤", None, id="other digits"),
        pytest.param("2024-02-29T12:30:15Z\n", None, id="line end"),
        pytest.param("1677-01-01", None, id="before 64 bits"),
        pytest.param("9999-12-31", None, id="after 64 bits"),
        pytest.param("9" * 19, None, id="too many milliseconds"),
        pytest.param("9" * 100_000, None, id="very many digits"),
        pytest.param("now", None, id="a word"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_parse_timestamp(text: str, instant: int | None) -> None:
    assert parse_timestamp(text) == instant


@pytest.mark.parametrize(
    ("text", "first", "length"),
    [
        pytest.param("2024", nanoseconds(2024, 1, 1), 366 * DAY, id="year"),
        pytest.param("2017-08", nanoseconds(2017, 8, 1), 31 * DAY, id="month"),
        pytest.param("2024-02", nanoseconds(2024, 2, 1), 29 * DAY, id="short month"),
        pytest.param("2024-02-29", nanoseconds(2024, 2, 29), DAY, id="day"),
        pytest.param("2024-02-29T12", nanoseconds(2024, 2, 29, 12), HOUR, id="hour"),
        pytest.param("2024-02-29T12:30", NOON - 15 * SECOND, MINUTE, id="minute"),
        pytest.param("2024-02-29T12:30:15Z", NOON, SECOND, id="second"),
        pytest.param("2024-02-29T12:30:15.5Z", NOON + 500 * MILLISECOND, MILLISECOND, id="one decimal"),
        pytest.param("2024-02-29T12:30:15.123Z", NOON + 123 * MILLISECOND, MILLISECOND, id="millisecond"),
        pytest.param("2024-02-29T12:30:15.1234Z", NOON + 123_400_000, 1, id="more decimals are exact"),
        pytest.param("1504126052000", 1_504_126_052_000 * MILLISECOND, MILLISECOND, id="epoch milliseconds"),
    ],
)
def test_parse_date_range(text: str, first: int, length: int) -> None:
    assert parse_date_range(text) == (first, first + length - 1)


def test_far_dates_are_moved_into_64_bits() -> None:
    assert parse_date_range("9999-12-31") == (GREATEST, GREATEST)
    assert parse_date_range("1000-01-01") == (LEAST, LEAST)


@given(st.integers(LEAST, GREATEST))
def test_what_is_written_is_read(instant: int) -> None:
    assert parse_timestamp(format_timestamp(instant)) == instant


@given(st.text(alphabet="0123456789-+:.TtZz ", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    interval, instant = parse_date_range(text), parse_timestamp(text)
    assert interval is None or interval[0] <= interval[1]
    assert instant is None or (interval is not None and interval[0] == instant)
