"""Recognitions: who has to sign them, what they may say, which version counts, and the command that writes one."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from doors import AT, Door
from recognising import DAY, HC1, OTHER, SHC, hc1_key, recognition, shc_key
from salus.cli import main
from salus.kernel import format_instant
from salus.rules import Document, PublicationRefused, Recognition, recognised_at

WRONG: dict[str, dict[str, Any]] = {
    "a field more": {"colour": "green"},
    "another form": {"form": "VDS"},
    "a place for HC1": {"source": "https://x.example"},
    "a name that is no eight octets": {"kid": "zz"},
    "no kind": {"kinds": []},
    "a kind twice": {"kinds": ["test", "test"]},
    "a kind of its own": {"kinds": ["measure"]},
    "an end before its start": {"ends": "2029-01-01T00:00:00Z"},
    "a fraction of a second": {"starts": "2030-01-01T00:00:00.5Z"},
    "microseconds": {"starts": "2030-01-01T00:00:00.500000Z"},
    "a key in another spelling": {"key": hc1_key()["key"] + "\n"},
    "an issuer with a mark": {"issuer": "<b>x</b>"},
    "an issuer of nothing": {"issuer": ""},
    "a number": {"issuer": 7},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_key_is_told_in_exactly_one_way(what: str) -> None:
    with pytest.raises(PublicationRefused):
        Recognition.of(recognition(hc1_key(**WRONG[what])))


def test_a_key_stands_once_and_at_most_150_do() -> None:
    with pytest.raises(PublicationRefused, match="twice"):
        Recognition.of(recognition(hc1_key(), hc1_key()))
    many = [hc1_key(kid=f"{number:016x}") for number in range(151)]
    with pytest.raises(PublicationRefused):
        Recognition.of(recognition(*many))


SHORT: dict[str, tuple[Door, Document]] = {
    "three signers": (Door(signers=3), recognition(hc1_key())),
    "a notice of 22 hours": (Door(), recognition(hc1_key(), starts=AT - 3 * DAY + timedelta(hours=22))),
    "more than a year": (Door(), recognition(hc1_key(), ends=AT + 367 * DAY)),
    "less than a day": (Door(), recognition(hc1_key(), ends=AT - DAY + timedelta(hours=23))),
}


@pytest.mark.parametrize("what", SHORT)
def test_without_signers_notice_and_end_it_is_left_out_of_the_trust_file(what: str) -> None:
    door, document = SHORT[what]
    read = dataclasses.replace(door, recognised=(document,)).read()

    assert read.recognised == ()
    assert read.dropped >= 1


def test_it_is_in_the_trust_file_with_its_proof() -> None:
    read = Door(recognised=(recognition(hc1_key(), shc_key()),)).read()

    assert read.dropped == 0
    assert [key.issuer for key in recognised_at(read.recognised, AT)] == [hc1_key()["issuer"], shc_key()["issuer"]]


def test_the_newest_version_that_has_begun_stands_for_all_earlier_ones() -> None:
    first = Recognition.of(recognition(hc1_key(), shc_key()))
    second = Recognition.of(recognition(hc1_key(OTHER), version=2, starts=AT, ends=AT + 2 * DAY))
    other = Recognition.of(recognition(shc_key(), name="another"))

    assert len(recognised_at([second, first], AT - timedelta(hours=1))) == 2
    assert [key.kid for key in recognised_at([second, first], AT)] == [OTHER.signer.kid.hex()]
    assert recognised_at([first, second], AT + 3 * DAY) == ()
    assert len(recognised_at([first, second, other], AT)) == 2


def test_a_key_out_of_use_is_not_recognised() -> None:
    ended = Recognition.of(recognition(hc1_key(ends=format_instant(AT)), shc_key(starts="2033-01-01T00:00:00Z")))

    assert recognised_at([ended], AT) == ()
    assert len(recognised_at([ended], AT - timedelta(seconds=1))) == 1


def test_the_command_writes_what_signers_sign(tmp_path: Path) -> None:
    (tmp_path / "signers.pem").write_text(HC1.pem)
    (tmp_path / "jwks.json").write_text(json.dumps(SHC.jwks))
    options = ["--issuer", "Ministry", "--signers", str(tmp_path / "signers.pem"), "--out", str(tmp_path / "r.json")]
    options += ["--cards", f"https://spec.example/issuer={tmp_path / 'jwks.json'}"]
    options += ["--starts", "2031-03-03T00:00:00Z", "--ends", "2031-09-01T00:00:00Z", "--json"]
    done = CliRunner().invoke(main, ["code", "recognition", "elsewhere", *options])

    assert done.exit_code == 0, done.output
    found = Recognition.of(Document.parse((tmp_path / "r.json").read_bytes()))
    assert json.loads(done.stdout)["keys"] == 2
    assert [(str(one.form), one.kid) for one in found.keys] == [("HC1", HC1.signer.kid.hex()), ("SHC", SHC.kid)]
    assert [one.key for one in found.keys] == [
        one.key for one in Recognition.of(recognition(hc1_key(), shc_key())).keys
    ]
