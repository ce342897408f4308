"""What a test needs of the machine: CI has it; elsewhere the test skips."""

import os

import pytest


def required(found: str | None, name: str, how: str) -> str:
    """`found`, where that program or file is; without it the test skips and says `how` to get it. In CI it fails."""
    if not found:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed, and CI must not skip what it shows: {how}")
        pytest.skip(f"{name} is not installed: {how}")
    return found
