"""The row's three descriptions agree: struct, end of the struct, numpy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.records.rows import DTYPE, END, END_OFFSET, IN_DOUBT, NEVER_SENT, ROW, Flag, Outcome

U8, U16, U32 = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
NS = st.integers(-(1 << 63), (1 << 63) - 1)
FIELDS = (
    "webhook", "sequence", "due", "start", "attempt", "stage", "origin", "target", "strategy",
    "size", "digest", "late", "run", "done", "status", "outcome", "flags",
)  # fmt: skip
ROWS = st.tuples(U32, U32, NS, NS, U16, U16, U8, U8, U8, U32, U32, U32, U32, NS, U16, U8, U32)


def test_a_row_has_64_bytes() -> None:
    """Writer and reader agree on the width that the design promises."""
    assert ROW.size == DTYPE.itemsize == 64


@given(ROWS)
def test_numpy_reads_what_struct_writes(values: tuple[int, ...]) -> None:
    """Every field is found where the writer put it, over its whole range."""
    (row,) = np.frombuffer(ROW.pack(*values), DTYPE)
    assert tuple(int(row[name]) for name in FIELDS) == values


@given(ROWS, st.tuples(NS, U16, U8, U32))
def test_the_end_fits_over_the_rows_end(values: tuple[int, ...], end: tuple[int, ...]) -> None:
    """Writing the end again replaces the last four fields and nothing else."""
    raw = bytearray(ROW.pack(*values))
    raw[END_OFFSET:] = END.pack(*end)
    assert ROW.unpack(raw) == (*values[:-4], *end)


def test_outcomes_are_stable() -> None:
    """Codes are in journals on disk: they are never given another meaning."""
    assert [outcome.name for outcome in sorted(Outcome)] == [
        "PENDING", "ACKNOWLEDGED", "REJECTED", "REFUSED", "UNRESOLVED", "CONNECT_TIMEOUT", "TLS", "READ_TIMEOUT",
        "RESET", "TRUNCATED", "PROTOCOL", "INTERRUPTED", "ABANDONED", "DISABLED",
    ]  # fmt: skip
    assert [int(outcome) for outcome in sorted(Outcome)] == list(range(14))


def test_in_doubt_excludes_the_certain() -> None:
    """What never left, and what was answered, is not in doubt."""
    certain = {Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.REFUSED, Outcome.UNRESOLVED, *NEVER_SENT}
    assert not IN_DOUBT & certain


def test_flags_are_stable() -> None:
    """Flags are in journals on disk, too: each keeps its bit."""
    assert [(flag.name, flag.value) for flag in Flag] == [
        ("WRITTEN", 1), ("REUSED", 2), ("FOREIGN", 4), ("HINTED", 8), ("FAULT", 16),
    ]  # fmt: skip
