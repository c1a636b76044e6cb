"""Hospitals of three levels, laboratories, offices, and who works there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from salus.synth.model import County, Facility, Worker
from salus.synth.places.first import FACILITIES, NEAREST, OFFICES

# role | facility | English | Chinese; laboratories, sites and departments send as systems and have no staff here.
_WORKERS = """
clinician|H1|Dr Lin Yue|林悦医生
reception|H1|Desk of H1|第一窗口
clinician|H2|Dr Shen Qiao|沈乔医生
reception|H2|Desk of H2|第二窗口
clinician|H3|Dr Luo Heng|罗恒医生
reception|H3|Desk of H3|第三窗口
epidemiologist|CDC1|Dr Fang Ning|方宁医师
epidemiologist|CDC1|Dr Cui Yuan|崔远医师
commander|EOC1|Commander Wei Ran|韦然指挥长
commander|EOC1|Deputy Qin Lan|秦岚副指挥长
commander|EOC2|Commander Tan Cheng|谭诚指挥长
appeal-officer|RB1|Officer Meng An|孟安专员
index-reviewer|RB1|Reviewer Yan Ping|严平审核员
index-reviewer|RB1|Reviewer Xu Lan|许兰审核员
access-reviewer|RB1|Reviewer Gao Ming|高明审核员
auditor||Public auditor|公众审计员
"""


def facilities(counties: Sequence[County]) -> tuple[Facility, ...]:
    """Return the five hospitals that every country has, one of each other county, and the offices."""
    return (*FACILITIES, *_county_hospitals(counties), *OFFICES)


def _county_hospitals(counties: Sequence[County]) -> Iterator[Facility]:
    """Give each county without a hospital one; in a prefecture's first county it is of level 3, in few of level 1."""
    number, seated = len(FACILITIES), {county.prefecture for county in counties[: len(NEAREST)]}
    for county in counties:
        if county.code in NEAREST:
            continue
        number += 1
        level = 3 if county.prefecture not in seated else 1 if number % 4 == 0 else 2
        seated.add(county.prefecture)
        centre = level == 1
        yield Facility(
            facility_id=f"H{number}",
            name_en=f"{county.name_en} {'Community Health Centre' if centre else 'Hospital'}",
            name_zh=county.name_zh + ("社区卫生服务中心" if centre else "人民医院"),
            level=level,
            kind="community-health-centre" if centre else "hospital",
            county=county.code,
            organisation=f"{county.name_en} Health Group",
            organisation_zh=county.name_zh + "医疗集团",
        )


def nearest(facilities: Sequence[Facility]) -> dict[str, str]:
    """Return the hospital that each county's people go to first."""
    return {facility.county: facility.facility_id for facility in facilities if facility.care} | NEAREST


def workers() -> tuple[Worker, ...]:
    """Return who works in every country, by role."""
    rows = (line.split("|") for line in _WORKERS.strip().splitlines())
    return tuple(Worker(role=r, facility=at or None, name_en=en, name_zh=zh) for r, at, en, zh in rows)
