"""A secret that changes in the middle of a stage: one region's receiver knows both, and another's the old one alone."""

from pathlib import Path

import pytest

from _hookswarm.protocol.regions import Region, RegionTable, dump_table
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import running_receiver
from tests.support.runs import analyse, run_locust

pytestmark = pytest.mark.slow

STAGES = [
    Stage("long", users=4, arrivals=Constant(100), duration_s=1.5, payload="thin"),
    Stage("short", users=4, arrivals=Constant(100), duration_s=0.5, payload="thin"),
]
NEXT = {"HOOKSWARM_SECRET_NEXT": "the-next-secret"}


def test_what_no_secret_verifies_is_counted(tmp_path: Path) -> None:
    """Of deliveries from the rotation on, those to the region that was forgotten; a stage that ends before it has none.
    No secret is written down."""
    provider = ("--provider", "github")
    with (
        running_receiver(tmp_path, *provider, region="knows", env=NEXT) as knows,
        running_receiver(tmp_path, *provider, region="forgotten") as forgotten,
    ):
        ends = {"knows": knows, "forgotten": forgotten}
        table = RegionTable(region=tuple(Region(name=n, url=one.url, control=one.control) for n, one in ends.items()))
        (tmp_path / "regions.toml").write_text(dump_table(table))
        run = run_locust(tmp_path, STAGES, "--regions=regions.toml", *provider, env={**NEXT, "LOCUST_ROTATE_AT": "1s"})
    section, _ = analyse(run)
    (found,) = section.rotations or []
    assert (found.stage, found.before + found.after) == ("long", section.stages[0].deliveries.due)
    assert (found.before, found.after) == pytest.approx((100, 50), abs=5)
    assert found.unverified_before == 0
    assert found.unverified_after == pytest.approx(found.after / 2, abs=3)
    assert section.stages[0].deliveries.failed == found.unverified_after
    assert not any(NEXT["HOOKSWARM_SECRET_NEXT"] in path.read_text(errors="replace") for path in run.iterdir())
