"""What a service has of us is one process's at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.runner.interrupt import Insisting
from _hookswarm.runner.service_clean import clean
from _hookswarm.senders.service.claim import Claim
from _hookswarm.senders.service.kept import ACCOUNT, AccountFile
from tests.senders.service.test_account import answer
from tests.senders.service.test_kept import made
from tests.support.receivers import environment
from tests.support.service_api import Api, SetUp

HOLDING = (
    "import sys, pathlib; from _hookswarm.senders.service.claim import Claim; Claim(pathlib.Path(sys.argv[1])).take()"
)


def test_a_second_one_is_told_to_wait_and_has_it_once_the_first_has_ended(tmp_path: Path) -> None:
    """Nothing is left of it."""
    path = tmp_path / "kept-own-1.json"
    first, second = Claim(path), Claim(path)
    first.take()
    with pytest.raises(ConfigError, match=r"kept-own-1.json is in use by another run, or by `clean`: wait until that"):
        second.take(0)
    Claim(tmp_path / "kept-own-2.json").take(0)
    first.end()
    second.take(0)
    second.end()
    second.end()
    assert not (tmp_path / ".kept-own-1.json.lock").exists()


def test_it_ends_with_its_process(tmp_path: Path) -> None:
    """One that was killed has it no more, though its lock's file is still there."""
    path = tmp_path / "kept-own-1.json"
    subprocess.run([sys.executable, "-c", HOLDING, str(path)], env=environment(), check=True, timeout=60)
    assert (tmp_path / ".kept-own-1.json.lock").exists()
    Claim(path).take(0)


def test_what_a_run_uses_is_not_cleaned(tmp_path: Path) -> None:
    """Nothing is asked of the service; once the run has ended, all is taken down."""
    interrupt = Insisting.listen()
    with Api(answer) as api:
        one = SetUp(made(tmp_path, url=api.url), 2).up()
        AccountFile(tmp_path / ACCOUNT, one.service).save(one.account)
        api.asked = []
        running = Claim(tmp_path / ACCOUNT)
        running.take()
        with pytest.raises(ConfigError, match="is in use by another run"):
            clean(tmp_path, "", interrupt)
        assert api.lines == []
        running.end()
        assert clean(tmp_path, "", interrupt) == 0
        assert sorted(api.lines) == ["DELETE /0", "DELETE /1", "DELETE /app"]
    assert list(tmp_path.glob("*.json")) == list(tmp_path.glob(".*.lock")) == []
