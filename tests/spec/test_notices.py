"""Notices that are shown: one length, one form, for one facility, soon over, and worth nothing but what is in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from doors import Door
from measures import HOUR, AFile, a_file
from salus.cli import main, noticed
from salus.codec import CodecError, Fault
from salus.codec.notices import (
    MAGIC,
    SEALED_OCTETS,
    NoticeKeys,
    is_notice,
    key_month,
    open_notice,
    read_notice_keys,
    seal_notice,
    write_notice_keys,
)
from salus.codec.notices.sealing import _suite
from salus.kernel import canonical, format_instant
from salus.rules import Measure
from salus.rules import Result as Found

KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
FILE = a_file()
AT = FILE.at.replace(microsecond=0)


def sealed(*files: bytes, until: datetime = AT + HOUR, facility: str = "H1") -> bytes:
    return seal_notice(files, facility, KEY.public_key(), AT, until)


def fault(octets: bytes, *, facility: str = "H1", key: X25519PrivateKey = KEY, at: datetime = AT) -> Fault:
    with pytest.raises(CodecError) as refused:
        open_notice(octets, facility, [key], at)
    return refused.value.fault


def test_what_was_sealed_comes_out_byte_for_byte_at_its_facility_alone() -> None:
    found = open_notice(sealed(FILE.raw), "H1", [OTHER, KEY], AT)

    assert (found.files, found.made, found.until) == ((FILE.raw,), AT, AT + HOUR)
    assert fault(sealed(FILE.raw), facility="H2") is Fault.KEY
    assert fault(sealed(FILE.raw), key=OTHER) is Fault.KEY


def test_every_notice_is_as_long_as_every_other_and_begins_alike() -> None:
    made = [sealed(), sealed(), sealed(FILE.raw), sealed(FILE.raw, a_file(result=Found.POSITIVE).raw)]

    assert {len(one) for one in made} == {SEALED_OCTETS}
    assert {one[: len(MAGIC)] for one in made} == {MAGIC}
    assert len({one[len(MAGIC) :] for one in made}) == len(made)  # nor do two of one content have anything in common


def test_it_is_soon_over_and_nobody_makes_one_that_lasts() -> None:
    assert fault(sealed(), at=AT + HOUR) is Fault.EXPIRED
    assert fault(sealed(), at=AT - HOUR) is Fault.NOT_YET
    for until in (AT, AT + timedelta(hours=24, seconds=1)):
        with pytest.raises(CodecError):
            sealed(until=until)
    told = {"made": format_instant(AT), "until": format_instant(AT + timedelta(days=9)), "measures": []}
    assert fault(filled(canonical(told))) is Fault.STRUCTURE


def filled(body: bytes) -> bytes:
    """Seal whatever somebody wrote who did not keep to the form."""
    import zlib

    packed = zlib.compress(body)
    plain = (len(packed).to_bytes(4) + packed).ljust(SEALED_OCTETS - len(MAGIC) - 48, b"\x00")
    return MAGIC + _suite().encrypt(plain, KEY.public_key(), info=MAGIC + b"H1")


GOOD: dict[str, Any] = {"made": format_instant(AT), "until": format_instant(AT + HOUR), "measures": []}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (canonical(GOOD), None),
        (json.dumps(GOOD).encode(), Fault.STRUCTURE),
        (b"no JSON", Fault.CANONICAL),
        (b"[" * 100_000, Fault.CANONICAL),
        (canonical({**GOOD, "green": True}), Fault.STRUCTURE),
        (canonical({**GOOD, "measures": ["precaution"]}), Fault.STRUCTURE),
        (canonical({**GOOD, "measures": [{}] * 9}), Fault.STRUCTURE),
        (canonical({**GOOD, "made": "yesterday"}), Fault.STRUCTURE),
        (bytes(8 * 1024 * 1024), Fault.LENGTH),
    ],
)
def test_what_keeps_to_no_form_is_refused(body: bytes, word: Fault | None) -> None:
    if word is None:
        assert open_notice(filled(body), "H1", [KEY], AT).files == ()
    else:
        assert fault(filled(body)) is word


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, SEALED_OCTETS - 1), flipped=st.integers(1, 255))
def test_no_changed_octet_goes_unnoticed(place: int, flipped: int) -> None:
    octets = bytearray(ONE)
    octets[place] ^= flipped

    assert fault(bytes(octets)) in (Fault.KEY, Fault.PREFIX)


ONE = sealed(FILE.raw)


def test_what_is_cut_or_longer_is_none() -> None:
    assert {fault(ONE[:-1]), fault(ONE + b"\x00"), fault(MAGIC)} == {Fault.LENGTH}
    assert not is_notice(b"SL1:")


def test_a_facilitys_keys_come_back_from_their_file_and_tell_nothing_in_errors() -> None:
    keys = NoticeKeys(facility="H1", months={"2031-03": KEY, "2031-04": OTHER})
    octets = write_notice_keys(keys)

    assert read_notice_keys(octets).months.keys() == {"2031-03", "2031-04"}
    assert read_notice_keys(octets).private[1].private_bytes_raw() == OTHER.private_bytes_raw()
    assert "private" not in repr(read_notice_keys(octets))
    twice, short = octets.replace(b"2031-04", b"2031-03"), octets.replace(b"AAEC", b"AA")
    for broken in (b"", b"{}", octets[:-1], short, twice, b"[]"):
        with pytest.raises(CodecError) as refused:
            read_notice_keys(broken)
        assert "AAEC" not in refused.value.text


def test_the_month_of_a_key_is_that_of_utc() -> None:
    assert key_month(datetime(2031, 4, 1, 0, 0, tzinfo=UTC)) == "2031-04"
    assert key_month(datetime(2031, 3, 31, 23, 59, tzinfo=UTC)) == "2031-03"


# --- `salus code verify --key`


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A clinic's own computer: its keys, the trust file that it believes, and what was handed over."""
    (tmp_path / "keys.json").write_bytes(write_notice_keys(NoticeKeys(facility="H1", months={"2031-02": KEY})))
    (tmp_path / "trust.json").write_bytes(Door(at=AT).file())
    return tmp_path


def verify(place: Path, octets: bytes, *more: str, at: datetime = AT) -> Result:
    (place / "shown.bin").write_bytes(octets)
    given_ = ["--trust", str(place / "trust.json"), "--at", format_instant(at), "--json", *more]
    return CliRunner().invoke(main, ["code", "verify", str(place / "shown.bin"), *given_])


def with_key(place: Path, octets: bytes, at: datetime = AT) -> tuple[int, dict[str, Any]]:
    ran = verify(place, octets, "--key", str(place / "keys.json"), at=at)
    (told,) = json.loads(ran.stdout)["verdicts"]
    return ran.exit_code, told


def told_by(file: AFile, at: datetime = AT, raw: bytes | None = None) -> dict[str, Any]:
    keys = NoticeKeys(facility="H1", months={"2031-02": KEY})
    (told,) = noticed.told(sealed(raw or file.raw), keys, file.world.log.trust, at)
    return told


def test_a_proved_measure_is_authentic_with_its_reason_and_end() -> None:
    told = told_by(FILE)

    assert list(told)[:6] == ["format", "authentic", "measure", "until", "reason", "sentence"]
    assert (told["authentic"], told["measure"], told["reason"]) == (True, "precaution", "covid-19")
    assert told["until"].endswith("Z")
    assert "laboratory" in told["sentence"]


def test_whatever_is_not_proved_is_none() -> None:
    changed = FILE.changed(lambda file: file.update(proof=file["proof"].replace("index 1", "index 2")))
    foreign = told_by(a_file(), raw=FILE.raw)

    for told in (told_by(FILE, raw=changed), foreign):
        assert (told["authentic"], told["measure"], told["until"]) == (False, Measure.NONE, None)


def test_a_notice_of_none_is_no_token(place: Path) -> None:
    """It takes the facility's public key and nothing of anybody's: no log, and no signature."""
    code, told = with_key(place, seal_notice([], "H1", KEY.public_key(), AT, AT + HOUR))

    assert (code, told["authentic"], told["measure"], told["reason"]) == (1, False, "none", "no-measure")
    assert "no certificate" in told["sentence"]


def test_a_notice_for_another_place_or_out_of_its_time_says_none(place: Path) -> None:
    assert with_key(place, sealed(FILE.raw, facility="H2"))[1]["reason"] == "key"
    assert with_key(place, sealed(FILE.raw), at=AT + HOUR)[1]["reason"] == "expired"


def test_without_the_key_a_door_is_told_of_both_what_it_is_told_of_anything(place: Path) -> None:
    answers = {
        verify(place, octets, "--venue", "care-home").stdout
        for octets in (sealed(FILE.raw), sealed(), b"measure: precaution")
    }

    assert len(answers) == 1
    assert json.loads(answers.pop())["verdicts"][0]["reason"] == "unreadable"
