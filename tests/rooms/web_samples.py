"""One invented view model for every state of every page. Names, places and values are made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from salus.kernel import Purpose, Role
from salus.web import views as v
from salus.web.views import accounts as a
from salus.web.views import public_log
from salus.web.views.looks import LookDay, SystemLine, SystemsLooked, WhoLooked
from salus.web.views.phones import MyCode
from salus.web.views.public_log import Branch

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
COUNTY = v.Words(en="Linhe County Hospital", zh="临河县人民医院")
CITY = v.Words(en="First City Hospital of Qingyuan", zh="清源市第一医院")
TOWN = v.Words(en="Shitan Town Health Centre", zh="石滩镇卫生院")
CHEN = v.Words(en="Chen Yulan", zh="陈玉兰")
LI = v.Words(en="Dr Li Wenbo", zh="李文博医生")
CODE = "SL1:" + "6BF%RN%19IQHOP8U4V2T8GW8/6S:J.ZKV7DOD5*QM%AX91:E3D2L+KH*5FSH9W1JHAE1+0GV$" * 2
CHECKPOINT = (
    "demo.salus.example/log\n4213\nqF5p0Jm1u3mVw0YbKz2m6a2y4r7H2m1e5b0Q8Y1iZ0s=\n\n"
    "— demo.salus.example/log 5f2cYhW0m1q6vG9lQ0Pp3s8ZtVnXk1yB7uE4rT2aJ6oLd9cFhQwXzRkMvNbYgTpS\n"
)
KEY = "sJ3x-7qTn0b_W5yMZk2RfVhL8eUaPdXcG1oIi9tQwBE"
VKEY = "demo.salus.example/log+5f2c6215+AVpY0mC1x8a9Zt3kQmVw2rJ7uT5yB6nE4sL1oD9cFhQw"


def _source(facility: v.Words, *day: int) -> v.Source:
    return v.Source(facility=facility, on=date(*day) if day else None)


ALLERGIES = (
    v.Allergy(
        substance=v.Words(en="Penicillin", zh="青霉素"),
        reaction=v.Words(en="Rash and swelling of the face", zh="皮疹、面部肿胀"),
        severity=v.Severity.SEVERE,
        confirmed=True,
        source=_source(COUNTY, 2019, 3, 4),
    ),
    v.Allergy(
        substance=v.Words(en="Peanut"),
        reaction=None,
        severity=None,
        confirmed=False,
        source=_source(TOWN),
    ),
)
MEDICINES = (
    v.Medicine(
        name=v.Words(en="Metformin 500 mg tablet", zh="二甲双胍片 500 mg"),
        dose=v.Words(en="One tablet twice a day with meals", zh="每日两次，每次一片，随餐"),
        active=True,
        source=_source(CITY, 2026, 9, 30),
    ),
    v.Medicine(name=v.Words(en="Amlodipine 5 mg tablet"), dose=None, active=True, source=_source(COUNTY, 2025, 1, 12)),
    v.Medicine(name=v.Words(en="Amoxicillin 250 mg"), dose=None, active=False, source=_source(TOWN, 2018, 7, 2)),
)
PROBLEMS = (
    v.Problem(
        name=v.Words(en="Type 2 diabetes mellitus", zh="2 型糖尿病"),
        active=True,
        since="2016-05",
        source=_source(CITY, 2026, 9, 30),
    ),
    v.Problem(
        name=v.Words(en="Hypertension", zh="高血压"), active=True, since=None, source=_source(COUNTY, 2025, 1, 12)
    ),
    v.Problem(
        name=v.Words(en="Fracture of forearm", zh="前臂骨折"),
        active=False,
        since=date(2009, 2, 1),
        source=_source(TOWN, 2009, 2, 1),
    ),
)
RESULTS = (
    v.Result(
        name=v.Words(en="Haemoglobin A1c", zh="糖化血红蛋白"),
        value="7.9 %",
        flag=v.Flag.HIGH,
        usual="4.0–6.0 %",
        source=_source(CITY, 2026, 9, 30),
    ),
    v.Result(
        name=v.Words(en="Potassium", zh="血钾"),
        value="3.2 mmol/L",
        flag=v.Flag.LOW,
        usual="3.5–5.3 mmol/L",
        source=_source(CITY, 2026, 9, 30),
    ),
    v.Result(
        name=v.Words(en="Creatinine", zh="肌酐"),
        value="71 µmol/L",
        flag=None,
        usual=None,
        source=_source(COUNTY, 2026, 6, 1),
    ),
    *(
        v.Result(
            name=v.Words(en="Body weight", zh="体重"),
            value=f"{67 - year} kg",
            flag=None,
            usual=None,
            source=_source(TOWN, 2025 - year, 1, 5),
        )
        for year in range(8)
    ),
)
RECORD = v.Record(
    allergies=ALLERGIES,
    medicines=MEDICINES,
    problems=PROBLEMS,
    results=RESULTS,
    answered=(COUNTY, CITY),
    silent=(TOWN,),
    as_of=NOW,
    vaccinations=tuple(
        (v.Words(en="Influenza vaccine", zh="流感疫苗"), _source(TOWN, 2025 - year, 10, 9)) for year in range(8)
    ),
    procedures=((v.Words(en="Appendectomy", zh="阑尾切除术"), _source(CITY, 1999, 5, 2)),),
    devices=((v.Words(en="Cardiac pacemaker"), _source(COUNTY)),),
)
EMPTY = v.Record(
    allergies=(), medicines=(), problems=(), results=(), answered=(), silent=(), as_of=NOW, no_known_allergy=None
)
NO_ALLERGY = v.Record(
    allergies=(),
    medicines=MEDICINES[2:],
    problems=PROBLEMS[2:],
    results=RESULTS[:1],
    answered=(CITY,),
    silent=(),
    as_of=NOW,
    no_known_allergy=_source(CITY, 2026, 9, 30),
)
PERSON = (
    v.Stated(element="name", value=CHEN, source=RECORD.results[0].source, reason="document"),
    v.Stated(element="birth_date", value="1958-04-17", source=RECORD.results[0].source, reason="most"),
    v.Stated(element="gender", value=v.Sex.FEMALE, source=RECORD.results[0].source, reason="alone"),
    v.Stated(
        element="address", value=v.Words(zh="石溪县槐树街9号2室"), source=RECORD.results[0].source, reason="newest"
    ),
)
PATIENT = v.Patient(name=CHEN, sex=v.Sex.FEMALE, born=date(1958, 4, 17), age_years=68)


def _look(hours: int, **given: object) -> v.Look:
    known: dict[str, object] = {
        "at": NOW - timedelta(hours=hours),
        "reader": LI,
        "role": Role.CLINICIAN,
        "facility": COUNTY,
        "part": "summary",
        "count": 38,
        "purpose": Purpose.TREAT,
        "ground": "care-relation",
        "proof": f"/me/reads/{hours}/0/proof",
    }
    return v.Look(**(known | given))  # type: ignore[arg-type]


SYSTEM_LOOK = _look(3, reader=None, role=Role.HOSPITAL_SYSTEM, part="MedicationRequest", count=3, ground="own-facility")
OWN_LOOK = _look(
    2, reader=CHEN, role=Role.RESIDENT, purpose=Purpose.PATRQT, ground="own-record", facility=None, own=True
)
LOOKED = WhoLooked(
    days=(
        LookDay(
            on=date(2026, 11, 24),
            looks=(
                _look(1, proof=None, proof_by=NOW + timedelta(minutes=30)),
                OWN_LOOK,
                _look(4, part="Observation", count=1),
            ),
        ),
        LookDay(on=date(2026, 11, 20), looks=(_look(90, facility=CITY),)),
    ),
    systems=tuple(
        SystemLine(
            on=date(2026, 11, 24),
            role=Role.HOSPITAL_SYSTEM,
            facility=facility,
            purpose=Purpose.TREAT,
            looks=looks,
            first=NOW - timedelta(hours=9),
            last=NOW - timedelta(hours=3),
            behind="/me/reads/systems?day=2026-11-24",
        )
        for facility, looks in ((COUNTY, 10_000), (CITY, 1))
    ),
    further="/me/reads/systems?before=90-0",
    readers_this_week=2,
    older="/me/reads?before=90",
)
PROOF = v.Proof(
    look=_look(4),
    entry=b'{"at":"2026-11-23T21:30:00Z","facility":"H1","ground":"care-relation","reader":"staff-17","what":"summary"}',
    register=Branch(index=118, size=240, root=bytes(range(32)), path=tuple(bytes([n]) * 32 for n in range(8))),
    log=Branch(index=41, size=42, root=bytes(range(32, 64)), path=tuple(bytes([n + 99]) * 32 for n in range(3))),
    checkpoint=CHECKPOINT,
    download="/me/reads/4/0/proof.json",
    command=f"salus ledger verify-read proof.json --vkey {VKEY}",
)
LOG = public_log.PublicLog(
    origin="demo.salus.example/log",
    vkey=VKEY,
    size=4213,
    root=bytes(range(32)),
    at=NOW,
    checkpoint=CHECKPOINT,
    fetch="curl -s http://127.0.0.1:8080/log/checkpoint",
    verify=f"salus ledger verify http://127.0.0.1:8080/log --vkey {VKEY}",
    compare="curl -s http://127.0.0.1:8080/log/checkpoint | diff checkpoint -",
    witnesses=(
        public_log.WitnessSeen(organisation="lake-university", vkey=f"witness.{VKEY}", at=NOW),
        public_log.WitnessSeen(organisation="bar-association", vkey=f"witness.{VKEY}", at=NOW),
        public_log.WitnessSeen(organisation="east-province", vkey=f"witness.{VKEY}", at=None),
    ),
    quorum=2,
)
NO_LOG = public_log.PublicLog(
    origin=LOG.origin,
    vkey=VKEY,
    size=0,
    root=None,
    at=None,
    checkpoint=None,
    fetch=LOG.fetch,
    verify=LOG.verify,
    compare=LOG.compare,
)
RESIDENT = v.Person(name=CHEN, role=Role.RESIDENT)
CLINICIAN = v.Person(name=LI, role=Role.CLINICIAN, facility=COUNTY)
RECEPTION = v.Person(name=v.Words(en="Zhao Min", zh="赵敏"), role=Role.RECEPTION, facility=COUNTY)
SECRET = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"
SET_UP = a.SetUp(
    secret=SECRET, otpauth=f"otpauth://totp/Salus:Dr%20Li%20Wenbo?secret={SECRET.replace(' ', '')}&issuer=Salus"
)
SLIP = a.Slip(
    link=f"https://salus.example/invitation?key={KEY}",
    place="https://salus.example/invitation",
    key=KEY,
    ends=NOW + timedelta(hours=72),
)
MY_CODE = MyCode(code=CODE, initial="陈", issued=NOW - timedelta(days=40), readers_this_week=1)
DESK = v.Desk(
    purposes=(Purpose.TREAT,),
    relations=(
        v.OpenRelation(name=CHEN, ends=NOW + timedelta(hours=23), address="/desk/1"),
        v.OpenRelation(name=v.Words(zh="王小明"), ends=NOW + timedelta(minutes=40), address=None),
    ),
)

# name: (view, who is signed in)
SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "home": (v.Home(log_size=4213), None),
    "home resident": (v.Home(log_size=1), RESIDENT),
    "home clinician": (v.Home(log_size=0), CLINICIAN),
    "sign in": (a.SignIn(), None),
    **{f"sign in {trouble}": (a.SignIn(trouble=trouble), None) for trouble in a.SignInTrouble},
    "invitation": (a.Invitation(held=True), None),
    "invitation typed": (a.Invitation(held=False), None),
    **{f"invitation {one}": (a.Invitation(held=False, trouble=one), None) for one in a.InvitationTrouble},
    "set up": (SET_UP, RESIDENT),
    **{f"set up {one}": (replace(SET_UP, account="chen.yulan", trouble=one), CLINICIAN) for one in a.SetUpTrouble},
    "demo": (
        v.Demo(
            roles=(
                v.DemoRole(key="r1", role=Role.RESIDENT, name=CHEN),
                v.DemoRole(key="c1", role=Role.CLINICIAN, name=LI, facility=COUNTY),
                v.DemoRole(key="d1", role=Role.RECEPTION, name=RECEPTION.name, facility=COUNTY),
            )
        ),
        None,
    ),
    **{f"failure {kind}": (v.Failure(kind=kind, code=f"SALUS-{kind.status}"), None) for kind in v.FailureKind},
    "failure with text": (v.Failure(kind=v.FailureKind.REFUSED, code="SALUS-A012", text="no relation"), CLINICIAN),
    "log": (LOG, None),
    "log empty": (NO_LOG, RESIDENT),
    "desk": (DESK, CLINICIAN),
    **{
        f"desk {trouble}": (v.Desk(purposes=(Purpose.TREAT, Purpose.HOPERAT), trouble=trouble), RECEPTION)
        for trouble in v.DeskTrouble
    },
    "desk visit": (replace(DESK, visit_ends=NOW + timedelta(hours=3)), RECEPTION),
    "slip": (SLIP, RECEPTION),
    "slip needless": (a.Slip(), CLINICIAN),
    "arrived": (
        v.Arrived(name=CHEN, ends=NOW + timedelta(hours=24), reference="V-7K3M9-QTX40", slip="/desk/1/slip"),
        RECEPTION,
    ),
    "summary": (
        v.Summary(
            patient=PATIENT,
            record=RECORD,
            purpose=Purpose.TREAT,
            relation_ends=NOW + timedelta(hours=23),
            slip="/desk/1/slip",
            mixed="/desk/1/mixed",
        ),
        CLINICIAN,
    ),
    "summary empty": (
        v.Summary(
            patient=v.Patient(name=v.Words(zh="王小明"), sex=v.Sex.UNKNOWN, born=None, age_years=None),
            record=EMPTY,
            purpose=Purpose.TREAT,
            relation_ends=None,
            slip="/desk/1/slip",
            mixed="/desk/1/mixed",
        ),
        CLINICIAN,
    ),
    "summary no allergy": (
        v.Summary(
            patient=PATIENT,
            record=NO_ALLERGY,
            purpose=Purpose.TREAT,
            relation_ends=NOW + timedelta(minutes=9),
            slip="/desk/1/slip",
            mixed="/desk/1/mixed",
        ),
        CLINICIAN,
    ),
    "my code": (MY_CODE, RESIDENT),
    "my record": (v.MyRecord(record=RECORD, person=PERSON), RESIDENT),
    "my record empty": (v.MyRecord(record=EMPTY), RESIDENT),
    "my record no allergy": (v.MyRecord(record=NO_ALLERGY), RESIDENT),
    "who looked": (LOOKED, RESIDENT),
    "who looked systems alone": (replace(LOOKED, days=()), RESIDENT),
    "systems looked": (SystemsLooked(systems=LOOKED.systems, older="/me/reads/systems?before=9-0"), RESIDENT),
    "systems looked none": (SystemsLooked(), RESIDENT),
    "systems unfolded": (SystemsLooked(of=LOOKED.systems[0], looks=(SYSTEM_LOOK,)), RESIDENT),
    "who looked nobody": (WhoLooked(days=(), readers_this_week=0), RESIDENT),
    "proof": (PROOF, RESIDENT),
    "account": (
        a.Account(passkeys=(a.Passkey(added=NOW, used=None), a.Passkey(added=NOW - timedelta(days=90), used=NOW))),
        CLINICIAN,
    ),
    "account empty": (a.Account(passkeys=()), RESIDENT),
}


def frame(
    language: v.Language,
    person: v.Person | None,
    *,
    notice: v.Notice | None = None,
    large_text: bool = False,
    demo: bool = True,
) -> v.Frame:
    """Surround a sample; `path` carries a query, which the links for language and size must keep."""
    return v.Frame(
        language=language,
        path="/sample?before=90",
        csrf="token",
        now=NOW,
        demo=demo,
        person=person,
        notice=notice,
        large_text=large_text,
    )
