"""The rooms of the house, their wings, and the walls between them: who may import whom."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.receivers import CHECKOUT

HOUSE = "_hookswarm"

MAY_IMPORT: dict[str, set[str]] = {
    "common": set(),
    "protocol": {"common"},
    "records": {"common", "protocol"},
    "senders": {"common", "protocol", "records"},
    "receiver": {"common", "protocol", "records"},
    "analysis": {"common", "records"},
    "runner": {"common", "protocol", "records", "senders", "receiver", "analysis"},
}
"""A room's own is always allowed, and so is what stands in the house's `__init__`."""

STRANGERS = {"senders.worker": "senders.master", "senders.master": "senders.worker"}
"""Wings that meet only through what they say to each other."""


def modules() -> dict[str, Path]:
    """Every module of the house by its name: `senders.plan.stages`; a package goes by its own."""
    found = {}
    for path in sorted((CHECKOUT / HOUSE).rglob("*.py")):
        parts = path.relative_to(CHECKOUT / HOUSE).with_suffix("").parts
        if parts[0] in MAY_IMPORT:
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imported(source: str) -> Iterator[str]:
    """The modules that a module imports, wherever in it, by whatever form of the statement: with what is taken of them.

    A relative import is told by its dots: it is nobody's.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def ours(path: Path) -> set[str]:
    """The modules of the house that a file imports, as `MODULES` names them; what else reaches us begins with "!"."""
    found = set()
    for name in imported(path.read_text()):
        top, _, rest = name.partition(".")
        if top == HOUSE:
            found.add(rest if rest in MODULES else rest.rpartition(".")[0])
        elif not top or top in {"hookswarm", "tests", "benchmarks", "locustfiles", *MAY_IMPORT}:
            found.add(f"!{name}")  # the door, relative, or by a name that only the checkout has
    return found - {""}


def unit(module: str) -> str:
    """A room's wing, or a file on top of the wings, which counts as a room of its own."""
    return ".".join(module.split(".")[:2])


def arrows(room: str) -> dict[str, set[str]]:
    """Inside a room: which wing, or top file, imports which others."""
    found: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        if name.startswith(f"{room}."):
            others = {unit(other) for other in ours(path) if other.startswith(f"{room}.")}
            found.setdefault(unit(name), set()).update(others - {unit(name)})
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_stands_on(room: str) -> None:
    """No module reaches through a wall, not even inside a function or for types only."""
    allowed = {room, *MAY_IMPORT[room]}
    inside = {name: path for name, path in MODULES.items() if name.split(".")[0] == room}
    assert inside
    breaches = {
        name: wrong
        for name, path in inside.items()
        if (wrong := {o for o in ours(path) if o.split(".")[0] not in allowed})
    }
    assert breaches == {}


@pytest.mark.parametrize("room", ["senders", "analysis"])
def test_wings_have_no_circle_and_import_nothing_on_top_of_them(room: str) -> None:
    """Imports run downwards only: from the files on top to the wings, and from wing to wing without a way back."""
    found = arrows(room)
    wings = {name for name in found if (CHECKOUT / HOUSE / name.replace(".", "/")).is_dir()}
    assert wings
    assert {wing: upwards for wing in wings if (upwards := found[wing] - wings)} == {}
    assert set(TopologicalSorter(found).static_order()) == set(found)  # raises CycleError


@pytest.mark.parametrize("wing", STRANGERS)
def test_worker_and_master_never_meet(wing: str) -> None:
    """The sending side and the conducting side share messages, and no code of their own."""
    assert STRANGERS[wing] not in arrows("senders")[wing]


@pytest.mark.parametrize("path", sorted((CHECKOUT / "locustfiles").glob("*.py")), ids=lambda path: path.stem)
def test_a_locustfile_uses_the_door(path: Path) -> None:
    """What our own tests need, a user's locustfile can have, too."""
    assert {name.split(".")[0] for name in ours(path)} <= {"!hookswarm"}
    assert HOUSE not in path.read_text()


def test_every_form_of_import_is_seen() -> None:
    """The tests above would miss a breach that they do not recognise."""
    source = """
import a.b, c as d
from e.f import g
from . import h
from .i import j
from .. import k
if TYPE_CHECKING:
    import l
def function():
    from m import n
"""
    assert set(imported(source)) == {"a.b", "c", "e.f.g", "..h", ".i.j", "...k", "l", "m.n"}
