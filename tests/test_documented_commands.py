"""The commands that README and docs show are taken as they stand there: by each command's own parser, and its plan."""

import argparse
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from _hookswarm.analysis import __main__ as analysis
from _hookswarm.analysis import compare_runs
from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.regions import DEFAULT_TABLE
from _hookswarm.receiver import __main__ as receiver
from _hookswarm.records import __main__ as records
from _hookswarm.runner import options as runner
from _hookswarm.runner import service
from _hookswarm.runner.preflight import preflight
from benchmarks.services import __main__ as benchmarks
from tests.support.documented_commands import OTHERS, OURS, Command, blocks, documented
from tests.support.own_service import own_table
from tests.support.receivers import CHECKOUT, SECRET

MODULES: dict[str, Callable[[], argparse.ArgumentParser]] = {
    "hookswarm": runner.make_parser,
    "hookswarm.receiver": receiver.make_parser,
    "hookswarm.receiver fleet": receiver.make_fleet_parser,
    "hookswarm.analysis": analysis.make_parser,
    "hookswarm.analysis compare": compare_runs.make_parser,
    "hookswarm.analysis schemas": analysis.make_schemas_parser,
    "hookswarm.analysis checks": analysis.make_checks_parser,
    "hookswarm.records": records.make_parser,
    "hookswarm.service": service.make_parser,
    "benchmarks.services": benchmarks.make_parser,
}
"""By the module that the command runs, and the words after it that have a parser of their own."""
SHORT = {"receiver": "hookswarm.receiver", "analysis": "hookswarm.analysis", "records": "hookswarm.records",
         "senders.service": "hookswarm.service"}  # fmt: skip
"""Of a checkout."""


def module_of(command: Command) -> tuple[str, list[str]]:
    """What a command of ours runs, and what it is given."""
    program, *rest = command.words
    if program in ("python", "python3"):
        program, rest = (rest[1], rest[2:]) if rest[0] == "-m" else (rest[0], rest[1:])
    program = {"hookswarm-receiver": "hookswarm.receiver", "run_webhook_performance_tests.py": "hookswarm"}.get(
        program, SHORT.get(program, program)
    )
    if rest and f"{program} {rest[0]}" in MODULES:
        return f"{program} {rest[0]}", rest[1:]
    return program, rest


COMMANDS = [command for command in documented(OURS) if command.words[0] != "locust"]


def test_there_are_commands_of_every_kind() -> None:
    """The tests below would hold of nothing."""
    assert {module_of(command)[0] for command in COMMANDS} >= MODULES.keys() - {"hookswarm.analysis schemas"}
    assert len({command.page for command in COMMANDS}) > 15


def test_each_is_understood_by_its_own_parser(capsys: pytest.CaptureFixture[str]) -> None:
    """Options, choices and numbers; what names no parser of ours is a module that there is."""
    faults: dict[str, str] = {}
    for command in COMMANDS:
        module, rest = module_of(command)
        if module not in MODULES:
            path = CHECKOUT / module.replace(".", "/")
            faults |= {} if path.with_suffix(".py").exists() or path.is_dir() else {str(command): "no such module"}
            continue
        try:
            if rest:
                MODULES[module]().parse_args(rest)
        except (SystemExit, ConfigError) as error:
            if said := capsys.readouterr().err or str(error.args[0] or ""):
                faults[str(command)] = said
    assert not faults, "\n".join(f"{command}: {fault}" for command, fault in faults.items())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a reader has there who types them."""
    for name in ("HOOKSWARM_SECRET", "TOKEN"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bodies").mkdir()
    (tmp_path / "bodies/order.json").write_text('{"order": 1}')
    (tmp_path / "regions.toml").write_text(DEFAULT_TABLE.read_text())
    own_table(tmp_path)
    shutil.copy(tmp_path / "own.toml", tmp_path / "mine.toml")
    (csv,) = [text for language, text in blocks(CHECKOUT / "docs/your-endpoint.md") if language == "csv"]
    (tmp_path / "endpoints.csv").write_text(csv)
    return tmp_path


NEED_FILES = ("--cert", "node_modules", "acme.toml")
"""What those need whom no test gives it: a certificate, packages of npm."""


@pytest.mark.usefixtures("folder")
def test_each_run_has_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every `hookswarm` command finds its tests and stages, and nothing is at fault, up to where it would send."""
    faults: dict[str, str] = {}
    planned = 0
    for command in COMMANDS:
        module, rest = module_of(command)
        if module != "hookswarm" or rest == ["--help"] or any(need in word for word in rest for need in NEED_FILES):
            continue
        if "--balancer" in rest and not shutil.which("haproxy"):
            continue
        try:
            with monkeypatch.context() as own:
                for name, value in command.variables:
                    own.setenv(name, value)
                preflight(runner.make_parser().parse_args([*rest, "--list"]))
            planned += 1
        except (SystemExit, ConfigError) as error:
            faults[str(command)] = str(error)
    assert not faults, "\n".join(f"{command}: {fault}" for command, fault in faults.items())
    assert planned > 20


def test_what_is_made_can_be_made() -> None:
    """Every `make` target is in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    named = {word for command in documented(["make"]) for word in command.words[1:] if "=" not in word}
    assert named >= {"run", "test"}
    assert named <= targets


def test_files_that_pip_is_given_are_there() -> None:
    """`-r FILE`."""
    given = [command.words for command in documented(["pip"])]
    named = [words[words.index("-r") + 1] for words in given if "-r" in words]
    assert named
    assert [name for name in named if not (CHECKOUT / name).exists()] == []


def unseen() -> Iterator[str]:
    """Lines of blocks of shell that begin with no program that these tests know."""
    known = (*OURS, *OTHERS, "export", "for", "done", "cd", "{")
    for page in (CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")):
        for language, text in blocks(page):
            for line in text.replace("\\\n", " ").splitlines() if language == "sh" else ():
                words = re.sub(r"^([A-Z_]+=\S+ )*", "", line.strip()).split()
                if words and words[0][0] not in '#{"' and words[0] not in known:
                    yield f"{page.name}: {line}"


def test_no_line_of_shell_is_overlooked() -> None:
    """A program that is new here needs a parser above."""
    assert list(unseen()) == []
