"""An end of a key that no quorum of witnesses has seen yet: what is handed over after it could never count."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from measures import DAY, HOUR
from measuring import Measuring, a_number, measuring, sent
from nodes import the_resident
from salus import ledger
from salus.app import add_party, close_batch, key_ends, my_notices, publish, veto
from salus.cli.actors import (
    LABORATORY,
    SIGNER,
    SITE,
    Party,
    rules_document,
    sign_key_end,
    sign_result,
    sign_veto,
    signatures_of,
)
from salus.cli.witnesses import BODIES
from salus.healthcode import EvidenceRefused
from salus.healthcode.measures import key_ends as ends_of
from salus.healthcode.measures import known, take_result, verify_rows
from salus.ledger import Leaf, append
from salus.rules import OMBUDSMAN, PublicationRefused, Result
from salus.storage import Duty


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("unseen")) as opened:
        yield opened


def a_key(world: Measuring, name: str, organisation: str, duty: str) -> Party:
    """One more key of a party, which the log has."""
    party = Party.new(name, organisation, duty)
    add_party(world.node, party.key_leaf)
    world.close()
    return party


def ended(world: Measuring) -> set[bytes]:
    return {one.key for one in ends_of(world.node.store, world.node.trust)}


def refused_of(world: Measuring, laboratory: Party, number: int) -> None:
    """A result of this laboratory's key is refused, as its key ended."""
    specimen = world.specimen(a_number(number))
    with pytest.raises(EvidenceRefused, match="ended"):
        world.send_result(sign_result(laboratory, specimen, Result.POSITIVE, world.now))


def test_nothing_is_taken_in_after_an_end_that_waits(world: Measuring) -> None:
    laboratory, watchman = a_key(world, "L1", "green-laboratories", LABORATORY), a_key(world, "w", "press", OMBUDSMAN)
    signer, starts = a_key(world, "signer-9", "bar", SIGNER), world.now + 10 * DAY
    document, later = (rules_document("measles", starts, starts + 60 * DAY, one) for one in (1, 2))
    publish(world.node, document, signatures_of(document, world.signers))
    world.close()

    for one in (laboratory, watchman, signer):
        key_ends.end_key(world.node, sign_key_end(one, "lost"))

    assert not ended(world)
    refused_of(world, laboratory, 60)
    with pytest.raises(PublicationRefused, match="SIGNATURE"):
        veto(world.node, sign_veto(watchman, document.digest))
    with pytest.raises(PublicationRefused, match="SIGNATURE"):
        publish(world.node, later, signatures_of(later, [*world.signers[:3], signer]))
    with pytest.raises(PublicationRefused, match=r"SIGNATURE|SHORT-QUORUM"):
        key_ends.end_key(world.node, sign_key_end(world.laboratory, "lost", [*world.signers[:4], signer]))
    with pytest.raises(PublicationRefused, match="ENDED"):
        add_party(world.node, Party(name="L9", organisation="x", duty=LABORATORY, private=laboratory.private).key_leaf)
    with pytest.raises(PublicationRefused, match="ENDED"):
        key_ends.end_key(world.node, sign_key_end(laboratory, "rotated"))


def test_nor_after_one_in_the_log_that_too_few_witnesses_have_seen(world: Measuring) -> None:
    laboratory = a_key(world, "L1", "green-laboratories", LABORATORY)
    for body in BODIES[:2]:
        world.witnesses.kill(body)
    key_ends.end_key(world.node, sign_key_end(laboratory, "compromised"))
    close_batch(world.node)

    public = laboratory.private.public_key().public_bytes_raw()
    assert public not in ended(world)
    assert not ledger.waiting_leaves(world.node.store, "party-key-end")
    refused_of(world, laboratory, 61)
    for body in BODIES[:2]:
        world.witnesses.restart(body)
    for _ in range(30):  # until a quorum has seen it, however slow the machine is
        world.advance(HOUR)
        if public in ended(world):
            break
    assert public in ended(world)
    refused_of(world, laboratory, 62)


def test_keys_and_ends_are_worked_out_once_for_each_head_that_witnesses_saw(world: Measuring) -> None:
    node = world.node
    before = known(node.store, node.trust)
    key_ends.end_key(node, sign_key_end(a_key(world, "S1", "city-sampling", SITE), "lost"))
    waiting = ends_of(node.store, node.trust)

    assert waiting is ends_of(node.store, node.trust) is known(node.store, node.trust).ends
    assert len(waiting) == len(before.ends)
    world.advance(HOUR)
    after = known(node.store, node.trust)
    assert after.ends is ends_of(node.store, node.trust)
    assert len(after.ends) == len(before.ends) + 1
    assert sum(one.key.ended_at is not None for one in after.keys) == len(after.ends)


def test_what_only_looks_like_an_end_keeps_nobody_from_signing(world: Measuring) -> None:
    specimen, four = world.specimen(a_number(63)), sign_key_end(world.laboratory, "lost", world.signers[:4])
    with world.node.store.transaction(Duty.LEDGER) as tx:
        append(tx, Leaf(kind="party-key-end", body=four))

    world.result(specimen, Result.NEGATIVE)

    assert [one.body for one in ledger.waiting_leaves(world.node.store, "party-key-end")] == [four]
    world.close()


def test_a_result_that_slips_in_behind_the_end_of_its_key_is_decided_on_by_nothing(world: Measuring) -> None:
    node, told = world.node, a_number(64)
    laboratory, specimen = a_key(world, "L1", "green-laboratories", LABORATORY), world.specimen(told)
    world.settle()
    decisions = ledger.leaves(node.store, "decision")
    signed = sign_result(laboratory, specimen, Result.POSITIVE, world.now)

    with node.store.transaction(Duty.CARE) as tx:  # checked before the end, and committed after the batch that has it
        take_result(tx, node.keys, sent(signed), node.clock.now())
        key_ends.end_key(node, sign_key_end(laboratory, "compromised"))
        close_batch(node)
        world.witnesses.advance(HOUR)
    world.settle()

    assert ledger.leaves(node.store, "decision") == decisions
    assert [leaf.body["commitment"] for _, leaf in ledger.leaves(node.store, "result")].count(signed.commitment) == 1
    assert not my_notices(node, the_resident(world.resident(told))).notices
    assert verify_rows(node.store, node.trust, node.keys) == []
