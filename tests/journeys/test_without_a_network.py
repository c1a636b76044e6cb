"""Certificates are checked where there is no network at all: in a namespace of its own, whose one interface is down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from doors import AT
from doors import Door as PaperDoor
from journeys.browser import PATIENCE_MILLISECONDS, executable
from journeys.conftest import open_folder
from journeys.door import a_door, picture, served
from journeys.test_certificate_at_a_door import install, show
from salus.kernel import format_instant

pytestmark = pytest.mark.slow

ALONE = ("unshare", "--map-root-user", "--net")


@pytest.fixture(autouse=True)
def _namespaces() -> None:
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine gives no network namespaces to tests")


def packets(table: str) -> dict[str, int]:
    """Return how many packets each interface of a /proc/net/dev received and sent."""
    rows = [line.replace(":", " ").split() for line in table.splitlines() if ":" in line]
    return {row[0]: int(row[2]) + int(row[10]) for row in rows}


def test_the_command_needs_none(tmp_path: Path) -> None:
    door = PaperDoor()
    (tmp_path / "trust.json").write_bytes(door.file())
    asked = ["--trust", "trust.json", "--at", format_instant(AT), "--venue", "care-home"]
    script = '"$@"; echo "ended with $?"; cat /proc/net/dev'
    salus = [sys.executable, "-m", "salus", "code", "verify", door.text(), *asked]

    ran = subprocess.run(
        [*ALONE, "sh", "-c", script, "sh", *salus], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert ran.stdout.startswith("good: ")
    assert "ended with 0" in ran.stdout
    assert packets(ran.stdout.partition("ended with 0")[2]) == {"lo": 0}


@pytest.mark.browser
def test_the_page_that_was_opened_once_needs_none(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    alone, told = tmp_path / "alone", tmp_path / "process"
    alone.write_text(f'#!/bin/sh\necho $$ > "{told}"\nexec {" ".join(ALONE)} "{executable()}" "$@"\n')
    alone.chmod(0o755)
    opening = browser.browser_type.launch_persistent_context
    with a_door(open_folder(tmp_path_factory, "alone")) as door, served(door):
        with opening(tmp_path / "profile", executable_path=executable(), timeout=PATIENCE_MILLISECONDS) as context:
            context.set_default_timeout(PATIENCE_MILLISECONDS)
            context.clock.set_fixed_time(door.now)
            install(context, door)
        asked = len(door.asked)
        with opening(tmp_path / "profile", executable_path=alone, timeout=PATIENCE_MILLISECONDS) as context:
            context.set_default_timeout(PATIENCE_MILLISECONDS)
            context.clock.set_fixed_time(door.now)
            page = context.new_page()
            page.goto(f"{door.url}/verify?lang=en")
            page.locator("[data-ready=yes]").wait_for()
            verdicts = [show(page, picture(text))[0] for text in (door.text(), f"{door.text()[:-9]}AAAAAAAAA")]
            table = Path(f"/proc/{int(told.read_text())}/net/dev").read_text()

        assert verdicts == ["good", "nothing-shown"]
        assert packets(table) == {"lo": 0}
        assert len(door.asked) == asked
