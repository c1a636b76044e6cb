"""Place charts: whose a new one is, and whose the known ones around it are now. Nothing depends on who came first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from salus import access
from salus.identity import store
from salus.identity.assertions import Assertion
from salus.identity.documents.model import Identifier
from salus.identity.linkage.people import Judge
from salus.identity.linkage.people.preparing import one_birthday
from salus.identity.linking import announce
from salus.identity.matching import Custodian, Described, Known, digests, kept, remember
from salus.identity.matching.describing import keeping_number, person
from salus.identity.matching.model import Person
from salus.identity.matching.service import Sealer
from salus.identity.model import IdNumber
from salus.identity.placing.gathering import MOST_CHARTS, surroundings
from salus.identity.placing.grouping import Grouped, assertions, group, unambiguous
from salus.identity.placing.questioning import Asking, questions
from salus.identity.review import ask
from salus.kernel import bucket, new_id
from salus.storage import Transaction

_DOMAIN = "identity.number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A chart and what its source, a facility, says now of whose it is."""

    chart_key: int
    source: str
    described: Described = field(default_factory=Described, repr=False)
    numbers: tuple[Identifier, ...] = ()
    born: date | None = None


def place(
    tx: Transaction, custodian: Custodian, arrivals: Sequence[Arrival], at: datetime, judge: Judge
) -> dict[int, int]:
    """Say whose each new chart is: a resident with whom it is weighed as one person, else a new one.

    Returns chart -> resident. What stands around the new charts is clustered anew, so that any order of arrival gives
    the same residents: known ones are linked, and links that a rule made are taken back, where the new picture says so.
    Two senders of one person at the same time end up at the same resident. What no rule may link, a person is asked.
    `judge` is that of the register's size; whoever writes to one index gives the same.
    """
    said = [Known(chart=one.chart_key, source=one.source, person=person(one.described)) for one in arrivals]
    keys = _keys(custodian, said)
    store.lock_keys(tx, {digest for found in keys.values() for digest in found})
    remember(tx, custodian, said, keys, (), at)
    whose = _settle(tx, custodian, said, keys, {}, at, judge)
    _note(tx, custodian, arrivals, at)
    return whose


def revise(tx: Transaction, custodian: Custodian, arrivals: Sequence[Arrival], at: datetime, judge: Judge) -> None:
    """Note what sources of known charts say now: what is compared, and which numbers others took the place of.

    Where that changed, the chart is weighed again, and whose it is may change as in `place`. Silence about a valid
    citizen's number takes none away: who carries one is never compared as if they had none.
    """
    charts = [one.chart_key for one in arrivals]
    now = {one.chart_key: (one.source, person(one.described)) for one in arrivals}
    expected = _with_numbers(now, kept(tx, custodian, charts))
    keys = _keys(custodian, expected.values())
    store.lock_keys(tx, {digest for found in keys.values() for digest in found})
    known = {one.chart: one for one in kept(tx, custodian, charts)}
    said = _with_numbers(now, known.values())
    changed = [one for one in said.values() if one.chart not in known or known[one.chart].person != one.person]
    if changed:
        keys |= _keys(custodian, [one for one in changed if one.person != expected[one.chart].person])
        mine = {one.chart: keys[one.chart] for one in changed}
        remember(tx, custodian, changed, mine, [known[one.chart] for one in changed if one.chart in known], at)
        whose = store.residents_of(tx, [one.chart for one in changed])
        _settle(tx, custodian, changed, mine, whose, at, judge)
    rows = _note(tx, custodian, arrivals, at)
    store.replace_numbers(tx, [(chart, type_, digest) for digest, chart, _, _, type_, *_ in rows])


def _with_numbers(now: Mapping[int, tuple[str, Person]], before: Iterable[Known]) -> dict[int, Known]:
    """Return what charts say now, each with the citizen's number that it said before, unless it says another."""
    had = {one.chart: one.person for one in before}
    return {
        chart: Known(chart=chart, source=source, person=keeping_number(said, had.get(chart)))
        for chart, (source, said) in now.items()
    }


def _keys(custodian: Custodian, said: Iterable[Known]) -> dict[int, dict[int, str]]:
    return {one.chart: digests(custodian, one.person) for one in said if one.person is not None}


def number_digest(sealer: Sealer, number: IdNumber | Identifier) -> bytes:
    """Return the keyed digest of a number within its space; of a citizen's, of the number alone."""
    if isinstance(number, IdNumber):
        return sealer.digest(_DOMAIN, number.text.encode("ascii"))
    text = number.value if number.kind.space == "citizen" else number.key
    return sealer.digest(_DOMAIN, text.encode("utf-8"))


def borrowed(number: Identifier, born: date | None) -> bool:
    """Tell whether a number names another birth date than the stated one, beyond what is put down wrongly.

    Then it is a guardian's, as a newborn's under the mother's number, or mistyped; it says nothing of who this is.
    """
    named = number.born
    return born is not None and named is not None and not one_birthday(_digits(born), _digits(named))


def _digits(day: date) -> str:
    return f"{day:%Y%m%d}".zfill(8)


def _note(tx: Transaction, sealer: Sealer, arrivals: Iterable[Arrival], at: datetime) -> list[store.NumberRow]:
    rows: list[store.NumberRow] = []
    for one in arrivals:
        for number in one.numbers:
            if number.carries_weight:
                digest = number_digest(sealer, number)
                sealed = sealer.seal(_DOMAIN, number.value.encode("utf-8"), digest)
                holding = "guardian" if borrowed(number, one.born) else "own"
                said = (number.type, number.valid_from, number.valid_until, number.verified, at)
                rows.append((digest, one.chart_key, sealed, holding, *said))
    if rows:
        store.note_numbers(tx, rows)
    return rows


@dataclass(slots=True, kw_only=True)
class _Settled:
    """What becomes of the components around some charts."""

    blocks: list[frozenset[int]] = field(default_factory=list)
    said: list[Assertion] = field(default_factory=list)
    asking: list[Asking] = field(default_factory=list)


def _settle(
    tx: Transaction,
    custodian: Custodian,
    seeds: Sequence[Known],
    keys: Mapping[int, Mapping[int, str]],
    residents: Mapping[int, int],
    at: datetime,
    judge: Judge,
) -> dict[int, int]:
    """Cluster what stands around charts anew, and say whose each chart is; return it for these charts."""
    around, components = surroundings(tx, custodian, seeds, keys, residents, judge)
    among = {chart for component in components if len(component) > 1 for chart in component}
    told = store.assertions_of(tx, sorted(among)) if among else []
    settled = _Settled()
    new = {one.chart for one in seeds}
    for component in components:
        known = {chart: around.known[chart] for chart in component}
        links = around.links(component)
        if len(component) == 1:
            grouped = Grouped(blocks=(component,))
        elif len(component) > MOST_CHARTS:
            grouped = _unchanged(known)
        else:
            standing = {pair: links[pair] for pair in unambiguous(known, links)}
            grouped = group(known, standing, told)
            settled.said += assertions(grouped, standing, told, at)
        settled.blocks += grouped.blocks
        settled.asking.append(Asking(seeds=component & new, links=links, grouped=grouped, whole=len(component)))
    before = {chart: around.known[chart].resident for block in settled.blocks for chart in block}
    if settled.said:
        store.insert_assertions(tx, settled.said)
    whose = _assign(tx, settled.blocks, before, at)
    asked = questions(tx, around, settled.asking, told, whose, at)
    if asked:
        ask(tx, asked)
    return {one.chart: whose[one.chart] for one in seeds}


def _unchanged(known: Mapping[int, Known]) -> Grouped:
    """Leave every chart where it is, and each new one by itself."""
    blocks: dict[object, set[int]] = {}
    for chart, one in known.items():
        blocks.setdefault((chart,) if one.resident is None else one.resident, set()).add(chart)
    return Grouped(blocks=tuple(map(frozenset, blocks.values())))


def _assign(
    tx: Transaction, blocks: Sequence[frozenset[int]], before: Mapping[int, int | None], at: datetime
) -> dict[int, int]:
    """Give each block the resident minted first of those that are its charts', or a new one; tell of every change."""
    known = sorted(chart for chart, resident in before.items() if resident is not None)
    minted = {anchor: key for key, _, anchor in store.minted_by(tx, known)} if known else {}
    named = {block: min((minted[chart] for chart in block if chart in minted), default=None) for block in blocks}
    opened = [(id_, bucket(id_), min(block)) for block, key in named.items() if key is None for id_ in (new_id(),)]
    placed = [
        (chart, min(block), key) for block, key in named.items() for chart in sorted(block) if before[chart] is None
    ]
    fresh = store.open_residents(tx, opened, at, placed) if opened or placed else {}
    keys = {block: fresh[min(block)] if key is None else key for block, key in named.items()}
    whose = {chart: key for block, key in keys.items() for chart in block}
    _move(tx, whose, before, minted)
    return whose


def _move(
    tx: Transaction, whose: Mapping[int, int], before: Mapping[int, int | None], minted: Mapping[int, int]
) -> None:
    """Move charts to their residents of now, and tell these: of links, and of partings."""
    moved = [
        (chart, was, whose[chart]) for chart, was in sorted(before.items()) if was is not None and was != whose[chart]
    ]
    if not moved:
        return
    store.move_members(tx, [(chart, now) for chart, _, now in moved])
    anchor = {key: chart for chart, key in minted.items()}
    linked = [one for one in moved if one[1] in anchor and whose[anchor[one[1]]] == one[2]]
    parted = [one for one in moved if one not in linked]
    for chart, was, now in parted:
        access.tell_of_earlier(tx, [chart], was, now)
    for kind, changes in (("linked", linked), ("parted", parted)):
        for residents in sorted({(min(was, now), max(was, now)) for _, was, now in changes}):
            announce(tx, kind, residents)
