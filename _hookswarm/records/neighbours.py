"""What stands beside a run's folder: other runs, and what receivers took while no run was on."""

from pathlib import Path

from _hookswarm.protocol.identity import NO_RUN, run_tag
from _hookswarm.records.manifest import MANIFEST


def journals_of_no_run(folder: Path) -> list[Path]:
    """The arrivals' journals that receivers wrote while no run was on, if they share the results' folder."""
    return sorted((folder.parent / NO_RUN).glob("arrivals-*.journal"))


def runs_by_tag(folder: Path) -> dict[int, str]:
    """The run and those beside it, by what their rows say."""
    names = [manifest.parent.name for manifest in folder.parent.glob(f"*/{MANIFEST}")]
    return {run_tag(name): name for name in names}
