"""A real headless Chromium for journeys and page tests: /usr/bin/chromium, or what SALUS_CHROMIUM names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from support import REPOSITORY, absent

PATIENCE_MILLISECONDS = 180_000
"""How long Chromium may take for anything; Playwright's half minute is less than a busy machine may stand still."""
AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"


def executable() -> Path:
    """Return Chromium's path, or skip with a message; SALUS_REQUIRE=browser makes that a failure."""
    path = Path(os.environ.get("SALUS_CHROMIUM", "/usr/bin/chromium"))
    if not path.is_file():
        absent("browser", f"there is no Chromium at {path}; SALUS_CHROMIUM names another place")
    return path


_click = Locator.click


def _click_and_load(self: Locator, **given: Any) -> None:
    """Click, and wait for all of a page that it leads to: a click itself waits until the first of it has come."""
    _click(self, **given)
    self.page.wait_for_load_state()


Locator.click = _click_and_load  # type: ignore[assignment,method-assign]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium, and stop it afterwards."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), timeout=PATIENCE_MILLISECONDS)
        try:
            yield patient(browser)
        finally:
            browser.close()


def patient(browser: Browser) -> Browser:
    """Let every context and page of a browser wait as long as anything may take here."""
    contexts, pages = browser.new_context, browser.new_page

    def new_context(**given: Any) -> BrowserContext:
        context = contexts(**given)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        return context

    def new_page(**given: Any) -> Page:
        page = pages(**given)
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        return page

    browser.new_context, browser.new_page = new_context, new_page  # type: ignore[method-assign]
    return browser


def accessibility(page: Page) -> list[str]:
    """Run axe-core over the page as it stands and return its violations, one line each.

    axe is evaluated through the debugger, so that the page's Content-Security-Policy stays as strict as it is.
    """
    if not AXE.is_file():
        absent("browser", "axe-core is not installed; run `make setup`")
    if not page.evaluate("'axe' in window"):  # half a megabyte; a page that is measured again has it
        page.evaluate(AXE.read_text(encoding="utf-8"))
    run = "axe.run(document, {resultTypes: ['violations']})"  # what passes need not be told node by node
    found: list[dict[str, Any]] = page.evaluate(f"async () => (await {run}).violations")
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')[:300]}"
        for one in found
        for node in one["nodes"]
    ]
