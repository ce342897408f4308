"""The public door: what `hookswarm` hands out."""

import ast
import subprocess
import sys

import hookswarm
from _hookswarm import __version__
from tests.support.receivers import CHECKOUT


def test_all_is_what_type_checkers_see() -> None:
    """`__all__` and the imports for types name the same things."""
    tree = ast.parse((CHECKOUT / "hookswarm/__init__.py").read_text())
    shown = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "_hookswarm.senders.locustfile"
        for alias in node.names
    }
    assert shown | {"__version__"} == set(hookswarm.__all__)
    assert hookswarm.__version__ == __version__


def test_all_of_it_is_there_and_locust_is_loaded_only_when_it_is_asked_for() -> None:
    """In a process of its own: importing Locust patches the standard library."""
    code = """
import sys, hookswarm
assert "locust" not in sys.modules
for name in hookswarm.__all__:
    assert getattr(hookswarm, name) is not None, name
assert "locust" in sys.modules
try:
    hookswarm.nothing
except AttributeError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "module 'hookswarm' has no attribute 'nothing'"
