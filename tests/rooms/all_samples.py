"""The samples of all pages: those of `web_samples`, and of each `web_samples_<area>` beside it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from salus.web.views import Person, View

SAMPLES: dict[str, tuple[View, Person | None]] = {}
for _path in sorted(Path(__file__).parent.glob("web_samples*.py")):
    SAMPLES |= import_module(_path.stem).SAMPLES
