"""One version, wherever it is said."""

import tomllib

import pytest

import hookswarm
from _hookswarm import __version__
from _hookswarm.receiver.__main__ import main as receiver
from _hookswarm.runner.__main__ import main as runner
from _hookswarm.senders.transport.wire import Endpoint
from tests.support.receivers import CHECKOUT


def test_the_package_the_door_and_what_is_sent_agree() -> None:
    """pyproject.toml takes it from where the door and the user agent have it."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "_hookswarm.__version__"}
    assert hookswarm.__version__ == __version__
    assert f"User-Agent: hookswarm/{__version__}\r\n".encode() in Endpoint("http://127.0.0.1/").head


@pytest.mark.parametrize("arguments", [["--version"], ["fleet", "--version"]])
def test_the_receiver_says_it(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """`--version`, of one region and of several."""
    with pytest.raises(SystemExit, match="0"):
        receiver(arguments)
    assert capsys.readouterr().out == f"hookswarm {__version__}\n"


def test_the_main_command_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version`."""
    with pytest.raises(SystemExit, match="0"):
        runner(["--version"])
    assert capsys.readouterr().out == f"hookswarm {__version__}\n"
