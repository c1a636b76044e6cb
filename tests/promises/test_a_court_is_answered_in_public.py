"""A court is answered in public: four sign, an ombudsman among them, and the resident sees it within ninety days

It is about one resident, stands in the public log before anything is read, is sealed to the court, and is carried out
once. No measure, no place and nothing that is closed is in it; no route does it, and no purpose of use is policing.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from measures import DAY, HOUR
from measuring import Measuring, measuring
from nodes import a_number, a_patient, an_observation, resident_of, send, system, the_resident
from salus import access, identity, ledger
from salus.access import DisclosureRefused
from salus.access.disclosing import DISCLOSABLE, DISCLOSURE_WITHIN, KEY_NOTICE, LONGEST_DELAY, Disclosure
from salus.app import add_party, check_node, disclosing, powers, register, who_looked
from salus.cli import main
from salus.cli.actors import SIGNER, Party
from salus.kernel import Purpose
from salus.ledger import KINDS
from salus.storage import Duty

ROOT = Path(__file__).parent.parent
OMBUDSMAN = "ombudsman"
URN = "urn:uuid:p"


@dataclass(slots=True)
class Court:
    """A court with a key, the ombudsman, and a resident with entries, some of them sensitive or without a date."""

    world: Measuring
    key: X25519PrivateKey
    ombudsman: Party
    inside: Party
    resident: object
    resident_key: int

    def document(self, **changed: object) -> Disclosure:
        found = Disclosure(
            court="High Court",
            reference="2031-77",
            key=self.key.public_key().public_bytes_raw(),
            resident=self.resident,  # type: ignore[arg-type]
            kinds=("Condition", "Observation"),
            since=date(2031, 1, 1),
            until=date(2031, 2, 1),
            notice=self.world.now + 60 * DAY,
            blind=secrets.token_bytes(32),
        )
        return replace(found, **changed)  # type: ignore[arg-type]

    def signatures(self, told: Disclosure, *others: Party) -> dict[str, str]:
        by = others or (*self.world.signers[1:4], self.ombudsman)
        return {one.name: one.sign(told.signed) for one in by}

    def seen(self, told: Disclosure) -> None:
        """Hand it over, and let the witnesses see it."""
        disclosing.submit(self.world.node, told, self.signatures(told))
        self.world.close()


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Court]:
    with measuring(tmp_path_factory.mktemp("court"), published=False) as world:
        ombudsman = Party.new("people", "ombudsman-office", OMBUDSMAN)
        inside = Party.new("inside", "health", OMBUDSMAN)
        for party in (ombudsman, inside):
            add_party(world.node, party.key_leaf)
        world.close()
        world.advance(KEY_NOTICE + HOUR)
        hiv = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]}
        asthma = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "J45"}]}
        done = send(
            world.node,
            system(),
            a_patient(a_number(1), fullUrl=URN),
            an_observation(URN, effectiveDateTime="2031-01-05"),
            an_observation(URN, effectiveDateTime="2031-02-05"),
            an_observation(URN),
            a_condition(asthma, "2031-01-06"),
            a_condition(hiv, "2031-01-07"),
        )
        key = resident_of(world.node, done)
        with world.node.store.transaction(Duty.CARE) as tx:
            found = identity.resident_by_key(tx, key)
        assert found is not None
        yield Court(world, X25519PrivateKey.generate(), ombudsman, inside, found.resident_id, key)


def a_condition(code: dict[str, object], onset: str) -> dict[str, object]:
    return {
        "resourceType": "Condition",
        "subject": {"reference": URN},
        "code": code,
        "onsetDateTime": onset,
        "recordedDate": onset,
    }


def as_audit_events(court: Court) -> list[str]:
    found = register.own_register(court.world.node, the_resident(court.resident))  # type: ignore[arg-type]
    return [one.read.what for one in found.entries]


def looks(court: Court) -> list[str]:
    return [one.what for one in who_looked(court.world.node, the_resident(court.resident)).looks]  # type: ignore[arg-type]


def test_it_takes_four_of_three_organisations_and_an_ombudsman_whom_nobody_shares(court: Court) -> None:
    told, node, (health, also, university, judge, bar) = court.document(), court.world.node, court.world.signers
    short = (
        (university, judge, court.ombudsman),
        (health, university, judge, bar),
        (health, also, court.ombudsman),
        (health, university, judge, court.inside),
        (health, also, Party.new("signer-3", "court", SIGNER), court.ombudsman),
    )

    for parties in short:
        with pytest.raises(DisclosureRefused):
            disclosing.submit(node, told, court.signatures(told, *parties))
    with pytest.raises(DisclosureRefused):
        disclosing.submit(node, told, court.signatures(court.document()))
    with pytest.raises(DisclosureRefused):
        disclosing.submit(node, told, {})
    assert ledger.leaves(node.store, "disclosure") == []


def test_keys_that_an_operator_invented_sign_nothing_in_their_first_thirty_days(court: Court) -> None:
    """Nobody vouches for a key but the log, which the operator writes; what remains is to wait, in public."""
    node, world = court.world.node, court.world
    mine = [Party.new(f"mine-{one}", f"own-{one}", OMBUDSMAN if one == 3 else SIGNER) for one in range(4)]
    for party in mine:
        add_party(node, party.key_leaf)
    world.close()
    told = court.document()
    signed = court.signatures(told, *mine)

    with pytest.raises(DisclosureRefused, match="30 days"):
        disclosing.submit(node, told, signed)
    with node.store.transaction(Duty.CARE) as tx:
        access.disclosing.hand_over(tx, told, signed, world.now)
    world.close()
    with pytest.raises(DisclosureRefused, match="30 days"):
        disclosing.disclose(node, told)
    world.advance(KEY_NOTICE - HOUR)
    with pytest.raises(DisclosureRefused, match="30 days"):
        disclosing.submit(node, court.document(), court.signatures(told, *mine))
    assert timedelta(days=30) == KEY_NOTICE


def test_nothing_is_read_before_witnesses_have_seen_it_in_the_log(court: Court) -> None:
    told, node = court.document(), court.world.node
    with pytest.raises(DisclosureRefused, match="no quorum"):
        disclosing.disclose(node, told)
    disclosing.submit(node, told, court.signatures(told))
    before = node.keys.unwraps()

    with pytest.raises(DisclosureRefused, match="no quorum"):
        disclosing.disclose(node, told)

    assert node.keys.unwraps() == before
    assert "disclosure" not in looks(court)


def test_whoever_writes_the_row_and_the_leaf_past_the_door_is_shown_nothing(court: Court) -> None:
    """The operator has every right on the node; four signatures of the log's keys are what opens."""
    told, node = court.document(), court.world.node
    mine = Party.new("people", "ombudsman-office", OMBUDSMAN)
    with node.store.transaction(Duty.CARE) as tx:
        access.disclosing.hand_over(
            tx, told, {f"me-{one}": mine.sign(told.signed) for one in range(4)}, court.world.now
        )
    court.world.close()

    with pytest.raises(DisclosureRefused, match="SIGNATURE"):
        disclosing.disclose(node, told)


def test_the_file_holds_what_was_ordered_and_is_the_courts_alone(court: Court) -> None:
    told, node = court.document(), court.world.node
    court.seen(told)
    sealed, count = disclosing.disclose(node, told)

    opened = json.loads(disclosing.open_file(sealed, court.key.private_bytes_raw()))
    assert count == len(opened["entries"]) == 2
    assert {one["resourceType"] for one in opened["entries"]} == {"Observation", "Condition"}
    written = json.dumps({**opened, "commitment": ""})  # whose random letters may say any code
    assert "J45" in written
    assert "B20" not in written
    assert "2031-02-05" not in written
    assert "measure" not in written
    assert b"Observation" not in sealed
    with pytest.raises(Exception, match="SALUS-A091"):
        disclosing.open_file(sealed, X25519PrivateKey.generate().private_bytes_raw())
    with pytest.raises(DisclosureRefused, match="carried out before"):
        disclosing.disclose(node, told)


def test_the_resident_sees_it_at_the_notice_by_itself_and_contests_it(court: Court) -> None:
    node, told = court.world.node, court.document(notice=court.world.now + 2 * HOUR)
    court.seen(told)
    before = len(looks(court)), len(as_audit_events(court))
    disclosing.disclose(node, told)
    assert (len(looks(court)), len(as_audit_events(court))) == before

    court.world.advance(2 * HOUR)

    assert as_audit_events(court)[0] == "disclosure"
    (found,) = [one for one in who_looked(node, the_resident(court.resident)).looks if one.what == "disclosure"]  # type: ignore[arg-type]
    assert (found.ground, found.proved) == ("court-order", True)
    assert found.count >= 2
    assert found.reader == told.commitment.hex()
    assert check_node(node) == []


class Undone(Exception):
    """What was written for a test goes."""


def test_a_row_written_past_the_door_hides_no_read_and_is_found(court: Court) -> None:
    far, forged, key = court.world.now + 300 * DAY, secrets.token_bytes(32), court.resident_key
    leaves = [leaf for _, leaf in ledger.leaves(court.world.node.store, "disclosure")]
    with suppress(Undone), court.world.node.store.transaction(Duty.CARE) as tx:
        newest = access.reads_of(tx, [key])[0]
        tx.run("insert into access.disclosure values (%s, %s, %s, gen_random_uuid())", (forged, far, far))
        row = (forged, key, newest.batch, newest.item, far, far)
        tx.run("insert into access.disclosed values (%s, %s, %s, %s, %s, %s)", row)

        assert (newest.batch, newest.item) not in access.disclosing.untold(tx, [key], court.world.now)
        assert access.disclosing.unlogged(tx, leaves) == [forged]
        raise Undone


def test_whoever_gets_a_chart_is_told_of_its_disclosure_at_the_same_instant(court: Court) -> None:
    node, told = court.world.node, court.document(notice=court.world.now + 2 * HOUR)
    court.seen(told)
    disclosing.disclose(node, told)
    other = resident_of(node, send(node, system(), a_patient(a_number(2))))
    with node.store.transaction(Duty.CARE) as tx:
        mine, theirs = (identity.resident_by_key(tx, key) for key in (court.resident_key, other))
        assert mine is not None
        assert theirs is not None
        access.tell_of_earlier(tx, list(mine.charts), court.resident_key, other)
    who = the_resident(theirs.resident_id)
    assert told.commitment.hex() not in [one.reader for one in who_looked(node, who).looks]

    court.world.advance(2 * HOUR)

    assert told.commitment.hex() in [one.reader for one in who_looked(node, who).looks]


def test_nobody_can_put_the_notice_off(court: Court) -> None:
    node, late = court.world.node, court.document(notice=court.world.now + LONGEST_DELAY + DAY)
    with pytest.raises(DisclosureRefused, match="90 days"):
        disclosing.submit(node, late, court.signatures(late))

    assert timedelta(days=90) == LONGEST_DELAY
    with pytest.raises(psycopg.errors.InsufficientPrivilege), node.store.transaction(Duty.CARE) as tx:
        tx.run("update access.disclosed set told_at = told_at + interval '1 day'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), node.store.transaction(Duty.CARE) as tx:
        tx.run("delete from access.disclosed")
    with node.store.connect(Duty.MIGRATION, "salus") as owner, pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("update access.disclosed set told_at = done_at + interval '91 days'")


def test_one_that_was_not_carried_out_in_time_is_void(court: Court) -> None:
    told = court.document(notice=court.world.now + 80 * DAY)
    court.seen(told)
    court.world.advance(DISCLOSURE_WITHIN + HOUR)

    with pytest.raises(DisclosureRefused, match="void"):
        disclosing.disclose(court.world.node, told)


def test_the_public_counts_them_and_learns_neither_court_nor_person(court: Court) -> None:
    node = court.world.node
    found = powers(node).disclosures
    leaves = [leaf for _, leaf in ledger.leaves(node.store, "disclosure")]

    assert len(found) == len(leaves) >= 4
    assert ("people", "ombudsman-office") in found[0].signers
    assert set(KINDS["disclosure"]) == {"disclosure", "signatures", "notice"}
    for leaf in leaves:
        assert b"High Court" not in leaf.encoded
        assert str(court.resident).encode() not in leaf.encoded


def test_a_document_names_one_resident_and_only_kinds_of_care(court: Court) -> None:
    body = json.loads(court.document().encoded)["disclosure"]
    for changed in (
        {"resident": [body["resident"], body["resident"]]},
        {"resident": f"{body['resident']},{body['resident']}"},
        {"residents": [body["resident"]]},
        {"kinds": ["Location"]},
        {"kinds": ["Consent"]},
        {"kinds": ["measure"]},
        {"kinds": []},
        {"notice": "2031-03-01"},
    ):
        with pytest.raises(DisclosureRefused):
            Disclosure.parse(access_canonical(body | changed))
    assert not set(DISCLOSABLE) & {"Location", "Patient", "Consent", "AuditEvent", "Flag", "Device", "Specimen"}


def access_canonical(body: dict[str, object]) -> bytes:
    from salus.kernel import canonical

    return canonical({"disclosure": body})


def test_the_commands_do_it_and_no_route_does(court: Court, tmp_path: Path) -> None:
    """As people do it: each signs on an own computer."""
    told = court.document(notice=court.world.now + HOUR)
    document, signed = tmp_path / "document", tmp_path / "signatures"
    arguments = [
        "disclosure", "prepare", "--court", told.court, "--reference", "77", "--resident", str(told.resident),
        "--key", base64.b64encode(told.key).decode(), "--kind", "Observation", "--from", "2031-01-01",
        "--to", "2031-02-01", "--notice", (told.notice).isoformat().replace("+00:00", "Z"), "--out", str(document),
    ]  # fmt: skip
    results = [CliRunner().invoke(main, arguments)]
    for party in (*court.world.signers[1:4], court.ombudsman):
        key = tmp_path / party.name
        key.write_text(json.dumps({"key": base64.b64encode(party.private.private_bytes_raw()).decode()}), "utf-8")
        sign = ["disclosure", "sign", str(document), str(signed), "--party", party.name, "--key", str(key)]
        results.append(CliRunner().invoke(main, sign))
    data = ["--data", str(court.world.node.settings.data)]
    results.append(CliRunner().invoke(main, ["disclosure", "submit", str(document), str(signed), *data]))
    court.world.close()
    out = tmp_path / "sealed"
    results.append(CliRunner().invoke(main, ["disclosure", "execute", str(document), "--out", str(out), *data]))
    again = CliRunner().invoke(main, ["disclosure", "execute", str(document), "--out", str(tmp_path / "b"), *data])

    assert [one.output for one in results if one.exit_code] == []
    assert disclosing.open_file(out.read_bytes(), court.key.private_bytes_raw())
    assert again.exit_code == 1
    routes = (ROOT / "golden" / "routes.txt").read_text("utf-8")
    assert not [line for line in routes.splitlines() if "disclos" in line.lower()]


def test_there_is_no_bulk_export_and_nobody_has_the_purpose_of_research() -> None:
    """No route and no command hands out many people's records, for research or for anything else."""
    routes = (ROOT / "golden" / "routes.txt").read_text("utf-8").lower()
    powers_of_all = (ROOT / "golden" / "powers.txt").read_text("utf-8")
    commands = CliRunner().invoke(main, ["--help"]).output.lower()

    for word in ("$export", "export", "bulk", "download-all"):
        assert word not in routes
        assert word not in commands
    assert Purpose.HRESCH.value not in powers_of_all
