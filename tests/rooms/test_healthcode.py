"""The identity code on the real database: issued once, replaced by the resident's wish, resolved or not."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import zxingcpp

from salus.codec import decode_sl1, encode_sl1, key_id, signer
from salus.healthcode import SIGNING_KEY, CodeUnknown, code_of, issuer_keys, qr_svg, replace, resolve
from salus.healthcode import store as sql
from salus.kernel import Invalid
from salus.keys import Custodian
from salus.storage import Duty, Store

AT = datetime(2031, 3, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def custodian(tmp_path_factory: pytest.TempPathFactory) -> Custodian:
    return Custodian.open(tmp_path_factory.mktemp("keys"), b"only for these tests")


@pytest.fixture(scope="module")
def residents() -> Iterator[int]:
    return iter(range(1_000, 10_000))


class Undone(Exception):
    """Rolls a transaction back."""


def issue(store: Store, custodian: Custodian, resident_key: int) -> str:
    with store.transaction(Duty.CARE) as tx:
        return code_of(tx, custodian, resident_key, at=AT)


def asked(store: Store, custodian: Custodian, text: str) -> int:
    with store.transaction(Duty.CARE) as tx:
        return resolve(tx, custodian, text)


def unknown(store: Store, custodian: Custodian, text: str) -> str:
    with pytest.raises(CodeUnknown) as refused:
        asked(store, custodian, text)
    return f"{refused.value.code} {refused.value.status} {refused.value.text}"


def test_a_code_leads_to_its_resident(store: Store, custodian: Custodian, residents: Iterator[int]) -> None:
    first, second = next(residents), next(residents)

    assert asked(store, custodian, issue(store, custodian, first)) == first
    assert asked(store, custodian, issue(store, custodian, second)) == second


def test_a_code_stays_the_same_so_that_paper_and_screen_agree(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)

    assert issue(store, custodian, resident) == issue(store, custodian, resident)


def test_a_scanned_code_may_have_white_space_around_it_and_lower_case(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)
    code = issue(store, custodian, resident)

    assert asked(store, custodian, f"\r\n {code.lower()} \t") == resident


def test_a_replaced_code_stops_resolving_and_stays_in_the_history(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)
    old = issue(store, custodian, resident)
    with store.transaction(Duty.CARE) as tx:
        new = replace(tx, custodian, resident, at=AT + timedelta(days=1))
    with store.transaction(Duty.CARE) as tx:
        history = tx.rows(
            "select ordinal, issued_at from healthcode.code where resident_key = %s order by 1", (resident,)
        )

    assert new != old
    assert asked(store, custodian, new) == resident
    assert issue(store, custodian, resident) == new
    unknown(store, custodian, old)
    assert history == [(0, AT), (1, AT + timedelta(days=1))]


def test_a_code_can_be_replaced_before_it_was_ever_shown(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)
    with store.transaction(Duty.CARE) as tx:
        code = replace(tx, custodian, resident, at=AT)

    assert asked(store, custodian, code) == resident


def test_a_replacement_that_is_rolled_back_leaves_the_old_code_valid(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)
    old = issue(store, custodian, resident)

    def fail() -> None:
        with store.transaction(Duty.CARE) as tx:
            replace(tx, custodian, resident, at=AT)
            raise Undone

    with pytest.raises(Undone):
        fail()

    assert asked(store, custodian, old) == resident


def test_unknown_replaced_forged_and_malformed_codes_get_one_and_the_same_answer(
    store: Store, custodian: Custodian, residents: Iterator[int], tmp_path: Path
) -> None:
    resident = next(residents)
    replaced = issue(store, custodian, resident)
    with store.transaction(Duty.CARE) as tx:
        current = replace(tx, custodian, resident, at=AT)
    key = custodian.es256(SIGNING_KEY)
    stranger = Custodian.open(tmp_path, b"another custodian").es256(SIGNING_KEY)
    identifier = decode_sl1(current, issuer_keys(custodian))
    answers = {
        unknown(store, custodian, text)
        for text in (
            replaced,
            encode_sl1(bytes(16), key_id(key.public_key()), signer(key)),  # signed by us, never issued
            encode_sl1(identifier, key_id(stranger.public_key()), signer(stranger)),  # another key
            encode_sl1(identifier, key_id(key.public_key()), signer(stranger)),  # another key under our name
            current[:-1],
            current + "0",
            "HC1:" + current[4:],
            "",
            "SL1:",
            "x" * 100_000,
            "\udc80",
        )
    }

    assert len(answers) == 1
    assert answers.pop().startswith("SALUS-H001 404 ")
    assert asked(store, custodian, current) == resident


def test_the_refusal_names_no_cause_behind_it(store: Store, custodian: Custodian) -> None:
    with pytest.raises(CodeUnknown) as refused:
        asked(store, custodian, "SL1:NOTHING")

    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_old_keys_keep_verifying_after_a_rotation_for_as_long_as_they_are_listed(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)
    printed = issue(store, custodian, resident)
    with store.transaction(Duty.CARE) as tx:
        fresh = code_of(tx, custodian, resident, at=AT, key_name="identity-code-2")
        both = issuer_keys(custodian, ("identity-code-2", SIGNING_KEY))

        assert fresh != printed
        assert resolve(tx, custodian, printed, keys=both) == resolve(tx, custodian, fresh, keys=both) == resident
        with pytest.raises(CodeUnknown):
            resolve(tx, custodian, printed, keys=issuer_keys(custodian, ("identity-code-2",)))


def test_two_first_uses_at_once_give_one_code(store: Store, custodian: Custodian, residents: Iterator[int]) -> None:
    resident = next(residents)
    codes: list[str] = []
    start = threading.Barrier(4)

    def show() -> None:
        start.wait()
        codes.append(issue(store, custodian, resident))

    threads = [threading.Thread(target=show) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(codes) == 4
    assert len(set(codes)) == 1
    assert asked(store, custodian, codes[0]) == resident


def test_the_second_of_two_open_transactions_gets_the_code_that_was_committed_first(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)
    second: list[str] = []
    with store.transaction(Duty.CARE) as tx:
        first = code_of(tx, custodian, resident, at=AT)
        waiting = threading.Thread(target=lambda: second.append(issue(store, custodian, resident)))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
    waiting.join()

    assert second == [first]


def test_the_identifier_is_not_in_the_database_in_the_clear(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    resident = next(residents)
    identifier = decode_sl1(issue(store, custodian, resident), issuer_keys(custodian))
    with store.transaction(Duty.CARE) as tx:
        row = tx.row("select digest, identifier from healthcode.code where resident_key = %s", (resident,))

    assert row is not None
    assert identifier not in bytes(row[0]) + bytes(row[1])


def test_a_row_passed_off_as_another_residents_is_noticed(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    victim, thief = next(residents), next(residents)
    issue(store, custodian, victim)
    with store.transaction(Duty.CARE) as tx:
        tx.run(
            "insert into healthcode.code select %s, %s, 0, identifier, issued_at from healthcode.code"
            " where resident_key = %s",
            (bytes(16), thief, victim),
        )
        with pytest.raises(Exception, match="sealed"):
            code_of(tx, custodian, thief, at=AT)


@pytest.mark.parametrize(
    "statement",
    ["update healthcode.code set resident_key = 1", "delete from healthcode.code", "truncate healthcode.code"],
)
def test_the_history_cannot_be_changed(store: Store, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction(Duty.CARE) as tx:
        tx.run(statement)


@pytest.mark.parametrize("duty", [Duty.REGISTRY, Duty.LEDGER, Duty.RELAY])
def test_no_other_duty_reaches_the_codes(store: Store, duty: Duty) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), store.transaction(duty) as tx:
        tx.rows("select * from healthcode.code")


def test_every_column_has_a_comment_and_is_one_of_five(store: Store) -> None:
    with store.transaction(Duty.MIGRATION) as tx:
        columns = tx.rows(
            "select table_name, column_name, col_description('healthcode.code'::regclass, ordinal_position)"
            " from information_schema.columns where table_schema = 'healthcode' and table_name = 'code'"
            " order by ordinal_position"
        )

    assert [(table, column) for table, column, _ in columns] == [
        ("code", name) for name in ("digest", "resident_key", "ordinal", "identifier", "issued_at")
    ]
    assert all(comment for _, _, comment in columns)


def test_both_queries_use_an_index_at_size(store: Store) -> None:
    with store.transaction(Duty.CARE) as tx:
        tx.run(
            "insert into healthcode.code select decode(md5(n::text), 'hex'), -n, 0, '', now()"
            " from generate_series(1, 20000) n"
        )
    with store.transaction(Duty.MIGRATION) as tx:
        tx.run("analyze healthcode.code")
    with store.transaction(Duty.CARE) as tx:
        for query, parameter in ((sql.LATEST, -7), (sql.HOLDER, bytes(16))):
            plan = "\n".join(row[0] for row in tx.rows("explain " + query, (parameter,)))
            assert "Index" in plan
            assert "Seq Scan" not in plan


def modules(svg: str) -> list[list[int]]:
    """Paint an SVG of `qr_svg` as pixels, eight to a module: 0 is dark, 255 is light."""
    side = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])  # type: ignore[index]
    pixels = [[255] * side for _ in range(side)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        pixels[int(y)][int(x) : int(x) + int(length)] = [0] * int(length)
    return pixels


def picture(svg: str) -> memoryview:
    rows = modules(svg)
    octets = b"".join(bytes(pixel for pixel in row for _ in range(8)) * 8 for row in rows)
    side = 8 * len(rows)
    return memoryview(octets).cast("B", (side, side))


def test_the_picture_reads_back_black_on_white(store: Store, custodian: Custodian, residents: Iterator[int]) -> None:
    code = issue(store, custodian, next(residents))
    svg = qr_svg(code, title="Identity code")
    only = zxingcpp.BarcodeFormat.QRCode
    read = zxingcpp.read_barcode(picture(svg), formats=only, try_invert=False, try_rotate=False, try_downscale=False)

    assert read is not None
    assert read.text == code
    assert read.ec_level == "M"
    assert '<rect width="53" height="53" fill="#ffffff"/><path fill="#000000"' in svg


def test_the_picture_of_an_identity_code_is_version_seven_with_a_quiet_zone_of_four_modules(
    store: Store, custodian: Custodian, residents: Iterator[int]
) -> None:
    rows = modules(qr_svg(issue(store, custodian, next(residents))))

    assert len(rows) == 17 + 4 * 7 + 2 * 4
    margin = rows[:4] + rows[-4:] + [row[:4] + row[-4:] for row in rows]
    assert all(pixel == 255 for row in margin for pixel in row)
    assert rows[4][4:11] == [0] * 7


def test_the_picture_has_a_size_in_millimetres() -> None:
    assert 'width="42.4mm" height="42.4mm"' in qr_svg("SL1:" + "A" * 155)
    assert 'width="31.8mm"' in qr_svg("SL1:" + "A" * 155, module_mm=0.6)


@pytest.mark.parametrize("module_mm", [0.59, 0, -1, float("nan")])
def test_a_module_too_small_for_a_cheap_camera_is_refused(module_mm: float) -> None:
    with pytest.raises(Invalid, match="SALUS-H002"):
        qr_svg("SL1:", module_mm=module_mm)


@pytest.mark.parametrize("text", ["", "A" * 513])
def test_no_text_and_too_much_text_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="SALUS-H002"):
        qr_svg(text)


def test_a_title_is_escaped_and_a_picture_without_one_is_hidden_from_screen_readers() -> None:
    assert "<title>&lt;b&gt; &amp; &quot;</title>" in qr_svg("SL1:", title='<b> & "')
    assert 'aria-hidden="true"' in qr_svg("SL1:")


def test_the_picture_needs_no_style_and_no_script() -> None:
    svg = qr_svg("SL1:", title="Identity code")

    assert not re.search(r"style|script|class=|href|on[a-z]+=", svg)
