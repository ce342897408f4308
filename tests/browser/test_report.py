"""The report in a real Chromium, wide and on a phone, light, dark and printed: its drawn axes, labels and colours."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from _hookswarm.analysis.reporting.files import read_reports
from _hookswarm.analysis.reporting.html.page import write_page
from _hookswarm.analysis.schema.files import PERFORMANCE
from _hookswarm.analysis.schema.report import PerformanceReport
from tests.support.chromium import faults_of_access, launch, needs_axe, needs_chromium, offline
from tests.support.kept_runs import REPORTS
from tests.support.watched_processes import watched

pytestmark = [pytest.mark.slow, needs_chromium]

WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 800}, "is_mobile": True}
PLAIN = re.compile(r"[-\N{MINUS SIGN}]?\d{1,3}(,\d{3})*(\.\d{1,4})?%?")
"""1,380 and 0.25; neither 1380 nor 1.38e+3, 1k or 7.61234."""

DRAW = """async () => {
  while (!window.Plotly) await new Promise((done) => setTimeout(done, 50));
  places.forEach(draw);
  await Promise.all(places.map((place) => Plotly.react(place, place.data, place.layout)));
}"""
LOOK = """() => places.map((place) => {
  const texts = (selector) => [...place.querySelectorAll(selector)].filter((one) => one.textContent).map((one) => {
    const box = one.getBoundingClientRect();
    return { text: one.textContent, left: box.left, right: box.right, top: box.top, bottom: box.bottom };
  });
  const axes = {};
  for (const name of ["xaxis", "yaxis", "yaxis2"]) {
    const axis = place._fullLayout[name];
    const ticks = texts(`.${name.replace("axis", "")}tick text`);
    if (axis) axes[name] = { type: axis.type, range: axis.range, ticks };
  }
  const frame = place.getBoundingClientRect();
  return {
    title: place.closest("section").id + ": " + place.closest("figure").querySelector("h3").textContent,
    across: place.data.some((trace) => trace.orientation === "h"),
    frame: { left: frame.left, right: frame.right, top: frame.top, bottom: frame.bottom },
    axes, texts: texts(".xtick text, .ytick text, .y2tick text, .xtitle, .ytitle, .y2title, .legendtext"),
  };
})"""
CONTRAST = """() => {
  const light = (colour) => {
    const [red, green, blue] = colour.match(/\\d+/g).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  return [...document.querySelectorAll(".chart text:not(.bartext)")].map((text) => {
    const behind = getComputedStyle(text.closest("figure")).backgroundColor;
    const [low, high] = [light(getComputedStyle(text).fill), light(behind)].sort((one, other) => one - other);
    return (high + 0.05) / (low + 0.05);
  });
}"""


@dataclass(frozen=True)
class Drawn:
    """A page with all its pictures, what they show, and what went wrong."""

    page: Page
    charts: list[dict[str, Any]]
    wrong: list[str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of five real runs, in one of which two processes were watched."""
    reports = read_reports(REPORTS)
    performance = reports[PERFORMANCE]
    assert isinstance(performance, PerformanceReport)
    performance.sections["load"].watched = [watched(), watched(process="78")]
    return write_page(tmp_path_factory.mktemp("report"), reports)


@pytest.fixture(scope="module", params=[WIDE, PHONE], ids=["wide", "phone"])
def drawn(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Drawn]:
    with offline(browser, color_scheme="light", **request.param) as (page, wrong):
        page.goto(report.as_uri())
        page.evaluate(DRAW)
        yield Drawn(page, page.evaluate(LOOK), wrong)


def test_every_picture_is_drawn(drawn: Drawn) -> None:
    """With no request to any host and nothing in the console, and the page is no wider than the screen."""
    assert len(drawn.charts) > 35
    assert [chart["title"] for chart in drawn.charts if not chart["texts"]] == []
    assert drawn.wrong == []
    assert drawn.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_ticks_are_numbers_as_people_write_them(drawn: Drawn) -> None:
    """At least two on every axis of numbers, or it could not be read."""
    odd = {}
    for chart in drawn.charts:
        for name, axis in chart["axes"].items():
            ticks = [tick["text"] for tick in axis["ticks"]]
            if axis["type"] != "category" and (len(ticks) < 2 or not all(map(PLAIN.fullmatch, ticks))):
                odd[chart["title"], name] = ticks
    assert odd == {}


def test_axes_start_where_they_should(drawn: Drawn) -> None:
    """At zero where lengths or heights are compared, unless the axis is logarithmic."""
    wrong = {}
    for chart in drawn.charts:
        for name, axis in chart["axes"].items():
            compared = name.startswith("y") or chart["across"]
            if compared and axis["type"] == "linear" and min(axis["range"]) > 0:
                wrong[chart["title"], name] = axis["range"]
    assert wrong == {}


def test_no_label_is_cut_off(drawn: Drawn) -> None:
    """Ticks, titles and legends stand inside their picture."""
    cut = [
        (chart["title"], one["text"])
        for chart in drawn.charts
        for one in chart["texts"]
        if one["left"] < chart["frame"]["left"] - 1
        or one["right"] > chart["frame"]["right"] + 1
        or one["top"] < chart["frame"]["top"] - 1
        or one["bottom"] > chart["frame"]["bottom"] + 1
    ]
    assert cut == []


def test_no_label_covers_another(drawn: Drawn) -> None:
    """Of the ticks of an axis, which stand beside or below each other."""
    covered = []
    for chart in drawn.charts:
        for name, axis in chart["axes"].items():
            first, last = ("left", "right") if name == "xaxis" else ("top", "bottom")
            ticks = sorted(axis["ticks"], key=lambda tick: tick[first])
            for one, other in itertools.pairwise(ticks):
                if one[last] > other[first] + 1:
                    covered.append((chart["title"], name, one["text"], other["text"]))
    assert covered == []


def test_tables_show_that_they_scroll(drawn: Drawn) -> None:
    """The page does not move for them: each has a shade where there is more, and can be reached by the keyboard."""
    drawn.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    wider = drawn.page.evaluate(
        """() => [...document.querySelectorAll(".scroll")].filter((one) => one.scrollWidth > one.clientWidth)
        .map((one) => [one.tabIndex, getComputedStyle(one).backgroundAttachment])"""
    )
    assert wider
    assert all(told == [0, "local, local, scroll, scroll"] for told in wider)


def test_words_can_be_read_in_the_dark(drawn: Drawn) -> None:
    """Those in pictures, too, which are drawn anew in the colours of the dark; bars bring their own behind them."""
    light = drawn.page.evaluate(CONTRAST)
    drawn.page.emulate_media(color_scheme="dark")
    drawn.page.evaluate(DRAW)
    dark = drawn.page.evaluate(CONTRAST)
    assert len(light) == len(dark) > 300
    assert min(light) >= 4.5
    assert min(dark) >= 4.5


def test_on_paper_everything_is_open(browser: Browser, report: Path) -> None:
    """All pictures are drawn and all tables unfolded: nobody can open them there. Afterwards it is as before."""
    with offline(browser, **WIDE) as (page, wrong):
        page.goto(report.as_uri())
        page.wait_for_function("window.Plotly")
        before = page.locator("details:not([open])").count()
        page.evaluate(
            """addEventListener("beforeprint", () => { window.printed = [
            document.querySelectorAll("details:not([open])").length,
            places.filter((place) => !place.querySelector(".main-svg")).length,
            ]; })"""
        )
        page.pdf(format="A4")
        assert page.evaluate("window.printed") == [0, 0]
        assert page.locator("details:not([open])").count() == before > 5
        assert wrong == []


def test_no_table_is_cut_off_on_paper(browser: Browser, report: Path) -> None:
    """Nothing scrolls there: each is as wide as a sheet at most."""
    with offline(browser, viewport={"width": 718, "height": 1000}) as (page, _):  # A4 within its margins
        page.goto(report.as_uri())
        page.emulate_media(media="print")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        tables = page.evaluate(
            "[...document.querySelectorAll('table')].map((one) => one.getBoundingClientRect().right - innerWidth)"
        )
        assert len(tables) > 15
        assert max(tables) <= 0


def test_a_browser_that_cannot_unpack_says_so(browser: Browser, report: Path) -> None:
    """The pictures are missing, and why."""
    with offline(browser, **WIDE) as (page, wrong):
        page.add_init_script("delete window.DecompressionStream")
        page.goto(report.as_uri())
        assert "open the page in a newer one" in page.locator(".chart").first.inner_text()
        assert wrong == []


@needs_axe
@pytest.mark.parametrize(
    "options",
    [WIDE | {"color_scheme": "light"}, WIDE | {"color_scheme": "dark"}, PHONE | {"color_scheme": "light"}],
    ids=["light", "dark", "phone"],
)
def test_everybody_can_use_it(browser: Browser, report: Path, options: dict[str, object]) -> None:
    """No serious fault of accessibility, by axe-core."""
    with offline(browser, **options) as (page, _):
        page.goto(report.as_uri())
        page.wait_for_function("window.Plotly")
        page.locator(".chart").first.scroll_into_view_if_needed()  # they are drawn when they come near
        page.wait_for_selector(".main-svg")
        assert faults_of_access(page) == []
