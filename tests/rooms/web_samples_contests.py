"""Invented view models for the pages about contests, power and audit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from web_samples import CHEN, CITY, COUNTY, LI, NOW, RESIDENT

from salus.appeals import About, Outcome, Standing
from salus.kernel import Purpose, Role
from salus.web import views as v
from salus.web.views import contests as c
from salus.web.views import power as p

OFFICER = v.Person(name=LI, role=Role.APPEAL_OFFICER, facility=CITY)
AUDITOR = v.Person(name=CHEN, role=Role.AUDITOR)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOOK = v.Look(
    at=NOW - DAY,
    reader=LI,
    role=Role.CLINICIAN,
    facility=COUNTY,
    part="summary",
    count=1,
    purpose=Purpose.TREAT,
    ground="care-relation",
    proof="/me/reads/4-0",
)


def _line(about: About, stands: Standing, left: timedelta = 30 * HOUR) -> c.ContestLine:
    return c.ContestLine(
        link="/me/contests/aa", about=about, opened=NOW + left - 2 * DAY, deadline=NOW + left, stands=stands
    )


RECEIPT = c.ContestReceipt(
    about=About.DECISION,
    short="7K3M9-QRT0A-BCDEF-GHJKM-NPQRS-0",
    code='{"deadline":"2026-11-26T01:30:00Z","opening":{"appeal":{"blind":"x","decision":"y","opened":"z"}}}',
    entry="ab" * 32,
    opened=NOW,
    deadline=NOW + 2 * DAY,
    stands=Standing.WAITING,
    words="I was not there that day.",
    download="/me/contests/aa/file",
    logged_at=None,
    closed_at=None,
    answered=None,
    outcome=None,
    organisation=None,
    reason=None,
)
ANSWERED = replace(
    RECEIPT,
    stands=Standing.ENDED,
    logged_at=NOW,
    closed_at=NOW + HOUR,
    answered=NOW + HOUR,
    outcome=Outcome.ENDED,
    organisation=v.Words(en="Board", zh="评议会"),
    reason="The sample was another person's.",
)
APPEAL = c.Appeal(
    about=About.DECISION,
    opened=NOW - HOUR,
    deadline=NOW + 47 * HOUR,
    stands=Standing.WAITING,
    words="",
    organisations=(v.Words(en="Site", zh="采样点"), v.Words(en="Laboratory", zh="检验所")),
    form="/appeals/aa",
    notice=c.ShownNotice(
        asked="precaution",
        clause="positive",
        starts=NOW - 2 * HOUR,
        ends=NOW + 3 * DAY,
        decided=NOW - 2 * HOUR,
        rules="q" * 43 + "=",
    ),
    ran=(
        c.Ran(now=False, came_to="precaution", text="a positive result", holds=True),
        c.Ran(now=True, came_to="none", text="RELEASED: a later negative result", holds=False),
    ),
)
LOOKED = c.ShownLook(
    reader=None,
    at=NOW - DAY,
    role=Role.CLINICIAN,
    facility=COUNTY,
    part="summary",
    count=3,
    purpose=Purpose.TREAT,
    ground="care-relation",
)
POWER = p.Power(
    size=4213,
    contests=p.Contests(opened=12, stood=4, ended=3, waiting=2, late=3),
    publications=(
        p.InForce(
            kind="assignment-rules",
            name="covid-19",
            version=1,
            starts=NOW - DAY,
            ends=NOW + 9 * DAY,
            signers=(("signer-1", "Academy"), ("signer-2", None)),
            document="/log/published/ab.json",
            index=7,
            live=True,
        ),
        p.InForce(
            kind="declaration",
            name="clinics",
            version=1,
            starts=NOW + DAY,
            ends=NOW + 9 * DAY,
            signers=(("signer-1", "Academy"),),
            document="/log/published/cd.json",
            index=9,
            live=False,
        ),
        p.InForce(
            kind="emergency",
            name="wave",
            version=2,
            starts=NOW - 9 * DAY,
            ends=NOW - DAY,
            signers=(("signer-1", "Academy"),),
            document="/log/published/ef.json",
            index=3,
            live=False,
            counts=False,
            vetoed=(("citizens-ombudsman", "parliament"),),
        ),
    ),
    orders=tuple(
        p.OrderLine(
            order=bytes([n]) * 32,
            organisations=("Centre", "Hospitals"),
            starts=NOW + start * DAY,
            ends=NOW + end * DAY,
            index=n,
            live=start <= 0 < end,
        )
        for n, start, end in ((11, -1, 2), (12, 1, 2), (13, -3, -2))
    ),
    parties=tuple(
        p.PartyLine(
            party=f"{duty}-1",
            organisation="Academy",
            duty=duty,
            key=bytes([n]) * 32,
            index=n,
            ended=None if ends is None else NOW + ends * DAY,
            reason=None if ends is None else "compromised",
        )
        for n, (duty, ends) in enumerate(
            (("sampling-site", None), ("laboratory", -2), ("issuer", None), ("signer", None), ("ombudsman", 2))
        )
    ),
    specimens=310,
    results=305,
    rules=(
        p.RuleUse(digest=b"r" * 32, name="covid-19 1", decisions=21),
        p.RuleUse(digest=b"s" * 32, name=None, decisions=1),
    ),
    attempts=tuple(
        p.AttemptLine(day=date(2026, 11, 24 - n), kind=kind, count=n + 1, logged=n > 0)
        for n, kind in enumerate(("write-measure", "import-measure", "guess-measure-route"))
    ),
    voids=1371,
    glass=(
        p.GlassLine(organisation=CITY, opened=7, unreviewed=1),
        p.GlassLine(organisation=None, opened=3, unreviewed=0),
    ),
    voided=tuple(
        p.VoidLine(month="2026-10", reason=reason, count=10 + n)
        for n, reason in enumerate(("holder", "superseded", "not-ones-own", "together"))
    ),
    disclosures=tuple(
        p.DisclosureLine(
            index=77 + n,
            signers=(("signer-2", "university"), ("people", "ombudsman-office"), ("x", None)),
            notice=NOW + days * DAY,
            told=days < 0,
        )
        for n, days in enumerate((60, -1))
    ),
    shredded=p.ShredCounts(charts=12, emergencies=2),
    commands=("salus ledger verify URL", "curl -O URL", "salus ledger appeals URL"),
    detectors=(p.DetectorLine(version="ears-c2/2", least=3, series=(CITY, COUNTY)),),
    mirror=("pip install salus", "salus ledger mirror URL mirror/log", "python3 -m http.server --directory mirror"),
    witness=("pip install salus", "salus witness --data witness", "curl http://127.0.0.1:8100/vkey"),
    audit=("pip install salus-audit", "curl -O URL", "salus-audit URL --since checkpoint"),
)
NO_POWER = p.Power(
    size=1,
    contests=p.Contests(opened=0, stood=0, ended=0, waiting=0, late=0),
    publications=(),
    orders=(),
    parties=(),
    specimens=0,
    results=0,
    rules=(),
    attempts=(),
    voids=0,
    glass=(),
    voided=(),
    disclosures=(),
    shredded=p.ShredCounts(charts=0, emergencies=0),
    commands=POWER.commands,
)
AUDIT = p.Audit(
    findings=(p.FindingLine(code="REGISTER-ENTRY-CHANGED", item="4-0", text="the register contradicts its tree"),),
    size=4213,
    root=bytes(32),
    signed=NOW,
    quorum=2,
    vouched=NOW,
    witnesses=(
        p.WitnessLine(name="witness.one", organisation="Academy", at=NOW),
        p.WitnessLine(name="witness.two", organisation="Press", at=None),
    ),
    parked=((p.ParkedLine(number=4, kind="RecordAccepted", code="SALUS-S006 ValueError")),),
    registered=40,
    unwrapped=41,
    command="salus ledger verify URL",
    orphans=((CITY, 3),),
)
BARE = replace(
    AUDIT, orphans=(), findings=(), root=None, signed=None, quorum=None, vouched=None, witnesses=(), parked=()
)

SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "my contests": (
        c.MyContests(
            contests=tuple(
                _line(about, stands, -HOUR if stands is Standing.LATE else HOUR)
                for about in About
                for stands in Standing
            )
        ),
        RESIDENT,
    ),
    "my contests none": (c.MyContests(contests=()), RESIDENT),
    "contest a look": (c.ContestForm(entry="4-0", look=LOOK), RESIDENT),
    "contest a system's look": (c.ContestForm(entry="4-0", look=replace(LOOK, reader=None, facility=None)), RESIDENT),
    "contest a notice": (c.ContestForm(entry="", notice="ab"), RESIDENT),
    "contest a notice unread": (c.ContestForm(entry="", trouble=True), RESIDENT),
    "receipt": (RECEIPT, RESIDENT),
    "receipt answered": (ANSWERED, RESIDENT),
    "receipt answered late": (replace(ANSWERED, stands=Standing.LATE, closed_at=None), RESIDENT),
    "appeals": (
        c.Appeals(
            contests=(
                _line(About.DECISION, Standing.LATE, -HOUR),
                _line(About.DECISION, Standing.WAITING),
                _line(About.LOOK, Standing.WAITING, 40 * HOUR),
            )
        ),
        OFFICER,
    ),
    "appeals none": (c.Appeals(contests=()), OFFICER),
    **{
        f"appeal {stands}": (replace(APPEAL, stands=stands, outcome=outcome, reason="x" if outcome else None), OFFICER)
        for stands, outcome in (
            (Standing.WAITING, None),
            (Standing.LATE, None),
            (Standing.STANDS, Outcome.STANDS),
            (Standing.ENDED, Outcome.ENDED),
        )
    },
    "appeal of a look": (
        replace(APPEAL, about=About.LOOK, notice=None, look=LOOKED, ran=(), words="Why?", trouble=True),
        OFFICER,
    ),
    "power": (POWER, None),
    "power unused": (NO_POWER, AUDITOR),
    "audit": (AUDIT, AUDITOR),
    "audit bare": (BARE, AUDITOR),
    "audit short": (replace(BARE, registered=42), AUDITOR),
    "audit even": (replace(BARE, unwrapped=40), AUDITOR),
}
