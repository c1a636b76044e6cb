"""What one resource holds, and what it takes on from those that it refers to.

The low three bits say in which classes a resource is, those four above which of them whoever refers to it takes on. A
visit lends what its department is, not why somebody came: else a visit of a person with HIV would close all that was
done there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from salus.access.consent import EVERY_CLASS
from salus.records.sensitivity.attached import classes_of_attached, is_attachment
from salus.records.sensitivity.table import classes_of_code, classes_of_label, classes_of_name, classes_of_text

LENDS = 4
"""By how many bits what a resource lends stands above what it is."""
_EVERY = int(EVERY_CLASS)
AGAIN = 8
"""The bit of a stored entry that is worked out once more; until then it is what the others say."""
EVERY_LENT = _EVERY | _EVERY << LENDS
"""What a resource is that nobody can read any more."""

# Of whom a record is, is told by name and address; a word in there is no diagnosis.
_PERSONS = frozenset({"Patient", "RelatedPerson", "Practitioner", "Person"})
_VISITS = frozenset({"Encounter", "EpisodeOfCare"})
_REASONS = frozenset({"reasonCode", "reasonReference", "diagnosis", "text", "note", "contained"})
_NO_WORDS = frozenset(
    "authoredOn billablePeriod birthDate code contentType created data date effectiveDateTime effectiveInstant end"
    " fullUrl hash id issued language lastUpdated occurrenceDateTime onsetDateTime performedDateTime recordedDate"
    " reference resourceType start status system unit url use value versionId".split()
)
# A concept may be written as nothing but a code; elsewhere, as a ward's name, the same letters are none.
_NAMES, _LONGEST_CODE = frozenset({"text", "display"}), 12
_ATTACHED = frozenset({"attachment", "contentAttachment", "presentedForm", "sourceAttachment", "valueAttachment"})
_PICTURES = "photo"
"""How a place or somebody who works there looks: no diagnosis."""
_MARKS = frozenset({"code", "contentType", "data", "meta"})
"""What an object says something by, beside its words: most have none of these."""


def held(resource: Mapping[str, Any]) -> int:
    """Return what a resource is by its own codes, words and labels, and what it lends.

    What cannot be read, a scanned letter say, counts as every class. Labels only add.
    """
    name = resource["resourceType"]
    if name in _PERSONS:
        labels = _labels(resource)
        return labels | labels << LENDS
    if name in _VISITS:
        place = _classes({key: value for key, value in resource.items() if key not in _REASONS})
        return place | _classes({key: value for key, value in resource.items() if key in _REASONS}) | place << LENDS
    classes = _classes(resource)
    return classes | classes << LENDS


def taken(resource_type: str, own: int, lent: int) -> int:
    """Return what a resource is with what it takes on; whoever refers to it takes that on too, unless it is a visit."""
    return own | lent | (0 if resource_type in _VISITS else lent << LENDS)


def lends(classes: int | None) -> int:
    """Return what a stored resource lends; of one that nobody worked out yet, every class."""
    return _EVERY if classes is None else classes >> LENDS & _EVERY


def taken_on(
    resources: Sequence[tuple[str, UUID, Mapping[str, Any], Sequence[str]]],
    others: Mapping[tuple[str, UUID], int | None],
) -> list[int]:
    """Return what resources are once each took on what those lend that it refers to.

    `resources` are (type, id, resource, references as Type/id), of one perhaps several versions; `others` are the
    classes of what is stored already.
    Whom a record is about lends nothing but labels.
    """
    places: dict[str, list[int]] = {}
    for place, (name, id_, _, _) in enumerate(resources):
        places.setdefault(f"{name}/{id_}", []).append(place)
    stored = {f"{name}/{id_}": classes for (name, id_), classes in others.items()}
    found, refers = [], []
    for name, _, resource, references in resources:
        lent = 0
        for reference in references:
            lent |= lends(stored[reference]) if reference in stored else 0
        found.append(taken(name, held(resource), lent))
        refers.append([place for one in references for place in places.get(one, ())])
    return settle([name for name, *_ in resources], found, refers)


def waiting_for(
    resources: Sequence[tuple[str, UUID, Mapping[str, Any], Sequence[str]]], unknown: Collection[tuple[str, UUID]]
) -> set[int]:
    """Return the places of what refers to what is not known yet, however many steps away."""
    waits, found, grew = {f"{name}/{id_}" for name, id_ in unknown}, set[int](), bool(unknown)
    while grew:
        grew = False
        for place, (name, id_, _, references) in enumerate(resources):
            if place not in found and any(one in waits for one in references):
                found.add(place)
                waits.add(f"{name}/{id_}")
                grew = True
    return found


def settle(types: Sequence[str], own: Sequence[int], refers: Sequence[Sequence[int]]) -> list[int]:
    """Return what resources are once each took on what those lend that it refers to, by place in the same list."""
    found, changed = list(own), True
    while changed:
        changed = False
        for place, others in enumerate(refers):
            lent = 0
            for other in others:
                lent |= found[other] >> LENDS
            if lent & ~found[place]:
                found[place], changed = taken(types[place], found[place], lent), True
    return found


def _classes(resource: Any) -> int:
    """Gather codes, labels and words of everything in a resource, contained and nested ones among it."""
    found = 0
    waiting: list[tuple[str, Any]] = [("", [resource])]
    while waiting:
        key, holder = waiting.pop()
        if holder.__class__ is list:
            found |= _listed(key, holder, waiting)
        elif key != _PICTURES:
            if key in _ATTACHED or not _MARKS.isdisjoint(holder):
                found |= _marked(key, holder)
            for name, value in holder.items():
                kind = value.__class__
                if kind is dict or kind is list:
                    waiting.append((name, value))
                elif kind is str and name not in _NO_WORDS:
                    found |= _told(name, value)
    return found


def _listed(key: str, values: list[Any], waiting: list[tuple[str, Any]]) -> int:
    found = 0
    for value in values:
        kind = value.__class__
        if kind is dict or kind is list:
            waiting.append((key, value))
        elif kind is str and key not in _NO_WORDS:
            found |= _told(key, value)
    return found


def _told(key: str, text: str) -> int:
    """Return the classes of a text in an element of this name, which is one that holds words."""
    if key == "valueBase64Binary":
        return _EVERY
    found = classes_of_text(text)
    if key in _NAMES and len(text) <= _LONGEST_CODE:
        found |= classes_of_name(text)
    return found


def _marked(key: str, node: Mapping[str, Any]) -> int:
    """Return the classes that one object says by itself: its code, its labels, what is attached to it."""
    code, found = node.get("code"), 0
    if isinstance(code, str):
        found = classes_of_code(_text(node.get("system")), code)
    if "meta" in node:
        found |= _labels(node)
    if key in _ATTACHED or is_attachment(node):
        found |= classes_of_attached(node, _classes)
    return found


def _labels(resource: Mapping[str, Any]) -> int:
    """Return the classes of a resource's labels. What lies in a Bundle or an attachment may have any shape."""
    meta, found = resource.get("meta"), 0
    labels = meta.get("security") if isinstance(meta, dict) else None
    for label in labels if isinstance(labels, list) else [labels]:
        if isinstance(label, dict):
            found |= classes_of_label(_text(label.get("system")), _text(label.get("code")))
    return found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
