"""Stages in which a service, or a store of it, is ended and started again: one for each that its table names."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.table import Service

EACH = "*"


def with_restarts(stages: Sequence[Stage], service: Service, first_only: bool) -> tuple[Stage, ...]:
    """The plan with a stage for each restart in place of one for `*`, which stays where the table names none."""
    names = list(service.restart)[: 1 if first_only else None]
    return tuple(
        made
        for stage in stages
        for made in (
            [replace(stage, restart=name, name=f"{stage.name} {name}") for name in names]
            if stage.restart == EACH and names
            else [stage]
        )
    )


def restart_at_s(stage: Stage, seed: tuple[int, int]) -> float:
    """The moment, in seconds from the stage's start: anywhere in the middle third of its length."""
    length_s = stage.length_s or 0.0
    return length_s * (1 + Random(f"restart {seed}").random()) / 3
