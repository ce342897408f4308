"""Options: on a command line, and in Locust's start form."""

import argparse

import configargparse
import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan.options import (
    NO_HOST,
    OPTIONS,
    VARIABLES,
    add_options,
    at_host,
    empty_faults,
    empty_options,
    field_of,
    from_form,
    name_variables,
    to_arguments,
)
from _hookswarm.senders.service.names import service_names


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def test_every_option_has_its_place_in_the_form() -> None:
    """Under one heading, in the order in which it is declared: the form shows them so."""
    assert tuple(vars(parse())) == OPTIONS


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--seed=0",),
        ("--seed=1", "--connect-timeout=1.0"),
        ("--quick", "--target=http://127.0.0.1:9/", "--allow-remote", "--seed=9", "--transport=httpx"),
        ("--header=A: 1, 2", "--header=B: ${C}"),
        ("--accept=status in 200,202", '--accept=body ~ "ok":true', "--no-probe"),
        ("--results=a folder", "--payloads=-odd.json", "--regions=r.toml", "--response-timeout=0.5", "--ca-file=c.pem"),
    ],
)
def test_to_arguments_gives_the_same_options(arguments: tuple[str, ...]) -> None:
    """A command line made of parsed options parses to the same options."""
    options = parse(*arguments)
    assert parse(*to_arguments(options)) == options


def test_the_form_changes_what_it_names() -> None:
    """Numbers stay numbers, a box that is not ticked is false; what is not of ours is left alone."""
    options = parse("--quick", "--seed=4")
    form = {"rate": "12.5", "seed": "9", "quick": "false", "stages": "retry", "user_count": "x"}
    changed, faults = from_form(options, form)
    assert faults == []
    assert (changed.rate, changed.seed, changed.quick, changed.stages) == ("12.5", 9, False, "retry")
    assert (options.rate, options.seed, options.quick) == ("", 4, True)
    assert not hasattr(changed, "user_count")


def test_the_form_has_a_header_a_line() -> None:
    """Commas and all. What reads the environment can only be kept: who reaches the page must not have it sent."""
    options = parse("--header=A: ${B}")
    assert from_form(options, {"header": "A: ${B}\r\n\r\n C: 1, 2\r\n"})[0].header == "A: ${B}\nC: 1, 2"
    assert from_form(options, {"header": ""})[0].header == ""
    changed, (fault,) = from_form(options, {"header": "A: ${B}\nC: ${D}"})
    assert fault == "--header: 'C: ${D}' reads the environment: start Locust with it"
    assert changed.header == "A: ${B}"


def test_an_empty_text_is_told_apart_from_none() -> None:
    """A shell's variable that nobody set; a choice and a number have their own words for it."""
    assert empty_options(parse()) == []
    options = parse("--target", "", "--regions=", "--payloads= ", "--rate", "", "--stages", "x")
    assert empty_options(options) == ["--rate", "--target", "--regions", "--payloads"]
    assert empty_faults(empty_options(parse("--target="))) == [
        "--target is empty: set the variable that it comes from, or leave it out"
    ]
    (fault,) = empty_faults(empty_options(options))
    assert fault.endswith("--payloads are empty: set the variables they come from, or leave them out")


@pytest.mark.parametrize(
    ("name", "own", "other"),
    [
        ("observe", "./count", "rm -r /"),
        ("advertise", "http://127.0.0.1/", "http://192.0.2.1/"),
        ("regions", "a.toml", "b.toml"),
    ],
)
def test_what_is_fixed_while_locust_runs_is_not_changed(name: str, own: str, other: str) -> None:
    """Whoever reaches the page must not make the master run a command; other regions need other senders."""
    options = parse(f"--{name}={own}")
    assert from_form(options, {name: own}) == (options, [])
    changed, faults = from_form(options, {name: other})
    assert (changed, faults) == (options, [f"--{name} is fixed while Locust runs: start Locust with another"])


def test_the_form_names_no_table_of_a_service() -> None:
    """It may name commands; what Locust was started with stays, a service that is shipped may be chosen, and none."""
    options = parse("--service=own.toml")
    assert from_form(options, {"service": "own.toml"}) == (options, [])
    assert from_form(options, {"service": ""})[0].service == ""
    for name in service_names():
        assert from_form(options, {"service": name})[0].service == name
    changed, (fault,) = from_form(options, {"service": "/tmp/other.toml"})
    assert fault.startswith("--service: '/tmp/other.toml' is not a service that is shipped")
    assert changed.service == "own.toml"


def test_what_is_no_number_is_refused() -> None:
    """Every fault of the form at once, by the option's name; they stay as they were."""
    changed, faults = from_form(parse(), {"time_scale": "fast", "seed": "1.5", "stages": "x"})
    assert faults == [
        "--seed: '1.5' is not a whole number: write one",
        "--time-scale: 'fast' is not a number: write one",
    ]
    assert (changed.seed, changed.time_scale, changed.stages) == (1, 1.0, "x")


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ("--time-scale: 'fast' is no number", "time_scale"),
        ("--host http://a and --target http://b are the same option: leave one out", "target"),
        ("--check: check 'x': no comparison in it", "check"),
        ("a run is on: stop it, or let it end", ""),
    ],
)
def test_a_fault_is_about_the_first_option_that_it_names(fault: str, field: str) -> None:
    """The start form shows it beside that one."""
    assert field_of(fault) == field


def test_locusts_parser_reads_our_options_variables() -> None:
    """As it reads its own: each of its kind, and what is typed comes first."""
    parser = configargparse.ArgumentParser()
    add_options(parser)
    name_variables(parser)
    for headers in ("A: 1, 2", '["A: 1, 2"]'):
        assert parser.parse_args([], env_vars={"LOCUST_HEADER": headers}).header == "A: 1, 2"
    assert parser.parse_args([], env_vars={"LOCUST_HEADER": '["A: 1", "B: 2"]'}).header == "A: 1\nB: 2"
    told = {"LOCUST_TARGET": "http://127.0.0.1/", "LOCUST_SEED": "7", "LOCUST_QUICK": "true", "LOCUST_RATE": "5"}
    found = parser.parse_args(["--rate=9"], env_vars=told)
    assert (found.target, found.seed, found.quick, found.rate) == ("http://127.0.0.1/", 7, True, "9")
    assert VARIABLES.keys() == set(OPTIONS)
    assert VARIABLES["no_replay"] == "LOCUST_NO_REPLAY"


@pytest.mark.parametrize("host", [None, "", NO_HOST])
def test_no_host_leaves_the_target_alone(host: str | None) -> None:
    """Nor does what Locust's page shows where nobody named one."""
    options = argparse.Namespace(host=host, target="http://127.0.0.1/")
    assert at_host(options) is options
    assert at_host(argparse.Namespace(target="")) == argparse.Namespace(target="")


def test_locusts_host_is_the_target() -> None:
    """Of the command line, and of the form; two that differ are a fault."""
    options = parse("--quick")
    options.host = "http://127.0.0.1/a"
    assert at_host(options).target == "http://127.0.0.1/a"
    assert options.target == ""
    changed, _ = from_form(options, {"host": "http://127.0.0.1/b", "target": "http://127.0.0.1/b"})
    assert at_host(changed).target == "http://127.0.0.1/b"
    with pytest.raises(ConfigError, match=r"--host http.*/b and --target http.*/c are the same"):
        at_host(argparse.Namespace(host="http://127.0.0.1/b", target="http://127.0.0.1/c"))
