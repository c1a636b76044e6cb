"""The public page of power and the auditor's page: every figure is counted again here, from the log and the tables."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from contesting import Scene, contesting
from salus import ledger
from salus.app import powers
from salus.kernel import Role
from salus.ledger import Leaf, append
from salus.storage import Duty
from visiting import Visitor


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with contesting(tmp_path_factory.mktemp("power")) as opened:
        opened.infected()
        opened.infected().contest_notice()
        yield opened


def test_every_figure_is_the_number_of_leaves(scene: Scene) -> None:
    said = scene.power()

    def leaves(kind: str) -> list[tuple[int, Leaf]]:
        return ledger.leaves(scene.node.store, kind)

    for text, kind in (
        ("Specimens logged", "specimen"),
        ("Results logged, of any outcome", "result"),
        ("Decisions made by rules", "decision"),
        ("Contests opened", "appeal-opened"),
    ):
        assert len(leaves(kind)) > 0
        assert f"{text} {len(leaves(kind))} " in said
    rules = Counter(str(leaf.body["rules"]) for _, leaf in leaves("decision"))
    (digest,) = rules
    assert f"covid-19 1 {base64.b64decode(digest).hex()} {rules[digest]} " in said
    newest = ledger.latest(scene.node.store)
    assert newest is not None
    assert f"the {newest.size} entries of the public log" in said


def test_what_is_in_force_is_shown_with_who_signed_and_until_when(scene: Scene) -> None:
    said = scene.power()

    assert "Rules for notices, version 1" in said
    assert "Emergency, version 1" in said
    assert "signer-3 (court)" in said
    assert "another " in said
    for one in powers(scene.node).publications:
        document = scene.client.ask("GET", f"/log/published/{one.digest.hex()}.json")
        assert document.status_code == 200
        assert one.counts
    for key in ledger.party_keys(scene.node.store):
        assert f"{key.party} {key.organisation} " in said
        assert key.key.hex() in said


def test_a_publication_that_nobody_signed_has_no_effect_and_says_so(scene: Scene) -> None:
    rules = ledger.leaves(scene.node.store, "publication")[-1][1].body
    forged = {**rules, "name": "forged", "signatures": {"signer-0": base64.b64encode(bytes(64)).decode()}}
    with scene.node.store.transaction(Duty.CARE) as tx:
        append(tx, Leaf(kind="publication", body=forged))
    scene.measuring.close()

    said = scene.power()
    assert "forged" in said
    assert "has no effect" in said
    assert "signer-0 unknown key" in said


def test_nothing_on_the_page_is_about_a_person(scene: Scene) -> None:
    page = scene.client.ask("GET", "/about/power", headers={"Accept": "text/html"}).text

    for number in scene.measuring.residents:
        assert number not in page
        assert str(scene.measuring.resident(number)) not in page


def test_an_auditor_sees_the_nodes_own_checks_and_the_witnesses(scene: Scene) -> None:
    auditor = Visitor(scene.node, scene.client, Role.AUDITOR)
    counted = scene.node.keys.unwraps()
    said = auditor.text("/audit")

    assert "Nothing contradicts the log, the register or the evidence." in said
    assert "2 of 3 must agree." in said
    for witness in scene.measuring.witnesses.trust.witnesses:
        assert witness.name in said
    assert f"Openings counted by the keys {counted} " in said


def test_an_auditor_is_told_what_somebody_changed_and_what_waits(scene: Scene) -> None:
    with scene.node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("insert into healthcode.notice (commitment, issued_at) values (sha256('x'), now())")
        owner.execute(
            "insert into storage.outbox (kind, payload, parked) values ('RecordAccepted', '{}', 'SALUS-S006')"
        )
    scene.measuring.witnesses.advance(timedelta(minutes=1))  # what was found is remembered until then
    said = Visitor(scene.node, scene.client, Role.AUDITOR).text("/audit")

    assert "healthcode.notice" in said
    assert "SALUS-S006" in said
