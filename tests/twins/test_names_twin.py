"""Names by tables against names by OpenCC and pypinyin alone, one by one, with every rotation written out."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from itertools import product

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from salus.identity.names import read_name
from salus.identity.names.spelling import SPECIAL

TABLES = tomllib.loads((files("salus.identity.names") / "readings.toml").read_text("utf-8"))
CONVERTER = opencc.OpenCC("t2s")
LISTED = {
    section: {name: readings.split("/") for name, readings in (pair.split("=") for pair in TABLES[section].split())}
    for section in ("compound", "surname", "given")
}
COMMON = "王李张刘陈欧阳尉迟單单曾吕呂乐樂晟小明華华长孫孙婉芬〇乾龍"
CHARACTERS = st.one_of(
    st.sampled_from(COMMON),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.characters(min_codepoint=0x3400, max_codepoint=0x4DBF),
    st.characters(min_codepoint=0x20000, max_codepoint=0x2A6DF),
)


def simple(char: str) -> str:
    found = CONVERTER.convert(char)
    return char if char in TABLES["kept"] or len(found) != 1 else found


def usual(char: str) -> str:
    reading = "".join(lazy_pinyin(char, errors="ignore")).replace("ê", "e")
    return reading if reading.isascii() and reading else f"_{ord(char):x}"


def with_u(readings: list[str]) -> list[str]:
    found: list[str] = []
    for one in [*readings, *(one.replace("v", "u") for one in readings if "v" in one)]:
        if one not in found:
            found.append(one)
    return found[:4]


def as_surname(name: str) -> list[str]:
    listed = LISTED["surname" if len(name) == 1 else "compound"].get(name, [])
    return with_u([*listed, "".join(map(usual, name))])


def as_given(char: str) -> list[str]:
    return with_u(LISTED["given"].get(char, [usual(char)]))


def readings(name: str) -> list[str]:
    length = 2 if len(name) > 2 and name[:2] in TABLES["compounds"].split() else 1
    found = ["".join(one) for one in product(as_surname(name[:length]), *map(as_given, name[length:]))][:16]
    if length == 1 and len(name) == 4 and {name[0], name[1]} <= set(TABLES["surnames"]):
        found = (found + readings(name[1:]))[:17]
    return found


def least_rotation(key: str) -> str:
    return min(key[place:] + key[:place] for place in range(len(key)))


@given(st.text(CHARACTERS, min_size=1, max_size=6).filter(SPECIAL.isdisjoint))
def test_a_name_by_tables_is_the_name_by_the_libraries(text: str) -> None:
    name = "".join(map(simple, text))
    first, *others = readings(name)

    found = read_name(text)

    assert found.normalised == name
    assert found.full == first
    assert found.sorted == least_rotation(first)
    assert set(found.variants) == set(others) - {first}
    assert set(found.keys) == {least_rotation(one) for one in (first, *others)}


@pytest.mark.slow
def test_every_character_is_read_as_the_libraries_read_it() -> None:
    for point in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0x20000, 0x2A6E0)):
        found = read_name("王" + chr(point))
        if SPECIAL.isdisjoint(found.raw):
            assert (found.normalised, found.given) == ("王" + simple(chr(point)), as_given(simple(chr(point)))[0])
