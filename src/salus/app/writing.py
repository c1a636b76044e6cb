"""Take in what a system sends: one transaction with its register entries, its rows and its event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from salus import access, records
from salus.access import Action, Read
from salus.app.at_hand import AtHand, register_undone
from salus.app.attempts import BY_WRITE, keep_attempt
from salus.app.begun import Begun, register_unanswered
from salus.app.facts import read_by, refuse
from salus.app.node import Node
from salus.app.nowhere import keep_reference
from salus.app.own_charts import follow_replacements
from salus.app.preparing import check_conditions, prepared, register_asked, register_looks
from salus.app.reading import locate_one, look_at
from salus.app.seeing import Eyes
from salus.healthcode import certificates
from salus.kernel import Purpose, Refused, Role, SalusError
from salus.parties import Principal
from salus.parties import principal as a_principal
from salus.records import (
    Accepted,
    Intent,
    Keys,
    LeadsNowhere,
    Line,
    Looks,
    MeasureRefused,
    NotFound,
    NotYours,
    Outcome,
    Writer,
)
from salus.storage import Duty, StoreDown, TookTooLong, Transaction

_NOT_YOURS = "you may write only charts of your own facility, for treatment: send your own Patient first"
_FEW = 64
"""Up to so many entries, statements go to the database together; of more, rows are worth a COPY."""
Noted = Callable[[Transaction, Accepted], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one entry of a batch: an outcome, or the error that only this entry met."""

    entry: int | None
    accepted: Accepted | None
    error: SalusError | None


def accept(
    node: Node,
    principal: Principal,
    intents: Sequence[Intent],
    source: str = "fhir",
    noted: Noted | None = None,
    keys: AtHand | None = None,
) -> Accepted:
    """Take in all intents or none; `noted` may add rows of its own to the same transaction, with the same `keys`.

    A Patient that says it was replaced by another of the facility's own is linked to it, or a person is asked. Raises
    what records raises. A refusal is kept in the register of refusals in a transaction of its own.
    """
    looks, keys = Looks(), keys or AtHand(node.keys)
    check_conditions(node, principal, intents)
    try:
        with node.store.transaction(Duty.CARE) as tx:
            at = node.clock.now()  # within the transaction: see records.history.complete_until
            keys.day = at.date()
            accepted = _prepare_and_accept(tx, node, principal, intents, at, source, looks, keys)
            if noted:
                noted(tx, accepted)
        return accepted
    except SalusError as error:
        if (looks.found or looks.asked or keys.opened) and not isinstance(error, StoreDown):
            with node.store.transaction(Duty.CARE) as tx:
                _register_undone(tx, principal, looks, keys, node.clock.now())
        if isinstance(error, TookTooLong) and not (looks.found or looks.asked):
            _register_unanswered(node, principal, intents)
        raise kept(node, principal, error) from None


def _prepare_and_accept(
    tx: Transaction,
    node: Node,
    principal: Principal,
    intents: Sequence[Intent],
    at: datetime,
    source: str,
    looks: Looks,
    keys: AtHand,
) -> Accepted:
    if all(one.ready for one in intents):
        return accept_in(tx, node, principal, intents, at, source, keys)
    ready = prepared(tx, node, _writer(node, principal, source, at, keys), intents, looks)
    accepted = accept_in(tx, node, principal, ready, at, source, keys)
    register_asked(tx, principal, looks, {one.chart_key for one in accepted.outcomes}, at)
    return accepted


def _register_undone(tx: Transaction, principal: Principal, looks: Looks, keys: AtHand, at: datetime) -> None:
    """Tell what a write that did not come about looked at, and every key that was opened for it."""
    if looks.found or looks.asked:
        register_looks(tx, principal, looks, at)
    told = {chart for chart, _ in looks.found} & looks.opened
    register_undone(tx, principal, [one for one in keys.opened if one not in told], at)


def accept_in(
    tx: Transaction,
    node: Node,
    principal: Principal,
    intents: Sequence[Intent],
    at: datetime,
    source: str,
    keys: Keys | None = None,
) -> Accepted:
    """Take in all intents or none, in the caller's transaction, and register it; `keys` are at hand already, if any."""
    with _together(tx, intents):
        accepted = records.accept(tx, _writer(node, principal, source, at, keys), intents, at)
        _register(tx, principal, accepted, [accepted.outcomes], source, at)
    follow_replacements(tx, node, principal, intents, accepted.outcomes, at)
    return accepted


def accept_lines(
    node: Node, principal: Principal, lines: Sequence[Line], source: str, noted: Noted, *, apart: bool = False
) -> Accepted:
    """Take in what was examined, all or none, as one acceptance. A refusal is the caller's to keep, by `kept`.

    `apart` says that each line came with a request of its own, and has entries of its own in the register.
    """
    intents, keys = [one for line in lines for one in line.intents], AtHand(node.keys)
    try:
        with node.store.transaction(Duty.CARE) as tx:
            at = node.clock.now()  # within the transaction: see records.history.complete_until
            keys.day = at.date()
            ready = [line.ready for line in lines if line.ready]
            with _together(tx, intents):
                accepted = records.accept_ready(tx, _writer(node, principal, source, at, keys), ready, at)
                requests = [(one,) for one in accepted.outcomes] if apart else [accepted.outcomes]
                _register(tx, principal, accepted, requests, source, at)
            follow_replacements(tx, node, principal, intents, accepted.outcomes, at)
            noted(tx, accepted)
    except SalusError as error:
        if keys.opened and not isinstance(error, StoreDown):
            with node.store.transaction(Duty.CARE) as tx:
                register_undone(tx, principal, keys.opened, node.clock.now())
        raise
    return accepted


def _together(tx: Transaction, intents: Sequence[Intent]) -> AbstractContextManager[None]:
    return tx.together() if len(intents) <= _FEW else nullcontext()


def accept_for_registry(tx: Transaction, node: Node, registry: str, intents: Sequence[Intent]) -> Accepted:
    """Take in directory entries of the node's own registry of institutions, in the caller's transaction."""
    at = node.clock.now()
    writer = Writer(
        role=Role.HOSPITAL_SYSTEM,
        purpose=Purpose.HOPERAT,
        facility=registry,
        care_facility=False,
        custodian=node.name,
        keys=node.keys,
        sealer=node.custodian,
        judge=node.judge,
    )
    accepted = records.accept(tx, writer, intents, at)
    who = a_principal(Role.HOSPITAL_SYSTEM, registry, facility=registry, purpose=Purpose.HOPERAT)
    _register(tx, who, accepted, [accepted.outcomes], "fhir", at)
    return accepted


def accept_each(node: Node, principal: Principal, intents: Sequence[Intent]) -> list[Tried]:
    """Try each intent of a batch by itself, in one transaction with a savepoint each: one failure loses no other."""
    tried, looks = list[Tried](), Looks()
    failed: list[tuple[int, Intent, SalusError]] = []
    if principal.facility is None:
        raise refuse(node, principal, Action.CREATE, "only a facility's own system may write records")
    check_conditions(node, principal, intents)
    with node.store.transaction(Duty.CARE) as tx:
        at = node.clock.now()
        records.lock_conditions(tx, node.custodian, intents)
        records.lock(tx, [intent.id for intent in intents if intent.id])
        for intent in intents:
            looks, accepted, keys = Looks(made=looks.made), None, AtHand(node.keys)
            try:
                with tx.savepoint():
                    accepted = _prepare_and_accept(tx, node, principal, [intent], at, "fhir", looks, keys)
            except SalusError as error:
                _register_undone(tx, principal, looks, keys, at)
                failed.append((len(tried), intent, error))
            tried.append(Tried(entry=intent.entry, accepted=accepted, error=None))
    for place, intent, met in failed:
        tried[place] = replace(tried[place], error=_kept_alone(node, principal, intent, met))
    return tried


def _kept_alone(node: Node, principal: Principal, intent: Intent, met: SalusError) -> SalusError:
    """Keep what one entry of a batch met; where that fails, this entry says so: the others are stored by now."""
    try:
        if isinstance(met, TookTooLong):
            _register_unanswered(node, principal, [intent])
        return kept(node, principal, met)
    except SalusError as error:
        return error


def _register_unanswered(node: Node, principal: Principal, intents: Sequence[Intent]) -> None:
    """Write down by which conditions was asked what took too long to find."""
    kinds = sorted({one.condition.type for one in intents if one.condition})
    register_unanswered(node, principal, [Begun(what=kind, ground="own-facility") for kind in kinds])


def _writer(node: Node, principal: Principal, source: str, at: datetime, keys: Keys | None = None) -> Writer:
    if principal.facility is None:
        raise Refused("only a facility's own system may write records")
    return Writer(
        role=principal.role,
        purpose=principal.purpose,
        facility=principal.facility,
        care_facility=node.care_facility(principal),
        custodian=node.name,
        keys=keys or node.keys,
        sealer=node.custodian,
        judge=node.judge,
        source=source,
        sandbox=node.facility(principal.facility).sandbox,
        base=f"{node.settings.public_url}/fhir/",
        eyes=Eyes(node, principal, at),
    )


def _register(
    tx: Transaction,
    principal: Principal,
    accepted: Accepted,
    requests: Sequence[Sequence[Outcome]],
    source: str,
    at: datetime,
) -> None:
    """Write, for each request, one entry for each resident whom it touched, and one for the directory.

    An unwrap is told once, with the first request that needed it. Certificates that rest on an entry which this
    corrects are void with the same commit.
    """
    certificates.void_corrected(tx, [one.id for one in accepted.outcomes if not (one.created or one.stands)], at)
    unwraps = dict(accepted.unwraps)
    reads = [
        read for outcomes in requests for read in _reads(principal, outcomes, accepted.residents, unwraps, source, at)
    ]
    if reads:
        access.register(tx, reads)


def _reads(
    principal: Principal,
    outcomes: Sequence[Outcome],
    residents: Mapping[int, int],
    unwraps: dict[int, int],
    source: str,
    at: datetime,
) -> list[Read]:
    counts: Counter[int | None] = Counter(residents.get(one.chart_key) for one in outcomes)
    charts: dict[int | None, set[int]] = {}
    for one in outcomes:
        charts.setdefault(residents.get(one.chart_key), set()).add(one.chart_key)
    verb = Action.IMPORT if source == "import" else Action.CREATE
    if outcomes and not any(one.created for one in outcomes):
        verb = Action.DELETE if all(one.deleted for one in outcomes) else Action.UPDATE
    if outcomes and all(one.stands for one in outcomes):
        verb = Action.SEARCH
    return [
        read_by(
            principal,
            resident_key=resident,
            chart_keys=tuple(sorted(charts[resident])),
            what=outcomes[0].type if len(outcomes) == 1 else "Bundle",
            count=count,
            action=verb,
            ground="own-facility",
            unwraps=sum(unwraps.pop(chart, 0) for chart in charts[resident]),
            at=at,
        )
        for resident, count in counts.items()
    ]


def kept(node: Node, principal: Principal, error: SalusError) -> SalusError:
    """Keep a refusal, or an attempt to write a measure by a patch, in a transaction of its own; return the error."""
    if isinstance(error, MeasureRefused):
        keep_attempt(node, principal, BY_WRITE, error.code)
    if isinstance(error, NotYours):
        return _not_yours(node, principal, error)
    if isinstance(error, LeadsNowhere) and error.asked:
        keep_reference(node, principal, error)
    if not isinstance(error, Refused):
        return error
    kept = refuse(node, principal, Action.CREATE, error.text)
    kept.where = error.where
    return kept


def _not_yours(node: Node, principal: Principal, error: NotYours) -> SalusError:
    """Keep the refusal of a write to what is not there, or to another facility's record, in the same way.

    It is returned to whoever may read what they may not write, and shown to its resident. To others nothing is there.
    """
    kept = refuse(node, principal, Action.UPDATE, _NOT_YOURS)
    kept.where = error.where
    at = node.clock.now()
    with node.store.transaction(Duty.CARE) as tx:
        seen = locate_one(tx, node, principal, error.kind, error.id, at)
        if seen is None or not seen.decision.allowed:
            return NotFound(error.text, where=error.where)
        access.register(tx, [look_at(principal, seen, at)])
    return kept
