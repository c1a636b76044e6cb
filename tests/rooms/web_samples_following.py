"""Invented view models for how a record stands and for follow-up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import cast

from web_samples import CITY, CLINICIAN, COUNTY, LI, NOW, RESIDENT, TOWN
from web_samples import SAMPLES as OTHERS

from salus.web import views as v
from salus.web.views import following as f


def _due(en: str, zh: str, how: str, **more: object) -> f.DueLine:
    return f.DueLine(what=v.Words(en=en, zh=zh), how=how, **more)  # type: ignore[arg-type]


PRESSURE = _due(
    "High blood pressure: a visit with the pressure measured",
    "高血压随访（测量血压）",
    "overdue",
    due=date(2026, 8, 1),
    done_on=date(2026, 5, 1),
    done_at=CITY,
)
NEXT = _due("Yearly check-up from 65 on", "65岁及以上老年人年度健康体检", "coming", due=date(2027, 3, 1))
DOSES = (
    _due("Tuberculosis (BCG)", "卡介苗", "done", due=date(2026, 1, 1), done_on=date(2026, 1, 2), done_at=TOWN),
    _due("Check-up at one month", "新生儿满月健康管理", "lapsed", due=date(2026, 1, 29)),
    _due("Hepatitis B, second dose", "乙肝疫苗第2剂", "due", due=date(2026, 2, 1)),
)
PLANS = (
    f.PlanLine(what=PRESSURE.what, source="NBPHS 2017", now_due=(PRESSURE,), coming=None, items=(PRESSURE,)),
    f.PlanLine(what=NEXT.what, source="NBPHS 2017", now_due=(), coming=NEXT, items=(NEXT,)),
    f.PlanLine(
        what=v.Words(en="Vaccinations of childhood", zh="国家免疫规划疫苗接种"),
        source="NIP 2026",
        now_due=DOSES[2:],
        coming=None,
        items=DOSES,
    ),
)
STANDS = {
    "active": f.StandsLine(standing="active", facility=TOWN, of_day="2019-05-06", said_at=NOW),
    "taken over": f.StandsLine(standing="active", facility=TOWN, of_day="2019-05-06", said_at=NOW, displaced=(CITY,)),
    "nobody keeps it": f.StandsLine(standing="active"),
    "moved": f.StandsLine(standing="moved", facility=TOWN, of_day="2026-05-06", said_at=NOW),
    "closed": f.StandsLine(
        standing="closed", facility=COUNTY, of_day="2026-05-06", said_at=NOW, contradicted=date(2026, 6, 1)
    ),
    "closed without a day": f.StandsLine(standing="closed", facility=COUNTY, said_at=NOW),
}
SUMMARY = cast("v.Summary", OTHERS["summary"][0])
MINE = cast("v.MyRecord", OTHERS["my record"][0])
LIST = f.WorkList(
    facility=TOWN,
    lines=(
        f.WorkLine(name=LI, age_years=71, items=(PRESSURE,)),
        f.WorkLine(name=v.Words(zh="王小明"), age_years=None, items=DOSES[2:]),
    ),
    taken=(
        f.TakenLine(name=LI, facility=CITY, since=date(2026, 5, 6)),
        f.TakenLine(name=v.Words(zh="王小明"), facility=None, since=None),
    ),
    looked_at=50,
    shares=(
        f.ShareLine(what=PRESSURE.what, source="NBPHS 2017", people=120, up_to_date=80, due=25, overdue=15),
        f.ShareLine(what=NEXT.what, source="NBPHS 2017", people=40, up_to_date=36, due=None, overdue=None),
    ),
    more="/work-list?after=77",
)
SAMPLES: dict[str, tuple[v.View, v.Person | None]] = {
    **{
        f"summary {name}": (replace(SUMMARY, follow_up=f.FollowUp(stands=stands, plans=PLANS)), CLINICIAN)
        for name, stands in STANDS.items()
    },
    **{
        f"my record {name}": (replace(MINE, follow_up=f.FollowUp(stands=stands, plans=())), RESIDENT)
        for name, stands in STANDS.items()
    },
    "my record follow-up": (
        replace(MINE, follow_up=f.FollowUp(stands=STANDS["active"], plans=PLANS)),
        RESIDENT,
    ),
    "work list": (LIST, CLINICIAN),
    "work list empty": (replace(LIST, lines=(), taken=(), shares=(), more=None), CLINICIAN),
}
