"""The web UI as people use it, in a real Chromium: the form, our tab, stop, downloads."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from _hookswarm.protocol.faults import Delay
from _hookswarm.senders.plan.arrivals import Poisson
from _hookswarm.senders.plan.stages import Incident, Stage
from tests.support.chromium import launch, needs_chromium
from tests.support.receivers import free_port, running_receiver, wait_until
from tests.support.runs import end_group, regions_file, start_locust

pytestmark = [pytest.mark.slow, needs_chromium]

SLOW = Incident("slow", from_s=1, for_s=60, delay=Delay(0.02, "fixed"))
STAGES = [
    Stage("sustained", users=8, webhooks=10, arrivals=Poisson(50), payload="thin", duration_s=3, stretch=True),
    Stage(
        "failover slow", users=8, webhooks=10, arrivals=Poisson(50), payload="thin", duration_s=90, incidents=(SLOW,)
    ),
]


@dataclass(frozen=True)
class Ui:
    url: str
    results: Path


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """Locust's master and two sending processes, with its web UI."""
    folder, port = tmp_path_factory.mktemp("webui"), free_port()
    with running_receiver(folder, "--threads", "8") as receiver:
        options = ["--regions", str(regions_file(folder, receiver)), "--web-host", "127.0.0.1", "--processes", "2"]
        options += ["--accept=status in 200,204", "--accept=status in 200-299"]
        locust = start_locust(folder, STAGES, *options, "--web-port", str(port), "--class-picker", headless=False)
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: _workers(url) == 2, 30)
            yield Ui(url, receiver.results)
        finally:
            end_group(locust)


def _workers(url: str) -> int:
    try:
        return int(httpx.get(f"{url}/worker-count", trust_env=False, timeout=2).json()["worker_count"])
    except (httpx.HTTPError, KeyError, ValueError):
        return 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser: Browser, ui: Ui) -> Iterator[Page]:
    """One page for all these tests: they are one visit, in order."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(10_000)
    page.goto(ui.url)
    yield page
    page.close()


def _start(page: Page) -> None:
    page.get_by_role("button", name="Start", exact=True).click()


def test_the_options_stand_in_the_form_under_headings(page: Page) -> None:
    """Open, in the order in which they are declared; and the senders are in the class picker."""
    expect(page.get_by_role("heading", name="What is played")).to_be_visible()
    expect(page.locator("h3.webhooks-heading")).to_have_text(
        ["What is played", "Where it goes", "What is sent", "Retries", "What is recorded", "How it is judged"]
    )
    for name in ("stages", "rate", "strategy", "regions", "retryProfile", "payloads"):
        expect(page.locator(f"form [name={name}]").last).to_be_visible()
    expect(page.get_by_text("SenderLocalNearest")).to_be_visible()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("rate", "-1", "--rate -1 is out of range: write 0.01 to 1000000 a second"),
        ("rate", "fast", "--rate: 'fast' is not a number"),
        ("stages", "nope", "--stages: none is named 'nope'"),
        ("strategy", "luck", "--strategy: there is no strategy 'luck'"),
        ("check", "p99_ms", "--check: check 'p99_ms': no comparison in it"),
    ],
)
def test_bad_input_is_refused_in_the_form(page: Page, ui: Ui, field: str, value: str, said: str) -> None:
    """With a message; nothing begins."""
    entry = page.locator(f"form [name={field}]").last
    before = entry.input_value()
    entry.fill(value)
    _start(page)
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible(timeout=20_000)  # a process judges checks
    entry.fill(before)
    assert list(ui.results.glob("*")) == []


def test_every_fault_stands_beside_its_field(page: Page) -> None:
    """All at once, until the next start."""
    wrong = {"rate": "-1", "seed": "x", "strategy": "luck"}
    before = {name: page.locator(f"form [name={name}]").input_value() for name in wrong}
    for name, value in wrong.items():
        page.locator(f"form [name={name}]").fill(value)
    _start(page)
    expect(page.locator(".webhooks-wrong")).to_have_count(3)
    for name in wrong:
        fault = page.locator(".webhooks-wrong").filter(has_text=f"--{name}")
        box, field = fault.bounding_box(), page.locator(f"form [name={name}]").bounding_box()
        assert box
        assert field
        assert 0 <= box["y"] - field["y"] - field["height"] < 60
    for name, value in before.items():
        page.locator(f"form [name={name}]").fill(value)


def test_what_cannot_change_once_locust_runs_is_shown_as_fixed(page: Page) -> None:
    """With what to do instead."""
    for name in ("regions", "observe", "advertise"):
        expect(page.locator(f"form [name={name}]")).not_to_be_editable()
    expect(page.get_by_text("Fixed while Locust runs: start Locust with another.")).to_have_count(3)


def test_stages_are_picked_from_a_list(page: Page) -> None:
    """Those of the test; what is written beside them stays."""
    entry = page.locator("form [name=stages]").last
    page.get_by_text("Pick stages from a list").click()
    entry.fill("retry*")
    page.get_by_role("checkbox", name="failover slow").check()
    page.get_by_role("checkbox", name="sustained", exact=True).check()
    assert entry.input_value() == "retry*, failover slow, sustained"
    page.get_by_role("checkbox", name="failover slow").uncheck()
    assert entry.input_value() == "retry*, sustained"
    entry.fill("")


def test_what_may_be_given_often_has_a_line_each(page: Page) -> None:
    """As it was given; commas and all, it is sent so: the next run begins with it."""
    entry = page.locator("form textarea[name=accept]")
    expect(entry).to_be_visible()
    assert entry.input_value() == "status in 200,204\nstatus in 200-299"
    entry.fill("status in 200,204\n\nstatus is fine")
    _start(page)
    expect(page.get_by_role("alert").filter(has_text="--accept: 'status is fine' is not a rule")).to_be_visible()
    entry.fill("status in 200-299\nstatus in 200,204\n")


def test_the_tab_fills_while_a_run_is_on(page: Page) -> None:
    """Started from the form: the stages in turn, rows of the origin, the ledger, a fault and its clock."""
    page.locator("form [name=seed]").fill("7")
    page.locator("form [name=check]").fill("lost==0\ndue<10")
    _start(page)
    page.get_by_role("tab", name="Webhooks").click()
    tab = page.get_by_role("region", name="Webhooks")
    expect(tab.get_by_role("heading", name="sustained (stage 1 of 2)")).to_be_visible(timeout=20_000)
    expect(tab.get_by_role("heading", name="failover slow (stage 2 of 2)")).to_be_visible(timeout=30_000)
    expect(tab.get_by_text("slow in local: for")).to_be_visible()
    expect(tab.get_by_role("cell", name="local").first).to_be_visible()
    expect(tab.locator("#webhooks-rows td").nth(1)).to_have_text("nearest")
    # A rate that is told is one of the last seconds; 50 a second are asked for.
    wait_until(lambda: 20 < _number(tab.locator("#webhooks-rows td").nth(5).inner_text()) < 100, 10)
    ledger = dict(
        zip(tab.locator("dt").all_inner_texts(), map(_number, tab.locator("dd").all_inner_texts()), strict=True)
    )
    assert ledger["due"] == sum(
        ledger[name] for name in ("acknowledged", "failed", "abandoned", "waiting", "in flight")
    )
    assert ledger["acknowledged"] > 150
    assert _number(tab.locator("#webhooks-arrived td").nth(1).inner_text()) > 150


def test_the_tab_draws_the_run_second_by_second(page: Page) -> None:
    """Rates, latencies and errors, each with what it is now in words."""
    tab = page.get_by_role("region", name="Webhooks")
    for title in ("Deliveries a second", "Delivery latency, ms", "Errors a second"):
        expect(tab.get_by_role("img", name=title)).to_be_visible()
    drawn = tab.get_by_role("img", name="Deliveries a second").locator("path").last
    wait_until(lambda: (drawn.get_attribute("d") or "").count("L") >= 4, 10)


def _number(text: str) -> float:
    return float(text.replace(",", "")) if text.strip("-") else -1


def test_another_start_is_refused_meanwhile(ui: Ui) -> None:
    """Its options would be taken for those of the run that is on."""
    answer = httpx.post(f"{ui.url}/swarm", data={"rate": "5"}, trust_env=False).json()
    assert not answer["success"]
    assert "a run is on" in answer["message"]
    assert httpx.get(f"{ui.url}/webhooks/report.html", trust_env=False).status_code == 409


def test_stopped_runs_can_be_downloaded(page: Page, ui: Ui, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Stop ends the run in order; its report, its numbers and its journals come with its name."""
    page.get_by_role("button", name="Stop").click()
    tab = page.get_by_role("region", name="Webhooks")
    expect(tab.get_by_text("no stage is on")).to_be_visible(timeout=20_000)
    (run,) = ui.results.glob("*-performance-*")
    # What became of it stays: its verdict, findings, checks with values; and so do its ledger and its pictures.
    expect(tab.get_by_role("heading", name="performance")).to_be_visible(timeout=60_000)
    result = tab.locator("#webhooks-result")
    expect(result.get_by_text("due<10 fail")).to_be_visible()
    expect(result.get_by_text("lost==0 pass")).to_be_visible()
    assert result.locator("ul").first.locator("li").count() >= 1
    expect(tab.get_by_role("img", name="Deliveries a second")).to_be_visible()
    assert _number(tab.locator("dd").first.inner_text()) > 150
    tab.get_by_text("Download what the last run found").click()
    for title, name in (
        ("All attempts (CSV)", "attempts.csv"),
        ("Performance results (JSON)", "webhook_performance_results.json"),
        ("The report, to look at", "report.html"),
    ):
        with page.expect_download(timeout=60_000) as coming:
            tab.get_by_role("link", name=title).click(timeout=60_000)  # until the answer begins: it is analysed first
        assert coming.value.suggested_filename == f"{run.name}-{name}"
        assert coming.value.path().stat().st_size > 100
