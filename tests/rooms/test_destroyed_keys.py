"""One destroyed key takes its own record away, and no page that others stand on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from nodes import (
    Asking,
    a_node,
    a_number,
    a_patient,
    an_observation,
    asking,
    clinician,
    resident_of,
    send,
    system,
    the_resident,
)
from salus import access, identity, ledger
from salus.access.disclosing import KEY_NOTICE
from salus.app import (
    Node,
    add_party,
    close_batch,
    destroying,
    my_record,
    present_here,
    summary_of,
    view_summary,
    who_looked,
)
from salus.cli import main
from salus.cli.actors import SIGNER, Party
from salus.kernel import Role
from salus.keys import Order, Why
from salus.keys.errors import BadRequest
from salus.records import Accepted
from salus.storage import Duty
from witnesses import three_witnesses


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Ann at H1 and, by a number, at H2, where her chart's key was destroyed; and Bob, destroyed, at H1."""

    node: Node
    client: Asking
    ann: Accepted
    ann_h2: Accepted
    bob: Accepted
    id: UUID

    def ask(self, address: str) -> list[dict[str, Any]]:
        answer = self.client.ask("GET", f"/fhir/{address}")
        assert answer.status_code == 200, answer.text
        told = answer.json()
        further = [one["url"].partition("/fhir/")[2] for one in told["link"] if one["relation"] == "next"]
        return list(told.get("entry", ())) + [one for link in further for one in self.ask(link)]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    with a_node(tmp_path_factory.mktemp("destroyed"), "H1", "H2") as node:
        urn, name = "urn:uuid:p", [{"text": "Ann"}]
        ann_h2 = send(node, system("H2"), a_patient(a_number(1), fullUrl=urn), an_observation(urn))
        ann = send(node, system(), a_patient(a_number(1), fullUrl=urn, name=name), an_observation(urn))
        bob = send(node, system(), a_patient(a_number(2), fullUrl=urn), an_observation(urn))
        with node.store.transaction(Duty.CARE) as tx:
            for one in (ann, bob):
                access.open_relation(tx, "H1", resident_of(node, one), "desk", node.clock.now())
            resident = identity.resident_by_key(tx, resident_of(node, ann))
        assert resident
        for gone in (ann_h2, bob):
            node.keys.shred(gone.outcomes[0].chart_key)
        with asking(node, Role.HOSPITAL_SYSTEM) as client:
            yield Sent(node=node, client=client, ann=ann, ann_h2=ann_h2, bob=bob, id=resident.resident_id)


def test_a_search_leaves_out_what_can_no_longer_be_read(sent: Sent) -> None:
    ann, bob = (done.outcomes[0].id for done in (sent.ann, sent.bob))

    found = [sent.ask(query) for query in ("Observation", "Observation?_include=Observation:subject")]
    named = sent.ask(f"Observation?patient={ann},{bob}")

    assert [[one["resource"]["subject"]["reference"] for one in page if "subject" in one["resource"]] for page in found]
    assert {one["resource"]["id"] for one in found[0]} == {str(sent.ann.outcomes[1].id)}
    assert {one["resource"]["id"] for one in found[1]} == {str(one.id) for one in sent.ann.outcomes}
    assert {one["resource"]["id"] for one in named} == {str(sent.ann.outcomes[1].id)}


def test_a_page_on_which_nothing_can_be_read_leads_to_the_next(sent: Sent) -> None:
    found, address, pages = [], "Observation?_sort=-_lastUpdated&_count=1", 0
    while address:
        answer = sent.client.ask("GET", f"/fhir/{address}").json()
        found += answer.get("entry", ())
        links = [one["url"] for one in answer["link"] if one["relation"] == "next"]
        address, pages = (links[0].partition("/fhir/")[2] if links else ""), pages + 1

    assert (len(found), pages) == (1, 2)


def test_a_history_has_an_entry_of_it_with_its_verb_and_without_a_resource(sent: Sent) -> None:
    bob = sent.bob.outcomes[1].id

    of_one, of_type, of_all = (sent.ask(f"{path}_history") for path in (f"Observation/{bob}/", "Observation/", ""))

    assert [("resource" in one, one["request"]["method"]) for one in of_one] == [(False, "POST")]
    assert [("resource" in one, one["request"]["method"]) for one in of_type] == [(False, "POST"), (True, "POST")]
    assert sorted("resource" in one for one in of_all) == [False, False, True, True]


def test_everything_and_summaries_hold_what_is_left(sent: Sent) -> None:
    ann, kept = sent.ann.outcomes[0].id, {str(one.id) for one in sent.ann.outcomes}

    whole = sent.ask(f"Patient/{ann}/$everything")
    paged = sent.ask(f"Patient/{ann}/$everything?_count=2")
    document = summary_of(sent.node, clinician(), ann, "en")
    seen, own = view_summary(sent.node, clinician(), sent.id), my_record(sent.node, the_resident(sent.id))

    assert {one["resource"]["id"] for one in whole} == kept
    assert {one["resource"]["id"] for one in paged} == kept
    assert b'"718-7"' in document
    assert seen.summary.name == own.summary.name == "Ann"


def test_the_desk_shows_who_is_there_beside_whom_it_can_no_longer_name(sent: Sent) -> None:
    assert {one.name for one in present_here(sent.node, clinician())} == {"Ann", None}


def test_the_record_itself_is_gone_and_the_counts_of_openings_agree(sent: Sent) -> None:
    before = unwraps(sent.node)

    answer = sent.client.ask("GET", f"/fhir/Observation/{sent.bob.outcomes[1].id}")
    sent.ask("Observation")

    assert answer.status_code == 410
    told, counted = (after - was for after, was in zip(unwraps(sent.node), before, strict=True))
    assert (told, counted) == (3, 3)


def test_two_order_it_and_the_log_certifies_it_to_whoever_has_the_opening(sent: Sent, tmp_path: Path) -> None:
    node, due = sent.node, sent.node.clock.now().replace(microsecond=0)
    with three_witnesses(tmp_path / "witnesses", node) as witnesses:
        by = [Party.new(name, organisation, SIGNER) for name, organisation in (("a", "x"), ("b", "x"), ("c", "y"))]
        for one in by:
            add_party(node, one.key_leaf)
        close_batch(node)
        order = Order(chart=sent.ann.outcomes[0].id, why=Why.RESIDENT, due=due)
        signed = {one.name: one.sign(order.encoded) for one in by}
        for few in ({}, {"a": signed["a"]}, {"a": signed["a"], "b": signed["b"]}, signed | {"c": signed["a"]}):
            with pytest.raises(BadRequest):
                destroying.destroy_chart(node, order, few)
        assert sent.client.ask("GET", f"/fhir/Patient/{order.chart}").status_code == 200
        with pytest.raises(BadRequest, match="long enough"):
            destroying.destroy_chart(node, order, signed)
        witnesses.advance(KEY_NOTICE + timedelta(hours=1))
        with pytest.raises(BadRequest, match="long enough"):  # only our own clock says that the time is over
            destroying.destroy_chart(node, order, signed)
        close_batch(node)

        done = destroying.destroy_chart(node, order, signed)
        assert destroying.certificate(node, done.what) is None
        close_batch(node)
        destroying.destroy_chart(node, order, signed)
        close_batch(node)

    file = tmp_path / "certificate.json"
    found = destroying.certificate(node, str(order.chart))
    assert found is not None
    file.write_text(json.dumps(found.as_file()), "utf-8")
    vkey = str(node.sequencer.key)
    proved = CliRunner().invoke(main, ["ledger", "prove", str(file), "--vkey", vkey, "--json"])
    assert (proved.exit_code, json.loads(proved.output)["opening"]["shred"]["what"]) == (0, str(order.chart))
    forged = found.as_file()
    forged["certificate"]["opening"]["shred"]["what"] = str(sent.bob.outcomes[0].id)
    file.write_text(json.dumps(forged), "utf-8")
    assert CliRunner().invoke(main, ["ledger", "prove", str(file), "--vkey", vkey]).exit_code == 1
    leaves = [leaf for _, leaf in ledger.leaves(node.store, "shred")]
    assert [leaf.body["kind"] for leaf in leaves] == ["chart"]
    assert str(order.chart).encode() not in leaves[0].encoded
    with asking(node, Role.HOSPITAL_SYSTEM) as client:
        assert client.ask("GET", f"/fhir/Patient/{order.chart}").status_code == 410
    assert "destroyed" in [one.what for one in who_looked(node, the_resident(sent.id)).looks]


def unwraps(node: Node) -> tuple[int, int]:
    with node.store.transaction(Duty.CARE) as tx:
        return node.keys.unwraps(), access.unwraps(tx)
