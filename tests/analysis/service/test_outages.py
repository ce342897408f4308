"""What an outage of a region is in the figures of its stage."""

from _hookswarm.analysis.reporting.service import service_tables
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Section
from _hookswarm.records.timeline import IncidentPlayed
from tests.support.journals import MS, START, planned
from tests.support.published import arrived, frames_of, published

OUT_MS, BACK_MS = 1000, 2000


def analysed(faulty: bool) -> Section:
    """An event every 10 ms for 3 s; those of the second in the middle come 2.5 s after the start, if it is faulty."""
    events = [published(n * 10, n) for n in range(300)]
    late = [faulty and OUT_MS <= n * 10 < BACK_MS for n in range(300)]
    arrivals = [arrived(one, 2500 if late[n] else n * 10 + 3) for n, one in enumerate(events)]
    incident = IncidentPlayed(
        stage=0, at_ns=START + OUT_MS * MS, until_ns=START + BACK_MS * MS, fault="refused", regions=[0], origins=[0]
    )
    return analyse(frames_of(events, arrivals, [planned("failover refused")], [incident])).performance


def test_a_pickup_that_is_the_wait_for_a_retry_says_so() -> None:
    """Beside the table: the service was not slow to begin, its region was out."""
    section = analysed(faulty=True)
    assert section.service
    (found,) = section.service.outages
    assert found.held == 100
    assert found.pickup_p99_spared_ms == 2
    (told,) = [line for one in service_tables(section) for line in one.told]
    assert told == (
        "failover refused: 100 events waited for a retry, or until their region was back: that wait is in its pickup "
        "p99, which is 2 ms for those it spared"
    )


def test_where_everything_came_in_time_nothing_is_said() -> None:
    """An outage in which requests arrive all the same."""
    assert not [line for one in service_tables(analysed(faulty=False)) for line in one.told]
