"""Orders of the command room: what one may be aimed at, how long it lasts, and when it counts, by example."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.command import (
    LONGEST_ORDER,
    MINIMUM_POPULATION,
    CommandInvalid,
    FieldRefused,
    GivenOrder,
    Officer,
    Order,
    OrderKind,
    PeopleRefused,
    SameOrganisation,
    Signing,
    Standing,
    Supply,
    Task,
    TaskKind,
    TooLate,
    Verdict,
)
from salus.command.orders.model import AIMED_AT, ORDER_FIELDS, check_fields, check_signer, check_task

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEI = Officer(subject="1", name_en="Wei Ran", name_zh="韦然", facility="EOC1", organisation="Commission")
QIN = Officer(subject="2", name_en="Qin Lan", name_zh="秦岚", facility="EOC1", organisation="Commission")
TAN = Officer(subject="3", name_en="Tan Cheng", name_zh="谭诚", facility="EOC2", organisation="Emergency")
ORDER = Order(
    order_id=UUID(int=1),
    incident_id=UUID(int=2),
    kind=OrderKind.MOVE,
    supply=Supply.VENTILATORS,
    amount=6,
    from_facility="H1",
    to_facility="H2",
    area=None,
    population=None,
    basis="Regulation 376, article 32",
    reason="H2 has none left; H1 has nine that are free.",
    starts=AT + HOUR,
    ends=AT + 3 * DAY,
    ordered_at=AT,
    by=WEI,
)
AREA = {"kind": OrderKind.DISTRIBUTE, "from_facility": None, "to_facility": None, "area": "910101"}


@pytest.mark.parametrize(
    "other",
    [
        {"kind": OrderKind.DELIVER, "from_facility": None},
        {"kind": OrderKind.PROCURE, "from_facility": None, "to_facility": None},
        {**AREA, "population": MINIMUM_POPULATION},
        {"starts": AT, "ends": AT + LONGEST_ORDER},
        {"reason": "From 2031-03-01 to 2031-03-14; H1 has 9,000 of 120000 masks."},
    ],
)
def test_an_order_that_fits_is_taken(other: dict[str, object]) -> None:
    assert replace(ORDER, **other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "where"),
    [
        ({"from_facility": None}, "kind"),
        ({"area": "910101", "population": 500_000}, "kind"),
        ({"kind": OrderKind.PROCURE}, "kind"),
        ({"to_facility": "H1"}, "to_facility"),
        ({"to_facility": "Wang Fang"}, "to_facility"),
        ({"amount": 0}, "amount"),
        ({**AREA, "population": MINIMUM_POPULATION - 1}, "area"),
        ({**AREA, "population": None}, "area"),
        ({"ends": AT + HOUR}, "ends"),
        ({"ends": AT + HOUR + LONGEST_ORDER + timedelta(seconds=1)}, "ends"),
        ({"starts": AT - timedelta(seconds=1)}, "starts"),
        ({"basis": " "}, "basis"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
def test_an_order_that_does_not_fit_names_what_is_wrong(other: dict[str, object], where: str) -> None:
    with pytest.raises(CommandInvalid) as refused:
        replace(ORDER, **other)  # type: ignore[arg-type]

    assert refused.value.where == where


@pytest.mark.parametrize(
    "text",
    [
        "Fetch 900101198001010017.",
        "Fetch 900101 19800101 0017.",
        "Telephone 139-1234-5678",
        "Fetch ９００１０１１９８００１０１００１７.",
        "The holder of SL1:ABCDEF",
        "the holder of shc:/5676",
        "九 people: 13912345678",
        "Telephone 139/1234/5678",
        "Telephone 139_1234_5678",
        "Telephone 139,1234,5678",
        "Telephone (139)+1234【5678】",
        "电话一三九一二三四五六七八",
        "电话一三九 1234、五六七八",
        "Fetch 9〇〇1零1 19800101 0017.",
    ],
)
@pytest.mark.parametrize("field", ["basis", "reason"])
def test_a_text_that_holds_a_personal_number_or_a_code_is_refused(field: str, text: str) -> None:
    with pytest.raises(PeopleRefused) as refused:
        replace(ORDER, **{field: text})

    assert refused.value.where == field
    assert text not in refused.value.text


def test_numbers_of_things_in_a_sentence_are_no_persons_number() -> None:
    told = "From 2031-03-04 on 300 beds in 12 wards and 40 nurses; 十二名护士，三十张床位。"

    assert replace(ORDER, reason=told).reason == told


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.just("x"), min_size=1))
def test_a_field_that_the_form_does_not_have_is_refused_by_its_name(fields: dict[str, str]) -> None:
    others = sorted(set(fields) - ORDER_FIELDS)
    if not others:
        check_fields(fields)
        return

    with pytest.raises(FieldRefused) as refused:
        check_fields(fields)
    assert refused.value.where == (others[0] if others[0].isprintable() else "?")


def test_every_kind_says_what_it_is_aimed_at() -> None:
    assert set(AIMED_AT) == set(OrderKind)


@pytest.mark.parametrize(
    ("signing", "after", "standing"),
    [
        (None, timedelta(0), Standing.WAITING),
        (None, 3 * DAY - timedelta(seconds=1), Standing.WAITING),
        (None, 3 * DAY, Standing.ENDED),
        (("countersigned", HOUR / 2), HOUR / 2, Standing.COMING),
        (("countersigned", HOUR / 2), HOUR, Standing.IN_FORCE),
        (("countersigned", 5 * HOUR), 5 * HOUR, Standing.IN_FORCE),
        (("countersigned", 5 * HOUR), 3 * DAY - timedelta(seconds=1), Standing.IN_FORCE),
        (("countersigned", 5 * HOUR), 3 * DAY, Standing.ENDED),
        (("rejected", 5 * HOUR), 5 * HOUR, Standing.REJECTED),
        (("rejected", 5 * HOUR), 4 * DAY, Standing.REJECTED),
    ],
)
def test_an_order_counts_between_both_signatures_and_its_end(
    signing: tuple[str, timedelta] | None, after: timedelta, standing: Standing
) -> None:
    answer = None
    if signing:
        answer = Signing(order_id=ORDER.order_id, verdict=Verdict(signing[0]), reason="No", at=AT + signing[1], by=TAN)

    assert GivenOrder(order=ORDER, signing=answer).standing(AT + after) is standing


@pytest.mark.parametrize(
    "signer", [WEI, QIN, replace(TAN, organisation="Commission"), replace(WEI, organisation="Emergency")]
)
def test_nobody_of_the_same_organisation_countersigns_nor_does_the_same_person_from_another(signer: Officer) -> None:
    with pytest.raises(SameOrganisation):
        check_signer(GivenOrder(order=ORDER, signing=None), signer, AT)


def test_another_organisation_countersigns_once_and_before_the_end() -> None:
    waiting = GivenOrder(order=ORDER, signing=None)
    answered = Signing(order_id=ORDER.order_id, verdict=Verdict.REJECTED, reason="No", at=AT, by=TAN)

    check_signer(waiting, TAN, ORDER.ends - timedelta(seconds=1))
    with pytest.raises(TooLate):
        check_signer(waiting, TAN, ORDER.ends)
    with pytest.raises(TooLate):
        check_signer(GivenOrder(order=ORDER, signing=answered), TAN, AT)


def test_a_rejection_has_a_reason() -> None:
    with pytest.raises(CommandInvalid):
        Signing(order_id=ORDER.order_id, verdict=Verdict.REJECTED, reason=" ", at=AT, by=TAN)


def test_tasks_follow_only_from_an_order_that_is_countersigned_and_are_due_within_it() -> None:
    waiting = GivenOrder(order=ORDER, signing=None)
    signed = Signing(order_id=ORDER.order_id, verdict=Verdict.COUNTERSIGNED, reason="", at=AT, by=TAN)
    counts = GivenOrder(order=ORDER, signing=signed)

    check_task(counts, ORDER.ends, AT)
    for given_order, due, at in [
        (waiting, ORDER.ends, AT),
        (counts, ORDER.ends + timedelta(seconds=1), AT),
        (counts, AT, AT),
        (counts, ORDER.ends, ORDER.ends),
    ]:
        with pytest.raises((TooLate, CommandInvalid)):
            check_task(given_order, due, at)


def test_a_task_is_overdue_from_the_instant_it_is_due() -> None:
    task = Task(
        task_id=UUID(int=3), order_id=ORDER.order_id, kind=TaskKind.RECEIVE, facility="H2", due=AT + DAY, at=AT, by=WEI
    )

    assert not task.overdue(AT + DAY - timedelta(seconds=1))
    assert task.overdue(AT + DAY)


def test_the_hash_of_an_order_changes_with_everything_that_is_published() -> None:
    changes = [
        {"amount": 7},
        {"supply": Supply.MASKS},
        {"reason": "Another."},
        {"ends": ORDER.ends - HOUR},
        {"to_facility": "H3"},
        {"by": TAN},
    ]

    digests = {ORDER.digest, *(replace(ORDER, **change).digest for change in changes)}  # type: ignore[arg-type]
    assert len(digests) == len(changes) + 1
