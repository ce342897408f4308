"""One list of fields makes the row: packed by name, its end, numpy's view, the docs' table."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.records.reading import DTYPE, answered_status
from _hookswarm.records.rows import (
    END_OFFSET,
    FIELDS,
    IN_DOUBT,
    NEVER_SENT,
    ROW_SIZE,
    Flag,
    Outcome,
    layout,
    pack_end,
    pack_row,
)
from tests.support.receivers import CHECKOUT

U8, U16, U32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
NS = st.integers(-(1 << 63), (1 << 63) - 1)
NAMES = (
    "webhook", "sequence", "due", "start", "attempt", "stage", "origin", "target", "strategy",
    "size", "digest", "late", "run", "done", "status", "outcome", "flags",
)  # fmt: skip
ROWS = st.fixed_dictionaries(dict(zip(NAMES, (
    U32, U32, NS, NS, U16, U16, U8, U8, U8, U32, U32, U32, U32, NS, U16, U8, U32,
), strict=True)))  # fmt: skip
ENDS = st.fixed_dictionaries({"done": NS, "status": U16, "outcome": U8, "flags": U32})


def test_the_row_is_stable() -> None:
    """Journals on disk have this width, these fields and these places: all that reads them relies on it."""
    assert ROW_SIZE == DTYPE.itemsize == 64
    assert tuple(field.name for field in FIELDS if field.name) == DTYPE.names == NAMES
    assert [DTYPE.fields[name][1] for name in NAMES if DTYPE.fields] == [
        0, 4, 8, 16, 24, 26, 28, 29, 30, 32, 36, 40, 44, 48, 56, 58, 60,
    ]  # fmt: skip
    assert END_OFFSET == 48


@given(ROWS)
def test_numpy_reads_what_is_packed_by_name(values: dict[str, int]) -> None:
    """Every field is found under its name, over its whole range."""
    (row,) = np.frombuffer(pack_row(**values), DTYPE)
    assert {name: int(row[name]) for name in NAMES} == values


@given(ROWS, ENDS)
def test_the_end_fits_over_the_rows_end(values: dict[str, int], end: dict[str, int]) -> None:
    """Writing the end again replaces the last four fields and nothing else."""
    raw = bytearray(pack_row(**values))
    raw[END_OFFSET:] = pack_end(**end)
    (row,) = np.frombuffer(bytes(raw), DTYPE)
    assert {name: int(row[name]) for name in NAMES} == values | end


def test_the_docs_have_the_rows_table() -> None:
    """One list of fields makes the row and its description."""
    assert layout() in (CHECKOUT / "docs/run-folder.md").read_text()


def test_outcomes_are_stable() -> None:
    """Codes are in journals on disk: they are never given another meaning."""
    assert [outcome.name for outcome in sorted(Outcome)] == [
        "PENDING", "ACKNOWLEDGED", "REJECTED", "REFUSED", "UNRESOLVED", "CONNECT_TIMEOUT", "TLS", "READ_TIMEOUT",
        "RESET", "TRUNCATED", "PROTOCOL", "INTERRUPTED", "ABANDONED", "DISABLED", "LOCAL_SHORTAGE", "BROKEN_OFF",
    ]  # fmt: skip
    assert [int(outcome) for outcome in sorted(Outcome)] == list(range(16))


def test_in_doubt_excludes_the_certain() -> None:
    """What never left, and what was answered, is not in doubt."""
    certain = {Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.REFUSED, Outcome.UNRESOLVED, Outcome.LOCAL_SHORTAGE}
    assert not IN_DOUBT & {*certain, *NEVER_SENT}


def test_an_error_number_is_no_http_status() -> None:
    """The row of a local shortage holds the system's number where others have the answer's status."""
    ends = ((Outcome.ACKNOWLEDGED, 204), (Outcome.LOCAL_SHORTAGE, 99), (Outcome.REJECTED, 503), (Outcome.RESET, 0))
    raw = b"".join(pack_row(outcome=outcome, status=status, flags=1) for outcome, status in ends)
    assert answered_status(np.frombuffer(raw, DTYPE)).tolist() == [204, 0, 503, 0]


def test_flags_are_stable() -> None:
    """Flags are in journals on disk, too: each keeps its bit."""
    assert [(flag.name, flag.value) for flag in Flag] == [
        ("WRITTEN", 1), ("REUSED", 2), ("FOREIGN", 4), ("HINTED", 8), ("FAULT", 16), ("SERVED", 32),
        ("BODILESS", 64), ("UNVERIFIED", 128), ("REWRITTEN", 256), ("CORRUPT", 512), ("REDIRECTED", 1024),
        ("VALUELESS", 2048),
    ]  # fmt: skip
