"""Data types of HL7 v2 (CX, XPN, XAD, XTN, XCN, CWE) as FHIR has them. What is local is under the facility's name."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from salus.identity.documents import DocumentType, document_types
from salus.records.v2 import codes, dates
from salus.records.v2.errors import REQUIRED, V2Refused
from salus.records.v2.message import Value

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+", re.ASCII)
_HAN = re.compile("[㐀-鿿\U00020000-\U0003ffff]")
_KINDS = {"MR": "mrn"}
OWN_NUMBER = "MR"
"""What a number of PID-3 without a type is: a hospital's own number for its patient."""


@lru_cache(maxsize=4096)
def namespace(facility: str, *parts: str) -> str:
    """Return the identifier or code system of what one facility numbers or codes for itself."""
    return ":".join(("urn:salus:facility", facility, *(_quoted(part) for part in parts if part)))


def identifier(value: Value, facility: str, where: str) -> dict[str, Any] | None:
    """Read a CX of a person: a national document's number under the document's system, others as the facility's own.

    None without a number. Raises V2Refused for one that its sender cut off: it could be somebody else's.
    """
    number = value.part(1)
    if not number:
        return None
    if value.cut:
        raise V2Refused("an identifier is cut off; send it whole", REQUIRED, where)
    kind = value.part(5).upper() or OWN_NUMBER
    document = _document(kind, value.part(4, 2))
    system = document.systems[0] if document else namespace(facility, _KINDS.get(kind, kind.lower()), value.part(4, 1))
    found: dict[str, Any] = {
        "type": {"coding": [{"system": codes.V2 + "0203", "code": _code(kind)}]},
        "system": system,
        "value": number,
    }
    start, end = dates.date_time(value.part(7)), dates.date_time(value.part(8))
    period = {name: at for name, at in (("start", start), ("end", end)) if at}
    return found | ({"period": period} if period else {})


@lru_cache(maxsize=1024)
def national(system: str) -> bool:
    """Tell whether a system is a document's, and not a facility's own."""
    return any(system in one.systems for one in document_types().values())


def own_identifier(number: str, facility: str, kind: str, authority: str = "") -> dict[str, Any]:
    """Return an identifier in the facility's own namespace, such as a visit number."""
    return {"system": namespace(facility, kind, authority), "value": number}


def name(value: Value) -> dict[str, Any] | None:
    """Read an XPN. A name in one piece is text; in parts it is parts, and Chinese ones have a text besides."""
    family, given, middle = value.part(1, 1), value.part(2), value.part(3)
    parts = [part for part in (given, *middle.split(" ")) if part]
    if not family and not parts:
        return None
    found: dict[str, Any] = {}
    if use := codes.NAME_USES.get(value.part(7)):
        found["use"] = use
    if not parts:
        found["text"] = family
    else:
        if _HAN.search(family + given):
            found["text"] = family + "".join(parts)
        if family:
            found["family"] = family
        found["given"] = parts
    for key, number in (("prefix", 5), ("suffix", 4)):
        if value.part(number):
            found[key] = [value.part(number)]
    if writing := codes.WRITINGS.get(value.part(8)):
        found["extension"] = [{"url": codes.WRITTEN_AS, "valueCode": writing}]
    return found


def address(value: Value) -> dict[str, Any] | None:
    """Read an XAD as its sender wrote it; the census tract and coordinates of newer versions are not read."""
    lines = [line for line in (value.part(1, 1), value.part(2)) if line]
    found: dict[str, Any] = {}
    if use := codes.ADDRESS_USES.get(value.part(7)):
        found["use"] = use
    if lines:
        found["line"] = lines
    for key, number in (("city", 3), ("district", 9), ("state", 4), ("postalCode", 5), ("country", 6)):
        if value.part(number):
            found[key] = value.part(number)
    return found if found.keys() - {"use"} else None


def telecom(value: Value, use: str) -> dict[str, Any] | None:
    """Read an XTN: the whole number of the first or twelfth component, its parts, or an e-mail address."""
    number = value.part(12) or value.part(1)
    if not number and value.part(7):
        number = "-".join(part for part in (value.part(5), value.part(6), value.part(7), value.part(8)) if part)
    system = codes.PHONE_SYSTEMS.get(value.part(3), "phone")
    if value.part(4) and (system == "email" or not number):
        number, system = value.part(4), "email"
    if not number:
        return None
    told = codes.PHONE_USES.get(value.part(2), use)
    return {"system": system, "value": number, "use": "mobile" if value.part(3) == "CP" else told}


def practitioner(value: Value, facility: str) -> dict[str, Any] | None:
    """Read an XCN as a reference by name and number: who works somewhere is not registered by messages."""
    number, family, given = value.part(1), value.part(2, 1), value.part(3)
    whole = family + given if _HAN.search(family + given) else " ".join(part for part in (given, family) if part)
    found: dict[str, Any] = {}
    if number:
        found["identifier"] = own_identifier(number, facility, "staff", value.part(9, 1))
    if whole:
        found["display"] = whole
    return found or None


def concept(value: Value, facility: str, table: str = "") -> dict[str, Any] | None:
    """Read a CE or CWE: the code and its alternate, and the text as written.

    `table` is the HL7 table of a field whose sender names no system. None if it says nothing.
    """
    codings = [found for place in (1, 4) if (found := _coding(value, place, facility, table if place == 1 else ""))]
    text = value.part(9) or value.part(2) or value.part(5) or ("" if codings else value.text)
    found = {name: told for name, told in (("coding", codings), ("text", text)) if told}
    return found or None


def _coding(value: Value, place: int, facility: str, table: str) -> dict[str, Any] | None:
    code, display, told = _code(value.part(place)), value.part(place + 1), value.part(place + 2)
    if not code:
        return None
    coding = {"system": coding_system(told, facility, table), "code": code}
    return coding | ({"display": display} if display else {})


@lru_cache(maxsize=4096)
def coding_system(told: str, facility: str, table: str = "") -> str:
    """Return the FHIR system of a coding system's name in table 0396, or the facility's own for a local one."""
    known = codes.SYSTEMS.get(told.upper())
    if known:
        return known
    named = re.fullmatch(r"HL7(\d{4})", told.upper(), re.ASCII)
    if named or (table and not told):
        return codes.V2 + (named[1] if named else table)
    return namespace(facility, "code", "" if told.upper() == "L" else told)


def _code(text: str) -> str:
    """Return a code as FHIR allows it: single spaces inside, none around."""
    return " ".join(text.split())


@lru_cache(maxsize=1024)
def _document(kind: str, authority: str) -> DocumentType | None:
    """Return the national document that a type of table 0203, or an assigning authority's OID, names."""
    oid = f"urn:oid:{authority}" if _OID.fullmatch(authority) else ""
    for one in document_types().values():
        ours = one.per_issuer or not one.links  # a hospital's own numbers, and temporary ones
        if not ours and (one.v2 == kind or (oid and oid in one.systems)):
            return one
    return None


def _quoted(text: str) -> str:
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)
