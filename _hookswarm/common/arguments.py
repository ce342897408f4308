"""The command lines of all our commands: a slip is told in one line, in plain words, with the way out at its end."""

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import LIKE, one_of

VERSION_HELP = "Show the version and end."


class Parser(argparse.ArgumentParser):
    """Raises ConfigError for a slip, where argparse prints all options and words of its own."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**{"add_help": False, **how})
        self._positionals.title, self._optionals.title = "Arguments", "Help"
        self.add_argument("-h", "--help", action="help", help="Show this help and end.")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # argparse's own takes what is strange apart
        options, strange = self.parse_known_args(args, namespace)
        if strange:
            raise ConfigError([self._unknown(strange)])
        return options

    def error(self, message: str) -> NoReturn:
        for pattern, told in _SLIPS:
            if found := re.fullmatch(pattern, message, re.DOTALL):
                raise ConfigError([told(self, *found.groups())])
        raise ConfigError([f"{message}: see {self.prog} --help"])

    def _unknown(self, words: Sequence[str]) -> str:
        option = next((word.partition("=")[0] for word in words if word.startswith("-")), None)
        if option is None:
            return f"{words[0]!r} belongs to no option: leave it out, or see {self.prog} --help"
        near = get_close_matches(option, list(_flags(self)), 1, LIKE)
        return f"unknown option {option}: {f'write {near[0]}, or ' if near else ''}see {self.prog} --help"

    def action_of(self, name: str) -> argparse.Action | None:
        """Whose messages begin with this name."""
        return next((one for one in self._actions if name in (*one.option_strings, one.metavar, one.dest)), None)


def check_command(argv: Sequence[str], commands: Sequence[str]) -> None:
    """Raises ConfigError where the first word is nearly a command, and nothing of that name is there."""
    near = get_close_matches(argv[0], commands, 1, LIKE) if argv else []
    if near and near[0] != argv[0] and not Path(argv[0]).exists():
        raise ConfigError([f"command {argv[0]!r} is unknown: write {near[0]}"])


def _flags(parser: argparse.ArgumentParser) -> Iterator[str]:
    """All options, those of its commands, too."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _flags(command)


def _without(parser: Parser, name: str) -> str:
    action = parser.action_of(name)
    if action and action.choices:
        return f"{name} needs a value: write one of {', '.join(map(str, action.choices))} after it"
    return f"{name} needs a value: write {name} {action and (action.metavar or action.dest.upper())}"


def _wrong(parser: Parser, name: str, kind: str, value: str) -> str:
    action = parser.action_of(name)
    if action and action.choices:
        return _strange(parser, name, value)
    if kind == "int":
        return f"{name}: {value} is not a whole number: write digits only"
    return f"{name}: {value} is not a number: write one, such as 2 or 0.5"


def _strange(parser: Parser, name: str, value: str) -> str:
    action = parser.action_of(name)
    known = list(map(str, (action and action.choices) or ()))
    what = "command" if isinstance(action, argparse._SubParsersAction) else name
    return f"{what} {value} is unknown: {one_of(value.strip(chr(39)), known)}"


def _missing(parser: Parser, names: str) -> str:
    words = [one for one in parser._actions if not one.option_strings]
    if isinstance(words[0], argparse._SubParsersAction):
        return f"a command is missing: write {parser.prog} and then one of {', '.join(words[0].choices)}"
    return f"{names} is missing: write {parser.prog} {' '.join(str(one.metavar) for one in words)}"


_SLIPS: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"argument ([^:]+): expected (?:one|at least one|\d+) arguments?", _without),
    (r"argument ([^:]+): invalid (\w+) value: (.*)", _wrong),
    (r"argument ([^:]+): invalid choice: (.*) \(choose from .*\)", _strange),
    (r"argument ([^:]+): ignored explicit argument .*", lambda _, name: f"{name} takes no value: write {name} alone"),
    (r"ambiguous option: (\S+) could match (.*)", lambda _, word, names: f"{word} may be {names}: write one in full"),
    (r"the following arguments are required: (.*)", _missing),
)
"""What argparse says, and how we say it."""
