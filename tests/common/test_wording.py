"""Phrases that many messages share."""

import errno
import os

import pytest

from _hookswarm.common.wording import and_more, first_of, of_system, one_line, with_remedy


def test_the_first_are_named_and_the_others_counted() -> None:
    """What is listed in a message stays a line or two."""
    names = [f"s{number}" for number in range(14)]
    assert first_of(names[:12], 12) == ", ".join(names[:12])
    assert first_of(names, 12) == ", ".join(names[:12]) + " and 2 more"
    assert first_of(names, 1, "; ") == "s0 and 13 more"
    assert first_of([], 3) == ""


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"bad\r\n\tsignature ", "bad signature"),
        (b"a \x1b[31mred\x07 herring", "a \ufffd[31mred\ufffd herring"),
        ("zu gro\u00df".encode()[:-1], "zu gro"),
        ("zu gro\u00df f\u00fcr uns".encode("latin-1"), "zu gro\ufffd f\ufffdr uns"),
        (b"\x1f\x8b\x08\x00" * 4, "binary: " + "1f8b0800" * 4),
        (b"\x00" * 40, f"binary: {'00' * 32}\u2026"),
        (b"", ""),
        (b"x" * 300, "x" * 200),
    ],
)
def test_what_somebody_sent_is_one_harmless_line(data: bytes, shown: str) -> None:
    """A character that the end cuts off is left out; what is no text is told by its first bytes."""
    assert one_line(data) == shown


def test_nothing_is_said_where_there_is_no_more() -> None:
    """A count below one says nothing, with or without a word for what is counted."""
    assert [and_more(count, "stages") for count in (-1, 0, 1)] == ["", "", " and 1 more stages"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "out/report.html"),
            "out/report.html: No space left on device",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("handle is closed"), "handle is closed"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_what_the_system_said_holds_no_none(error: OSError, said: str) -> None:
    """Not every error names a file, and not every one has a text of the system's."""
    assert of_system(error) == said


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "make room there"),
        (errno.EDQUOT, "make room there"),
        (errno.ENOENT, "let the folder be where it is"),
        (errno.EROFS, "let this user write there"),
        (errno.EIO, "mend that"),
    ],
)
def test_what_cannot_be_written_is_told_with_what_to_do(number: int, remedy: str) -> None:
    """By what the system said."""
    said = with_remedy(OSError(number, os.strerror(number), "out/x"))
    assert said == f"out/x: {os.strerror(number)}: {remedy}, and run it again"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b" two\nlines\t ", "two lines"),
        (b"\x1b[2Jgone\xff", "\N{REPLACEMENT CHARACTER}[2Jgone\N{REPLACEMENT CHARACTER}"),
        (b"x" * 300, "x" * 200),
        (b"<!DOCTYPE html><title>It</title><style>p { }</style><p class='a'>It &amp; we</p><br", "It & we"),
        (b"<xml>kept</xml>", "<xml>kept</xml>"),
    ],
)
def test_what_somebody_sent_fits_on_a_line(data: bytes, told: str) -> None:
    """Its first 200 characters, without what would steer a terminal; of a page its text."""
    assert one_line(data) == told
