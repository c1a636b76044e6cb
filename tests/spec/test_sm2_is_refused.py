"""Keys of SM2 (GB/T 32918) are refused by name, wherever one is handed in: no library fit for them is known."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner

from doors import Door
from foreigners import CARD, CardIssuer
from salus.cli import main
from salus.codec import CodecError, Fault
from salus.codec.certificates import read_trust
from salus.codec.cose import refuse_sm2
from salus.codec.foreign import keys_of_jwks, public_key

# GB/T 32918.5-2017, annex A.2: the public key of the example, as a SubjectPublicKeyInfo.
POINT = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
SM2 = bytes.fromhex(f"3059301306072a8648ce3d020106082a811ccf5501822d03420004{POINT}")


def test_a_key_of_sm2_is_refused_by_name() -> None:
    for read in (public_key, refuse_sm2):
        with pytest.raises(CodecError, match="SM2") as refused:
            read(SM2)
        assert refused.value.fault is Fault.ALGORITHM


@pytest.mark.parametrize("named", [{"crv": "SM2"}, {"alg": "SM2"}])
def test_a_key_set_with_sm2_is_refused_by_name(named: dict[str, str], tmp_path: Path) -> None:
    (key,) = CardIssuer().jwks["keys"]
    keys = {"keys": [{**key, **named}]}
    (tmp_path / "jwks.json").write_text(json.dumps(keys))
    with pytest.raises(CodecError, match="SM2"):
        keys_of_jwks(keys)
    trust = f"https://spec.example/issuer={tmp_path / 'jwks.json'}"
    result = CliRunner().invoke(
        main, ["code", "verify", CardIssuer().text(CARD), "--trust", trust, "--at", "2031-03-01T08:00:00Z"]
    )

    assert result.exit_code != 0
    assert "SM2" in result.output


def test_an_issuer_of_sm2_in_a_trust_file_is_left_out_and_counted() -> None:
    told = json.loads(Door().file())
    told["issuers"].append({"party": "door.example/issuer", "key": b64encode(SM2).decode()})
    before, after = Door().read(), read_trust(json.dumps(told).encode())

    assert after.dropped == before.dropped + 1
    assert after.issuers.keys() == before.issuers.keys()


def test_other_keys_are_not_taken_for_it() -> None:
    refuse_sm2(Door().spki)
