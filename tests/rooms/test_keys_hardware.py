"""Keys in a hardware token: SoftHSM stands in for one. They sign, certificates hold, and nothing of them comes out."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from salus.codec import key_id
from salus.codec.certificates import decode_certificate
from salus.healthcode.certificates import Fact, held, issuing_keys, new_issuing_key, take
from salus.keys import Custodian, HardwareToken, TokenSilent
from salus.keys.errors import BadRequest
from salus.storage import Duty, Store
from support import absent

MODULES = [Path(one) for one in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")]
PIN, PASSPHRASE = "240613", b"only for these tests"
SIGNED = ec.ECDSA(hashes.SHA256())
LOST = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""A search in a session that is gone says so once more when it is collected."""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A SoftHSM library with one fresh token, or a skip that says what is missing."""
    found = next((one for one in MODULES if one.exists()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        absent("softhsm", "softhsm2 is not installed")
    pytest.importorskip("pkcs11", reason="salus[pkcs11] is not installed")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        made = ["--init-token", "--free", "--label", "salus test", "--pin", PIN, "--so-pin", "13062400"]
        subprocess.run(["softhsm2-util", *made], check=True, capture_output=True, timeout=300)
        assert found is not None
        yield found


@pytest.fixture(scope="module")
def token(module: Path) -> HardwareToken:
    return HardwareToken(module, "salus test", PIN)


@pytest.fixture
def custodian(tmp_path: Path, token: HardwareToken) -> Custodian:
    return Custodian.open(tmp_path / "keys", PASSPHRASE, token=token)


def test_a_key_signs_and_is_the_same_when_it_is_asked_for_again(token: HardwareToken) -> None:
    key, again = token.es256("one"), token.es256("one")
    signature = key.sign(b"what is signed", SIGNED)

    key.public_key().verify(signature, b"what is signed", SIGNED)
    assert key.public_key() == again.public_key() != token.es256("two").public_key()
    assert {"one", "two"} <= set(token.names())


@LOST
def test_a_session_that_was_lost_is_opened_again(token: HardwareToken) -> None:
    key = token.es256("lasting")

    token._session.close()
    key.public_key().verify(key.sign(b"again", SIGNED), b"again", SIGNED)
    token._session.close()
    assert token.es256("lasting").public_key() == key.public_key()
    token._session.close()
    assert token.es256("made after it was lost").curve.name == "secp256r1"
    token._session.close()
    assert {"lasting", "made after it was lost"} <= set(token.names())


@LOST
def test_a_token_that_stays_away_is_said_to_be_silent_and_comes_back(
    token: HardwareToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = token.es256("coming back")
    token._session.close()

    with monkeypatch.context() as patch:
        patch.setattr(token, "_pin", "1")
        for ask in (token.names, lambda: token.es256("coming back"), lambda: key.sign(b"", SIGNED)):
            with pytest.raises(TokenSilent):
                ask()
    assert "coming back" in token.names()


def test_nothing_of_the_private_half_comes_out(token: HardwareToken) -> None:
    key = token.es256("kept in")

    for ask in (key.private_numbers, key.private_bytes, lambda: key.exchange(ec.ECDH(), key.public_key())):
        with pytest.raises(BadRequest):
            ask()
    with pytest.raises(BadRequest):
        key.sign(b"", ec.ECDSA(hashes.SHA384()))


def test_a_key_that_the_sealed_file_has_stays_there(tmp_path: Path, token: HardwareToken) -> None:
    before = Custodian.open(tmp_path, PASSPHRASE)
    known = before.es256("moving").public_key()
    after = Custodian.open(tmp_path, PASSPHRASE, token=token)

    assert after.es256_in_token("moving").public_key() == known
    assert "moving" not in token.names()
    assert after.es256_in_token("made later").public_key() == token.es256("made later").public_key()
    assert {"moving", "made later"} <= set(after.es256_names())


def test_certificates_are_signed_in_the_token(store: Store, custodian: Custodian) -> None:
    at = datetime(2031, 3, 1, 8, 20, tzinfo=UTC)
    (first,), second = issuing_keys(custodian), new_issuing_key(custodian)
    for resident, name in ((91_001, first.name), (91_002, second.name)):
        fact = Fact(resource=uuid4(), kind="vaccination", disease="influenza", at=at - timedelta(days=3))
        with store.transaction(Duty.CARE) as tx:
            take(tx, custodian, resident, fact, None, at=at, key_name=name)
            (mine,) = held(tx, custodian, resident)
        presented = decode_certificate(mine.text)
        presented.verify(custodian.es256_in_token(name).public_key())
        assert presented.kid == key_id(custodian.es256_in_token(name).public_key())

    assert [one.name for one in issuing_keys(custodian)] == [first.name, second.name]


def test_a_token_that_is_not_there_or_lets_nobody_in_says_what_to_do(module: Path, tmp_path: Path) -> None:
    for place, label, pin in (
        (tmp_path / "no.so", "salus test", PIN),
        (module, "another", PIN),
        (module, "salus test", "1"),
    ):
        with pytest.raises(TokenSilent, match="check pkcs11"):
            HardwareToken(place, label, pin)
