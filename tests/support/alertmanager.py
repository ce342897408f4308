"""A real Alertmanager as a webhook delivery service. CI installs it; elsewhere the tests that need it skip.

An alert is an event: its label `webhook` says which endpoint it is for, `id` which event it is, and the annotation
`payload` holds its payload as text. It notifies once for each set of labels.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.support.needs import required
from tests.support.receivers import free_port, wait_until

ALERTMANAGER = shutil.which("prometheus-alertmanager", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
CONFIGURATION = """\
# An alert that no route takes goes to nobody. Retries end with the group's interval.
route:
  receiver: nobody
  group_by: ["..."]
  group_wait: 0s
  group_interval: 5m
  routes: [{routes}]
receivers:
- name: nobody
{receivers}
"""
ROUTE = """{{receiver: "{label}", matchers: ['webhook="{label}"']}}"""
RECEIVER = """- {{name: "{label}", webhook_configs: [{{url: "{url}", send_resolved: false}}]}}"""


class Endpoint(NamedTuple):
    label: str
    """The value of the label `webhook` of its events."""
    url: str


def configuration(endpoints: Sequence[Endpoint]) -> str:
    """With a route and a receiver for each."""
    routes = ", ".join(ROUTE.format(label=label) for label, _ in endpoints)
    receivers = "\n".join(RECEIVER.format(label=label, url=url) for label, url in endpoints)
    return CONFIGURATION.format(routes=routes, receivers=receivers)


@dataclass(frozen=True)
class Alertmanager:
    url: str
    """Of its API: `POST /api/v2/alerts` publishes, `POST /-/reload` reads the configuration again."""
    configuration: Path
    process: "subprocess.Popen[bytes]"
    log: Path

    def reload(self, endpoints: Sequence[Endpoint]) -> None:
        """These are its endpoints from now on. What was not delivered yet is sent again at once, as a first attempt."""
        self.configuration.write_text(configuration(endpoints))
        answer = httpx.post(f"{self.url}/-/reload", timeout=30, trust_env=False)
        assert answer.status_code == httpx.codes.OK, answer.text


@contextmanager
def alertmanager(folder: Path, endpoints: Sequence[Endpoint] = ()) -> Iterator[Alertmanager]:
    """One with these endpoints, ready, its configuration and what it keeps in `folder`; gone afterwards."""
    program = required(ALERTMANAGER, "Alertmanager", "apt-get install prometheus-alertmanager")
    port, path, log = free_port(), folder / "alertmanager.yml", folder / "alertmanager.log"
    path.write_text(configuration(endpoints))
    command = [program, f"--config.file={path}", f"--storage.path={folder / 'alertmanager'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _ready(url) or process.poll() is not None, 30)
        assert process.poll() is None, log.read_text()
        yield Alertmanager(url, path, process, log)
    finally:
        process.kill()  # it has nothing to keep
        process.wait()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", trust_env=False).is_success
    except httpx.TransportError:
        return False
