"""Invented view models for the pages on coverage and quality."""

from __future__ import annotations

from datetime import date

from web_samples import CITY, CLINICIAN, COUNTY, NOW

from salus.web import views as v
from salus.web.views import coverage as c

FIRST, LAST = date(2031, 1, 4), date(2031, 3, 1)
NOTHING = c.Institution(
    name=COUNTY, key="H2", county=v.Words(en="Stone County", zh="石县"), level=1, kind="village-clinic",
    first=None, last=None, ways=(), arriving=0, expected=8, late=None,
)  # fmt: skip
SENDS = c.Institution(
    name=CITY, key="H1", county=v.Words(en="River County", zh="河县"), level=3, kind="hospital",
    first=FIRST, last=LAST, ways=("fhir", "import", "v2"), arriving=14, expected=22,
    late=c.Late(median_days=0, ninth_decile_days=3), beds=812, beds_at=NOW,
)  # fmt: skip
COVERAGE = c.Coverage(since=FIRST, until=LAST, connected=1, institutions=(SENDS, NOTHING), arrives_percent=80, fewest=5)
NOBODY = c.Coverage(since=FIRST, until=LAST, connected=0, institutions=(), arrives_percent=80, fewest=5)
ELEMENTS = (
    c.ElementLine(name=v.Words(en="name", zh="姓名"), type="Patient", level=1, source="WS 365-2011", carrying=980,
                  resources=1000, percent=98, arrives=True),
    c.ElementLine(name=v.Words(en="dosage", zh="用法用量"), type="MedicationRequest", level=2, source="WS 445-2014",
                  carrying=3, resources=40, percent=7, arrives=False),
    c.ElementLine(name=v.Words(en="the document itself", zh="文档内容"), type="DocumentReference", level=3,
                  source="WS/T 500-2016", carrying=0, resources=0, percent=None, arrives=False),
)  # fmt: skip
QUALITY = c.Quality(
    facility=CITY, level=3, since=FIRST, until=LAST, arriving=1, elements=ELEMENTS,
    types=(
        c.TypeLine(type="Patient", resources=1000, late=None, again=12),
        c.TypeLine(type="Encounter", resources=300, late=c.Late(median_days=1, ninth_decile_days=9), again=0),
    ),
    odd=(c.OddLine(odd="other-birth-date", patients=14), c.OddLine(odd="filler", patients=2)),
    refused=(
        c.RefusedLine(day=LAST, source="fhir", code="SALUS-R001", detail="obs-6", entries=17),
        c.RefusedLine(day=LAST, source="v2", code="SALUS-R300", detail="", entries=1),
    ),
    arrives_percent=80,
)  # fmt: skip
QUIET = c.Quality(
    facility=CITY, level=1, since=FIRST, until=LAST, arriving=1, elements=ELEMENTS[:1], types=(), odd=(), refused=(),
    arrives_percent=80,
)  # fmt: skip
SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "coverage": (COVERAGE, None),
    "coverage of nobody": (NOBODY, None),
    "quality": (QUALITY, CLINICIAN),
    "quality of a quiet facility": (QUIET, CLINICIAN),
}
