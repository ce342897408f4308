"""What the command refuses."""

import pytest

from tests.support.delivery_service.options import parse


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--forget 0.6 --double 0.6", "at most 1 together"),
        ("--swap -0.1", "0 or more"),
        ("--lose-on-restart", "needs --store"),
        ("--retries a", "--retries"),
    ],
)
def test_what_cannot_be_is_refused(arguments: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With status 2 and the reason."""
    with pytest.raises(SystemExit, match="2"):
        parse(arguments.split())
    assert said in capsys.readouterr().err


def test_there_may_be_no_retries() -> None:
    """And there are three by default."""
    assert parse(["--retries", "none"]).law.waits_s == ()
    assert parse([]).law.waits_s == (1, 3, 9)
