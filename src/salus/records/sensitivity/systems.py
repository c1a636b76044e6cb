"""Of which classification a code is: by its system, or where none is said by how it looks. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from salus.records.sensitivity.texts import plain

# A system is kept under many addresses: HL7's, national editions', hospitals' own. One that nobody here knows is read
# as what its address says. 2.16.156.10011.2.3.3.11 and .12 are the tables of diagnoses and of operations of WS 364.
_KINDS = (
    ("icd-10", r"icd[-_]?10|14396|疾病分类|(^|:)2\.16\.840\.1\.113883\.6\.(3|4|90)(?!\d)"),
    ("icd-10", r"2\.16\.156\.10011\.2\.3\.3\.11(?!\d)"),
    ("icd-11", r"icd[-_]?11|icd/(release/11|entity)|2\.16\.840\.1\.113883\.6\.347(?!\d)"),
    (
        "icd-9",
        r"icd[-_]?9|手术操作|2\.16\.840\.1\.113883\.6\.(2|42|103|104)(?![\d.])|2\.16\.156\.10011\.2\.3\.3\.12(?!\d)",
    ),
    ("loinc", r"^loinc\.org|^2\.16\.840\.1\.113883\.6\.1$"),
    ("snomed", r"^snomed\.info/(sct|id)|^2\.16\.840\.1\.113883\.6\.96$"),
    ("atc", r"(^|[/:._-])atc($|[/:._-])|^2\.16\.840\.1\.113883\.6\.73$"),
)
_SYSTEMS = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)
_SCHEME = re.compile(r"^(urn:oid:|[a-z][a-z0-9+.-]*://(www\.)?)")
# Hospitals write codes without saying of which system.
_LOOKS = (
    ("icd-10", re.compile(r"[A-TV-Z][0-9][0-9AB]([0-9A-Z]{1,4}|\.[0-9A-Z]{1,8})?[*+†]?")),
    ("atc", re.compile(r"[A-DGHJLMNPRSV][0-9]{2}[A-Z]{2}([0-9]{2})?")),
    ("icd-11", re.compile(r"[0-9A-HJ-NP-V][A-HJ-NP-Z][0-9][0-9A-HJ-NP-Z]\.[0-9A-Z]{1,3}")),
)
# Only where a code stands: as a name they may be a ward, or a number that was measured.
_LOOKS_AS_CODE = (
    ("icd-11", re.compile(r"[0-9A-HJ-NP-V][A-HJ-NP-Z][0-9][0-9A-HJ-NP-Z]")),
    ("icd-9", re.compile(r"[0-9]{2}\.([0-9]{2}([0-9]{2,3})?|[0-9]X[0-9]{2,3})|[0-9]{3}\.[0-9]{1,2}")),
)


def written(code: str) -> str:
    """Return a code as the table writes codes: in capitals of ordinary width, without spaces."""
    return "".join(plain(code).split()).upper()


@lru_cache(maxsize=4096)
def kind_of(system: str) -> tuple[str, ...]:
    """Return of which classification a system is; of none if nobody here knows it."""
    address = _SCHEME.sub("", "".join(plain(system).split()).lower().partition("|")[0]).rstrip("/")
    return tuple(dict.fromkeys(kind for kind, pattern in _SYSTEMS if pattern.search(address)))


def looks_like(code: str, *, stands_as_code: bool = True) -> tuple[str, ...]:
    """Return of which classifications a code without a system may be."""
    looks = _LOOKS + _LOOKS_AS_CODE if stands_as_code else _LOOKS
    return tuple(dict.fromkeys(kind for kind, pattern in looks if pattern.fullmatch(code)))


def readings(kind: str, code: str) -> tuple[str, ...]:
    """Return a code with its dot where its classification has one; daggers, and national letters, stay behind it.

    Without a dot an ICD-9 code may be a diagnosis or an operation.
    """
    if kind == "icd-10" and len(code) > 3 and code[3] != ".":
        return (f"{code[:3]}.{code[3:]}",)
    if kind == "icd-9" and "." not in code and len(code) > 2:
        return (code, f"{code[:2]}.{code[2:]}", f"{code[:3]}.{code[3:]}")
    return (code,)
