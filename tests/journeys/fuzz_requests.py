"""Draw requests to /fhir that a careless or hostile program could send, and say of each answer what is wrong with it.

What is planted so that it must be refused is named in `planted`; all else may be taken in, and is explained then.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from mutating import ODD, mutate, visit
from serving import FHIR_JSON

Resource = dict[str, Any]
SECRET = "900101198001010010"
"""An identity number that no refusal may repeat."""
UNIVERSAL = frozenset(
    "_count _cursor _sort _include _revinclude _elements _summary _total _format _pretty _id _lastUpdated _has".split()
)
VALUES = (
    "",
    "a",
    "|",
    "a|b",
    "a\\,b",
    "\x00",
    "1",
    "2031",
    "ge2031-01-01",
    "0000",
    "9999",
    "*",
    "é",
    "'; drop",
    "1e9",
    "_",
    "true",
)
VALUES += (
    "-1",
    "0",
    "10000000000",
    "Patient/1",
    "ne",
    "$",
    "a$b",
    ",",
    "\\",
    "%",
    "\ud7ff",
    "x" * 3000,
    SECRET,
    "5.4|http://unitsofmeasure.org|mg",
)
MODIFIERS = (
    "",
    "",
    "",
    ":exact",
    ":not",
    ":missing",
    ":text",
    ":in",
    ":x",
    ":Patient",
    ":",
    "::",
    ":identifier",
    ".name",
    ".x.y",
    ":Patient.name",
)
METHODS = ("HEAD", "OPTIONS", "PATCH", "DELETE", "TRACE", "BREW", "GET", "PUT", "POST")


@dataclass(slots=True, kw_only=True)
class Sent:
    """One request. `planted` says why it must be refused, if it must."""

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    resource: Any = None
    planted: str = ""
    what: str = ""

    @property
    def target(self) -> str:
        return self.path + (f"?{urlencode(self.query, errors='replace')}" if self.query else "")


def _duplicated(rng: Random, raw: bytes) -> bytes:
    return raw.replace(b"{", b'{"language":"en","language":"zh",', 1)


def _surrogate(rng: Random, raw: bytes) -> bytes:
    return raw.replace(b"{", b'{"implicitRules":"\\ud800",', 1)


def _cut(rng: Random, raw: bytes) -> bytes:
    return raw[: rng.randrange(len(raw))]


def _trailing(rng: Random, raw: bytes) -> bytes:
    return raw + rng.choice((b"{}", b"x", b",", raw))


def _deep(rng: Random, raw: bytes) -> bytes:
    depth = rng.choice((70, 1_000, 20_000))
    return raw.replace(b"{", b'{"extension":' + b'[{"url":"u:x","extension":' * depth + b"[]" + b"}]" * depth + b",", 1)


def _not_a_number(rng: Random, raw: bytes) -> bytes:
    return raw.replace(
        b"{",
        b'{"extension":[{"url":"u:x","valueDecimal":' + rng.choice((b"NaN", b"Infinity", b"01", b"+1", b".5")) + b"}],",
        1,
    )


def _huge(rng: Random, raw: bytes) -> bytes:
    return raw.replace(
        b"{", b'{"extension":[{"url":"u:x","valueInteger":' + b"9" * rng.choice((11, 40, 5000)) + b"}],", 1
    )


def _bytes_of_none(rng: Random, raw: bytes) -> bytes:
    return raw.replace(b"{", b'{"language":"\xff\xfe",', 1)


BYTES: dict[str, Callable[[Random, bytes], bytes]] = {
    "a key twice": _duplicated,
    "a lone surrogate": _surrogate,
    "text that ends too early": _cut,
    "text that goes on": _trailing,
    "depth": _deep,
    "a number that is none": _not_a_number,
    "a number that is too large": _huge,
    "bytes that are no UTF-8": _bytes_of_none,
}
ELEMENTS: dict[str, Resource] = {
    "an unknown element": {"shoeSize": 43},
    "a null": {"language": None},
    "an empty text": {"language": ""},
    "an empty object": {"meta": {}},
    "an empty list": {"extension": []},
    "a text for a list": {"extension": "x"},
    "a number for a text": {"language": 43},
    "the year 0000": {"meta": {"lastUpdated": "0000-01-01T00:00:00Z"}},
    "a date that is none": {"extension": [{"url": "u:x", "valueDate": "2031-02-30"}]},
    "the year 0000 in a date": {"extension": [{"url": "u:x", "valueDate": "0000-01-01"}]},
    "U+0000": {"extension": [{"url": "u:x", "valueString": "a\u0000b"}]},
    "two values": {"extension": [{"url": "u:x", "valueString": "a", "valueBoolean": True}]},
    "an extension without a name": {"extension": [{"valueString": "a"}]},
    "a foreign type": {"resourceType": "Horoscope"},
    "a reference to nothing": {"extension": [{"url": "u:x", "valueReference": {"reference": "#nothing"}}]},
}
HEADERS: dict[str, dict[str, str]] = {
    "another media type": {"Content-Type": "text/plain"},
    "XML": {"Content-Type": "application/fhir+xml"},
    "no media type": {"Content-Type": ""},
    "a form": {"Content-Type": "application/x-www-form-urlencoded"},
    "XML wanted": {"Accept": "application/fhir+xml"},
    "an unknown preference": {"Prefer": "return=banana"},
    "a condition on nothing": {"If-None-Exist": "shoe-size=43"},
    "an empty condition": {"If-None-Exist": ""},
}


class Fuzzer:
    """Draws requests from one seed over resources that a server could take in."""

    def __init__(
        self, seed: int, resources: list[Resource], patient: str, listed: Mapping[str, Mapping[str, str]]
    ) -> None:
        self.rng = Random(seed)
        self.resources = resources
        self.patient = patient
        self.listed = listed
        self.types = sorted(listed)
        self.known: list[tuple[str, str, str]] = []
        """(type, id, version) of what was taken in."""

    def draw(self) -> Sent:
        """Draw one request."""
        kinds = (
            self._create,
            self._update,
            self._search,
            self._posted,
            self._bundle,
            self._validate,
            self._read,
            self._odd,
        )
        sent = self.rng.choices(kinds, (30, 12, 24, 5, 12, 4, 6, 7))[0]()
        sent.what = sent.what or sent.method
        return sent

    def _resource(self, kind: str = "") -> Resource:
        """Copy a resource, about our patient, with all other references led elsewhere."""
        of_kind = [one for one in self.resources if kind in ("", one["resourceType"])]
        resource = copy.deepcopy(self.rng.choice(of_kind)) if of_kind else {"resourceType": kind}
        resource.pop("id", None)

        def lead(node: dict[str, Any]) -> None:
            reference = node.get("reference")
            if isinstance(reference, str) and not reference.startswith("#"):
                node["reference"] = f"https://x.example/{len(reference)}"
                if node is resource.get("subject") or node is resource.get("patient"):
                    node["reference"] = self.patient

        visit(resource, lead)
        return resource

    def _written(self, sent: Sent, resource: Resource) -> Sent:
        """Plant a fault, or change something at random, or neither."""
        rng, luck = self.rng, self.rng.random()
        if luck < 0.12:
            sent.planted = rng.choice(sorted(ELEMENTS))
            resource |= copy.deepcopy(ELEMENTS[sent.planted])
        elif luck < 0.5:
            for _ in range(rng.randint(1, 2)):
                mutate(rng, resource)
        sent.resource, sent.body = resource, json.dumps(resource).encode()
        sent.headers = {
            "Content-Type": FHIR_JSON,
            "Prefer": rng.choice(("return=representation", "return=minimal", "x=y", "")),
        }
        if 0.5 < luck < 0.62:
            sent.planted = rng.choice(sorted(BYTES))
            sent.body = BYTES[sent.planted](rng, sent.body)
        elif 0.62 < luck < 0.7:
            sent.planted = rng.choice(sorted(HEADERS))
            if sent.what == "$validate" or (sent.what == "update" and "condition" in sent.planted):
                sent.planted = "XML"
            elif sent.what in ("batch", "transaction") and "preference" in sent.planted:
                sent.planted = "XML"  # an answer to a Bundle is what it is, whatever is preferred
            sent.headers |= HEADERS[sent.planted]
        elif 0.7 < luck < 0.73:
            sent.planted, sent.query = "a parameter that means nothing", [("shoe-size", rng.choice(VALUES))]
        return sent

    def _create(self) -> Sent:
        resource = self._resource()
        sent = Sent(method="POST", path=f"/fhir/{resource['resourceType']}", what="create")
        if self.rng.random() < 0.03:
            kind = self.rng.choice([one for one in self.types if one != resource["resourceType"]])
            sent.path, sent = f"/fhir/{kind}", self._written(sent, resource)
            sent.planted = sent.planted or "another type than the address says"
            sent.path = f"/fhir/{kind}"
            return sent
        return self._written(sent, resource)

    def _update(self) -> Sent:
        rng = self.rng
        kind, id_, version = rng.choice(self.known) if self.known else ("Patient", str(uuid.UUID(int=1)), "1")
        resource = self._resource(kind) | {"id": id_}
        sent = self._written(Sent(method="PUT", path=f"/fhir/{kind}/{id_}", what="update"), resource)
        if rng.random() < 0.4:
            sent.headers["If-Match"] = rng.choice(
                (f'W/"{version}"', 'W/"0"', 'W/"999"', "*", "", "1", '"', 'W/"x"', "é".encode().decode("latin-1"))
            )
            if sent.headers["If-Match"] in ('W/"999"', 'W/"0"', 'W/"x"', '"'):
                sent.planted = sent.planted or "a version that is not there"
        if rng.random() < 0.05 and "id" in resource:
            sent.path, sent.planted = (
                f"/fhir/{kind}/{uuid.UUID(int=rng.getrandbits(128))}",
                sent.planted or "another id than the address says",
            )
        return sent

    def _pairs(self, kind: str) -> list[tuple[str, str]]:
        rng = self.rng
        names = [
            *self.listed.get(kind, ()),
            *sorted(UNIVERSAL),
            "x",
            "code",
            "",
            "subject",
            "_text",
            "_content",
            "_query",
            "_has:Observation:patient:code",
        ]
        return [(rng.choice(names) + rng.choice(MODIFIERS), rng.choice(VALUES)) for _ in range(rng.randint(0, 3))]

    def _search(self) -> Sent:
        kind = self.rng.choice([*self.types, "Patient", "Observation", "patient", "X", "Patient%20"])
        headers = self.rng.choice(
            ({}, {"Prefer": "handling=lenient"}, {"Accept": "application/json"}, {"If-None-Match": "*"})
        )
        return Sent(method="GET", path=f"/fhir/{kind}", query=self._pairs(kind), headers=dict(headers), what="search")

    def _posted(self) -> Sent:
        kind = self.rng.choice(self.types)
        form = urlencode(self._pairs(kind), errors="replace").encode()
        headers = {"Content-Type": self.rng.choice(("application/x-www-form-urlencoded",) * 4 + (FHIR_JSON,))}
        planted = "a form that says it is JSON" if headers["Content-Type"] == FHIR_JSON else ""
        return Sent(
            method="POST",
            path=f"/fhir/{kind}/_search",
            headers=headers,
            body=form,
            planted=planted,
            what="posted search",
        )

    def _read(self) -> Sent:
        kind, id_, version = self.rng.choice(self.known) if self.known else ("Patient", "1", "1")
        path = self.rng.choice(
            (
                f"{kind}/{id_}",
                f"{kind}/{id_.upper()}",
                f"{kind}/{id_}x",
                f"Patient/{id_}",
                f"{kind}/{id_}/_history/{version}",
                f"{kind}/{id_}/",
            )
        )
        headers = self.rng.choice(
            ({}, {"If-None-Match": f'W/"{version}"'}, {"If-Modified-Since": "yesterday"}, {"Range": "bytes=0-1"})
        )
        return Sent(method="GET", path=f"/fhir/{path}", headers=dict(headers), what="read")

    def _bundle(self) -> Sent:
        rng = self.rng
        size, plain = rng.randint(0, 6), rng.random() < 0.4
        urls = [f"urn:uuid:{uuid.UUID(int=rng.getrandbits(128))}" for _ in range(size)]
        if not plain:
            urls = [rng.choice((url, "urn:uuid:same", "", "http://x.example/Patient/1")) for url in urls]
        entries = [self._entry(url, urls, plain) for url in urls]
        bundle: Resource = {
            "resourceType": "Bundle",
            "type": rng.choice(("batch", "transaction", "transaction", "searchset", "message")),
            "entry": entries,
        }
        if not entries and rng.random() < 0.5:
            del bundle["entry"]
        sent = Sent(method="POST", path=rng.choice(("/fhir", "/fhir/")), what=str(bundle["type"]))
        sent = self._written(sent, bundle)
        twice = bundle.get("type") == "transaction" and urls.count("urn:uuid:same") > 1
        if bundle.get("type") in ("searchset", "message") or twice:
            sent.planted = sent.planted or ("a bundle that is none to send" if not twice else "one fullUrl twice")
        return sent

    def _entry(self, url: str, urls: list[str], plain: bool) -> Resource:
        rng, resource = self.rng, self._resource()
        kind = resource["resourceType"]
        if plain:
            return {"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": kind}}
        if urls and rng.random() < 0.3:  # they may point at each other, or each at itself
            resource["extension"] = [
                {"url": "u:x", "valueReference": {"reference": rng.choice(urls) or "urn:uuid:none"}}
            ]
        method = rng.choice(("POST", "POST", "POST", "GET", "PUT", "DELETE", "PATCH", "HEAD", "BREW"))
        address = kind if method == "POST" else f"{kind}/{uuid.UUID(int=rng.getrandbits(128))}"
        request = {
            "method": method,
            "url": rng.choice(
                (address,) * 8
                + (
                    "",
                    "?",
                    "/",
                    "Patient?identifier=x",
                    f"{address}/$everything",
                    "../oauth/token",
                    "http://x.example/Patient",
                )
            ),
        }
        if rng.random() < 0.1:
            request[rng.choice(("ifMatch", "ifNoneExist", "ifNoneMatch", "ifModifiedSince"))] = rng.choice(
                ('W/"1"', "identifier=x|1", "x", "")
            )
        entry: Resource = {"request": request}
        if method in ("POST", "PUT") or rng.random() < 0.1:
            entry["resource"] = resource
        return entry | ({"fullUrl": url} if url else {})

    def _validate(self) -> Sent:
        resource = self._resource()
        path = self.rng.choice((f"/fhir/{resource['resourceType']}/$validate", "/fhir/$validate"))
        return (
            self._written(Sent(method="POST", path=path, what="$validate"), resource)
            if self.rng.random() < 0.8
            else Sent(
                method="POST",
                path=path,
                body=json.dumps(self.rng.choice(ODD)).encode(),
                headers={"Content-Type": FHIR_JSON},
                what="$validate",
            )
        )

    def _odd(self) -> Sent:
        rng = self.rng
        paths = (
            "",
            "/",
            "/metadata",
            "/Patient",
            "/Patient/1",
            "/%00",
            "/Patient/%00",
            "/Patient/..%2f..",
            "//",
            "/Patient//1",
            "/$present",
            "/Patient/$match",
        )
        paths += (
            "/Patient/$merge",
            "/Patient/$everything",
            "/_history",
            "/Patient/_history",
            "/Observation/$lastn",
            "/.well-known/smart-configuration",
            "/é",
            "/" + "x" * 5000,
            "/Patient/$ihe-pix",
            "/Patient/_search",
        )
        method, body = (
            rng.choice(METHODS),
            rng.choice((None, b"", b"{}", b"[]", b"\x00", json.dumps(rng.choice(ODD)).encode())),
        )
        headers = {
            "Content-Type": rng.choice(
                (FHIR_JSON, "application/json-patch+json", "multipart/form-data", "application/json; charset=utf-16")
            )
        }
        headers |= rng.choice(
            (
                {},
                {"X-HTTP-Method-Override": "DELETE"},
                {"Expect": "100-continue"},
                {"Accept": "*/*;q=0"},
                {"Content-Encoding": "gzip"},
            )
        )
        return Sent(
            method=method,
            path="/fhir" + quote(rng.choice(paths), safe="/%$"),
            query=self._pairs("Patient")[:1],
            headers=headers,
            body=body,
            what="odd",
        )


__all__ = ["BYTES", "ELEMENTS", "HEADERS", "Fuzzer", "Sent"]
