"""A place of care is admitted in public, by a quorum: no operator makes one

Four signers of three organisations name a facility, with its class of licence, 72 hours before it counts; an ombudsman
can stop it. There is no class for police, security, a court, a petition office or a bank. Who runs a node may register
what they like: a place that no admission names resolves no identity code, opens no care relation, is shown no notice,
and makes no evidence. A demo node asks for this from its first admission on.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from measures import DAY, HOUR
from measuring import Measuring, a_number, a_specimen, measuring, sent
from nodes import a_patient, add_hospital, asking, clinician, send, system, the_resident
from salus import identity, parties
from salus.app import add_party, arrive, load_settings, my_code, notice_keys, open_node, publish, take_specimen, veto
from salus.app.grace import NotAdmitted
from salus.app.showing import NotShown
from salus.cli.actors import (
    SITE,
    Party,
    admission_document,
    commit_specimen,
    new_subject,
    sign_veto,
    signatures_of,
)
from salus.healthcode.measures import known
from salus.identity import IdNumber
from salus.kernel import Purpose, Refused, Role
from salus.parties import FacilityKind, principal
from salus.rules import OMBUDSMAN, Document
from salus.storage import Duty
from visiting import Visitor, words_of

NUMBER = a_number(70)
WATCHMAN = Party.new("citizens-ombudsman", "parliament", OMBUDSMAN)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measuring]:
    """A node where H1, S1 and L1 are admitted; P1, S9 and L9 were registered by its operator alone."""
    with measuring(tmp_path_factory.mktemp("admitting")) as opened:
        send(opened.node, system(), a_patient(NUMBER))
        add_party(opened.node, WATCHMAN.key_leaf)
        opened.close()
        admit(opened, admission(opened, "H1", "S1", "L1"))
        add_hospital(opened.node, "P1")
        add_hospital(opened.node, "S9", FacilityKind.SAMPLING_SITE)
        yield opened


def admission(world: Measuring, *facilities: str, version: int = 1, name: str = "places", **changed: str) -> Document:
    starts = world.now + 3 * DAY + HOUR
    places = [world.node.facility(one) for one in facilities]
    told = admission_document(name, places, starts, starts + 90 * DAY, version=version)
    listed = [{**one, **changed} for one in told.body["facilities"]]
    return Document.of(told.as_json() | {"body": {"facilities": listed}})


def admit(world: Measuring, document: Document) -> None:
    publish(world.node, document, signatures_of(document, world.signers))
    world.close()
    world.advance(3 * DAY + 2 * HOUR)


def opens(world: Measuring, facility: str) -> bool:
    """Tell whether a clinician of a facility opens a care relation by the number, and its code resolves there, too."""
    resident = the_resident(holder(world))
    found = []
    for presented in (NUMBER, my_code(world.node, resident).code):
        try:
            arrive(world.node, clinician(facility), presented)
            found.append(True)
        except Refused:
            found.append(False)
    assert len(set(found)) == 1
    return found[0]


def holder(world: Measuring) -> UUID:
    """Return whose number it is."""
    with world.node.store.transaction(Duty.CARE) as tx:
        found = identity.find(tx, world.node.custodian, IdNumber.read(NUMBER))
    assert found is not None
    return found.resident_id


def test_a_hospital_that_the_operator_alone_registered_opens_nothing(world: Measuring) -> None:
    assert opens(world, "H1")
    assert not opens(world, "P1")
    for who in (clinician("P1"), system("P1")):
        assert not world.node.care_facility(who)


def test_every_page_of_its_desk_says_in_both_languages_what_to_do(world: Measuring) -> None:
    resident = holder(world)
    with asking(world.node) as client:
        desk = Visitor(world.node, client, Role.CLINICIAN, "P1")
        visit = {"wanted": NUMBER, "purpose": "TREAT"}
        answers = [
            desk.post("/desk", **visit),
            desk.get("/emergency"),
            desk.get(f"/desk/{resident}"),
            desk.post(f"/desk/{resident}/card", how="said", when="now"),
            Visitor(world.node, client, Role.RECEPTION, "P1").post("/desk", **visit),
        ]
        told = (
            words_of(desk.get("/desk")),
            words_of(desk.get("/desk?lang=zh")),
            words_of(desk.get(f"/desk/{resident}?lang=zh")),
        )

    for answer in answers:
        assert answer.status_code == 403
        assert "This place is not admitted" in words_of(answer)
        assert "have an admission published" in words_of(answer)
        assert NotAdmitted.code in answer.text
    assert "This place is not admitted" in told[0]
    assert all("本机构尚未准入" in words and "请节点运营者发布准入公告" in words for words in told[1:])


def test_no_notice_is_shown_to_it_and_it_has_no_keys_for_one(world: Measuring) -> None:
    assert notice_keys(world.node, "H1")
    with pytest.raises(NotShown):
        notice_keys(world.node, "P1")


def test_a_site_that_was_not_admitted_makes_no_evidence_though_the_log_has_its_key(world: Measuring) -> None:
    stranger = Party.new("S9", "elsewhere", SITE)
    add_party(world.node, stranger.key_leaf)
    world.close()
    signed = commit_specimen(stranger, disease="covid-19", taken=world.now, subject=new_subject())
    who = principal(Role.SAMPLING_SITE, "system-S9", facility="S9", purpose=Purpose.TREAT)
    patient = world.patient(a_number(71), "S1")

    with pytest.raises(Refused, match="no admission"):
        take_specimen(world.node, who, a_specimen(patient, signed), sent(signed))
    world.specimen(a_number(71))


@pytest.mark.parametrize("changed", [{"licence": "clinic"}, {"organisation": "Labs"}, {"county": "900102"}])
def test_an_admission_of_something_else_under_its_name_admits_nothing(
    world: Measuring, changed: dict[str, str]
) -> None:
    admit(world, admission(world, "P1", name=f"other-{next(iter(changed))}", **changed))

    assert not opens(world, "P1")


def test_one_ombudsman_keeps_a_place_out(world: Measuring) -> None:
    document = admission(world, "P1", name="vetoed")
    publish(world.node, document, signatures_of(document, world.signers))
    world.close()
    veto(world.node, sign_veto(WATCHMAN, document.digest))
    world.close()
    world.advance(3 * DAY + 2 * HOUR)

    assert not opens(world, "P1")
    assert world.node.admitted(world.node.facility("H1"))


def test_a_later_version_takes_a_place_off(world: Measuring) -> None:
    admit(world, admission(world, "P1", name="late"))
    assert opens(world, "P1")
    with_none = admission(world, version=2, name="late")
    admit(world, with_none)

    assert with_none.digest in {
        one.published.document.digest for one in known(world.node.store, world.node.trust).publications
    }
    assert not opens(world, "P1")


def test_an_office_has_no_class_of_licence_and_is_left_out(world: Measuring) -> None:
    add_hospital(world.node, "POLICE", FacilityKind.DEPARTMENT)

    assert admission(world, "POLICE").body["facilities"] == []


def test_on_a_production_node_nothing_cares_until_it_is_admitted(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("production")
    for one in (folder, *folder.parents[:2]):
        one.chmod(0o711)
    secret = folder / "passphrase"
    secret.write_text("only for these tests, and long")
    given = {"data": folder / "data", "passphrase_file": secret, "postgres": "wheel"}
    with open_node(load_settings(environment={}, given=given), "production") as node:
        parties.add_organisation(node.store, organisation_id="Group", name_en="Group", name_zh="集团")
        add_hospital(node, "H1")

        assert node.facility("H1").care
        assert not node.care_facility(clinician("H1"))
        with pytest.raises(Refused, match="no admission of this place"):
            arrive(node, clinician("H1"), NUMBER)


def test_care_ends_with_the_admission(world: Measuring) -> None:
    assert opens(world, "H1")
    world.advance(120 * DAY)

    assert not opens(world, "H1")
