"""Runs of the command through the tests' own delivery service."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from _hookswarm.analysis.schema.report import Section
from tests.support.delivery_services import DeliveryService
from tests.support.receivers import environment
from tests.support.runs import BUSY, RUNNER, analyse, codes

TABLE = """
addresses = {{ api = "{url}" }}
{more}

[group]
size = {group}

[[setup]]
each = "group"
request = "POST {{api}}/tenants"
body = '{{"name": "{{run}}-{{group}}"}}'
keep = {{ tenant = "data.id" }}

[[setup]]
each = "endpoint"
request = "POST {{api}}/tenants/{{tenant}}/endpoints"
body = '{{"url": "{{url}}", "secret": "{{secret}}"}}'
keep = {{ endpoint = "data.id" }}

[publish]
request = "POST {{api}}/events"
body = '{{"id": "{{event_id}}", {addressed}, "payload": {{payload}}}}'
accept = ["status in 202", 'body ~ "duplicate": false']
fan_out = "{fan_out}"

[retry]
waits_s = [{waits}]

[[teardown]]
each = "group"
request = "DELETE {{api}}/tenants/{{tenant}}"
"""


class Ran(NamedTuple):
    """A run of one test."""

    section: Section
    """Disturbed stages keep their figures."""
    code: int
    said: str

    @property
    def faults(self) -> set[str]:
        """The codes of its verdict, but for those that others on the machine cause, and notes of what is as planned."""
        return codes(self.section) - BUSY - {"held_back", "generator_bound_stages", "deliveries_reordered"}


def own_table(folder: Path, service: DeliveryService, waits: str = "0.2, 0.4, 0.8", tenant_of: int = 0) -> Path:
    """A table of the tests' service: `own.toml`."""
    return write_table(folder, service.url, waits, tenant_of)


def write_table(folder: Path, url: str, waits: str = "0.2, 0.4, 0.8", tenant_of: int = 0, more: str = "") -> Path:
    """The same at an address. `tenant_of`: events go to tenants of so many endpoints, and not to endpoints; `more`:
    other lines of it.
    """
    path = folder / "own.toml"
    addressed = '"tenant": "{tenant}"' if tenant_of else '"endpoint": "{endpoint}"'
    fan_out = "group" if tenant_of else "endpoint"
    text = TABLE.format(url=url, group=tenant_of or 20, addressed=addressed, fan_out=fan_out, waits=waits, more=more)
    path.write_text(text)
    return path


def run_through(folder: Path, table: Path, test: str, *options: str, timeout_s: float = 100) -> Ran:
    """One test through the service of that table."""
    command = [sys.executable, str(RUNNER), "--service", str(table), "--test", test, "--no-replay", *options]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=timeout_s)
    said = done.stdout + done.stderr
    runs = sorted((folder / "results").glob("*/run.json"))
    assert runs, said
    section, _ = analyse(runs[-1].parent)
    return Ran(section, done.returncode, said)
