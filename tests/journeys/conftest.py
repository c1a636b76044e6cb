"""A browser and served nodes for the journeys, one of each for a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from journeys.browser import chromium
from journeys.live import RESIDENTS, TOLD_RESIDENTS, TOLD_SEED, Live, serving
from nodes import let_the_database_in


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = open_folder(tmp_path_factory, "demo")
    with serving(folder, "demo", "--residents", str(RESIDENTS), "--seed", "1", ready="serving; Ctrl-C") as live:
        yield live


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A demo just large enough that every chapter of its story happens: an outbreak is noticed, notices contested."""
    folder, size = open_folder(tmp_path_factory, "told"), str(TOLD_RESIDENTS)
    with serving(folder, "demo", "--residents", size, "--seed", str(TOLD_SEED), ready="serving; Ctrl-C") as live:
        yield live


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = open_folder(tmp_path_factory, "production")
    passphrase = folder / "passphrase"
    passphrase.write_text("only for these tests, and long")
    with serving(folder, "serve", ready="serving production", SALUS_PASSPHRASE_FILE=str(passphrase)) as live:
        place = ("--level", "3", "--kind", "hospital", "--county", "900101", "--organisation", "Group")
        named = ("--name", "North Hospital", "--name-zh", "北方医院")
        added = live.command("facility", "add", "H1", *named, *place, "--data", str(live.data))
        assert added.returncode == 0, added.stderr
        yield live


def open_folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """Make a folder that the database's own user may pass through."""
    folder = factory.mktemp(name)
    let_the_database_in(folder)
    return folder


@pytest.fixture
def plain(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(java_script_enabled=False, locale="en-GB") as opened:
        yield opened
