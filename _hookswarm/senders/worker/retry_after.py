"""The `Retry-After` header of an answer (RFC 9110, section 10.2.3)."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from _hookswarm.senders.plan.retry import MAX_S


def parse_retry_after(value: bytes, now_s: float) -> float | None:
    """Seconds to wait, 0..MAX_S, from a number of seconds or an HTTP date; None where it is neither.

    `now_s` is the Unix time. A receiver may write anything here, so nothing that it writes raises.
    """
    value = value.strip(b" \t")
    if value.isdigit():
        return min(float(value), MAX_S)
    try:
        date = parsedate_to_datetime(value.decode("ascii"))
    except (ValueError, TypeError, IndexError, OverflowError):  # the email parser was not written for junk
        return None
    # asctime's form names no zone, but every HTTP date is GMT.
    wait = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now_s
    return min(max(wait, 0.0), MAX_S)
