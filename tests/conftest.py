"""A real database for every test that wants one: a private PostgreSQL of its own for each module."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from salus.app import SCHEMAS
from salus.storage import Settings, Store, open_store

sys.path.insert(0, str(Path(__file__).parent))

import prepared

# A test's time is its machine's, not the code's: a busy one makes no failure.
settings.register_profile("salus", deadline=None)
settings.load_profile("salus")

if "SALUS_WITHOUT" in os.environ:
    from controls import CONTROLS

    CONTROLS[os.environ["SALUS_WITHOUT"]].take_away()


def pytest_configure(config: pytest.Config) -> None:
    """Name a folder for databases that are made once; workers and what they start find it in their environment."""
    folder = prepared.begin()
    if folder is not None:
        config.add_cleanup(lambda: prepared.end(folder))


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """An open, migrated, empty database of its own; PostgreSQL as SALUS_POSTGRES says, the wheel's by default."""
    folder = Path(tempfile.mkdtemp(prefix="salus-test-"))
    folder.chmod(0o711)
    prepared.prepare(folder / "data")
    with open_store(Settings(data=folder / "data", postgres=prepared.chosen())) as opened:
        opened.migrate(SCHEMAS)
        yield opened
    shutil.rmtree(folder, ignore_errors=True)
