"""A stage where the receivers are not ours: without what only dresses them, or not at all."""

from dataclasses import replace

from _hookswarm.senders.plan.stages import CUTS, Stage


def undressed(stage: Stage) -> Stage:
    """Without a response time, a set-up and classes, which mean nothing to others' receivers."""
    return replace(
        stage,
        response=None,
        classes=(),
        receiver_workers=None,
        receiver_threads=None,
        backlog=None,
        durability=None,
        bodies=None,
        evidence=None,
    )


def needs_ours(stage: Stage) -> str:
    """What a stage needs receivers of ours for, as a phrase; empty: it does not."""
    if stage.faults or any(incident.fault not in CUTS for incident in stage.incidents):
        return "receivers of ours that fail as planned"
    return "receivers of ours that do as planned" if stage.ours else ""
