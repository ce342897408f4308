"""What the tests on a real engine share."""

import pytest

from tests.support.compose import Project


@pytest.fixture(scope="module")
def image() -> str:
    """The image of this checkout: one that an earlier run left behind would else be taken for it."""
    Project("hookswarm-build", {}).compose("build", "master", timeout_s=600)
    return "hookswarm"
