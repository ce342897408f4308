"""A proxy that alters bodies between the senders and our receiver: exactly counted, and a failure on every output."""

import json
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest

from _hookswarm.analysis.verdicts.default_checks import DEFAULTS, ERROR_RATE
from _hookswarm.protocol.regions import Region, RegionTable, dump_table
from _hookswarm.records.exit_codes import Exit
from tests.support.receivers import KEY, environment, running_receiver
from tests.support.runs import BUSY, RUNNER
from tests.support.servers import Peer, Script, ScriptedServer
from tests.support.signed import sign

pytestmark = pytest.mark.slow

ALTERED = 45
EVERY = 5
STAGE = "slow tenants baseline"


def altering(address: tuple[str, int]) -> Script:
    """Hands requests on to a receiver; of every fifth the body is another one, until 45 are, with its signature."""
    lock, seen = threading.Lock(), 0

    def is_next() -> bool:
        nonlocal seen
        with lock:
            seen += 1
            return seen % EVERY == 0 and seen <= ALTERED * EVERY

    def script(peer: Peer) -> None:
        with socket.create_connection(address, timeout=10) as onward:
            while request := peer.request():
                onward.sendall(altered(request) if is_next() else request)
                answer = b""
                while b"\r\n\r\n" not in answer and (more := onward.recv(1 << 16)):
                    answer += more
                peer.send(answer)

    return script


def altered(request: bytes) -> bytes:
    """One byte of the body is another one; the signature is right, as that of a gateway that signs anew."""
    head, _, body = request.partition(b"\r\n\r\n")
    body = bytes([body[0] ^ 1]) + body[1:]
    event_id, timestamp = (_header(head, name) for name in (b"webhook-id", b"webhook-timestamp"))
    signature = sign(KEY, event_id, timestamp, body)
    head = re.sub(rb"(?i)(webhook-signature: )[^\r]*", lambda found: found[1] + signature, head)
    return head + b"\r\n\r\n" + body


def _header(head: bytes, name: bytes) -> bytes:
    found = re.search(rb"(?i)" + name + rb": ([^\r]*)", head)
    assert found
    return found[1]


def test_altered_bodies_fail_a_run_on_every_output(tmp_path: Path) -> None:
    """Exit code, terminal, JUnit, Markdown, JSON, page and report tell the check, the stage and the number: 45."""
    with running_receiver(tmp_path) as receiver, ScriptedServer(altering(receiver.address)) as proxy:
        table = RegionTable(region=(Region(name="local", url=proxy.url, control=receiver.control),))
        (tmp_path / "regions.toml").write_text(dump_table(table))
        command = [
            sys.executable,
            str(RUNNER),
            "--regions",
            "regions.toml",
            "--test",
            "load",
            "--quick",
            "--no-replay",
            "--rate",
            "100",
        ]
        command += ["--stages", STAGE, "--junit", "junit.xml", "--markdown", "summary.md", "--json"]
        ended = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=100)
    reason = f"corrupt==0: stage:{STAGE} ledger.corrupt is {ALTERED}; {DEFAULTS['corrupt==0']}"

    (told,) = json.loads(ended.stdout)["runs"]
    codes = {one["code"] for one in told["verdict"]["reasons"]}
    assert codes - BUSY == {"default_check_failed"}
    # A machine that others keep busy voids the run, and what the check found is told all the same.
    status = "void" if codes & BUSY else "fail"
    assert told["verdict"]["status"] == status
    statuses = {one["check"]: one["status"] for one in told["default_checks"]}
    skipped = status == "void"  # a disturbed stage has no error rate
    expected = dict.fromkeys(DEFAULTS, "pass") | {"corrupt==0": "fail"}
    assert statuses == (expected | {ERROR_RATE: "skipped"} if skipped else expected)
    line = f"default checks: 1 failed (corrupt {ALTERED}), {2 if skipped else 3} held in 1 stage"

    screen = " ".join(ended.stderr.split())
    assert ended.returncode == (Exit.VOID if status == "void" else Exit.FAIL), screen
    assert f"{status.upper()} load" in screen
    assert f"default_check_failed: {reason}" in screen
    assert line in screen

    cases = {case.get("name"): case for case in ElementTree.parse(tmp_path / "junit.xml").iter("testcase")}
    assert [child.get("message") for child in cases["default check corrupt==0"]] == [reason]
    assert [child.tag for child in cases["verdict"]] == ["error" if status == "void" else "failure", "system-out"]

    summary = (tmp_path / "summary.md").read_text()
    assert reason in summary
    assert line in summary
    assert line in (tmp_path / "report.html").read_text()

    section = json.loads((tmp_path / "webhook_performance_results.json").read_text())["sections"]["load"]
    assert section["default_checks"] == told["default_checks"]
    (stage,) = section["stages"]
    assert (stage["ledger"]["corrupt"], stage["ledger"]["balanced"]) == (ALTERED, True)
    assert stage["deliveries"]["acknowledged"] == stage["deliveries"]["due"] > ALTERED * EVERY
