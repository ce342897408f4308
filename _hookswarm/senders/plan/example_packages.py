"""Installed packages of example payloads, whose layouts are data: `example_packages.toml`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.toml import read_toml
from _hookswarm.common.wording import and_more
from _hookswarm.senders.plan.body_files import SHOWN, Body, Reader, is_type

LAYOUTS = Path(__file__).with_name("example_packages.toml")
MANIFEST = "package.json"
DEEP = 3
"""How far above the path that is given a package's own folder is looked for."""


class Package(NamedTuple):
    """One that is installed, and how it lays out its examples."""

    root: Path
    name: str
    version: str
    layout: dict[str, Any]


def package_of(path: Path) -> Package | None:
    """The known package whose folder, or one within it, this is."""
    if not path.is_dir():
        return None
    for root in (path, *path.absolute().parents[:DEEP]):
        if (root / MANIFEST).is_file():
            try:
                manifest = json.loads((root / MANIFEST).read_bytes())
            except (OSError, ValueError, RecursionError):
                return None
            told = manifest if isinstance(manifest, dict) else {}
            name = told.get("name")
            layout = read_toml(LAYOUTS).get(name) if isinstance(name, str) else None
            return Package(root, str(name), str(told.get("version", "")), layout) if layout else None
    return None


def packaged(package: Package, path: Path, reader: Reader) -> tuple[list[Body], list[str], str]:
    """Its bodies, the file of each, and what to call all of it. Raises ConfigError that names every fault, OSError."""
    folder = _folder(package, path)
    bodies: list[Body] = []
    names: list[str] = []
    faults: list[str] = []
    for file in sorted(folder.glob(package.layout["files"])):
        try:
            own = list(_bodies(json.loads(reader.read(file)), package.layout))
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            if isinstance(error, ConfigError):
                raise
            faults.append(f"--payloads {file}: not as {package.name} {package.layout['as_of']} has it: install that")
            continue
        bodies += own
        names += [str(file.relative_to(folder))] * len(own)
    if faults:
        more = and_more(len(faults) - SHOWN, "files").strip()
        raise ConfigError(faults[:SHOWN] + [more] * bool(more))
    return bodies, names, f"{package.name} {package.version}, {folder.relative_to(package.root)}"


def _folder(package: Package, path: Path) -> Path:
    """The one that is named, or the last of them: a newer one is further down."""
    patterns = package.layout["folders"]
    there = [one for pattern in patterns for one in sorted(package.root.glob(pattern)) if one.is_dir()]
    if not there:
        said = f"no {' or '.join(patterns)} in {package.name}: install {package.layout['as_of']}"
        raise ConfigError([f"--payloads {path}: {said}"])
    if path.absolute() == package.root.absolute():
        return there[-1]
    found = [one for one in there if one.absolute() == path.absolute()]
    if not found:
        named = ", ".join(str(one.relative_to(package.root)) for one in reversed(there))
        said = f"{package.name} has no examples there: name {package.root}, or in it one of {named}"
        raise ConfigError([f"--payloads {path}: {said}"])
    return found[0]


def _bodies(content: Any, layout: dict[str, Any]) -> Iterator[Body]:
    """As senders spell JSON: without white space. Raises KeyError, TypeError and ValueError where it is otherwise."""
    for entry in content if isinstance(content, list) else [content]:
        kind = entry[layout["type"]]
        examples = entry[layout["examples"]] if "examples" in layout else [entry[layout["example"]]]
        for example in examples:
            text = json.dumps(example, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            yield Body(text.encode(), kind if is_type(kind) else "")
