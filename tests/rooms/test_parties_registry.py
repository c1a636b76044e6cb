"""Organisations, facilities, systems, staff: what is registered, what is refused, who may see the tables."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from salus.kernel import Purpose, Role, new_id
from salus.parties import (
    ROLE_PURPOSES,
    FacilityKind,
    PartyExists,
    PartyInvalid,
    PartyUnknown,
    Principal,
    PurposeRefused,
    add_facility,
    add_organisation,
    add_staff,
    add_system,
    default_purpose,
    disable_account,
    disable_system,
    facilities,
    facility,
    new_client_key,
    organisations,
    principal,
    resident_account,
    staff,
    staff_member,
    systems,
)
from salus.storage import Duty, Store

AT = datetime(2031, 3, 1, 8, 0, tzinfo=UTC)
EC = ECKey.generate_key("P-384", parameters={"kid": "one"})
HOSPITAL: dict[str, Any] = {
    "name_en": "First Hospital",
    "name_zh": "第一医院",
    "level": 3,
    "kind": "hospital",
    "county": "410102",
    "organisation": "ORG",
}


@pytest.fixture(scope="module")
def registry(store: Store) -> Store:
    add_organisation(store, organisation_id="ORG", name_en="Health Group", name_zh="健康集团")
    add_facility(store, facility_id="H1", **HOSPITAL)
    return store


def test_what_was_registered_is_read_back(registry: Store) -> None:
    added = add_facility(registry, facility_id="H2", **HOSPITAL | {"kind": FacilityKind.CLINIC, "level": 1})

    assert facility(registry, "H2") == added
    assert added in facilities(registry)
    assert [one.organisation_id for one in organisations(registry)] == ["ORG"]
    assert not added.kind.startswith("police")


def test_an_identifier_is_given_once(registry: Store) -> None:
    with pytest.raises(PartyExists):
        add_facility(registry, facility_id="H1", **HOSPITAL)
    with pytest.raises(PartyExists):
        add_organisation(registry, organisation_id="ORG", name_en="x", name_zh="x")


@pytest.mark.parametrize(
    "wrong",
    [
        {"facility_id": "h1"},
        {"facility_id": "H 1"},
        {"facility_id": "Ｈ1"},
        {"facility_id": ""},
        {"level": 0},
        {"level": 4},
        {"county": "4101"},
        {"county": "４１０１０２"},
        {"county": "41010a"},
        {"kind": "police"},
        {"kind": "police-station"},
        {"kind": ""},
        {"name_en": " "},
        {"name_zh": "x" * 201},
        {"name_en": "a\nb"},
    ],
)
def test_an_impossible_facility_is_refused(registry: Store, wrong: dict[str, Any]) -> None:
    with pytest.raises(PartyInvalid):
        add_facility(registry, **{"facility_id": "H9"} | HOSPITAL | wrong)


def test_a_facility_needs_its_organisation(registry: Store) -> None:
    with pytest.raises(PartyUnknown):
        add_facility(registry, facility_id="H9", **HOSPITAL | {"organisation": "NONE"})
    with pytest.raises(PartyUnknown):
        facility(registry, "H9")


def test_the_kinds_of_facility_are_a_closed_list_of_care_laboratories_and_offices(registry: Store) -> None:
    care = {
        kind: add_facility(registry, facility_id=f"K{n}", **HOSPITAL | {"kind": kind}).care
        for n, kind in enumerate(FacilityKind)
    }

    assert {kind for kind, is_care in care.items() if not is_care} == {
        FacilityKind.LABORATORY,
        FacilityKind.SAMPLING_SITE,
        FacilityKind.DISEASE_CONTROL_CENTRE,
        FacilityKind.COMMAND_CENTRE,
        FacilityKind.REVIEW_BOARD,
        FacilityKind.DEPARTMENT,
    }
    with registry.connect(Duty.MIGRATION) as owner:
        for word in ("police", "court", "border", "employer"):
            with pytest.raises(psycopg.errors.CheckViolation), owner.transaction():
                owner.execute("update parties.facility set kind = %s where id = 'H1'", (word,))


def _small_rsa() -> RSAKey:
    with warnings.catch_warnings(action="ignore"):
        return RSAKey.generate_key(1024, parameters={"kid": "a"})


def _jwks(*keys: Any) -> dict[str, Any]:
    return {"keys": [key if isinstance(key, dict) else key.as_dict(private=False) for key in keys]}


def test_a_system_keeps_only_the_public_members_of_its_keys(registry: Store) -> None:
    extra = EC.as_dict(private=False) | {"x5u": "https://evil.example", "note": "x"}

    added = add_system(registry, "H1", _jwks(extra))

    assert added in systems(registry, "H1")
    assert set(added.jwks["keys"][0]) == {"kty", "crv", "x", "y", "kid", "alg", "use"}  # type: ignore[index]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("jwks", "says"),
    [
        ("not json", "not JSON"),
        ("[" * 30_000, "not JSON"),
        (b"x" * 40_000, "at most"),
        (None, "keys"),
        ({}, "keys"),
        ({"keys": []}, "1 to 8"),
        ({"keys": "x"}, "keys"),
        ({"keys": [7]}, "kty"),
        (_jwks(*[EC.as_dict(private=False) | {"kid": str(n)} for n in range(9)]), "1 to 8"),
        ({"keys": [EC.as_dict(private=True)]}, "private key"),
        (_jwks(EC, EC), "same kid"),
        (_jwks(EC.as_dict(private=False) | {"kid": ""}), "kid"),
        (_jwks(EC.as_dict(private=False) | {"kid": 7}), "kid"),
        (_jwks(EC.as_dict(private=False) | {"use": "enc"}), "use is sig"),
        (_jwks(EC.as_dict(private=False) | {"alg": "HS256"}), "alg is ES384"),
        (_jwks(EC.as_dict(private=False) | {"x": "AAAA"}), "not a valid key"),
        (_jwks(EC.as_dict(private=False) | {"y": None}), "not a valid key"),
        (_jwks(ECKey.generate_key("P-521", parameters={"kid": "a"})), "curve"),
        (_jwks(ECKey.generate_key("P-384")), "kid"),
        (_jwks(OKPKey.generate_key("X25519", parameters={"kid": "a"})), "curve"),
        (_jwks(_small_rsa()), "2048"),
        ({"keys": [OctKey.generate_key(256, parameters={"kid": "a"}).as_dict()]}, "kty"),
    ],
)
def test_a_key_set_that_is_secret_weak_or_broken_is_refused(registry: Store, jwks: object, says: str) -> None:
    with pytest.raises(PartyInvalid, match=says):
        add_system(registry, "H1", jwks)


def test_a_fresh_key_pair_registers_by_its_public_part(registry: Store) -> None:
    private, public = new_client_key("made-here")

    added = add_system(registry, "H1", public)

    assert "d" in private
    assert "d" not in added.jwks["keys"][0]  # type: ignore[index]


def test_a_system_needs_its_facility(registry: Store) -> None:
    with pytest.raises(PartyUnknown):
        add_system(registry, "H99", _jwks(EC))
    with pytest.raises(PartyUnknown):
        disable_system(registry, new_id(), AT)


def test_staff_belong_where_their_role_says(registry: Store) -> None:
    doctor = add_staff(registry, role=Role.CLINICIAN, name_en="Dr Li", name_zh="李医生", facility="H1")
    auditor = add_staff(registry, role=Role.AUDITOR, name_en="Auditor", name_zh="审计员")

    assert doctor in staff(registry, "H1")
    assert auditor in staff(registry, None)
    assert auditor not in staff(registry, "H1")
    for role, where in (
        (Role.CLINICIAN, None),
        (Role.AUDITOR, "H1"),
        (Role.RESIDENT, None),
        (Role.HOSPITAL_SYSTEM, "H1"),
    ):
        with pytest.raises(PartyInvalid):
            add_staff(registry, role=role, name_en="x", name_zh="x", facility=where)
    with pytest.raises(PartyUnknown):
        add_staff(registry, role=Role.CLINICIAN, name_en="x", name_zh="x", facility="H99")


def test_disabling_keeps_the_first_instant_and_the_row(registry: Store) -> None:
    doctor = add_staff(registry, role=Role.CLINICIAN, name_en="Dr Wu", name_zh="吴医生", facility="H1")
    disable_account(registry, doctor.staff_id, AT)
    disable_account(registry, doctor.staff_id, AT.replace(year=2032))

    with registry.transaction(Duty.REGISTRY) as tx:
        since = tx.row("select disabled from parties.account where id = %s", (doctor.staff_id,))
    assert staff_member(registry, doctor.staff_id).disabled
    assert since == (AT,)


def test_a_resident_has_one_account_without_a_name(registry: Store) -> None:
    resident = new_id()

    first, again = resident_account(registry, resident), resident_account(registry, resident)

    assert first == again
    with registry.connect(Duty.MIGRATION) as owner, pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("update parties.account set name_en = 'x' where id = %s", (first,))


def test_purposes_belong_to_roles_and_none_to_auditors_and_operators() -> None:
    assert set(ROLE_PURPOSES) == set(Role)
    assert default_purpose(Role.HOSPITAL_SYSTEM) is Purpose.TREAT
    assert default_purpose(Role.AUDITOR) is None
    doctor = principal(Role.CLINICIAN, "x", facility="H1")
    assert doctor.purpose is None
    assert doctor.for_purpose(Purpose.TREAT).purpose is Purpose.TREAT
    assert doctor.for_purpose(Purpose.ETREAT).purpose is Purpose.ETREAT
    for purpose in set(Purpose) - {Purpose.TREAT, Purpose.ETREAT}:
        with pytest.raises(PurposeRefused):
            doctor.for_purpose(purpose)


def test_an_impossible_principal_cannot_be_built() -> None:
    for build in (
        lambda: principal(Role.CLINICIAN, "x"),
        lambda: principal(Role.RESIDENT, "x"),
        lambda: principal(Role.RESIDENT, "x", resident=new_id(), facility="H1"),
        lambda: principal(Role.CLINICIAN, "x", facility="H1", resident=new_id()),
        lambda: principal(Role.OPERATOR, ""),
    ):
        with pytest.raises(PartyInvalid):
            build()
    with pytest.raises(PurposeRefused):
        Principal(
            role=Role.OPERATOR,
            subject="x",
            name_en="",
            name_zh="",
            facility=None,
            resident=None,
            purposes=frozenset({Purpose.TREAT}),
            purpose=None,
            strong=True,
        )


def test_every_table_is_for_the_registry_alone_and_every_column_explained(registry: Store) -> None:
    with registry.connect(Duty.MIGRATION) as owner:
        tables = [name for (name,) in owner.execute("select tablename from pg_tables where schemaname = 'parties'")]
        holders = {
            who
            for (who,) in owner.execute(
                "select distinct grantee from information_schema.role_table_grants where table_schema = 'parties'"
            )
        }
        silent = owner.execute(
            "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
            " where c.relnamespace = 'parties'::regnamespace and c.relkind = 'r' and not a.attisdropped"
            " and col_description(c.oid, a.attnum) is null"
        ).fetchall()

    assert len(tables) == 11
    assert holders == {"salus_registry", "salus_migration"}
    assert silent == []
    for duty in (Duty.CARE, Duty.LEDGER, Duty.RELAY):
        for table in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), registry.transaction(duty) as tx:
                tx.rows(f"select * from parties.{table}")


GROW = """
insert into parties.account (id, role, resident, login, password)
    select gen_random_uuid(), 'resident', gen_random_uuid(), decode(md5(n::text), 'hex'), 'x'
    from generate_series(1, 20000) n;
insert into parties.system (client_id, facility, jwks, scopes)
    select gen_random_uuid(), 'K' || (n % 9), '{}', 'system/*.r' from generate_series(1, 20000) n;
insert into parties.assertion
    select gen_random_uuid(), decode(repeat(md5(n::text), 2), 'hex'), timestamptz '2031-01-01Z' + n * interval '1 min'
    from generate_series(1, 20000) n;
insert into parties.session
    select decode(repeat(md5(n::text), 2), 'hex'), (select id from parties.account limit 1), true, now(),
        timestamptz '2031-01-01Z' + n * interval '1 min'
    from generate_series(1, 20000) n;
insert into parties.passkey
    select decode(md5(n::text), 'hex'), id, 'x', 0, now()
    from (select id, row_number() over () as n from parties.account) a;
insert into parties.failure (login, at)
    select decode(md5(n::text), 'hex'), timestamptz '2031-01-01Z' + n * interval '1 min'
    from generate_series(1, 20000) n;
"""
NOBODY = "00000000-0000-0000-0000-000000000000"
QUERIES = (
    f"select * from parties.system where client_id = '{NOBODY}'",
    "select client_id from parties.system where disabled is not null",
    "select id from parties.account where disabled is not null",
    "select * from parties.account where role <> 'resident' and facility = 'H1'",
    "select * from parties.account where role <> 'resident' and facility is null order by registered, id",
    f"select * from parties.account where resident = '{NOBODY}'",
    "select * from parties.account where login = '\\x00'",
    "delete from parties.assertion where expires < timestamptz '2031-01-01 00:10Z'",
    "delete from parties.session where seen < timestamptz '2031-01-01 00:10Z'",
    "delete from parties.failure where at < timestamptz '2031-01-01 00:10Z'",
    "select count(*) from parties.failure where login = '\\x00' and at > timestamptz '2031-01-01Z'",
    "select * from parties.session where digest = '\\x00'",
    f"delete from parties.session where account = '{NOBODY}'",
    "select * from parties.passkey where credential_id = '\\x00'",
    f"select * from parties.passkey where account = '{NOBODY}'",
)


def test_lookups_are_by_index_at_size(registry: Store) -> None:
    with registry.connect(Duty.MIGRATION) as owner:
        owner.execute(GROW)
        owner.execute("analyze")

        plans = {query: "\n".join(line for (line,) in owner.execute("explain " + query)) for query in QUERIES}

    assert {query: plan for query, plan in plans.items() if "Seq Scan" in plan} == {}
