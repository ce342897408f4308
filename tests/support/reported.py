"""Reports of a real run of all five tests, as version 1 wrote them, shortened; tests change what they ask about."""

import json
from collections.abc import Callable
from typing import Any

from _hookswarm.analysis.schema.cpu import CpuSection
from _hookswarm.analysis.schema.files import CPU, IO, MEMORY, MODELS, PERFORMANCE
from _hookswarm.analysis.schema.io import IoSection
from _hookswarm.analysis.schema.memory import MemorySection
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.sections import Sections
from tests.support.receivers import CHECKOUT

FOLDER = CHECKOUT / "tests/data/version-1"
Plain = dict[str, Any]


def sections_of(test: str, change: Callable[[Plain], object] = lambda plain: None) -> Sections:
    """A test's section of each report; `change` gets them before they are read, by their files' names."""
    plain: Plain = {}
    for name in MODELS:
        told = json.loads((FOLDER / name).read_text())["sections"]
        if test in told:
            plain[name] = told[test]
    change(plain)
    found = {name: MODELS[name].model_validate({"sections": {test: own}}).sections[test] for name, own in plain.items()}
    performance, memory, cpu, io = (found.get(name) for name in (PERFORMANCE, MEMORY, CPU, IO))
    assert isinstance(performance, Section)
    assert memory is None or isinstance(memory, MemorySection)
    assert cpu is None or isinstance(cpu, CpuSection)
    assert io is None or isinstance(io, IoSection)
    return Sections(performance, memory, cpu, io)


def stage_of(plain: Plain, name: str) -> Plain:
    """A stage of the performance report."""
    found: Plain = next(one for one in plain[PERFORMANCE]["stages"] if one["name"] == name)
    return found
