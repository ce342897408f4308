"""Runs of one stage through a delivery service that does wrong on purpose, and which events each wrong befell."""

import os
from collections import Counter
from pathlib import Path

import numpy as np

from _hookswarm.records.rows import Flag
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.service_books import Told, publishing

EVENTS = 2_400
STAGE = Stage("published", users=8, webhooks=40, arrivals=Constant(400), events=EVENTS, payload="thin")
"""Events go to the endpoints in turn: of each one 10 a second, so that no two of it are published at a time."""
SEEDS = range(1, int(os.environ.get("HOOKSWARM_SEEDS", "1")) + 1)


def run(folder: Path, *faults: str, seed: int = 1, stage: Stage = STAGE, options: tuple[str, ...] = ()) -> Told:
    """One stage through a service that keeps each endpoint's order."""
    seeds = "--seed", str(seed)
    with publishing(folder, [stage], "--ordered", *seeds, *faults, options=(*seeds, *options)) as running:
        pass
    return running.told()


def repeated(told: Told) -> Counter[str]:
    """The events that were taken more than once."""
    (stage,) = told.played
    assert stage.published
    assert stage.arrived
    times = np.bincount(stage.arrived.event[stage.arrived.taken], minlength=len(stage.published))
    return told.events(times > 1)


def flagged(told: Told, flag: Flag) -> Counter[str]:
    """The events of the arrivals that bear this flag."""
    (stage,) = told.played
    assert stage.published
    assert stage.arrived
    rows = stage.arrived.rows.rows
    events = stage.arrived.event[(rows["flags"] & flag != 0) & (stage.arrived.event >= 0)]
    return told.events(np.isin(np.arange(len(stage.published)), events))


def lost(told: Told) -> Counter[str]:
    """The events that were found to be lost."""
    (stage,) = told.played
    assert stage.unarrived
    return told.events(stage.unarrived.lost)
