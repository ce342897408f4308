"""The tree of errors is what its drawing says, and has no class outside."""

import ast
import re

from _hookswarm.common import errors
from tests.support.receivers import CHECKOUT

NO_FAULTS = {"Halted", "Refused", "Unknown"}
ROOTS = {"Exception", "BaseException", "ValueError", "RuntimeError", "OSError", "TypeError", "KeyError", "LookupError"}


def _classes() -> dict[str, ast.ClassDef]:
    """Every exception class of ours by name, from the sources: to import all of them would load Locust."""
    classes = {
        node.name: node
        for path in sorted((CHECKOUT / "_hookswarm").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    }
    found: dict[str, ast.ClassDef] = {}
    while new := {name: node for name, node in classes.items() if {*_bases(node)} & (ROOTS | {*found})} | found:
        if len(new) == len(found):
            return found
        found = new
    return found


def _bases(node: ast.ClassDef) -> list[str]:
    return [base.id for base in node.bases if isinstance(base, ast.Name)]


def test_the_drawing_is_the_tree() -> None:
    """Each error stands under its base in the docstring of `common.errors`."""
    drawn: dict[str, str] = {}
    above: list[str] = []
    for prefix, name in re.findall(r"^([│├└─ ]*)(\w+Error)\b", errors.__doc__ or "", re.M):
        del above[len(prefix) // 4 :]
        drawn[name] = above[-1] if above else "Exception"
        above.append(name)
    assert drawn == {name: _bases(node)[0] for name, node in _classes().items() if name not in NO_FAULTS}


def test_every_exception_is_in_the_tree_or_says_that_it_is_no_fault() -> None:
    """A class that the command does not catch would end in a traceback."""
    classes = _classes()
    assert {name for name in classes if not name.endswith("Error")} == NO_FAULTS
    assert all("No fault" in (ast.get_docstring(classes[name]) or "") for name in NO_FAULTS)
