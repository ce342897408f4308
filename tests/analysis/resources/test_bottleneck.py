"""Which resource gave out first: each rule alone, the order of causes, whose limit it was, and what comes next."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _hookswarm.analysis.resources.bottleneck import NONE, RULES, SIDES, find_bottleneck
from _hookswarm.analysis.resources.evidence import Evidence

AT_EASE = Evidence(
    sender_busy=0.3, sender_starved=0.01, late_ms=1.0, receiver_busy=0.2, sender_fds=0.1, receiver_fds=0.1,
    overflows_per_s=0.0, connecting=0.01, fsync_share=0.1, disk_busy=0.1, memory_pressure=0.0,
    waited=0.2, inside_receiver=0.5,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("local ports", {"without_port": 0.978, "connecting": 1.0}),
        ("file descriptors", {"without_descriptor": 0.2, "connecting": 1.0}),
        ("memory", {"without_memory": 0.2}),
        ("file descriptors", {"sender_fds": 1.0}),
        ("file descriptors", {"receiver_fds": 1.0}),
        ("accept queue", {"overflows_per_s": 3.0}),
        ("connection set-up", {"connecting": 0.8, "waited": 1.0}),
        ("generator timers", {"late_ms": 25.0}),
        ("generator CPU", {"sender_busy": 0.97}),
        ("generator CPU", {"sender_starved": 0.4}),
        ("receiver CPU", {"receiver_busy": 0.99}),
        ("service CPU", {"service_busy": 0.99}),
        ("endpoints' CPU", {"endpoints_busy": 0.99}),
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
        ("file descriptors", "sender_fds", 0.95),
        ("file descriptors", "receiver_fds", 0.95),
        ("accept queue", "overflows_per_s", 1.0),
        ("generator timers", "late_ms", 20.0),
        ("generator CPU", "sender_busy", 0.9),
        ("generator CPU", "sender_starved", 0.25),
        ("receiver CPU", "receiver_busy", 0.9),
        ("service CPU", "service_busy", 0.9),
        ("endpoints' CPU", "endpoints_busy", 0.9),
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


@pytest.mark.parametrize("limit", [0.5, 0.9])
def test_a_wait_whose_place_is_not_known_is_the_targets(limit: float) -> None:
    """A receiver that is not ours tells nothing; workers on a schedule may wait longer. The advice names --watch."""
    found = find_bottleneck(Evidence(waiting_limit=limit, waited=limit))
    assert (found.name, found.side) == ("target's own delay", "target")
    assert (
        found.evidence
        == f"workers awaited answers for {limit:.0%} of their time; what part of it was the way is not known"
    )
    assert "--watch" in found.try_next
    assert find_bottleneck(Evidence(waiting_limit=limit, waited=limit - 0.001)).name == NONE


@pytest.mark.parametrize(("inside", "name"), [(0.51, "target's own delay"), (0.49, "network")])
def test_a_wait_is_told_where_most_of_it_was(inside: float, name: str) -> None:
    """Half inside and half on the way is a wait as much as all of it in one place, and it is told once."""
    found = find_bottleneck(Evidence(waited=0.9, inside_receiver=inside))
    assert (found.name, found.runner_up) == (name, None)


@pytest.mark.parametrize(
    ("fields", "side"),
    [
        ({"waited": 0.9}, "target"),
        ({"receiver_busy": 1.0}, "target"),
        ({"receiver_busy": 1.0, "sender_starved": 0.4}, "target"),
        ({"sender_busy": 0.95, "waited": 0.9}, "generator"),
        ({"sender_busy": 0.7, "sender_starved": 0.24, "waited": 0.9}, "generator"),
    ],
)
def test_set_up_is_named_where_it_limited_something(fields: dict[str, float], side: str) -> None:
    """It is the side's whose limit it led to; where nobody waited, connections are opened, and nothing is said."""
    found = find_bottleneck(Evidence(connecting=0.5, **fields))
    assert (found.name, found.side) == ("connection set-up", side)
    assert find_bottleneck(Evidence(connecting=0.49, **fields)).name != "connection set-up"
    assert find_bottleneck(Evidence(connecting=1.0, waited=0.4, sender_busy=0.5)).name == NONE


def test_nobody_knows_who_used_a_disk() -> None:
    """A machine's disk, or memory, is the target's limit where workers were kept waiting, and else nobody's."""
    for limit in ({"disk_busy": 0.9}, {"memory_pressure": 0.2}):
        assert find_bottleneck(Evidence(waited=0.2, **limit)).side == "neither"
        assert find_bottleneck(Evidence(waited=0.8, **limit)).side == "target"


def test_what_else_of_a_side_was_at_its_limit_is_told() -> None:
    """The message of the side's verdict has all of it, the bottleneck's evidence first."""
    found = find_bottleneck(Evidence(sender_starved=0.4, late_ms=35, receiver_busy=0.1, waited=0.9))
    assert found.causes == [
        "idle workers woke 35 ms late (p99)",
        "a sending process was ready to run and had no CPU for 40% of the stage",
    ]
    assert found.evidence == found.causes[0]


_SHARE = st.none() | st.sampled_from([0.0, 0.1, 0.25, 0.49, 0.5, 0.8, 0.9, 0.95, 1.0]) | st.floats(0, 2)
_MEASURES = {field.name: _SHARE for field in fields(Evidence)} | {"late_ms": st.none() | st.floats(0, 50)}
_EVIDENCES = st.builds(Evidence, **_MEASURES | {"waiting_limit": st.sampled_from([0.5, 0.9])})


@given(_EVIDENCES)
@settings(max_examples=500)
def test_side_and_bottleneck_never_contradict_each_other(evidence: Evidence) -> None:
    """Whatever was seen: the generator's side comes with its own limits only, the target's never with none."""
    found = find_bottleneck(evidence)
    assert found.side in SIDES[found.name]
    if found.side == "generator":
        lacks = ("local ports", "file descriptors", "memory")
        assert found.name in ("generator CPU", "generator timers", "endpoints' CPU", "connection set-up", *lacks)
    elif found.side == "target":
        assert found.name not in (NONE, "generator CPU", "generator timers", "local ports")
    else:
        assert found.name in (NONE, "disk", "memory")
    assert bool(found.causes) == (found.name != NONE)


def test_every_rule_has_its_sides() -> None:
    """The relation names all bottlenecks, and no other."""
    assert SIDES.keys() == {rule.name for rule in RULES} | {NONE}


def test_a_cause_comes_before_what_it_leads_to() -> None:
    """Connections that are never kept use up the CPU, and a busy CPU makes answers slow: the first is named."""
    late = replace(AT_EASE, waited=1.0, inside_receiver=0.9)
    assert find_bottleneck(late).name == "target's own delay"
    assert find_bottleneck(replace(late, receiver_busy=1.0)).name == "receiver CPU"
    found = find_bottleneck(replace(late, receiver_busy=1.0, connecting=0.8))
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


def test_waiting_for_a_busy_receiver_is_its_own_delay() -> None:
    """What waits before a receiver that computes is no network: as far as its CPU was busy it is the receiver's."""
    away = replace(AT_EASE, waited=1.0, inside_receiver=0.05, sender_busy=0.1)
    assert find_bottleneck(replace(away, receiver_busy=0.4)).name == "network"
    assert find_bottleneck(replace(away, receiver_busy=0.7)).name == "target's own delay"
    assert find_bottleneck(replace(away, receiver_busy=1.8)).name == "receiver CPU"


def test_a_place_without_a_time_tells_no_wait() -> None:
    """Without the sender's journal nobody knows for how long workers waited."""
    assert find_bottleneck(Evidence(inside_receiver=0.9)).suspects == []
