"""The rotation of a secret: deliveries that were not verified, before it and after it."""

from dataclasses import replace

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reporting.markdown import markdown_summary
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.rotations import Rotation
from _hookswarm.records.rows import Flag, Outcome
from _hookswarm.records.timeline import StageEnded
from tests.support.journals import MS, SECOND, START, Row, arrival, attempt, run


def rotated(frames: RunFrames, at_s: float = 0.5, lasted_s: float = 2) -> RunFrames:
    manifest = frames.manifest.model_copy(update={"options": {"rotate_at": at_s}})
    ended = [
        one.model_copy(update={"at_ns": START + round(lasted_s * SECOND)}) if isinstance(one, StageEnded) else one
        for one in frames.timeline
    ]
    return replace(frames, manifest=manifest, timeline=ended)


def found(frames: RunFrames) -> tuple[int, int, int, int]:
    (one,) = analyse(frames).performance.rotations or []
    assert one.at_s == 0.5
    return one.before, one.unverified_before, one.after, one.unverified_after


def refused(n: int, ms: int, status: int = 401, **more: int) -> Row:
    return attempt(n, due=START + ms * MS, outcome=Outcome.REJECTED, status=status, **more)


TAKEN = [attempt(0), attempt(1, due=START + 499 * MS), attempt(2, due=START + 500 * MS)]


def test_what_ours_refuse_for_its_signature_is_counted() -> None:
    """By when it was sent; another status says nothing of the secret; a retry of the same event is no second one."""
    rows = [*TAKEN, refused(3, 100), refused(4, 600), refused(5, 700, status=503), refused(4, 800, attempt=2)]
    assert found(rotated(run(rows, [arrival(row) for row in TAKEN]))) == (3, 1, 3, 1)


def test_a_401_that_was_planned_is_none_of_these() -> None:
    """A receiver of ours writes a fault down, and its arrival with it; what it cannot verify it does not."""
    fault = refused(3, 600)
    arrivals = [*(arrival(row) for row in TAKEN), arrival(fault, status=401, flags=Flag.WRITTEN | Flag.FAULT)]
    assert found(rotated(run([*TAKEN, fault, refused(4, 600)], arrivals))) == (2, 0, 3, 1)


def test_of_others_all_that_was_not_accepted_is_counted() -> None:
    """Whatever the status, or none; not what a later attempt brought, nor what was broken off."""
    rows = [
        *TAKEN,
        refused(3, 600, status=400),
        attempt(4, due=START + 600 * MS, outcome=Outcome.READ_TIMEOUT),
        refused(5, 600, status=503),
        attempt(5, due=START + 700 * MS, attempt=2),
        attempt(6, due=START + 800 * MS, outcome=Outcome.INTERRUPTED),
    ]
    assert found(rotated(run(rows, None))) == (2, 0, 5, 2)


def test_without_a_rotation_nothing_is_said() -> None:
    """Nor of a stage that was over by then."""
    frames = run(TAKEN, [arrival(row) for row in TAKEN])
    assert analyse(frames).performance.rotations is None
    assert analyse(rotated(frames, at_s=3)).performance.rotations is None


def test_it_is_told_in_a_table() -> None:
    """A line for each stage, with all four counts; and what was not verified is a reason that changes no verdict."""
    section = analyse(rotated(run([*TAKEN, refused(3, 600)], [arrival(row) for row in TAKEN]))).performance
    assert section.rotations == [
        Rotation(stage=section.stages[0].name, at_s=0.5, before=2, unverified_before=0, after=2, unverified_after=1)
    ]
    (note,) = [reason for reason in section.verdict.reasons if reason.code == "secret_not_verified"]
    told = "1 of 2 deliveries after the secret changed were not verified; give the receiver the next secret "
    assert note.message.startswith(f"{section.stages[0].name}: {told}")
    assert f"| {section.stages[0].name} | 0.5 | 2 | 0 | 2 | 1 |" in markdown_summary([section], [])
