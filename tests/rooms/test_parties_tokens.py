"""Access tokens: who they name, when they end, and how soon a disabled subject is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from salus.kernel import Purpose, Role, new_id
from salus.parties import (
    Facility,
    FacilityKind,
    NotSignedIn,
    PartyInvalid,
    Principal,
    System,
    TokenIssuer,
    add_facility,
    add_organisation,
    add_staff,
    add_system,
    authenticate,
    disable_account,
    disable_system,
    facility,
    issue_token,
    new_client_key,
    parse_scopes,
    principal,
    registration_sheet,
    remembered,
    resident_principal,
    staff_principal,
    system_principal,
    token,
)
from salus.storage import Store

AT = datetime(2031, 3, 1, 8, 0, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
NAMES = {"issuer": "https://node.example", "audience": "https://node.example/fhir"}
TOKEN_URL = "https://node.example/auth/token"
PUBLIC = {"keys": [ECKey.generate_key("P-384", parameters={"kid": "k"}).as_dict(private=False)]}


def an_issuer(key: ec.EllipticCurvePrivateKey = KEY, **names: str) -> TokenIssuer:
    return TokenIssuer(key, token_urls=[TOKEN_URL], **NAMES | names)


@pytest.fixture(scope="module")
def registry(store: Store) -> Store:
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
    return store


@pytest.fixture
def issuer() -> TokenIssuer:
    return an_issuer()


def a_doctor(**changes: Any) -> Principal:
    return principal(
        Role.CLINICIAN, str(new_id()), **{"name_en": "Dr Li", "name_zh": "李医生", "facility": "H1"} | changes
    )


@pytest.mark.parametrize(
    "who",
    [
        a_doctor(strong=True),
        a_doctor(purpose=Purpose.TREAT),
        resident_principal(new_id(), new_id(), strong=True),
        principal(Role.AUDITOR, "a"),
        principal(Role.OPERATOR, "o", name_en="Operator", name_zh="操作员"),
        principal(Role.RECEPTION, "r", facility="H1"),
        principal(
            Role.HOSPITAL_SYSTEM,
            "s",
            facility="H1",
            purpose=Purpose.HOPERAT,
            strong=True,
            scopes=parse_scopes("system/Patient.rs system/*.c"),
        ),
    ],
    ids=lambda who: who.role.value,
)
def test_a_token_names_whom_it_was_issued_for(registry: Store, issuer: TokenIssuer, who: Principal) -> None:
    bearer = issue_token(issuer, who, AT)

    assert authenticate(registry, issuer, bearer, AT) == who
    assert authenticate(registry, an_issuer(), bearer, AT + timedelta(minutes=4, seconds=59)) == who


def test_a_residents_token_carries_no_name(issuer: TokenIssuer) -> None:
    bearer = issue_token(issuer, resident_principal(new_id(), new_id(), strong=True), AT)

    assert not {"name", "name#zh"} & set(issuer.claims(bearer))


def test_a_token_ends_also_when_it_is_remembered(registry: Store, issuer: TokenIssuer) -> None:
    bearer = issue_token(issuer, a_doctor(), AT)
    authenticate(registry, issuer, bearer, AT)

    with pytest.raises(NotSignedIn, match="expired"):
        authenticate(registry, issuer, bearer, AT + timedelta(minutes=5))


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1), timedelta(hours=24, seconds=1)])
def test_a_lifetime_that_carries_too_far_is_refused(issuer: TokenIssuer, lifetime: timedelta) -> None:
    with pytest.raises(PartyInvalid):
        issue_token(issuer, a_doctor(), AT, lifetime)


def _signed(claims: dict[str, Any], key: Any = None, alg: str = "ES256", typ: str = "at+jwt") -> str:
    own = {
        "iss": NAMES["issuer"],
        "aud": NAMES["audience"],
        "sub": "x",
        "exp": int(AT.timestamp()) + 60,
        "role": "auditor",
    }
    content = {name: value for name, value in (own | claims).items() if value is not None}
    return jwt.encode({"alg": alg, "typ": typ}, content, key or ECKey.import_key(KEY), algorithms=[alg])


WRONG = {
    "empty": "",
    "words": "not a token",
    "not ascii": "é",
    "dots": "..",
    "too long": "a" * 20_000,
    "another issuer": _signed({"iss": "https://other.example"}),
    "another audience": _signed({"aud": "https://other.example/fhir"}),
    "another key": _signed({}, key=ECKey.generate_key("P-256")),
    "another type": _signed({}, typ="JWT"),
    "another algorithm": _signed({}, key=OctKey.import_key("0" * 32), alg="HS256"),
    "no end": _signed({"exp": None}),
    "end is a word": _signed({"exp": "soon"}),
    "no subject": _signed({"sub": None}),
    "no role": _signed({"role": None}),
    "unknown role": _signed({"role": "police"}),
    "a role without its facility": _signed({"role": "clinician"}),
    "a purpose the role lacks": _signed({"purpose_of_use": "TREAT"}),
    "an unknown purpose": _signed({"purpose_of_use": "POLICE"}),
    "a resident who is none": _signed({"role": "resident", "resident": "x"}),
    "a scope outside the grammar": _signed({"scope": "everything"}),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_token_of_ours_is_refused(registry: Store, issuer: TokenIssuer, what: str) -> None:
    for _ in range(2):
        with pytest.raises(NotSignedIn) as caught:
            authenticate(registry, issuer, WRONG[what], AT)

        assert caught.value.status == 401


def test_the_same_claims_rightly_made_are_taken(registry: Store, issuer: TokenIssuer) -> None:
    assert authenticate(registry, issuer, _signed({}), AT).role is Role.AUDITOR


def test_every_changed_character_breaks_a_token(registry: Store, issuer: TokenIssuer) -> None:
    bearer = issue_token(issuer, a_doctor(), AT)
    authenticate(registry, issuer, bearer, AT)

    for place in range(0, len(bearer) - 1, 29):
        changed = bearer[:place] + ("A" if bearer[place] != "A" else "B") + bearer[place + 1 :]
        with pytest.raises(NotSignedIn):
            authenticate(registry, issuer, changed, AT)


def test_a_disabled_system_is_refused_within_sixty_seconds(registry: Store, issuer: TokenIssuer) -> None:
    system = add_system(registry, "H1", PUBLIC)
    bearer = issue_token(issuer, system_principal(system, facility(registry, "H1")), AT)
    authenticate(registry, issuer, bearer, AT)
    disable_system(registry, system.client_id, AT)

    with pytest.raises(NotSignedIn, match="disabled"):
        authenticate(registry, issuer, bearer, AT + timedelta(seconds=60))
    with pytest.raises(NotSignedIn, match="disabled"):
        authenticate(registry, an_issuer(), bearer, AT)


def test_a_token_is_known_without_waiting_while_nothing_has_to_be_looked_up(
    registry: Store, issuer: TokenIssuer
) -> None:
    system = add_system(registry, "H1", PUBLIC)
    bearer = issue_token(issuer, system_principal(system, facility(registry, "H1")), AT, timedelta(seconds=40))
    before = remembered(issuer, bearer, AT)
    who = authenticate(registry, issuer, bearer, AT)

    soon, late = (remembered(issuer, bearer, AT + timedelta(seconds=n)) for n in (29, 30))
    authenticate(registry, issuer, bearer, AT + timedelta(seconds=39))
    ended = remembered(issuer, bearer, AT + timedelta(seconds=40))
    disable_system(registry, system.client_id, AT)
    with pytest.raises(NotSignedIn, match="disabled"):
        authenticate(registry, issuer, bearer, AT)

    assert (before, soon, late, ended) == (None, who, None, None)
    assert remembered(issuer, bearer, AT) is None
    assert remembered(issuer, "é" * 9, AT) is None


def test_a_disabled_member_of_staff_is_refused_within_sixty_seconds(registry: Store, issuer: TokenIssuer) -> None:
    doctor = add_staff(registry, role=Role.CLINICIAN, name_en="Dr Wu", name_zh="吴医生", facility="H1")
    bearer = issue_token(issuer, staff_principal(doctor, strong=True), AT)
    authenticate(registry, issuer, bearer, AT)
    disable_account(registry, doctor.staff_id, AT)

    with pytest.raises(NotSignedIn, match="disabled"):
        authenticate(registry, issuer, bearer, AT + timedelta(seconds=60))


def test_many_threads_notice_a_disabling_together(registry: Store, issuer: TokenIssuer) -> None:
    system = add_system(registry, "H1", PUBLIC)
    bearer = issue_token(issuer, system_principal(system, facility(registry, "H1")), AT)
    authenticate(registry, issuer, bearer, AT)
    disable_system(registry, system.client_id, AT)
    let_in: list[Principal] = []

    def knock() -> None:
        for _ in range(50):
            try:
                let_in.append(authenticate(registry, issuer, bearer, AT + timedelta(seconds=60)))
            except NotSignedIn:
                continue

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert let_in == []


def test_a_token_seen_before_costs_little(registry: Store, issuer: TokenIssuer) -> None:
    bearer = issue_token(issuer, a_doctor(), AT)
    authenticate(registry, issuer, bearer, AT)

    def seconds() -> float:
        began = time.process_time()
        for _ in range(2_000):
            authenticate(registry, issuer, bearer, AT)
        return (time.process_time() - began) / 2_000

    assert any(seconds() < 0.000_1 for _ in range(5))  # a machine that stood still meanwhile counts that in


def test_an_issuer_that_nobody_could_check_is_not_built() -> None:
    for wrong in ({"issuer": ""}, {"audience": ""}):
        with pytest.raises(PartyInvalid):
            an_issuer(**wrong)
    with pytest.raises(PartyInvalid):
        TokenIssuer(KEY, token_urls=TOKEN_URL, **NAMES)  # type: ignore[arg-type]


HOSPITAL = Facility(
    facility_id="H1",
    name_en="First Hospital",
    name_zh="第一医院",
    level=3,
    kind=FacilityKind.HOSPITAL,
    county="410102",
    organisation="ORG",
)


def _sheet(system: System, private: dict[str, Any] | None) -> str:
    urls = {"token_url": TOKEN_URL, "fhir_url": NAMES["audience"]}
    return registration_sheet(HOSPITAL, system, **urls, private_key=private)


def test_a_hospital_that_follows_its_sheet_gets_a_token(registry: Store, issuer: TokenIssuer, tmp_path: Path) -> None:
    private, public = new_client_key("H1-first")
    system = add_system(registry, "H1", public)
    sheet = _sheet(system, private)
    (tmp_path / "salus-H1-private.jwk").write_text(next(line for line in sheet.splitlines() if line.startswith("{")))
    program = sheet.split("---8<--- assertion.py\n")[1].split("--->8---")[0]
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    now = datetime.now(UTC)

    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": run.stdout.strip(),
        "scope": "system/*.cruds",
        "purpose_of_use": "TREAT",
    }

    answer = token(registry, issuer, form, now)
    assert authenticate(registry, issuer, str(answer["access_token"]), now).subject == str(system.client_id)
    assert all(f"{name}=" in sheet for name in form)


def test_the_sheet_names_what_an_engineer_needs_and_no_secret_but_the_fresh_key(registry: Store) -> None:
    private, public = new_client_key("H1-first")
    system = add_system(registry, "H1", public)

    with_key, without = _sheet(system, private), _sheet(system, None)

    for sheet in (with_key, without):
        assert all(word in sheet for word in ("H1", "第一医院", str(system.client_id), TOKEN_URL, NAMES["audience"]))
        assert "{" + "facility_id" not in sheet
    assert json.dumps(private) in with_key
    assert private["d"] not in without
