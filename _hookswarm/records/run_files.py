"""Every file of a run's folder: who writes it, and what it holds. The page and `docs/run-folder.md` say it."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class RunFile:
    """`name` may have parts that differ, in <>."""

    name: str
    by: str
    holds: str

    def names(self, name: str) -> bool:
        """Whether a file of this name is one of these."""
        return re.fullmatch(re.sub(r"<\w+>", ".+", self.name.replace(".", r"\.")), name) is not None


REPORTED = "the analysis, in the folder of `--output`"
FILES = (
    RunFile("report.html", "the analysis", "The report of this run alone, to look at."),
    RunFile(
        "webhook_performance_results.json", REPORTED,
        "Of each test: verdict, findings, stages with throughput, latency and ledger, and what its questions ask for.",
    ),
    RunFile("memory_usage_results.json", REPORTED, "Memory of the processes, and how it grows."),
    RunFile("cpu_utilization_results.json", REPORTED, "CPU of the processes, by stage and over time."),
    RunFile("io_bottleneck_results.json", REPORTED, "Disk, network and which resource gave out first, by stage."),
    RunFile(
        "run.json", "Locust's master",
        "What the run was: id, seed, options, plan and environment, and the names behind the codes in the journals.",
    ),
    RunFile(
        "timeline.jsonl", "Locust's master",
        "What happened, in order: stages started and ended, with each process's own counts and failures; progress; "
        "faults and incidents; restarts and drains of a delivery service; what the observer said; lost workers.",
    ),
    RunFile(
        "attempts-<host>-<pid>.journal", "each sending process",
        "A row for each attempt, written before it is sent.",
    ),
    RunFile(
        "arrivals-<region>-<pid>.journal", "each receiving process",
        "A row for each arrival, written before it is answered.",
    ),
    RunFile(
        "fsyncs-<region>-<pid>.journal", "each receiving process with `--durability fsync`",
        "A row for each fdatasync: when it began and when it was done.",
    ),
    RunFile(
        "bodies-<region>-<pid>.ndjson", "receiver, with `--bodies`",
        "Bodies as they arrived, one a line: what `--payloads` reads.",
    ),
    RunFile(
        "evidence-<region>-<pid>.ndjson", "receiver, in stages of `conformance`",
        "Of each request of a delivery service: its event, endpoint, method, path and headers, and the far ends of the "
        "connections that were open; 20,000 a process at most.",
    ),
    RunFile(
        "resources-watched-<name>-<pid>.csv", "Locust's master, with `--watch` or `--watch-name`",
        "Samples, by psutil, of a process that you had watched: CPU, memory, disk, threads, file descriptors.",
    ),
    RunFile(
        "resources-<role>-<process>.csv", "each process that takes part, where psutil is",
        "Samples, by psutil, of a process that took part: CPU, memory, disk, threads, file descriptors.",
    ),
    RunFile(
        "machine-<host>.csv", "Locust's master, where psutil is",
        "Samples, by psutil, of the machine: CPU, memory, disks, network, sockets, pressure.",
    ),
    RunFile("series.csv", "the analysis", "What happened in every second of the run."),
    RunFile(
        "locust_stats.csv", "Locust",
        "Locust's own statistics, whole: the last row is written after the last delivery.",
    ),
    RunFile("locust_stats_history.csv", "Locust", "The same, as they were every second."),
    RunFile("locust_failures.csv", "Locust", "Failures as Locust counts them."),
    RunFile("locust_exceptions.csv", "Locust", "Exceptions that Locust caught; none is good."),
    RunFile("locust.html", "Locust", "Locust's own report."),
    RunFile("locust.log", "the runner", "What Locust printed."),
    RunFile(
        "service.json", "Locust's master, until the teardown",
        "Of a run through a service: its table, and what the set-up made, secrets included (only this user may read "
        "it); `python -m hookswarm.service clean RUN` takes that down.",
    ),
    RunFile(
        "restart-<name>.log", "Locust's master",
        "What the commands of [restart.NAME] in a service's table printed, and the service that they started.",
    ),
    RunFile("downloads", "the web UI", "Reports and tables that somebody asked for."),
)  # fmt: skip
"""In the order in which a reader may want them; of two that a name fits, the first counts."""


def file_of(name: str) -> RunFile | None:
    """None of what is no file of ours."""
    return next((file for file in FILES if file.names(name)), None)


def table() -> str:
    """All of them as a table in Markdown, for the docs."""
    rows = (f"| `{file.name}` | {file.by} | {file.holds} |" for file in FILES)
    return "\n".join(("| file | by | holds |", "|---|---|---|", *rows, ""))
