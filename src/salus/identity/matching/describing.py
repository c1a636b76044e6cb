"""From what a sender writes to what is compared and to the keys it is found under. Nothing written is an error. Pure.

Of several names the first that tells people apart is compared, and all of them are looked for. Of several numbers the
best is compared: a valid resident's number, another document's, one with a slip of the pen. Of several telephones the
first that is somebody's own. Homes are not compared: the index keeps nothing of where people live.
"""

from __future__ import annotations

from collections.abc import Iterator

from salus.identity.linkage import keys
from salus.identity.linkage.people import PEOPLE, Features
from salus.identity.linkage.people.preparing import numbers, one_birthday, prepared, series, telephone
from salus.identity.matching.model import Described, Person
from salus.identity.names import read_name

MOST_NAMES, MOST_NUMBERS, MOST_PHONES, MOST_SOUNDS = 8, 8, 4, 24
"""More of what one chart says is not looked at: no sender makes a search long."""
BY_NUMBER = "number"
"""The rule whose key is a number."""
_UNREAD: frozenset[str] = frozenset({"hospital-card"})
"""A hospital's number means nothing without who gave it, and senders of FHIR do not say that in one way."""

Read = tuple[str | None, str | None, str | None, int]


def person(described: Described) -> Person:
    """Prepare what was said of one person."""
    names = described.names[:MOST_NAMES]
    best = names[0] if names else ""
    if len(names) > 1:
        best = next((one for one in names if read_name(one).telling), best)
    phones = _each(telephone(one) for one in described.phones[: 2 * MOST_PHONES])[:MOST_PHONES]
    said = [(type_, text) for type_, text in described.numbers if type_ not in _UNREAD][:MOST_NUMBERS]
    temporary = bool(said) and all(type_ == "temporary" for type_, _ in said)
    features = prepared(
        best,
        described.sex,
        described.birth_date,
        "temporary" if temporary else "",
        "",
        phones[0] if phones else "",
        "",
        "",
        described.recorded_at,
    )
    read = [numbers(type_, text, features.birth) for type_, text in said]
    guardians = _each(guardian for _, _, guardian, _ in read)
    citizen, typed, _, numbered = min(read, key=_rank, default=(None, None, None, 0))
    return Person(
        features._replace(
            sounds=_sounds(features, names),
            citizen=citizen,
            typed=typed,
            guardian=guardians[0] if guardians else None,
            numbered=numbered,
            series=series(typed),
        ),
        numbers=_each(typed for one in read for typed in (one[1],) if _rank(one) < _SLIP),
        guardians=guardians,
        phones=phones,
    )


def keeping_number(now: Person, before: Person | None) -> Person:
    """Return what a chart says now with the citizen's number that it said before, unless it says another.

    Beside a birth date that makes the number somebody else's it is not kept, and the chart is marked for good.
    """
    had = before.features if before else None
    if had is None or before is None or now.features.citizen is not None:
        return now
    if had.citizen is None:
        return now._replace(lost=before.lost)
    if now.features.birth is not None and not one_birthday(now.features.birth, had.citizen[6:14]):
        return now._replace(lost=True)
    features = now.features._replace(citizen=had.citizen, typed=had.typed, numbered=had.numbered, series=0)
    return now._replace(features=features, numbers=tuple(dict.fromkeys((*now.numbers, had.citizen))))


_SLIP = 3


def _rank(one: Read) -> int:
    citizen, typed, _, numbered = one
    if citizen is not None:
        return 0 if numbered else 1
    if typed is None:
        return _SLIP + 1
    return 2 if "." in typed else _SLIP


def _each(found: Iterator[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _sounds(features: Features, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the keys of all names that tell people apart, beside those of the one that is compared."""
    if len(names) < 2 or not features.sounds:
        return features.sounds
    read = (read_name(one) for one in names)
    more = (key for name in read if name.telling and not name.unknown for key in name.keys)
    return tuple(sorted(tuple(dict.fromkeys((*features.sounds, *more)))[:MOST_SOUNDS]))


def found_under(one: Person) -> dict[tuple[str, str], None]:
    """Return the keys under which a person is found, as (rule, key), each once, in order."""
    row = one.features._asdict()
    found = {(rule.name, key): None for rule in PEOPLE.blocking for key in keys(rule, row)}
    found |= {(BY_NUMBER, number): None for number in (*one.numbers, *one.guardians)}
    for phone in one.phones[1:]:
        also = row | {"phone": phone}
        found |= {(rule.name, key): None for rule in _BY_PHONE for key in keys(rule, also)}
    return found


_BY_PHONE = tuple(rule for rule in PEOPLE.blocking if any(part.column == "phone" for part in rule.parts))
