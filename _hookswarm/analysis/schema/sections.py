"""What a run has to say: its section of each report file."""

from dataclasses import dataclass, field

import pandas as pd

from _hookswarm.analysis.schema.cpu import CpuSection
from _hookswarm.analysis.schema.io import IoSection
from _hookswarm.analysis.schema.memory import MemorySection
from _hookswarm.analysis.schema.report import Section


@dataclass
class Sections:
    """None where the run's plan tests no such thing."""

    performance: Section
    memory: MemorySection | None = None
    cpu: CpuSection | None = None
    io: IoSection | None = None
    series: pd.DataFrame = field(default_factory=pd.DataFrame)
    """What happened in every second of every stage, for `series.csv`."""
