"""Phrases that many messages share."""

import errno
import re
from codecs import getincrementaldecoder
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from html import unescape

_TAG = re.compile(r"<(style|script|title)\b.*?</\1\s*>|<[^>]*(>|$)", re.IGNORECASE | re.DOTALL)

MOST_STRANGE = 0.3
"""Of the characters: what has more that are none is no text."""
HEX_BYTES = 32
LIKE = 0.65
"""How much a word is like one that is meant by it."""


def and_more(count: int, what: str = "") -> str:
    """How many there are beyond those named: ` and 3 more`, ` and 3 more stages`; nothing where there are none."""
    return f" and {count} more{what and f' {what}'}" if count > 0 else ""


def of_system(error: OSError) -> str:
    """What the system said, and of which file if it tells: `out/report.html: No space left on device`."""
    said = error.strerror or str(error) or type(error).__name__
    return said if error.filename is None else f"{error.filename}: {said}"


def without_number(error: Exception) -> str:
    """What a library says that the system said, without its number: `Connection refused`."""
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error))


def with_remedy(error: OSError) -> str:
    """The same, and what to do about it: `out/report.html: No space left on device: make room there`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "make room there"
    elif error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE):
        remedy = "let the folder be where it is"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        remedy = "let this user write there"
    elif error.errno in (errno.EEXIST, errno.EISDIR):
        remedy = "name another place"
    else:
        remedy = "mend that"
    return f"{of_system(error)}: {remedy}, and run it again"


def figure(value: float | None) -> str:
    """A measured number for people: three digits, or all before the point; `-` where there is none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def many(count: int, one: str, more: str = "") -> str:
    """`1 event`, `1,200 events`."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def clock(seconds: float) -> str:
    """A time for people: `1.5 s`, `2 min 5 s`, `3 h`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{value} {unit}" for value, unit in parts if value)


def first_of(texts: Sequence[str], most: int, separator: str = ", ") -> str:
    """The first `most` of them, and how many more there are: `a, b and 3 more`."""
    return separator.join(texts[:most]) + and_more(len(texts) - most)


def one_of(value: str, known: Collection[str]) -> str:
    """What to do about a word that is none of these: `write load`, `write one of wire, httpx`."""
    near = get_close_matches(value.lower(), known, 1, LIKE)
    if near or len(known) == 1:
        return f"write {[*near, *known][0]}"
    return f"write one of {', '.join(known)}"


def error_line(error: Exception) -> str:
    """A fault as commands tell it: one line, whatever stands in it."""
    said = with_remedy(error) if isinstance(error, OSError) else str(error)
    return f"error: {' '.join(said.split())}"


def one_line(data: bytes, most: int = 200) -> str:
    """The first bytes of what somebody sent, fit for a terminal: on one line, without what would steer one.

    Of a page in HTML its text. What is no text is told by its first 32 bytes, as hexadecimal digits.
    """
    text = getincrementaldecoder("utf-8")("replace").decode(data)  # cut off inside a character
    if text.lstrip()[:9].lower().startswith(("<!doctype", "<html")):
        text = unescape(_TAG.sub(" ", text))
    text = " ".join(text.split())[:most]
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    if shown.count("\N{REPLACEMENT CHARACTER}") <= MOST_STRANGE * len(shown):
        return shown
    return f"binary: {data[:HEX_BYTES].hex()}{'…' * (len(data) > HEX_BYTES)}"
