"""Which resource gave out first: each rule alone, the order of causes, and what comes next."""

from dataclasses import replace

import pytest

from _hookswarm.analysis.resources.bottleneck import NONE, Evidence, find_bottleneck

AT_EASE = Evidence(
    sender_busy=0.3, sender_starved=0.01, receiver_busy=0.2, fd_share=0.1, overflows_per_s=0.0, new_connections=0.01,
    fsync_share=0.1, disk_busy=0.1, memory_pressure=0.0, waited=0.2, inside_receiver=0.5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("local ports", {"without_port": 0.978, "new_connections": 1.0}),
        ("file descriptors", {"without_descriptor": 0.2, "new_connections": 1.0}),
        ("memory", {"without_memory": 0.2}),
        ("file descriptors", {"fd_share": 1.0}),
        ("accept queue", {"overflows_per_s": 3.0}),
        ("connection set-up", {"new_connections": 1.0}),
        ("generator CPU", {"sender_busy": 0.97}),
        ("generator CPU", {"sender_starved": 0.4}),
        ("receiver CPU", {"receiver_busy": 0.99}),
        ("disk", {"fsync_share": 0.8}),
        ("disk", {"disk_busy": 0.95}),
        ("memory", {"memory_pressure": 0.3}),
        ("target's own delay", {"waited": 1.0, "inside_receiver": 0.9}),
        ("network", {"waited": 1.0, "inside_receiver": 0.05}),
    ],
)
def test_each_bottleneck_is_named(name: str, fields: dict[str, float]) -> None:
    """One thing at its limit and all others at ease: it is named, with its figure and something to try."""
    found = find_bottleneck(replace(AT_EASE, **fields))
    assert found.name == name
    assert any(character.isdigit() for character in found.evidence)
    assert found.try_next
    assert found.runner_up
    assert found.runner_up.name != name


@pytest.mark.parametrize(
    ("name", "field", "limit"),
    [
        ("local ports", "without_port", 0.01),
        ("file descriptors", "without_descriptor", 0.01),
        ("memory", "without_memory", 0.01),
        ("file descriptors", "fd_share", 0.95),
        ("accept queue", "overflows_per_s", 1.0),
        ("connection set-up", "new_connections", 0.5),
        ("generator CPU", "sender_busy", 0.9),
        ("generator CPU", "sender_starved", 0.25),
        ("receiver CPU", "receiver_busy", 0.9),
        ("disk", "fsync_share", 0.5),
        ("disk", "disk_busy", 0.8),
        ("memory", "memory_pressure", 0.1),
    ],
)
def test_a_rule_begins_at_its_limit(name: str, field: str, limit: float) -> None:
    """At the limit that the documentation tells it is the bottleneck, and a little below it is none."""
    assert find_bottleneck(Evidence(**{field: limit})).name == name
    assert find_bottleneck(Evidence(**{field: limit - 0.001})).name == NONE


@pytest.mark.parametrize(("name", "inside"), [("target's own delay", 1.0), ("network", 0.0)])
def test_a_wait_is_told_from_half_of_the_time(name: str, inside: float) -> None:
    """In the receiver, or on the way."""
    assert find_bottleneck(Evidence(waited=0.5, inside_receiver=inside)).name == name
    assert find_bottleneck(Evidence(waited=0.499, inside_receiver=inside)).name == NONE


def test_a_cause_comes_before_what_it_leads_to() -> None:
    """Connections that are never kept use up the CPU, and a busy CPU makes answers slow: the first is named."""
    late = replace(AT_EASE, waited=1.0, inside_receiver=0.9)
    assert find_bottleneck(late).name == "target's own delay"
    assert find_bottleneck(replace(late, receiver_busy=1.0)).name == "receiver CPU"
    found = find_bottleneck(replace(late, receiver_busy=1.0, new_connections=1.0))
    assert found.name == "connection set-up"
    assert found.runner_up
    assert found.runner_up.name == "target's own delay"


def test_waiting_for_a_busy_sender_is_no_network() -> None:
    """What an attempt waits for outside of the receiver counts as the way only as far as no CPU was busy."""
    assert find_bottleneck(replace(AT_EASE, waited=1.0, inside_receiver=0.05, sender_busy=0.7)).name == NONE


def test_at_ease_there_is_none() -> None:
    """What came nearest to its limit is told all the same."""
    found = find_bottleneck(AT_EASE)
    assert found.name == NONE
    assert found.runner_up == found.suspects[0]
    assert [one.pressure for one in found.suspects] == sorted((one.pressure for one in found.suspects), reverse=True)


def test_without_evidence_nothing_is_claimed() -> None:
    """No log, no verdict."""
    found = find_bottleneck(Evidence())
    assert (found.name, found.evidence, found.suspects) == (NONE, "nothing was measured", [])


def test_waiting_for_a_busy_receiver_is_no_network_either() -> None:
    """Whichever of both CPUs was busier, and by however much: a receiver of several threads uses more than a core."""
    away = replace(AT_EASE, waited=1.0, inside_receiver=0.05, sender_busy=0.1)
    assert find_bottleneck(replace(away, receiver_busy=0.4)).name == "network"
    assert find_bottleneck(replace(away, receiver_busy=0.7)).name == NONE
    pressures = {one.name: one.pressure for one in find_bottleneck(replace(away, receiver_busy=1.8)).suspects}
    assert pressures["network"] == 0


@pytest.mark.parametrize("known", [{"waited": 1.0}, {"inside_receiver": 0.9}])
def test_half_of_what_tells_a_wait_tells_none(known: dict[str, float]) -> None:
    """Without the receiver's journal nobody knows where an attempt was; without the sender's, for how long."""
    assert find_bottleneck(Evidence(**known)).suspects == []
