"""Data folders with a database of their own, for tests of what becomes of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from salus.storage import Settings, Store, open_store

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


@contextmanager
def opened(data: Path) -> Iterator[Store]:
    """Open a folder on the wheel's PostgreSQL."""
    with open_store(Settings(data=data, postgres="wheel")) as store:
        yield store
