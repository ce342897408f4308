"""All tests are planned, and all that is wrong is named, before the first begins."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from _hookswarm import __version__
from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.credentials import HIDDEN, masked
from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.command import run_command
from _hookswarm.runner.listing import show_dry_run, show_list
from _hookswarm.runner.options import make_parser
from _hookswarm.runner.plans import Outlook, stage_faults
from _hookswarm.runner.preflight import preflight
from _hookswarm.runner.tests import TESTS
from _hookswarm.senders.service.kept import kept_file
from _hookswarm.senders.service.table import load_service
from tests.support.own_service import own_table
from tests.support.receivers import CHECKOUT, KEY, SECRET

NAMES = {"load": ["sustained", "bursts"], "performance": ["retry a", "retry b"]}
ELSEWHERE = ("--target", "http://127.0.0.1:1/hooks")
"""Where nobody listens."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOKSWARM_SECRET", SECRET)


def judged(*options: str) -> Outlook:
    return preflight(make_parser().parse_args(["--quick", *options]))


def shown(outlook: Outlook, dry: bool = False) -> str:
    out = io.StringIO()
    (show_dry_run if dry else show_list)(outlook, Console(file=out, width=100))
    return out.getvalue()


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("sustained", "'sustained' is a stage of load alone: add --test load"),
        ("sustaind", "no stage is named 'sustaind': write 'sustained', or see --list"),
        ("xyz", "no stage is named 'xyz': see --list"),
        ("*", ""), ("*r*", ""),
    ],
)  # fmt: skip
def test_a_stage_that_some_test_lacks_is_named(pattern: str, said: str) -> None:
    """With what was meant, or which test has it."""
    assert list(stage_faults([pattern], NAMES)) == [f"--stages: {said}"] * bool(said)


def test_stages_of_a_test_that_cannot_be_planned_are_not_called_unknown(tmp_path: Path) -> None:
    """What is kept of its endpoints is damaged: that is all that is wrong."""
    own_table(tmp_path)
    kept = kept_file(Path("results"), load_service("own.toml"), ["local"])
    kept.parent.mkdir()
    kept.write_text("{")
    with pytest.raises(ConfigError) as caught:
        judged("--service", "own.toml", "--keep-endpoints", "--test", "load", "--stages", "sustained")
    (fault,) = caught.value.faults
    assert fault.startswith(f"test load: {kept} is damaged: take down by hand")


def test_a_stage_that_one_of_five_tests_lacks_ends_the_command_before_the_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In one line, and nothing was begun."""
    assert run_command(make_parser().parse_args(["--quick", "--stages", "sustained"])) == Exit.USAGE
    assert "is a stage of load alone: add --test load" in capsys.readouterr().err
    assert not list(Path("results").glob("*"))


def test_faults_of_all_kinds_are_named_at_once() -> None:
    """A stage, a number, a unit, a scope."""
    checks = ("p99<250", "p99<250ms", "stage:sustaned p99_ms<1", "lost<5s")
    with pytest.raises(ConfigError) as caught:
        judged("--test", "load", "--stages", "none", *(part for check in checks for part in ("--check", check)))
    told = str(caught.value)
    assert "no stage is named 'none'" in told
    assert told.count("there is no number `p99`: write `p99_ms`") == 2
    assert "a plain number, not in s" in told
    with pytest.raises(ConfigError, match="no stage is named 'sustaned': write 'sustained'"):
        judged("--test", "load", "--check", checks[2])


def test_files_that_cannot_be_written_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the run that they are to tell of."""
    Path("folder").mkdir()
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "folder")
    with pytest.raises(ConfigError) as caught:
        judged("--junit", "folder", "--markdown", "folder")
    named = [fault.partition(" folder is not a file")[0] for fault in caught.value.faults]
    assert named == ["--junit", "--markdown", "$GITHUB_STEP_SUMMARY"]


def test_links_that_httpx_cannot_make_are_named_before_the_first_test() -> None:
    """They are those of `distribution`, which is not the first."""
    with pytest.raises(ConfigError, match="test distribution: --transport httpx cannot model the links"):
        judged("--transport", "httpx")


def test_a_test_that_has_nothing_to_do_at_a_target_is_left_out_unless_it_was_asked_for() -> None:
    """All tests were meant: those that can be run are."""
    found = judged(*ELSEWHERE, "--list")
    assert "distribution" in found.left_out
    assert "performance" in found.tests
    with pytest.raises(ConfigError, match=r"test distribution: .*choose others by --test"):
        judged(*ELSEWHERE, "--list", "--test", "distribution")


def test_a_check_that_was_hardly_meant_is_doubted(capsys: pytest.CaptureFixture[str]) -> None:
    """Told, and no fault."""
    options = make_parser().parse_args(["--test", "load", "--quick", "--list", "--check", "error_rate<1"])
    assert run_command(options) == Exit.PASS
    assert capsys.readouterr().err == (
        "warning: check 'error_rate<1' fails only when everything failed: did you mean error_rate<1%\n"
    )


def test_all_tests_are_listed_with_their_stages() -> None:
    """Length, events and rate, as the options have them."""
    told = shown(judged("--rate", "50", "--duration", "30s"))
    assert all(f"{name}  " in told for name in TESTS)
    (line,) = [line for line in told.splitlines() if line.startswith("sustained  ")]
    assert "30.5 s" in line
    assert "50/s" in line
    assert "skipped because they need a load balancer (--balancer haproxy): balancers refused" in told


def test_a_dry_run_shows_a_request_and_sends_nothing() -> None:
    """To a target where nobody listens; the secret is not in it."""
    told = shown(judged("--test", "performance", *ELSEWHERE, "--dry-run"), dry=True)
    assert "performance would send to target http://127.0.0.1:1/hooks" in told
    assert "\nPOST /hooks HTTP/1.1\n" in told
    assert "\nwebhook-signature: v1," in told
    assert SECRET not in told
    assert "nothing was sent" in told


def test_a_dry_run_shows_headers_as_they_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came from the environment is not shown."""
    monkeypatch.setenv("TOKEN", "of-the-environment")
    told = shown(judged("--test", "performance", *ELSEWHERE, "--dry-run", "--header", "X-Token: a ${TOKEN}"), dry=True)
    assert "\nX-Token: a ${TOKEN}\n" in told
    assert "of-the-environment" not in told


def test_a_dry_run_shows_the_public_key_of_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw in hexadecimal, as Discord hands it out: the receiver is to be told."""
    monkeypatch.delenv("HOOKSWARM_SECRET")
    told = shown(judged("--test", "performance", "--provider", "discord", *ELSEWHERE, "--dry-run"), dry=True)
    assert re.search(r"\nthe public key of \S+, for your receiver's configuration:\n\n[0-9a-f]{64}\n", told)


def test_a_token_that_is_the_secret_is_not_shown() -> None:
    """In whatever form it stands there."""
    text = SECRET.removeprefix("whsec_").encode()
    assert masked(b"x-token: " + text + b"\r\nraw: " + KEY, [KEY]) == b"x-token: %b\r\nraw: %b" % (HIDDEN, HIDDEN)


def test_what_is_slow_to_load_is_not_loaded_for_help_and_lists() -> None:
    """Locust never, pandas and plotly only when a run has ended; of the version not even numpy."""
    code = """
import sys
from _hookswarm.runner.__main__ import main
try:
    main(["--version"])
except SystemExit:
    pass
assert not {"numpy", "rich", "gevent", "httpx"} & sys.modules.keys()
main(["--list", "--quick"])
assert not {"locust", "pandas", "plotly", "scipy"} & sys.modules.keys()
"""
    env = {"PYTHONPATH": str(CHECKOUT), "HOOKSWARM_SECRET": SECRET}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=env, check=True)
    assert done.stdout.startswith(f"hookswarm {__version__}\n")


def test_a_dry_run_shows_nothing_secret_of_an_endpoint(tmp_path: Path) -> None:
    """Of its row: neither secret nor headers, nor a token in the URL."""
    (tmp_path / "e.csv").write_text(f"url,secret,headers\nhttp://127.0.0.1:1/t?key=hush-hush,{SECRET},X-Who: a\n")
    told = shown(judged("--test", "load", "--endpoints", str(tmp_path / "e.csv"), "--dry-run"), dry=True)
    assert "\nPOST ******** HTTP/1.1\n" in told
    assert "\nX-Who: ********\n" in told
    assert "hush" not in told


def test_a_fault_is_a_document_where_json_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output stands nothing else, and never nothing."""
    options = make_parser().parse_args(["--test", "load", "--json", "--rate", "0"])
    assert run_command(options) == Exit.USAGE
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["exit_code"], told["runs"], f"error: {told['refused']}\n") == (Exit.USAGE, [], err)


def test_workers_of_other_hosts_need_a_table_of_the_receivers(tmp_path: Path) -> None:
    """With a service, too: it says which one, and how to come by it."""
    for given, said in (
        ((), "--regions, --target or --endpoints"),
        (("--service", "outpost"), "all processes read one"),
    ):
        with pytest.raises(ConfigError) as caught:
            preflight(make_parser().parse_args(["--expect-workers", "2", "--results", str(tmp_path), *given]))
        assert any("--expect-workers" in fault and said in fault for fault in caught.value.faults)
