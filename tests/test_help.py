"""What `--help` says: sentences in plain English, under headings that say what one wants."""

import argparse
from collections.abc import Iterator

import pytest

from _hookswarm.analysis import __main__ as analysis
from _hookswarm.analysis import compare_runs
from _hookswarm.receiver import __main__ as receiver
from _hookswarm.records import __main__ as records
from _hookswarm.runner import options, service
from benchmarks.services import __main__ as services

COMMANDS = (
    options.make_parser, analysis.make_parser, analysis.make_schemas_parser, compare_runs.make_parser,
    records.make_parser, receiver.make_parser, receiver.make_fleet_parser, service.make_parser, services.make_parser,
)  # fmt: skip
OWN_HEADING = ("--help", "--version")
"""What stands under argparse's own heading."""


def with_commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from with_commands(command)


PARSERS = [parser for make in COMMANDS for parser in with_commands(make())]


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.prog.split()[-1])
def test_every_help_text_is_a_sentence(parser: argparse.ArgumentParser) -> None:
    """It begins with a capital letter, ends with a full stop, and names a default that there is."""
    told = {
        action.option_strings[-1] if action.option_strings else action.dest: action
        for action in parser._actions
        if not isinstance(action, argparse._SubParsersAction)
    }
    texts = {name: action.help or "" for name, action in told.items()}
    assert {name: text for name, text in texts.items() if not (text[:1].isupper() and text.endswith("."))} == {}
    given = {name for name, action in told.items() if isinstance(action.default, str | int | float) and action.default}
    given = {name for name in given if told[name].default != argparse.SUPPRESS}
    assert {name for name in given if "default" not in texts[name]} == set()
    assert parser.description
    assert parser.description.endswith((".", ")."))


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.prog.split()[-1])
def test_options_stand_under_headings(parser: argparse.ArgumentParser) -> None:
    """None under argparse's own, but for `--help` and `--version`."""
    under = {
        flag: group.title
        for group in parser._action_groups
        for action in group._group_actions
        for flag in action.option_strings
        if flag.startswith("--")
    }
    assert [flag for flag, title in under.items() if title == "Help" and flag not in OWN_HEADING] == []
    assert all(title and title[0].isupper() for title in under.values())


def test_the_command_groups_its_options_by_what_one_wants() -> None:
    """In this order, each with some."""
    text = options.make_parser().format_help()
    headings = (
        "Which tests:", "What is played:", "Where it goes:", "What is sent:", "Retries:", "What is recorded:",
        "Checks and reports:", "Processes and machines:",
    )  # fmt: skip
    places = [text.index(f"\n{heading}\n") for heading in headings]
    assert places == sorted(places)
    assert "--target URL" in text[places[2] : places[3]]
