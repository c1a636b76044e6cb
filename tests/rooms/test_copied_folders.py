"""A data folder that was copied or moved: never a way into the database of the one it came from."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import prepared
from folders import as_root, opened
from journeys.killing import folder_of_its_own
from salus.storage import Duty, FolderRefused, Settings, Store, open_store


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_of_its_own() as lent:
        yield lent


def copy(data: Path, to: Path) -> Path:
    """Copy a folder as an operator does; of one that is in use, a file may vanish meanwhile."""
    subprocess.run(["cp", "-a", str(data), str(to)], check=False, stderr=subprocess.DEVNULL)
    return to


def emit(store: Store, kind: str) -> None:
    """Store an event."""
    with store.transaction(Duty.CARE) as tx:
        tx.emit(kind, {})


def kinds(store: Store) -> list[str]:
    """Tell which events are there."""
    with store.transaction(Duty.RELAY) as tx:
        return [kind for (kind,) in tx.rows("select kind from storage.outbox order by id")]


def test_a_copy_has_a_server_of_its_own_though_the_originals_runs(folder: Path) -> None:
    prepared.prepare(folder / "data", "wheel")
    with opened(folder / "data") as store:
        store.migrate([])
        emit(store, "Before")
    copied = copy(folder / "data", folder / "copy")

    with opened(folder / "data") as original, opened(copied) as other:
        emit(original, "Original")
        emit(other, "Copy")
        assert original.cluster
        assert other.cluster
        assert other.cluster.root == folder / "copy" / "postgres"
        assert other.cluster.postmaster() != original.cluster.postmaster()
        assert kinds(original) == ["Before", "Original"]
        assert kinds(other) == ["Before", "Copy"]
    with opened(copied) as other:
        assert kinds(other) == ["Before", "Copy"]


@pytest.mark.parametrize("tidied", [False, True])
def test_a_copy_of_a_running_database_is_refused_and_the_original_works_on(folder: Path, *, tidied: bool) -> None:
    prepared.prepare(folder / "data", "wheel")
    with opened(folder / "data") as original:
        copied = copy(folder / "data", folder / "copy")
        if tidied:
            (copied / "postgres" / "data" / "postmaster.pid").unlink()
        with pytest.raises(FolderRefused, match=f"{copied} came from {folder / 'data'} while its database ran") as told:
            open_store(Settings(data=copied, postgres="wheel"))
        assert "open it once under its old path if the folder has two" in str(told.value)

        emit(original, "Original")
        assert kinds(original) == ["Original"]


def test_a_folder_that_was_renamed_is_the_same_one(folder: Path) -> None:
    prepared.prepare(folder / "data", "wheel")
    with opened(folder / "data") as store:
        store.migrate([])
        emit(store, "Before")
    moved = (folder / "data").rename(folder / "moved")

    with opened(moved) as store:
        assert kinds(store) == ["Before"]
    assert not (folder / "data").exists()


@as_root
def test_a_copy_where_postgresqls_user_does_not_reach_is_refused(folder: Path) -> None:
    prepared.prepare(folder / "data", "wheel")
    with opened(folder / "data") as store:
        store.migrate([])
    hidden = folder / "hidden"
    hidden.mkdir(mode=0o700)
    copied = copy(folder / "data", hidden / "data")

    with pytest.raises(FolderRefused, match="may pass through"):
        open_store(Settings(data=copied, postgres="wheel"))


@pytest.fixture
def hidden(folder: Path) -> Iterator[Path]:
    """A folder whose cluster lies elsewhere, since PostgreSQL's user cannot reach it."""
    (folder / "hidden").mkdir(mode=0o700)
    data = folder / "hidden" / "data"
    with opened(data) as store:
        store.migrate([])
        assert store.cluster
        root = store.cluster.root
    assert not root.is_relative_to(folder)
    yield data
    shutil.rmtree(root, ignore_errors=True)


@as_root
def test_a_copy_of_a_folder_without_its_database_is_refused(hidden: Path) -> None:
    copied = copy(hidden, hidden.with_name("copy"))
    refused = f"{copied} is a copy of {hidden} without its database"

    with opened(hidden) as original:
        with pytest.raises(FolderRefused, match=refused):
            open_store(Settings(data=copied, postgres="wheel"))
        emit(original, "Original")
        root = original.cluster.root if original.cluster else hidden
        assert kinds(original) == ["Original"]
    with pytest.raises(FolderRefused, match=refused):
        open_store(Settings(data=copied, postgres="wheel"))
    shutil.rmtree(root)
    with pytest.raises(FolderRefused, match=f"without its database, which lay at {root}"):
        open_store(Settings(data=hidden, postgres="wheel"))
    assert not root.exists()


@as_root
def test_a_folder_whose_database_lies_elsewhere_may_be_renamed_but_not_doubled(hidden: Path) -> None:
    moved = hidden.rename(hidden.with_name("moved"))
    with opened(moved) as store:
        emit(store, "Moved")
    stranger = copy(moved, hidden)  # where the original was
    with pytest.raises(FolderRefused, match=f"{stranger} is a copy of {moved}"):
        open_store(Settings(data=stranger, postgres="wheel"))

    with opened(moved) as store:
        assert kinds(store) == ["Moved"]
