"""What the README shows is what the program prints."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from support import REPOSITORY


@pytest.mark.slow
def test_the_readme_shows_what_the_demo_prints() -> None:
    """When the story has changed on purpose, `.venv/bin/python tools/show_demo.py` writes the README's block anew.

    CI has just run the demo, and says in DEMO_SAID where that stands; everybody else runs it here.
    """
    check = [sys.executable, str(REPOSITORY / "tools" / "show_demo.py"), "--check"]
    said = ["--said", os.environ["DEMO_SAID"]] if "DEMO_SAID" in os.environ else []
    done = subprocess.run([*check, *said], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
