"""The table of codes, labels and words, as data: `codes.tsv`, whose last column says where each row comes from."""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache
from importlib.resources import files

from salus.access.consent import EVERY_CLASS, Sensitive

LABELS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_RESTRICTED = {"R", "V"}
_EVERY = int(EVERY_CLASS)
_FOLDER = "salus.records.sensitivity"
# ICD-10 is kept under many addresses: HL7's, national editions', hospitals' own. A code system that nobody here knows
# is read as ICD-10 where its address says so.
_ICD = re.compile(r"icd-?10|14396|2\.16\.840\.1\.113883\.6\.(3|4|90)(?!\d)", re.IGNORECASE)
# Hospitals write codes without saying of which system; what looks like ICD-10 is read as ICD-10, at any letter's case.
_LOOKS = re.compile(r"\s*[A-TV-Z][0-9][0-9AB]([0-9A-Z]{1,4}|\.[0-9A-Z]{1,8})?[*+†]?\s*", re.IGNORECASE)
_SYSTEMS = {
    "http://loinc.org": "loinc",
    "urn:oid:2.16.840.1.113883.6.1": "loinc",
    "http://snomed.info/sct": "snomed",
    "urn:oid:2.16.840.1.113883.6.96": "snomed",
    "http://www.whocc.no/atc": "atc",
    "urn:oid:2.16.840.1.113883.6.73": "atc",
}


@cache
def rows() -> tuple[tuple[int, str, str, str, str], ...]:
    """Return the rows of the table: class, system, code or beginning of codes with *, meaning, source."""
    text = (files(_FOLDER) / "codes.tsv").read_text("utf-8").splitlines()
    found = csv.reader(text[1:], delimiter="\t", strict=True)
    return tuple((int(Sensitive[name.upper()]), *rest) for name, *rest in found)  # type: ignore[misc]


@lru_cache(maxsize=65_536)
def classes_of_code(system: str | None, code: str) -> int:
    """Return the classes that a code puts a resource into. Codes are terminology, so that answers may be remembered.

    A code without a system counts as ICD-10 where it looks like one.
    """
    icd = bool(_ICD.search(system)) if system else bool(_LOOKS.fullmatch(code))
    kind = _SYSTEMS.get(system or "") or ("icd-10" if icd else None)
    if kind is None:
        return 0
    wanted = code.strip().upper()
    if kind == "icd-10":
        wanted = _dotted(wanted)
    exact, beginnings = _index(kind)
    found = exact.get(wanted, 0)
    for length, known in beginnings.items():
        found |= known.get(wanted[:length], 0)
    return found


def classes_of_label(system: str | None, code: str | None) -> int:
    """Return the classes that a sender's security label adds; one that restricts for another reason adds all of them.

    Those are HL7 v3 Confidentiality R and V, and an ActCode that is no label of the table.
    """
    if system == CONFIDENTIALITY:
        return _EVERY if code in _RESTRICTED else 0
    if system != LABELS or not code:
        return 0
    return _index("label")[0].get(code.upper(), _EVERY)


def classes_of_text(text: str) -> int:
    """Return the classes of which a text speaks, whether it says so of the person or denies it.

    Short texts come again and again. Answers are remembered by a hash, so that no memory fills with what was written.
    """
    if len(text) > _SHORT:
        return _read(text)
    key = hash(text)
    found = _answers.get(key)
    if found is None:
        if len(_answers) >= _MOST_REMEMBERED:
            _answers.clear()
        found = _answers[key] = _read(text)
    return found


def _read(text: str) -> int:
    """Look for each word; a search for each is ten times as fast as one expression of them all."""
    found = _HIV if "AIDS" in text and _AIDS.search(text) else 0
    lowered = text.lower()
    for part, bits, whole in _words():
        if part in lowered and (whole is None or whole.search(lowered)):
            found |= bits
    return found


_SHORT, _MOST_REMEMBERED = 200, 65_536
_answers: dict[int, int] = {}
_HIV = int(Sensitive.HIV)
_AIDS = re.compile(r"(?<![A-Za-z])AIDS(?![A-Za-z])")


@cache
def _words() -> tuple[tuple[str, int, re.Pattern[str] | None], ...]:
    """Return each part of a text, its class, and how it must stand where it must be a whole word."""
    found = []
    for line in (files(_FOLDER) / "words.txt").read_text("utf-8").splitlines():
        name, _, part = line.partition("\t")
        if part:
            word = part.removeprefix("=")
            whole = re.compile(rf"(?<![a-z]){re.escape(word)}(?![a-z])") if word != part else None
            found.append((word, int(Sensitive[name.upper()]), whole))
    return tuple(found)


@cache
def _index(kind: str) -> tuple[dict[str, int], dict[int, dict[str, int]]]:
    """Return the classes by whole code, and by the beginnings of codes by their length."""
    exact: dict[str, int] = {}
    beginnings: dict[int, dict[str, int]] = {}
    for name, system, code, _, _ in rows():
        if system == kind:
            whole = code.removesuffix("*")
            known = exact if whole == code and kind != "icd-10" else beginnings.setdefault(len(whole), {})
            known[whole] = known.get(whole, 0) | name
    return exact, beginnings


def _dotted(code: str) -> str:
    """Write an ICD-10 code with its dot; daggers, and the letters of national editions, stay behind it."""
    return code if len(code) < 4 or code[3] == "." else f"{code[:3]}.{code[3:]}"
