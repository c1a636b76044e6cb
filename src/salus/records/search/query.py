"""Read search parameters into what is asked, strictly: what is unknown or unsupported is refused by its name. Pure.

All of R4's parameters as they were compiled, `_id`, `_lastUpdated`, chains, `_has`, includes, order, paging, and what
of each resource is answered. A Patient is found by who it is as IHE PDQm says (ITI-78).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from salus.records.errors import RecordRefused
from salus.records.fhir.definitions import definitions, resource_types
from salus.records.fhir.parse import names_an_element
from salus.records.fhir.references import uuid_of
from salus.records.model import Custodian, Sealer
from salus.records.search import asking, naming
from salus.records.search.asking import (
    Asked,
    Chain,
    Condition,
    Has,
    Ids,
    Include,
    Named,
    Not,
    Present,
    Shape,
    Sort,
    Updated,
)
from salus.records.search.cursor import make_cursor, open_cursor
from salus.records.search.parameters import Parameter, hot, parameters, refusal, slots, targets_of
from salus.records.search.values import asked_date, condition, refused, values

MOST_COUNT = 200
DEFAULT_COUNT = 50
MOST_HOPS: Final = 4
"""How many references a chain or `_has` may follow, nested ones together."""
MOST_SORTS: Final = 4
MOST_INCLUDES: Final = 20
_JSON = ("json", "application/json", "application/fhir+json", "application/fhir json")
_SUMMARIES = ("true", "text", "data", "count", "false")
_TOTALS = ("none", "estimate", "accurate")
_UNSUPPORTED = ("_contained", "_containedType", "_content", "_filter", "_list", "_query", "_text", "_score", "_type")
_ALWAYS = ("_count", "_elements", "_format", "_include", "_revinclude", "_has", "_sort", "_summary", "_total")


@dataclass(slots=True)
class _Reading:
    """What is read so far."""

    type: str
    patients: set[UUID] | None = None
    conditions: list[Condition] = field(default_factory=list)
    sort: tuple[Sort, ...] = ()
    includes: list[Include] = field(default_factory=list)
    shape: dict[str, str] = field(default_factory=dict)
    elements: tuple[str, ...] = ()
    count: int = DEFAULT_COUNT
    has_count: bool = False
    cursor: str | None = None
    decides: set[str] = field(default_factory=set)
    named: list[Named] = field(default_factory=list)


def supported(resource_type: str) -> dict[str, str]:
    """Return the search parameters of a type with their FHIR types; parser and CapabilityStatement both ask here."""
    own = {name: one.kind for name, one in sorted(parameters(resource_type).items())}
    return {"_id": "token", "_lastUpdated": "date", **own}


def references(resource_type: str) -> dict[str, tuple[str, ...]]:
    """Return the reference parameters of a type, each with the types that it may lead to."""
    found = parameters(resource_type)
    return {name: targets_of(found[name]) for name in sorted(found) if found[name].kind == "reference"}


def parse_query(resource_type: str, pairs: Sequence[tuple[str, str]], sealer: Custodian, asker: str = "") -> Asked:
    """Read the parameters of `GET Type?…`. Raises RecordRefused naming the first that cannot be understood.

    A cursor is good for the asker whom it was given to.
    """
    read = _Reading(type=resource_type)
    for name, value in pairs:
        result = _RESULTS.get(name)
        if result is not None:
            result(read, name, value)
        elif name.partition(":")[0] in ("_include", "_revinclude"):
            _include(read, name, value)
        else:
            _criterion(read, name, value)
    kept = sorted((name, value) for name, value in pairs if name not in ("_cursor", "_format"))
    canonical = "&".join(f"{name}={value}" for name, value in kept)
    shape = _shape(read)
    includes = () if shape.counts_only else tuple(read.includes)
    return Asked(
        type=resource_type,
        patients=None if read.patients is None else tuple(sorted(read.patients)),
        conditions=tuple(read.conditions),
        sort=read.sort,
        includes=includes,
        shape=shape,
        count=read.count,
        after=None
        if read.cursor is None
        else open_cursor(sealer, _bound(asker, resource_type, canonical), read.cursor),
        asker=asker,
        canonical=canonical,
        decides=frozenset(read.decides),
        delivers=frozenset(name for one in includes for name in ((one.type,) if one.reverse else one.targets)),
        named=tuple(dict.fromkeys(read.named)),
        sealer=sealer,
    )


def cursor_behind(asked: Asked, place: Sequence[str | None], sealer: Sealer) -> str:
    """Return the cursor that continues a search behind a place."""
    return make_cursor(sealer, _bound(asked.asker, asked.type, asked.canonical), place)


def _bound(asker: str, kind: str, canonical: str) -> str:
    """Return what a cursor is bound to."""
    return f"{asker}\0{kind}?{canonical}"


def _criterion(read: _Reading, name: str, value: str) -> None:
    named = _patients(read.type, name, value)
    if named is not None:
        read.patients = named if read.patients is None else read.patients & named
    read.conditions.append(_condition(read, read.type, name, value, MOST_HOPS))


def _patients(kind: str, name: str, value: str) -> set[UUID] | None:
    """Return the Patients whose records alone are asked about; None where a parameter names nobody's."""
    base, _, modifier = name.partition(":")
    parameter = parameters(kind).get(base)
    if base not in ("patient", "subject") or modifier not in ("", "Patient") or parameter is None:
        return None
    if parameter.kind != "reference":
        return None
    parts = values(name, value)
    named = [one.rpartition("/") for one in parts]
    if base == "subject" and any(told != "Patient" for told, _, _ in named) and not modifier:
        return None
    found = {uuid_of(id_) for _, _, id_ in named}
    if None in found or any(told not in ("", "Patient") for told, _, _ in named):
        raise refused(base, "must be a Patient's id, as 018f428e-… or Patient/018f428e-…")
    return {one for one in found if one}


def _condition(read: _Reading, kind: str, name: str, value: str, hops: int) -> Condition:
    """Read one parameter of a type: a chain, a `_has`, or a parameter with its modifier."""
    if name.startswith("_has:"):
        return _has(read, kind, name, value, hops)
    head, dot, rest = name.partition(".")
    base, _, modifier = head.partition(":")
    if dot:
        return _chain(read, kind, (base, modifier, rest), value, hops)
    if base in ("_id", "_lastUpdated"):
        return _stored(read, kind, (name, base, modifier), value)
    told = _simple(kind, (name, base, modifier), value)
    read.named += naming.by_value(kind, _parameter(kind, base, name), modifier, value)
    return told


def _simple(kind: str, parts: tuple[str, str, str], value: str) -> Condition:
    name, base, modifier = parts
    parameter = _parameter(kind, base, name)
    if modifier == "missing":
        return _missing(kind, parameter, name, value)
    if modifier == "not":
        if parameter.kind != "token":
            raise _no_modifier(name)
        return Not(condition=condition(kind, parameter, "", value))
    if parameter.kind == "reference" and modifier and modifier != "identifier":
        _check_target(parameter, name, modifier)
    elif modifier and not names_an_element(modifier.replace("-", "")):
        raise _no_modifier(base)
    return condition(kind, parameter, modifier, value)


def _stored(read: _Reading, kind: str, parts: tuple[str, str, str], value: str) -> Condition:
    """Read what every resource has by its storage: `_id` and `_lastUpdated`."""
    name, base, modifier = parts
    if modifier and (base, modifier) != ("_id", "not"):
        raise _no_modifier(name)
    if base == "_lastUpdated":
        return Updated(asked=tuple(asked_date(base, one) for one in values(base, value)))
    told = Ids(ids=frozenset(_id(one) for one in values(base, value)))
    read.named += naming.by_ids(kind, told)
    return Not(condition=told) if modifier else told


def _missing(kind: str, parameter: Parameter, name: str, value: str) -> Condition:
    if value not in ("true", "false"):
        raise refused(_shown(name), "must be true or false")
    if parameter.kind == "composite":
        raise _no_modifier(name)
    there = Present(slots=tuple(slot.number for slot in parameter.slots))
    return there if value == "false" else Not(condition=there)


def _chain(read: _Reading, kind: str, parts: tuple[str, str, str], value: str, hops: int) -> Condition:
    """Read `reference.rest` or `reference:Type.rest`: any type that it may lead to and that knows the rest."""
    base, told, rest = parts
    name = f"{base}:{told}.{rest}" if told else f"{base}.{rest}"
    parameter = _parameter(kind, base, name)
    if parameter.kind != "reference":
        raise refused(_shown(base), f"is a {parameter.kind}, no reference: it leads to nothing", "not-supported")
    if hops == 0:
        raise refused(_shown(base), f"a chain has {MOST_HOPS} references at most", "too-costly")
    if told:
        _check_target(parameter, name, told)
    of_types, refusals = [], []
    for one in (told,) if told else targets_of(parameter):
        try:
            of_types.append((one, _condition(read, one, rest, value, hops - 1)))
        except RecordRefused as reason:
            refusals.append(reason)
    if not of_types:
        raise refusals[0]
    read.decides.update(one for one, _ in of_types)
    return Chain(slots=_homes(parameter), of_types=tuple(of_types))


def _has(read: _Reading, kind: str, name: str, value: str, hops: int) -> Condition:
    """Read `_has:Type:reference:rest`: what a resource of another type says that refers here."""
    parts = name.split(":", 3)
    if len(parts) != 4 or parts[1] not in resource_types():
        raise refused("_has", "must be _has:Type:reference:parameter, with a type of R4", "not-supported")
    _, other, base, rest = parts
    parameter = _parameter(other, base, base)
    if parameter.kind != "reference" or kind not in targets_of(parameter):
        raise refused("_has", f"{_shown(base)} of {other} never refers to {kind}", "not-supported")
    if hops == 0:
        raise refused("_has", f"follows {MOST_HOPS} references at most", "too-costly")
    inner = _condition(read, other, rest, value, hops - 1)
    read.decides.add(other)
    return Has(type=other, slots=_homes(parameter), condition=inner)


def _homes(parameter: Parameter) -> tuple[int, ...]:
    return tuple(sorted({slot.home for slot in parameter.slots}))


def _parameter(kind: str, base: str, name: str) -> Parameter:
    found = parameters(kind).get(base)
    if found is not None:
        return found
    reason = refusal(kind, base)
    if reason:
        raise refused(_shown(base), reason, "not-supported")
    if base in _UNSUPPORTED:
        raise refused(base, "is not supported here", "not-supported")
    known = ", ".join([*supported(kind), *_ALWAYS])
    raise refused(_shown(base), f"is no search parameter of {kind} here; known are {known}", "not-supported")


def _check_target(parameter: Parameter, name: str, kind: str) -> None:
    if kind not in resource_types():
        raise _no_modifier(name)
    if kind not in targets_of(parameter):
        raise refused(_shown(name.partition(".")[0]), f"never leads to {kind}", "not-supported")


def _no_modifier(name: str) -> RecordRefused:
    return refused(_shown(name), "this modifier is not supported here", "not-supported")


def _shown(name: str) -> str:
    """Return a parameter's name if it may be repeated: nothing but words in it."""
    words = name.replace("-", "").replace(".", ":").split(":")
    return name if len(name) <= 120 and all(not word or names_an_element(word) for word in words) else "this"


def _id(value: str) -> UUID:
    return uuid_of(value) or UUID(int=0)


def _include(read: _Reading, name: str, value: str) -> None:
    """Read `Type:reference`, `Type:reference:Target` or `Type:*`; with `:iterate` also of what was included."""
    head, _, modifier = name.partition(":")
    if modifier not in ("", "iterate", "recurse"):
        raise refused(head, "known is the modifier iterate", "not-supported")
    kind, _, rest = value.partition(":")
    base, _, target = rest.partition(":")
    reverse = head == "_revinclude"
    if kind not in resource_types() or not base:
        raise refused(head, "must be Type:reference, Type:reference:Target or Type:*")
    wanted = [one for one in parameters(kind).values() if one.kind == "reference" and base in ("*", one.name)]
    if not wanted or (target and target not in resource_types()):
        known = ", ".join(one.name for one in parameters(kind).values() if one.kind == "reference")
        raise refused(head, f"names no reference of {kind} here; known are {known}", "not-supported")
    if not modifier and not reverse and kind != read.type:
        raise refused(head, f"of another type than {read.type} it needs :iterate")
    for one in wanted:
        targets = (target,) if target else targets_of(one)
        if not set(targets) <= set(targets_of(one)) or (reverse and not modifier and read.type not in targets):
            if base == "*":
                continue
            raise refused(head, f"{_shown(base)} of {kind} never leads there", "not-supported")
        read.includes.append(Include(type=kind, slots=_homes(one), targets=targets, reverse=reverse,
                                     iterate=bool(modifier)))  # fmt: skip
    if len(read.includes) > MOST_INCLUDES * 10 or not read.includes:
        raise refused(head, "is too much at once, or nothing: name the references", "too-costly")


def _sort(read: _Reading, name: str, value: str) -> None:
    if read.sort:
        raise refused("_sort", "may stand here once: part its keys by commas")
    parts = value.split(",")
    if len(parts) > MOST_SORTS or len(set(parts)) < len(parts):
        raise refused("_sort", f"has {MOST_SORTS} keys at most, each once")
    read.sort = tuple(_sort_key(read.type, one) for one in parts)


def _sort_key(kind: str, text: str) -> Sort:
    descending, base = text.startswith("-"), text.removeprefix("-")
    if base == "_id":
        return Sort(kind=asking.ID, descending=descending)
    if base == "_lastUpdated":
        return Sort(kind=asking.UPDATED, descending=descending)
    if base not in parameters(kind) and not refusal(kind, base):  # a value: it may hold what no error repeats
        raise refused("_sort", f"names no search parameter of {kind} here", "not-supported")
    parameter = _parameter(kind, base, base)
    if parameter.who or parameter.kind not in ("date", "number", "quantity"):
        told = "is found by keys, which have no order; sort by dates, numbers, quantities, _id or _lastUpdated"
        raise refused("_sort", f"{_shown(base)} {told}", "not-supported")
    marked = hot(kind)
    is_hot = marked is not None and {slot.number for slot in parameter.slots} <= marked[1]
    paths = tuple(slot.path for slot in parameter.slots)
    sorted_as = asking.DATE if parameter.kind == "date" else asking.NUMBER
    return Sort(kind=sorted_as, descending=descending, paths=paths, hot=is_hot)


def _count(read: _Reading, name: str, value: str) -> None:
    if read.has_count:
        raise refused("_count", "may stand here once")
    read.has_count = True
    if not (value.isascii() and value.isdigit() and 1 <= len(value) <= 12):
        raise refused("_count", f"must be a whole number; more than {MOST_COUNT} gives {MOST_COUNT}")
    if int(value) == 0:
        read.shape["counted"] = "true"
    else:
        read.count = min(int(value), MOST_COUNT)


def _elements(read: _Reading, name: str, value: str) -> None:
    parts = [one.strip().removeprefix(f"{read.type}.") for one in value.split(",")]
    known = definitions()["types"][read.type]
    stems = {one.removesuffix("[x]") for one in known}
    for one in parts:
        if one not in stems:
            raise refused("_elements", f"names what is no element of {read.type} at its first level")
    read.elements = (*read.elements, *parts)


def _told(known: Sequence[str]) -> Callable[[_Reading, str, str], None]:
    def one_of(read: _Reading, name: str, value: str) -> None:
        if value not in known or name in read.shape:
            raise refused(name, f"may stand here once, and is one of {', '.join(known)}")
        read.shape[name] = value

    return one_of


def _format(read: _Reading, name: str, value: str) -> None:
    if value not in _JSON:
        raise refused("_format", "only JSON is spoken here", "not-supported")


def _cursor(read: _Reading, name: str, value: str) -> None:
    read.cursor = value


def _shape(read: _Reading) -> Shape:
    summary = "count" if "counted" in read.shape else read.shape.get("_summary", "false")
    if read.elements and summary != "false":
        raise refused("_elements", "and _summary exclude each other")
    total = read.shape.get("_total", "none")
    if summary == "text" and read.includes:
        raise refused("_summary", "text goes with no _include or _revinclude")
    return Shape(summary=summary, elements=read.elements, total="accurate" if summary == "count" else total)


_RESULTS: dict[str, Callable[[_Reading, str, str], None]] = {
    "_count": _count,
    "_cursor": _cursor,
    "_elements": _elements,
    "_format": _format,
    "_sort": _sort,
    "_summary": _told(_SUMMARIES),
    "_total": _told(_TOTALS),
}
"""What says how to answer, not what to find."""

__all__ = ["Asked", "cursor_behind", "parse_query", "references", "slots", "supported"]
