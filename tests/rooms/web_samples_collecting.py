"""Invented view models for reports that are handed out at a desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from web_samples import CLINICIAN, COUNTY, NOW

from salus.web import views as v
from salus.web.views.collecting import ReportLine, Reports

RESULT = v.Result(
    name=v.Words(en="Haemoglobin"),
    value="120 g/L",
    flag=v.Flag.LOW,
    usual="130 – 175 g/L",
    source=v.Source(facility=COUNTY, on="2026-11-20"),
)
REPORT = ReportLine(
    name=v.Words(zh="血常规"), on="2026-11-20", conclusion=v.Words(zh="轻度贫血。"), results=(RESULT,), files=1
)
REPORTS = Reports(
    facility=COUNTY,
    reports=(REPORT, replace(REPORT, on=None, conclusion=None, results=(), files=2)),
    ends=NOW + timedelta(hours=20),
    back="/desk/1",
)

SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    "reports": (REPORTS, CLINICIAN),
    "reports none": (replace(REPORTS, reports=()), CLINICIAN),
}
