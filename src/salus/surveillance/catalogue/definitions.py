"""The series in force, each with where its definition comes from. A changed line is a new CATALOGUE_VERSION.

Codes are those of ICD-10 (WHO, 2019 release), written `category:subcategories`. They are compared exactly.
"""

from __future__ import annotations

from datetime import timedelta

from salus.surveillance.errors import FeedRefused
from salus.surveillance.model import Rule, Series

CATALOGUE_VERSION = "1"
_WITHIN = timedelta(hours=2)
_OURS = "own list of ICD-10 (2019) codes, docs/explanation/detectors.md"
_IHR = "International Health Regulations (2005), Annex 2"
_CLASS_A = "Law on Prevention and Treatment of Infectious Diseases: class A, or class B managed as A"


def expand(written: str) -> tuple[str, ...]:
    """Return the codes of `A00:019 B03`: A00, A00.0, A00.1, A00.9, B03; each also with China's filler digits.

    GB/T 14396 writes a subcategory with two more digits, 00 where it adds nothing: A00.900.
    """
    codes: list[str] = []
    for part in written.split():
        category, _, digits = part.partition(":")
        codes += [category, *(f"{category}.{digit}" for digit in digits)]
    return tuple(codes + [f"{code}00" for code in codes if "." in code])


def _syndrome(key: str, en: str, zh: str, codes: str, *, admitted: bool = False) -> Series:
    return Series(key=key, en=en, zh=zh, rule=Rule.EARS_C2, source=_OURS, icd10=expand(codes), admitted=admitted)


def _listed(key: str, en: str, zh: str, codes: str, source: str) -> Series:
    return Series(key=key, en=en, zh=zh, rule=Rule.SINGLE_CASE, source=source, icd10=expand(codes), limit=_WITHIN)


def _result(key: str, en: str, zh: str, *loinc: str) -> Series:
    return Series(key=key, en=en, zh=zh, rule=Rule.EARS_C2, source="LOINC", loinc=loinc)


def _feed(key: str, en: str, zh: str, source: str) -> Series:
    return Series(key=key, en=en, zh=zh, rule=Rule.EARS_C2, source=source, feed=True)


SERIES: tuple[Series, ...] = (
    _syndrome(
        "ili",
        "influenza-like illness",
        "流感样病例",
        "J00 J02:9 J03:9 J04:0 J06:089 J09 J10:018 J11:018 R50:9",
    ),
    _syndrome(
        "sari",
        "severe acute respiratory infection",
        "严重急性呼吸道感染",
        "J09 J10:018 J11:018 J12:012389 J13 J14 J15:0123456789 J16:08 J18:01289 J20:9 J21:01889 J22 J80 U07:12",
        admitted=True,
    ),
    _syndrome(
        "diarrhoea",
        "acute diarrhoea",
        "急性腹泻",
        "A02:0 A03:012389 A04:0123456789 A05:0123489 A07:12 A08:012345 A09:09 K52:189",
    ),
    _syndrome(
        "rash-fever",
        "fever with rash",
        "发热出疹",
        "A38 B01:01289 B05:012348 B05:9 B06:089 B08:2345 B09",
    ),
    _syndrome(
        "encephalitis",
        "meningitis and encephalitis",
        "脑膜炎和脑炎",
        "A39:0 A83:0 A85:028 A86 A87:01289 A89 G00:012389 G03:089 G04:89",
    ),
    _syndrome("haemorrhagic-fever", "haemorrhagic fever", "出血热", "A91 A96:0189 A98:01258 A99"),
    _syndrome("covid-19", "COVID-19", "新型冠状病毒感染", "U07:12"),
    _result(
        "influenza-positive", "positive influenza test", "流感检测阳性", "80382-5", "80383-3", "92142-9", "92141-1"
    ),
    _result("sars-cov-2-positive", "positive SARS-CoV-2 test", "新冠病毒检测阳性", "94500-6"),
    _listed("plague", "plague", "鼠疫", "A20:012378 A20:9", f"{_CLASS_A}; {_IHR}"),
    _listed("cholera", "cholera", "霍乱", "A00:019", f"{_CLASS_A}; {_IHR}"),
    _listed("sars", "severe acute respiratory syndrome", "传染性非典型肺炎", "U04:9", f"{_CLASS_A}; {_IHR}"),
    _listed("pulmonary-anthrax", "pulmonary anthrax", "肺炭疽", "A22:1", _CLASS_A),
    _listed("poliomyelitis", "acute poliomyelitis", "脊髓灰质炎", "A80:012349", _IHR),
    _listed("zoonotic-influenza", "zoonotic influenza", "人感染动物源性流感", "J09", _IHR),
    _listed("smallpox", "smallpox", "天花", "B03", _IHR),
    _listed("yellow-fever", "yellow fever", "黄热病", "A95:019", _IHR),
    _listed(
        "viral-haemorrhagic-fever", "Ebola, Lassa or Marburg fever", "埃博拉、拉沙或马尔堡出血热", "A96:2 A98:34", _IHR
    ),
    _feed(
        "school-absence",
        "pupils absent because of illness",
        "因病缺课学生",
        "education departments' daily absence counts",
    ),
    _feed(
        "fever-medicine", "sales of fever medicine", "退热药销售", "pharmacies' daily sales, counted by a department"
    ),
)
_BY_KEY = {one.key: one for one in SERIES}


def series(key: str) -> Series:
    """Return a series by its key. Raises KeyError for one that was never in force."""
    return _BY_KEY[key]


def feeds(key: str) -> Series:
    """Return a series that departments may send. Raises FeedRefused for any other."""
    found = _BY_KEY.get(key)
    if found is None or not found.feed:
        known = ", ".join(one.key for one in SERIES if one.feed)
        raise FeedRefused(f"no department sends this series; those there are: {known}", why="series")
    return found
