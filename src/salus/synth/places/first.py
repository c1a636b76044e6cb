"""The six counties and five hospitals that every country has, whatever its seed and size."""

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
NEAREST = {"910101": "H1", "910102": "H2", "910121": "H3", "910122": "H4", "920181": "H5", "920223": "H3"}


def _hospital(line: str) -> Facility:
    id_, level, kind, county, name_en, name_zh, body, body_zh = (part.strip() for part in line.split("|"))
    return Facility(
        facility_id=id_,
        name_en=name_en,
        name_zh=name_zh,
        level=int(level),
        kind=kind,
        county=county,
        organisation=body,
        organisation_zh=body_zh,
    )


# ruff: noqa: E501 - one line each
# id | level | kind | county | English | Chinese | organisation | in Chinese
_HOSPITALS = """
H1|3|hospital|910101|Qinglan General Hospital|清澜综合医院|Qinglan Hospital Trust|清澜医院联合体
H2|3|hospital|910102|Yundu Maternal and Child Hospital|云渡妇幼保健院|Yundu Maternal and Child Health Board|云渡妇幼保健集团
H3|2|hospital|910121|Wangxi County People's Hospital|望溪县人民医院|Wangxi County Health Group|望溪县医疗集团
H4|2|hospital|910122|Songquan Hospital of Chinese Medicine|松泉县中医院|Songquan County Health Group|松泉县医疗集团
H5|1|community-health-centre|920181|Bailu Community Health Centre|白鹭社区卫生服务中心|Bailu Primary Care Cooperative|白鹭基层医疗合作社
"""
# Everything else that a country has one or two of, all in the first four counties.
_OFFICES = """
L1|2|laboratory|910101|Lanhe Clinical Laboratory|澜和医学检验所|Lanhe Laboratories|澜和检验集团
L2|3|laboratory|910102|Yundu Reference Laboratory|云渡参比实验室|Yundu Reference Institute|云渡参比研究院
S1|1|sampling-site|910101|Fenghe Sampling Site|枫禾采样点|Fenghe Sampling Cooperative|枫禾采样合作社
S2|1|sampling-site|910102|Yundu East Sampling Site|云渡东采样点|Fenghe Sampling Cooperative|枫禾采样合作社
S3|1|sampling-site|920181|Bailu Sampling Site|白鹭采样点|Bailu Primary Care Cooperative|白鹭基层医疗合作社
CDC1|3|disease-control-centre|910101|Qinglan Centre for Disease Control|清澜疾病预防控制中心|Qinglan Disease Control Administration|清澜疾控局
EOC1|3|command-centre|910101|Health Commission Command Centre|卫生健康委员会应急指挥中心|Qinglan Health Commission|清澜卫生健康委员会
EOC2|3|command-centre|910102|Emergency Management Command Centre|应急管理局指挥中心|Qinglan Emergency Management Bureau|清澜应急管理局
RB1|3|review-board|910122|Songquan Review Board|松泉复核委员会|Songquan Ombudsman Office|松泉申诉专员公署
EDU1|2|department|910101|Qinglan Education Department|清澜教育局|Qinglan Education Department|清澜教育局
"""
FACILITIES = tuple(_hospital(line) for line in _HOSPITALS.strip().splitlines())
OFFICES = tuple(_hospital(line) for line in _OFFICES.strip().splitlines())
