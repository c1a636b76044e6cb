"""Facts of other systems: brought by their resident, with their source and signer, and never with a colour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any
from uuid import UUID

import pytest

from doors import AT
from doors import Door as Paper
from foreigners import CERTIFICATE, VACCINATION
from journeys.door import HOUR, Door, a_door
from journeys.recognised import recognise
from nodes import a_number, a_patient, clinician, resident_of, send, system, the_resident
from recognising import DAY, HC1, OTHER, card, dcc, given, hc1_key, observed, recognition, shc_key
from salus import app, identity
from salus.codec.certificates import Reason
from salus.codec.foreign.smart import joined
from salus.codec.recognising import Believed, NotBelieved, believe
from salus.healthcode.brought import Brought, BroughtFact, BroughtRefused, brought_of
from salus.healthcode.brought import store as sql
from salus.healthcode.brought.model import written
from salus.identity import Author
from salus.kernel import Refused, Role, new_id
from salus.parties import Principal
from salus.rules import recognised_at
from salus.storage import Duty, Store

KEYS = recognised_at(Paper(recognised=(recognition(hc1_key(), shc_key()),)).read().recognised, AT)
OPINIONS = "colour color status measure verdict level place travel itinerary".split()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with a_door(tmp_path_factory.mktemp("brought")) as opened:
        recognise(opened)
        yield opened


def hcert(door: Door, **changed: Any) -> str:
    """A certificate of the resident's own, as another system writes it now."""
    names = {"fn": "Sun", "fnt": "SUN", "gn": "Xinxiao", "gnt": "XINXIAO"}
    body = {"ver": "1.3.0", "nam": names, "dob": "1980-01-01", "v": [VACCINATION]}
    return HC1.text(body | changed, issued=door.now - DAY, expires=door.now + 30 * DAY)


def told(*texts: str) -> Believed:
    return believe(texts, KEYS, AT)


def test_what_is_kept_are_facts_their_source_and_their_signer() -> None:
    kept = brought_of(told(dcc()), new_id(), AT)

    assert (kept.form, kept.issuer, kept.kid) == ("HC1", "Ministry of Health of Elsewhere", HC1.signer.kid.hex())
    assert len(bytes.fromhex(kept.source)) == 32
    (fact,) = kept.facts
    assert (str(fact.kind), fact.target, fact.on) == ("vaccination", "840539006", "2031-01-15")


def test_a_key_vouches_for_what_it_is_recognised_for_alone() -> None:
    tests_alone = recognised_at(Paper(recognised=(recognition(hc1_key(kinds=["test"])),)).read().recognised, AT)

    assert [str(one.kind) for one in told(HC1.text()).vouched] == ["vaccination"]
    assert believe([HC1.text()], tests_alone, AT).vouched == ()


def test_neither_name_nor_birth_date_nor_the_certificates_own_name_is_kept() -> None:
    kept = brought_of(told(dcc()), new_id(), AT)

    said = repr(kept).replace(kept.source, "").replace(kept.kid, "")  # random digits may say any year
    for word in ("Beispiel", "Erika", "1980", VACCINATION["ci"]):
        assert str(word) not in said.replace(str(kept.brought_id), "")


def test_neither_place_nor_issuer_of_the_single_event_is_kept() -> None:
    marks = {"tc": "Centre by the river", "is": "Office at the harbour"}
    tested = brought_of(told(dcc("t", **marks, nm="Quick")), new_id(), AT)
    others = [brought_of(told(dcc(group, **{"is": marks["is"]})), new_id(), AT) for group in "vr"]
    where = {"performer": [{"actor": {"display": marks["tc"]}}], "location": {"display": marks["tc"]}}
    carded = brought_of(told(card(entry=[{**given(), **where}, {**observed(), **where}])), new_id(), AT)

    for kept in (tested, *others, carded):
        assert not any(word in written(kept).decode() for word in marks.values())
    assert dict(tested.facts[0].detail) == {"tt": "LP6464-4", "tr": "260415000", "nm": "Quick"}
    assert set(dict(others[0].facts[0].detail)) == {"vp", "mp", "ma", "dn", "sd"}
    assert "result" in dict(carded.facts[1].detail)


def test_a_colour_of_another_system_is_refused_where_it_stands_and_has_no_field_here() -> None:
    for opinion in ("colour", "status", "measure"):
        with pytest.raises(NotBelieved) as refused:
            told(HC1.text({**CERTIFICATE, opinion: "green"}))
        assert refused.value.reason is Reason.UNREADABLE
        with pytest.raises(NotBelieved):
            told(dcc(**{opinion: "green"}))
    marked = card(entry=[{**given(), "extension": [{"url": "u:colour", "valueCode": "red"}], "note": "red"}])

    assert "red" not in repr(brought_of(told(marked), new_id(), AT)).replace("recognised", "").split("facts", 1)[1]
    names = {field.name for model in (Brought, BroughtFact) for field in fields(model)}
    assert names.isdisjoint(OPINIONS)


def test_nothing_that_decides_reads_what_was_brought(store: Store) -> None:
    """A finding that was brought asks nothing of anybody: no view, trigger or foreign key leads out of its tables."""
    with store.transaction(Duty.MIGRATION) as tx:
        (found,) = tx.rows(
            "select count(*) from pg_depend d join pg_class c on c.oid = d.refobjid"
            " where c.relname in ('brought', 'brought_out') and d.classid in"
            " ('pg_rewrite'::regclass, 'pg_trigger'::regclass)"
        )

    assert found[0] == 0


def test_a_card_in_chunks_is_brought_as_one() -> None:
    digits = card(entry=[given(), observed()]).removeprefix("shc:/")
    half = len(digits) // 4 * 2

    kept = told(f"shc:/2/2/{digits[half:]}", f"shc:/1/2/{digits[:half]}")

    assert [str(one.kind) for one in kept.events] == ["vaccination", "test"]
    assert joined([f"shc:/{digits}"])


def test_a_resident_brings_sees_and_takes_out(door: Door) -> None:
    text = hcert(door)  # once: it says when it was issued, and the clock goes on
    name = app.bring_certificate(door.node, door.resident, [text])
    again = app.bring_certificate(door.node, door.resident, [text])
    (kept,) = app.my_brought(door.node, door.resident)
    app.take_out_brought(door.node, door.resident, name)

    assert again == name == kept.brought_id
    assert kept.issuer == "Ministry of Health of Elsewhere"
    assert app.my_brought(door.node, door.resident) == ()


def test_what_is_taken_out_is_deleted_and_that_it_was_stays(door: Door) -> None:
    name = app.bring_certificate(door.node, door.resident, [hcert(door)])
    app.take_out_brought(door.node, door.resident, name)
    with door.node.store.transaction(Duty.CARE) as tx:
        (row,) = tx.rows(
            "select b.content, b.at, o.at from healthcode.brought b join healthcode.brought_out o using (brought_id)"
            " where b.brought_id = %s",
            (name,),
        )

    assert row[0] is None
    assert row[1] <= row[2]


REFUSED: dict[str, Callable[[Door], str]] = {
    "of nobody who is recognised": lambda door: OTHER.text(issued=door.now - HOUR, expires=door.now + DAY),
    "of somebody else's name": lambda door: hcert(door, nam={"fn": "Li", "fnt": "LI", "gn": "Wei", "gnt": "WEI"}),
    "of another birth date": lambda door: hcert(door, dob="1980-01-02"),
    "of a birth year alone": lambda door: hcert(door, dob="1980"),
    "expired": lambda door: HC1.text(issued=door.now - 3 * DAY, expires=door.now - DAY),
    "altered": lambda door: hcert(door)[:-4] + "0000",
    "one of ours": lambda door: door.text(),
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_believed_or_not_ones_own_is_not_taken(door: Door, what: str) -> None:
    text = REFUSED[what](door)

    with pytest.raises(BroughtRefused, match="not taken"):
        app.bring_certificate(door.node, door.resident, [text] if text else [])
    assert app.my_brought(door.node, door.resident) == ()


def under_another_number(door: Door) -> tuple[Principal, int]:
    """Register the same person again under a mistyped number, and step into that account; also the new chart."""
    told = a_patient(a_number(8), name=[{"text": "Sun Xinxiao"}], birthDate="1980-01-01")
    done = send(door.node, system("H1"), told)
    with door.node.store.transaction(Duty.CARE) as tx:
        found = identity.resident_by_key(tx, resident_of(door.node, done))
    assert found is not None
    return the_resident(found.resident_id), done.outcomes[0].chart_key


def chart_of(door: Door) -> int:
    """Return the chart that the resident had from the beginning."""
    with door.node.store.transaction(Duty.CARE) as tx:
        key = door.node.resident_key(tx, door.resident.resident) if door.resident.resident else None
        found = identity.resident_by_key(tx, key) if key is not None else None
    assert found is not None
    return found.charts[0]


def seen_in_care(door: Door, who: Principal) -> list[UUID]:
    """Let somebody arrive at H1, and return what a clinician there is shown of what was brought."""
    arrived = app.arrive(door.node, clinician("H1"), app.my_code(door.node, who).code)
    return [one.brought_id for one in app.view_summary(door.node, clinician("H1"), arrived.resident_id).brought]


def test_what_is_said_under_one_number_holds_for_what_was_brought_under_the_other(door: Door) -> None:
    other, chart = under_another_number(door)
    text, people = hcert(door), (door.resident, other)
    names = [app.bring_certificate(door.node, who, [text], shown=True) for who in people]
    before = [seen_in_care(door, who) for who in people]
    with door.node.store.transaction(Duty.CARE) as tx:
        author = Author(name="one", role=Role.INDEX_REVIEWER, second="two")
        identity.link(tx, (chart_of(door), chart), ground="mistyped", author=author, at=door.now)
    linked = seen_in_care(door, other)
    hidden = app.bring_certificate(door.node, other, [text])
    told = [[(one.brought_id, one.shown) for one in app.my_brought(door.node, who)] for who in people]
    care = [seen_in_care(door, who) for who in people]
    again = app.bring_certificate(door.node, door.resident, [text])
    app.take_out_brought(door.node, door.resident, hidden)

    assert before == [[name] for name in names]
    assert set(linked) == set(names)
    assert told == [[(hidden, False)]] * 2
    assert care == [[], []]
    assert again == hidden
    assert app.my_brought(door.node, other) == ()


def test_nobody_else_brings_or_sees(door: Door) -> None:
    for stranger in (clinician("H1"), system("H1")):
        with pytest.raises(Refused):
            app.bring_certificate(door.node, stranger, [hcert(door)])
        with pytest.raises(Refused):
            app.my_brought(door.node, stranger)


def test_the_look_is_in_the_register(door: Door) -> None:
    app.my_brought(door.node, door.resident)

    assert "brought" in {one.what for one in app.who_looked(door.node, door.resident).looks}


def test_a_trust_file_that_is_younger_than_a_withdrawal_recognises_nobody(door: Door) -> None:
    recognise(door, version=2, keys=())
    try:
        with pytest.raises(BroughtRefused, match="recognises"):
            app.bring_certificate(door.node, door.resident, [hcert(door)])
    finally:
        recognise(door, version=3)
    name = app.bring_certificate(door.node, door.resident, [hcert(door)])
    assert name in {one.brought_id for one in app.my_brought(door.node, door.resident)}


def test_a_residents_own_are_found_by_an_index(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        tx.run("set local enable_seqscan = off")
        plan = "\n".join(str(row[0]) for row in tx.rows("explain " + sql.OF_RESIDENT, (1,)))

    assert "brought_resident" in plan
    assert "brought_out_pkey" in plan
