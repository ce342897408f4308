"""Phrases that many messages share."""

from collections.abc import Sequence


def and_more(count: int, what: str = "") -> str:
    """How many there are beyond those named: ` and 3 more`, ` and 3 more stages`; nothing where there are none."""
    return f" and {count} more{what and f' {what}'}" if count > 0 else ""


def of_system(error: OSError) -> str:
    """What the system said, and of which file if it tells: `out/report.html: No space left on device`."""
    said = error.strerror or str(error) or type(error).__name__
    return said if error.filename is None else f"{error.filename}: {said}"


def first_of(texts: Sequence[str], most: int, separator: str = ", ") -> str:
    """The first `most` of them, and how many more there are: `a, b and 3 more`."""
    return separator.join(texts[:most]) + and_more(len(texts) - most)
