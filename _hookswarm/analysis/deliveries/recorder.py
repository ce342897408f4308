"""What looks at every stage of a run, and then says what it found."""

from collections.abc import Sequence

from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.sections import Sections


class Recorder:
    """Is shown each stage as it was played, whose rows are not kept; then writes what it found, in two steps."""

    def __init__(self, frames: RunFrames) -> None:
        self._frames = frames

    def add(self, stage: PlayedStage) -> None:
        """Look at one stage."""

    def annotate(self, stages: Sequence[Stage]) -> None:
        """Write into the stages themselves: the verdict reads them afterwards."""

    def fill(self, sections: Sections) -> None:
        """Write into the sections of the reports."""
