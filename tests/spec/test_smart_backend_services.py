"""SMART Backend Services (SMART App Launch 2.2): what the token endpoint grants and refuses, with real signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from salus.kernel import Purpose, Role, new_id
from salus.parties import (
    PartyInvalid,
    System,
    TokenIssuer,
    TokenRefused,
    add_facility,
    add_organisation,
    add_system,
    authenticate,
    disable_system,
    replace_keys,
    token,
)
from salus.storage import Duty, Store

AT = datetime(2031, 3, 1, 8, 0, tzinfo=UTC)
TOKEN_URL = "https://node.example/auth/token"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

EC384 = ECKey.generate_key("P-384", parameters={"kid": "es384"})
EC256 = ECKey.generate_key("P-256", parameters={"kid": "es256"})
RSA = RSAKey.generate_key(2048, parameters={"kid": "rs384"})
ED = OKPKey.generate_key("Ed25519", parameters={"kid": "eddsa"})
KEYS: dict[str, Any] = {"ES384": EC384, "ES256": EC256, "RS384": RSA, "EdDSA": ED, "Ed25519": ED}
JWKS = {"keys": [key.as_dict(private=False) for key in (EC384, EC256, RSA, ED)]}


@dataclass(frozen=True)
class Node:
    store: Store
    issuer: TokenIssuer
    system: System

    def assertion(self, alg: str = "ES384", key: Any = None, header: Any = None, **claims: Any) -> str:
        key = key or KEYS[alg]
        known = {
            "iss": str(self.system.client_id),
            "sub": str(self.system.client_id),
            "aud": TOKEN_URL,
            "exp": int(AT.timestamp()) + 240,
            "jti": str(new_id()),
        }
        content = {name: value for name, value in (known | claims).items() if value is not None}
        full = {"alg": alg, "typ": "JWT", "kid": key.kid} | (header or {})
        full = {name: value for name, value in full.items() if value is not None}
        registry = JWSRegistry(algorithms=[alg], strict_check_header=False)
        return jwt.encode(full, content, key, registry=registry, default_type=None)

    def ask(self, assertion: str, at: datetime = AT, **form: str) -> dict[str, object]:
        known = {
            "grant_type": "client_credentials",
            "scope": "system/*.rs",
            "client_assertion_type": TYPE,
            "client_assertion": assertion,
        }
        return token(self.store, self.issuer, known | form, at)

    def refusal(self, assertion: str, **form: str) -> TokenRefused:
        with pytest.raises(TokenRefused) as caught:
            self.ask(assertion, **form)
        return caught.value


@pytest.fixture(scope="module")
def node(store: Store) -> Node:
    add_organisation(store, organisation_id="ORG", name_en="Health Group", name_zh="健康集团")
    add_facility(
        store,
        facility_id="H1",
        name_en="First Hospital",
        name_zh="第一医院",
        level=3,
        kind="hospital",
        county="410102",
        organisation="ORG",
    )
    issuer = TokenIssuer(
        ec.generate_private_key(ec.SECP256R1()),
        issuer="https://node.example",
        audience="https://node.example/fhir",
        token_urls=[TOKEN_URL],
    )
    return Node(store, issuer, add_system(store, "H1", JWKS))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("alg", ["ES384", "RS384", "ES256", "EdDSA", "Ed25519"])
def test_a_system_gets_a_token_with_each_accepted_algorithm(node: Node, alg: str) -> None:
    answer = node.ask(node.assertion(alg))

    who = authenticate(node.store, node.issuer, str(answer["access_token"]), AT)
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == ("bearer", 300, "system/*.rs")
    assert (who.role, who.subject, who.facility) == (Role.HOSPITAL_SYSTEM, str(node.system.client_id), "H1")
    assert (who.name_en, who.name_zh) == ("First Hospital", "第一医院")
    assert who.purposes == {Purpose.TREAT, Purpose.HOPERAT}
    assert who.purpose is Purpose.TREAT
    assert who.in_scope("Patient", "r")
    assert not who.in_scope("Patient", "c")


def test_the_access_token_is_an_es256_jwt_that_names_its_purpose(node: Node) -> None:
    answer = node.ask(node.assertion(), purpose_of_use="HOPERAT")

    public = ECKey.import_key(node.issuer.jwks()["keys"][0])
    opened = jwt.decode(str(answer["access_token"]), public, algorithms=["ES256"])
    assert opened.header["typ"] == "at+jwt"
    assert opened.header["kid"] == node.issuer.jwks()["keys"][0]["kid"]
    assert opened.claims["iss"] == "https://node.example"
    assert opened.claims["aud"] == "https://node.example/fhir"
    assert opened.claims["purpose_of_use"] == "HOPERAT"
    assert opened.claims["scope"] == "system/*.rs"
    assert opened.claims["exp"] - opened.claims["iat"] == 300
    assert {"jti", "sub", "role", "facility", "client_id"} <= set(opened.claims)


CASES: dict[str, Callable[[Node], str]] = {
    "no assertion": lambda n: "",
    "no jwt": lambda n: "a.b",
    "too long": lambda n: "a" * 10_000,
    "not ascii": lambda n: "é.é.é",
    "wrong audience": lambda n: n.assertion(aud="https://elsewhere.example/token"),
    "no audience": lambda n: n.assertion(aud=None),
    "audience is an object": lambda n: n.assertion(aud={"a": 1}),
    "expired": lambda n: n.assertion(exp=int(AT.timestamp())),
    "too far in the future": lambda n: n.assertion(exp=int(AT.timestamp()) + 301),
    "no end": lambda n: n.assertion(exp=None),
    "end is a text": lambda n: n.assertion(exp=str(int(AT.timestamp()) + 60)),
    "end is true": lambda n: n.assertion(exp=True),
    "end is not a number": lambda n: n.assertion(exp=float("nan")),
    "end is enormous": lambda n: n.assertion(exp=10**400),
    "not before is later": lambda n: n.assertion(nbf=int(AT.timestamp()) + 120),
    "issued later": lambda n: n.assertion(iat=int(AT.timestamp()) + 120),
    "no jti": lambda n: n.assertion(jti=None),
    "empty jti": lambda n: n.assertion(jti=""),
    "long jti": lambda n: n.assertion(jti="x" * 256),
    "jti is a number": lambda n: n.assertion(jti=7),
    "unknown client": lambda n: n.assertion(iss=str(new_id()), sub=None),
    "issuer is not subject": lambda n: n.assertion(sub=str(new_id())),
    "an unregistered client": lambda n: n.assertion(**dict.fromkeys(("iss", "sub"), str(new_id()))),
    "client is no uuid": lambda n: n.assertion(iss="H1", sub="H1"),
    "client in capitals": lambda n: n.assertion(
        **dict.fromkeys(("iss", "sub"), "{" + str(n.system.client_id).upper() + "}")
    ),
    "client is a list": lambda n: n.assertion(iss=["x"], sub=["x"]),
    "no kid": lambda n: n.assertion(header={"kid": None}),
    "unknown kid": lambda n: n.assertion(header={"kid": "other"}),
    "kid of another key": lambda n: n.assertion(header={"kid": "es256"}),
    "another key under this kid": lambda n: n.assertion(key=ECKey.generate_key("P-384", parameters={"kid": "es384"})),
    "names another key set": lambda n: n.assertion(header={"jku": "https://evil.example/jwks.json"}),
    "brings its own key": lambda n: n.assertion(header={"jwk": EC384.as_dict(private=False)}),
    "RS256": lambda n: n.assertion("RS256", key=RSA),
    "PS384": lambda n: n.assertion("PS384", key=RSA),
    "ES512": lambda n: n.assertion("ES512", key=ECKey.generate_key("P-521", parameters={"kid": "es384"})),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES)
def test_an_assertion_is_refused_as_invalid_client(node: Node, case: str) -> None:
    refusal = node.refusal(CASES[case](node))

    assert (refusal.error, refusal.status) == ("invalid_client", 401)
    assert refusal.body()["error"] == "invalid_client"


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _forged(node: Node, header: dict[str, object], sign: Callable[[bytes], bytes]) -> str:
    body = node.assertion().split(".")[1]
    signed = _b64(json.dumps(header).encode()) + "." + body
    return signed + "." + _b64(sign(signed.encode()))


def test_an_unsigned_assertion_is_refused_however_none_is_spelt(node: Node) -> None:
    for none in ("none", "None", "NONE", "", None):
        refusal = node.refusal(_forged(node, {"alg": none, "kid": "es384"}, lambda _: b""))

        assert refusal.error == "invalid_client"


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_public_key_is_no_shared_secret(node: Node, alg: str) -> None:
    hashes = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
    for kid, secret in (
        ("rs384", RSA.as_pem(private=False)),
        ("es384", EC384.as_der(private=False)),
        ("es384", json.dumps(EC384.as_dict(private=False)).encode()),
        ("es384", b""),
    ):
        forged = _forged(node, {"alg": alg, "kid": kid}, lambda m, s=secret: hmac.new(s, m, hashes[alg]).digest())

        assert node.refusal(forged).error == "invalid_client"


def test_a_right_signature_under_another_algorithms_name_is_refused(node: Node) -> None:
    own = node.assertion("ES384").split(".")
    header = _b64(json.dumps({"alg": "ES256", "kid": "es384"}).encode())

    assert node.refusal(".".join([header, *own[1:]])).error == "invalid_client"


def test_a_claim_that_stands_twice_is_refused(node: Node) -> None:
    client = node.system.client_id
    rest = f'"aud":"{TOKEN_URL}","exp":{int(AT.timestamp()) + 60},"jti":"1"'
    payload = f'{{"iss":"{client}","sub":"{client}","aud":"x",{rest}}}'
    signed = _b64(b'{"alg":"ES384","kid":"es384"}') + "." + _b64(payload.encode())
    signature = JWSRegistry.algorithms["ES384"].sign(signed.encode(), EC384)

    assert node.refusal(signed + "." + _b64(signature)).error == "invalid_client"


def test_every_changed_character_breaks_the_assertion(node: Node) -> None:
    whole = node.assertion()
    for place in range(0, len(whole), 37):
        changed = whole[:place] + ("A" if whole[place] != "A" else "B") + whole[place + 1 :]

        assert node.refusal(changed).error == "invalid_client"


def test_an_assertion_is_good_once(node: Node) -> None:
    assertion = node.assertion()
    node.ask(assertion)

    assert "used before" in node.refusal(assertion).text


def test_an_assertion_sent_by_many_at_once_is_good_once(node: Node) -> None:
    assertion = node.assertion()
    granted: list[object] = []

    def ask() -> None:
        try:
            granted.append(node.ask(assertion))
        except TokenRefused:
            return

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(granted) == 1


def test_a_used_assertion_is_remembered_by_the_database_until_it_has_expired(node: Node) -> None:
    exp = int(AT.timestamp()) + 240
    node.ask(node.assertion(jti="kept", exp=exp))
    digest = hashlib.sha256(b"kept").digest()

    def kept() -> bool:
        with node.store.transaction(Duty.REGISTRY) as tx:
            return tx.row("select 1 from parties.assertion where jti = %s", (digest,)) is not None

    assert kept()
    later = AT + timedelta(seconds=239)
    node.ask(node.assertion(exp=int(later.timestamp()) + 60), at=later)
    assert kept()
    later = AT + timedelta(minutes=10)
    node.ask(node.assertion(exp=int(later.timestamp()) + 60), at=later)
    assert not kept()


def test_an_assertion_that_was_refused_for_its_scope_is_used_up(node: Node) -> None:
    narrow = add_system(node.store, "H1", JWKS, scopes="system/Patient.rs")
    mine = Node(node.store, node.issuer, narrow)
    assertion = mine.assertion()

    assert mine.refusal(assertion, scope="system/*.rs").error == "invalid_scope"
    assert mine.refusal(assertion, scope="system/Patient.r").error == "invalid_client"
    assert mine.ask(mine.assertion(), scope="system/Patient.r")["scope"] == "system/Patient.r"


def test_an_audience_may_be_a_list_that_holds_the_token_endpoint(node: Node) -> None:
    assert node.ask(node.assertion(aud=["https://other.example", TOKEN_URL]))


@pytest.mark.parametrize(
    "scope",
    [
        "",
        " ",
        "system/*.rs ",
        "system/*.sr",
        "system/*.",
        "system/*",
        "system/*.read",
        "system/*.*",
        "system/patient.rs",
        "user/*.rs",
        "patient/*.rs",
        "openid",
        "system/*.rs?category=x",
        "system/*.rs\nsystem/*.c",
        "ｓystem/*.rs",
        "system/*.rs " * 500,
    ],
)
def test_a_scope_outside_the_grammar_is_an_invalid_scope(node: Node, scope: str) -> None:
    refusal = node.refusal(node.assertion(), scope=scope)

    assert (refusal.error, refusal.status) == ("invalid_scope", 400)


@pytest.mark.parametrize("grant", ["", "password", "authorization_code", "CLIENT_CREDENTIALS"])
def test_another_grant_type_is_unsupported(node: Node, grant: str) -> None:
    refusal = node.refusal(node.assertion(), grant_type=grant)

    assert (refusal.error, refusal.status) == ("unsupported_grant_type", 400)


@pytest.mark.parametrize("purpose", ["", "ETREAT", "PUBHLTH", "PATRQT", "HRESCH", "POLICE", "treat"])
def test_a_purpose_that_systems_do_not_have_is_refused(node: Node, purpose: str) -> None:
    assert node.refusal(node.assertion(), purpose_of_use=purpose).error == "invalid_request"


def test_another_way_to_authenticate_is_refused(node: Node) -> None:
    assert node.refusal(node.assertion(), client_assertion_type="").error == "invalid_client"
    assert node.refusal("", client_id=str(node.system.client_id), client_secret="x").error == "invalid_client"
    assert node.refusal(node.assertion(), client_id=str(new_id())).error == "invalid_client"


def test_a_client_secret_key_cannot_even_be_registered(node: Node) -> None:
    secret = OctKey.import_key("a shared secret that is long enough")

    with pytest.raises(PartyInvalid, match="kty"):
        add_system(node.store, "H1", {"keys": [secret.as_dict() | {"kid": "s"}]})


def test_a_replaced_key_is_refused_and_its_successor_taken(node: Node) -> None:
    mine = Node(node.store, node.issuer, add_system(node.store, "H1", JWKS))
    successor = ECKey.generate_key("P-384", parameters={"kid": "next"})
    replace_keys(node.store, mine.system.client_id, {"keys": [successor.as_dict(private=False)]})

    assert mine.refusal(mine.assertion()).error == "invalid_client"
    assert mine.ask(mine.assertion(key=successor))


def test_one_systems_key_does_not_speak_for_another(node: Node) -> None:
    other = ECKey.generate_key("P-384", parameters={"kid": "es384"})
    add_system(node.store, "H1", {"keys": [other.as_dict(private=False)]})

    assert node.refusal(node.assertion(key=other)).error == "invalid_client"


def test_a_disabled_system_gets_no_token(node: Node) -> None:
    mine = Node(node.store, node.issuer, add_system(node.store, "H1", JWKS))
    disable_system(node.store, mine.system.client_id, AT)

    assert mine.refusal(mine.assertion()).error == "invalid_client"


def test_an_unknown_client_and_a_wrong_signature_get_the_same_answer(node: Node) -> None:
    unknown = node.refusal(CASES["an unregistered client"](node))
    forged = node.refusal(CASES["another key under this kid"](node))

    assert unknown.body() == forged.body()
