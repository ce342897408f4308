"""The plans of all chosen tests, before the first of them begins."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NamedTuple

from _hookswarm.common.errors import ConfigError
from _hookswarm.runner.options import theirs
from _hookswarm.runner.receivers import own_regions
from _hookswarm.runner.tests import LOCUSTFILES, TESTS, Test
from _hookswarm.senders.plan.made_payloads import named_functions
from _hookswarm.senders.plan.plan import NothingLeftError, Plan, arranged, make_plan
from _hookswarm.senders.plan.settings import Settings, at_regions
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.tables import read_table, stages_of


class Prepared(NamedTuple):
    """A test that can be run."""

    test: Test
    settings: Settings
    """At the regions that it will have; of receivers that are to be started, ports are not the last word."""
    plan: Plan


class Outlook(NamedTuple):
    """What will be run."""

    tests: dict[str, Prepared]
    left_out: dict[str, str]
    """Tests that nobody asked for by name, and why they have nothing to do."""
    doubts: list[str]
    """What can be done, and hardly was meant."""
    starts: bool
    """Whether the receivers are yet to be started."""


def plan_tests(options: argparse.Namespace, settings: Settings) -> Outlook:
    """Plan every chosen test. Raises ConfigError that names every fault of all of them."""
    ours = not theirs(options)
    faults: list[str] = []
    at: dict[str, Settings] = {}
    stages: dict[str, Sequence[Stage]] = {}
    for name, test in TESTS.items():
        if options.test and name not in options.test:
            continue
        try:
            at[name] = at_regions(settings, own_regions(test, options)) if ours else settings
            table = read_table(LOCUSTFILES / test.file)
            at[name] = replace(at[name], functions=named_functions(table.payloads))
            stages[name] = stages_of(table, at[name])
        except ConfigError as error:
            faults += [f"test {name}: {fault}" for fault in error.faults]
    names = {name: [stage.name for stage in arranged(own, at[name])] for name, own in stages.items()}
    if not faults:  # else the stages of some test are not known
        faults += stage_faults(settings.stages, names)
    if faults:
        raise ConfigError(faults)
    return Outlook(*_plans(stages, at, bool(options.test)), doubts=[], starts=ours)


def _plans(
    stages: Mapping[str, Sequence[Stage]], at: Mapping[str, Settings], all_of_them: bool
) -> tuple[dict[str, Prepared], dict[str, str]]:
    """The plans of the tests, and why others have none; where all are wanted, that is a fault."""
    faults: list[str] = []
    found: dict[str, Prepared] = {}
    left_out: dict[str, str] = {}
    for name, own in stages.items():
        try:
            found[name] = Prepared(TESTS[name], at[name], make_plan(own, at[name]))
        except NothingLeftError as error:
            left_out[name] = str(error)
        except ConfigError as error:
            faults += [f"test {name}: {fault}" for fault in error.faults]
    if all_of_them or not found:
        faults += [f"test {name}: {why}; choose others by --test" for name, why in left_out.items()]
    if faults:
        raise ConfigError(faults)
    return found, left_out


def stage_faults(patterns: Sequence[str], names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A phrase for each pattern that names no stage of some test; `names` has the stages of each."""
    every = [name for own in names.values() for name in own]
    for pattern in patterns:
        having = [test for test, own in names.items() if any(fnmatchcase(name, pattern) for name in own)]
        if not having:
            near = get_close_matches(pattern, every, 1)
            meant = f"write {near[0]!r}, or " if near else ""
            yield f"--stages: no stage is named {pattern!r}: {meant}see --list"
        elif len(having) < len(names):
            yield f"--stages: {pattern!r} is a stage of {', '.join(having)} alone: add --test {' '.join(having)}"


def names_there(tests: Mapping[str, Prepared]) -> dict[str, set[str]]:
    """By a check's scopes, the names that there will be; a search for capacity makes stages of its own, and a
    calibration other rates."""
    stages = [stage for prepared in tests.values() for stage in prepared.plan.stages]
    regions = {region.name for prepared in tests.values() for region in prepared.settings.regions}
    classed = [stage for stage in stages if stage.classes]
    told = {
        "test": set(tests),
        "stage": {stage.name for stage in stages},
        "scenario": {stage.scenario for stage in stages},
        "class": {own.name for stage in classed for own in stage.classes} | ({"others"} if classed else set()),
        "strategy": {stage.strategy for stage in stages},
        "region": regions,
        "origin": regions,
    }
    calibrated = any(one.settings.service and one.settings.rate is None for one in tests.values())
    if calibrated or any(stage.limits for stage in stages):
        del told["stage"]
    return told
