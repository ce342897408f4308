"""Retry-After: seconds or a date, from receivers that may write anything."""

import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from _hookswarm.senders.plan.retry import MAX_S
from _hookswarm.senders.worker.retry_after import parse_retry_after

WHEN = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC).timestamp()
DATES = (b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994")
"""RFC 9110's own examples of its three forms: IMF-fixdate, RFC 850, asctime."""

PIECES = (
    "Sun|Sunday|,|06|Nov|-Nov-94|1994|99999|08:49:37|25:61:61|8.5.6|GMT|+2359|-9999|+99999999999|PM| | | |:|-|+|.|0|-1"
)

date_like = st.lists(st.sampled_from(PIECES.encode().split(b"|")), max_size=12).map(b"".join)
"""Pieces of dates in any order: they get further into a parser than plain bytes do."""


@pytest.mark.parametrize(("value", "seconds"), [(b"0", 0), (b"1", 1), (b"120", 120), (b" 007\t", 7)])
def test_seconds(value: bytes, seconds: float) -> None:
    """A number of seconds is meant from now, whatever the time is."""
    assert parse_retry_after(value, 0.0) == parse_retry_after(value, WHEN) == seconds


@pytest.mark.parametrize("value", DATES)
def test_the_three_forms_of_a_date(value: bytes) -> None:
    """Each form that RFC 9110 allows is the same instant, and what is over asks for no wait."""
    assert parse_retry_after(value, WHEN - 90.5) == 90.5
    assert parse_retry_after(value, WHEN) == parse_retry_after(value, WHEN + 1e6) == 0


def test_a_date_without_a_zone_is_gmt_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """asctime's form is not read as local time."""
    try:
        with monkeypatch.context() as patch:
            patch.setenv("TZ", "America/New_York")
            time.tzset()
            assert parse_retry_after(DATES[2], WHEN - 5) == 5
    finally:
        time.tzset()


@pytest.mark.parametrize("value", [b"1" + b"0" * 9, b"9" * 400, b"9" * 100_000, b"Fri, 31 Dec 9999 23:59:59 GMT"])
def test_what_is_far_off_is_cut(value: bytes) -> None:
    """No hint is longer than a law's longest delay."""
    assert parse_retry_after(value, WHEN) == MAX_S


@pytest.mark.parametrize(
    "value",
    [
        *(b"", b" ", b"-1", b"+1", b"1.5", b"1e3", b"1_0", b"0x10", b"\xb2", "٣".encode(), b"inf", b"nan", b"soon"),
        *(b"120 s", b"120, 60", b"06 Nov 1994", b"08:49:37"),
        *(b"Sun, 31 Feb 1994 08:49:37 GMT", b"Sun, 06 Nov 1994 25:00:00 GMT"),
    ],
)
def test_junk_is_no_hint(value: bytes) -> None:
    """What is neither digits nor a date says nothing."""
    assert parse_retry_after(value, WHEN) is None


@given(value=st.binary() | st.text().map(str.encode) | date_like, now_s=st.floats(0, 1e11))
@example(value=b"Sun, 06 Nov 1994 08:49:60 GMT", now_s=0.0)
def test_nothing_raises(value: bytes, now_s: float) -> None:
    """Whatever bytes come, the answer is None or a wait that a law could have."""
    seconds = parse_retry_after(value, now_s)
    assert seconds is None or 0 <= seconds <= MAX_S


@given(
    when=st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC)), wait=st.integers(0, 10**6)
)
def test_what_a_receiver_writes_is_read(when: datetime, wait: int) -> None:
    """Any instant, written as a server writes it, is read to the second."""
    when = when.replace(microsecond=0)
    assert parse_retry_after(format_datetime(when, usegmt=True).encode(), when.timestamp() - wait) == pytest.approx(
        wait
    )
