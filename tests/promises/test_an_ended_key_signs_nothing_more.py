"""A key that was lost or stolen is ended for good, and one party cannot silence another

Its holder ends it alone, with the key itself; somebody else's takes five signers of three organisations whom the log
has named for 30 days, and an ombudsman's goes on for three days even then. What the log had before stays good. From
then on nothing that the key signs counts, at the node and for whoever reads the log's files; it comes back under no
name, and a new key does its duty.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from measures import DAY, HOUR
from measuring import Measuring, a_number, a_specimen, measuring, publish_rules, sent, system_of
from nodes import the_resident
from salus import ledger
from salus.app import add_party, key_ends, my_notices, publish, take_specimen, veto
from salus.cli import main
from salus.cli.actors import (
    LABORATORY,
    Party,
    commit_specimen,
    new_subject,
    rules_document,
    sign_key_end,
    sign_result,
    sign_veto,
    signatures_of,
)
from salus.healthcode import EvidenceRefused
from salus.healthcode.measures import key_ends as ends_of
from salus.ledger import Leaf, append
from salus.rules import OMBUDSMAN, PublicationRefused, Result, key_end_message
from salus.storage import Duty

WATCHMAN = Party.new("citizens-ombudsman", "parliament", OMBUDSMAN)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    with measuring(tmp_path_factory.mktemp("ending"), published=False) as opened:
        add_party(opened.node, WATCHMAN.key_leaf)
        opened.close()
        opened.advance(30 * DAY + HOUR)  # before that signers end nobody's key
        publish_rules(opened)
        yield opened


def refused(world: Measuring, leaf: dict[str, object]) -> str:
    with pytest.raises(PublicationRefused) as fault:
        key_ends.end_key(world.node, leaf)
    return fault.value.fault


def ended(world: Measuring) -> set[str]:
    return {one.party for one in ends_of(world.node.store, world.node.trust)}


def a_key(world: Measuring) -> Party:
    """One more key of the laboratory, which the log has."""
    party = Party.new("L1", "green-laboratories", LABORATORY)
    add_party(world.node, party.key_leaf)
    world.close()
    return party


def test_a_laboratory_ends_its_stolen_key_and_signs_with_a_new_one(world: Measuring) -> None:
    stolen, told, other = a_key(world), a_number(90), a_number(91)
    first, second = world.specimen(told), world.specimen(other)
    world.close()
    before = sign_result(stolen, first, Result.POSITIVE, world.now)
    world.send_result(before)
    world.settle()

    end = sign_key_end(stolen, "compromised")
    assert key_ends.end_key(world.node, end).own
    world.close()
    key_ends.end_key(world.node, end)  # said twice, it is one entry
    world.advance(HOUR)

    assert [one.body["key"] for _, one in ledger.leaves(world.node.store, "party-key-end")].count(end["key"]) == 1
    assert refused(world, sign_key_end(stolen, "lost")) == "ENDED"
    with pytest.raises(EvidenceRefused, match="ended"):
        world.send_result(sign_result(stolen, second, Result.POSITIVE, world.now))
    for name in ("L1", "L9"):
        again = Party(name=name, organisation="green-laboratories", duty=LABORATORY, private=stolen.private)
        with pytest.raises(PublicationRefused, match="ENDED"):
            add_party(world.node, again.key_leaf)
    world.laboratory = a_key(world)
    world.result(second, Result.NEGATIVE)
    world.settle()
    notices = my_notices(world.node, the_resident(world.resident(told))).notices
    assert len(notices) == 1  # what was reported before the end still asks, and is proved


def test_a_site_whose_key_signers_end_takes_no_specimen_with_it(world: Measuring) -> None:
    lost = Party.new("S1", "city-sampling", "sampling-site")
    add_party(world.node, lost.key_leaf)
    world.close()
    assert refused(world, sign_key_end(lost, "lost", world.signers[:4])) == "SHORT-QUORUM"
    assert refused(world, sign_key_end(lost, "lost", [*world.signers[:4], Party.new("signer-4", "bar", "signer")])) == (
        "SIGNATURE"
    )

    key_ends.end_key(world.node, sign_key_end(lost, "lost", world.signers[:5]))
    world.close()
    world.advance(HOUR)

    signed = commit_specimen(lost, disease="covid-19", taken=world.now, subject=new_subject())
    with pytest.raises(EvidenceRefused):
        take_specimen(world.node, system_of("S1"), a_specimen(world.patient(a_number(92)), signed), sent(signed))
    world.specimen(a_number(92))  # the site's other key signs on


def test_nobody_ends_a_key_that_there_is_not_or_one_of_somebody_else(world: Measuring) -> None:
    stranger = Party.new("L7", "nobody", LABORATORY)
    thief = sign_key_end(Party.new("L1", "x", LABORATORY), "lost") | {"key": world.laboratory.key_leaf["key"]}
    issuer = Party(name="issuer", organisation="x", duty="issuer", private=stranger.private)
    add_party(world.node, issuer.key_leaf)
    world.close()

    assert refused(world, sign_key_end(stranger, "lost")) == "UNKNOWN"
    assert refused(world, sign_key_end(issuer, "lost", world.signers[:5])) == "UNKNOWN"
    assert refused(world, thief) == "SIGNATURE"


def test_keys_that_the_operator_named_this_month_silence_nobody(world: Measuring) -> None:
    own = [Party.new(f"own-{one}", f"body-{one % 3}", "signer") for one in range(5)]
    for one in own:
        add_party(world.node, one.key_leaf)
    world.close()
    world.advance(DAY)
    leaf = sign_key_end(world.laboratory, "lost", own)

    assert refused(world, leaf) == "SHORT-QUORUM"
    with world.node.store.transaction(Duty.LEDGER) as tx:
        append(tx, Leaf(kind="party-key-end", body=leaf))
    world.close()
    world.advance(HOUR)
    specimen = world.specimen(a_number(93))
    world.close()
    world.result(specimen, Result.NEGATIVE)  # it is not ended


def test_what_is_pushed_past_every_check_ends_nothing(world: Measuring) -> None:
    with world.node.store.transaction(Duty.LEDGER) as tx:
        append(tx, Leaf(kind="party-key-end", body=sign_key_end(WATCHMAN, "lost", world.signers[:4])))
    world.close()

    assert WATCHMAN.name not in ended(world)


def test_an_ombudsman_whose_key_others_end_stops_for_three_days_what_they_publish(world: Measuring) -> None:
    told = key_ends.end_key(world.node, sign_key_end(WATCHMAN, "lost", world.signers[:5]))
    assert told.counts_from - told.logged_at == 3 * DAY
    world.close()
    assert told.key in world.node.ended_keys()  # it may veto, and under no duty sign anything else
    starts = world.now + 10 * DAY
    rules = [rules_document("measles", starts + day * DAY, starts + 60 * DAY, day + 1) for day in (0, 2)]
    for one in rules:
        publish(world.node, one, signatures_of(one, world.signers))
    world.close()

    veto(world.node, sign_veto(WATCHMAN, rules[0].digest))
    world.close()
    world.advance(3 * DAY + HOUR)

    with pytest.raises(PublicationRefused, match="SIGNATURE"):
        veto(world.node, sign_veto(WATCHMAN, rules[1].digest))
    with pytest.raises(PublicationRefused, match="VETOED"):
        publish(world.node, rules[0], signatures_of(rules[0], world.signers))


def run(*given: object) -> str:
    done = CliRunner().invoke(main, [str(one) for one in given])
    assert done.exit_code == 0, done.output
    return done.stdout


def hand_over(world: Measuring, name: str, key: object, paper: Path, *more: str) -> str:
    """Run `party end` beside the node."""
    data = world.node.settings.data
    return run("party", "end", name, paper, "--key", key, "--reason", "lost", "--data", data, *more)


def key_file(folder: Path, party: Party) -> Path:
    file = folder / f"{party.name}.key.json"
    file.write_text(json.dumps({"key": base64.b64encode(party.private.private_bytes_raw()).decode()}))
    return file


def test_the_commands_sign_an_end_and_hand_it_over(world: Measuring, tmp_path: Path) -> None:
    own, other = a_key(world), Party.new("second-ombudsman", "press", OMBUDSMAN)
    add_party(world.node, other.key_leaf)
    world.close()
    papers, printed = [], []
    for party, signers in ((own, [None]), (other, world.signers[:5])):
        paper, key = tmp_path / f"{party.name}.json", party.key_leaf["key"]
        for one in signers:
            given = ["--key", key_file(tmp_path, one or party), *(["--as", one.name] if one else [])]
            printed.append(
                run("party", "sign-end", party.name, paper, "--ends", key, "--reason", "lost", *given, "--json")
            )
        papers.append(paper)

    first = json.loads(hand_over(world, own.name, own.key_leaf["key"], papers[0], "--json"))
    second = hand_over(world, other.name, other.key_leaf["key"], papers[1])
    world.close()

    assert json.loads(printed[0])["signed"] == ["L1"]
    leaves = [one.body for _, one in ledger.leaves(world.node.store, "party-key-end")]
    assert sign_key_end(own, "lost") in leaves
    assert sign_key_end(other, "lost", world.signers[:5]) in leaves
    assert first == {**sign_key_end(own, "lost"), "witnesses_left": None, "quorum": None}
    after = "signs nothing more 72 hours after the next batch of the log is cosigned"
    assert second.splitlines() == [f"this key of second-ombudsman {after}"]


def test_a_witness_whose_key_ended_is_asked_no_more_and_the_last_is_told_of(world: Measuring, tmp_path: Path) -> None:
    node = world.node
    assert node.trust is not None
    left = []
    for witness in node.trust.witnesses[:2]:
        body = {"party": witness.name, "key": base64.b64encode(witness.public_key).decode(), "reason": "lost"}
        message = key_end_message(body["party"], body["key"], body["reason"])
        signers = {one.name: one.sign(message) for one in world.signers[:5]}
        paper = tmp_path / f"{witness.name}.json"
        paper.write_text(json.dumps(signers))
        left.append(hand_over(world, witness.name, body["key"], paper).splitlines())
        for _ in range(30):  # until a quorum has seen it, however slow the machine is
            world.advance(HOUR)
            if witness.name in ended(world):
                break

    names = [one.name for one in node.trust.witnesses[:2]]
    once = [f"this key of {one} signs nothing more once the next batch of the log is cosigned" for one in names]
    lost = "only 1 witnesses are left and 2 have to sign: nothing new can be proved until another is named"
    assert left == [
        [once[0], "2 witnesses are left, and 2 have to sign"],
        [once[1], f"{lost} in the witnesses' file, by every reader too"],
    ]
    a_key(world)
    newest = ledger.cosigned(node.store, node.trust)
    assert newest is not None
    assert newest.checkpoint.size < (ledger.latest(node.store) or newest.checkpoint).size
