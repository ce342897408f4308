"""What is said of a stage that delivered every event twice: which duplicates got through, and how to hold them."""

from collections.abc import Iterator, Sequence

from _hookswarm.analysis.schema.duplicates import Duplicates, Kind
from _hookswarm.analysis.schema.verdict import Reason
from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.common.wording import figure

WAYS: dict[Kind, str] = {
    "later": "repeated after a while",
    "at_once": "repeated at the same instant",
    "ack_lost": "repeated after a lost acknowledgement",
    "interleaved": "repeated among newer ones",
}
"""What happened to its events, in words."""

REMEDIES: dict[Kind, str] = {
    "later": "keep the id of every event that was handled, and look it up",
    "at_once": "a look before the insert is too early: let a unique index on the event's id decide, in the transaction "
    "that makes the effect",
    "ack_lost": "keep the event's id with its effect, before you answer",
    "interleaved": "keep the ids of all events for days, not of the last one",
}


def failures(found: Sequence[Duplicates]) -> Iterator[Reason]:
    """Stages whose effects are not one for each event."""
    for one in found:
        if one.passed is not False:
            continue
        what = f"{one.stage}: {one.events:,} events, {WAYS[one.kind]}, had {one.effects:,g} effects"
        if one.extra:
            message = f"{what}: {one.extra:,g} duplicates got through; {REMEDIES[one.kind]}"
            yield Reason(code=Code.DUPLICATES_GOT_THROUGH, message=message)
        else:
            message = f"{what}, and {one.acknowledged:,} were acknowledged; {Code.EFFECTS_MISSING.advice}"
            yield Reason(code=Code.EFFECTS_MISSING, message=message)


def unknown(found: Sequence[Duplicates]) -> Iterator[Reason]:
    """Stages of which nothing is known."""
    for one in found:
        if one.passed is None and one.fault:
            yield Reason(code=Code.EFFECTS_UNKNOWN, message=f"{one.stage}: {one.fault}")


def row(one: Duplicates) -> tuple[str, str, str, str, str]:
    """A line of a table: see `HEADER`."""
    verdict = {True: "held", False: "GOT THROUGH" if one.extra else "MISSING", None: "unknown"}[one.passed]
    effects, apart = ("-" if one.effects is None else f"{one.effects:,g}", figure(one.apart_ms))
    return WAYS[one.kind], f"{one.events:,}", effects, apart, verdict


HEADER = ("duplicates", "events", "effects", "ms apart", "")
