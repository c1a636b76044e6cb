"""Draw searches at random about resources that are there: values as they stand, cut, moved a little, or near misses."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from twins.naive import paths
from twins.naive.evaluator import PARAMETERS, Library, parameter
from twins.naive.values import PREFIXES, UCUM, Quantity, Token, keys

Pairs = list[tuple[str, str]]
COUNTS = ("1", "2", "3", "5", "10", "20", "50", "100", "200")
SORTS = ("date", "_lastUpdated", "_id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One search: what must hold, and how the answer is to look. `wrong` says why it must be refused."""

    kind: str
    criteria: Pairs
    shape: Pairs = field(default_factory=list)
    wrong: str = ""
    forms: frozenset[str] = frozenset()

    @property
    def pairs(self) -> Pairs:
        return [*self.criteria, *self.shape]


def escaped(text: str) -> str:
    """Write a value so that its marks are none."""
    return "".join(f"\\{one}" if one in "\\,|$" else one for one in text)


class Drawer:
    """Draws searches from one seed. `listed` is what the server's CapabilityStatement lists: type -> name -> kind."""

    def __init__(self, library: Library, listed: dict[str, dict[str, str]], seed: int) -> None:
        self.library = library
        self.listed = listed
        self.rng = Random(seed)
        self.types = sorted(kind for kind in library.of_type if kind in listed)
        self._addresses = {kind: sorted(held) for kind, held in library.of_type.items()}
        self._forms: set[str] = set()

    def draw(self) -> Query:
        """Draw one search; about one in twenty is wrong in a way that must be refused."""
        self._forms = set()
        kind = self.rng.choice(self.types)
        about = self._someone(kind)
        pairs = [self._criterion(kind, about, 2) for _ in range(self.rng.choice((0, 1, 1, 1, 1, 2, 2, 3)))]
        criteria = [one for one in pairs if one]
        wrong = ""
        if self.rng.random() < 0.05:
            wrong, pair = self._wrong(kind)
            criteria.insert(self.rng.randint(0, len(criteria)), pair)
        return Query(kind=kind, criteria=criteria, shape=self._shape(kind), wrong=wrong, forms=frozenset(self._forms))

    def _someone(self, kind: str) -> str:
        return self.rng.choice(self._addresses[kind])

    def _criterion(self, kind: str, about: str, hops: int) -> tuple[str, str] | None:
        luck = self.rng.random()
        if hops and luck < 0.12:
            return self._chain(kind, about, hops)
        if hops and luck < 0.2:
            return self._has(kind, about, hops)
        names = sorted(name for name in self.listed[kind] if name in PARAMETERS[kind] or name in PARAMETERS["Resource"])
        carried = [name for name in names if self._nodes(about, name)]
        name = self.rng.choice(carried if carried and self.rng.random() < 0.85 else names)
        of = parameter(kind, name)[0]
        if of not in _DRAWN:
            return None
        if self.rng.random() < 0.04 and not name.startswith("_") and of != "composite":
            self._forms.add(":missing")
            return f"{name}:missing", self.rng.choice(("true", "false"))
        self._forms.add(of)
        modifier, value = self._valued(kind, about, name, of)
        if of not in ("composite",) and modifier in ("", "exact", "not") and self.rng.random() < 0.12:
            value += "," + self._valued(kind, self._someone(kind), name, of, modifier)[1]
        if modifier:
            self._forms.add(":" + (modifier if modifier[0].islower() else "Type"))
        return f"{name}:{modifier}" if modifier else name, value

    def _nodes(self, about: str, name: str) -> list[Any]:
        kind = about.partition("/")[0]
        return paths.nodes(self.library.resources[about], parameter(kind, name)[1])

    def _valued(self, kind: str, about: str, name: str, of: str, must: str | None = None) -> tuple[str, str]:
        found = self._nodes(about, name) or self._nodes(self._someone(kind), name)
        modifier, value = _DRAWN[of](self, kind, name, found)
        if must is not None and modifier != must:
            modifier, value = must, value if must else self._plain_again(of, kind, name, found)
        return modifier, value

    def _plain_again(self, of: str, kind: str, name: str, found: list[Any]) -> str:
        for _ in range(20):
            modifier, value = _DRAWN[of](self, kind, name, found)
            if not modifier:
                return str(value)
        return {"token": "nobody", "string": "nobody", "reference": "nobody"}.get(of, "urn:nobody")

    def _token(self, kind: str, name: str, found: list[Any]) -> tuple[str, str]:
        rng = self.rng
        if name == "identifier" and rng.random() < 0.15:
            typed = [one for one in found if one.get("type", {}).get("coding") and "value" in one]
            if typed:
                one = rng.choice(typed)
                coding = one["type"]["coding"][0]
                value = rng.choice((one["value"], one["value"] + "0"))
                return "of-type", "|".join(escaped(str(part)) for part in (coding["system"], coding["code"], value))
        drawn = [key for node in found for key in keys("token", node)]
        key = rng.choice(drawn) if drawn else Token(None, _NOBODYS.get(name, "true"), bare=True)
        modifier = "not" if rng.random() < 0.1 and not name.startswith("_") else ""
        code, system = escaped(str(key.code or "none")), escaped(key.system or "")
        if system and rng.random() < 0.1:
            self._forms.add("system|")
            return modifier, f"{system}|"
        if key.bare:
            return modifier, code
        forms = [code, f"{system}|{code}", f"{system}|{code}", f"|{code}", f"{system}x|{code}", f"{system}|{code}x"]
        return modifier, rng.choice(forms)

    def _string(self, kind: str, name: str, found: list[Any]) -> tuple[str, str]:
        rng = self.rng
        texts = [text for node in found for text in keys("string", node) if text.strip()] or ["nobody"]
        text = rng.choice(texts)
        if rng.random() < 0.25:
            return "exact", escaped(rng.choice((text, text, text.upper(), text[:-1] or "x")))
        cut = text[: rng.randint(1, len(text))].strip() or text
        chosen = rng.choice((text, text, text.upper(), cut, cut.lower(), text + "x"))
        if len(chosen) > 32:
            self._forms.add("a beginning of more than 32 characters")
        return "", escaped(chosen)

    def _reference(self, kind: str, name: str, found: list[Any]) -> tuple[str, str]:
        rng = self.rng
        named = [one["identifier"] for one in found if isinstance(one, dict) and "value" in one.get("identifier", {})]
        if named and rng.random() < 0.5:
            return "identifier", f"{escaped(named[0].get('system', ''))}|{escaped(named[0]['value'])}"
        texts = [text for node in found for text in keys("reference", node)] or [self._someone("Patient")]
        text = rng.choice(texts)
        target, _, id_ = text.rpartition("/")
        if "/" in target or not target:
            return "", escaped(text)
        if rng.random() < 0.2 and target in parameter(kind, name)[2]:
            return target, id_
        return "", rng.choice((id_, text, text, f"{target}/{id_[:-1]}{'0' if id_[-1] != '0' else '1'}"))

    def _date(self, kind: str, name: str, found: list[Any]) -> tuple[str, str]:
        rng = self.rng
        spans = [key for node in found for key in keys("date", node)]
        ends = [one for key in spans for one in (key.low, key.high) if math.isfinite(one)]
        moment = _EPOCH + timedelta(microseconds=rng.choice(ends)) if ends else datetime(2015, 5, 5, 5, 5, tzinfo=UTC)
        if rng.random() < 0.3:
            moment += rng.choice((-1, 1)) * rng.choice((timedelta(seconds=1), timedelta(days=1), timedelta(days=40)))
        written = [f"{moment:%Y}", f"{moment:%Y-%m}", f"{moment:%Y-%m-%d}", f"{moment:%Y-%m-%dT%H:%M:%SZ}"]
        written.append(f"{moment + timedelta(hours=8):%Y-%m-%dT%H:%M:%S}+08:00")
        if name == "birthdate":
            written = written[:3]
        elif rng.random() < 0.1:
            self._forms.add("date to the minute")
            written = [f"{moment:%Y-%m-%dT%H:%MZ}"]
        return "", rng.choice(("", *PREFIXES)) + rng.choice(written)

    def _number(self, kind: str, name: str, found: list[Any]) -> tuple[str, str]:
        return "", self.rng.choice(("", *PREFIXES[:6])) + self._near(
            [Decimal(str(one)) for one in found] or [Decimal(1)]
        )

    def _near(self, numbers: list[Decimal]) -> str:
        rng = self.rng
        number = rng.choice(numbers)
        places = rng.randint(0, 3)
        return rng.choice(
            (f"{number:f}", f"{number:.{places}f}", f"{number + rng.choice((-1, 1)):f}", f"{number}0"[:9])
        )

    def _quantity(self, kind: str, name: str, found: list[Any]) -> tuple[str, str]:
        rng = self.rng
        drawn: list[Quantity] = [key for node in found for key in keys("quantity", node)]
        if not drawn:
            return "", f"gt5|{UCUM}|mg"
        one = rng.choice(drawn)
        number = rng.choice(("", *PREFIXES[:6])) + self._near([one.value]).rstrip(".")
        system, code = one.system or "", escaped(one.code or one.unit or "x")
        forms = [
            number,
            f"{number}||{code}",
            f"{number}|{system}|{code}",
            f"{number}|{system}|{code}",
            f"{number}|{system}|x",
        ]
        return "", rng.choice(forms if system else forms[:2])

    def _uri(self, kind: str, name: str, found: list[Any]) -> tuple[str, str]:
        rng = self.rng
        text = rng.choice(found or ["http://plans.example/fhir/a"])
        if name.startswith("_") or rng.random() < 0.6:
            return "", escaped(rng.choice((text, text.upper(), text + "/x")))
        modifier = rng.choice(("below", "above"))
        above = text.rpartition("/")[0] or text
        return modifier, escaped(rng.choice((above, above + "/", text)) if modifier == "below" else text + "/x")

    def _composite(self, kind: str, name: str, found: list[Any]) -> tuple[str, str]:
        _, _, _, parts = parameter(kind, name)
        element, values = self.rng.choice(found or [{}]), []
        for expression, of in parts:
            inner = paths.nodes(element, expression)
            values.append(_DRAWN[of](self, kind, "", inner)[1] if inner else _ANY[of])
        if name.startswith("combo-code-") and "|" in values[0]:
            self._forms.add("a system in a combo")
        if any(of == "token" and value.endswith("|") for (_, of), value in zip(parts, values, strict=True)):
            self._forms.add("a system alone in a composite")
        return "", "$".join(values)

    def _chain(self, kind: str, about: str, hops: int) -> tuple[str, str] | None:
        references = [n for n, of in self.listed[kind].items() if of == "reference" and n in PARAMETERS[kind]]
        carried = sorted(n for n in references if any(t in self.library.resources for t in self._targets(about, n)))
        if not carried:
            return None
        name = self.rng.choice(carried)
        target = self.rng.choice([one for one in self._targets(about, name) if one in self.library.resources])
        of = target.partition("/")[0]
        inner = self._criterion(of, target, hops - 1) if of in self.listed else None
        if not inner or of not in parameter(kind, name)[2]:
            return None
        self._forms.add("chain")
        alone = [one for one in parameter(kind, name)[2] if inner[0].partition(":")[0] in PARAMETERS[one]] == [of]
        typed = "" if alone and self.rng.random() < 0.5 else f":{of}"
        return f"{name}{typed}.{inner[0]}", inner[1]

    def _targets(self, about: str, name: str) -> list[str]:
        return [key for node in self._nodes(about, name) for key in keys("reference", node)]

    def _has(self, kind: str, about: str, hops: int) -> tuple[str, str] | None:
        sources = [
            (source, name)
            for source in self.types
            for name, of in self.listed[source].items()
            if of == "reference" and name in PARAMETERS[source] and kind in parameter(source, name)[2]
        ]
        carrying = [(s, n, self.library.keys(s, n)[about]) for s, n in sources if about in self.library.keys(s, n)]
        if not carrying:
            return None
        source, name, carriers = self.rng.choice(carrying)
        inner = self._criterion(source, self.rng.choice(sorted(carriers)), hops - 1)
        if not inner:
            return None
        self._forms.add("_has")
        return f"_has:{source}:{name}:{inner[0]}", inner[1]

    def _shape(self, kind: str) -> Pairs:
        rng, pairs = self.rng, [("_count", self.rng.choice(COUNTS))]
        if rng.random() < 0.2:
            pairs.append(("_sort", self._sort(kind)))
            self._forms.add("_sort")
        if rng.random() < 0.15 and (brings := self._brings(kind)):
            pairs.append(brings)
            self._forms.add(brings[0].partition(":")[0])
        if rng.random() < 0.1:
            pairs.append(("_total", rng.choice(("accurate", "none"))))
            self._forms.add("_total")
        elif rng.random() < 0.1:
            summary = ("_summary", rng.choice(("true", "data", "count")))
            pairs.append(rng.choice((("_elements", self._elements(kind)), summary)))
            self._forms.add(pairs[-1][0])
        return pairs

    def _elements(self, kind: str) -> str:
        held = {*self.library.resources[self._someone(kind)]} - {"resourceType", "meta"}
        names = sorted({one for one in held if not paths.may_be_a_choice(one)} | {*_CHOSEN.get(kind, ())})
        return ",".join(self.rng.sample(names, min(2, len(names))))

    def _sort(self, kind: str) -> str:
        names = [one for one in SORTS if one in self.listed[kind]]
        chosen = self.rng.sample(names, self.rng.randint(1, min(2, len(names)))) if names else ["_id"]
        return ",".join(self.rng.choice(("", "-")) + one for one in chosen)

    def _brings(self, kind: str) -> tuple[str, str] | None:
        if self.rng.random() < 0.6:
            names = sorted(n for n, of in self.listed[kind].items() if of == "reference" and self.library.keys(kind, n))
            if not names:
                return None
            name = self.rng.choice(names)
            targets = [one for one in parameter(kind, name)[2] if one in self.types]
            typed = f":{self.rng.choice(targets)}" if targets and self.rng.random() < 0.3 else ""
            return "_include", f"{kind}:{name}{typed}"
        sources = [
            f"{source}:{name}"
            for source in self.types
            for name, of in self.listed[source].items()
            if of == "reference"
            and name in PARAMETERS[source]
            and kind in parameter(source, name)[2]
            and any(one.startswith(f"{kind}/") for one in self.library.keys(source, name))
        ]
        return ("_revinclude", self.rng.choice(sources)) if sources else None

    def _wrong(self, kind: str) -> tuple[str, tuple[str, str]]:
        listed = self.listed[kind]
        unlisted = sorted(name for name in PARAMETERS[kind] if name not in listed)
        dates = [name for name, of in listed.items() if of == "date"]
        tokens = [name for name, of in listed.items() if of == "token" and name != "_id"]
        choices: list[tuple[str, tuple[str, str]]] = [
            ("a parameter of none", ("shoe-size", "43")),
            ("a misspelled parameter", (f"{self.rng.choice(sorted(listed))}s", "1")),
            ("a modifier of none", (f"{self.rng.choice(tokens or ['_id'])}:nearly", "x")),
            ("a chain through what is no reference", (f"{self.rng.choice(tokens or ['_id'])}.name", "x")),
            ("an unknown shape", ("_pretty-please", "true")),
            ("a sort by nothing", ("_sort", "shoe-size")),
            ("an include of nothing", ("_include", f"{kind}:shoe-size")),
            ("a count that is none", ("_count", "many")),
            ("a has of nothing", ("_has:Observation:shoe-size:code", "x")),
        ]
        if unlisted:
            choices.append(("a parameter that is not listed", (self.rng.choice(unlisted), "x")))
        if dates:
            choices += [
                (
                    "a date that is none",
                    (self.rng.choice(dates), self.rng.choice(("ge2031-13", "yesterday", "2031-02-30"))),
                ),
                ("a prefix of none", (self.rng.choice(dates), "zz2031")),
            ]
        return self.rng.choice(choices)


_CHOSEN = {"Observation": ("effective", "value"), "Condition": ("onset",), "Procedure": ("performed",)}
_NOBODYS = {"phone": "5550000001", "telecom": "5550000001", "email": "nobody@x.example"}
_ANY = {
    "token": "x",
    "date": "2031",
    "quantity": "5",
    "string": "x",
    "number": "5",
    "reference": "Patient/1",
    "uri": "x",
}
_DRAWN: dict[str, Any] = {
    "token": Drawer._token,
    "string": Drawer._string,
    "reference": Drawer._reference,
    "date": Drawer._date,
    "number": Drawer._number,
    "quantity": Drawer._quantity,
    "uri": Drawer._uri,
    "composite": Drawer._composite,
}
