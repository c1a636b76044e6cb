"""Identity documents: what is read as what, what is only doubted, and what carries no weight."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from salus.identity.documents import (
    Doubt,
    Identifier,
    check_character,
    document_type,
    document_types,
    is_generic_phone,
    is_placeholder,
    read,
    read_citizen_number,
    read_phone,
    upgrade,
)
from salus.identity.errors import DocumentUnknown, NumberRefused

EXAMPLE = "11010519491231002X"  # the worked example of GB 11643-1999, annex A
TYPES = {
    "resident-id", "passport", "hk-macau-permit", "taiwan-permit", "hk-macau-residence", "taiwan-residence", "military",
    "birth-certificate", "foreign-permanent-residence", "temporary", "hospital-card", "none",
}  # fmt: skip
# Type, as written, canonical.
READ = [
    ("resident-id", EXAMPLE, EXAMPLE),
    ("resident-id", "１１０１０５１９４９１２３１００２ｘ", EXAMPLE),
    ("resident-id", "110105\u200b19491231-002×", EXAMPLE),
    ("resident-id", "11010519491231002Х", EXAMPLE),
    ("resident-id", "110105 491231 002", EXAMPLE),
    ("passport", "e 1234-5670", "E12345670"),
    ("passport", "Ｇ８２３４５６７１", "G82345671"),
    ("hk-macau-permit", "h01234987", "H01234987"),
    ("hk-macau-permit", "H0123498702", "H01234987"),
    ("hk-macau-permit", "CA7654123", "CA7654123"),
    ("taiwan-permit", "07654129", "07654129"),
    ("taiwan-permit", "0765412901(B)", "0765412901B"),
    ("hk-macau-residence", "810000199408230021", "810000199408230021"),
    ("taiwan-residence", "83000019940823003x", None),
    ("military", "军字第 8765123 号", "军字第8765123号"),
    ("birth-certificate", "o 110054321", "O110054321"),
    ("foreign-permanent-residence", "usa110085010719", "USA110085010719"),
    ("temporary", "无名氏20310301-7", "无名氏203103017"),
]
REFUSED = [
    ("resident-id", "110105194912310021"),
    ("resident-id", "110105491331002"),
    ("resident-id", ""),
    ("resident-id", "---"),
    ("passport", "PASSPORT"),
    ("passport", "E1"),
    ("passport", "护照一二三四五六"),
    ("hk-macau-permit", "Q01234567"),
    ("taiwan-permit", "1234567"),
    ("hk-macau-residence", EXAMPLE),
    ("taiwan-residence", "810000199408230021"),
    ("military", "军官"),
    ("birth-certificate", "1100543210"),
    ("foreign-permanent-residence", "US110085010719"),
    ("none", "123456"),
    ("passport", "9" * 10_000),
]
PLACEHOLDERS = [
    "111111111111111", "000000000000000000", "123456789", "987654321", "0123456789", "1234567890123", "888888",
    "121212", "123123123", "E00000000", "A12345678", "H87654321", EXAMPLE, "1", "",
]  # fmt: skip
NO_PLACEHOLDERS = ["G82345671", "H01234987", "07654129", "O110054321", "1301021990"]
GENERIC_PHONES = [
    "13800138000", "+86 138-0013-8000", "13900139000", "11111111", "13812345678", "13888888888", "13800000000",
    "010-12345678", "88888888", "120", "12345", "", "没有", "400-820-1234", "01088888888", "0" * 5_000,
]  # fmt: skip
OWN_PHONES = [
    "13907314482",
    "+86 13907314482",
    "008613907314482",
    "１３９０７３１４４８２",
    "0731-84731902",
    "84731902",
]


def numbers(first: date = date(1900, 1, 2), last: date = date(2099, 12, 31)) -> st.SearchStrategy[str]:
    """Numbers that the rule allows."""
    body = st.builds(
        lambda area, born, order: f"{area:06d}{born:%Y%m%d}{order:03d}",
        st.integers(110_000, 659_999),
        st.dates(first, last),
        st.integers(0, 999),
    )
    return body.map(lambda digits: digits + check_character(digits))


def test_every_type_stands_in_the_table_with_its_source() -> None:
    assert set(document_types()) == TYPES
    for kind in document_types().values():
        assert kind.source
        assert kind.name_en
        assert kind.name_zh


def test_no_fhir_system_means_two_types() -> None:
    systems = [system for kind in document_types().values() for system in kind.systems]

    assert len(systems) == len(set(systems))


@pytest.mark.parametrize(("type_", "written", "value"), READ, ids=range(len(READ)))
def test_a_number_is_read_however_it_is_written(type_: str, written: str, value: str | None) -> None:
    if value is None:
        digits = "83000019940823003"
        written, value = digits + check_character(digits).lower(), digits + check_character(digits)

    found = read(type_, written)

    assert found.value == value
    assert found.written == written


@pytest.mark.parametrize(("type_", "written"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_a_number_is_refused_and_not_repeated(type_: str, written: str) -> None:
    with pytest.raises(NumberRefused) as refused:
        read(type_, written)

    assert not written or written not in str(refused.value)


def test_a_type_that_is_none_is_refused_and_not_repeated() -> None:
    with pytest.raises(DocumentUnknown) as refused:
        read(EXAMPLE, EXAMPLE)

    assert EXAMPLE not in str(refused.value)


@given(st.sampled_from(sorted(TYPES)), st.text(max_size=80))
def test_any_text_is_read_or_refused_and_nothing_else(type_: str, text: str) -> None:
    with suppress(NumberRefused):
        found = read(type_, text, issuer="H1")

        assert read(type_, found.value, issuer="H1").value == found.value


def checked(text: str) -> bool:
    try:
        return read_citizen_number(text) == text
    except NumberRefused:
        return False


@given(numbers())
def test_every_wrong_character_is_found(number: str) -> None:
    wrong = [
        number[:place] + other + number[place + 1 :]
        for place in range(18)
        for other in ("0123456789X" if place == 17 else "0123456789")
        if other != number[place]
    ]

    assert [one for one in wrong if checked(one)] == []


@given(numbers())
def test_every_swap_of_neighbours_is_found(number: str) -> None:
    swapped = {
        number[:place] + number[place + 1] + number[place] + number[place + 2 :] for place in range(17)
    } - {number}  # fmt: skip

    assert [one for one in swapped if checked(one)] == []


@given(numbers(date(1911, 1, 1), date(1999, 12, 31)))
def test_the_old_form_is_upgraded_exactly_and_kept(number: str) -> None:
    old = number[:6] + number[8:17]
    assume(old[12:] < "996")

    found = read("resident-id", old)

    assert upgrade(old) == found.value == number
    assert found.written == found.old_form == old
    assert Doubt.UPGRADED in found.warnings


@given(numbers(date(1850, 1, 1), date(1899, 12, 31)), st.integers(996, 999))
def test_the_last_sequences_of_the_old_form_were_born_before_1900(number: str, order: int) -> None:
    found = read("resident-id", number[:6] + number[8:14] + str(order))

    assert found.born is not None
    assert found.born.year == int(number[6:10])
    assert Doubt.BORN_BEFORE_1900 in found.warnings


@given(numbers())
def test_a_number_names_birth_date_and_sex(number: str) -> None:
    found = read("resident-id", number)

    assert f"{found.born:%Y%m%d}" == number[6:14]
    assert found.sex == ("male" if int(number[16]) % 2 else "female")


def test_a_passport_names_neither() -> None:
    found = read("passport", "G82345671")

    assert (found.born, found.sex) == (None, None)


@pytest.mark.parametrize(
    ("area", "doubts"),
    [
        ("110105", ()),
        ("990105", (Doubt.OTHER_TYPE,)),
        ("810000", (Doubt.OTHER_TYPE,)),
        ("170105", (Doubt.UNKNOWN_AREA,)),
    ],
)
def test_an_area_that_no_table_knows_is_a_doubt_and_no_refusal(area: str, doubts: tuple[Doubt, ...]) -> None:
    digits = area + "19900307421"

    assert read("resident-id", digits + check_character(digits)).warnings == doubts


def test_one_number_space_is_shared_by_the_documents_that_carry_it() -> None:
    permit, card = (read(kind, "810000199408230021") for kind in ("hk-macau-residence", "resident-id"))

    assert permit.key == card.key
    assert read("passport", "G82345671").key != read("military", "G82345671").key


def test_a_hospital_card_means_nothing_without_its_hospital() -> None:
    with pytest.raises(NumberRefused):
        read("hospital-card", "4711")
    one, other = (read("hospital-card", "4711", issuer=issuer) for issuer in ("H1", "H2"))

    assert one.key != other.key
    assert one.carries_weight


def test_a_temporary_number_carries_no_weight() -> None:
    assert not read("temporary", "20310301-0007").carries_weight
    assert not document_type("none").links


def test_validity_is_half_open_and_cannot_end_before_it_begins() -> None:
    found = read("passport", "G82345671", valid_from=date(2020, 5, 1), valid_until=date(2030, 5, 1))

    assert [found.valid_on(day) for day in (date(2020, 4, 30), date(2020, 5, 1), date(2030, 5, 1))] == [
        False, True, False,
    ]  # fmt: skip
    with pytest.raises(NumberRefused):
        read("passport", "G82345671", valid_from=date(2030, 5, 1), valid_until=date(2030, 5, 1))


def test_an_identifier_that_is_not_canonical_cannot_be_built() -> None:
    with pytest.raises(NumberRefused):
        Identifier(type="resident-id", value=EXAMPLE.lower(), written=EXAMPLE)


def test_a_number_never_shows_in_a_repr() -> None:
    assert "1949" not in repr([read("resident-id", EXAMPLE)])


@pytest.mark.parametrize("value", PLACEHOLDERS, ids=range(len(PLACEHOLDERS)))
def test_a_filler_is_seen(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", NO_PLACEHOLDERS, ids=range(len(NO_PLACEHOLDERS)))
def test_a_number_of_ones_own_is_no_filler(value: str) -> None:
    assert not is_placeholder(value)


@given(numbers())
def test_a_resident_number_is_no_filler(number: str) -> None:
    assume(number[:6] not in {"111111", "123456", "222222", "654321"})

    assert not is_placeholder(number)


@pytest.mark.parametrize("text", GENERIC_PHONES, ids=range(len(GENERIC_PHONES)))
def test_a_telephone_that_is_nobodys_own_is_seen(text: str) -> None:
    assert is_generic_phone(read_phone(text))


@pytest.mark.parametrize("text", OWN_PHONES, ids=range(len(OWN_PHONES)))
def test_a_telephone_of_ones_own_is_read(text: str) -> None:
    found = read_phone(text)

    assert found in {"13907314482", "073184731902", "84731902"}
    assert not is_generic_phone(found)


@given(st.text(max_size=50))
def test_any_text_is_a_telephone_or_none(text: str) -> None:
    found = read_phone(text)

    assert set(found) <= set("0123456789")
