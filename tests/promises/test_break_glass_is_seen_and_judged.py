"""Breaking the glass is short, seen at once, judged by others and counted in public, and it opens nothing closed.

In an emergency one clinician reads one summary for 30 minutes. Who does so often, or is not borne out, or is not
reviewed in time, does it no more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import psycopg
import pyotp
import pytest

from breaking import WHY, Ward, a_clinician, a_ward, in_emergency, judge
from consenting import NUMBER, PLAIN
from nodes import a_number, clinician, system
from salus import ledger
from salus.access import About, GlassOff, OpeningInvalid, Says
from salus.access.glass import GLASS_LASTS, MOST_A_DAY, MOST_A_MONTH, REVIEW_WITHIN, Category, Off
from salus.app import NodeSettings, Reader, arrive, close_batch, powers, search, view_summary
from salus.app.emergencies import (
    Proof,
    answer_opening,
    glass_off,
    judge_opening,
    my_openings,
    publish_openings,
    told_of_emergency,
    waiting_openings,
)
from salus.kernel import Purpose, Refused, Role
from salus.parties import ROLE_PURPOSES, NotSignedIn, principal
from salus.records import NotFound, parse_query
from salus.storage import Duty
from signing_in import Authenticator

NAMES = (f"doctor-{n}" for n in count())
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with a_ward(tmp_path_factory.mktemp("glass")) as ward:
        yield ward


@pytest.fixture
def ward(opened: Ward) -> Iterator[Ward]:
    """The same node a month later, with everything judged, and nothing said by the resident."""
    opened.move(40 * DAY)
    yield opened
    for one in waiting_openings(opened.node, judge()):
        answer_opening(opened.node, judge(), one.id, upheld=True)
    opened.record.take_back()


def test_one_clinician_reads_one_summary_until_half_an_hour_is_over(ward: Ward) -> None:
    who = in_emergency(next(NAMES))
    broken = ward.open(who)

    assert broken.ends - ward.node.clock.now() == GLASS_LASTS == timedelta(minutes=30)
    ward.move(GLASS_LASTS - MOMENT)
    assert ward.read(who, broken).ends == broken.ends
    ward.move(MOMENT)
    with pytest.raises(Refused):
        ward.read(who, broken)


@pytest.mark.parametrize("other", [in_emergency("colleague"), in_emergency("colleague", "H5")], ids=["here", "there"])
def test_nobody_else_reads_by_it(ward: Ward, other) -> None:  # type: ignore[no-untyped-def]
    who = in_emergency(next(NAMES))
    broken = ward.open(who)

    with pytest.raises(Refused):
        ward.read(other, broken)
    with pytest.raises(Refused):
        ward.read(in_emergency(who.subject, "H5"), broken)


def test_it_opens_no_search_no_entry_and_no_care_relation(ward: Ward) -> None:
    who, record = in_emergency(next(NAMES)), ward.record
    ward.open(who)
    kind, id_ = record.ids[PLAIN]
    asked = parse_query("Condition", [("patient", str(record.patient))], ward.node.custodian)

    for person in (who, who.for_purpose(Purpose.TREAT)):
        with pytest.raises((Refused, NotFound)):
            Reader(ward.node).read_one(person, kind, id_)
        with pytest.raises(Refused):
            view_summary(ward.node, person, record.resident)
        with pytest.raises((Refused, NotFound)):
            search(ward.node, person, asked)


def test_what_is_closed_stays_closed(ward: Ward) -> None:
    who = in_emergency(next(NAMES))
    broken = ward.open(who)

    assert _shown(ward, who, broken) == {"Condition": 1}
    ward.record.say(Says.PERMIT, About.PSYCHIATRY)
    assert _shown(ward, who, broken) == {"Condition": 3}  # what the resident opened is open here, too
    ward.record.say(Says.FORBID, About.EVERYTHING, "H4")
    assert _shown(ward, who, broken) == {}


def _shown(ward: Ward, who, broken) -> dict[str, int]:  # type: ignore[no-untyped-def]
    counts = ward.read(who, broken).summary.counts
    return {kind: count for kind, count in counts.items() if kind != "Patient" and count}


def test_the_resident_sees_it_before_anything_was_read(ward: Ward) -> None:
    who, me = in_emergency(next(NAMES)), ward.record.me
    assert told_of_emergency(ward.node, me) is None
    broken = ward.open(who)
    first = ward.looks()[0]

    assert (first.what, first.reader, first.purpose, first.facility) == ("emergency", who.subject, Purpose.ETREAT, "H4")
    assert told_of_emergency(ward.node, me) == ward.node.clock.now()
    mine = my_openings(ward.node, me)[0]
    assert (mine.opening.id, mine.words, mine.opening.category, mine.seen) == (
        broken.id,
        WHY,
        Category.UNCONSCIOUS,
        (),
    )
    ward.read(who, broken)
    assert [what for what, _, _ in my_openings(ward.node, me)[0].seen] == ["summary"]
    assert (ward.looks()[0].what, ward.looks()[0].ground) == ("summary", "emergency")


def test_each_look_stands_under_the_one_opening_that_it_was_by(ward: Ward) -> None:
    who, me = in_emergency(next(NAMES)), ward.record.me
    for looks in (2, 1):
        broken = ward.open(who)
        for _ in range(looks):
            ward.read(who, broken)
        ward.move(timedelta(minutes=5))

    assert [len(one.seen) for one in my_openings(ward.node, me)[:2]] == [1, 2]


def test_what_is_said_of_why_is_kept_sealed(ward: Ward) -> None:
    ward.open(in_emergency(next(NAMES)), words="A sentence that stands nowhere else: kingfisher")
    with ward.node.store.connect(Duty.MIGRATION, "salus") as owner:
        kept = owner.execute("select words from access.opening").fetchall()

    assert not [one for (one,) in kept if b"kingfisher" in bytes(one)]


@pytest.mark.parametrize("words", ["", "asdf", "aaaaaaaaaaaaaaa", "x" * 501, ". . . . . . . . . ."])
def test_a_reason_that_says_nothing_opens_nothing(ward: Ward, words: str) -> None:
    before = len(ward.looks())
    with pytest.raises(OpeningInvalid):
        ward.open(in_emergency(next(NAMES)), words=words)

    assert len(ward.looks()) == before


def test_a_neighbour_who_knows_a_record_but_has_no_relation_reads_nothing(ward: Ward) -> None:
    """Attack C01: a clinician who was not visited asks for the summary; the refusal is kept."""
    neighbour = clinician("H4")
    with pytest.raises(Refused):
        view_summary(ward.node, neighbour, ward.record.resident)

    assert _refusals(ward, neighbour.subject)[-1] == ("SALUS-403", "read-summary")


def test_the_record_of_somebody_well_known_is_opened_a_few_times_and_each_is_seen(ward: Ward) -> None:
    """Attack C02: one clinician opens a record again and again; the budget stops it, and the resident sees each."""
    who = in_emergency(next(NAMES))
    for _ in range(MOST_A_DAY):
        ward.open(who)
    with pytest.raises(GlassOff):
        ward.open(who)

    assert glass_off(ward.node, who) is Off.DAY
    assert [look.what for look in ward.looks()[:MOST_A_DAY]] == ["emergency"] * MOST_A_DAY
    assert _refusals(ward, who.subject) == [("SALUS-A006", "break-glass")]
    ward.move(DAY)
    ward.open(who)


def test_nobody_breaks_it_more_than_ten_times_a_month_though_all_is_upheld(ward: Ward) -> None:
    who = in_emergency(next(NAMES))
    for _ in range(MOST_A_MONTH):
        ward.answer(ward.open(who))
        ward.move(DAY)

    assert glass_off(ward.node, who) is Off.MONTH
    ward.move(20 * DAY)
    assert glass_off(ward.node, who) is None


def test_who_is_not_reviewed_within_72_hours_breaks_it_no_more_until_they_are(ward: Ward) -> None:
    who = in_emergency(next(NAMES))
    broken = ward.open(who)
    ward.move(REVIEW_WITHIN - MOMENT)
    assert glass_off(ward.node, who) is None
    ward.move(MOMENT)
    assert glass_off(ward.node, who) is Off.OVERDUE
    with pytest.raises(GlassOff):
        ward.open(who)

    ward.answer(broken)
    ward.open(who)


def test_an_institution_with_three_that_are_overdue_breaks_it_no_more(ward: Ward) -> None:
    several = [ward.open(in_emergency(next(NAMES), "H5")) for _ in range(3)]
    ward.move(REVIEW_WITHIN)
    innocent = in_emergency(next(NAMES), "H5")

    assert glass_off(ward.node, innocent) is Off.FACILITY
    assert glass_off(ward.node, in_emergency(next(NAMES), "H4")) is None
    ward.answer(several[0])
    assert glass_off(ward.node, innocent) is None


def test_who_is_not_upheld_breaks_it_no_more_for_30_days_and_the_resident_sees_it(ward: Ward) -> None:
    who = in_emergency(next(NAMES))
    ward.answer(ward.open(who), upheld=False)

    review = my_openings(ward.node, ward.record.me)[0].opening.review
    assert review is not None
    assert not review.upheld
    assert glass_off(ward.node, who) is Off.NOT_UPHELD
    ward.move(30 * DAY)
    assert glass_off(ward.node, who) is None


def test_another_organisation_judges_and_learns_nothing_of_the_record_or_whose_it_is(ward: Ward) -> None:
    who = in_emergency(next(NAMES))
    broken = ward.open(who)
    ward.read(who, broken)
    found = judge_opening(ward.node, judge(), broken.id)

    assert found.words == WHY
    assert [(what, at) for what, _, at in found.seen] == [("summary", ward.node.clock.now())]
    assert not found.received
    fields = {field.name for field in dataclasses.fields(found)}
    assert fields == {"opening", "words", "seen", "received"}
    assert (ward.looks()[0].what, ward.looks()[0].role) == ("emergency-review", Role.ACCESS_REVIEWER)


@pytest.mark.parametrize(
    ("comes", "looks", "received"), [(20, 40, True), (20, 80, True), (1400, 1500, True), (1800, 1860, False)]
)
def test_a_reviewer_is_told_of_whoever_received_the_resident_within_a_day(
    ward: Ward, comes: int, looks: int, received: bool
) -> None:
    """Minutes after the opening at which a colleague receives, and at which the reviewer looks."""
    broken = ward.open(in_emergency(next(NAMES), "H5"))
    ward.move(timedelta(minutes=comes))
    arrive(ward.node, principal(Role.RECEPTION, "desk-1", facility="H5", purpose=Purpose.TREAT), NUMBER)
    ward.move(timedelta(minutes=looks - comes))

    assert judge_opening(ward.node, judge(), broken.id).received is received
    ward.answer(broken)


@pytest.mark.parametrize("facility", ["RB2", "H4"])
def test_the_organisation_that_opened_it_does_not_judge_it(ward: Ward, facility: str) -> None:
    broken = ward.open(in_emergency(next(NAMES)))
    own = judge("judge-of-the-house", facility)

    assert broken.id not in {one.id for one in waiting_openings(ward.node, own)}
    for work in (lambda: judge_opening(ward.node, own, broken.id), lambda: ward.answer(broken, by=own)):
        with pytest.raises(OpeningInvalid):
            work()


def test_a_judgement_is_given_once(ward: Ward) -> None:
    broken = ward.open(in_emergency(next(NAMES)))

    assert ward.answer(broken, upheld=False)
    assert not ward.answer(broken, upheld=True)
    review = my_openings(ward.node, ward.record.me)[0].opening.review
    assert review is not None
    assert not review.upheld


def test_no_other_role_and_no_software_can_name_an_emergency() -> None:
    assert {role for role, purposes in ROLE_PURPOSES.items() if Purpose.ETREAT in purposes} == {Role.CLINICIAN}


def test_care_and_emergencies_are_apart(ward: Ward) -> None:
    for who in (clinician("H4"), system("H4")):
        with pytest.raises(Refused):
            ward.open(who)


def test_a_number_that_nobody_has_is_kept_as_a_refusal(ward: Ward) -> None:
    who = in_emergency(next(NAMES))
    with pytest.raises(NotFound):
        ward.open(who, a_number(77))

    assert len(_refusals(ward, who.subject)) == 1


def test_it_takes_a_new_code_of_an_authenticator_at_that_moment(ward: Ward) -> None:
    who, account = a_clinician(ward.node)
    desk, at = ward.node.sign_in, ward.node.clock.now()
    desk.set_password(account, "dr.an", "correct horse battery")
    totp = pyotp.TOTP(desk.begin_totp(account, "Dr An").partition("secret=")[2].partition("&")[0])
    now = at - desk._ahead()
    desk.confirm_totp(account, totp.at(now), at)

    for stale in ("", "000000", totp.at(now)):  # none, a guess, and the one that was used
        with pytest.raises(NotSignedIn):
            ward.open(who, proof=Proof(code=stale))
    ward.move(timedelta(seconds=60))
    assert ward.open(who, proof=Proof(code=totp.at(now + timedelta(seconds=60))))


def test_it_takes_a_passkey_of_ones_own(ward: Ward) -> None:
    node, at = ward.node, ward.node.clock.now()
    devices, people = {}, {}
    for name in ("mine", "another"):
        people[name], account = a_clinician(node)
        party = node.sign_in._party
        devices[name] = Authenticator(rp_id=party.rp_id, origin=party.origins[0])
        ceremony = node.sign_in.begin_passkey(account, name, at)
        node.sign_in.finish_passkey(ceremony.handle, devices[name].create(ceremony.options), at)

    def proof(name: str) -> Proof:
        begun = node.sign_in.begin(at)
        return Proof(handle=begun.handle, credential=devices[name].get(begun.options))

    with pytest.raises(NotSignedIn):
        ward.open(people["mine"])
    with pytest.raises(NotSignedIn):
        ward.open(people["mine"], proof=proof("another"))
    good = proof("mine")
    ward.open(people["mine"], proof=good)
    with pytest.raises(NotSignedIn):
        ward.open(people["mine"], proof=good)


def test_the_log_counts_them_by_organisation_and_day_and_who_was_not_reviewed(ward: Ward) -> None:
    ward.move(DAY - (ward.node.clock.now() - ward.node.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)))
    day = ward.node.clock.now().date()
    first, _, late = (ward.open(in_emergency(next(NAMES))) for _ in range(3))
    ward.answer(first)
    ward.move(REVIEW_WITHIN + DAY)
    publish_openings(ward.node)
    assert publish_openings(ward.node) == 0  # of the day that has just ended nothing is told yet: one may be under way
    ward.answer(late)  # after its time
    ward.move(timedelta(minutes=5))
    assert publish_openings(ward.node) == 1
    close_batch(ward.node)

    said = {
        one.body["day"]: (one.body["organisation"], one.body["opened"], one.body["unreviewed"])
        for _, one in ledger.leaves(ward.node.store, "break-glass")
    }
    assert said[day.isoformat()] == ("Group", 3, 0)
    assert said[(day + REVIEW_WITHIN).isoformat()] == ("Group", 0, 2)
    assert publish_openings(ward.node) == 0
    assert {(one.day, one.opened, one.unreviewed) for one in powers(ward.node).glass} >= {(day, 3, 0)}


def test_the_database_holds_no_opening_that_lasts_longer_and_changes_none(ward: Ward) -> None:
    ward.open(in_emergency(next(NAMES)))

    with pytest.raises(psycopg.errors.CheckViolation), ward.node.store.connect(Duty.MIGRATION, "salus") as owner:
        owner.execute("update access.opening set ends_at = opened_at + interval '31 minutes'")
    for statement in ("update access.opening set category = 'confused'", "delete from access.opening_review"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), ward.node.store.transaction(Duty.CARE) as tx:
            tx.run(statement)


def test_no_setting_says_how_long_or_how_often() -> None:
    assert not [f.name for f in dataclasses.fields(NodeSettings) if "glass" in f.name or "emergenc" in f.name]


def _refusals(ward: Ward, subject: str) -> list[tuple[str, str]]:
    with ward.node.store.connect(Duty.MIGRATION, "salus") as owner:
        asked = "select code, action from access.refusal where principal = %s order by id"
        return [(str(code), str(action)) for code, action in owner.execute(asked, (subject,)).fetchall()]
