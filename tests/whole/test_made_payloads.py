"""Whole runs whose bodies a Python function makes."""

import zlib
from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.reading import read_journal
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.made_payloads import Made
from _hookswarm.senders.plan.tables import read_table
from tests.support.receivers import CHECKOUT, running_receiver
from tests.support.runs import BUSY, analyse, codes, end_group, regions_file, run_folder, run_locust, start_locust

pytestmark = pytest.mark.slow

ORDERS = CHECKOUT / "locustfiles/orders.py"
FAULTY = """
from hookswarm import Constant, Stage, StagesShape, senders


def order(event, draw):
    if event.number == 50:
        raise KeyError("country")
    return {"order": event.number}


class Faulty(StagesShape):
    test = "load"
    payloads = (order,)
    stages = (Stage("orders", payload="order", users=4, arrivals=Constant(100), duration_s=30),)
    quick_stages = stages


globals().update(senders())
"""


def test_two_processes_send_what_the_function_makes_at_every_attempt(tmp_path: Path) -> None:
    """The example's bodies, to the byte, in all rows of both sides; nothing is lost or corrupt, retries included."""
    options = ["-f", str(ORDERS), "--quick", "--stages", "pings,orders refused", "--processes", "2"]
    with running_receiver(tmp_path) as receiver:
        run = run_locust(tmp_path, [], *options, "--regions", str(regions_file(tmp_path, receiver)))
    section, _ = analyse(run)
    assert codes(section) <= BUSY
    pings, refused = section.stages
    assert (pings.ledger.received, refused.deliveries.due) == (200, 500)
    assert (refused.ledger.lost, refused.ledger.corrupt, refused.ledger.unexpected) == (0, 0, 0)
    assert refused.attempts.total > 500
    table = read_table(ORDERS)
    order = Made("order", table.payloads[0], webhooks=20, seed=1, objects=False)
    journals = [read_journal(path).rows for path in run.glob("attempts-*.journal")]
    assert len(journals) == 2
    for rows in journals:
        own = [row for row in rows if row["stage"] == 1]
        assert own
        for row in own:
            body = order.body(b"", int(row["sequence"]) * 20 + int(row["webhook"]))
            assert (row["digest"], row["size"]) == (zlib.crc32(body), len(body))


def test_a_function_that_fails_in_the_run_ends_it_in_one_clear_line(tmp_path: Path) -> None:
    """Function, event and fault are named; the run is void, and its books balance."""
    (tmp_path / "faulty.py").write_text(FAULTY)
    with running_receiver(tmp_path) as receiver:
        options = ["-f", str(tmp_path / "faulty.py"), "--regions", str(regions_file(tmp_path, receiver))]
        locust = start_locust(tmp_path, [], *options)
        try:
            assert locust.wait(60) == Exit.VOID
        finally:
            end_group(locust)
    said = [line for line in (tmp_path / "locust.log").read_text().splitlines() if "payload" in line]
    assert len(said) == 1
    assert said[0].endswith("payload 'order': the function fails at event 50: KeyError: 'country': mend it")
    section, code = analyse(run := run_folder(tmp_path))
    assert (codes(section) - BUSY, code) == ({"run_failed"}, Exit.VOID)
    (journal,) = run.glob("attempts-*.journal")
    assert [int(row["sequence"]) for row in read_journal(journal).rows if row["outcome"] == Outcome.ABANDONED][:1] == [
        50
    ]
