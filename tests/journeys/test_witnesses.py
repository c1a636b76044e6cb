"""Three real witness processes over HTTP: a quorum, its times, killed witnesses, forks, and a word that is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from nodes import START, a_node
from salus.app import Node, Relay, SettingsRefused, check_node, close_batch, join_witnesses
from salus.cli.witnesses import policy_of
from salus.ledger import (
    Pending,
    anchor_leaf,
    append,
    cosigned,
    first_receipt,
    latest,
    party_keys,
    receipt,
    verify_directory,
)
from salus.proof import LeafProof, NoQuorum, Note, WitnessKey, open_checkpoint, sign_checkpoint
from salus.storage import Duty
from witnesses import BODIES, Witnesses, three_witnesses


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("witnessed")) as opened:
        yield opened


@pytest.fixture
def three(node: Node, tmp_path: Path) -> Iterator[Witnesses]:
    with three_witnesses(tmp_path, node) as running:
        yield running


def log_one(node: Node, mark: int = 1) -> Pending:
    with node.store.transaction(Duty.CARE) as tx:
        pending = append(tx, anchor_leaf("test", mark, bytes(32)))
    close_batch(node)
    return pending


def test_a_batch_is_cosigned_by_three_organisations_and_published_so(node: Node, three: Witnesses) -> None:
    pending = log_one(node)

    found = receipt(node.store, three.trust, pending.id)
    assert found is not None
    assert found.cosigned.organisations == set(BODIES)
    assert found.cosigned.at >= START
    published = (node.settings.data / "log" / "checkpoint").read_text("utf-8")
    assert three.trust.open(published).checkpoint.size == found.cosigned.checkpoint.size
    assert verify_directory(node.settings.data / "log", node.sequencer.key).good
    kept = LeafProof.parse(str(found.proof))
    assert kept.check(found.entry, three.trust) == found.cosigned


def test_who_witnesses_stands_in_the_log_once(node: Node, three: Witnesses) -> None:
    three.join()
    log_one(node)
    three.join()
    log_one(node)

    said = [
        WitnessKey(name=one.party, organisation=one.organisation, public_key=one.key)
        for one in party_keys(node.store)
        if one.duty == "witness"
    ]
    ours = [str(one) for one in said if one in three.trust.witnesses]
    assert sorted(ours) == sorted(map(str, three.trust.witnesses))


def test_two_of_three_are_a_quorum_and_one_is_none(node: Node, three: Witnesses) -> None:
    three.kill(BODIES[0])
    pending = log_one(node)
    found = receipt(node.store, three.trust, pending.id)
    assert found is not None
    assert found.cosigned.organisations == set(BODIES[1:])
    three.kill(BODIES[1])

    unproved = log_one(node)
    assert receipt(node.store, three.trust, unproved.id) is None
    assert first_receipt(node.store, three.trust, unproved.id) is None
    assert receipt(node.store, three.trust, pending.id) == found
    with pytest.raises(NoQuorum):
        three.trust.open((node.settings.data / "log" / "checkpoint").read_text("utf-8"))


def test_a_head_gains_cosignatures_later(node: Node, three: Witnesses) -> None:
    for body in BODIES[:2]:
        three.kill(body)
    pending = log_one(node)
    assert receipt(node.store, three.trust, pending.id) is None
    three.restart(BODIES[0])

    close_batch(node)

    found = receipt(node.store, three.trust, pending.id)
    assert found is not None
    assert found.cosigned.organisations == {BODIES[0], BODIES[2]}
    opened = three.trust.open((node.settings.data / "log" / "checkpoint").read_text("utf-8"))
    assert opened.checkpoint.size == found.cosigned.checkpoint.size


def test_receipts_tell_the_first_time_and_the_newest(node: Node, three: Witnesses) -> None:
    pending = log_one(node)
    three.advance(timedelta(hours=30))
    log_one(node)

    first, newest = (one(node.store, three.trust, pending.id) for one in (first_receipt, receipt))
    assert first is not None
    assert newest is not None
    assert first.index == newest.index
    assert first.cosigned.checkpoint.size < newest.cosigned.checkpoint.size
    assert timedelta(hours=30) <= newest.cosigned.at - first.cosigned.at < timedelta(hours=30, minutes=1)


def test_a_log_in_which_nothing_happens_is_cosigned_anew_within_the_hour(node: Node, three: Witnesses) -> None:
    pending = log_one(node)
    before = cosigned(node.store, three.trust)
    three.advance(timedelta(hours=3))
    close_batch(node)

    after = cosigned(node.store, three.trust)
    assert before is not None
    assert after is not None
    assert after.checkpoint.size == before.checkpoint.size
    assert after.as_of - before.as_of >= timedelta(hours=3)
    first = first_receipt(node.store, three.trust, pending.id)
    assert first is not None
    assert first.cosigned.at == before.at


def test_no_witness_cosigns_a_fork_or_a_rollback(node: Node, three: Witnesses) -> None:
    log_one(node)
    head = latest(node.store)
    assert head is not None
    signer = node.custodian.signer(node.name)
    fork = sign_checkpoint(head.size, bytes(32), signer)
    longer = sign_checkpoint(head.size + 7, bytes(32), signer)
    shorter = sign_checkpoint(1, bytes(32), signer)

    for one in three.started.values():
        answers = [
            httpx.post(f"{one.url}/add-checkpoint", content=f"old {old}\n{proof}\n{note}".encode(), timeout=120)
            for old, proof, note in (
                (head.size, "", fork.note),
                (head.size, "", longer.note),
                (head.size, "A" * 43 + "=\n", longer.note),
                (1, "", shorter.note),
                (0, "", shorter.note),
                (0, "", fork.note),
            )
        ]
        assert [answer.status_code for answer in answers] == [422, 422, 422, 409, 409, 409]
        assert {answer.text for answer in answers[3:]} == {f"{head.size}\n"}


@pytest.mark.parametrize("body", BODIES)
def test_a_killed_witness_keeps_its_key_and_its_word(node: Node, three: Witnesses, body: str) -> None:
    log_one(node)
    head = latest(node.store)
    assert head is not None
    before = three.started[body].key
    three.restart(body)

    assert three.started[body].key == before
    fork = sign_checkpoint(head.size + 1, bytes(32), node.custodian.signer(node.name))
    address = f"{three.started[body].url}/add-checkpoint"
    asked = httpx.post(address, content=f"old 0\n\n{fork.note}".encode(), timeout=120)
    assert (asked.status_code, asked.text) == (409, f"{head.size}\n")
    found = receipt(node.store, three.trust, log_one(node).id)
    assert found is not None
    assert body in found.cosigned.organisations


def test_a_node_that_forgot_what_a_witness_knows_learns_it_from_the_witness(node: Node, three: Witnesses) -> None:
    log_one(node)
    with node.store.connect(Duty.MIGRATION) as owner:
        owner.execute("delete from ledger.cosignature")
    pending = log_one(node)

    found = receipt(node.store, three.trust, pending.id)
    assert found is not None
    assert found.cosigned.organisations == set(BODIES)


def test_what_somebody_plants_among_the_cosignatures_proves_nothing(node: Node, three: Witnesses) -> None:
    for body in BODIES[1:]:
        three.kill(body)
    pending = log_one(node)
    head = latest(node.store)
    assert head is not None
    with node.store.connect(Duty.LEDGER) as planter:
        planter.execute(
            "insert into ledger.cosignature (size, witness, cosigned, line)"
            " select %s, %s, cosigned, line from ledger.cosignature where size = %s",
            (head.size, str(three.trust.witnesses[1]), head.size),
        )

    assert receipt(node.store, three.trust, pending.id) is None


def test_the_published_head_still_opens_for_those_who_know_no_witness(node: Node, three: Witnesses) -> None:
    log_one(node)
    text = (node.settings.data / "log" / "checkpoint").read_text("utf-8")

    assert len(Note.parse(text).signatures) == 1 + len(three.started)
    assert open_checkpoint(text, [node.sequencer.key]).size == three.trust.open(text).checkpoint.size


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SALUS_")}
    return subprocess.run(
        [sys.executable, "-m", "salus", *arguments], env=clean, capture_output=True, text=True, check=False
    )


def test_anybody_can_check_the_cosignatures_from_the_files(node: Node, three: Witnesses) -> None:
    log_one(node)
    keys = [option for one in three.trust.witnesses for option in ("--witness", str(one))]
    place = [str(node.settings.data / "log"), "--vkey", str(node.sequencer.key)]

    good = command("ledger", "verify", *place, *keys)
    assert (good.returncode, good.stderr) == (0, "")
    assert "3 of 3 witnesses cosigned it, 2 must; by 2031-" in good.stdout
    told = json.loads(command("ledger", "verify", *place, *keys, "--json").stdout)
    assert told["cosignatures"]["quorum"] == 2
    assert sorted(told["cosignatures"]["valid"]) == sorted(one.name for one in three.trust.witnesses)
    without = command("ledger", "verify", *place)
    assert (without.returncode, "no witness was named" in without.stdout) == (0, True)


def test_a_head_without_a_quorum_is_a_finding(node: Node, three: Witnesses) -> None:
    for body in BODIES[1:]:
        three.kill(body)
    log_one(node)

    report = verify_directory(node.settings.data / "log", node.sequencer.key, witnesses=three.trust.witnesses)
    assert [one.code for one in report.findings] == ["LOG-QUORUM"]
    assert (len(report.times), report.cosigned) == (1, None)
    assert verify_directory(node.settings.data / "log", node.sequencer.key).good


def test_a_nodes_own_check_finds_what_was_planted_in_its_database(node: Node, three: Witnesses) -> None:
    log_one(node)
    good = command("ledger", "verify", "--data", str(node.settings.data))
    assert (good.returncode, good.stderr) == (0, ""), good.stdout
    assert "3 of 3 witnesses cosigned it" in good.stdout
    with node.store.connect(Duty.MIGRATION) as owner:
        owner.execute("update ledger.cosignature set line = replace(line, 'A', 'B')")
    with node.store.connect(Duty.CARE) as clerk:
        clerk.execute('insert into ledger.pending values (gen_random_uuid(), \'{"measure":"red"}\')')
    close_batch(node)

    found = command("ledger", "verify", "--data", str(node.settings.data))
    assert found.returncode == 1
    assert "NODE-SET-ASIDE leaf" in found.stdout
    assert "NODE-COSIGNATURE head of size" in found.stdout
    assert {one.code for one in check_node(node)} == {"NODE-SET-ASIDE", "NODE-COSIGNATURE"}
    with node.store.connect(Duty.MIGRATION) as owner:
        owner.execute("delete from ledger.cosignature")
        owner.execute("delete from ledger.parked")


def test_a_place_or_a_node_is_checked_and_not_both(node: Node) -> None:
    assert command("ledger", "verify").returncode == 2
    assert command("ledger", "verify", "x", "--data", str(node.settings.data)).returncode == 2


def test_the_relay_asks_again_whoever_was_missing(node: Node, three: Witnesses) -> None:
    three.kill(BODIES[0])
    pending = log_one(node)
    relay = Relay(node)
    relay.start()
    three.restart(BODIES[0])
    until = time.monotonic() + 120
    while seen_by(node, three) != set(BODIES):
        assert time.monotonic() < until
        time.sleep(0.1)
    relay.stop()

    found = receipt(node.store, three.trust, pending.id)
    assert found is not None
    assert found.cosigned.organisations == set(BODIES)


def seen_by(node: Node, three: Witnesses) -> frozenset[str]:
    published = (node.settings.data / "log" / "checkpoint").read_text("utf-8")
    return three.trust.open(published).organisations


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: "", "witnesses, not 0"),
        (lambda text: text.replace("http://", "ftp://"), "http or https"),
        (lambda text: text.replace("lake-university", "bar-association", 1), "each once"),
        (lambda text: text + f"group all 3 {' '.join(BODIES)}\nquorum all\n", "no setting"),
        (lambda text: text + f"group any 1 {' '.join(BODIES)}\nquorum any\n", "no setting"),
        (lambda text: text + "quorum none\n", "one group of all"),
        (lambda text: text + "log other.example+00000000+AQ==\n", "id does not belong"),
    ],
)
def test_no_setting_makes_a_quorum_smaller_or_larger(node: Node, three: Witnesses, change: object, why: str) -> None:
    text = change(policy_of(list(three.started.values())))  # type: ignore[operator]

    with pytest.raises(SettingsRefused, match=why):
        join_witnesses(node, text)
    assert three.trust.quorum == 2
