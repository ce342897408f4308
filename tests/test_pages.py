"""README and the pages of docs/: whoever looks for something finds it, and it is there."""

import argparse
import re
from pathlib import Path

import pytest

from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.runner.options import make_parser
from tests.support.documented_commands import PAGES
from tests.support.receivers import CHECKOUT

README = CHECKOUT / "README.md"
DOCS = sorted((CHECKOUT / "docs").rglob("*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")


def without_blocks(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[tuple[Path, str]]:
    """The files and places in them that it links, but for other hosts'."""
    own = [link for link in LINK.findall(without_blocks(page)) if not re.match(r"https?:", link)]
    parts = [link.partition("#") for link in own]
    return [((page.parent / file).resolve() if file else page, place) for file, _, place in parts]


def places(page: Path) -> set[str]:
    """What may stand after `#`, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.*)$", without_blocks(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_no_link_is_dead(page: Path) -> None:
    """Files that are there, and headings that are in them; also those that are named as `docs/…`."""
    dead = [
        f"{file.relative_to(CHECKOUT)}#{place}"
        for file, place in links(page)
        if not file.exists() or (place and place not in places(file))
    ]
    named = re.findall(r"`((?:docs|benchmarks|deploy|locustfiles|tests)/[\w./-]+\.\w+)(?:#[\w-]+)?`", page.read_text())
    assert dead + [name for name in named if not (CHECKOUT / name).exists()] == []


def test_every_page_is_two_clicks_from_the_readme() -> None:
    """Schemas and figures stand beside."""
    first = {file for file, _ in links(README)}
    second = {file for page in first if page.suffix == ".md" for file, _ in links(page)}
    assert [str(page.relative_to(CHECKOUT)) for page in DOCS if page not in first | second] == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_page_begins_by_saying_whom_it_is_for(page: Path) -> None:
    """In its first sentence after the heading."""
    heading, blank, first, *_ = page.read_text().splitlines()
    assert heading.startswith("# ")
    assert blank == ""
    assert first.startswith("For you if ")
    assert re.search(r"\.( |$)", first)


def test_what_to_do_has_every_code() -> None:
    """In the first column of a table, with what to do in the last."""
    rows = [line.split(" | ") for line in (CHECKOUT / "docs/what-to-do.md").read_text().splitlines() if "|" in line]
    told = {name: row[-1] for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    assert [code for code in Code if len(told.get(code, "").strip("| ")) < len("nothing")] == []


def test_the_glossary_has_twelve_words() -> None:
    """As its heading says."""
    words = re.findall(r"^\| \*\*([^*]+)\*\* \|", (CHECKOUT / "docs/glossary.md").read_text(), re.MULTILINE)
    assert len(words) == len(set(words)) == 12


def test_the_page_of_options_has_each_once_and_no_other() -> None:
    """By what one wants; `--help` has a sentence for each."""
    known = {
        flag
        for action in make_parser()._actions
        if not isinstance(action, argparse._HelpAction)
        for flag in action.option_strings
        if flag.startswith("--")
    }
    table = (CHECKOUT / "docs/options.md").read_text().partition("## Options of `hookswarm`")[2]
    named = [flag for line in table.splitlines() if line.startswith("|") for flag in re.findall(r"`(--[\w-]+)`", line)]
    assert sorted(named) == sorted(known)
