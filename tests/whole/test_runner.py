"""The main command as people use it: a whole run, Ctrl-C, bad input, a full disk."""

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from _hookswarm.analysis.verdicts.outcome import CommandOutcome
from _hookswarm.common.errors import ConfigError
from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.options import make_parser
from _hookswarm.runner.preflight import preflight
from tests.support.receivers import environment, free_port, small_disk, wait_until
from tests.support.runs import RUNNER, running

pytestmark = pytest.mark.slow

REPORT = "webhook_performance_results.json"


def _start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(RUNNER), *options]
    return subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _run(folder: Path, *options: str, timeout_s: float = 100) -> tuple[int, str, str]:
    process = _start(folder, *options)
    try:
        out, err = process.communicate(timeout=timeout_s)
    finally:
        process.kill()
    return process.returncode, out, err


def _undisturbed(folder: Path, *options: str) -> tuple[int, str, str, Path]:
    """A run whose machine disturbed no stage: another is made again. And its folder."""
    for number in range(3):
        own = folder / str(number)
        own.mkdir()
        code, out, err = _run(own, *options)
        if code != Exit.VOID and not _disturbed(own):
            break
    return code, out, err, own


def _disturbed(folder: Path) -> list[str]:
    """Its stages that were, which have no figures; each may have been played once more."""
    sections = json.loads((folder / REPORT).read_text())["sections"].values()
    return [stage["name"] for section in sections for stage in section["stages"] if stage["disturbed"]]


@pytest.mark.alone
def test_the_short_run_passes_and_keeps_other_sections(tmp_path: Path) -> None:
    """`--quick`, and then some of its stages: each in summary and report, and sections of other tests left alone."""
    code, out, _, tmp_path = _undisturbed(tmp_path, "--test", "performance", "--quick")
    assert code == Exit.PASS, out
    assert "PASS performance" in out
    assert "concurrent users=64" in out
    assert max(map(len, out.splitlines())) <= 100
    report = json.loads((tmp_path / REPORT).read_text())
    section = report["sections"].pop("performance")
    assert section["verdict"]["status"] == "pass"
    retries = ["retry failing"] * 2 + ["retry outage"] * 2 + ["retry ack lost"] * 2
    scenarios = ["sequential"] * 4 + ["concurrent"] * 3 + retries + ["memory"] * 9
    assert [stage["scenario"] for stage in section["stages"]] == scenarios
    assert all(stage["ledger"]["balanced"] and stage["throughput_per_s"] > 0 for stage in section["stages"])
    memory = json.loads((tmp_path / "memory_usage_results.json").read_text())["sections"]["performance"]
    assert memory["skipped"] is None
    assert memory["run"]["id"] == section["run"]["id"]
    assert [stage["name"] for stage in memory["stages"]] == [stage["name"] for stage in section["stages"]][-9:]
    assert set(memory["fits"]) == {"sender", "receiver"}
    report["sections"]["distribution"] = section
    (tmp_path / REPORT).write_text(json.dumps(report))
    assert _run(tmp_path, "--test", "performance", "--quick", "--stages", "sequential *")[0] == Exit.PASS
    sections = json.loads((tmp_path / REPORT).read_text())["sections"]
    assert sections["distribution"] == section
    assert {stage["scenario"] for stage in sections["performance"]["stages"]} == {"sequential"}


@pytest.mark.alone
def test_the_short_load_test_passes(tmp_path: Path) -> None:
    """`--test load --quick`: the slow tenants are told apart, and every second of every stage is in series.csv."""
    code, out, _, tmp_path = _undisturbed(tmp_path, "--test", "load", "--quick", "--rate", "100", "--duration", "3s")
    assert code == Exit.PASS, out
    section = json.loads((tmp_path / REPORT).read_text())["sections"]["load"]
    stages = {stage["scenario"]: stage for stage in section["stages"]}
    assert stages["sustained"]["parameters"]["duration_s"] == 3
    slow, others = (_class(stages["slow tenants"], name) for name in ("slow", "others"))
    assert slow["latency_ms"]["delivery"]["p50"] > 100 > others["latency_ms"]["delivery"]["p50"]
    (series,) = (tmp_path / "results").glob("*/series.csv")
    rows = list(csv.DictReader(series.open()))
    told = [stage for stage in section["stages"] if not stage["disturbed"]]  # of a disturbed one there are no figures
    assert sum(int(row["offered"]) for row in rows) == sum(stage["deliveries"]["due"] for stage in told)
    assert max(map(len, out.splitlines())) <= 100


def _class(stage: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [entry for entry in stage["classes"] if entry["name"] == name]
    assert isinstance(found, dict)
    return found


@pytest.mark.alone
@pytest.mark.parametrize("options", [[], ["--processes", "2"]])
def test_ctrl_c_writes_the_report_and_leaves_nothing_behind(tmp_path: Path, options: list[str]) -> None:
    """Interrupted in a stage, it ends within seconds, reports what was measured with balanced books, and exits 130."""
    for number in range(3):
        own = tmp_path / str(number)
        own.mkdir()
        section = _interrupted(own, options)
        if section["verdict"]["status"] != "void":  # a disturbed run is made again
            break
    assert section["verdict"]["status"] == "pass", section["verdict"]
    assert "interrupted" in [reason["code"] for reason in section["verdict"]["reasons"]]
    assert sum(stage["deliveries"]["acknowledged"] for stage in section["stages"]) > 0


def _interrupted(folder: Path, options: list[str]) -> dict[str, Any]:
    """What is reported of a run that was interrupted in a stage, and left nothing behind."""
    process = _start(folder, "--test", "performance", *options)
    try:
        wait_until(lambda: _written(folder) > 5_000 * 64, 40)
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == Exit.INTERRUPTED, (out, err)
    assert time.monotonic() - began < 20
    assert len(started) >= 4
    assert not [child for child in started if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    report: dict[str, dict[str, Any]] = json.loads((folder / REPORT).read_text())["sections"]
    return report["performance"]


def _written(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("results/*/attempts-*"))


@pytest.mark.alone
def test_the_owner_of_an_endpoint_needs_no_receiver_of_ours(tmp_path: Path) -> None:
    """`--target`: the sender's side alone is reported, and the receiver's is null."""
    port = free_port()
    bodies = tmp_path / "bodies.ndjson"
    bodies.write_text('{"mine":1}\n{"mine":2}\n')
    with running(["tests.support.known_server", str(port)], port, tmp_path):
        target = f"http://127.0.0.1:{port}/hooks"
        options = ["--test", "performance", "--quick", "--stages", "sequential *,concurrent *,retry *"]
        options += ["--target", target, "--payloads", str(bodies), "--json"]
        code, out, err, tmp_path = _undisturbed(tmp_path, *options)
    assert code == Exit.PASS, out
    told = CommandOutcome.model_validate_json(out)  # and nothing else
    assert (told.exit_code, told.runs[0].stages[0].acknowledged, told.runs[0].stages[0].lost) == (0, 100, None)
    assert all(Path(tmp_path, path).exists() for path in told.reports)
    stage = json.loads((tmp_path / REPORT).read_text())["sections"]["performance"]["stages"][0]
    assert stage["deliveries"]["acknowledged"] == 100
    assert stage["ledger"]["received"] is None
    assert "skipped because they need receivers of ours that fail as planned: retry failing" in " ".join(err.split())
    assert "payloads: 2 bodies, 10 B\n" in err


def _fails(folder: Path, *options: str) -> str:
    """The one line that a bad command prints."""
    code, out, err = _run(folder, *options, timeout_s=30)
    assert code == Exit.USAGE, (out, err)
    assert err.count("\n") == 1, err
    assert err.startswith("error: ")
    assert not list(folder.glob("results/*/*"))
    return err


def test_another_provider_is_played_by_both_sides(tmp_path: Path) -> None:
    """Receivers that the command starts verify as their provider signs: by Twilio the URL and the fields of a form."""
    options = ["--test", "load", "--quick", "--stages", "sustained", "--duration", "2s", "--provider", "twilio"]
    code, out, err = _run(tmp_path, *options)
    assert code in (Exit.PASS, Exit.VOID), out + err  # other tests run beside it
    assert "signed as twilio: $HOOKSWARM_SECRET, taken as one line of text" in out
    (stage,) = json.loads((tmp_path / REPORT).read_text())["sections"]["load"]["stages"]
    assert stage["ledger"]["received"] == stage["deliveries"]["acknowledged"] > 0
    assert stage["ledger"]["corrupt"] == 0


def test_large_bodies_of_ones_own_reach_our_receivers(tmp_path: Path) -> None:
    """A receiver takes 1 MiB unless it is told otherwise; those that a run starts take what the run sends."""
    bodies = tmp_path / "bodies.json"
    bodies.write_text(json.dumps({"text": "x" * (3 << 20)}))
    options = ["--test", "performance", "--quick", "--stages", "sequential webhooks=1 *", "--payloads", str(bodies)]
    code, out, err = _run(tmp_path, *options)
    assert code in (Exit.PASS, Exit.VOID), out + err  # other tests run beside it
    stage = json.loads((tmp_path / REPORT).read_text())["sections"]["performance"]["stages"][0]
    assert stage["deliveries"]["acknowledged"] == stage["deliveries"]["due"] > 0


def test_bad_input_names_every_fault_at_once(tmp_path: Path) -> None:
    """Six faults of one command line are all in the one line that it prints."""
    (tmp_path / "empty.json").write_text("")
    (tmp_path / "file").write_text("")
    options = [
        "--test",
        "performance",
        "nonsense",
        "--balancer",
        "haproxy",
        "--processes",
        "-1",
        "--payloads",
        "empty.json",
    ]
    error = _fails(tmp_path, *options, "--target", "http://example.com/", "--output", "file/x", "--seed", "-1")
    for part in ("nonsense", "--balancer", "--processes", "empty.json", "--allow-remote", "--output"):
        assert part in error
    assert "--seed" in error


def test_impossible_retries_are_named_at_once(tmp_path: Path) -> None:
    """A profile of one's own with three faults, and a scale that is none: all in one line."""
    table = tmp_path / "profiles.toml"
    law = "retries = 70000\ndelay_s = -1\ncap_s = -2\n"
    table.write_text(f'[mine]\nsource = "a dream"\nas_of = 2026-11-22\n{law}')
    options = ["--retry-profile", "mine", "--retry-profiles", str(table), "--time-scale", "0"]
    error = _fails(tmp_path, "--quick", *options)
    for part in ("--time-scale", "retries is 70000", "delay_s is -1", "cap_s -2 is below the first delay"):
        assert part in error
    assert "'nobody'" in _fails(tmp_path, "--quick", "--retry-profile", "nobody")


@pytest.mark.alone
def test_the_short_resource_test_names_bottlenecks(tmp_path: Path) -> None:
    """`--test resource --quick`, with a process of ours watched: three reports, each stage with its verdict."""
    code, out, err = _run(tmp_path, "--test", "resource", "--quick", "--watch", str(os.getpid()))
    assert code in (Exit.PASS, Exit.VOID), (out, err)  # sender and receiver share two cores
    found = {
        name: json.loads((tmp_path / f"{name}_results.json").read_text())["sections"]["resource"]
        for name in ("memory_usage", "cpu_utilization", "io_bottleneck")
    }
    assert all(section["skipped"] is None for section in found.values())
    assert {trend["role"] for trend in found["memory_usage"]["trends"]} >= {"sender", "receiver-local"}
    assert {stage["scenario"] for stage in found["cpu_utilization"]["stages"]} == {"sustained memory", "cpu", "io"}
    stages = {stage["name"]: stage for stage in found["io_bottleneck"]["stages"]}
    fresh = stages["io reuse=False"]
    assert (fresh["connections_share"], fresh["bottleneck"] == "none") == (1.0, False)
    assert 0 < fresh["connecting_share"] < 0.5  # over loopback it costs CPU more than time
    fsync, plain = (stages[f"io durability={how} payload=1000"] for how in ("fsync", "os"))
    assert fsync["fsync_ms"]["count"] > 0 == plain["fsync_ms"]["count"]
    assert fsync["disk_writes_per_s"] > plain["disk_writes_per_s"]
    (watched,) = (tmp_path / "results").glob("*/resources-watched-*.csv")
    assert len(watched.read_text().splitlines()) > 10
    assert max(map(len, out.splitlines())) <= 100


def test_processes_to_watch_must_be_there(tmp_path: Path) -> None:
    """An id that nobody has is named before anything runs."""
    assert "--watch 999999999: there is no such process" in _fails(tmp_path, "--quick", "--watch", "999999999")


def test_an_unreachable_target_is_named_before_anything_runs(tmp_path: Path) -> None:
    """A port that nobody listens on is a usage error with its address."""
    port = free_port()
    assert f"127.0.0.1:{port}" in _fails(tmp_path, "--quick", "--target", f"http://127.0.0.1:{port}/")


def test_an_unreachable_balancer_is_named_before_anything_runs(tmp_path: Path) -> None:
    """Of a table that names one."""
    table = tmp_path / "regions.toml"
    url = f"http://127.0.0.1:{free_port()}/"
    table.write_text(f'[[region]]\nname = "a"\nurl = "{url}"\n[balancer.haproxy]\nhash = "{url}"\n')
    assert "balancer hash: cannot reach 127.0.0.1" in _fails(tmp_path, "--quick", "--regions", str(table))


def test_a_table_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    """A typing error in a TOML file is named with its place."""
    table = tmp_path / "regions.toml"
    table.write_text('[[region]]\nname = "a"\nurl = "http://127.0.0.1:1/"\nwieght = 2\n')
    assert "region 1: wieght" in _fails(tmp_path, "--regions", str(table))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--test", "distribution"], "--balancer haproxy: HAProxy is not installed: apt-get install haproxy"),
        (["--test", "load"], "--balancer is for the test 'distribution'"),
        (["--regions", "mine.toml"], "name yours in your table, [balancer]"),
    ],
)
def test_a_balancer_that_cannot_be_is_named(options: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for by name where it is not installed, for a test without regions, or before regions that are not ours."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(ConfigError, match=re.escape(said)):
        preflight(make_parser().parse_args(["--quick", "--balancer", "haproxy", *options]))


def test_a_report_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    """A results file that is none of ours is refused before the run, and stays as it was."""
    (tmp_path / REPORT).write_text("my notes")
    assert REPORT in _fails(tmp_path, "--quick")
    assert (tmp_path / REPORT).read_text() == "my notes"


def test_a_results_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """`--results` below a file cannot be made."""
    (tmp_path / "file").write_text("")
    assert "--results" in _fails(tmp_path, "--quick", "--results", "file/results")


def test_a_full_disk_ends_the_run_with_a_message(tmp_path: Path) -> None:
    """The run is void, and says which file, why and what to do; what was written before stays readable and is
    reported. Beside it one whose output is full, one whose results are removed in mid-run: void, too, in one line each.
    """
    for name in ("small", "gone", "out"):
        (tmp_path / name).mkdir()
    short, long = (["--test", name, "--quick", "--stages"] for name in ("performance", "load"))
    with small_disk(tmp_path / "disk", "3m") as results, small_disk(tmp_path / "full", "4k") as output:
        (output / "ballast").write_bytes(bytes(4096))
        small = _start(tmp_path / "small", "--test", "performance", "--results", str(results))
        full = _start(tmp_path / "out", *short, "sequential *", "--output", str(output))
        gone = _start(tmp_path / "gone", *long, "sustained", "--rate", "50", "--duration", "60s")
        try:
            wait_until(lambda: _written(tmp_path / "gone") > 2_000, 40)
            shutil.rmtree(tmp_path / "gone" / "results")
            said = {name: process.communicate(timeout=60) for name, process in (("gone", gone), ("full", full))}
            out, err = small.communicate(timeout=100)
        finally:
            for process in (small, full, gone):
                process.kill()
    assert (small.returncode, full.returncode, gone.returncode) == (Exit.VOID,) * 3, (out, err, said)
    # Wherever a line was broken; which file met the full disk first is the disk's affair.
    assert re.search(r"\.(journal|json|jsonl|csv):Nospaceleftondevice:makeroomthere", "".join(out.split()))
    section = json.loads((tmp_path / "small" / REPORT).read_text())["sections"]["performance"]
    assert section["stages"][0]["deliveries"]["acknowledged"] == 1_000
    (line,) = said["full"][1].splitlines()
    assert line.startswith(f"error: {output / REPORT}: No space left on device: ")
    assert "python -m hookswarm.analysis" in line
    (line,) = said["gone"][1].splitlines()
    assert re.fullmatch(r"error: results/\S+/run.json is gone: .* run it again", line)


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """`python -m hookswarm.receiver` on a taken port says which one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "hookswarm.receiver", "--port", str(port), "--control-port", str(free_port())]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=30)
    assert done.returncode == Exit.USAGE
    assert f"127.0.0.1:{port}" in done.stderr
