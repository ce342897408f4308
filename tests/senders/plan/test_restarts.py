"""Stages in which a service, or a store of it, is ended and started again."""

import argparse
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.regions import RegionTable, dump_table
from _hookswarm.receiver.fleet import on_free_ports
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.plan import Plan, make_plan
from _hookswarm.senders.plan.restarts import restart_at_s
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.table import parse_service

PLAIN, RESTART = Stage("plain", events=10), Stage("restart", restart="*", duration_s=30)
APART = Stage("apart", service=True, events=10)
TABLE = """
addresses = { api = "http://127.0.0.1:9" }
publish = { request = "POST {api}/events", body = '{payload}' }
"""
RESTARTS = """
[restart.own]
process = "made-up"
start = ["true"]
[restart.store]
stop = ["true"]
ready = "{api}/healthz"
"""


def plan(folder: Path, *options: str, table: str | None = TABLE + RESTARTS) -> Plan:
    """Of a run through the service of a table; None: of one without a service."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    given = ["--results", str(folder), *options]
    if table is not None:
        (folder / "own.toml").write_text(table)
        (folder / "regions.toml").write_text(dump_table(RegionTable(region=tuple(on_free_ports(["local"])))))
        given += ["--service", str(folder / "own.toml"), "--regions", str(folder / "regions.toml")]
    return make_plan((PLAIN, RESTART, APART), check_options(parser.parse_args(given)))


def names(found: Plan) -> list[str]:
    return [stage.name for stage in found.stages]


def test_there_is_a_stage_for_each_restart(tmp_path: Path) -> None:
    """In the table's order, of the same scenario; they plan a fault."""
    found = plan(tmp_path)
    assert names(found) == ["plain", "restart own", "restart store", "apart"]
    assert [(stage.restart, stage.scenario) for stage in found.stages[1:3]] == [
        ("own", "restart"), ("store", "restart"),
    ]  # fmt: skip
    assert [stage.plans_faults for stage in found.stages] == [False, True, True, False]


def test_the_short_form_plays_the_first(tmp_path: Path) -> None:
    """Unless another one is asked for by its name."""
    assert names(plan(tmp_path, "--quick")) == ["plain", "restart own", "apart"]
    assert names(plan(tmp_path, "--quick", "--stages", "restart store")) == ["restart store"]


def test_a_table_without_restarts_says_what_is_missing(tmp_path: Path) -> None:
    """All else is played."""
    found = plan(tmp_path, table=TABLE)
    assert names(found) == ["plain", "apart"]
    assert found.left_out == {"restart": "a [restart.NAME] in the service's table"}


def test_a_restart_whose_variables_are_not_set_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says which: a table that is shipped cannot know where a service's files are. All else is played."""
    table = TABLE + RESTARTS.replace('process = "made-up"', 'pid_file = "${OWN_PID}/pid"').replace("true", "${OWN_RUN}")
    monkeypatch.setenv("OWN_RUN", "true")
    found = plan(tmp_path, table=table)
    assert names(found) == ["plain", "restart store", "apart"]
    assert found.left_out == {"restart own": "$OWN_PID in the environment"}
    assert [*found.skipped()] == ["skipped because they need $OWN_PID in the environment: restart own"]
    monkeypatch.delenv("OWN_RUN")
    assert plan(tmp_path, table=table).left_out == {
        "restart own": "$OWN_PID and $OWN_RUN in the environment",
        "restart store": "$OWN_RUN in the environment",
    }
    monkeypatch.setenv("OWN_PID", "/run")
    monkeypatch.setenv("OWN_RUN", "true")
    assert names(plan(tmp_path, table=table)) == ["plain", "restart own", "restart store", "apart"]


def test_without_a_service_both_are_left_out(tmp_path: Path) -> None:
    """And say what they need."""
    found = plan(tmp_path, table=None)
    assert names(found) == ["plain"]
    assert found.left_out == dict.fromkeys(("restart", "apart"), "a delivery service (--service)")


def test_the_moment_is_in_the_middle_third_and_the_seeds() -> None:
    """Spread over all of it, and the same for the same seed."""
    moments = [restart_at_s(RESTART, (seed, 0)) for seed in range(200)]
    assert all(10 <= one <= 20 for one in moments)
    assert min(moments) < 11 < 19 < max(moments)
    assert moments == [restart_at_s(RESTART, (seed, 0)) for seed in range(200)]


def test_a_restart_needs_a_length(tmp_path: Path) -> None:
    """A stage that its events end has no middle third that is known ahead."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    settings = check_options(parser.parse_args(["--results", str(tmp_path)]))
    with pytest.raises(ConfigError, match="give it a duration_s"):
        make_plan((Stage("restart", restart="own", events=1),), settings)


@pytest.mark.parametrize(
    ("restart", "said"),
    [
        ({"start": ["true"]}, "restart.own: write one of stop, pid_file and process"),
        ({"stop": ["a"], "process": "b", "start": ["c"]}, "restart.own: write one of stop, pid_file and process"),
        (
            {"process": "b"},
            "restart.own.ready: write a URL that answers 2xx when it is back, or tcp://HOST:PORT, or `start`",
        ),
        ({"process": "b", "ready": "{url}/"}, "no {url} here"),
    ],
)
def test_a_restart_that_cannot_be_is_named(restart: dict[str, object], said: str) -> None:
    """What ends it, what starts it again or tells that it is back, and only names that all the run has."""
    content = {
        "addresses": {"api": "http://127.0.0.1:9"},
        "publish": {"request": "POST {api}/events", "body": "{payload}"},
        "restart": {"own": restart},
    }
    with pytest.raises(ConfigError) as raised:
        parse_service("own", content)
    assert said in str(raised.value)
