"""A sending process that would sign otherwise than its master, or lacks a file that the master has, sends nothing."""

from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.counting import counting
from tests.support.receivers import free_port
from tests.support.runs import end_group, start_locust

pytestmark = pytest.mark.slow

STAGE = Stage("x", users=2, duration_s=1, arrivals=Constant(5))


@pytest.mark.parametrize(
    ("options", "own", "said"),
    [
        ([], {"HOOKSWARM_SECRET": "whsec_" + "b3Ro" * 8}, "it has another secret ($HOOKSWARM_SECRET) than the master"),
        (["--payloads", "bodies.json"], {}, "--payloads bodies.json: No such file or directory"),
    ],
)
def test_what_only_the_master_has_ends_the_run(
    options: list[str], own: dict[str, str], said: str, tmp_path: Path
) -> None:
    """In a line that names the process."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "bodies.json").write_text("{}")
    port = str(free_port())
    with counting() as target:
        given = ["--target", target.url, "--no-probe", *options]
        bound = ["--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        master = start_locust(here, [STAGE], *given, "--master", "--expect-workers", "1", *bound)
        worker = start_locust(there, [STAGE], "--target", target.url, "--worker", "--master-port", port, env=own)
        try:
            assert master.wait(40) in (Exit.USAGE, Exit.VOID)
        finally:
            for process in (master, worker):
                end_group(process)
        assert not target.times
    assert said in (here / "locust.log").read_text()
    assert "let every host have what the master has" in (here / "locust.log").read_text()
