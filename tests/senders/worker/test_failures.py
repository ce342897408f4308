"""What a sending process tells of attempts that failed: few kinds, a sample of each, no secret."""

from base64 import b64encode

import pytest

from _hookswarm.records.failures import FailureKind
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.worker.failures import MOST_KINDS, Failures

KEY = bytes(range(32))


def told(failures: Failures, *secrets: bytes) -> list[tuple[str, int]]:
    return [(kind.text, kind.count) for kind in failures.told(lambda _: secrets)]


def test_attempts_that_failed_alike_are_one_kind() -> None:
    """With their number, when the first and the last of them ended, and the first body that one was answered with."""
    failures = Failures()
    for done_ns, answer in ((10, b""), (20, b"bad\r\n signature"), (30, b"another")):
        failures.note(Outcome.REJECTED, 401, "status 401", answer, 7, done_ns)
    failures.note(Outcome.REFUSED, 0, "refused: Connection refused", b"", 7, 40)
    assert failures.told(lambda _: []) == [
        FailureKind(outcome=2, status=401, text="status 401", count=3, first_ns=10, last_ns=30, sample="bad signature"),
        FailureKind(outcome=3, text="Connection refused", count=1, first_ns=40, last_ns=40),
    ]


def test_texts_that_differ_in_numbers_are_one_kind() -> None:
    """Ports, bytes and addresses vary; the text tells none of them as if it were of all."""
    failures = Failures()
    for number in range(500):
        failures.note(Outcome.RESET, 0, f"reset: stream {number} at {number:#x}", b"", 7, 1)
    assert told(failures) == [("stream … at …", 500)]
    failures.note(Outcome.READ_TIMEOUT, 0, "read_timeout: no whole answer in 15 s", b"", 7, 1)
    assert told(failures)[1:] == [("no whole answer in 15 s", 1)]


def test_kinds_are_bounded() -> None:
    """What a strange server makes of every attempt costs no memory; those that are known are counted on."""
    failures = Failures()
    for number in range(3 * MOST_KINDS):
        failures.note(Outcome.PROTOCOL, 0, "x" * number, b"", 7, 1)
    failures.note(Outcome.PROTOCOL, 0, "x", b"", 7, 1)
    kinds = told(failures)
    assert (len(kinds), kinds[1], sum(count for _, count in kinds)) == (MOST_KINDS, ("x", 2), MOST_KINDS + 1)


@pytest.mark.parametrize("spelt", [KEY, KEY.hex().encode(), b64encode(KEY), b64encode(KEY)[:20]])
def test_an_answer_that_holds_a_secret_is_told_without_it(spelt: bytes) -> None:
    """In each form that it may be sent in, and where the end of the sample cuts it off."""
    failures = Failures()
    failures.note(Outcome.REJECTED, 401, "status 401", b"wanted " + spelt, 7, 1)
    (kind,) = failures.told({7: [KEY]}.__getitem__)
    assert kind.sample == "wanted ********"


def test_a_text_that_holds_a_secret_is_told_without_it() -> None:
    """An HTTP library may quote the line that it does not understand."""
    failures = Failures()
    failures.note(Outcome.PROTOCOL, 0, "protocol: not an HTTP/1.1 answer: token-1234", b"", 7, 1)
    (kind,) = failures.told(lambda _: [b"token-1234"])
    assert kind.text == "not an HTTP/1.1 answer: ********"
