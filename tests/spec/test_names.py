"""Names: which writings have which keys, which of them agree, and what is said of a text that is no name."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salus.identity.names import Name, NameDoubt, agree, may_be_cut, read_name, turned
from salus.identity.names.spelling import SPECIAL, nobodies
from salus.identity.names.tables import SIMPLIFIED, romanised_surnames

# As written; surname's and given name's key.
KEYS = [
    ("王小明", "wang", "xiaoming"),
    ("王明", "wang", "ming"),
    ("王曉明", "wang", "xiaoming"),
    ("單雄信", "shan", "xiongxin"),
    ("仇英", "qiu", "ying"),
    ("区大相", "ou", "daxiang"),
    ("解缙", "xie", "jin"),
    ("曾国藩", "zeng", "guofan"),
    ("查慎行", "zha", "shenxing"),
    ("朴成", "piao", "cheng"),
    ("尉遲恭", "yuchi", "gong"),
    ("万俟卨", "moqi", "xie"),
    ("歐陽修", "ouyang", "xiu"),
    ("司馬相如", "sima", "xiangru"),
    ("诸葛亮", "zhuge", "liang"),
    ("长孙无忌", "zhangsun", "wuji"),
    ("欧阳", "ou", "yang"),
    ("吕布", "lv", "bu"),
    ("王晟", "wang", "sheng"),
    ("李乾", "li", "qian"),
    ("买买提·阿卜杜拉", "maimaiti", "abudula"),
    ("WANG Xiaoming", "wang", "xiaoming"),
    ("Xiaoming WANG", "wang", "xiaoming"),
    ("XIAOMING WANG", "wang", "xiaoming"),
    ("Wang Xiao Ming", "wang", "xiaoming"),
    ("Wang, Xiao-Ming", "wang", "xiaoming"),
    ("Xi'an WANG", "wang", "xian"),
    ("wang2 xiao3ming2", "wang", "xiaoming"),
    ("Wáng Xiǎomíng", "wang", "xiaoming"),
    ("ＷＡＮＧ　Ｘｉａｏｍｉｎｇ", "wang", "xiaoming"),
    ("wangxiaoming", "wang", "xiaoming"),
    ("Ou Yang Feng", "ouyang", "feng"),
    ("OUYANG Feng", "ouyang", "feng"),
    ("LYU BU", "lv", "bu"),
    ("LV BU", "lv", "bu"),
    ("Lü Bu", "lv", "bu"),
    ("Lǚ Bù", "lv", "bu"),
    ("LU: BU", "lv", "bu"),
    ("LIN YU", "lin", "yu"),
    ("Müller, Jürgen", "muller", "jurgen"),
    ("SMITH<<JOHN<PAUL", "smith", "johnpaul"),
    ("Mr. John SMITH", "smith", "john"),
    ("Seán O'BRIEN-SMITH", "obriensmith", "sean"),
    ("王Peter", "wang", "peter"),
]
AGREE = [
    ("王小明", "王曉明"),
    ("王小明", "WANG Xiaoming"),
    ("王晓明", "XIAOMING WANG"),
    ("王晓明", "Wang Xiao Ming"),
    ("王小明", "小明王"),
    ("王小明", "wangxiaoming"),
    ("王小明", "王 小 明"),
    ("王小明", "\u202e王\u200b小明\ufe00"),
    ("王小明", "王小明先生"),
    ("王小明", "王小明（曾用名王明）"),
    ("王小明", "王小明 WANG XIAOMING"),
    ("單雄信", "DAN Xiongxin"),
    ("单雄信", "Shan Xiongxin"),
    ("曾国藩", "CENG GUOFAN"),
    ("王乐", "WANG Yue"),
    ("王乐", "Le Wang"),
    ("吕布", "LYU BU"),
    ("吕布", "LU BU"),
    ("吕布", "BU LÜ"),
    ("尉迟恭", "Yuchi Gong"),
    ("歐陽修", "Xiu OUYANG"),
    ("陈李婉芬", "李婉芬"),
    ("陈李婉芬", "LI WANFEN"),
    ("买买提·阿卜杜拉", "买买提•阿卜杜拉"),
    ("买买提・阿卜杜拉", "买买提阿卜杜拉"),
    ("买买提‧阿卜杜拉", "买买提．阿卜杜拉"),
    ("买买提·阿卜杜拉", "阿卜杜拉·买买提"),
    ("John Paul Smith", "SMITH, John Paul"),
    ("JOHN SMITH", "Smith John"),
    ("José Álvarez", "ALVAREZ JOSE"),
    ("𠮷田明", "𠮷田明"),
    ("Иванов Иван", "ИВАН ИВАНОВ"),
]
DIFFER = [
    ("王小明", "王小红"),
    ("王小明", "李小明"),
    ("王?明", "王?明"),
    ("王小明", "王〓明"),
    ("吕布", "罗布"),
    ("王小明", "王小"),
    ("", ""),
    ("???", "???"),
    ("𠮷田明", "𠮸田明"),
]
DOUBTS = [
    ("", {NameDoubt.EMPTY}),
    ("。，·", {NameDoubt.EMPTY}),
    ("\u200b\u202e", {NameDoubt.EMPTY}),
    ("123", {NameDoubt.EMPTY}),
    ("???", {NameDoubt.UNKNOWN_CHARACTER}),
    ("王\ue863明", {NameDoubt.UNKNOWN_CHARACTER}),
    ("王□明", {NameDoubt.UNKNOWN_CHARACTER}),
    ("王⿰王⿱民日明", {NameDoubt.UNKNOWN_CHARACTER}),
    ("无名氏", {NameDoubt.NOBODY}),
    ("無名氏", {NameDoubt.NOBODY}),
    ("张某某", {NameDoubt.NOBODY}),
    ("UNKNOWN", {NameDoubt.NOBODY}),
    ("王芳之子", {NameDoubt.CHILD_OF}),
    ("王芳之女", {NameDoubt.CHILD_OF}),
    ("王" * 10_000, {NameDoubt.CUT}),
]
TELL_NOBODY_APART = ["", "王", "王先生", "张某", "王芳之子", "王□明", "Smith"]
ROWS = range(len(nobodies()))
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)


@pytest.mark.parametrize(("written", "family", "rest"), KEYS, ids=range(len(KEYS)))
def test_a_name_has_the_keys_of_its_surname_and_the_rest(written: str, family: str, rest: str) -> None:
    found = read_name(written)

    assert (found.family, found.given, found.full) == (family, rest, family + rest)
    assert found.raw == written


@pytest.mark.parametrize(("one", "other"), AGREE, ids=range(len(AGREE)))
def test_writings_of_one_name_agree(one: str, other: str) -> None:
    assert agree(read_name(one), read_name(other))
    assert agree(read_name(other), read_name(one))


@pytest.mark.parametrize(("one", "other"), DIFFER, ids=range(len(DIFFER)))
def test_other_names_and_unknown_characters_do_not_agree(one: str, other: str) -> None:
    assert not agree(read_name(one), read_name(other))


@pytest.mark.parametrize(("written", "doubts"), DOUBTS, ids=range(len(DOUBTS)))
def test_what_is_no_whole_name_is_said(written: str, doubts: set[NameDoubt]) -> None:
    assert set(read_name(written).doubts) == doubts


@pytest.mark.parametrize("written", TELL_NOBODY_APART, ids=range(len(TELL_NOBODY_APART)))
def test_what_tells_nobody_apart_is_said(written: str) -> None:
    assert not read_name(written).telling
    assert read_name("王小明").telling


@pytest.mark.parametrize("at", ROWS)
def test_what_stands_where_a_name_should_is_none(at: int) -> None:
    row = nobodies()[at]
    read = [read_name(text) for text in row["meets"].split("|")]

    assert [one.raw for one in read if NameDoubt(row["says"]) not in one.doubts or one.telling] == []


@pytest.mark.parametrize("at", ROWS)
def test_names_of_people_that_look_alike_stay_names(at: int) -> None:
    read = [read_name(text) for text in nobodies()[at]["spares"].split("|")]

    assert [one.raw for one in read if not one.telling] == []


def test_what_is_written_for_want_of_a_name_meets_a_special_character() -> None:
    written = [text for row in nobodies() for text in row["meets"].split("|") if not text.isascii()]

    assert [text for text in written if SPECIAL.isdisjoint(text)] == []
    assert len(written) > 60


def test_an_unknown_character_counts_once_however_it_is_described() -> None:
    assert [read_name(one).normalised for one in ("王⿰王⿱民日明", "王〓明", "王?明", "王？明")] == ["王?明"] * 4
    assert read_name("王⿰王⿱民日明").unknown == 1


def test_a_character_outside_the_bmp_is_kept() -> None:
    assert read_name("𠮷田明").normalised == "𠮷田明"
    assert read_name("𠮷田明").unknown == 0


def test_a_name_cut_by_a_short_field_may_be_the_longer_one() -> None:
    whole, cut = read_name("MAIMAITI ABUDULAHEMAN"), read_name("MAIMAITI ABUDULAHE")

    assert may_be_cut(whole, cut)
    assert may_be_cut(cut, whole)
    assert not may_be_cut(read_name("王小明"), read_name("王小"))


def test_a_name_never_shows_in_a_repr() -> None:
    assert repr([read_name("王小明")]) == "[Name(…)]"


def shape(name: Name) -> tuple[object, ...]:
    return (name.normalised, name.family, name.given, name.full, name.sorted, name.variants, name.keys)


@given(st.text(max_size=300))
def test_any_text_has_an_answer_in_ascii_keys(text: str) -> None:
    found = read_name(text)

    keys = [found.family, found.given, found.full, found.sorted, *found.variants, *found.keys]
    assert set("".join(keys)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_?")
    assert len(found.variants) <= 20
    assert bool(found.full) == (NameDoubt.EMPTY not in found.doubts)
    assert read_name(text) == found


@given(st.text(HAN, min_size=1, max_size=5))
def test_simplified_and_traditional_have_the_same_keys(text: str) -> None:
    assert shape(read_name(text)) == shape(read_name(text.translate(SIMPLIFIED)))


@given(st.text(HAN, min_size=1, max_size=5))
def test_a_normalised_name_reads_as_itself(text: str) -> None:
    found = read_name(text)

    assert shape(read_name(found.normalised)) == shape(found)


@given(
    st.sampled_from(sorted(romanised_surnames())),
    st.lists(st.sampled_from("xiao ming hua yu an".split()), min_size=1, max_size=2),
)
def test_pinyin_in_either_order_has_one_order_free_key(surname: str, syllables: list[str]) -> None:
    rest = "".join(syllables)
    writings = [f"{surname.upper()} {rest.title()}", f"{rest.title()} {surname.upper()}", f"{surname}, {rest}",
                f"{surname} {' '.join(syllables)}", f"{rest} {surname}"]  # fmt: skip

    assert len({read_name(writing).sorted for writing in writings}) == 1


@given(st.permutations(["john", "maxwell", "smith", "fitzgerald"]))
def test_the_parts_of_a_foreign_name_may_stand_in_any_order(parts: list[str]) -> None:
    assert agree(read_name(" ".join(parts)), read_name("Smith, John Maxwell Fitzgerald"))


@given(st.text("abc?", max_size=12), st.integers(0, 12))
def test_turning_a_key_forgets_which_half_stood_first(key: str, place: int) -> None:
    place = min(place, len(key))
    rotations = {key[at:] + key[:at] for at in range(len(key) or 1)}

    assert turned(key[place:] + key[:place]) == turned(key) == min(rotations)


def test_dictionaries_are_loaded_where_they_are_used_and_not_before() -> None:
    script = (
        "import sys, salus.identity.names as n; assert not {'opencc', 'pypinyin'} & set(sys.modules); n.read_name('王')"
    )

    subprocess.run([sys.executable, "-c", script + "; assert 'pypinyin' in sys.modules"], check=True)
