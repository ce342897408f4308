"""The page's links to the files of its runs."""

import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from _hookswarm.analysis.__main__ import main as analyse
from _hookswarm.analysis.reporting.files import read_reports
from _hookswarm.analysis.reporting.html.page import render_page, write_page
from _hookswarm.analysis.schema.files import MODELS
from tests.support.kept_runs import REPORTS, RUNS

ODD = "<img src=x onerror=alert(1)>.txt"
SCRIPT = "javascript:alert(1)"
DRAFT = ".series.csv.4711"
"""What is just being written."""


def links(page: Path) -> dict[str, str]:
    """Where the page's links lead to beside itself, and their texts; it says nothing of a file twice."""
    found = re.findall(r'<a href="([^#"][^"]*)">(.*?)</a>', page.read_text())
    return {unescape(href): unescape(text) for href, text in found}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in `results/`, its reports in `out/`, and a run of before that is told there, too."""
    folder = tmp_path_factory.mktemp("linked")
    run = shutil.copytree(RUNS / "load", folder / "results" / "a run")
    for name in (ODD, SCRIPT, "report.html", DRAFT):
        (run / name).touch()
    before = read_reports(REPORTS)["webhook_performance_results.json"]
    (folder / "results" / before.sections["resource"].run.id).mkdir()
    (folder / "results" / before.sections["resource"].run.id / "run.json").touch()
    out = shutil.copytree(REPORTS, folder / "out")
    analyse([str(run), "--output", str(out)])
    return folder


def test_a_runs_page_links_every_file_beside_it(root: Path) -> None:
    """By its own name, and all links lead to a file."""
    run = root / "results" / "a run"
    found = links(run / "report.html")
    assert set(found.values()) == {path.name for path in run.iterdir()} - {"report.html", DRAFT}
    assert all((run / unquote(href)).exists() for href in found)


def test_every_file_has_its_sentence(root: Path) -> None:
    """What it holds; what is not ours is told as such."""
    page = (root / "results" / "a run" / "report.html").read_text()
    told = [unescape(re.sub(r"<.*?>", "", line)) for line in re.findall(r"<li>(<a href=\"[^#].*)</li>", page)]
    assert "timeline.jsonl: What happened, in order: stages started and ended" in "\n".join(told)
    assert f"{ODD}, {SCRIPT}: Not written by hookswarm." in told
    assert told[0].startswith("run.json: ")


def test_names_of_files_are_text(root: Path) -> None:
    """None is a tag, or a link that is a program."""
    page = (root / "results" / "a run" / "report.html").read_text()
    assert "<img" not in page
    assert 'href="javascript:' not in page
    assert "javascript:alert(1)</a>" in page


def test_the_page_of_all_links_each_run_that_it_finds(root: Path) -> None:
    """By its folder, from where the page stands; and the reports beside it."""
    out = root / "out"
    found = links(out / "report.html")
    assert found["../results/a%20run/"] == "../results/a run"
    assert found["../results/a%20run/report.html"] == "report.html"
    resource = read_reports(out)["webhook_performance_results.json"].sections["resource"].run.id
    assert found[f"../results/{resource}/run.json"] == "run.json"
    assert set(MODELS) <= set(found)
    assert all((out / unquote(href)).exists() for href in found)


def test_a_page_on_its_own_links_nothing(tmp_path: Path) -> None:
    """Of runs whose folders nobody knows."""
    assert links(write_page(tmp_path, read_reports(REPORTS))) == {}
    assert "Files of this run" not in render_page(read_reports(REPORTS))
