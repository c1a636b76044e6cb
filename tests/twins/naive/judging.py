"""Ask a node over HTTP what the twin was asked, page by page, and say where they differ."""

from __future__ import annotations

import http.client
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from twins.naive import paths
from twins.naive.drawing import Query
from twins.naive.evaluator import Library, Wrong, parameter
from twins.naive.loading import DIRECTORY
from twins.naive.values import keys, split

MOST_PAGES = 4
"""So many pages are followed; of more, these and the total are compared."""
EXACT = 200
"""A larger total is told in hundreds, unless patients are named (docs/reference/search.md)."""
MOST_INCLUDED = 1000
# What may be refused with a 400 though its parameter is listed, each as docs/reference/search.md says.
MAY_BE_REFUSED = {
    ":exact": "a person's name, which is kept as digests of its folded parts",
    "a beginning of more than 32 characters": "texts are kept as digests of so many beginnings",
    "a system alone in a composite": "pairs of an element are kept as digests of whole codes",
}


class Client:
    """One connection that is kept, with a bearer token."""

    def __init__(self, url: str, token: str) -> None:
        self._host = urlsplit(url).netloc
        self._open = http.client.HTTPConnection(self._host, timeout=600)
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> tuple[int, Any]:
        """GET a path; a connection that the node has closed meanwhile is opened anew, once."""
        try:
            return self._get(path)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            self._open.close()
            return self._get(path)

    def _get(self, path: str) -> tuple[int, Any]:
        self._open.request("GET", path, headers=self._headers)
        answer = self._open.getresponse()
        return answer.status, orjson.loads(answer.read())


@dataclass(slots=True)
class Tally:
    """What was compared, and what differed."""

    asked: int = 0
    answered: int = 0
    found: int = 0
    refused_rightly: int = 0
    unsettled: int = 0
    pages: int = 0
    included: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    found_forms: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for name in ("asked", "answered", "found", "refused_rightly", "unsettled", "pages", "included"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("forms", "found_forms", "refused"):
            getattr(self, name).update(getattr(other, name))
        self.differences += other.differences

    def told(self) -> str:
        """Say it in some lines."""
        return (
            f"{self.asked} queries, {self.answered} answered ({self.found} with matches, {self.pages} pages,"
            f" {self.included} included resources), {self.refused_rightly} wrong ones refused,"
            f" {self.unsettled} not settled by R4, {len(self.differences)} differences\n"
            f"asked: {dict(self.forms.most_common())}\nwith matches: {dict(self.found_forms.most_common())}\n"
            f"refused though listed: {dict(self.refused.most_common())}"
        )


class Judge:
    """Holds a node's answers to a library's."""

    def __init__(self, client: Client, library: Library) -> None:
        self.client = client
        self.library = library
        self.tally = Tally()

    def judge(self, query: Query) -> None:
        """Ask one search of both. What differs is added to the tally, with the search."""
        self.tally.asked += 1
        try:
            expected = None if query.wrong else self.library.search(query.kind, query.criteria)
        except Wrong:
            self.tally.unsettled += 1
            return
        path = f"/fhir/{query.kind}?{urlencode(query.pairs)}"
        status, page = self.client.get(path)
        if expected is None:
            self._must_be_refused(query, status, page)
        elif status != 200:
            self._refused(query, expected, status, page)
        else:
            self._answered(query, expected, page)

    def _differs(self, query: Query, why: str) -> None:
        self.tally.differences.append(f"{why}: {query.kind}?{'&'.join('='.join(pair) for pair in query.pairs)}")

    def _must_be_refused(self, query: Query, status: int, page: Any) -> None:
        if status == 400 and page.get("resourceType") == "OperationOutcome":
            self.tally.refused_rightly += 1
        else:
            self._differs(query, f"{query.wrong} is answered with {status}")

    def _refused(self, query: Query, expected: frozenset[str], status: int, page: Any) -> None:
        allowed = sorted(query.forms & MAY_BE_REFUSED.keys())
        if status == 403 and self._names_nobody(query):
            self.tally.refused["nobody by that id"] += 1
        elif status == 403 and _leads_to_records(query):
            self.tally.refused["from institutions to records"] += 1
        elif status == 400 and self._brings_too_much(query, expected):
            self.tally.refused["more would be included than one answer brings"] += 1
        elif status == 400 and allowed:
            self.tally.refused.update([f"{' '.join(allowed)}: {page['issue'][0]['diagnostics'][:90]}"])
        else:
            said = page["issue"][0].get("diagnostics", "")
            self._differs(query, f"refused with {status} {said[:200]!r}")

    def _names_nobody(self, query: Query) -> bool:
        """Tell whether a Patient is named who is not there: that is answered as somebody else's Patient would be."""
        named = [
            one
            for _, value in query.criteria
            for one in split(value, ",")
            if re.fullmatch(r"(Patient/)?[0-9a-f-]{36}", one)
        ]
        return any(f"Patient/{one.removeprefix('Patient/')}" not in self.library.resources for one in named)

    def _answered(self, query: Query, expected: frozenset[str], page: Any) -> None:
        self.tally.answered += 1
        self.tally.found += bool(expected)
        self.tally.forms.update(query.forms)
        if expected:
            self.tally.found_forms.update(query.forms)
        shape = dict(query.shape)
        total, counted = page.get("total"), shape.get("_total") == "accurate" or shape.get("_summary") == "count"
        hundreds = len(expected) - len(expected) % 100 if len(expected) > EXACT else len(expected)
        if counted and total not in (len(expected), hundreds):
            self._differs(query, f"total {total}, not {len(expected)}")
        if shape.get("_summary") == "count":
            if page.get("entry"):
                self._differs(query, "a count has entries")
            return
        matched, more = self._pages(query, page)
        self._compare(query, expected, matched, more)

    def _pages(self, query: Query, page: Any) -> tuple[list[str], bool]:
        """Follow the pages; return the matches in order, and whether there are more."""
        matched: list[str] = []
        most = int(dict(query.shape)["_count"])
        for _ in range(MOST_PAGES):
            self.tally.pages += 1
            entries = page.get("entry", ())
            here = [_address(one) for one in entries if one["search"]["mode"] == "match"]
            if len(here) > most:
                self._differs(query, f"a page of {len(here)} matches")
            self._bodies(query, entries)
            self._included(query, here, [_address(one) for one in entries if one["search"]["mode"] == "include"])
            matched += here
            url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
            if url is None:
                return matched, False
            parts = urlsplit(url)
            status, page = self.client.get(f"{parts.path}?{parts.query}")
            if status == 400 and self._brings_too_much(query, self.library.search(query.kind, query.criteria)):
                self.tally.refused["more would be included than one answer brings"] += 1
                return matched, True
            if status != 200:
                self._differs(query, f"a next page is answered with {status}")
                return matched, True
        return matched, True

    def _compare(self, query: Query, expected: frozenset[str], matched: list[str], more: bool) -> None:
        twice = [one for one, times in Counter(matched).items() if times > 1]
        if twice:
            self._differs(query, f"{twice[0]} is found {len(twice)} times too often")
        if surplus := set(matched) - expected:
            self._differs(query, f"{len(surplus)} found of {len(expected)} that should not be, {min(surplus)}")
        if not more and (missed := expected - set(matched)):
            self._differs(query, f"{len(missed)} of {len(expected)} not found, {min(missed)}")
        if more and len(matched) >= len(expected):
            self._differs(query, "a next page after the last match")
        for pair in query.shape:
            if pair[0] == "_sort":
                self._sorted(query, matched, pair[1].split(","))

    def _sorted(self, query: Query, matched: Iterable[str], wanted: list[str]) -> None:
        known = [one for one in matched if one in self.library.resources]
        rows = [tuple(_place(self.library, query.kind, one, name) for name in wanted) for one in known]
        for before, after in pairwise(rows):
            if before > after:
                self._differs(query, f"{before} stands before {after}")
                return

    def _included(self, query: Query, here: list[str], brought: list[str]) -> None:
        expected = self._brought_by(query, here)
        self.tally.included += len(brought)
        if len(brought) != len(set(brought)) or set(brought) != expected - set(here):
            self._differs(query, f"{len(brought)} included, not {len(expected - set(here))}")

    def _brought_by(self, query: Query, matched: list[str]) -> set[str]:
        brought = set[str]()
        for name, value in query.shape:
            if name == "_include":
                brought |= self.library.included(matched, value)
            elif name == "_revinclude":
                brought |= self.library.including(matched, value)
        return brought

    def _brings_too_much(self, query: Query, expected: frozenset[str]) -> bool:
        """Tell whether a page of these matches may bring more than one answer includes."""
        return len(self._brought_by(query, sorted(expected)) - expected) > MOST_INCLUDED

    def _bodies(self, query: Query, entries: Iterable[dict[str, Any]]) -> None:
        shape = dict(query.shape)
        for one in entries:
            resource = one["resource"]
            stored = self.library.resources.get(_address(one))
            if stored is None or one["search"]["mode"] != "match":
                continue
            cut = shape.get("_elements"), shape.get("_summary") if shape.get("_summary") != "false" else None
            if any(cut):
                why = _wrongly_cut(resource, stored, *cut)
                if why:
                    self._differs(query, why)
            elif set(resource) != set(stored):
                self._differs(query, f"another body, {sorted(set(resource) ^ set(stored))}")


def _leads_to_records(query: Query) -> bool:
    """Tell whether a search of institutions asks for records that point there; a system may not go that way."""
    names = [name if name != "_revinclude" else f"_has:{value}" for name, value in query.pairs]
    return query.kind in DIRECTORY and any(
        name.startswith("_has:") and name.split(":")[1] not in DIRECTORY for name in names
    )


def _address(entry: dict[str, Any]) -> str:
    return f"{entry['resource']['resourceType']}/{entry['resource']['id']}"


def _place(library: Library, kind: str, address: str, name: str) -> tuple[int, Any]:
    """Return where a resource stands in an order: by the start of a date, without one at the end."""
    down, name = name.startswith("-"), name.lstrip("-")
    if name == "_id":
        id_ = address.partition("/")[2]
        return 0, tuple(-ord(one) for one in id_) if down else tuple(map(ord, id_))
    of, expression, *_ = parameter(kind, name)
    found = [key for node in paths.nodes(library.resources[address], expression) for key in keys(of, node)]
    if not found:
        return 1, 0
    low = min(one.low for one in found) if not down else max(one.low for one in found)
    return 0, -low if down else low


def _wrongly_cut(resource: dict[str, Any], stored: dict[str, Any], elements: str | None, summary: str | None) -> str:
    """Say what is wrong with a part of a resource, or nothing (FHIR R4, search.html, 3.1.1.5.8 and 9)."""
    facts = paths.FACTS["elements"][stored["resourceType"]]
    always = {"resourceType", "id", "meta"}
    if elements is not None:
        asked = {one for name in elements.split(",") for one in (name, f"{name}[x]")}
        lacking = {one for one in stored if _one_of(one, asked)} - set(resource)
        extra = {one for one in set(resource) - always if not _one_of(one, asked | set(facts["mandatory"]))}
    elif summary == "data":
        lacking, extra = set(stored) - {"text"} - set(resource), set(resource) - (set(stored) - {"text"})
    else:
        marked = set(facts["summary"])
        lacking = {one for one in stored if _one_of(one, marked)} - set(resource)
        extra = {
            one for one in resource if not _one_of(one, marked) and one not in always and one not in facts["mandatory"]
        }
    tagged = any(one.get("code") == "SUBSETTED" for one in resource.get("meta", {}).get("tag", ()))
    if lacking or extra or not tagged:
        return f"lacks {sorted(lacking)}, has {sorted(extra)} too many, tagged {tagged}"
    return ""


def _one_of(name: str, marked: Iterable[str]) -> bool:
    return any(name == one or (one.endswith("[x]") and paths.is_choice(name, one[:-3])) for one in marked)


def listed_by(client: Client) -> dict[str, dict[str, str]]:
    """Return what the CapabilityStatement lists: type -> parameter -> kind."""
    status, told = client.get("/fhir/metadata")
    assert status == 200, json.dumps(told)
    return {
        one["type"]: {parameter["name"]: parameter["type"] for parameter in one.get("searchParam", ())}
        for one in told["rest"][0]["resource"]
    }
