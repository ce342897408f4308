"""The page: whole, of one file, with every verdict, and no request to anybody."""

import base64
import gzip
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from _hookswarm.analysis.reporting import files
from _hookswarm.analysis.reporting.html import page
from _hookswarm.analysis.reporting.html.charts import Chart, chart_figure
from _hookswarm.analysis.reporting.html.stages import MOST
from _hookswarm.analysis.reporting.html.stages import stage_charts as stage_charts
from _hookswarm.analysis.reporting.html.what_ran import skipped, what_ran
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.files import MEMORY, MODELS, PERFORMANCE
from _hookswarm.analysis.schema.report import PerformanceReport
from tests.support.journals import arrival, attempt, planned, run
from tests.support.kept_runs import REPORTS
from tests.support.samples import machine_log


class Links(HTMLParser):
    """What a page would fetch, and where it leads to beside itself, by the links' texts."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.leads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        for name in ("src", "href"):
            value = told.get(name) or ""
            if not value or value.startswith(("#", "data:")):
                continue
            if tag == "a":
                self.leads.append(value)
            else:
                self.fetched.append(f"{tag} {name}={value}")


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a run of each test that has something of its own to show, and one that is void."""
    folder = tmp_path_factory.mktemp("reports")
    for test in ("performance", "load", "scalability", "distribution", "resource"):
        sent = [attempt(n, stage=stage) for stage in (0, 1) for n in range(20)]
        arrivals = [arrival(one) for one in sent[1 if test == "load" else 0 :]]
        frames = run(sent, arrivals, stages=[planned("<b>odd</b> & more"), planned("another")], test=test)
        if test == "load":
            frames = replace(frames, manifest=frames.manifest.model_copy(update={"options": {"rotate_at": 0.001}}))
        files.write_reports(folder, analyse(replace(frames, machine=machine_log(12))))
    return page.write_page(folder, files.read_reports(folder)).read_text()


def test_the_verdicts_come_first(html: str) -> None:
    """The worst of all, then each test's, with its answers and its reasons, before any picture."""
    body = html[html.index("<body>") :]
    told = re.findall(r'<span class="status (\w+)">', body[: body.index("<main")])
    assert told == ["void", "pass", "void", "pass", "pass", "pass"]
    assert body.index("acknowledged_lost") < body.index("<figure")
    assert body.index("Nothing was lost") < body.index("<figure")


def test_a_rotation_is_told(html: str) -> None:
    """In a table of the test whose secret changed, and of no other."""
    assert html.count("<summary>Secrets rotated (2)<") == 1
    assert html.index('id="load-1"') < html.index("Secrets rotated")


def test_nothing_is_fetched(html: str) -> None:
    """No script, style, font or picture of another host; links lead into the page, or to files beside it."""
    links = Links()
    links.feed(html)
    assert links.fetched == []
    assert set(links.leads) == set(MODELS) - {MEMORY}
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_names_are_text(html: str) -> None:
    """A stage's name is shown as it is, and is no part of the page's own code."""
    body = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert "<b>odd" not in body
    assert "&lt;b&gt;odd&lt;/b&gt; &amp; more" in body


def test_every_picture_is_told_in_words(html: str) -> None:
    """A label for those who cannot see it, and data of its own."""
    places = re.findall(r'<div class="chart" id="([^"]+)" role="img" aria-label="([^"]+)"', html)
    assert len(places) >= 15
    assert {place for place, _ in places} == set(
        re.findall(r'<script type="application/json" data-for="([^"]+)"', html)
    )
    assert all(len(label) > 20 for _, label in places)


def test_a_chart_cannot_end_its_script() -> None:
    """Whatever a stage is named."""
    made = chart_figure("x", "y")
    made.add_bar(x=[1], y=["</script><script>alert(1)</script>"])
    assert "</script>" not in Chart("a", "b", made).json()


def test_many_stages_are_one_picture() -> None:
    """Of so many that are shown; a page stays small however many there were."""
    sent = [attempt(0, stage=number) for number in range(MOST + 5)]
    stages = [planned(f"s{number}") for number in range(MOST + 5)]
    throughput, *_ = stage_charts(analyse(run(sent, [arrival(one) for one in sent], stages=stages)).performance)
    assert len(throughput.figure.data[0].y) == MOST


def test_an_empty_report_is_a_page(tmp_path: Path) -> None:
    """Without a run in it."""
    assert "No run is in these reports" in page.render_page(files.read_reports(tmp_path))


def test_a_page_is_small(html: str) -> None:
    """With the plotting library, packed; a run of ten million deliveries has as many numbers as any other."""
    assert len(html.encode()) < 3_000_000
    packed = html.partition('id="plotly">')[2].partition("</script>")[0]
    assert gzip.decompress(base64.b64decode(packed)).decode() == get_plotlyjs()


def test_every_finding_leads_to_what_shows_it() -> None:
    """A picture or a table of its test, in the page of five real runs."""
    parts = list(page.page_parts(files.read_reports(REPORTS)))
    assert len(parts) == 5
    lost = [
        (part.section.run.test, one.look) for part in parts for one in part.section.findings if not part.place(one.look)
    ]
    assert lost == []


def test_a_place_has_one_name() -> None:
    """No two pictures or tables of the page share it."""
    found = re.findall(r' id="([^"]+)"', (REPORTS / "report.html").read_text())
    assert len(found) == len(set(found)) > 30


def test_what_the_terminal_shows_stands_in_tables_too() -> None:
    """Classes, ledger, retries, rankings, failovers, memory by events."""
    parts = {part.section.run.test: part for part in page.page_parts(files.read_reports(REPORTS))}
    titles = {test: {table.title for table in part.tables} for test, part in parts.items()}
    assert titles["performance"] >= {"Stages", "Ledger", "Retries", "Memory by events and webhooks"}
    assert titles["load"] >= {"Stages", "Classes of webhooks", "Ledger"}
    assert titles["distribution"] >= {"Ranking: strategies", "Failovers in figures"}
    assert titles["resource"] >= {"Memory while a load lasts", "Bottlenecks by stage"}


def test_what_was_run_is_told() -> None:
    """With its length, its options, its machine, and what was skipped."""
    (part, *_) = page.page_parts(files.read_reports(REPORTS))
    run = part.section.run.model_copy(
        update={
            "ended_at": part.section.run.started_at + timedelta(seconds=64),
            "options": {"quick": True, "target": "https://example.com/hooks", "max_rate": 50},
            "left_out": {"duplicates later": "an observer", "duplicates at once": "an observer"},
        }
    )
    told = what_ran(run)
    assert told.startswith(f"run {run.id}, {run.started_at:%Y-%m-%d %H:%M:%S} UTC, 1 min 4 s, seed ")
    assert "target https://example.com/hooks, quick, max rate 50; " in told
    assert list(skipped(run)) == ["skipped because they need an observer: duplicates later, duplicates at once"]


class Text(HTMLParser):
    """What a page says, a line for each heading, item and paragraph, without scripts, styles and pictures."""

    BLOCKS = frozenset({"h1", "h2", "h3", "li", "p", "figcaption", "summary", "tr", "title"})

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._line = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        self._line += "" if self._silent else data

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")
        if tag in self.BLOCKS and (line := " ".join(self._line.split())):
            self.lines.append(line)
            self._line = ""


QUESTIONS = {
    "did it pass?": r"pass hookswarm$",
    "was anything lost?": r"Nothing was lost, corrupt or delivered again without cause, of [\d,]+ acknowledged",
    "how many a second at most, and what was the limit?": r"Capacity: .*[\d,.]+/s.*; beyond it",
    "what do retries bring and cost?": r"In an outage of .* s, \d retries deliver .*They cost [\d.]+ attempts an event",
    "does a slow tenant hurt the others?": r"Slow and failing tenants (do not )?hold up the others",
    "how long does a failover take?": r"Failovers: (events came in time again after|users noticed none)",
    "which strategy is best, or can it not be told?": r"strateg(y|ies) (is|are|is best cannot)",
    "is there a leak?": r"leak",
    "which resource gives out first?": r"gave out first|Nothing gave out",
    "what was not tested?": r"skipped because they need",
}
"""And how the page answers them, of five short runs."""


def test_ten_questions_are_answered_at_once() -> None:
    """Within the first 60 lines of the page's text, by sentences."""
    reports = files.read_reports(REPORTS)
    performance = reports[PERFORMANCE]
    assert isinstance(performance, PerformanceReport)
    performance.sections["performance"].run.left_out = {"duplicates later": "an observer"}  # as any run's has it
    text = Text()
    text.feed(page.render_page(reports))
    first = text.lines[:60]
    unanswered = [asked for asked, answer in QUESTIONS.items() if not any(re.search(answer, line) for line in first)]
    assert unanswered == [], first
