"""The commands that README and docs show: in blocks of shell, and in the text."""

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.receivers import CHECKOUT

PAGES = (CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md")))
OURS = ("hookswarm", "hookswarm-receiver", "python", "python3", "locust")
OTHERS = ("make", "docker", "pip", "npm", "curl", "apt-get", "promtool")
SPAN = re.compile(r"(?<![`\w])`([^`\n]+)`(?!`)")
ASSIGNMENT = re.compile(r"([A-Z_]+)=(.*)", re.DOTALL)
STANDS_FOR = {
    "N": "2", "NAME": "outpost", "CONFIGURATION": "default", "TOML": "regions.toml", "…": None, "$i": "1",
    "$TARGET": "http://127.0.0.1:8080/github",
}  # fmt: skip
"""What a reader puts there."""


class Command(NamedTuple):
    """One that a reader may type."""

    page: str
    words: tuple[str, ...]
    variables: tuple[tuple[str, str], ...] = ()
    """That it is given for itself."""

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def blocks(page: Path) -> list[tuple[str, str]]:
    """Its fenced blocks: their languages and texts."""
    return re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def documented(programs: Sequence[str]) -> list[Command]:
    """Every command that begins with one of these programs, each once a page."""
    found = {command: None for page in PAGES for command in _of(page) if command.words[0] in programs}
    return list(found)


def _of(page: Path) -> Iterator[Command]:
    told = str(page.relative_to(CHECKOUT))
    for language, text in blocks(page):
        if language in ("", "sh"):
            for line in text.replace("\\\n", " ").splitlines():
                yield from _commands(told, line)
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for span in SPAN.findall(prose):
        yield from (command for command in _commands(told, span) if len(command.words) > 1)


def _commands(page: str, line: str) -> Iterator[Command]:
    """Those of a line of shell; nothing of a line that is none."""
    line = re.sub(r"\$\([^)]*\)", "today", line)
    for part in re.split(r"&&|\|\|", line):
        try:
            words = shlex.split(part, comments=True)
        except ValueError:  # a quotation mark of a program's output
            continue
        variables = []
        while words and (set_here := ASSIGNMENT.fullmatch(words[0])):
            variables.append((set_here[1], set_here[2]))
            words = words[1:]
        words = [told for word in words if (told := STANDS_FOR.get(word, word))]
        if words and words[0] in (*OURS, *OTHERS):
            yield Command(page, tuple(words), tuple(variables))
