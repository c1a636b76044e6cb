"""The kinds that list institutions: recognitions, trust lists and admissions. Nobody else fits into any of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from salus_audit.contents.naming import digits_of, holds_a_hash, is_institution, kind_of_key, thumbprint_of
from salus_audit.contents.told import FACTS
from salus_audit.spelling import Misspelt, is_octets, octets, seconds

MOST_RECOGNISED, MOST_TRUSTED, MOST_REGIONS, MOST_ADMITTED = 150, 512, 34, 256
MOST_DIGITS = 10
KEY_LASTS = timedelta(days=732)
_RECOGNISED = {"form", "issuer", "source", "kid", "key", "kinds", "starts", "ends"}
_TRUSTED = {"party", "key", "regions", "kinds", "starts", "ends", "ended"}
_ADMITTED = {"facility", "organisation", "licence", "county"}
_SOURCE = re.compile(r"https://[a-z0-9.-]{1,80}(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]{1,80}){0,8}")
_PARTY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/:-]{0,126}[A-Za-z0-9])?")
_PROVINCES = {
    *(*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66)),
    *(71, 81, 82, *range(90, 100)),
}
_MOMENT = re.compile(r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})")
_LICENCES = {
    "hospital",
    "clinic",
    "community-health-centre",
    "township-health-centre",
    "village-clinic",
    "maternal-and-child-centre",
    "emergency-centre",
    "laboratory",
    "sampling-site",
}


def fault_of_recognition(document: Mapping[str, Any]) -> str | None:
    """Judge a recognition: keys of institutions of other systems, each named as codes of its form name it."""
    body = document["body"]
    listed = body.get("keys")
    if set(body) != {"keys"} or not isinstance(listed, list) or len(listed) > MOST_RECOGNISED:
        return f"a recognition lists at most {MOST_RECOGNISED} keys, and nothing else"
    for place, one in enumerate(listed):
        fault = _recognised(one)
        if fault:
            return f"key {place}: {fault}"
    names = {(one["form"], one["source"], one["kid"], one["key"]) for one in listed}
    return None if len(names) == len(listed) else "a recognition names a key twice"


def _recognised(one: Any) -> str | None:
    if not isinstance(one, dict) or set(one) != _RECOGNISED:
        return "it has other fields than a recognised key"
    if not all(isinstance(one[name], str) for name in _RECOGNISED - {"kinds"}) or not _chosen(one["kinds"], FACTS):
        return "it is not told in texts, with kinds of facts from the closed list"
    if one["form"] not in ("HC1", "SHC") or seconds(one["starts"]) >= seconds(one["ends"]):
        return "it is of no form that is read, or ends before it starts"
    if not is_institution(one["issuer"]):
        return "its issuer's name could be a person's, or says a colour or a measure"
    raw = octets(one["key"])
    kind = kind_of_key(raw)
    if one["form"] == "HC1":
        named = not one["source"] and re.fullmatch("[0-9a-f]{16}", one["kid"]) and kind in ("P-256", "RSA")
    else:
        named = kind == "P-256" and _is_source(one["source"]) and one["kid"] == thumbprint_of(raw)
    return None if named else "it is no key of its form, or not named as codes of its form name it"


def _is_source(text: str) -> bool:
    return len(text) <= 128 and digits_of(text) <= MOST_DIGITS and bool(_SOURCE.fullmatch(text))


def fault_of_trust_list(document: Mapping[str, Any]) -> str | None:
    """Judge a trust list: keys of issuers with their limits, and the list before it."""
    body = document["body"]
    if set(body) != {"previous", "keys"} or document["name"] != "issuers":
        return "a trust list is named issuers, and says the list before it and keys"
    first = document["version"] == 1
    if (body["previous"] is None) != first or not (first or is_octets(body["previous"], 32)):
        return "a trust list names the version before it, and the first names none"
    listed = body["keys"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_TRUSTED:
        return f"a trust list has one to {MOST_TRUSTED} keys"
    for place, one in enumerate(listed):
        fault = _trusted(one)
        if fault:
            return f"key {place}: {fault}"
    return None if len({one["key"] for one in listed}) == len(listed) else "a trust list names a key twice"


def _trusted(one: Any) -> str | None:
    if not isinstance(one, dict) or set(one) != _TRUSTED:
        return "it has other fields than a trusted key"
    if not isinstance(one["party"], str) or not _PARTY.fullmatch(one["party"]) or digits_of(one["party"]) > MOST_DIGITS:
        return "it belongs to no institution by a name"
    raw = octets(one["key"])
    if len(raw) > 1024 or kind_of_key(raw) not in ("P-256", "Ed25519"):
        return "it is no key of P-256 or Ed25519"
    regions = {"country", *(f"{two}0000" for two in _PROVINCES)}
    if not _chosen(one["regions"], regions) or len(one["regions"]) > MOST_REGIONS or not _chosen(one["kinds"], FACTS):
        return "it has no regions, country or provinces, or no kinds of facts from the closed list"
    starts, ends = _moment(one["starts"]), _moment(one["ends"])
    if any((at.minute, at.second, at.microsecond) != (0, 0, 0) for at in (starts, ends)):
        return "it does not start and end at whole hours"
    if not starts < ends <= starts + KEY_LASTS:
        return "it does not end within two years of its start"
    return None if one["ended"] in (None, "superseded", "key-compromise") else "its end has no known reason"


def fault_of_admission(document: Mapping[str, Any]) -> str | None:
    """Judge an admission: places of care by their ids, each with a class of licence that there is."""
    listed = document["body"].get("facilities")
    if set(document["body"]) != {"facilities"} or not isinstance(listed, list) or len(listed) > MOST_ADMITTED:
        return f"an admission lists at most {MOST_ADMITTED} facilities, and nothing else"
    for one in listed:
        if not isinstance(one, dict) or set(one) != _ADMITTED:
            return "a facility is admitted with its organisation, its licence and its county, and nothing else"
        if not all(isinstance(value, str) for value in one.values()):
            return "a facility is admitted in words"
        if one["licence"] not in _LICENCES or not re.fullmatch("[0-9]{6}", one["county"]):
            return "there is no such class of licence, or no such county"
        if not re.fullmatch("[A-Z][A-Z0-9-]{0,31}", one["facility"]) or not re.fullmatch(
            "[A-Za-z][A-Za-z0-9-]{0,63}", one["organisation"]
        ):
            return "a facility and its organisation are named by their ids"
        for name in ("facility", "organisation"):
            if digits_of(one[name]) > MOST_DIGITS or holds_a_hash(one[name].replace("-", " ")):
                return "the name of a facility could hold a person's number or a hash"
    names = [one["facility"] for one in listed]
    return None if len(set(names)) == len(names) else "a facility is admitted once"


def _chosen(listed: Any, closed: set[str]) -> bool:
    """Tell whether a value is a list of some words of a closed list, each once."""
    if not isinstance(listed, list) or not listed or not all(isinstance(one, str) for one in listed):
        return False
    return len(set(listed)) == len(listed) and set(listed) <= closed


def _moment(text: Any) -> datetime:
    """Read an instant with whatever offset (RFC 3339); Misspelt otherwise."""
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        raise Misspelt("this is no instant")
    return datetime.fromisoformat(text).astimezone(UTC)
