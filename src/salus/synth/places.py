"""The counties and the five hospitals; the same for every seed."""

from __future__ import annotations

from salus.synth.model import County, Facility

COUNTIES = (
    County(code="910101", name_en="Qinglan District", name_zh="清澜区", weight=30),
    County(code="910102", name_en="Yundu District", name_zh="云渡区", weight=22),
    County(code="910121", name_en="Wangxi County", name_zh="望溪县", weight=16),
    County(code="910122", name_en="Songquan County", name_zh="松泉县", weight=14),
    County(code="920181", name_en="Bailu City", name_zh="白鹭市", weight=10),
    County(code="920223", name_en="Shizhugu County", name_zh="石竹谷县", weight=8),
)

FACILITIES = (
    Facility(
        facility_id="H1",
        name_en="Qinglan General Hospital",
        name_zh="清澜综合医院",
        level=3,
        kind="general-hospital",
        county="910101",
        organisation="Qinglan Hospital Trust",
    ),
    Facility(
        facility_id="H2",
        name_en="Yundu Maternal and Child Hospital",
        name_zh="云渡妇幼保健院",
        level=3,
        kind="maternal-child-hospital",
        county="910102",
        organisation="Yundu Maternal and Child Health Board",
    ),
    Facility(
        facility_id="H3",
        name_en="Wangxi County People's Hospital",
        name_zh="望溪县人民医院",
        level=2,
        kind="general-hospital",
        county="910121",
        organisation="Wangxi County Health Group",
    ),
    Facility(
        facility_id="H4",
        name_en="Songquan Hospital of Chinese Medicine",
        name_zh="松泉县中医院",
        level=2,
        kind="chinese-medicine-hospital",
        county="910122",
        organisation="Songquan County Health Group",
    ),
    Facility(
        facility_id="H5",
        name_en="Bailu Community Health Centre",
        name_zh="白鹭社区卫生服务中心",
        level=1,
        kind="community-health-centre",
        county="920181",
        organisation="Bailu Primary Care Cooperative",
    ),
)

NEAREST = {"910101": "H1", "910102": "H2", "910121": "H3", "910122": "H4", "920181": "H5", "920223": "H3"}
