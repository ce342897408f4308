"""A delivery service of one's own, as docs/your-service.md has it: its table tried, taken down, and run through."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from tests.support.delivery_services import DeliveryService, delivery_service
from tests.support.own_service import DOC, own_table
from tests.support.receivers import environment, wait_until
from tests.support.runs import RUNNER

pytestmark = pytest.mark.slow

STAGES = ("--test", "load", "--quick", "--stages", "sustained", "--duration", "1s", "--no-replay")
BEARER = 'values = { token = "${OWN_TOKEN}" }'


@pytest.fixture
def service(tmp_path: Path) -> Iterator[DeliveryService]:
    with delivery_service(tmp_path) as running:
        yield running


def check(folder: Path, url: str, *options: str, **env: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "hookswarm.service", "check", "own.toml", *options]
    told = environment(OWN_URL=url, **env)
    return subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, timeout=60)


def run(folder: Path, url: str, *options: str, **env: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(RUNNER), "--service", "own.toml", *(options or STAGES)]
    told = environment(OWN_URL=url, **env)
    return subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, timeout=120)


def plain(text: str) -> list[str]:
    """Lines without what is another one each time."""
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    text = re.sub(r"\d{8}-\d{6}-check-\w{4}-\w{6}", "RUN", text)
    text = re.sub(r"(ten|ep)_\w{16}", r"\1_ID", text)
    text = re.sub(r"msg_\w+_ffff_0_0(\.\w+\.\w+\.\w+)?", "MARK", text)
    text = re.sub(r'"text":"\w*"', '"text":""', text)
    text = re.sub(r"[\d.]+ ms", "MS", text)
    return re.sub(r"MS (before|after) the", "MS after the", text).splitlines()


def test_the_documented_table_is_well_and_prints_what_the_document_shows(
    tmp_path: Path, service: DeliveryService
) -> None:
    """The doc's parts, put together, are the table; what is printed is the doc's, but for numbers and ids."""
    own_table(tmp_path)
    done = check(tmp_path, service.url)
    assert (done.returncode, done.stderr) == (Exit.PASS, ""), done.stdout
    blocks = re.findall(r"```\w*\n(.*?)```", DOC.read_text(), re.DOTALL)
    (shown,) = (block for block in blocks if "arrived:" in block)
    assert plain(done.stdout) == plain(shown)
    assert service.stats()["endpoints"] == 0
    assert list((tmp_path / "results").glob("*")) == []


def test_both_names_of_the_command_do_the_same(tmp_path: Path, service: DeliveryService) -> None:
    """`python -m senders.service` is that of a checkout."""
    own_table(tmp_path)
    command = [sys.executable, "-m", "senders.service", "check", "own.toml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(OWN_URL=service.url), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (Exit.PASS, ""), done.stdout


def test_all_that_is_wrong_with_a_table_is_said_at_once(tmp_path: Path) -> None:
    """Before anything is sent."""
    own_table(tmp_path, **{"{tenant}": "{tenent}", "{url}": "{uri}"})
    done = check(tmp_path, "http://127.0.0.1:1")
    assert done.returncode == Exit.USAGE
    assert "{tenent}" in done.stderr
    assert "{uri}" in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_service_that_does_not_run_is_said_in_a_line(tmp_path: Path) -> None:
    """By the check, and by a run before anything is started."""
    own_table(tmp_path)
    done = check(tmp_path, "http://127.0.0.1:1")
    assert done.returncode == Exit.FAIL
    assert "api: cannot reach 127.0.0.1:1: Connection refused: start it, or check the address" in done.stdout
    done = run(tmp_path, "http://127.0.0.1:1")
    assert done.returncode == Exit.USAGE
    assert done.stderr == (
        "error: own: api: cannot reach 127.0.0.1:1: Connection refused: start it, or check the address\n"
    )


def test_tokens_are_masked_wherever_they_are_shown(tmp_path: Path) -> None:
    """In requests and answers, also one that no key speaks of as a secret; and what is wrong with them is told."""
    with delivery_service(tmp_path, "--token", "hush-hush-1") as service:
        headers = 'headers = { Authorization = "Bearer {pass}" }\nrequest = '
        own_table(tmp_path, 'values = { pass = "${OWN_TOKEN}" }', **{"request = ": headers})
        right = check(tmp_path, service.url, "--json", OWN_TOKEN="hush-hush-1")
        assert right.returncode == Exit.PASS, right.stderr
        assert "hush-hush-1" not in right.stdout + right.stderr
        found = json.loads(right.stdout)
        assert (found["accepted"], found["arrived"]["payload"], found["faults"]) == (True, "bytes kept", [])
        assert found["arrived"]["id_headers"] == ["webhook-id"]
        wrong = check(tmp_path, service.url, OWN_TOKEN="hush-hush-2")
        assert wrong.returncode == Exit.FAIL
        assert "answered 401" in wrong.stdout
        assert "see whether the table's token is right" in wrong.stdout
        assert "hush-hush" not in wrong.stdout + wrong.stderr
        done = run(tmp_path, service.url, OWN_TOKEN="hush-hush-2")
        assert done.returncode == Exit.UNTESTED, done.stdout + done.stderr
        assert "answered 401" in " ".join(done.stdout.split())
        assert not (tmp_path / "webhook_performance_results.json").exists()


def test_a_signature_that_does_not_verify_has_its_mend(tmp_path: Path, service: DeliveryService) -> None:
    """The table names another provider than the one that it signs as."""
    own_table(tmp_path, 'delivers = "github"')
    done = check(tmp_path, service.url)
    assert done.returncode == Exit.FAIL
    assert 'not well: the signature does not verify: it does with signed = "{id}.{timestamp}.{body}", ' in done.stdout


def test_rewritten_bytes_are_told_and_are_well(tmp_path: Path) -> None:
    """The value is the same."""
    with delivery_service(tmp_path, "--rewrite") as service:
        own_table(tmp_path)
        done = check(tmp_path, service.url)
    assert done.returncode == Exit.PASS, done.stdout
    assert "payload: bytes rewritten, the value kept" in done.stdout


def test_what_never_arrives_is_told_with_its_likeliest_cause(tmp_path: Path) -> None:
    """By the check; and a run ends there, before any load, with nothing left behind."""
    with delivery_service(tmp_path, "--never-deliver") as service:
        own_table(tmp_path, 'drain_s = 0.5\nloopback = "set ALLOW_LOOPBACK=1"')
        done = check(tmp_path, service.url)
        assert done.returncode == Exit.FAIL
        assert "the event was accepted, and did not arrive within" in done.stdout
        assert "set ALLOW_LOOPBACK=1" in done.stdout
        done = run(tmp_path, service.url)
        said = " ".join(done.stdout.split())
        assert done.returncode == Exit.UNTESTED, done.stdout + done.stderr
        assert "own accepted the probe, and it did not arrive within 2 s" in said
        assert service.stats()["endpoints"] == 0
        assert service.stats()["accepted"] == 2


def test_without_the_probe_a_service_that_never_delivers_ends_after_its_drain(tmp_path: Path) -> None:
    """It says what it waits for, and the run has failed."""
    with delivery_service(tmp_path, "--never-deliver") as service:
        own_table(tmp_path, "drain_s = 2.5")
        done = run(tmp_path, service.url, *STAGES, "--no-probe", "--rate", "40")
    said = " ".join(done.stdout.split())
    assert re.search(r"waits for (\d+) of \1 accepted deliveries; nothing moved for 2 of ", said), said + done.stderr
    assert "nothing_acknowledged: nothing that was published arrived and was taken" in said
    assert done.returncode == Exit.UNTESTED, done.stdout


def test_endpoints_that_are_refused_as_loopback_name_the_setting(tmp_path: Path) -> None:
    """That of the service itself, which the table has."""
    with delivery_service(tmp_path, "--refuse-loopback") as service:
        own_table(tmp_path, 'loopback = "start it without --refuse-loopback"')
        done = check(tmp_path, service.url)
        assert done.returncode == Exit.FAIL
        assert "it may refuse loopback addresses: start it without --refuse-loopback" in done.stdout
        assert service.stats()["tenants"] == 0


def test_a_service_that_knows_endpoints_late_is_probed_until_it_does(tmp_path: Path) -> None:
    """What is published before that reaches nobody, and is in no book."""
    with delivery_service(tmp_path, "--settle", "1.5") as service:
        own_table(tmp_path, "settle_by_probe = true")
        done = run(tmp_path, service.url, *STAGES, "--rate", "40")
        accepted = service.stats()["accepted"]
    said = " ".join(done.stdout.split())
    found = re.search(r"settled: an event arrived [\d.]+ s after the set-up, after (\d+) that reached nobody", said)
    assert found, said
    assert done.returncode in (Exit.PASS, Exit.VOID), done.stdout + done.stderr
    section = json.loads((tmp_path / "webhook_performance_results.json").read_text())["sections"]["load"]
    (stage,) = section["stages"]
    assert stage["deliveries"]["due"] == accepted - int(found[1]) - 2  # one that settled, and the probe
    assert stage["ledger"]["lost"] == stage["ledger"]["unexpected"] == 0


def test_a_teardown_that_fails_is_told_and_hides_no_result(tmp_path: Path, service: DeliveryService) -> None:
    """With the command that tries it again; the report is there."""
    own_table(tmp_path, **{'"DELETE {api}/tenants/{tenant}"': '"POST {api}/events"\nbody = "{}"'})
    done = run(tmp_path, service.url, *STAGES, "--rate", "40")
    said = " ".join(done.stdout.split())
    assert done.returncode in (Exit.PASS, Exit.VOID), done.stdout + done.stderr
    assert "not taken down: own: POST {api}/events: POST" in said
    assert "answered 422" in said
    (kept,) = (tmp_path / "results").glob("*/service.json")
    assert f"`python -m hookswarm.service clean results/{kept.parent.name}`" in said
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "webhook_performance_results.json").exists()


def start(folder: Path, url: str, *command: str) -> "subprocess.Popen[str]":
    told = environment(OWN_URL=url)
    log = subprocess.PIPE
    return subprocess.Popen([sys.executable, *command], cwd=folder, env=told, stdout=log, stderr=log, text=True)


def test_ctrl_c_while_a_check_waits_takes_down(tmp_path: Path) -> None:
    """Nothing is left at the service, nor here."""
    with delivery_service(tmp_path, "--never-deliver") as service:
        own_table(tmp_path, "drain_s = 60")
        checking = start(tmp_path, service.url, "-m", "hookswarm.service", "check", "own.toml")
        wait_until(lambda: service.stats()["accepted"] == 1, 30)
        checking.send_signal(signal.SIGINT)
        said, _ = checking.communicate(timeout=20)
        assert checking.returncode == Exit.INTERRUPTED
        assert "\nDELETE {api}/tenants/{tenant}\n" in said
        assert service.stats()["endpoints"] == 0
    assert list((tmp_path / "results").glob("*")) == []


def test_ctrl_c_during_the_set_up_of_a_run_takes_down(tmp_path: Path) -> None:
    """Also while it is asked to slow down."""
    with delivery_service(tmp_path, "--rate-limit", "30") as service:
        own_table(tmp_path)
        running = start(tmp_path, service.url, str(RUNNER), "--service", "own.toml", *STAGES)
        wait_until(lambda: service.stats()["endpoints"] > 10, 40)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=60)
        assert running.returncode == Exit.INTERRUPTED, said
        assert (service.stats()["endpoints"], service.stats()["accepted"]) == (0, 0)
        assert said.count("own: all that was set up there is taken down") == 1
    assert not list((tmp_path / "results").glob("*/service.json"))


def test_ctrl_c_during_a_run_takes_down(tmp_path: Path, service: DeliveryService) -> None:
    """The run is reported as interrupted."""
    own_table(tmp_path)
    stages = ("--test", "load", "--quick", "--stages", "sustained", "--duration", "60s", "--rate", "20")
    running = start(tmp_path, service.url, str(RUNNER), "--service", "own.toml", *stages)
    wait_until(lambda: service.stats()["accepted"] > 10, 40)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == Exit.INTERRUPTED, said
    assert service.stats()["endpoints"] == 0
    assert not list((tmp_path / "results").glob("*/service.json"))


def test_what_a_killed_run_left_is_taken_down_by_its_folder_alone(tmp_path: Path, service: DeliveryService) -> None:
    """Without the table, and without the environment; a second time there is nothing left."""
    table = own_table(tmp_path)
    running = start(tmp_path, service.url, str(RUNNER), "--service", "own.toml", *STAGES, "--rate", "20")
    wait_until(lambda: service.stats()["accepted"] > 3, 40)
    running.kill()
    running.communicate(timeout=20)
    table.unlink()
    assert service.stats()["endpoints"] == 1000
    (folder,) = (path.parent for path in (tmp_path / "results").glob("*/service.json"))
    command = [sys.executable, "-m", "hookswarm.service", "clean", str(folder)]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (Exit.PASS, "")
    assert done.stdout == "own: taken down: DELETE {api}/tenants/{tenant}: 1\n"
    assert service.stats()["endpoints"] == 0
    again = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    assert again.returncode == Exit.USAGE
    assert "holds no service.json" in again.stderr


def test_a_second_ctrl_c_gives_up_and_names_the_command_that_takes_down(
    tmp_path: Path, service: DeliveryService
) -> None:
    """The service answers nothing any more; the run ends at once."""
    own_table(tmp_path)
    stages = ("--test", "load", "--quick", "--stages", "sustained", "--duration", "60s", "--rate", "20")
    running = start(tmp_path, service.url, str(RUNNER), "--service", "own.toml", *stages)
    wait_until(lambda: service.stats()["accepted"] > 10, 40)
    service.process.send_signal(signal.SIGSTOP)
    try:
        running.send_signal(signal.SIGINT)
        time.sleep(2)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=30)
    finally:
        service.process.send_signal(signal.SIGCONT)
    (kept,) = (tmp_path / "results").glob("*/service.json")
    assert f"`python -m hookswarm.service clean results/{kept.parent.name}`" in " ".join(said.split())
    assert running.returncode == Exit.INTERRUPTED
