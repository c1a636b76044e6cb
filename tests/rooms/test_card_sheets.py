"""Cards on paper: each code is as large as promised, black on white with its quiet zone, and a scanner reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import pytest
import zxingcpp

from doors import issuer_key
from papers import Filled, Paper, papers
from salus.codec import encode_sl1, key_id, signer
from salus.healthcode.picture import QUIET_MODULES, SMALLEST_MODULE_MM
from salus.kernel import Invalid
from salus.web.sheets import WALLET_MM, Face, Sheet, cards_pdf
from salus.web.typesetting import NoChineseFont, chinese_font, has_glyphs
from salus.web.views import Language

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)
KEY = issuer_key("cards")
CODES = [encode_sl1(number.to_bytes(16), key_id(KEY.public_key()), signer(KEY)) for number in range(11)]
FACES = [Face(code=code, mark=f"C {number}") for number, code in enumerate(CODES, 1)]


@cache
def pages(sheet: Sheet) -> list[Paper]:
    return papers(cards_pdf(FACES, sheet, Language.EN, AT))


def grounds(page: Paper) -> list[Filled]:
    return [one for one in page.filled if one.grey == 1]


def inside(page: Paper, ground: Filled) -> list[Filled]:
    return [
        one for one in page.filled
        if one.grey == 0 and ground.left <= one.left < ground.right and ground.bottom <= one.bottom < ground.top
    ]  # fmt: skip


@pytest.mark.parametrize(("sheet", "counts"), [(Sheet.WALLET, [10, 1]), (Sheet.POSTCARD, [1] * 11)])
def test_a_sheet_holds_as_many_cards_as_it_has_room_for(sheet: Sheet, counts: list[int]) -> None:
    assert [len(grounds(page)) for page in pages(sheet)] == counts


@pytest.mark.parametrize("sheet", list(Sheet))
def test_no_module_is_smaller_than_cheap_cameras_resolve_and_each_code_has_its_quiet_zone(sheet: Sheet) -> None:
    for page in pages(sheet):
        for ground in grounds(page):
            dark = inside(page, ground)
            module = min(one.top - one.bottom for one in dark)
            quiet = min(
                min(one.left for one in dark) - ground.left, ground.right - max(one.right for one in dark),
                min(one.bottom for one in dark) - ground.bottom, ground.top - max(one.top for one in dark),
            )  # fmt: skip

            assert module >= SMALLEST_MODULE_MM
            assert quiet >= QUIET_MODULES * module - 0.001
            assert abs((ground.right - ground.left) - (ground.top - ground.bottom)) < 0.001


@pytest.mark.parametrize("sheet", list(Sheet))
def test_a_scanner_reads_every_code_as_it_is_printed_and_not_turned_to_its_negative(sheet: Sheet) -> None:
    read = []
    for page in pages(sheet):
        width, height, octets = page.picture(8)
        picture = memoryview(octets).cast("B", (height, width))
        found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode, try_invert=False)  # type: ignore[arg-type]
        read += [one.text for one in found]

    assert sorted(read) == sorted(CODES)


def test_cards_of_a_sheet_do_not_touch_each_other() -> None:
    first = grounds(pages(Sheet.WALLET)[0])

    assert all(ground.right - ground.left <= WALLET_MM[1] - 8 for ground in first)
    assert all(
        one is other or one.right <= other.left or other.right <= one.left or one.top <= other.bottom
        or other.top <= one.bottom for one in first for other in first
    )  # fmt: skip


def test_the_same_cards_give_the_same_bytes() -> None:
    assert cards_pdf(FACES, Sheet.WALLET, Language.EN, AT) == cards_pdf(FACES, Sheet.WALLET, Language.EN, AT)


def test_a_code_that_would_be_printed_too_small_is_refused() -> None:
    with pytest.raises(Invalid, match=r"0\.6 mm"):
        cards_pdf([Face(code="A" * 500, mark="")], Sheet.WALLET, Language.EN, AT)


def test_chinese_cards_are_set_with_a_chinese_font_or_refused() -> None:
    if chinese_font():
        assert cards_pdf(FACES, Sheet.WALLET, Language.ZH, AT)
        return

    with pytest.raises(NoChineseFont):
        cards_pdf(FACES, Sheet.WALLET, Language.ZH, AT)
    assert cards_pdf([Face(code=CODES[0], mark="孙 1")], Sheet.POSTCARD, Language.EN, AT)


@pytest.mark.parametrize("mark", ["བ 1", "ئ 1", "ᠠ 1", "\U0001f600 1", "\x00 1"])
def test_a_mark_that_no_font_covers_is_its_number_alone(mark: str) -> None:
    alone = cards_pdf([Face(code=CODES[0], mark="1")], Sheet.WALLET, Language.EN, AT)

    if not has_glyphs(mark[0]):
        assert cards_pdf([Face(code=CODES[0], mark=mark)], Sheet.WALLET, Language.EN, AT) == alone
    assert cards_pdf([Face(code=CODES[0], mark=mark)], Sheet.POSTCARD, Language.EN, AT)
