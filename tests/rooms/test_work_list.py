"""A facility's work list: residents whose record it keeps, by its own charts, each line a read that they see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from nodes import a_node, a_number, a_patient, an_observation, clinician, send, system, the_resident, update
from peopling import URN, a_keeping
from salus import identity
from salus.access import About, Says
from salus.app import Node, Wished, arrive, contest_look, my_record, register, say, shares, who_looked, work_list
from salus.kernel import FixedClock, Refused, Unavailable
from salus.records import Accepted, following
from salus.storage import Duty

GLUCOSE = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}
DIABETES = {
    "resourceType": "Condition",
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11.9"}]},
    "subject": {"reference": URN},
    "recordedDate": "2030-01-01",
}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with a_node(tmp_path, "H1", "H2") as opened:
        yield opened


def diabetic(node: Node, order: int, facility: str = "H1", *more: dict[str, Any], name: str = "陈晨") -> Accepted:
    person = a_patient(a_number(order, "19800101"), birthDate="1980-01-01", gender="female", name=[{"text": name}])
    return send(node, system(facility), {"fullUrl": URN, **person}, DIABETES, *more)


def resident(node: Node, done: Accepted) -> UUID:
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.resident_by_key(tx, next(iter(done.residents.values())))
    assert found is not None
    return found.resident_id


def looks(node: Node, done: Accepted) -> list[tuple[str, str | None, str]]:
    found = who_looked(node, the_resident(resident(node, done))).looks
    return [(look.what, look.facility, look.ground) for look in found if look.what == "follow-up"]


def move_to_h2(node: Node, order: int) -> None:
    """Let H2 keep a resident's record from tomorrow on, and let it be the day after."""
    tomorrow = node.clock.now() + timedelta(days=1)
    diabetic(node, order, "H2", a_keeping(URN, tomorrow.date().isoformat()), name="李明")
    node.clock = FixedClock(tomorrow + timedelta(days=1))


def told_of(node: Node) -> list[tuple[str | None, date | None]]:
    return [(one.facility, one.since) for one in work_list(node, clinician("H1")).taken]


def test_a_list_holds_whom_the_facility_keeps_and_each_line_is_seen_by_its_resident(node: Node) -> None:
    kept = diabetic(node, 500, "H1", a_keeping(URN, "2030-01-01"), name="王静")
    treated = diabetic(node, 501, "H1", name="张伟")
    elsewhere = diabetic(node, 502, "H2", a_keeping(URN, "2030-01-01"), name="刘洋")
    gone = diabetic(node, 504, "H1", a_keeping(URN, "2030-01-01"), name="李明")
    move_to_h2(node, 504)
    found = work_list(node, clinician("H1"))

    assert [(line.name, line.age_years) for line in found.lines] == [("王静", 51)]
    assert [item.plan for item in found.lines[0].items] == ["diabetes-2"]
    assert looks(node, kept) == [("follow-up", "H1", "record-keeper")]
    assert [looks(node, one) for one in (treated, elsewhere)] == [[], []]
    assert [(line.name, line.facility, line.since) for line in found.taken] == [("李明", None, None)]
    assert looks(node, gone) == [("follow-up", "H1", "record-keeper")]


def test_who_kept_a_record_before_is_told_and_the_resident_sees_it_and_can_contest_it(node: Node) -> None:
    mine = diabetic(node, 505, "H1", a_keeping(URN, "2030-01-01"), name="李明")
    before = work_list(node, clinician("H1")).taken
    move_to_h2(node, 505)
    told, theirs = (work_list(node, clinician(one)) for one in ("H1", "H2"))
    who = the_resident(resident(node, mine))
    stands = my_record(node, who).stands
    seen = register.own_register(node, who).entries
    [look] = [one for one in seen if (one.read.facility, one.read.action) == ("H2", "create")]
    receipt = contest_look(node, who, (look.batch, look.item), "I did not agree")
    ended = a_keeping(f"Patient/{mine.outcomes[0].id}", "2030-01-01", until="2030-12-31")
    update(node, system("H1"), {**ended, "id": str(mine.outcomes[2].id)})

    assert before == ()
    assert [one.name for one in told.taken] == ["李明"]
    assert (theirs.taken, [line.name for line in theirs.lines]) == ((), ["李明"])
    assert (stands.facility, stands.displaced) == ("H2", ("H1",))
    assert receipt
    assert work_list(node, clinician("H1")).taken == ()


def test_which_institution_keeps_a_record_now_is_told_while_a_care_relation_is_open_alone(node: Node) -> None:
    diabetic(node, 506, "H1", a_keeping(URN, "2030-01-01"), name="李明")
    move_to_h2(node, 506)
    without = told_of(node)
    arrive(node, clinician("H1"), a_number(506, "19800101"))

    assert without == [(None, None)]
    assert told_of(node) == [("H2", date(2031, 3, 2))]


def test_whoever_is_shut_out_is_told_nothing_of_another_that_keeps_the_record(node: Node) -> None:
    mine = diabetic(node, 507, "H1", a_keeping(URN, "2030-01-01"), name="李明")
    move_to_h2(node, 507)
    shut_out = Wished(says=Says.FORBID, about=(About.EVERYTHING,), facility="H1", lasts=None)
    say(node, the_resident(resident(node, mine)), shut_out)

    assert told_of(node) == []
    assert [one.name for one in work_list(node, clinician("H1")).lines] == ["李明"]


def test_a_declaration_since_long_ago_tells_nothing_of_who_came_before_it_was_made(node: Node) -> None:
    diabetic(node, 508, "H2", a_keeping(URN, "2030-01-01"), name="李明")
    mine = diabetic(node, 508, "H1", a_keeping(URN, "1970-01-01"), name="李明")
    stands = my_record(node, the_resident(resident(node, mine))).stands

    assert (stands.facility, stands.displaced) == ("H2", ("H1",))
    assert told_of(node) == []
    assert [one.name for one in work_list(node, clinician("H1")).lines] == ["李明"]


def test_no_list_is_made_of_what_is_surveyed_in_part(node: Node) -> None:
    diabetic(node, 503, "H1", a_keeping(URN, "2030-01-01"))
    with node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("update records.surveying set done = 0, until = (select max(chart_key) from records.chart)")

    with pytest.raises(Unavailable, match="some minutes"):
        work_list(node, clinician("H1"))


def test_what_others_wrote_counts_only_with_the_resident_at_the_desk(node: Node) -> None:
    measured = an_observation(URN, code=GLUCOSE, effectiveDateTime="2031-02-20")
    diabetic(node, 510, "H1", a_keeping(URN, "2030-01-01"))
    diabetic(node, 510, "H2", measured)
    diabetic(node, 511, "H1", measured, a_keeping(URN, "2030-01-01"))
    found = work_list(node, clinician("H1"))

    assert [item.done_on for line in found.lines for item in line.items] == [None]
    assert found.looked_at == 2


def test_who_is_said_to_be_dead_is_not_on_the_list(node: Node) -> None:
    person = a_patient(a_number(520, "19800101"), birthDate="1980-01-01", deceasedBoolean=True)
    send(node, system(), {"fullUrl": URN, **person}, DIABETES, a_keeping(URN, "2030-01-01"))

    assert work_list(node, clinician("H1")).lines == ()


def test_others_than_clinicians_of_the_facility_are_refused(node: Node) -> None:
    done = diabetic(node, 530, "H1", a_keeping(URN, "2030-01-01"))

    for who in (system("H1"), the_resident(resident(node, done))):
        with pytest.raises(Refused):
            work_list(node, who)


def test_a_long_list_comes_in_pages_and_misses_nobody(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = import_module("salus.app.work_list")
    monkeypatch.setattr(listing, "LINES", 2)
    monkeypatch.setattr(listing, "PAGE", 3)
    for order in range(540, 547):
        diabetic(node, order, "H1", a_keeping(URN, "2030-01-01"), name=str(order))
    names, after, pages = [], 0, 0
    while True:
        page = work_list(node, clinician("H1"), after)
        names += [line.name for line in page.lines]
        pages += 1
        if page.after is None:
            break
        after = page.after

    assert sorted(names) == [str(order) for order in range(540, 547)]
    assert pages >= 4


def test_shares_are_numbers_with_the_small_ones_hidden(node: Node) -> None:
    measured = an_observation(URN, code=GLUCOSE, effectiveDateTime="2031-02-20")
    for order in range(550, 556):
        diabetic(node, order, "H1", measured, a_keeping(URN, "2030-01-01"))
    for order in range(556, 559):
        diabetic(node, order, "H1", a_keeping(URN, "2030-01-01"))
    (share,) = [one for one in shares(node) if one.plan == "diabetes-2"]

    assert (share.facility, share.people) == ("H1", 9)
    assert (share.up_to_date, share.due, share.overdue) == (None, 0, None)
    assert {plan.key for plan in following.shipped_plans()} >= {share.plan}


def test_a_page_looks_at_so_many_charts_whether_their_record_is_still_kept_or_not(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = import_module("salus.app.work_list")
    monkeypatch.setattr(listing, "LOOKED_AT", 2)
    monkeypatch.setattr(listing, "PAGE", 1)
    for order in range(560, 563):
        diabetic(node, order, "H1", a_keeping(URN, "2029-01-01", "2030-01-01"))
    kept = diabetic(node, 563, "H1", a_keeping(URN, "2030-01-01"), name="王静")
    first = work_list(node, clinician("H1"))
    assert first.after is not None
    second = work_list(node, clinician("H1"), first.after)

    assert (first.lines, first.looked_at) == ((), 0)
    assert [line.name for line in second.lines] == ["王静"]
    assert looks(node, kept) == [("follow-up", "H1", "record-keeper")]
