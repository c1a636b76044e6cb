"""A database with every migration, made once for a run of tests and copied for whoever wants one that is empty.

A run is told where by a variable that its conftest sets; without it, as in a bench, nothing is copied and a node makes
its own database. A copy is a cluster of its own, with a server of its own. It does without fsync, so a test of
durability, of first starts, of migrations or of the cluster itself lets Salus make its database.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from salus.app import SCHEMAS
from salus.storage import Settings, known_migrations, open_store

WHERE = "PREPARED_DATABASES"
PYTESTS = "salus-pytest-"
THROWN_AWAY = (
    "\n# A test's copy: the machine may fail before its data are on disk.\nfsync = off\nfull_page_writes = off\n"
)
NOT_COPIED = ("postgres.place", "postgres.start.lock", "postgres.users.lock")


def chosen() -> str:
    """Return which PostgreSQL the tests use: SALUS_POSTGRES, or the wheel's."""
    return os.environ.get("SALUS_POSTGRES", "wheel")


def prepare(data: Path, postgres: str | None = None) -> None:
    """Lay a migrated database into a data folder that is not there yet, so that opening it needs neither to be made."""
    wanted = postgres or chosen()
    if WHERE not in os.environ or data.exists() or wanted not in ("wheel", "system"):
        return
    _copy(_template(Path(os.environ[WHERE]), wanted), data)


def begin() -> str | None:
    """Name a folder for the databases of this run and return it; None where a run around this one named it already."""
    if WHERE in os.environ:
        return None
    folder = tempfile.mkdtemp(prefix="salus-prepared-")
    Path(folder).chmod(0o711)
    os.environ[WHERE] = folder
    return folder


def end(folder: str) -> None:
    """Remove what `begin` named."""
    os.environ.pop(WHERE, None)
    shutil.rmtree(folder, ignore_errors=True)


def place_for_tests() -> Path:
    """Return a folder that no other run of pytest closes or clears."""
    return Path(tempfile.mkdtemp(prefix=PYTESTS, dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))


def leave(folder: Path) -> None:
    """Remove a folder that `place_for_tests` made; one that the caller of pytest named stays."""
    if folder.name.startswith(PYTESTS):
        shutil.rmtree(folder, ignore_errors=True)


def _template(folder: Path, postgres: str) -> Path:
    """Return the folder to copy from, made by whoever comes first; the others wait for it."""
    known = sorted(known_migrations(SCHEMAS).items())
    name = f"{postgres}-{hashlib.sha256(repr(known).encode()).hexdigest()[:16]}"
    with _alone(folder / f"{name}.lock"):
        if not (folder / name).exists():
            _make(folder / f"{name}.new", postgres)
            (folder / f"{name}.new").rename(folder / name)
    return folder / name


def _make(data: Path, postgres: str) -> None:
    shutil.rmtree(data, ignore_errors=True)
    with open_store(Settings(data=data, postgres=postgres)) as opened:
        opened.migrate(SCHEMAS)
        assert opened.cluster is not None
        made = opened.cluster.pgdata
    with (made / "postgresql.conf").open("a", encoding="ascii") as settings:
        settings.write(THROWN_AWAY)
    for one in NOT_COPIED:
        (data / one).unlink(missing_ok=True)


def _copy(template: Path, data: Path) -> None:
    # `cp` keeps the owner, who is the database's own user where the tests run as root, and shares blocks where it can
    subprocess.run(["cp", "-a", "--reflink=auto", f"{template}/.", str(data)], check=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
