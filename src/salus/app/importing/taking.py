"""Take the lines of a chunk in: examine them first, then write as many as can be in one durable transaction.

The rules are those of every other way in; what is here is only who comes before whom, and who is told of a refusal.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any, Final

from salus import records
from salus.app.attempts import BY_IMPORT, read_body
from salus.app.importing.telling import Chunk, Doubtful, Taken, TakenAlready, Turned
from salus.app.node import Node
from salus.app.turning_away import turn_away_for
from salus.app.writing import accept, accept_lines, kept
from salus.kernel import Purpose, Role, SalusError
from salus.parties import principal
from salus.records import Accepted, Footprint, Intent, Line, Problem, RecordRefused
from salus.storage import Met, Transaction

SOURCE: Final = "import"
_HERE: Final = "http://collection.invalid/"
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_TRIES: Final = 8
_MOST_ODD: Final = 100
Numbered = tuple[int, Line]


class Taker:
    """Takes in what one facility's files hold."""

    def __init__(self, node: Node, facility: str) -> None:
        self._node = node
        self._sender = principal(Role.HOSPITAL_SYSTEM, "import", facility=facility, purpose=Purpose.TREAT, strong=True)
        self._lines: list[Numbered] = []
        self._taken = Taken(number=0, read=0)
        self._file = b""

    def prepare(self, chunk: Chunk) -> Footprint:
        """Examine the lines of a chunk; return what their order among others depends on."""
        self._file, self._taken = chunk.file, Taken(number=chunk.number, read=chunk.read)
        self._lines = []
        for number, raw in chunk.lines:
            try:
                intents = _intents(read_body(self._node, self._sender, raw, BY_IMPORT))
                self._lines.append((number, records.line(intents)))
            except SalusError as error:
                self._refuse(number, error)
        return reduce(or_, (line.footprint for _, line in self._lines), Footprint())

    def take(self) -> Taken:
        """Write what was prepared. Raises what is nobody's mistake; then nothing of the group it met was stored."""
        for group in _groups(self._lines):
            self._group(group)
        self._lines = []
        self._taken.turned.sort(key=lambda one: one.line)
        self._taken.doubtful.sort(key=lambda one: one.line)
        return self._taken

    def _group(self, group: Sequence[Numbered]) -> None:
        """Take in lines together; where one of them cannot be, each half apart, until it stands alone."""
        try:
            accepted = self._patiently(group)
        except SalusError as error:
            if error.status >= 500:
                raise
            if len(group) > 1:
                middle = len(group) // 2
                self._group(group[:middle])
                self._group(group[middle:])
            elif isinstance(error, TakenAlready):
                self._taken.skipped += 1
            else:
                self._refuse(group[0][0], kept(self._node, self._sender, error) if group[0][1].ready else error)
            return
        self._taken.lines += len(group)
        self._taken.entries += len(accepted.outcomes)
        self._taken.stripped += accepted.stripped
        self._taken.residents += accepted.opened
        if any(one.odd for one in accepted.outcomes):
            self._taken.doubtful += _doubtful(group, accepted)

    def _patiently(self, group: Sequence[Numbered]) -> Accepted:
        for number in range(_TRIES):
            try:
                return self._once(group)
            except Met:
                if number == _TRIES - 1:
                    raise
                time.sleep(random.uniform(0.01, 0.05) * 2**number)  # noqa: S311  so that two do not meet again
        raise AssertionError

    def _once(self, group: Sequence[Numbered]) -> Accepted:
        numbers = [number for number, _ in group]

        def note(tx: Transaction, accepted: Accepted) -> None:
            if not records.note_lines(tx, self._file, numbers, accepted.acceptance):
                raise TakenAlready("another import took this line at the same time")

        lines = [line for _, line in group]
        if lines[0].ready is None:
            return accept(self._node, self._sender, lines[0].intents, SOURCE, note)
        return accept_lines(self._node, self._sender, lines, SOURCE, note)

    def _refuse(self, number: int, error: SalusError) -> None:
        if error.status >= 500:
            raise error
        turn_away_for(self._node, self._sender, SOURCE, error)
        self._taken.turned.append(Turned.by(number, error))


def odd_in(raw: bytes, today: date) -> tuple[Problem, ...]:
    """Return what is odd in a line that went in before, as far as its bytes alone tell; of a patch they do not."""
    if b'"Patient"' not in raw and b"\\u" not in raw:  # by far most lines: not worth parsing
        return ()
    try:
        intents = _intents(records.parse(raw))
    except SalusError:
        return ()
    odd = (told for one in intents for told in records.person_doubts(one.resource, today, one.entry))
    return tuple(islice(odd, _MOST_ODD))


def _doubtful(group: Sequence[Numbered], accepted: Accepted) -> Iterator[Doubtful]:
    """Yield the lines in which something is odd. Outcomes come in the order of the lines and of their entries."""
    outcomes = iter(accepted.outcomes)
    for number, line in group:
        odd = [told for one in islice(outcomes, len(line.intents)) for told in one.odd]
        if odd:
            yield Doubtful(line=number, odd=tuple(odd[:_MOST_ODD]))


def _groups(lines: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """Yield lines in their order, those together of which none depends on one before it."""
    group: list[Numbered] = []
    so_far = Footprint()
    for number, line in lines:
        if group and line.footprint.meets(so_far):
            yield group
            group, so_far = [], Footprint()
        group.append((number, line))
        so_far |= line.footprint
    if group:
        yield group


def _intents(value: dict[str, Any]) -> list[Intent]:
    name, kind = value.get("resourceType"), value.get("type")
    apart = _collected(value) if (name, kind) == ("Bundle", "collection") else value
    if name != "Bundle" or apart.get("type") not in ("transaction", "batch"):
        return [records.of_resource(value, name if isinstance(name, str) else "")]
    submission = records.take_apart(apart)
    if submission.wrong:
        raise RecordRefused(submission.wrong)
    return list(submission.intents)


def _collected(bundle: dict[str, Any]) -> dict[str, Any]:
    """Return a plain collection as the transaction that creates its entries; any other as it is, to be judged whole."""
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not entries or not all(map(_plain, entries)):
        return bundle
    created = [one | {"request": {"method": "POST", "url": one["resource"]["resourceType"]}} for one in entries]
    return bundle | {"type": "transaction", "entry": _addressed(created)}


def _addressed(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each entry without an address one that ends as it is called, so that others find it under type and id.

    Where two are called alike, a reference would lead to either of them: these keep what they have.
    """
    called = [_called(one["resource"]) for one in entries]
    taken = Counter(called)
    taken.update("/".join(str(one["fullUrl"]).rsplit("/", 2)[-2:]) for one in entries if "fullUrl" in one)
    return [
        one | {"fullUrl": f"{_HERE}{name}"} if "fullUrl" not in one and name and taken[name] == 1 else one
        for one, name in zip(entries, called, strict=True)
    ]


def _called(resource: dict[str, Any]) -> str:
    """Return type and id; nothing for what has no id that could stand in an address."""
    id_ = resource.get("id")
    return f"{resource['resourceType']}/{id_}" if isinstance(id_, str) and _ID.fullmatch(id_) else ""


def _plain(entry: Any) -> bool:
    """Tell whether an entry is nothing but a resource."""
    if not isinstance(entry, dict) or not entry.keys().isdisjoint(("request", "response", "search")):
        return False
    resource = entry.get("resource")
    return isinstance(resource, dict) and isinstance(resource.get("resourceType"), str)
