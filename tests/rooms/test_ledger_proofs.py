"""Proofs of entries made from a log's static files and checked anywhere: text, compact, from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from salus.cli import main
from salus.ledger import NotAsSigned, NotInLog, prove_entry, verify_directory
from salus.proof import LeafProof, NoQuorum, WitnessKey, pack, unpack
from salus.proof.tiles import join_entries
from static_logs import KEY, NOON, WITNESSES, leaves, served, write_log
from witness_keys import trust_in

ENTRIES = leaves(900)
KEYS = ["--vkey", str(KEY)]
KEYS += [part for one in WITNESSES[:3] for part in ("--witness", WitnessKey.of(one, f"of-{one.name}").owned)]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_log(tmp_path_factory.mktemp("log"), ENTRIES, steps=(300,))


@pytest.mark.parametrize("index", [0, 255, 256, 767, 768, 899])
def test_an_entry_is_proved_by_its_place_or_by_its_bytes(log: Path, index: int) -> None:
    entry, proof = prove_entry(str(log), trust_in(3), index)

    assert (entry, proof.index) == (ENTRIES[index], index)
    assert prove_entry(str(log), trust_in(3), ENTRIES[index]) == (entry, proof)
    assert proof.check(entry, trust_in(3)).at == NOON


def test_from_the_web_few_files_are_asked_for(log: Path) -> None:
    with served(log) as (address, asked):
        prove_entry(address, trust_in(3), 300)

    assert sorted(asked) == ["/checkpoint", "/tile/0/001", "/tile/0/003.p/132", "/tile/1/000.p/3", "/tile/entries/001"]


def test_what_is_not_there_or_not_signed_is_not_proved(log: Path, tmp_path: Path) -> None:
    for wanted in (900, b"{}"):
        with pytest.raises(NotInLog):
            prove_entry(str(log), trust_in(3), wanted)
    with pytest.raises(NoQuorum):
        prove_entry(str(write_log(tmp_path, ENTRIES, times={0: NOON})), trust_in(3), 3)


def test_an_entry_that_was_replaced_is_not_proved(tmp_path: Path) -> None:
    log = write_log(tmp_path, ENTRIES[:5])
    (log / "tile/entries/000.p/5").write_bytes(join_entries([*leaves(4), b"{}"]))

    for wanted in (4, b"{}"):
        with pytest.raises(NotAsSigned, match="LOG-ENTRIES"):
            prove_entry(str(log), trust_in(3), wanted)


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "salus", "ledger", "prove", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_a_proof_is_written_and_checked_from_the_command_line(log: Path, tmp_path: Path) -> None:
    entry, text, compact = tmp_path / "entry.json", tmp_path / "proof", tmp_path / "proof.bin"
    entry.write_bytes(ENTRIES[300])

    made = command("--from", log, "--index", "300", "--out", text, *KEYS)
    packed = command("--from", log, "--entry", entry, "--out", compact, "--compact", *KEYS)
    printed = command("--from", log, "--index", "300", *KEYS)

    assert (made.returncode, packed.returncode, printed.returncode) == (0, 0, 0), made.stderr + packed.stderr
    assert printed.stdout == text.read_text()
    proof = LeafProof.parse(text.read_text())
    assert proof.extra == ENTRIES[300]
    assert compact.read_bytes() == pack(proof, trust_in(3))
    assert unpack(compact.read_bytes(), trust_in(3)) == replace(proof, extra=b"")
    told = json.loads(command(text, *KEYS, "--json").stdout)
    assert (told["good"], told["index"], told["size"], told["at"]) == (True, 300, 900, "2031-03-01T12:00:00Z")
    assert command(compact, "--entry", entry, *KEYS).stdout.startswith("the entry is number 300 in the public log of")


def prove(*arguments: str | Path) -> Result:
    """The same command in this process."""
    return CliRunner().invoke(main, ["ledger", "prove", *map(str, arguments)])


def test_whom_somebody_trusts_is_named_by_a_policy_or_by_keys_with_the_same_meaning(log: Path, tmp_path: Path) -> None:
    policy, strict, text, nothing = (tmp_path / name for name in ("policy", "strict", "proof", "nothing"))
    policy.write_text(str(trust_in(3)))
    strict.write_text(str(replace(trust_in(3), quorum=3)))
    nothing.write_text("a policy of nobody")
    two_saw_it = write_log(tmp_path / "log", ENTRIES[:5], times={0: NOON, 1: NOON})

    assert prove("--from", log, "--index", "300", "--out", text, "--trust", policy).exit_code == 0
    assert prove(text, "--trust", policy).stdout == prove(text, *KEYS).stdout
    assert prove("--from", two_saw_it, "--index", "3", "--trust", policy).exit_code == 0
    too_few = prove("--from", two_saw_it, "--index", "3", "--trust", strict)
    assert (too_few.exit_code, "2 of 3 witnesses cosigned; 3 must" in too_few.output) == (1, True)
    wrong = [prove(text, "--trust", nothing), prove(text, "--trust", policy, *KEYS), prove(text)]
    assert [one.exit_code for one in wrong] == [1, 2, 2]
    assert "either --trust FILE, or --vkey with each --witness" in wrong[1].output


def test_the_whole_log_is_held_against_as_many_witnesses_as_the_policy_says(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log", ENTRIES[:5], times={0: NOON, 1: NOON})
    found = [verify_directory(log, trust=replace(trust_in(3), quorum=quorum)) for quorum in (2, 3)]

    assert [one.cosigned is not None for one in found] == [True, False]
    assert found[0].key_given


def test_a_proof_that_does_not_hold_ends_with_one_and_wrong_use_with_two(log: Path, tmp_path: Path) -> None:
    other, text, compact = tmp_path / "entry.json", tmp_path / "proof", tmp_path / "proof.bin"
    other.write_bytes(ENTRIES[301])
    entry, proof = prove_entry(str(log), trust_in(3), 300)
    text.write_text(str(replace(proof, extra=entry)))
    compact.write_bytes(pack(proof, trust_in(3)))

    assert command(text, "--entry", other, *KEYS).returncode == 1
    assert command(compact, *KEYS).returncode == 1
    assert command(text, "--vkey", KEY).returncode == 1
    assert command(text, *KEYS, "--from", log).returncode == 2
    assert command(*KEYS).returncode == 2
    assert command("--from", log, *KEYS).returncode == 2
    assert command("--from", log, "--index", "3", "--compact", *KEYS).returncode == 2
