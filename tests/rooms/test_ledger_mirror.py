"""Copies of a log: whole, incremental, never a fork and never shorter, also under kill -9; and two stories compared."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from salus.ledger import Leaf, MirrorHeld, NoLog, NotAsSigned, compare, mirror, verify_directory
from salus.ledger.files import mirroring
from salus.proof import Equivocation, ProofError, Trust, WitnessKey, leaf_hash, root
from static_logs import KEY, NOON, THREE, WITNESSES, leaves, served, witness_leaf, write_log
from witness_keys import cosigned, trust_in

SIZES = (1, 255, 256, 257, 700, 66_000)
KEYS = [WitnessKey.of(one) for one in WITNESSES]


def tree(folder: Path) -> dict[str, bytes]:
    """The files that a head needs, without partial ones of earlier heads, what a copy took, and the lock."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    own = (mirroring.LOCK, f"{mirroring.TAKEN}/")
    return {name: path.read_bytes() for name, path in files.items() if ".p/" not in name and not name.startswith(own)}


def codes(place: Path | str, folder: Path, **options: object) -> list[str]:
    return [one.code for one in mirror(str(place), folder, **{"trust": trust_in(3), **options}).findings]  # type: ignore[arg-type]


@pytest.mark.parametrize("size", SIZES)
def test_a_copy_is_whole_and_verifies_by_itself(tmp_path: Path, size: int) -> None:
    log = write_log(tmp_path / "log", leaves(size))

    found = mirror(str(log), tmp_path / "copy", trust_in(3))

    assert (found.good, found.head and found.head.size) == (True, size)
    assert tree(tmp_path / "copy") == tree(log)
    assert verify_directory(tmp_path / "copy", KEY, witnesses=KEYS[:3]).good


def test_a_second_run_asks_for_what_is_new_alone(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(3_000))
    with served(log) as (address, asked):
        assert mirror(address, tmp_path / "copy", trust_in(3)).good
        write_log(log, leaves(3_300), steps=(3_000,))
        asked.clear()
        found = mirror(address, tmp_path / "copy", trust_in(3))
        again = len(asked)
        asked.clear()
        assert mirror(address, tmp_path / "copy", trust_in(3)).files == 0

        assert (found.good, found.before and found.before.size, found.head and found.head.size) == (True, 3_000, 3_300)
        assert again < 12
        assert asked == ["/checkpoint"]
    assert verify_directory(tmp_path / "copy", KEY).findings == ()
    with served(tmp_path / "copy") as (address, _):
        assert mirror(address, tmp_path / "copy of the copy", trust_in(3)).good


def test_a_head_that_gained_cosignatures_is_copied_and_nothing_else(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(300), times={0: NOON, 1: NOON})
    mirror(str(log), tmp_path / "copy", trust_in(3))
    write_log(log, leaves(300))

    assert mirror(str(log), tmp_path / "copy", trust_in(3)).files == 1
    assert tree(tmp_path / "copy") == tree(log)


@pytest.mark.parametrize("sizes", [(300, 300), (300, 900), (900, 300), (900, 256)])
def test_a_head_that_contradicts_the_copy_is_never_taken_and_is_proved(tmp_path: Path, sizes: tuple[int, int]) -> None:
    mirror(str(write_log(tmp_path / "one", leaves(sizes[0]))), tmp_path / "copy", trust_in(3))
    kept = tree(tmp_path / "copy")
    other = write_log(tmp_path / "other", leaves(sizes[1], mark=9))

    found = mirror(str(other), tmp_path / "copy", trust_in(3))

    assert [one.code for one in found.findings] == ["EQUIVOCATION"]
    proof = Equivocation.parse((tmp_path / "copy" / mirroring.EVIDENCE).read_text("utf-8"))
    assert proof == found.equivocation
    assert set(proof.check(KEY, KEYS)) == {one.name for one in KEYS[:3]}
    assert {**tree(tmp_path / "copy"), mirroring.EVIDENCE: b""} == {**kept, mirroring.EVIDENCE: b""}


def test_a_shorter_log_is_not_taken_though_it_is_true(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(900), steps=(300,))
    mirror(str(log), tmp_path / "copy", trust_in(3))
    old = write_log(tmp_path / "old", leaves(300))

    found = mirror(str(old), tmp_path / "copy", trust_in(3))

    assert [one.code for one in found.findings] == ["LOG-SHRUNK"]
    assert (found.head and found.head.size, found.equivocation) == (900, None)


def test_a_head_without_its_quorum_or_of_another_key_is_not_taken(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(300), times={0: NOON})

    assert codes(log, tmp_path / "copy") == ["LOG-QUORUM"]
    assert not (tmp_path / "copy" / "checkpoint").exists()
    (log / "checkpoint").write_text(cosigned(300, bytes(32), {}).replace("salus.example/log\n", "other/log\n", 1))
    assert codes(log, tmp_path / "copy") == ["LOG-SIGNATURE"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("tile/0/000", "LOG-TILE"),
        ("tile/1/000.p/3", "LOG-ROOT"),
        ("tile/0/003.p/132", "LOG-ROOT"),
        ("tile/entries/001", "LOG-ENTRIES"),
        ("tile/entries/003.p/132", "LOG-ENTRIES"),
    ],
)
def test_no_file_is_copied_that_does_not_lead_to_the_root(tmp_path: Path, path: str, code: str) -> None:
    log = write_log(tmp_path / "log", leaves(900))
    raw = bytearray((log / path).read_bytes())
    raw[40] ^= 1
    (log / path).write_bytes(raw)

    assert codes(log, tmp_path / "copy") == [code]
    assert not (tmp_path / "copy" / path).exists()
    (log / path).unlink()
    assert codes(log, tmp_path / "copy") == [code]
    write_log(log, leaves(900))
    assert codes(log, tmp_path / "copy") == []


def test_a_log_that_dropped_partial_files_for_full_ones_is_copied(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(512))
    (log / "checkpoint").write_text(cosigned(300, root(map(leaf_hash, leaves(300))), THREE))
    assert not (log / "tile/0/001.p/44").exists()
    (log / "tile/1/000.p/1").write_bytes((log / "tile/1/000.p/2").read_bytes()[:32])

    assert codes(log, tmp_path / "copy") == []
    assert verify_directory(tmp_path / "copy", KEY).good


def test_a_damaged_copy_is_repaired_when_all_of_it_is_gone_over(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(900))
    mirror(str(log), tmp_path / "copy")
    (tmp_path / "copy/tile/entries/001").write_bytes(b"")
    (tmp_path / "copy/tile/0/000").unlink()

    assert not verify_directory(tmp_path / "copy", KEY).good
    assert mirror(str(log), tmp_path / "copy", anew=True).files == 2
    assert verify_directory(tmp_path / "copy", KEY).good


def test_documents_come_along_and_a_false_one_holds_the_copy(tmp_path: Path) -> None:
    content = b'{"rules":1}'
    digest = sha256(content)
    body = {
        "kind": "assignment-rules",
        "name": "rules",
        "version": 1,
        "digest": base64.b64encode(digest.digest()).decode(),
        "starts": "2031-03-01T00:00:00Z",
        "ends": "2031-04-01T00:00:00Z",
        "signatures": {"signer": base64.b64encode(bytes(64)).decode()},
    }
    entries = [*leaves(3), Leaf(kind="publication", body=body).encoded, b"no leaf that is known here"]
    log = write_log(tmp_path / "log", entries)
    document = log / f"published/{digest.hexdigest()}.json"

    assert codes(log, tmp_path / "copy") == ["LOG-MISSING"]
    document.parent.mkdir()
    document.write_bytes(b"{}")
    assert codes(log, tmp_path / "copy") == ["LOG-DOCUMENT"]
    document.write_bytes(content)
    assert codes(log, tmp_path / "copy") == []
    assert tree(tmp_path / "copy") == tree(log)


def test_a_copy_of_one_log_never_becomes_anothers_and_has_one_writer(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(3))
    mirror(str(log), tmp_path / "copy")
    other = Trust.of(type(KEY).of(WITNESSES[8]), KEYS[:3])

    with pytest.raises(NotAsSigned, match="another key"):
        mirror(str(log), tmp_path / "copy", other)
    with mirroring._held(tmp_path / "copy"), pytest.raises(MirrorHeld):
        mirror(str(log), tmp_path / "copy")


def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(1_200))
    ended = 0
    for point in range(1, 200):
        child = os.fork()
        if child == 0:  # pragma: no cover - it never returns
            _die_at(point)
            mirror(str(log), tmp_path / "copy", trust_in(3))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if (tmp_path / "copy/checkpoint").exists():
            assert verify_directory(tmp_path / "copy", KEY).good
        if not os.WIFSIGNALED(status):
            ended = point
            break

    assert ended > 3
    assert tree(tmp_path / "copy") == tree(log)
    assert verify_directory(tmp_path / "copy", KEY, witnesses=KEYS[:3]).good


def _die_at(point: int) -> None:  # pragma: no cover - it runs in a child that is killed
    """Let this process die at the n-th time that it forces something to disk."""
    left = [point]
    forced = os.fsync

    def fsync(descriptor: int) -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        forced(descriptor)

    os.fsync = fsync


# Two heads


def test_two_people_who_were_shown_one_story_hear_so(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(900))
    old = tmp_path / "kept"
    old.write_text(cosigned(300, root(map(leaf_hash, leaves(300))), THREE))

    assert compare(str(old), str(log)).equivocation is None
    assert compare(str(log), str(log), KEY).equivocation is None
    with served(log) as (address, _):
        assert compare(address, str(old)).equivocation is None


@pytest.mark.parametrize("size", [300, 900, 1_000])
def test_two_stories_are_proved_to_anybody_who_has_the_keys(tmp_path: Path, size: int) -> None:
    log = write_log(tmp_path / "log", leaves(900))
    lie = tmp_path / "lie"
    other = write_log(tmp_path / "other", leaves(size, mark=9), times={1: NOON, 2: NOON, 4: NOON})
    shutil.copy(other / "checkpoint", lie)

    found = compare(str(lie), str(log) if size <= 900 else str(other), KEY)
    if size > 900:
        found = compare(str(log), str(other), KEY)

    assert found.equivocation is not None
    proof = Equivocation.parse(str(found.equivocation))
    assert set(proof.check(KEY, KEYS)) == {KEYS[1].name, KEYS[2].name}
    assert set(proof.check(KEY)) == set()


def test_what_contradicts_nothing_or_was_altered_convicts_nobody(tmp_path: Path) -> None:
    one, other = (write_log(tmp_path / str(mark), leaves(400, mark=mark)) for mark in (1, 2))
    longer = write_log(tmp_path / "longer", leaves(900, mark=2))
    proof = compare(str(one), str(longer), KEY).equivocation
    assert proof is not None
    true = (other / "checkpoint").read_text()

    for wrong in (
        Equivocation(first=proof.first, second=proof.first),
        Equivocation(first=true, second=proof.second, beginning=proof.beginning, path=proof.path),
        Equivocation(first=proof.first, second=proof.second, beginning=bytes(32), path=proof.path),
        Equivocation(first=proof.first, second=proof.second, beginning=proof.beginning, path=proof.path[1:]),
        Equivocation(first=proof.first.replace("400", "401"), second=proof.second, path=proof.path),
    ):
        with pytest.raises(ProofError):
            wrong.check(KEY)
    with pytest.raises(ProofError):
        proof.check(type(KEY).of(WITNESSES[0]))
    for text in ("", "[]", "{}", '{"EQUIVOCATION": {}}', str(proof).replace('"path"', '"paths"')):
        with pytest.raises(ProofError):
            Equivocation.parse(text)


def test_heads_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(300))
    longer = tmp_path / "longer"
    longer.write_text(cosigned(900, bytes(32), THREE))

    with pytest.raises(NoLog, match="file alone"):
        compare(str(longer), str(log), KEY)
    with pytest.raises(NoLog, match="key"):
        compare(str(longer), str(longer))


# Whose the witnesses are


@pytest.mark.parametrize(
    ("owners", "named", "found"),
    [
        (("lake", "bar", "east"), ("", "", ""), 0),
        (("lake", "bar", "east"), ("Lake ", "bar", "east"), 0),
        (("lake", "lake", "east"), ("", "", ""), 1),
        (("lake", "LAKE", "lake"), ("", "", ""), 2),
        (("lake", "node", "east"), ("", "", ""), 1),
        (("lake", "bar", "salus.example/log"), ("", "", ""), 1),
        (("lake", "bar", "east"), ("", "bar", "west"), 1),
    ],
)
def test_witnesses_of_one_operator_are_one_witness(
    tmp_path: Path, owners: tuple[str, ...], named: tuple[str, ...], found: int
) -> None:
    entries = [*leaves(3), *(witness_leaf(WITNESSES[at], owner) for at, owner in enumerate(owners))]
    log = write_log(tmp_path / "log", entries)
    keys = [WitnessKey.of(WITNESSES[at], organisation) for at, organisation in enumerate(named)]

    report = verify_directory(log, KEY, witnesses=keys)

    assert [one.code for one in report.findings] == ["WITNESS-OPERATOR"] * found


def test_five_keys_of_one_organisation_are_not_trusted_however_it_is_spelt() -> None:
    owners = ("Operator", "operator", " OPERATOR", "operator ", "other")

    with pytest.raises(ProofError, match="organisations"):
        Trust.of(KEY, [WitnessKey.of(one, owner) for one, owner in zip(WITNESSES, owners, strict=False)])


# The commands


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "salus", "ledger", *arguments], capture_output=True, text=True, check=False
    )


def test_mirror_and_compare_from_the_command_line(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", leaves(300))
    copy, keys = str(tmp_path / "copy"), ["--vkey", str(KEY)]
    keys += [part for one in KEYS[:3] for part in ("--witness", one.owned)]

    with served(log) as (address, _):
        assert command("mirror", address, copy, *keys).returncode == 0
    other = write_log(tmp_path / "other", leaves(300, mark=9))
    refused = command("mirror", str(other), copy, *keys, "--json")
    told = command("compare", copy, str(other), *keys)
    checked = command("compare", f"{copy}/{mirroring.EVIDENCE}", *keys, "--json")

    assert (refused.returncode, json.loads(refused.stdout)["findings"][0]["code"]) == (1, "EQUIVOCATION")
    assert told.returncode == 1
    assert told.stdout.startswith("EQUIVOCATION: salus.example/log signed two heads")
    assert json.loads(checked.stdout)["signers"] == ["salus.example/log", *(one.name for one in KEYS[:3])]
    assert command("compare", copy, str(log), *keys).returncode == 0
    assert command("compare", copy).returncode == 2
