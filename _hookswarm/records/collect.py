"""Fetch what receivers of other hosts wrote of a run, over their control APIs, into the run's folder here."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import without_number
from _hookswarm.protocol.credentials import control_token
from _hookswarm.protocol.refusal import refusal_reason
from _hookswarm.records.manifest import Manifest, RegionRecord, RunError
from _hookswarm.records.writing import naming

PATIENCE_S = 30.0


def collect(folder: Path, say: Callable[[str], object] = lambda _: None) -> Iterator[Path]:
    """The files that were fetched; those that are here already, and whole, are left alone.

    `say` is told of each region. Raises RunError, and then what came is whole.
    """
    manifest = Manifest.load(folder)
    regions = [region for region in manifest.regions if region.control]
    if not regions:
        say("no region of this run has a control API to ask")
        return
    try:
        headers = {"Authorization": f"Bearer {control_token()}"}
    except ConfigError as error:
        raise RunError(str(error)) from None
    with httpx.Client(headers=headers, timeout=PATIENCE_S, trust_env=False) as client:
        for region in regions:
            say(f"{region.name}: {region.control}")
            yield from _collect(client, region, manifest.id, folder)


def _collect(client: httpx.Client, region: RegionRecord, run: str, folder: Path) -> Iterator[Path]:
    listing = f"{region.control}/runs/{run}"
    try:
        answer = client.get(listing)
        if answer.status_code != httpx.codes.OK:
            raise RunError(f"{region.name}: {listing}: {refusal_reason(answer)}")
        for name, size in _listed(region, answer):
            path = folder / name
            if not path.exists() or path.stat().st_size < size:
                _fetch(client, f"{listing}/{name}", path)
                yield path
    except httpx.HTTPError as error:
        raise RunError(
            f"{region.name}: {listing} does not answer ({without_number(error)}): start it, and run this again"
        ) from None


def _listed(region: RegionRecord, answer: httpx.Response) -> list[tuple[str, int]]:
    """Names and sizes of files; no name leads to another folder."""
    try:
        return [(Path(str(file["name"])).name, int(file["size"])) for file in answer.json()["files"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RunError(
            f"{region.name}: {answer.url} lists no files: is that a receiver of ours? Check its address"
        ) from None


def _fetch(client: httpx.Client, url: str, path: Path) -> None:
    draft = path.with_name(f".{path.name}.part")
    with naming(path):
        try:
            with client.stream("GET", url) as answer, draft.open("wb") as file:
                if answer.status_code != httpx.codes.OK:
                    answer.read()
                    raise RunError(f"{url}: {refusal_reason(answer)}")
                for chunk in answer.iter_bytes():
                    file.write(chunk)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
