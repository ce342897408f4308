"""The terminal that everything is printed on."""

from rich.console import Console


def make_console(stderr: bool = False) -> Console:
    """The terminal; 100 columns where there is none."""
    found = Console(stderr=stderr)
    return found if found.is_terminal else Console(stderr=stderr, width=100)


def printable(text: str) -> str:
    """Text for a terminal: what would steer one is replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
