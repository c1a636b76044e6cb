"""Read resources by id, many askers at once: one statement a room, one durable commit, then keys, then bodies.

Design flow 0: no byte leaves before the audit row of its read is durable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from salus import access, identity, records
from salus.access import Action, Decision, Kind, Read, Sight
from salus.app.coalesce import Coalescer
from salus.app.facts import REFUSED, barred, decide, missing, read_by, refusal_of, with_reason
from salus.app.node import Node
from salus.app.seeing import NOBODY, Standing, look_for_nobody, own_facility_sight, own_sight, standing
from salus.kernel import Refused, Role, SalusError
from salus.keys import KeyShredded
from salus.parties import Principal, authenticate
from salus.records import Gone, Located, NotFound, Unclassed, history
from salus.storage import Duty, Transaction

GONE = "this was deleted; its older versions can be read: see its _history"
_Question = tuple[int, bool, bool, bool, bool, bool]
CLOSED = "closed"
"""The ground of a refusal of what its class or its resident closes, or of what others wrote where no care relation is
open; the answer is that of what is not there."""


DESTROYED = "the key of this record was destroyed; it can never be read again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAsk:
    """One `GET Type/id`, or of one version, as it came: whose token it is, is found out with the rest of its batch."""

    bearer: str
    type: str
    id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A resource that may be read: its bytes, and what HTTP headers need."""

    body: bytes
    version: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A resource that was found, whose it is, and what policy says of reading it."""

    located: Located
    resident: int | None
    decision: Decision
    sight: Sight

    @property
    def hidden(self) -> bool:
        """Whether it is answered as if it were not there."""
        return self.decision.ground == CLOSED


@dataclass(slots=True, eq=False)
class _Case:
    """A read by a known principal; of the newest version unless one is named."""

    principal: Principal
    type: str
    id: UUID
    version: int | None = None
    located: Located | None = None
    resident: int | None = None
    sight: Sight | None = None
    decision: Decision | None = None
    waits: bool = False


class Reader:
    """Reads of one node, coalesced."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._coalescer: Coalescer[ReadAsk, Found] = Coalescer(self._many)

    async def ask(self, ask: ReadAsk) -> Found:
        """Answer one read. Raises NotSignedIn, Refused or NotFound."""
        return await self._coalescer.ask(ask)

    def read_one(self, who: Principal, kind: str, id_: UUID, version: int | None = None) -> Found:
        """Answer one read by itself, in the calling thread."""
        answer = read_cases(self._node, [_Case(principal=who, type=kind, id=id_, version=version)])[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self) -> None:
        """Finish what runs."""
        self._coalescer.close()

    def _many(self, asks: Sequence[ReadAsk]) -> list[Found | BaseException]:
        at = self._node.clock.now()
        answers: list[Found | BaseException | None] = []
        cases: list[_Case] = []
        known: dict[str, Principal] = {}
        for ask in asks:
            try:
                who = known.get(ask.bearer)
                if who is None:
                    who = known[ask.bearer] = authenticate(self._node.store, self._node.issuer, ask.bearer, at)
                if not who.in_scope(ask.type, "r"):
                    raise Refused(f"the access token's scope does not cover system/{ask.type}.r", where="scope")
                cases.append(_Case(principal=who, type=ask.type, id=ask.id, version=ask.version))
                answers.append(None)
            except SalusError as error:
                answers.append(error)
        read = iter(read_cases(self._node, cases) if cases else ())
        return [next(read) if answer is None else answer for answer in answers]


def read_cases(node: Node, cases: Sequence[_Case]) -> list[Found | BaseException]:
    """Answer reads that arrived together. Each permitted one has its own row in the register before it is answered.

    An unwrap is counted for each read, even of one chart by many, so that the counts of keys and register agree.
    """
    at = node.clock.now()
    with node.store.statements(Duty.CARE) as tx:
        _locate(tx, node, cases, at)
        permitted = [case for case in cases if case.decision and case.decision.allowed]
        if permitted:
            access.register(tx, [_read(case, at) for case in permitted])
    keys = _keys(node, [case.located.chart_key for case in permitted if case.located and not case.located.deleted])
    refused = [case for case in cases if _told_of_nothing(case) or (case.decision and not case.decision.allowed)]
    if refused:
        node.refusals.keep(*(refusal_of(node, case.principal, Action.READ) for case in refused))
    return [_told(node, case, _answer(case, keys)) for case in cases]


class ReadsTogether:
    """Reads that are part of a transaction: found, registered and opened in it, or it fails; told after its commit.

    Where it fails the answer tells that all before the first that cannot be read is there, and what was deleted: then
    `register_looks` is called behind the roll-back.
    """

    def __init__(self, node: Node, who: Principal, asks: Sequence[tuple[int, str, UUID, int | None]]) -> None:
        self._node = node
        self._cases = [(entry, _Case(principal=who, type=kind, id=id_, version=n)) for entry, kind, id_, n in asks]
        self._looks: list[tuple[_Case, datetime]] = []
        self._opened = False
        self._hidden: list[_Case] = []

    def within(self, tx: Transaction) -> None:
        """Find and register all. Raises NotFound, Refused or Gone for the first that cannot be read."""
        at, cases = self._node.clock.now(), [case for _, case in self._cases]
        if not cases:
            return
        _locate(tx, self._node, cases, at)
        for entry, case in self._cases:
            if case.located and case.decision and case.decision.allowed:
                self._looks.append((case, at))
            if case.located is None or case.located.deleted or not (case.decision and case.decision.allowed):
                refused = _told(self._node, case, _answer(case, {}))
                if _told_of_nothing(case):
                    self._hidden.append(case)
                if isinstance(refused, SalusError):
                    refused.where = f"Bundle.entry[{entry}].request"
                    raise refused
        access.register(tx, [_read(case, at) for case in cases])

    def register_looks(self) -> None:
        """Register what was found for a transaction that did not come about, and keep a refusal told as no refusal."""
        if self._looks:
            with self._node.store.transaction(Duty.CARE) as tx:
                access.register(tx, [(_read if self._opened else _looked)(case, at) for case, at in self._looks])
        if self._hidden:
            kept = [refusal_of(self._node, case.principal, Action.READ) for case in self._hidden]
            self._node.refusals.keep(*kept)

    def opened(self) -> dict[int, Found]:
        """Return what was read, by entry; nothing of it leaves before the commit."""
        charts = [case.located.chart_key for _, case in self._cases if case.located]
        keys = _keys(self._node, charts) if charts else {}
        self._opened = True
        found: dict[int, Found] = {}
        for entry, case in self._cases:
            answer = _answer(case, keys)
            if isinstance(answer, SalusError):
                raise answer
            found[entry] = answer
        return found


def _keys(node: Node, charts: list[int]) -> dict[int, bytes | SalusError]:
    """Unwrap the keys of all charts; where one is gone, or missing, it fails its own readers only."""
    try:
        left = node.keys.unwrap_left(charts)
        return {chart: left[chart] if chart in left else KeyShredded(DESTROYED) for chart in charts}
    except SalusError:
        found: dict[int, bytes | SalusError] = {}
        for chart in charts:
            try:
                found[chart] = node.keys.unwrap([chart])[chart]
            except SalusError as gone:
                found[chart] = gone
        return found


def locate_one(tx: Transaction, node: Node, who: Principal, kind: str, id_: UUID, at: datetime) -> Seen | None:
    """Find one resource for more than one read of it: what it is now, whose, and what policy says; None if nothing.

    What is `hidden` is told as nothing too, and its refusal is kept.
    """
    case = _Case(principal=who, type=kind, id=id_)
    _locate(tx, node, [case], at)
    if case.waits and case.located:
        raise Unclassed([case.located.chart_key])
    if case.located is None or case.decision is None or case.sight is None:
        return None
    return Seen(located=case.located, resident=case.resident, decision=case.decision, sight=case.sight)


def look_at(who: Principal, seen: Seen, at: datetime) -> Read:
    """Write down that somebody was told that something is there, and nothing of it was opened."""
    case = _Case(
        principal=who,
        type=seen.located.type,
        id=seen.located.id,
        located=seen.located,
        resident=seen.resident,
        decision=seen.decision,
    )
    return _looked(case, at)


def _told_of_nothing(case: _Case) -> bool:
    """Tell whether the answer is that nothing is there: it is not, or it is closed. Both are kept as refusals."""
    return (case.decision is None and case.located is None) or bool(case.decision and case.decision.ground == CLOSED)


def _locate(tx: Transaction, node: Node, cases: Sequence[_Case], at: datetime) -> None:
    """Find each resource, its resident, and what policy says of the read.

    Where nothing is told to be there, it takes the same statements whether something is: what was not run for it is run
    for nobody.
    """
    located, beside = _find(tx, cases)
    charts = {found.chart_key for found in located.values() if found.chart_kind == "resident"}
    residents = identity.residents_of(tx, sorted(charts)) if charts else {}
    for case in cases:
        found = located.get((case.id, case.version))
        if found is not None and found.type == case.type:
            case.located, case.resident = found, residents.get(found.chart_key)
    stands = standing(tx, [(case.principal.facility, case.resident) for case in cases if _needs_one(case)], at)
    decided: dict[_Question, Decision] = {}
    for case in cases:
        if not (case.located and _at_home(case)):
            case.decision = barred(node, case.principal, case.type)
        if case.located and case.decision is None:
            _decide(tx, node, case, stands, decided)
    nothing = [case for case in cases if _told_of_nothing(case)]
    if nothing:
        if not charts:
            identity.residents_of(tx, [NOBODY])
        if not beside:
            history.fetch_deleted(tx, [nothing[0].id])
        _take_as_long(tx, node, nothing, stands.steps, at)


def _take_as_long(tx: Transaction, node: Node, nothing: Sequence[_Case], steps: int, at: datetime) -> None:
    """Ask of nobody what was not asked of what is not there, as if it were closed."""
    for case in nothing:
        if case.located is None and case.principal.resident:
            node.resident_key(tx, case.principal.resident)
    look_for_nobody(tx, nothing[0].principal.facility, steps, at)


def _find(tx: Transaction, cases: Sequence[_Case]) -> tuple[dict[tuple[UUID, int | None], Located], bool]:
    """Find what is asked for by (id, version); what was deleted is found as that. Also whether that was looked for."""
    newest = list({case.id for case in cases if case.version is None})
    found: dict[tuple[UUID, int | None], Located] = {(one.id, None): one for one in records.fetch(tx, newest)}
    missing = [id_ for id_ in newest if (id_, None) not in found]
    found |= {(one.id, None): one for one in history.fetch_deleted(tx, missing)}
    versions = {(case.id, case.version) for case in cases if case.version is not None}
    found |= {(one.id, one.version): one for one in history.fetch_versions(tx, sorted(versions))}
    return found, bool(missing)


def _needs_one(case: _Case) -> bool:
    """Tell whether only an open care relation can be the ground: not so for a hospital's system at home."""
    if case.located is None:
        return False
    return case.principal.role is not Role.HOSPITAL_SYSTEM or not _at_home(case)


def _at_home(case: _Case) -> bool:
    return case.located is not None and case.located.facility == case.principal.facility


def _decide(tx: Transaction, node: Node, case: _Case, stands: Standing, decided: dict[_Question, Decision]) -> None:
    """Ask the policy, or take the answer to the same question of the same principal in the same batch.

    Of what is being prepared it is not asked: whether it is closed is not known.
    """
    principal, found = case.principal, case.located
    assert found is not None  # noqa: S101  callers decide located cases only
    key = principal.resident and node.resident_key(tx, principal.resident)
    own = key is not None and key == case.resident
    closed = _look(node, case, found, stands, own=own)
    if case.waits:
        return
    directory = found.chart_kind == "directory"
    at_home = _at_home(case)
    related = (principal.facility, case.resident) in stands.open
    question = (id(principal), directory, at_home, related, own, closed)
    if question not in decided:
        decided[question] = decide(
            node,
            principal,
            Action.READ,
            Kind.DIRECTORY if directory else Kind.RECORD,
            own_facility=at_home,
            relation_open=related,
            own_record=own,
            closed=closed,
        )
    case.decision = decided[question]


def _look(node: Node, case: _Case, found: Located, stands: Standing, *, own: bool) -> bool:
    """Say what the reader may see of a chart; tell whether the resource is as if it were not there."""
    facility = case.principal.facility
    if not own and (_at_home(case) or found.chart_kind != "resident"):
        case.sight = own_facility_sight(facility)
        return not (_at_home(case) or found.chart_kind == "directory")
    whose = {found.chart_key: case.resident}
    sight = case.sight = own_sight(whose) if own else stands.sight(facility, whose)
    if not records.known(found, sight):
        case.waits = True
        node.wanted.add(found.chart_key)
        return False
    return not records.shown(found, sight)


def _read(case: _Case, at: datetime) -> Read:
    found, principal = case.located, case.principal
    assert found is not None  # noqa: S101
    assert case.decision is not None  # noqa: S101
    return read_by(
        principal,
        resident_key=case.resident,
        chart_keys=(found.chart_key,),
        what=found.type,
        count=0 if found.deleted else 1,
        action=Action.READ,
        ground=case.decision.ground,
        unwraps=0 if found.deleted else 1,
        at=at,
    )


def _looked(case: _Case, at: datetime) -> Read:
    """Write down that something was found, and not opened."""
    read = _read(case, at)
    return replace(read, action=Action.SEARCH, unwraps=0) if read.unwraps else read


def _told(node: Node, case: _Case, answer: Found | SalusError) -> Found | SalusError:
    return with_reason(node, case.principal, answer) if isinstance(answer, Refused | NotFound) else answer


def _answer(case: _Case, keys: dict[int, bytes | SalusError]) -> Found | SalusError:
    if case.decision and not case.decision.allowed:
        return missing(case.type) if case.decision.ground == CLOSED else Refused(REFUSED)
    if case.located is None:
        return missing(case.type)
    if case.waits:
        return Unclassed([case.located.chart_key])
    if not (case.decision and case.sight):
        return Refused(REFUSED)
    if case.located.deleted:
        return Gone(GONE)
    key = keys[case.located.chart_key]
    if isinstance(key, SalusError):
        return key
    try:
        body = records.open_body(case.located, {case.located.chart_key: key}, case.sight)
    except SalusError as damaged:
        return damaged
    return Found(body=body, version=case.located.version, at=case.located.at)
