"""Identity numbers after GB 11643-1999: what is read, as what, and what is refused without being repeated."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.identity import IdNumber, NumberRefused, check_character

# Written and read. The first is the worked example of GB 11643-1999, annex A; the others lie in unassigned areas.
READ = [
    ("11010519491231002X", "11010519491231002X"),
    ("11010519491231002x", "11010519491231002X"),
    ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
    ("１１０１０５１９４９１２３１００２ｘ", "11010519491231002X"),
    (" 110105 19491231 002X ", "11010519491231002X"),
    ("110105-19491231-002X", "11010519491231002X"),
    ("110105491231002", "11010519491231002X"),
    ("\u3000440524188001010014", "440524188001010014"),
]
REFUSED = {
    "a wrong check character": "110105194912310021",
    "X elsewhere": "1101051949123100X2",
    "too short": "11010519491231002",
    "too long": "11010519491231002X1",
    "empty": "",
    "a month 13": "110105194913310024",
    "30 February": "110105194902300029",
    "the year 0000": "110105000012310020",
    "Arabic-Indic digits": "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X",
    "superscript digits": "¹¹⁰¹⁰⁵¹⁹⁴⁹¹²³¹⁰⁰²XX",
    "letters": "ABCDEFGHIJKLMNOPQR",
    "a thousand digits": "1" * 1000,
    "a line break inside": "110105194912\n31002X",
    "U+0000": "11010519491231002X\x00",
}


@pytest.mark.parametrize(("written", "text"), READ, ids=range(len(READ)))
def test_a_number_is_read_however_people_write_it(written: str, text: str) -> None:
    assert IdNumber.read(written) == IdNumber(text)
    assert IdNumber.read(written).text == text


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_a_number_is_refused_and_not_repeated(why: str) -> None:
    written = REFUSED[why]

    with pytest.raises(NumberRefused) as refused:
        IdNumber.read(written)

    assert not written or written not in str(refused.value) + repr(refused.value)


@given(st.text(alphabet="0123456789", min_size=17, max_size=17), st.sampled_from("0123456789X"))
def test_exactly_one_check_character_fits(digits: str, check: str) -> None:
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits))
    value = 10 if check == "X" else int(check)

    assert (check_character(digits) == check) == ((total + value) % 11 == 1)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    with suppress(NumberRefused):
        assert len(IdNumber.read(text).text) == 18


def test_a_number_never_shows_in_a_repr() -> None:
    assert "1949" not in repr([IdNumber.read("11010519491231002X")])
