"""A real database for every test that wants one: a private PostgreSQL of its own for each module."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb  # noqa: F401  where it is loaded, a command leaves all memory to the collector: many run in this process
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from salus.app import SCHEMAS
from salus.ledger.witnessing import asking, gathering
from salus.storage import Settings, Store, open_store, pools

sys.path.insert(0, str(Path(__file__).parent))

import prepared
import spreading

# A test's time is its machine's, not the code's: a busy one makes no failure. Nor do the dice: every run draws the same
# examples, and none by what happens to be loaded, so that what is merged is refused for what it changed and nothing
# else; `--hypothesis-profile anew` draws others.
providers.is_local_module_file = lambda _: False  # type: ignore[assignment]
settings.register_profile("anew", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("salus", settings.get_profile("anew"), derandomize=True)
settings.load_profile("salus")

# Nor does a machine that stands still for some seconds make a connection late, a lock too long, or a witness
# silent.
pools._CHECKOUT_SECONDS = 60.0
pools._LOCK_SECONDS = 300
asking.ANSWER_SECONDS = 60.0
gathering.PATIENCE_SECONDS = 60.0

if "SALUS_WITHOUT" in os.environ:
    from controls import CONTROLS

    CONTROLS[os.environ["SALUS_WITHOUT"]].take_away()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Name a folder for databases that are made once; workers and what they start find it in their environment.

    And take a folder of this run's own for all that its tests write: pytest closes the one that a user's runs share
    whenever another run begins, and a database that starts just then does not get through.
    """
    folder = prepared.begin()
    if folder is not None:
        config.add_cleanup(lambda: prepared.end(folder))
    if not hasattr(config, "workerinput") and config.option.basetemp is None:
        config.option.basetemp = prepared.place_for_tests()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Leave behind what the tests wrote only where one failed."""
    if exitstatus == 0 and not hasattr(session.config, "workerinput"):
        prepared.leave(Path(session.config.option.basetemp))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Spread the tests as `spreading` says, where files are to stay together."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return spreading.Spread(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest, where several processes share the tests."""
    if hasattr(config, "workerinput"):
        spreading.order(items)


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
