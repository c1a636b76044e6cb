"""Of which keys the trust file brings the ends: of those by which doors judge; `code explain` says so of others."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from measures import DAY, HOUR
from measuring import Measuring, a_number, measuring
from nodes import the_resident
from salus import ledger
from salus.app import add_party, key_ends, my_notices, trust_file
from salus.cli import main
from salus.cli.actors import LABORATORY, SIGNER, Party, sign_key_end
from salus.codec.certificates import read_trust
from salus.kernel import format_instant
from salus.rules import OMBUDSMAN, Result, key_end_message

KEYS = "whether the key that signed evidence had ended before is not looked at"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("trust-ends")) as opened:
        yield opened


@pytest.mark.parametrize("beside", ["trust.json", "policy.txt"])
def test_explaining_a_measure_says_that_ends_of_keys_of_evidence_are_not_looked_at(
    world: Measuring, tmp_path: Path, beside: str
) -> None:
    told = a_number(95)
    if told not in world.residents:
        specimen = world.specimen(told)
        world.advance(HOUR)
        world.result(specimen, Result.POSITIVE)
        world.settle()
    (notice,) = my_notices(world.node, the_resident(world.resident(told))).notices
    file, trust, at = tmp_path / "measure.json", tmp_path / beside, format_instant(world.now)
    file.write_bytes(notice.file)
    trust.write_bytes(str(world.witnesses.trust).encode() if beside == "policy.txt" else trust_file(world.node))

    done = CliRunner().invoke(main, ["code", "explain", str(file), "--trust", str(trust), "--at", at])

    assert done.exit_code == 0, done.output
    assert [line.startswith(KEYS) for line in done.stdout.splitlines()].count(True) == 1
    assert ("an ombudsman vetoed" in done.stdout) == (beside == "policy.txt")


def test_the_trust_file_brings_ends_of_signers_ombudsmen_and_witnesses_and_of_nobody_else(world: Measuring) -> None:
    ended = [Party.new(f"{duty}-over", "bar", duty) for duty in (SIGNER, OMBUDSMAN, LABORATORY)]
    for one in ended:
        add_party(world.node, one.key_leaf)
    for _ in range(8):  # five signers end a key once the log has had theirs for a month
        world.advance(4 * DAY)
    for one in ended:
        key_ends.end_key(world.node, sign_key_end(one, "lost"))
    witness = world.witnesses.trust.witnesses[2]
    key = base64.b64encode(witness.public_key).decode()
    message = key_end_message(witness.name, key, "lost")
    signatures = {one.name: one.sign(message) for one in world.signers[:5]}
    key_ends.end_key(world.node, {"party": witness.name, "key": key, "reason": "lost", "signatures": signatures})
    for _ in range(30):  # until a quorum has seen them, however slow the machine is
        world.advance(HOUR)
        found = json.loads(trust_file(world.node)).get("ended", ())
        if len(found) == 3:
            break

    wanted = {"signer-over", "ombudsman-over", witness.name}
    assert {one["leaf"]["party-key-end"]["party"] for one in found} == wanted
    assert {one.party for one in read_trust(trust_file(world.node)).ended} == wanted
    assert len(ledger.leaves(world.node.store, "party-key-end")) == 4
