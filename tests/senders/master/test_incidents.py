"""What befalls single regions: told ahead to their receivers, and written down as it was."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from _hookswarm.protocol.faults import Delay, FaultOrder
from _hookswarm.protocol.outage import Outage, OutageSeen
from _hookswarm.records.clock import Clock
from _hookswarm.records.timeline import IncidentPlayed, Timeline, read_timeline
from _hookswarm.senders.master.control import Controls
from _hookswarm.senders.master.incidents import Incidents
from _hookswarm.senders.plan.stages import Incident, Stage
from tests.support.obedient import Obedient, obeying
from tests.support.receivers import TOKEN

SECOND = 1_000_000_000
START = 1_000 * SECOND
BEGIN, END = START + 2 * SECOND, START + round(3.5 * SECOND)
SEED = 77
STAGE = Stage("failover", users=4, duration_s=9)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Controls, list[Obedient]]]:
    """Two regions."""
    monkeypatch.setenv("HOOKSWARM_TOKEN", TOKEN)
    with obeying("eu", Clock()) as (eu, told_eu), obeying("us", Clock()) as (us, told_us):
        yield Controls([eu, us]), [told_eu, told_us]


def incidents(*found: Incident) -> Incidents:
    return Incidents(3, replace(STAGE, incidents=found), START, SEED, [0, 1])


def written(folder: Path) -> list[IncidentPlayed]:
    return [entry for entry in read_timeline(folder) if isinstance(entry, IncidentPlayed)]


@pytest.mark.parametrize("kind", ["refused", "frozen"])
def test_an_outage_is_told_and_written_as_it_was(
    world: tuple[Controls, list[Obedient]], tmp_path: Path, kind: str
) -> None:
    """To end or start processes takes a while: of several regions it lasted from the first to the last."""
    controls, (eu, us) = world
    outage = incidents(Incident(kind, 2.0, 1.5, regions=(0, 1)))  # type: ignore[arg-type]  # a list of stand-ins
    outage.tell(controls)
    assert eu.told == us.told == [Outage(kind, BEGIN, END)]  # type: ignore[arg-type]  # likewise
    eu.seen, us.seen = [OutageSeen(BEGIN + 5, END + 7)], [OutageSeen(BEGIN + 3, END + 9)]
    outage.write(controls, Timeline(tmp_path))
    (entry,) = written(tmp_path)
    assert (entry.at_ns, entry.until_ns, entry.stage, entry.fault) == (BEGIN + 3, END + 9, 3, kind)
    assert (entry.regions, entry.origins, entry.period_s) == ([0, 1], [0, 1], None)


@pytest.mark.parametrize(
    ("incident", "period_s"),
    [
        (Incident("slow", 2.0, 1.5, regions=(1,), delay=Delay(2.0)), None),
        (Incident("errors", 2.0, 1.5, regions=(1,), period_s=0.5), None),
        (Incident("flapping", 2.0, 1.5, regions=(1,), period_s=0.5), 0.5),
    ],
)
def test_faults_befall_their_region_with_the_stages_seed(
    world: tuple[Controls, list[Obedient]], tmp_path: Path, incident: Incident, period_s: float | None
) -> None:
    """From when on and until when is planned; only what flaps has a period."""
    controls, (eu, us) = world
    told = incidents(incident)
    told.tell(controls)
    assert incident.faults
    assert eu.told == []
    assert us.told == [FaultOrder(replace(incident.faults, seed=SEED), BEGIN, END, period_s)]
    told.write(controls, Timeline(tmp_path))
    (entry,) = written(tmp_path)
    assert (entry.at_ns, entry.until_ns, entry.regions, entry.period_s) == (BEGIN, END, [1], period_s)


def test_a_cut_is_the_senders_business(world: tuple[Controls, list[Obedient]], tmp_path: Path) -> None:
    """No receiver is told; who should notice are its origins, or all where none is named."""
    controls, (eu, us) = world
    cuts = incidents(Incident("cut", 2.0, 1.5, regions=(1,), origins=(0,)), Incident("cut_back", 2.0, 1.5))
    cuts.tell(controls)
    assert eu.told == us.told == []
    cuts.write(controls, Timeline(tmp_path))
    assert [(entry.fault, entry.origins) for entry in written(tmp_path)] == [("cut", [0]), ("cut_back", [0, 1])]
