"""The project as others install it: what is in the wheel, and that it runs in folders of their own."""

import re
import sysconfig
import zipfile
from pathlib import Path

import pytest

from _hookswarm import __version__
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.records.exit_codes import Exit
from tests.support.installing import Installed, copied, installed, sdist, wheel
from tests.support.receivers import CHECKOUT, free_port, running_receiver
from tests.support.runs import BUSY, codes

pytestmark = pytest.mark.slow

LOCUST = Path(sysconfig.get_path("scripts")) / "locust"
GENERIC = ("records", "senders", "receiver", "protocol", "common", "analysis", "locustfiles")
"""Names of ours, up to the time when there was a package."""
(MINE,) = re.findall(r"`mine.py`.*?```python\n(.*?)```", (CHECKOUT / "docs/your-locustfile.md").read_text(), re.DOTALL)
"""The locustfile that the documentation shows."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("package") / "checkout")


@pytest.fixture(scope="module")
def archive(source: Path) -> Path:
    return sdist(source, source.parent)


@pytest.fixture(scope="module")
def built(archive: Path) -> Path:
    """The wheel, made from the source archive, as an index would have both."""
    return wheel(archive, archive.parent)


@pytest.fixture(scope="module")
def fresh(built: Path) -> Installed:
    return installed(built.parent / "fresh", [str(built)])


@pytest.fixture(scope="module")
def editable(source: Path) -> Installed:
    return installed(source.parent / "editable", ["-e", str(source)])


def reported(folder: Path) -> Section:
    """The one section of the report that was written there."""
    report = PerformanceReport.model_validate_json((folder / "webhook_performance_results.json").read_text())
    (section,) = report.sections.values()
    return section


def files(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_the_two_packages_whole_and_nothing_else(built: Path) -> None:
    """Every module and every file beside one, the card's locustfiles as files; no name of ours but the two."""
    ours = [path for name in ("hookswarm", "_hookswarm") for path in (CHECKOUT / name).rglob("*")]
    ours += (CHECKOUT / "_hookswarm/locustfiles").rglob("*")  # a link, which rglob does not follow
    tracked = {str(path.relative_to(CHECKOUT)) for path in ours if path.is_file() and path.suffix != ".pyc"}
    assert files(built) == tracked
    assert "_hookswarm/locustfiles/test_webhook_load.py" in tracked


def test_a_checkout_gives_the_same_wheel_as_its_source_archive(source: Path, built: Path) -> None:
    """`pip install .` has no more and no less."""
    folder = source.parent / "direct"
    folder.mkdir()
    assert files(wheel(source, folder)) == files(built)


def test_both_commands_say_the_version(fresh: Installed, tmp_path: Path) -> None:
    """`--version` of both, and a usage that names the command as it was called."""
    for command in ("hookswarm", "hookswarm-receiver"):
        assert fresh.run(command, "--version", cwd=tmp_path).stdout == f"hookswarm {__version__}\n"
    assert fresh.run("hookswarm", "--help", cwd=tmp_path).stdout.startswith("usage: hookswarm ")
    assert fresh.run("hookswarm-receiver", "--help", cwd=tmp_path).stdout.startswith("usage: hookswarm-receiver ")
    module = fresh.run("python", "-m", "hookswarm.receiver", "fleet", "--help", cwd=tmp_path)
    assert module.stdout.startswith("usage: python -m hookswarm.receiver fleet ")


@pytest.mark.parametrize("beside", ["broken", "theirs"])
def test_ones_own_locustfile_runs_in_ones_own_folder(fresh: Installed, tmp_path: Path, beside: str) -> None:
    """The documentation's, beside files with our rooms' names: theirs to import, and never taken for ours."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.py").write_text(MINE)
    for name in GENERIC:
        (own / f"{name}.py").write_text("WHOSE = 'theirs'\n" if beside == "theirs" else "raise SystemExit(7)\n")
    if beside == "theirs":
        imports = "".join(f"from {name} import WHOSE\n" for name in GENERIC)
        (own / "mine.py").write_text(imports + MINE)
    with running_receiver(tmp_path) as receiver:
        run = fresh.run(
            "python", LOCUST, "-f", "mine.py", "--headless", "--no-replay", "--target", receiver.url, cwd=own
        )
        arrivals = receiver.ask("/stats").json()["arrivals"]
    (folder,) = (own / "results").iterdir()
    fresh.run("python", "-m", "hookswarm.analysis", folder, cwd=own)
    section = reported(own)
    names = ["concurrent users=1", "concurrent users=8", "steady"]
    assert [stage.name for stage in section.stages] == names, run.stderr
    assert [stage.deliveries.acknowledged for stage in section.stages[:2]] == [500, 500]
    assert sum(stage.deliveries.due for stage in section.stages) + 1 == arrivals  # the probe
    assert codes(section) <= BUSY


@pytest.mark.parametrize("how", ["fresh", "editable"])
def test_the_command_runs_a_test_of_the_card(how: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """`hookswarm` starts receivers, runs a locustfile of ours and writes the report, without a checkout at hand.

    Variables of plain Locust do not concern it.
    """
    where: Installed = request.getfixturevalue(how)
    stages = "sequential webhooks=1 events=100"
    others = {"LOCUST_TARGET": "http://127.0.0.1:1/", "LOCUST_HOST": "http://127.0.0.1:1/", "LOCUST_RATE": "1"}
    done = where.run("hookswarm", "--test", "performance", "--quick", "--stages", stages, cwd=tmp_path, env=others)
    assert done.returncode in (Exit.PASS, Exit.VOID), done.stderr  # void: the machine may be busy
    section = reported(tmp_path)
    assert section.stages[0].deliveries.acknowledged == 100
    assert codes(section) <= BUSY
    assert "<html" in (tmp_path / "report.html").read_text()


def test_an_editable_install_shows_no_name_but_the_two(editable: Installed, tmp_path: Path) -> None:
    """The checkout, with its links and tests, is not on the path, nor on that of a Python that we start."""
    asks = (
        "import hookswarm; from importlib.util import find_spec; from _hookswarm import importable;"
        f"print([name for name in {(*GENERIC, 'tests', 'benchmarks')} if find_spec(name)], importable())"
    )
    assert editable.run("python", "-c", asks, cwd=tmp_path).stdout == "[] {}\n"


@pytest.mark.parametrize("name", ["hookswarm.py", "_hookswarm.py"])
def test_a_file_that_hides_ours_is_named(fresh: Installed, tmp_path: Path, name: str) -> None:
    """By the command in one line that says what to do; by Locust's last line, which is Python's."""
    (tmp_path / name).write_text("")
    (tmp_path / "mine.py").write_text(MINE)
    port = free_port()
    told = fresh.run("hookswarm", "--target", f"http://127.0.0.1:{port}/", cwd=tmp_path)
    assert told.returncode == 2
    assert f"{tmp_path / name} hides our package" in told.stderr
    locust = fresh.run("python", LOCUST, "-f", "mine.py", "--headless", cwd=tmp_path)
    assert str(tmp_path / name) in locust.stderr.splitlines()[-1]
