"""Relatives and dependants: who may show whose code, until when, and that nothing else of theirs goes with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from nodes import START, Asking, a_node, a_number, a_patient, asking, clinician, reception, send, system, the_resident
from salus import access, identity
from salus.app import (
    Node,
    arrive,
    end_guardians,
    end_sharing,
    give_child_code,
    give_code,
    given_code,
    my_code,
    my_wallet,
    replace_code,
    take_code,
    who_looked,
)
from salus.healthcode import CodeUnknown, sharing
from salus.healthcode.sharing import LONGEST_SHARE, NoPaper, ShareRefused, TooManyShares, guardian_until
from salus.healthcode.sharing import store as sql
from salus.kernel import FixedClock, Refused, Role
from salus.parties import Principal
from salus.records import NotFound
from salus.storage import Duty
from visiting import Visitor, words_of

MOTHER, SON, CHILD, YOUTH, OTHER = (
    a_number(1), a_number(2), a_number(3, "20250601"), a_number(4, "20150601"), a_number(5),
)  # fmt: skip
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with a_node(tmp_path_factory.mktemp("sharing"), "H1", "H2") as opened:
        for number in (MOTHER, SON, CHILD, YOUTH, OTHER):
            send(opened, system("H1"), a_patient(number, name=[{"text": "王芳"}]))
        yield opened


@pytest.fixture(autouse=True)
def another_year(node: Node) -> None:
    """Let every right of the tests before be over, except a guardian's."""
    now = node.clock.now()
    node.clock = FixedClock(START if now < START else now + timedelta(days=3))


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[Asking]:
    with asking(node) as opened:
        yield opened


def who(node: Node, number: str) -> Principal:
    with node.store.transaction(Duty.CARE) as tx:
        found = identity.find(tx, node.custodian, identity.IdNumber.read(number))
    assert found is not None
    return the_resident(found.resident_id)


def shared(node: Node, giver: str, holder: str, lasts: timedelta = DAY) -> UUID:
    return take_code(node, who(node, holder), give_code(node, who(node, giver), lasts).key)


def after(node: Node, time: timedelta) -> None:
    node.clock = FixedClock(node.clock.now() + time)


def taken_for(node: Node, code: str) -> UUID:
    """Return whom a desk takes a code to be of."""
    return arrive(node, clinician("H1"), code).resident_id


def test_whoever_takes_the_right_shows_a_code_and_its_giver_sees_each_time_and_each_desk(node: Node) -> None:
    share = shared(node, MOTHER, SON)
    shown = [given_code(node, who(node, SON), share) for _ in range(2)]

    assert shown[0].code == shown[1].code
    assert shown[0].share.initial == "王"
    assert [taken_for(node, shown[0].code.lower()) for _ in range(2)] == [who(node, MOTHER).resident] * 2
    looks = [one for one in who_looked(node, who(node, MOTHER)).looks if one.ground == access.GIVEN]
    assert [(one.what, one.own, one.reader) for one in looks[:5]] == [
        *[("identity", False, "clinician-H1")] * 2,
        *[("code", False, who(node, SON).subject)] * 2,
        ("sharing", False, who(node, SON).subject),
    ]
    assert my_wallet(node, who(node, MOTHER)).given[0].id == share
    assert my_wallet(node, who(node, SON)).held[0].id == share


def test_the_code_is_no_other_rights_and_not_the_givers_own(node: Node) -> None:
    codes = {given_code(node, who(node, one), shared(node, MOTHER, one)).code for one in (SON, OTHER)}

    assert len(codes | {my_code(node, who(node, MOTHER)).code}) == 3


def test_a_copy_of_the_code_works_until_the_right_ends_and_never_again(node: Node) -> None:
    """A photograph of the screen is taken while the right holds, and shown after each way in which it can end."""
    lapsed, ended = (shared(node, MOTHER, one) for one in (SON, OTHER))
    photos = [given_code(node, who(node, one), share).code for one, share in ((SON, lapsed), (OTHER, ended))]
    own = my_code(node, who(node, MOTHER)).code
    end_sharing(node, who(node, MOTHER), ended)
    with pytest.raises(CodeUnknown):
        taken_for(node, photos[1])
    after(node, DAY - timedelta(seconds=1))
    assert taken_for(node, photos[0]) == who(node, MOTHER).resident
    after(node, timedelta(seconds=1))

    for photo in photos:
        with pytest.raises(CodeUnknown):
            taken_for(node, photo)
    assert taken_for(node, own) == who(node, MOTHER).resident, "the giver's own code works on"


def test_a_new_code_ends_every_right_to_show_one_and_every_copy(node: Node) -> None:
    here = arrive(node, clinician("H1"), CHILD).resident_id
    guardians = give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=False).key
    shares = [shared(node, CHILD, SON), take_code(node, who(node, MOTHER), guardians)]
    photos = [given_code(node, who(node, one), share).code for one, share in zip((SON, MOTHER), shares, strict=True)]
    waiting = give_code(node, who(node, CHILD), DAY).key
    kept = shared(node, MOTHER, CHILD)
    replace_code(node, who(node, CHILD))

    for photo in photos:
        with pytest.raises(CodeUnknown):
            taken_for(node, photo)
    for number, share in zip((SON, MOTHER), shares, strict=True):
        with pytest.raises(NotFound):
            given_code(node, who(node, number), share)
    with pytest.raises(ShareRefused):
        take_code(node, who(node, SON), waiting)
    assert given_code(node, who(node, CHILD), kept), "what they hold of others stays"


def test_the_code_of_a_right_that_nobody_took_leads_nowhere(node: Node) -> None:
    give_code(node, who(node, MOTHER), DAY)
    offered = my_wallet(node, who(node, MOTHER)).given[0]
    with node.store.transaction(Duty.CARE) as tx:
        with pytest.raises(ShareRefused):
            sharing.code_of(tx, node.custodian, offered, at=node.clock.now())
        as_if = replace(offered, holder=1, taken=node.clock.now())
        code = sharing.code_of(tx, node.custodian, as_if, at=node.clock.now())
    with pytest.raises(CodeUnknown):
        taken_for(node, code)


def test_it_ends_by_itself_at_its_end_to_the_second(node: Node) -> None:
    share = shared(node, MOTHER, SON)
    after(node, DAY - timedelta(seconds=1))
    assert given_code(node, who(node, SON), share)
    after(node, timedelta(seconds=1))

    with pytest.raises(NotFound):
        given_code(node, who(node, SON), share)


@pytest.mark.parametrize("by", [MOTHER, SON], ids=("who gave it", "who holds it"))
def test_either_side_ends_it_at_once(node: Node, by: str) -> None:
    share = shared(node, MOTHER, SON)
    end_sharing(node, who(node, by), share)
    end_sharing(node, who(node, by), share)

    with pytest.raises(NotFound):
        given_code(node, who(node, SON), share)
    assert my_wallet(node, who(node, MOTHER)).given[0].ended == node.clock.now()


def test_nobody_else_shows_or_ends_it_and_its_giver_does_not_get_the_holders(node: Node) -> None:
    share = shared(node, MOTHER, SON)

    for number in (OTHER, MOTHER):
        with pytest.raises(NotFound):
            given_code(node, who(node, number), share)
    with pytest.raises(NotFound):
        end_sharing(node, who(node, OTHER), share)


def test_a_key_works_once_and_for_a_day(node: Node) -> None:
    used = give_code(node, who(node, MOTHER), DAY).key
    take_code(node, who(node, SON), used)
    late = give_code(node, who(node, MOTHER), 30 * DAY).key

    for number in (SON, OTHER):
        with pytest.raises(ShareRefused, match="opens nothing"):
            take_code(node, who(node, number), used)
    after(node, sharing.KEY_LASTS)
    with pytest.raises(ShareRefused, match="opens nothing"):
        take_code(node, who(node, OTHER), late)
    with pytest.raises(ShareRefused, match="opens nothing"):
        take_code(node, who(node, OTHER), "no key at all")


def test_an_offer_that_was_ended_cannot_be_taken(node: Node) -> None:
    offered = give_code(node, who(node, MOTHER), DAY)
    end_sharing(node, who(node, MOTHER), my_wallet(node, who(node, MOTHER)).given[0].id)

    with pytest.raises(ShareRefused):
        take_code(node, who(node, SON), offered.key)


def test_nobody_takes_the_own_and_nothing_lasts_longer_than_a_year(node: Node) -> None:
    with pytest.raises(ShareRefused, match="your own"):
        take_code(node, who(node, MOTHER), give_code(node, who(node, MOTHER), DAY).key)
    with pytest.raises(ShareRefused, match="a year"):
        give_code(node, who(node, MOTHER), LONGEST_SHARE + DAY)
    with pytest.raises(ShareRefused, match="ahead"):
        give_code(node, who(node, MOTHER), timedelta(0))


def test_nobody_gathers_codes_beyond_a_number_that_is_written_down(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("salus.healthcode.sharing.service.MOST_HELD", 1)
    shared(node, MOTHER, SON)
    with pytest.raises(TooManyShares):
        shared(node, OTHER, SON)
    monkeypatch.setattr("salus.healthcode.sharing.service.MOST_GIVEN", 1)
    with pytest.raises(TooManyShares):
        give_code(node, who(node, MOTHER), DAY)


def test_the_key_is_stored_nowhere_and_the_initial_only_sealed(node: Node) -> None:
    offered, _ = (give_code(node, who(node, MOTHER), DAY) for _ in range(2))
    with node.store.transaction(Duty.MIGRATION) as tx:
        rows: list[tuple[Any, ...]] = tx.rows("select * from healthcode.share")

    columns = [
        [bytes(value) if isinstance(value, bytes) else str(value).encode() for value in values]
        for values in zip(*rows, strict=True)
    ]
    assert not any(offered.key.encode() in value for values in columns for value in values)
    # three sealed octets may be anything; they are not the same in every row, of residents who are all called so
    assert not [values for values in columns if all("王".encode() in value for value in values)]


def test_for_a_child_who_is_here_a_desk_gives_the_right_for_a_year(node: Node) -> None:
    here = arrive(node, clinician("H1"), CHILD).resident_id
    offered = give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=False)
    share = take_code(node, who(node, MOTHER), offered.key)

    assert offered.until == node.clock.now() + LONGEST_SHARE
    photo = given_code(node, who(node, MOTHER), share).code
    assert taken_for(node, photo) == who(node, CHILD).resident
    assert my_wallet(node, who(node, CHILD)).given[0].paper == "2031-7"
    with pytest.raises(ShareRefused, match="a year"):
        replace(my_wallet(node, who(node, CHILD)).given[0], until=offered.until + DAY)
    end_sharing(node, who(node, CHILD), share)
    with pytest.raises(NotFound):
        given_code(node, who(node, MOTHER), share)
    with pytest.raises(CodeUnknown):
        taken_for(node, photo)


def test_from_fourteen_on_the_child_has_to_agree(node: Node) -> None:
    here = arrive(node, clinician("H1"), YOUTH).resident_id
    with pytest.raises(ShareRefused, match="own word"):
        give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=False)

    agreed = give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=True)
    assert agreed.until == node.clock.now() + LONGEST_SHARE


def test_for_an_adult_without_a_paper_or_without_the_child_there_a_desk_gives_nothing(node: Node) -> None:
    here = arrive(node, clinician("H1"), SON).resident_id
    with pytest.raises(ShareRefused, match="of age"):
        give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=True)
    with pytest.raises(NoPaper):
        give_child_code(node, clinician("H1"), here, MOTHER, child_agrees=True)
    after(node, access.RELATION_LASTS)
    with pytest.raises(Refused, match="who is here"):
        give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=True)


@pytest.mark.parametrize(
    ("born", "at", "ends"),
    [
        (date(2020, 2, 29), datetime(2033, 6, 1, tzinfo=UTC), datetime(2034, 2, 28, 16, tzinfo=UTC)),
        (date(2017, 3, 1), datetime(2031, 2, 28, 15, 59, 59, tzinfo=UTC), datetime(2031, 2, 28, 16, tzinfo=UTC)),
        (date(2017, 3, 1), datetime(2031, 2, 28, 16, tzinfo=UTC), datetime(2032, 2, 29, 16, tzinfo=UTC)),
        (date(2017, 3, 1), datetime(2034, 6, 1, tzinfo=UTC), datetime(2035, 2, 28, 16, tzinfo=UTC)),
        (date(2025, 6, 1), datetime(2031, 3, 1, tzinfo=UTC), datetime(2032, 3, 1, tzinfo=UTC)),
    ],
    ids=("born on 29 February", "the last second before the birthday", "on the birthday", "near the 18th", "a child"),
)
def test_a_guardians_right_ends_after_a_year_or_with_civil_midnight_on_the_birthday(
    born: date, at: datetime, ends: datetime
) -> None:
    assert guardian_until(born, at, child_agrees=True) == ends


def test_a_right_that_stands_is_shown_ended_and_counted_whatever_lies_over_it(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gives and takes back many rights hides none that stands."""
    monkeypatch.setattr("salus.healthcode.sharing.store.MOST_OVER", 2)
    first = shared(node, MOTHER, SON)
    for _ in range(4):
        after(node, timedelta(minutes=1))
        end_sharing(node, who(node, MOTHER), shared(node, MOTHER, SON))
    given, held = my_wallet(node, who(node, MOTHER)).given, my_wallet(node, who(node, SON)).held

    assert [(one.id == first, one.ended is None) for one in given] == [(True, True), (False, False), (False, False)]
    assert [one.id for one in held] == [one.id for one in given]
    assert given_code(node, who(node, SON), first)
    end_sharing(node, who(node, MOTHER), first)
    with pytest.raises(NotFound):
        given_code(node, who(node, SON), first)
    end_sharing(node, who(node, SON), given[2].id)


def test_every_query_of_rights_has_an_index(node: Node) -> None:
    keys = ([1, 2], START, START)
    asked = [
        ("share_key_key", sql.OF_KEY, (bytes(16),)),
        ("share_digest_key", sql.OF_CODE, (bytes(16),)),
        ("share_pkey", sql.IDENTIFIER, (UUID(int=1),)),
        ("share_pkey", sql.ONE, (UUID(int=1),)),
        ("share_of_giver", sql.OF_GIVERS, keys),
        ("share_of_giver", sql.OF_GIVERS_OVER, (*keys, 9)),
        ("share_of_holder", sql.OF_HOLDERS, keys),
        ("share_of_holder", sql.OF_HOLDERS_OVER, (*keys, 9)),
    ]
    with node.store.transaction(Duty.MIGRATION) as tx:
        tx.run("set local enable_seqscan = off")
        for index, query, values in asked:
            plan = "\n".join(row[0] for row in tx.rows(f"explain {query}", values))
            assert index in plan
            assert "Seq Scan" not in plan


def test_on_the_pages_a_right_is_given_taken_shown_and_ended(node: Node, client: Asking) -> None:
    mother, son = (Visitor(node, client, Role.RESIDENT, resident=one) for one in (MOTHER, SON))
    page = "/me/relatives"
    given = mother.post(f"{page}/give", lasts="month")
    (key,) = re.findall(r'<code class="salus-hex">([^<]+)</code>', given.text)
    assert son.post(f"{page}/take", key=f" {key} ").headers["Location"] == page
    (shown,) = set(re.findall(r'href="(/me/relatives/[0-9a-f-]{36})"', son.get(page).text))

    assert "salus-qr" in son.get(shown).text
    assert "It is not yours." in son.text(shown)
    assert "Taken" in mother.text(page)
    assert mother.post(f"{shown}/end").status_code == 303
    assert son.get(shown).status_code == 404
    assert "This key opens nothing." in words_of(son.post(f"{page}/take", key=key))


def test_at_the_desk_a_guardians_slip_is_made_and_what_is_wrong_is_said(node: Node, client: Asking) -> None:
    desk = Visitor(node, client, Role.RECEPTION, "H1")
    page = f"/desk/{arrive(node, clinician('H1'), YOUTH).resident_id}/guardian"

    assert "Write the number of the paper" in words_of(desk.post(page))
    assert "the child has to agree" in words_of(desk.post(page, paper="2031-7"))
    slip = desk.post(page, paper="2031-7", agrees="yes")
    assert slip.status_code == 200
    assert "hand it to the guardian" in words_of(slip)


def test_a_desk_ends_every_guardians_right_on_a_paper_and_leaves_what_the_child_gave(node: Node) -> None:
    here = arrive(node, clinician("H1"), CHILD).resident_id
    keys = [give_child_code(node, clinician("H1"), here, f"2031-{one}", child_agrees=False).key for one in range(2)]
    taken, given = take_code(node, who(node, MOTHER), keys[0]), shared(node, CHILD, SON)
    photo = given_code(node, who(node, MOTHER), taken).code
    after(node, timedelta(minutes=1))
    arrive(node, reception("H1"), CHILD)

    end_guardians(node, clinician("H1"), here, "2031-court-9")
    end_guardians(node, clinician("H1"), here, "2031-court-9")

    with pytest.raises(CodeUnknown):
        taken_for(node, photo)
    with pytest.raises(NotFound):
        given_code(node, who(node, MOTHER), taken)
    with pytest.raises(ShareRefused):
        take_code(node, who(node, SON), keys[1])
    assert taken_for(node, given_code(node, who(node, SON), given).code) == who(node, CHILD).resident
    seen = [one for one in who_looked(node, who(node, CHILD)).looks if one.what == "guardians-ended"]
    assert {one.ground for one in seen} == {"guardian-paper"}
    assert [(one.reader, one.at) for one in seen[:2]] == [("clinician-H1", node.clock.now())] * 2
    end_sharing(node, who(node, CHILD), given)


def test_no_desk_ends_a_guardians_right_without_the_child_or_a_paper(node: Node) -> None:
    here = arrive(node, clinician("H1"), CHILD).resident_id
    key = give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=False).key
    share = take_code(node, who(node, MOTHER), key)

    with pytest.raises(NoPaper):
        end_guardians(node, clinician("H1"), here, " ")
    with pytest.raises(NoPaper):
        end_guardians(node, clinician("H1"), here, "13800000000")
    with pytest.raises(Refused):
        end_guardians(node, clinician("H2"), here, "2031-8")
    assert given_code(node, who(node, MOTHER), share).code
    end_sharing(node, who(node, MOTHER), share)


def test_one_person_who_typed_a_number_ends_no_guardians_right(node: Node) -> None:
    here = arrive(node, clinician("H1"), CHILD).resident_id
    key = give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=False).key
    share = take_code(node, who(node, MOTHER), key)

    with pytest.raises(Refused):
        end_guardians(node, clinician("H1"), here, "any-paper-1")
    assert given_code(node, who(node, MOTHER), share).code
    end_sharing(node, who(node, MOTHER), share)


def test_a_guardians_code_ends_no_guardians_right_and_the_childs_own_does(node: Node) -> None:
    after(node, DAY)
    here = arrive(node, clinician("H1"), CHILD).resident_id
    key = give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=False).key
    share = take_code(node, who(node, MOTHER), key)

    arrive(node, clinician("H1"), given_code(node, who(node, MOTHER), share).code)
    with pytest.raises(Refused, match="the child's own code"):
        end_guardians(node, clinician("H1"), here, "2031-court-9")
    assert given_code(node, who(node, MOTHER), share).code

    after(node, timedelta(minutes=1))
    arrive(node, clinician("H1"), my_code(node, who(node, CHILD)).code)
    end_guardians(node, clinician("H1"), here, "2031-court-9")
    with pytest.raises(NotFound):
        given_code(node, who(node, MOTHER), share)


def test_a_guardian_sees_which_place_ended_the_right_and_the_child_a_sentence(node: Node, client: Asking) -> None:
    here = arrive(node, clinician("H1"), CHILD).resident_id
    arrive(node, reception("H1"), CHILD)
    key = give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=False).key
    share = take_code(node, who(node, MOTHER), key)
    mother = Visitor(node, client, Role.RESIDENT, resident=MOTHER)
    held = mother.text("/me/relatives").count("A desk ended this right")

    end_guardians(node, clinician("H1"), here, "2031-court-9")

    page = mother.text("/me/relatives")
    assert page.count("A desk ended this right") == held + 1
    ended = next(one for one in my_wallet(node, who(node, MOTHER)).held if one.id == share)
    assert ended.ended_where == "H1"
    assert "2031-court-9" not in page
    told = Visitor(node, client, Role.RESIDENT, resident=CHILD).text("/me/reads")
    assert "A desk there ended the rights of your guardians" in told
    assert "2031-court-9" not in told


def test_the_desks_page_ends_guardians_rights(node: Node, client: Asking) -> None:
    desk = Visitor(node, client, Role.RECEPTION, "H1")
    here = arrive(node, clinician("H1"), CHILD).resident_id
    key = give_child_code(node, clinician("H1"), here, "2031-7", child_agrees=False).key
    share = take_code(node, who(node, MOTHER), key)
    page = f"/desk/{here}/guardian"
    arrive(node, reception("H1"), CHILD)

    assert "guardian no longer" in words_of(desk.post(page, ends="yes"))
    assert given_code(node, who(node, MOTHER), share).code
    assert desk.post(page, ends="yes", paper="2031-court-9").status_code == 303
    with pytest.raises(NotFound):
        given_code(node, who(node, MOTHER), share)
