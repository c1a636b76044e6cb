"""The custodian file and what is sealed, digested and signed with it."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from salus.kernel import Invalid, SalusError
from salus.keys import Custodian, CustodianBroken, SealBroken, WrongPassphrase
from salus.keys.errors import CustodianMissing

PASSPHRASE = b"a long enough passphrase"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def custodian(folder: Path) -> Custodian:
    return Custodian.open(folder, PASSPHRASE)


def test_a_custodian_opened_again_digests_unwraps_and_signs_as_before(custodian: Custodian, folder: Path) -> None:
    sealed = custodian.seal("identity.name", "张伟".encode(), b"row 1")
    wrapped = custodian.wrap(7, b"k" * 32)
    signer, scalar = custodian.signer("salus.example/log"), custodian.es256("access-token").private_numbers()

    again = Custodian.open(folder, PASSPHRASE)

    assert again.digest("identity.number", b"x") == custodian.digest("identity.number", b"x")
    assert again.open_sealed("identity.name", sealed, b"row 1") == "张伟".encode()
    assert again.unwrap(7, wrapped) == b"k" * 32
    assert again.signer("salus.example/log").public_key == signer.public_key
    assert again.es256("access-token").private_numbers() == scalar
    assert again.fingerprint == custodian.fingerprint


def test_the_file_is_its_owners_alone_and_holds_nothing_in_the_clear(custodian: Custodian, folder: Path) -> None:
    path = folder / "custodian.sealed"

    content = json.loads(path.read_text())

    assert path.stat().st_mode & 0o777 == 0o600
    assert set(content) == {"format", "salt", "nonce", "sealed", "checksum"}
    assert PASSPHRASE not in path.read_bytes()
    assert "key" not in repr(custodian).lower().replace("custodian", "")


def test_a_wrong_passphrase_is_named_as_such(custodian: Custodian, folder: Path) -> None:
    with pytest.raises(WrongPassphrase, match="does not open"):
        Custodian.open(folder, b"another long passphrase")


def test_a_short_passphrase_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="at least 12"):
        Custodian.open(tmp_path / "new", b"short")

    assert not (tmp_path / "new" / "custodian.sealed").exists()


def test_a_missing_file_is_not_made_where_that_is_not_wanted(tmp_path: Path) -> None:
    with pytest.raises(CustodianMissing, match="restore it"):
        Custodian.open(tmp_path, PASSPHRASE, create=False)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"format": 1}', b"x" * 2_000_000])
def test_a_file_that_is_no_custodian_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "custodian.sealed").write_bytes(content)

    with pytest.raises(CustodianBroken):
        Custodian.open(tmp_path, PASSPHRASE)


def test_every_damaged_byte_of_the_values_is_noticed(custodian: Custodian, folder: Path, tmp_path: Path) -> None:
    whole = json.loads((folder / "custodian.sealed").read_text())
    for part in ("format", "salt", "nonce", "sealed", "checksum"):
        text = whole[part]
        for place in {0, len(text) // 2, len(text) - 5}:
            swapped = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
            (tmp_path / "custodian.sealed").write_text(json.dumps(whole | {part: swapped}))

            with pytest.raises(CustodianBroken):
                Custodian.open(tmp_path, PASSPHRASE)


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_named_damaged(custodian: Custodian, folder: Path, tmp_path: Path, kept: float) -> None:
    whole = (folder / "custodian.sealed").read_bytes()
    (tmp_path / "custodian.sealed").write_bytes(whole[: int(len(whole) * kept)])

    with pytest.raises(CustodianBroken, match="damaged"):
        Custodian.open(tmp_path, PASSPHRASE)


def test_a_crash_before_the_rename_leaves_the_old_file_in_force(custodian: Custodian, folder: Path) -> None:
    (folder / "custodian.new").write_bytes(b"half a file")

    made = custodian.signer("after-crash")

    assert Custodian.open(folder, PASSPHRASE).signer("after-crash").public_key == made.public_key


@settings(max_examples=50, deadline=None)
@given(value=st.binary(max_size=200), aad=st.binary(max_size=20))
def test_what_is_sealed_opens_in_its_place_and_nowhere_else(custodian: Custodian, value: bytes, aad: bytes) -> None:
    sealed = custodian.seal("d", value, aad)

    assert custodian.open_sealed("d", sealed, aad) == value
    for domain, place in (("e", aad), ("d", aad + b"x")):
        with pytest.raises(SealBroken):
            custodian.open_sealed(domain, sealed, place)


@settings(max_examples=50, deadline=None)
@given(value=st.binary(min_size=1, max_size=60), at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_changed_bit_breaks_the_seal(custodian: Custodian, value: bytes, at: int, bit: int) -> None:
    sealed = bytearray(custodian.seal("d", value, b""))
    sealed[at % len(sealed)] ^= 1 << bit

    with pytest.raises(SealBroken):
        custodian.open_sealed("d", bytes(sealed), b"")


@pytest.mark.parametrize("length", [0, 1, 5, 12, 20])
def test_sealed_bytes_that_are_too_short_are_refused(custodian: Custodian, length: int) -> None:
    with pytest.raises(SealBroken):
        custodian.open_sealed("d", (b"\x01" * length), b"")


def test_digests_differ_between_domains_and_have_sixteen_bytes(custodian: Custodian) -> None:
    one, other = custodian.digest("a", b"value"), custodian.digest("b", b"value")

    assert len(one) == len(other) == 16
    assert one != other


def test_a_chart_key_wrapped_for_one_chart_does_not_open_for_another(custodian: Custodian) -> None:
    wrapped = custodian.wrap(7, b"k" * 32)

    with pytest.raises(SealBroken, match="another chart"):
        custodian.unwrap(8, wrapped)


def test_a_chart_key_of_another_custodian_says_so(custodian: Custodian, tmp_path: Path) -> None:
    other = Custodian.open(tmp_path, PASSPHRASE)

    with pytest.raises(SealBroken, match="another custodian"):
        custodian.unwrap(7, other.wrap(7, b"k" * 32))


def test_a_signer_signs_for_its_public_key(custodian: Custodian) -> None:
    signer = custodian.signer("salus.example/log")

    signature = signer.sign(b"checkpoint")

    Ed25519PublicKey.from_public_bytes(signer.public_key).verify(signature, b"checkpoint")
    assert signer.name == "salus.example/log"


def test_names_tell_signing_keys_apart(custodian: Custodian) -> None:
    assert custodian.signer("a").public_key != custodian.signer("b").public_key
    assert custodian.es256("a").private_numbers() != custodian.es256("b").private_numbers()


@pytest.mark.parametrize("name", ["", "x" * 256, "a\nb", "a\x00b"])
def test_an_unusable_name_is_refused(custodian: Custodian, name: str) -> None:
    for use in (custodian.signer, custodian.es256, lambda n: custodian.digest(n, b"")):
        with pytest.raises(Invalid):
            use(name)


def _make_in_another_process(folder: str, name: str, answers: multiprocessing.Queue[bytes]) -> None:
    answers.put(Custodian.open(Path(folder), PASSPHRASE).signer(name).public_key)


def test_two_processes_that_make_keys_at_once_lose_none(custodian: Custodian, folder: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[bytes] = spawn.Queue()
    names = ["shared", "own-1", "shared"]
    others = [spawn.Process(target=_make_in_another_process, args=(str(folder), name, answers)) for name in names]
    for other in others:
        other.start()
    mine = [custodian.signer(f"mine-{number}").public_key for number in range(5)]
    for other in others:
        other.join()

    made = [answers.get(timeout=300) for _ in others]

    again = Custodian.open(folder, PASSPHRASE)
    assert [again.signer(f"mine-{number}").public_key for number in range(5)] == mine
    assert {again.signer("shared").public_key, again.signer("own-1").public_key} == set(made)


def test_the_errors_tell_you_may_not_from_stop() -> None:
    kinds: dict[type[SalusError], int] = {WrongPassphrase: 403, CustodianBroken: 500, SealBroken: 500}

    assert all(kind.status == status for kind, status in kinds.items())
