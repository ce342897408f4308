"""What a service answers to what is wrong, and what we say of it: tables that are like its own, tried by `check`."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from _hookswarm.analysis.schema.base import Model
from _hookswarm.runner.service_check import Found
from _hookswarm.senders.service.table import Publish, load_service
from benchmarks.services.runs import CHECKOUT, Own, Wrong

FILLER = "{filler}"
TOLD_MOST = 300
"""Characters of an answer that are kept."""


class Refusal(Model):
    """One wrong thing."""

    wrong: str
    answer: str
    """The service's, to the request that it was in."""
    told: str
    """By us, at the end."""


def refusals(own: Own, env: Mapping[str, str]) -> list[Refusal]:
    """Each wrong thing that the service's row names, tried. A minute at most each."""
    with TemporaryDirectory() as folder:
        return [
            _refusal(name, table_of(Path(folder), own.name, wrong), {**env, **wrong.env})
            for name, wrong in own.wrong.items()
        ]


def _refusal(name: str, table: Path, env: Mapping[str, str]) -> Refusal:
    print(f"{name} …", flush=True)
    command = [sys.executable, "-m", "hookswarm.service", "check", str(table), "--json"]
    paths = {"PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(command, cwd=table.parent, env={**env, **paths}, capture_output=True, text=True, timeout=120)
    if not done.stdout:
        return Refusal(wrong=name, answer="", told=done.stderr.strip().splitlines()[-1])
    found = Found.model_validate_json(done.stdout)
    told = (found.faults[0] if found.faults else "all is well").removeprefix(f"{table.stem}: ")
    where = "publish" if found.accepted else told.partition(":")[0]
    answer = next((step.answer for step in found.steps if step.step == where), "nothing")
    return Refusal(wrong=name, answer=answer[:TOLD_MOST], told=told)


def table_of(folder: Path, service: str, wrong: Wrong) -> Path:
    """A file that is like the service's own table, with this wrong in how an event is published."""
    publish = load_service(service).publish
    body = publish.body
    if wrong.replace:
        assert wrong.replace in body, f"the body that {service} is published to has no {wrong.replace!r}: {body}"
        body = body.replace(wrong.replace, wrong.by.replace(FILLER, "x" * wrong.filler_bytes))
    given = publish.model_copy(update={"body": body, "largest_bytes": None})
    file = folder / f"{service}.toml"
    file.write_text(f'like = "{service}"\n[publish]\n{_toml(given)}')
    return file


def _toml(publish: Publish) -> str:
    """Its keys; JSON's texts and lists are TOML's."""
    plain: dict[str, Any] = publish.model_dump(mode="json", exclude_defaults=True)
    headers = plain.pop("headers", {})
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in plain.items()]
    return "".join(
        [*lines, "[publish.headers]\n", *(f'"{key}" = {json.dumps(text)}\n' for key, text in headers.items())]
    )
