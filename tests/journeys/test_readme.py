"""What the README shows is what the program prints."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support import REPOSITORY


@pytest.mark.slow
def test_the_readme_shows_what_the_demo_prints() -> None:
    """When the story has changed on purpose, `.venv/bin/python tools/show_demo.py` writes the README's block anew."""
    check = [sys.executable, str(REPOSITORY / "tools" / "show_demo.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
