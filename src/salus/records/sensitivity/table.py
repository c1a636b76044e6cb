"""The table of codes, labels and words, as data: `codes.tsv`, whose last column says where each row comes from."""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache
from importlib.resources import files

from salus.access.consent import EVERY_CLASS, Sensitive
from salus.records.sensitivity.systems import kind_of, looks_like, readings, written
from salus.records.sensitivity.texts import forms

LABELS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_RESTRICTED = {"R", "V"}
_EVERY = int(EVERY_CLASS)
_FOLDER = "salus.records.sensitivity"


@cache
def rows() -> tuple[tuple[int, str, str, str, str], ...]:
    """Return the rows of the table: class, system, code or beginning of codes with *, meaning, source."""
    text = (files(_FOLDER) / "codes.tsv").read_text("utf-8").splitlines()
    found = csv.reader(text[1:], delimiter="\t", strict=True)
    return tuple((int(Sensitive[name.upper()]), *rest) for name, *rest in found)  # type: ignore[misc]


@lru_cache(maxsize=65_536)
def classes_of_code(system: str | None, code: str) -> int:
    """Return the classes that a code puts a resource into. Codes are terminology, so that answers may be remembered.

    A code without a system counts as what it looks like.
    """
    wanted = written(code)
    return _classes_of(kind_of(system) if system else looks_like(wanted), wanted)


@lru_cache(maxsize=65_536)
def classes_of_name(name: str) -> int:
    """Return the classes of a concept that is written as nothing but a code, if this name is one."""
    wanted = written(name)
    return _classes_of(looks_like(wanted, stands_as_code=False), wanted)


def _classes_of(kinds: tuple[str, ...], code: str) -> int:
    found = 0
    for kind in kinds:
        exact, beginnings = _index(kind)
        for wanted in readings(kind, code):
            found |= exact.get(wanted, 0)
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
    found = 0
    for form in forms(text):
        if "AIDS" in form and _AIDS.search(form):
            found |= _HIV
        lowered = form.lower()
        if any(spelt.search(lowered) for spelt in _SPELT):
            found |= _HIV
        latin, han = _words()
        for part, bits, whole in latin if _LETTER.search(lowered) else ():
            if part in lowered and (whole is None or whole.search(lowered)):
                found |= bits
        for one in () if lowered.isascii() else set(lowered) & han.keys():
            for part, bits in han[one]:
                if part in lowered:
                    found |= bits
    return found


_SHORT, _MOST_REMEMBERED = 200, 65_536
_answers: dict[int, int] = {}
_HIV = int(Sensitive.HIV)
_AIDS = re.compile(r"(?<![A-Za-z])AIDS(?![A-Za-z])")
_GAP = r"[\s.·_-]{1,2}"
_SPELT = tuple(re.compile(rf"{word[0]}(?<![a-z].){_GAP}{_GAP.join(word[1:])}(?![a-z])") for word in ("hiv", "aids"))
_LETTER = re.compile("[a-z]")


_Latin = tuple[tuple[str, int, re.Pattern[str] | None], ...]
_Han = dict[str, list[tuple[str, int]]]


@cache
def _words() -> tuple[_Latin, _Han]:
    """Return the words of letters, with how they must stand where they must be whole, and the others by beginning."""
    latin, han = [], _Han()
    for line in (files(_FOLDER) / "words.txt").read_text("utf-8").splitlines():
        name, _, part = line.partition("\t")
        if not part or line.startswith("#"):
            continue
        word, bits = part.removeprefix("="), int(Sensitive[name.upper()])
        if word.isascii():
            whole = re.compile(rf"(?<![a-z]){re.escape(word)}(?![a-z])") if word != part else None
            latin.append((word, bits, whole))
        else:
            han.setdefault(word[0], []).append((word, bits))
    return tuple(latin), han


@cache
def _index(kind: str) -> tuple[dict[str, int], dict[int, dict[str, int]]]:
    """Return the classes by whole code, and by the beginnings of codes by their length."""
    exact: dict[str, int] = {}
    beginnings: dict[int, dict[str, int]] = {}
    for name, system, code, _, _ in rows():
        if system == kind:
            whole = code.removesuffix("*")
            known = exact if whole == code and not kind.startswith("icd-") else beginnings.setdefault(len(whole), {})
            known[whole] = known.get(whole, 0) | name
    return exact, beginnings
