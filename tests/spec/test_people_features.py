"""What the columns of a person become before they are compared, by example."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.identity.documents import check_character
from salus.identity.linkage.comparing import check_row
from salus.identity.linkage.people import COLUMNS, PEOPLE, features
from salus.identity.linkage.people.addresses import address_keys


def numbered(born: str = "19900307", area: str = "920226", order: str = "014") -> str:
    body = area + born + order
    return body + check_character(body)


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("枫坞区晴岚路278号1502室", "晴岚路278号1502"),
        ("晴岚路278-1502", "晴岚路２７８号１５０２室"),
        ("松家村3组12号", "上河乡松家村03组012号"),
        ("12 Willow Road, 5", "12 willow road 5"),
    ],
)
def test_one_dwelling_is_one_key_however_it_is_written(written: str, other: str) -> None:
    assert address_keys(written) == address_keys(other)
    assert None not in address_keys(written)


@pytest.mark.parametrize("written", ["", "松家村", "---", "１", "号", "\u200b"])
def test_an_address_that_names_no_house_has_no_key(written: str) -> None:
    assert address_keys(written) == (None, None)


def test_an_address_without_a_room_names_a_house_and_no_dwelling() -> None:
    dwelling, house = address_keys("晴岚路278号")

    assert dwelling is None
    assert house == address_keys("晴岚路278号1502室")[1]


@pytest.mark.parametrize(
    "written",
    ["1990-02-30", "1990-13-01", "2990-01-01", "2031-05-01", "1850-01-01", "1900-01-01", "yesterday", "0000-00-00"],
)
def test_a_birth_date_that_cannot_be_says_nothing(written: str) -> None:
    prepared = features({"birth_date": written, "recorded_at": "2031-03-01T08:00:00+08:00"})

    assert prepared.birth is None
    assert prepared.birth_day is None


@pytest.mark.parametrize(
    "written", ["1990-03-07", "19900307", "1990/3/7", "1990年3月7日", "１９９０-03-07", "1990-03-07T00:00:00Z"]
)
def test_a_birth_date_is_read_in_any_usual_form(written: str) -> None:
    assert features({"birth_date": written}).birth == "19900307"


def test_a_valid_number_is_the_persons_own() -> None:
    prepared = features({"id_type": "resident-id", "id_number": numbered(), "birth_date": "1990-03-07"})

    assert prepared.citizen == prepared.typed == numbered()
    assert prepared.numbered == 1


def test_a_number_that_contradicts_the_birth_date_is_the_guardians() -> None:
    prepared = features({"id_type": "resident-id", "id_number": numbered(), "birth_date": "2019-11-20"})

    assert prepared.citizen is None
    assert prepared.typed is None
    assert prepared.guardian == numbered()


@pytest.mark.parametrize(
    ("stated", "own"),
    [
        ("1990-03-01", True),  # one digit
        ("1990-07-03", True),  # day and month exchanged
        ("1990-03-27", True),
        ("1989-03-07", True),  # two parts of three
        ("2000-03-07", True),
        ("1990-02-11", True),  # the calendar of the moon
        ("1990-01-01", True),  # a year alone
        ("1989-01-01", False),
        ("1990-11-21", False),
        ("2019-03-20", False),
        ("1961-10-07", False),
    ],
)
def test_a_birth_date_put_down_wrongly_leaves_the_number_to_its_holder(stated: str, own: bool) -> None:
    prepared = features({"id_type": "resident-id", "id_number": numbered(), "birth_date": stated})

    assert (prepared.citizen == numbered()) is own
    assert (prepared.guardian == numbered()) is not own


def test_a_number_of_fifteen_digits_is_equal_to_its_longer_form_and_counts_less() -> None:
    prepared = features({"id_type": "resident-id", "id_number": numbered()[:6] + numbered()[8:17]})

    assert prepared.citizen == numbered()
    assert prepared.numbered == 0


def test_a_slip_of_the_pen_is_kept_for_comparing_and_is_no_number() -> None:
    slipped = numbered()[:17] + ("1" if numbered()[17] != "1" else "2")
    prepared = features({"id_type": "resident-id", "id_number": slipped})

    assert prepared.typed == slipped
    assert prepared.citizen is None


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        ("resident-id", "111111111111111111"),
        ("resident-id", "123456789012345678"),
        ("resident-id", "11010519491231002X"),
        ("temporary", "T0000123"),
        ("none", "920226199003070143"),
        ("", "920226199003070143"),
        ("no-such-type", "920226199003070143"),
        ("resident-id", "x" * 5000),
    ],
)
def test_a_filler_carries_no_weight(id_type: str, number: str) -> None:
    prepared = features({"id_type": id_type, "id_number": number})

    assert (prepared.citizen, prepared.typed, prepared.guardian, prepared.numbered) == (None, None, None, 0)


@pytest.mark.parametrize("phone", ["13800138000", "00000000000", "11111111111", "12345678901", "-", "120", ""])
def test_a_telephone_number_that_is_nobodys_own_says_nothing(phone: str) -> None:
    assert features({"phone": phone}).phone is None


@pytest.mark.parametrize(
    ("record", "unnamed"),
    [
        ({"name": "王小明"}, 0),
        ({"name": "无名氏"}, 1),
        ({"name": "王小明", "id_type": "temporary", "id_number": "T1"}, 1),
        ({"name": "李芳之女"}, 1),
        ({"name": ""}, 1),
        ({"name": "？？"}, 1),
    ],
)
def test_who_cannot_be_told_apart_is_never_linked_by_itself(record: dict[str, str], unnamed: int) -> None:
    assert features(record).unnamed == unnamed


@pytest.mark.parametrize(
    "name", ["王小明", "小明王", "WANG Xiaoming", "Xiaoming Wang", "wang xiao ming", "王 小明", "王曉銘"]
)
def test_writings_of_one_name_share_a_sound(name: str) -> None:
    one, other = features({"name": "王小明"}), features({"name": name})

    assert one.sounds is not None
    assert other.sounds is not None
    assert set(one.sounds) & set(other.sounds)


def test_names_that_are_called_alike_have_one_tone_key_and_others_have_not() -> None:
    keys = [features({"name": name}).tones for name in ("王志伟", "王智伟", "志伟王", "王直伟")]

    assert keys[0] == keys[1] == keys[2]
    assert keys[3] != keys[0]


@given(st.fixed_dictionaries({column: st.text(max_size=60) for column in COLUMNS}))
def test_any_text_is_answered_with_ascii_or_nothing(record: dict[str, str]) -> None:
    prepared = features(record)._asdict()

    check_row(prepared, PEOPLE.columns)


def test_features_show_nothing_of_a_person() -> None:
    record = {"name": "王小明", "id_type": "resident-id", "id_number": numbered(), "phone": "13900001234"}

    shown = repr(features(record))
    assert not any(value in shown for value in ("13900001234", numbered(), "wang", "王"))
