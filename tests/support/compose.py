"""docker-compose.yml on a real engine, under a project name of the test's own."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from tests.support.receivers import CHECKOUT

COMPOSE = ["docker", "compose"] if shutil.which("docker") and not shutil.which("docker-compose") else ["docker-compose"]


def engine() -> bool:
    """Whether there is one to talk to."""
    if not shutil.which("docker") or not shutil.which(COMPOSE[0]):
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=30).returncode == 0


@dataclass(frozen=True)
class Project:
    name: str
    settings: Mapping[str, str]

    def compose(self, *arguments: str, check: bool = True, timeout_s: float = 400) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMPOSE, "-p", self.name, *arguments], cwd=CHECKOUT, env=os.environ | self.settings,
            capture_output=True, text=True, timeout=timeout_s,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    def start(self, *arguments: str, log: Path) -> "subprocess.Popen[bytes]":
        with log.open("wb") as out:
            env = os.environ | self.settings
            return subprocess.Popen(
                [*COMPOSE, "-p", self.name, *arguments], cwd=CHECKOUT, env=env, stdout=out, stderr=out
            )

    def containers(self, service: str) -> list[str]:
        """Ids of a service's containers that run."""
        names = ["--filter", f"label=com.docker.compose.project={self.name}"]
        names += ["--filter", f"label=com.docker.compose.service={service}"]
        done = subprocess.run(["docker", "ps", "-q", *names], capture_output=True, text=True, check=True)
        return done.stdout.split()

    def left(self) -> list[str]:
        """Ids of its containers, running or not, and names of its volumes and networks."""
        label = f"label=com.docker.compose.project={self.name}"
        return [
            found
            for kind in (["ps", "-aq"], ["volume", "ls", "-q"], ["network", "ls", "-q"])
            for found in subprocess.run(
                ["docker", *kind, "--filter", label], capture_output=True, text=True, check=True
            ).stdout.split()
        ]

    def volume(self) -> Path:
        """Where this machine has the volume of results."""
        inspect = ["docker", "volume", "inspect", "-f", "{{.Mountpoint}}", f"{self.name}_results"]
        return Path(subprocess.run(inspect, capture_output=True, text=True, check=True).stdout.strip())

    def results(self, folder: Path) -> Path:
        """What is in it, copied."""
        shutil.copytree(self.volume(), folder)
        return folder


def section(results: Path, test: str) -> Section:
    """Of the run that is in the report in a copy of the volume of results; disturbed stages keep their figures."""
    report = PerformanceReport.model_validate_json((results / "webhook_performance_results.json").read_text())
    return analyse(load_run(results / report.sections[test].run.id), keep_disturbed=True).performance


@contextmanager
def project(name: str, **settings: str) -> Iterator[Project]:
    """One that leaves no container, volume or network behind."""
    made = Project(name, settings)
    try:
        yield made
    finally:
        profiles = [f"--profile={profile}" for profile in ("headless", "monitoring", "haproxy")]
        made.compose(*profiles, "down", "-v", "--timeout", "5", check=False)
        assert made.left() == []
