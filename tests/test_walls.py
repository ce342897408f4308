"""The rooms of the project and the walls between them: who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]

MAY_IMPORT: dict[str, set[str]] = {
    "protocol": set(),
    "records": {"protocol"},
    "senders": {"protocol", "records"},
    "receiver": {"protocol", "records"},
    "analysis": {"records"},
    "locustfiles": {"senders"},
}
NOT_FOR_ROOMS = {"tests", "benchmarks", "run_webhook_performance_tests"}


def imported(source: str) -> Iterator[str]:
    """The top-level packages that a module imports, wherever in it, by whatever form of the statement."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # A relative import stays in its package: two dots would leave it, and are nobody's.
            yield (node.module or "").partition(".")[0] if node.level == 0 else "." * (node.level - 1)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_stands_on(room: str) -> None:
    """No module reaches through a wall, not even inside a function or for types only."""
    modules = sorted((CHECKOUT / room).rglob("*.py"))
    assert modules
    forbidden = ({*MAY_IMPORT, ".", ".."} | NOT_FOR_ROOMS) - MAY_IMPORT[room] - {room}
    breaches = {
        str(module.relative_to(CHECKOUT)): found
        for module in modules
        if (found := sorted(forbidden & set(imported(module.read_text()))))
    }
    assert breaches == {}


def test_every_form_of_import_is_seen() -> None:
    """The test above would miss a breach that it does not recognise."""
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
    assert set(imported(source)) == {"a", "c", "e", "", ".", "l", "m"}
