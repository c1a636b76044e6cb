"""Search the index for who may be meant, and keep what charts say of who somebody is. It tells of no one but keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from salus.identity.linkage.people import PEOPLE, Answer, Judge, Verdict
from salus.identity.matching import store
from salus.identity.matching.describing import found_under, person
from salus.identity.matching.model import Described, Known, Match, Matches, Person
from salus.identity.matching.packing import pack, unpack
from salus.identity.matching.weighing import IN_ONE_CLUSTER, weigh
from salus.identity.model import Resident
from salus.storage import Transaction

_PERSON, _KEY = "identity.person", "identity.key"
_BUDGET = {rule.name: rule.at_most for rule in PEOPLE.blocking}


Opened = dict[int, tuple[bytes, Person]]
"""Who charts say that somebody is, with the sealed bytes that said so."""


class Sealer(Protocol):
    """Keyed digests and sealed bytes, from the custodian's keys."""

    def digest(self, domain: str, value: bytes) -> bytes: ...

    def seal(self, domain: str, plaintext: bytes, aad: bytes) -> bytes: ...


class Opener(Protocol):
    """Opens what the custodian's keys sealed."""

    def open_sealed(self, domain: str, sealed: bytes, aad: bytes) -> bytes: ...


class Custodian(Sealer, Opener, Protocol):
    """Both: to compare who arrives with who is known, what was sealed is opened."""


def match(
    tx: Transaction, sealer: Sealer, opener: Opener, described: Described, judge: Judge, *, most: int = 20
) -> Matches:
    """Return the residents who may be meant, at most `most`, and the rules whose finds were too many to look at.

    Nothing is written, nothing linked. `judge` is that of the register's size. Each resident is judged by the best
    chart; one of whom another chart may not stand in one cluster with the person asked about is for review. Duty CARE.
    """
    return match_each(tx, sealer, opener, [described], judge, most=most)[0]


def match_each(
    tx: Transaction,
    sealer: Sealer,
    opener: Opener,
    described: Sequence[Described],
    judge: Judge,
    *,
    most: int = 20,
) -> list[Matches]:
    """Do the same for each of several, in one statement."""
    asked = [person(one) for one in described]
    keyed = [digests(sealer, one) for one in asked]
    rules = {digest: rule for one in keyed for digest, rule in one.items()}
    found = store.found_with_residents(tx, [(digest, _BUDGET[rule] - 1) for digest, rule in rules.items()])
    charts = {one.chart: one for one in opened(opener, found.charts)}
    answers = []
    for one, mine in zip(asked, keyed, strict=True):
        met = dict.fromkeys(chart for digest in mine for chart in found.under.get(digest, ()))
        judged = _judged(one, [charts[chart] for chart in met], found.residents, judge)
        sources = {chart: charts[chart].source for chart in met}
        full = [digest for digest in found.full if digest in mine]
        left_out = _rules(mine, full)
        answers.append(Matches(found=tuple(judged[:most]), left_out=left_out, sources=sources, searched=bool(mine)))
    return answers


def _judged(asked: Person, charts: Iterable[Known], residents: Mapping[int, Resident], judge: Judge) -> list[Match]:
    """Weigh a person against charts; return each resident who may be meant once, the best first."""
    best: dict[int, Match] = {}
    barred: dict[int, str] = {}
    for one in charts:
        if one.resident is None or one.person is None:
            continue
        verdict = weigh(asked, one.person, judge)
        if verdict.reason in IN_ONE_CLUSTER:
            barred[one.resident] = verdict.reason
        if verdict.answer in (Answer.LINK, Answer.REVIEW):
            this = Match(chart_key=one.chart, resident=residents[one.resident], verdict=verdict)
            best[one.resident] = min(this, best.get(one.resident, this), key=_order)
    return sorted((_barred(one, barred.get(key)) for key, one in best.items()), key=_order)


def _barred(one: Match, reason: str | None) -> Match:
    if reason is None or one.verdict.answer is not Answer.LINK:
        return one
    verdict = Verdict(answer=Answer.REVIEW, reason=reason, scored=one.verdict.scored)
    return Match(chart_key=one.chart_key, resident=one.resident, verdict=verdict)


def _order(one: Match) -> tuple[bool, float, int]:
    return one.verdict.answer is not Answer.LINK, -one.verdict.scored.bits, one.chart_key


def _rules(keyed: Mapping[int, str], full: Sequence[int]) -> tuple[str, ...]:
    named = {keyed[digest] for digest in full}
    return tuple(rule.name for rule in PEOPLE.blocking if rule.name in named)


def digests(sealer: Sealer, one: Person) -> dict[int, str]:
    """Return the keys under which a person is found, as 64 bits of their digest, each with its rule."""
    return {
        int.from_bytes(sealer.digest(_KEY, f"{rule}\x00{key}".encode())[:8], signed=True): rule
        for rule, key in found_under(one)
    }


def opened(opener: Opener, sealed: Iterable[store.Sealed], before: Opened | None = None) -> list[Known]:
    """Open what is kept of charts; what was opened `before`, and is the same bytes still, is not opened again."""
    before = {} if before is None else before
    found = []
    for chart, source, kept, resident in sealed:
        known = before.get(chart)
        if known is None or known[0] != kept:
            known = before[chart] = kept, unpack(opener.open_sealed(_PERSON, kept, _place(chart)))
        found.append(Known(chart=chart, source=source, person=known[1], resident=resident))
    return found


def near(
    tx: Transaction, opener: Opener, keyed: Mapping[int, str], known: Collection[int], before: Opened | None = None
) -> tuple[list[Known], Mapping[int, Sequence[int]], Mapping[int, Sequence[int]]]:
    """Return the charts under keys of charts that are kept: those not known yet, all by key; and their residents whole.

    The keys of charts that are kept: the chart itself is one of those that stand under it. A key with too many stands
    for nobody. `before` is as in `opened`.
    """
    found = store.found(tx, [(digest, _BUDGET[rule]) for digest, rule in keyed.items()], known)
    return opened(opener, found.charts, before), found.under, found.whole


def kept(tx: Transaction, opener: Opener, charts: Collection[int], before: Opened | None = None) -> list[Known]:
    """Return what is kept of charts; those of an earlier release may be absent. `before` is as in `opened`."""
    return opened(opener, store.people(tx, charts), before) if charts else []


def prepared(tx: Transaction, chart: int) -> bool:
    """Tell whether who a chart says that somebody is has been prepared."""
    return bool(store.people(tx, [chart]))


def unprepared(tx: Transaction, after: int, page: int) -> tuple[list[int], int | None]:
    """Return the charts of a page behind one that an earlier release placed, and where the next page begins.

    Of these nothing is prepared: `revise` them with what they say. Behind the last page the second is None.
    """
    last = store.last_of_page(tx, after, page)
    return ([] if last is None else store.without_person(tx, after, page)), last


def remember(
    tx: Transaction,
    sealer: Sealer,
    said: Sequence[Known],
    keys: Mapping[int, Collection[int]],
    before: Iterable[Known],
    at: datetime,
) -> None:
    """Keep who charts say that somebody is, and their keys' digests, instead of what they said `before`."""
    now = {(digest, one.chart) for one in said for digest in keys[one.chart]}
    gone = {(digest, one.chart) for one in before if one.person for digest in digests(sealer, one.person)} - now
    if gone:
        store.drop_keys(tx, sorted(gone))
    people = [
        (one.chart, one.source, sealer.seal(_PERSON, pack(one.person), _place(one.chart)), at)
        for one in said
        if one.person is not None
    ]
    store.put(tx, people, sorted(now))


def _place(chart: int) -> bytes:
    return b"identity.person.sealed\x00" + chart.to_bytes(8, "big", signed=True)
