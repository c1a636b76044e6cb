"""A node on the operator's own PostgreSQL: the same roles and databases, and one data folder for each server."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from salus.app import load_settings, open_node
from salus.storage import Duty, FolderRefused, Settings, open_store
from salus.storage.postgres.cluster import SUPERUSER


@pytest.fixture
def server() -> Iterator[tuple[Path, str]]:
    """Return a folder and the address of a PostgreSQL that has never met Salus, as its owner."""
    folder = Path(tempfile.mkdtemp(prefix="salus-test-"))
    folder.chmod(0o711)
    with open_store(Settings(data=folder / "theirs", postgres="wheel")) as store:
        assert store.cluster is not None
        secret = quote(store.cluster.password, safe="")
        place = quote(str(store.cluster.socket_folder), safe="")
        yield folder, f"postgresql://{SUPERUSER}:{secret}@/postgres?host={place}"
    shutil.rmtree(folder, ignore_errors=True)


def test_a_node_runs_on_it_and_another_folder_is_refused_before_anything_changes(server: tuple[Path, str]) -> None:
    folder, url = server
    ours = load_settings(environment={}, given={"data": folder / "ours", "postgres": url})
    others = load_settings(environment={}, given={"data": folder / "others", "postgres": url})
    with open_node(ours, "demo") as node:
        with pytest.raises(FolderRefused, match="another data folder"):
            open_node(others, "demo")

        with node.store.connect(Duty.CARE) as connection:
            assert connection.execute("select current_user").fetchone() == ("salus_care",)
    with open_node(ours) as again:
        again.ping()

    assert not (folder / "others" / "node.json").exists()
