"""What a receiver says of a time that it does not take."""

from datetime import date

import pytest

from _hookswarm.protocol.providers import Provider, Signature
from _hookswarm.protocol.verifying import Verifier

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("name", "sent", "said"),
    [
        ("timestamp_iso", "2023-11-14T22:00:00Z", "which is not within 300 s of ours: 800 s before it"),
        ("timestamp_iso", "2023-11-14T23:13:20+00:00", "which is not within 300 s of ours: 3,600 s after it"),
        ("timestamp_iso", "yesterday", "which is not a time as ISO 8601 has it"),
        ("timestamp", "1699999000", "which is not within 300 s of ours: 1,000 s before it"),
        ("timestamp", "1699999000000", "which is not a Unix time in seconds, a whole number"),
        ("timestamp", "17e8", "which is not a Unix time in seconds, a whole number"),
        ("timestamp_ms", "1699999000000", "which is not within 300 s of ours: 1,000 s before it"),
        ("timestamp_ms", "soon", "which is not a Unix time in milliseconds, a whole number"),
    ],
)
def test_a_time_that_is_not_taken_is_told_as_what_it_is(name: str, sent: str, said: str) -> None:
    """One that is old is not called another kind of time, whatever the kind."""
    signature = Signature(algorithm="hmac-sha256", header="X-Sig", tolerance_s=300)
    provider = Provider(
        name="a", source="a", as_of=date(2026, 1, 1), headers={"X-Time": f"{{{name}}}"}, signature=signature
    )
    verifier = Verifier(provider, [b"k"])
    seen = verifier.seen([{"X-Time": sent}.get(header, "").encode() for header in verifier.headers])
    assert not verifier.is_fresh(seen, NOW)
    assert verifier.why_stale(seen, NOW) == f"X-Time says {sent}, {said}"


def test_a_time_that_is_missing_is_told() -> None:
    """With where it is looked for."""
    signature = Signature(
        algorithm="hmac-sha256", header="X-Sig", value="t={timestamp},v1={signature}", tolerance_s=300
    )
    verifier = Verifier(Provider(name="a", source="a", as_of=date(2026, 1, 1), signature=signature), [b"k"])
    seen = verifier.seen([b"v1=0"])
    assert verifier.why_stale(seen, NOW) == "there is no time in X-Sig"
