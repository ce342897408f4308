"""The run's folder as the master keeps it: manifest, timeline, Locust's own files."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from locust.env import Environment

from _hookswarm.common.wording import with_remedy
from _hookswarm.records.manifest import CalibrationRecord, LinksRecord, Manifest, RegionRecord, new_run_id
from _hookswarm.records.resources import available
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import RunEnded, Timeline
from _hookswarm.senders.exchange.messages import RUN_VARIABLE
from _hookswarm.senders.master.locust_stats import LocustFiles
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage, to_plain
from _hookswarm.senders.plan.strategies import STRATEGIES


class RunFolder:
    """Made when a run begins, closed when it ends. Raises OSError."""

    def __init__(self, environment: Environment, settings: Settings, test: str, plan: Plan) -> None:
        now = datetime.now(UTC)
        self.manifest = Manifest(
            id=os.environ.get(RUN_VARIABLE) or new_run_id(test, now),
            test=test,
            seed=settings.seed,
            started_at=now,
            options=settings.options,
            stages=[to_plain(stage) for stage in plan.stages],
            left_out=plan.left_out,
            regions=[
                RegionRecord(
                    name=region.name,
                    url=region.url,
                    receiver=region.control is not None,
                    control=region.control,
                    weight=region.weight,
                )
                for region in settings.regions
            ],
            links=_links(settings),
            strategies=list(STRATEGIES),
            outcomes={outcome.value: outcome.name.lower() for outcome in Outcome},
            environment=_environment_facts(),
        )
        self.path = settings.results / self.manifest.id
        self.path.mkdir(parents=True, exist_ok=True)
        self.manifest.save(self.path)
        self.timeline = Timeline(self.path)
        self._files = LocustFiles(environment, self.path)

    def add_stage(self, stage: Stage) -> int:
        """Add a stage at the plan's end, as a search does; returns its number."""
        self.manifest.stages.append(to_plain(stage))
        self.manifest.save(self.path)
        return len(self.manifest.stages) - 1

    def replan(self, stages: Sequence[Stage], calibration: CalibrationRecord) -> None:
        """Put these in the place of the plan's stages, before the first of them begins."""
        self.manifest.stages[: len(stages)] = [to_plain(stage) for stage in stages]
        if self.manifest.service:
            self.manifest.service.calibration = calibration
        self.manifest.save(self.path)

    def between_stages(self) -> None:
        """Nothing is being sent: write what would hold senders up."""
        self._files.write_tables()

    def close(self, at_ns: int, interrupted: bool, error: str, untested: str, left_out: list[int]) -> None:
        """Write the end; `error` says why a run ended before its plan did, `untested` why it did so in order,
        `left_out` which stages need not be played. Raises OSError, and has written then what could be.
        """
        fault = None
        try:
            self._files.close()
        except OSError as failure:  # the end is shorter: it may find the room that these did not
            fault, error = failure, error or f"cannot write {with_remedy(failure)}"
        self.manifest.ended_at = datetime.now(UTC)
        self.manifest.interrupted = interrupted
        self.manifest.save(self.path)
        self.timeline.add(
            RunEnded(at_ns=at_ns, interrupted=interrupted, error=error, untested=untested, left_out=left_out)
        )
        if fault:
            raise fault


def _links(settings: Settings) -> LinksRecord | None:
    links, names = settings.links, [region.name for region in settings.regions]
    if links is None:
        return None
    rtt_ms = [[links.rtt_s(one, other) * 1e3 for other in names] for one in names]
    return LinksRecord(rtt_ms=rtt_ms, modelled=settings.modelled, source=f"{links.source} ({links.as_of})")


def _environment_facts() -> dict[str, Any]:
    """Versions, processor, load; `psutil` says why it is missing, if it is."""
    model = ""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        pass
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu_model": model or platform.processor(),
        "cpu_count": os.cpu_count(),
        "load_average": list(os.getloadavg()),
        "psutil": available(),
        "versions": {name: version(name) for name in ("locust", "gevent", "granian", "httptools", "numpy", "pandas")},
    }
