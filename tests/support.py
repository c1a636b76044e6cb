"""What tests share: where the public corpora are, and what may be skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def required(what: str) -> bool:
    """Tell whether SALUS_REQUIRE names `what`, so that its absence is a failure and not a skip."""
    return what in os.environ.get("SALUS_REQUIRE", "").split(",")


def absent(what: str, why: str) -> None:
    """Skip for want of `what`, or fail where SALUS_REQUIRE names it."""
    if required(what):
        pytest.fail(f"SALUS_REQUIRE names {what}, but {why}")
    pytest.skip(why)


def corpora() -> Path:
    """Return the folder of public corpora beside the repository; SALUS_CORPORA names another."""
    return Path(os.environ.get("SALUS_CORPORA", REPOSITORY.parent / "shared" / "corpora"))


def corpus(name: str) -> Path:
    """Return one corpus file or folder, or skip with a message."""
    path = corpora() / name
    if not path.exists():
        absent("corpora", f"no corpus {name} under {corpora()}")
    return path
