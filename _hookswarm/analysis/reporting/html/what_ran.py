"""What was run, in a line: of which target, with which options, when, for how long, and on what."""

from collections.abc import Iterator

from _hookswarm.analysis.schema.report import Run
from _hookswarm.common.wording import clock

CHOSEN = (
    "target", "endpoints", "service", "provider", "quick", "stages", "duration", "rate", "max_rate", "strategy",
    "payloads", "retry_profile", "transport",
)  # fmt: skip
"""Options that say what was run."""


def what_ran(run: Run) -> str:
    """`run …, 2026-11-30 15:29:38 UTC, 64 s, seed 1, target …; 2 cores, AMD EPYC, Python 3.11.7, Locust 2.47.0`."""
    told = [f"run {run.id}", f"{run.started_at:%Y-%m-%d %H:%M:%S %Z}"]
    if run.ended_at:
        told.append(clock((run.ended_at - run.started_at).total_seconds()))
    told.append(f"seed {run.seed}")
    told += [_option(name, value) for name in CHOSEN if (value := run.options.get(name))]
    about = run.environment
    host = [f"{about.get('cpu_count', '?')} cores", str(about.get("cpu_model") or "")]
    host.append(f"Python {about.get('python', '?')}")
    if locust := (about.get("versions") or {}).get("locust"):
        host.append(f"Locust {locust}")
    return f"{', '.join(told)}; {', '.join(filter(None, host))}"


def _option(name: str, value: object) -> str:
    plain = name.replace("_", " ")
    return plain if value is True else f"{plain} {f'{value:g}' if isinstance(value, float) else value}"


def skipped(run: Run) -> Iterator[str]:
    """Which stages were not played, a line for each reason."""
    for need in sorted(set(run.left_out.values())):
        names = [name for name, reason in run.left_out.items() if reason == need]
        yield f"skipped because they need {need}: {', '.join(names)}"
