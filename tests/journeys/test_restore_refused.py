"""What a restore refuses, what it leaves unusable, and what neither file of a back-up holds."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given
from hypothesis import settings as tried
from hypothesis import strategies as st
from saved import demo, documents, ground, settings, write

from salus import app, synth
from salus.app import Saved, back_up, open_node, restore
from salus.app.saving import BackupDamaged, BackupRefused, RestoreFailed
from salus.app.saving.archive import Draft, Opened
from salus.app.saving.model import HeadNote, Manifest
from salus.cli import main
from salus.keys import WrongPassphrase
from salus.storage import UNUSABLE, FolderRefused
from salus_abuse.ports import free_port

SEED, RESIDENTS = 21, 4


@dataclass(frozen=True, slots=True)
class Kept:
    """A node at rest, its two files, and a folder for what a test makes of them."""

    place: Path
    content: Saved
    keys: Saved


@pytest.fixture(scope="module")
def kept() -> Iterator[Kept]:
    with ground() as place, demo(place / "one") as source:
        for document in documents(SEED, RESIDENTS):
            write(source, document)
        app.close_batch(source)
        content, keys = back_up(source.settings, place / "saved", place / "elsewhere")
        yield Kept(place=place, content=content, keys=keys)


@pytest.fixture
def target(kept: Kept) -> Iterator[Path]:
    folder = kept.place / "new"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def rewritten(saved: Saved, target: Path, change: Callable[[Manifest], Manifest], skip: str = "") -> Path:
    """Make a file that is whole in itself and says something else."""
    with Opened(saved.path) as opened, Draft(target) as draft:
        for table in opened.manifest.tables:
            if table.name != skip:
                draft.add(f"tables/{table.name}", opened.stream(f"tables/{table.name}", table.sha256))
        for note in opened.manifest.files:
            draft.add(f"files/{note.name}", opened.stream(f"files/{note.name}", note.sha256))
        draft.finish(change(opened.manifest))
        draft.publish()
    return target


def test_data_and_keys_are_two_files_in_two_folders(kept: Kept) -> None:
    assert kept.content.path.parent.name == "saved"
    assert kept.keys.path.parent.name == "elsewhere"
    assert [path.name for path in kept.content.path.parent.iterdir()] == [kept.content.path.name]
    assert {table.name.split(".")[0] for table in kept.keys.manifest.tables} == {"keys", "storage"}
    assert "keys" not in {table.name.split(".")[0] for table in kept.content.manifest.tables}
    assert kept.content.path.stat().st_mode & 0o077 == 0


def test_neither_file_holds_a_secret(kept: Kept) -> None:
    folder = kept.place / "one"
    passphrase = (folder / "demo.passphrase").read_bytes()
    passwords = [text.encode() for text in json.loads((folder / "roles.json").read_text()).values()]
    people = synth.country(SEED, RESIDENTS).residents
    told = [text.encode() for one in people for text in (one.number, one.name_zh, one.phone, one.pinyin)]
    secrets = [passphrase, (folder / "postgres.password").read_bytes(), *passwords, *told]
    for saved in (kept.content, kept.keys):
        everything = saved.path.read_bytes()
        with zipfile.ZipFile(saved.path) as archive:
            for name in archive.namelist():
                packed = archive.read(name)
                everything += zstandard.decompress(packed, 1 << 28) if name.endswith(".zst") else packed
        hexadecimal = [secret.hex().encode() for secret in secrets]

        assert [secret for secret in (*secrets, *hexadecimal) if secret in everything] == []
        assert b"custodian.sealed" in everything or b"Hospital H1" in everything


@tried(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@example(where=0.0, bit=0)
@example(where=0.9999999, bit=0)
def test_a_file_with_one_changed_bit_is_refused(kept: Kept, where: float, bit: int) -> None:
    content = bytearray(kept.keys.path.read_bytes())
    content[int(where * len(content))] ^= 1 << bit
    damaged = kept.place / "damaged.salus"
    damaged.write_bytes(content)

    with pytest.raises(BackupDamaged):
        restore(settings(kept.place / "never"), kept.content.path, damaged)
    assert not (kept.place / "never").exists()


@tried(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(part=st.floats(0, 1, exclude_max=True))
@example(part=0.0)
@example(part=0.9999999)
def test_a_file_that_is_cut_short_is_refused(kept: Kept, part: float) -> None:
    content = kept.content.path.read_bytes()
    damaged = kept.place / "damaged.salus"
    damaged.write_bytes(content[: int(part * len(content))])

    with pytest.raises(BackupDamaged, match=r"damaged\.salus is damaged, cut short, or no back-up"):
        restore(settings(kept.place / "never"), damaged, kept.keys.path)
    assert not (kept.place / "never").exists()


def test_files_in_the_wrong_order_are_refused(kept: Kept, target: Path) -> None:
    with pytest.raises(BackupRefused, match="data first"):
        restore(settings(target), kept.keys.path, kept.content.path)
    assert not target.exists()


def test_keys_older_than_the_data_are_refused(kept: Kept, target: Path) -> None:
    earlier = kept.content.manifest.at - timedelta(days=1)
    older = rewritten(kept.keys, kept.place / "older.salus", lambda m: dataclasses.replace(m, at=earlier))

    with pytest.raises(BackupRefused, match="saved before the data"):
        restore(settings(target), kept.content.path, older)
    assert not target.exists()


def test_a_schema_that_this_release_does_not_know_is_refused(kept: Kept, target: Path) -> None:
    def newer(manifest: Manifest) -> Manifest:
        return dataclasses.replace(manifest, migrations={**manifest.migrations, "records/0099_later.sql": "00"})

    later = rewritten(kept.content, kept.place / "later.salus", newer)

    with pytest.raises(BackupRefused, match=r"records/0099_later\.sql"):
        restore(settings(target), later, kept.keys.path)
    assert not target.exists()


def test_the_keys_of_another_node_are_refused(kept: Kept, target: Path) -> None:
    with ground() as place, demo(place / "other") as other:
        write(other, documents(1, 1)[0])
        app.close_batch(other)
        _, foreign = back_up(other.settings, place)

        with pytest.raises(BackupRefused, match="different nodes"):
            restore(settings(target), kept.content.path, foreign.path)
    assert not target.exists()


def test_a_folder_in_use_is_refused_and_left_as_it_was(kept: Kept) -> None:
    before = sorted((kept.place / "one").iterdir())

    with pytest.raises(BackupRefused, match="not empty"):
        restore(settings(kept.place / "one"), kept.content.path, kept.keys.path)
    assert sorted((kept.place / "one").iterdir()) == before


def test_a_log_with_another_root_than_the_saved_one_leaves_the_folder_unusable(kept: Kept, target: Path) -> None:
    forged = rewritten(
        kept.content,
        kept.place / "forged.salus",
        lambda m: dataclasses.replace(m, head=HeadNote(size=m.head.size if m.head else 0, root="00" * 32)),
    )

    with pytest.raises(RestoreFailed, match="the public log"):
        restore(settings(target), forged, kept.keys.path)

    assert "SALUS-A042" in (target / UNUSABLE).read_text("utf-8")
    with pytest.raises(FolderRefused, match="unusable"):
        open_node(settings(target), "demo")


def test_the_commands_tell_a_refusal_as_one_object_and_end_with_one(kept: Kept, target: Path) -> None:
    files = [str(kept.keys.path), str(kept.content.path)]
    for arguments in (
        ["restore", *files, "--data", str(target), "--json"],
        ["backup", "--data", str(kept.place / "nowhere"), "--to", str(kept.place / "none"), "--json"],
    ):
        done = CliRunner().invoke(main, arguments)

        assert done.exit_code == 1
        assert json.loads(done.stdout)["error"] == "SALUS-A041"


def test_a_table_with_other_rows_than_the_manifest_says_leaves_the_folder_unusable(kept: Kept, target: Path) -> None:
    def changed(manifest: Manifest) -> Manifest:
        return dataclasses.replace(
            manifest,
            tables=tuple(
                dataclasses.replace(table, rows=table.rows + 1) if table.name == "records.version" else table
                for table in manifest.tables
            ),
        )

    forged = rewritten(kept.content, kept.place / "rows.salus", changed)

    with pytest.raises(RestoreFailed, match=r"records\.version"):
        restore(settings(target), forged, kept.keys.path)
    assert (target / UNUSABLE).exists()


def test_a_backup_without_one_of_the_tables_is_refused(kept: Kept, target: Path) -> None:
    def without(manifest: Manifest) -> Manifest:
        return dataclasses.replace(manifest, tables=tuple(t for t in manifest.tables if t.name != "access.entry"))

    partial = rewritten(kept.content, kept.place / "partial.salus", without, skip="access.entry")

    with pytest.raises(RestoreFailed, match="tables"):
        restore(settings(target), partial, kept.keys.path)
    assert (target / UNUSABLE).exists()


def test_a_chart_without_its_key_leaves_the_folder_unusable(kept: Kept, target: Path) -> None:
    with demo(kept.place / "one") as source:
        write(source, documents(99, 1)[0])
        later, _ = back_up(source.settings, kept.place / "later")
    at = kept.keys.manifest.at
    pretended = rewritten(later, kept.place / "pretended.salus", lambda m: dataclasses.replace(m, at=at))

    with pytest.raises(RestoreFailed, match="charts without a key"):
        restore(settings(target), pretended, kept.keys.path)
    assert (target / UNUSABLE).exists()


def test_a_wrong_passphrase_is_refused_before_anything_is_made(kept: Kept, target: Path) -> None:
    wrong = kept.place / "wrong.passphrase"
    wrong.write_text("not the passphrase of this node")

    with pytest.raises(WrongPassphrase):
        restore(settings(target, passphrase_file=wrong), kept.content.path, kept.keys.path)
    assert not target.exists()


def test_a_production_node_comes_back_only_with_its_passphrase(target: Path) -> None:
    with ground() as place:
        secret = place / "passphrase"
        secret.write_text("the passphrase of a production node")
        given = settings(place / "one", passphrase_file=secret)
        with open_node(given, "production") as source:
            app.close_batch(source)
            content, keys = back_up(source.settings, place / "saved")

        with pytest.raises(BackupRefused, match="passphrase_file"):
            restore(settings(target), content.path, keys.path)
        done = restore(settings(target, passphrase_file=secret), content.path, keys.path)

        assert done.size == 2  # what the node is, and that it is new
        assert [note.name for note in (*content.manifest.files, *keys.manifest.files)] == ["custodian.sealed"]


def test_where_there_is_no_node_nothing_is_saved_and_nothing_made(kept: Kept) -> None:
    with pytest.raises(BackupRefused, match="holds no node"):
        back_up(settings(kept.place / "nowhere"), kept.place / "none")
    assert not (kept.place / "nowhere").exists()
    assert not (kept.place / "none").exists()


def test_a_node_is_saved_while_another_process_serves_it(kept: Kept, target: Path) -> None:
    port, place = str(free_port()), kept.place
    serve = [sys.executable, "-m", "salus", "serve", "--data", str(place / "one"), "--port", port, "--demo"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert "serving" in server.stdout.readline()
            saved = told("backup", "--data", str(place / "one"), "--to", str(place / "served"), "--json")
            assert server.poll() is None
        finally:
            server.terminate()
    back = told("restore", saved["data"]["file"], saved["keys"]["file"], "--data", str(target), "--json")
    checked = told("ledger", "verify", str(target / "log"), "--json")

    assert back["root"] == saved["data"]["log"]["root"]
    assert back["rows"] == sum(t["rows"] for part in ("data", "keys") for t in saved[part]["tables"].values())
    assert (checked["good"], checked["size"]) == (True, back["size"])


def told(*arguments: str) -> dict[str, object]:
    """Run a command of its own process and return the one object that it prints."""
    done = subprocess.run([sys.executable, "-m", "salus", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_wrong_use_ends_with_two() -> None:
    for arguments in (["backup"], ["restore", "nothing", "nothing", "--data", "new"], ["restore"]):
        assert CliRunner().invoke(main, arguments).exit_code == 2
