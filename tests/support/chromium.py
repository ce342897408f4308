"""Debian's Chromium, driven by playwright, and axe-core in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.support.receivers import CHECKOUT

EXECUTABLE = shutil.which("chromium")
AXE = Path(os.environ.get("AXE", CHECKOUT / ".venv/axe.min.js"))
"""`make axe` puts it there."""
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

needs_chromium = pytest.mark.skipif(not EXECUTABLE, reason="there is no chromium (Debian: apt install chromium)")
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="there is no axe-core (make axe)")


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=EXECUTABLE, args=list(OPTIONS))


@contextmanager
def offline(browser: Browser, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """A page that may load files alone, and what went wrong in it: requests to hosts, errors in the console."""
    context = browser.new_context(offline=True, **options)
    page, wrong = context.new_page(), list[str]()
    page.set_default_timeout(120_000)  # other tests run beside it
    page.on(
        "request", lambda sent: None if sent.url.startswith(("file:", "data:", "blob:")) else wrong.append(sent.url)
    )
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    try:
        yield page, wrong
    finally:
        context.close()


def faults_of_access(page: Page) -> list[str]:
    """What axe-core calls serious or critical: the rule, and the first element that breaks it."""
    page.add_script_tag(content=AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
