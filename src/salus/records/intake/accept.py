"""Store what was examined: charts, residents, keys, bodies, search rows, the event. One transaction, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from salus.access import Action
from salus.identity import DOCUMENT_SYSTEMS, Arrival, Described, place, residents_of, revise
from salus.kernel import bucket, civil_day, format_instant, new_id
from salus.records import arriving, following, population, store
from salus.records.errors import Conflict, LeadsNowhere, NotYours, Problem, RecordRefused
from salus.records.fhir import facts, occurrence
from salus.records.fhir.definitions import DIRECTORY
from salus.records.fhir.parse import MOST_BYTES, dump
from salus.records.fhir.person import columns
from salus.records.fhir.references import References, parse_literal
from salus.records.history import changing as history
from salus.records.history.model import Standing
from salus.records.intake.doubting import person_doubts
from salus.records.intake.examine import MOST_PROBLEMS, Examined, Ready, examine, together
from salus.records.intake.numbering import check_numbers
from salus.records.intake.permitting import Writer, permit_write
from salus.records.intake.preferring import usurped
from salus.records.intake.referring import localise, mine, place_of, resolved, unclosed
from salus.records.intake.sandbox import fictional, marked
from salus.records.intake.tokens import token_digest
from salus.records.model import Accepted, Intent, Outcome
from salus.records.sealing import seal
from salus.records.search.digests import sandboxed
from salus.records.search.indexing import Indexed, put
from salus.records.sensitivity.spreading import Holding, classes_of, spread
from salus.storage import Transaction

_OUR_IDS = "ids are given by this server"
_KEPT = (
    "a Patient is what its chart hangs on and is not deleted: set active to false, or say in link which of your"
    " Patients replaced it"
)


@dataclass(slots=True)
class _Batch:
    """What one acceptance works on. By position: `back` was deleted and is updated, `settled` stays as it stands."""

    tx: Transaction
    writer: Writer
    at: datetime
    examined: list[Examined]
    targets: dict[tuple[str, UUID], store.Target]
    charts: dict[int, int] = field(default_factory=dict)
    versions: dict[int, tuple[int, int]] = field(default_factory=dict)
    back: set[int] = field(default_factory=set)
    settled: dict[int, Standing] = field(default_factory=dict)
    opened: list[tuple[int, Examined]] = field(default_factory=list)
    created: list[int] = field(default_factory=list)
    digests: dict[tuple[int, str], bytes] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)
    had: dict[int, int | None] = field(default_factory=dict)

    @property
    def opened_charts(self) -> set[int]:
        """The charts, there before, whose keys are needed: of what stays as it stands, none is."""
        return {chart for position, chart in self.charts.items() if position not in self.settled} - set(self.created)


def accept(tx: Transaction, writer: Writer, intents: Sequence[Intent], at: datetime) -> Accepted:
    """Take in all intents, or none.

    Raises RecordRefused (each problem named by entry and element), Refused (policy), Conflict (a version that is not
    current) or NotFound (an update of nothing). Places are stripped and named in the outcome. New charts' keys are
    durable before this transaction is; a roll-back leaves at most keys that open nothing.
    """
    return accept_ready(tx, writer, [examine(intents)], at)


def accept_ready(tx: Transaction, writer: Writer, several: Sequence[Ready], at: datetime) -> Accepted:
    """Take in what was examined, or none of it, as one acceptance. Raises what `accept` raises.

    What was sent apart and is taken together is looked up before any of it is written.
    """
    ready = together(several)
    examined, references = ready.examined, ready.references
    if writer.sandbox:
        fictional(examined)
    localise(examined, references, writer.base)
    targets = _lookup(tx, writer, references, examined)
    batch = _Batch(tx=tx, writer=writer, at=at, examined=examined, targets=targets)
    check_numbers(tx, writer, examined)
    _lock_updates(batch)
    if problems := usurped(examined, writer.facility):
        raise RecordRefused(problems[:MOST_PROBLEMS], 422)
    _assign_charts(batch)
    keys = _keys(batch)
    residents = _residents(batch)
    outcomes, acceptance = _write(batch, keys)
    written = len(outcomes) - len(batch.settled)
    if written or not outcomes:
        _told(batch, acceptance, written, outcomes, residents)
    unwraps = dict.fromkeys(batch.opened_charts, 1)
    return Accepted(
        acceptance=acceptance,
        outcomes=tuple(outcomes),
        residents=residents,
        opened=len(batch.opened),
        unwraps=unwraps,
    )


def _told(
    batch: _Batch, acceptance: int, written: int, outcomes: Sequence[Outcome], residents: Mapping[int, int]
) -> None:
    """Note what was taken in, and let whatever is above know: also, in numbers, what arrived."""
    writer, stripped = batch.writer, sum(len(one.stripped) for one in batch.examined)
    store.insert_acceptance(batch.tx, (acceptance, writer.facility, writer.source, batch.at, written, stripped))
    days = [day.isoformat() for day in sorted(batch.days)]
    told = {"acceptance": acceptance, "facility": writer.facility, "entries": written, "days": days}
    arrived = (
        (batch.examined[position].resource, one)
        for position, one in enumerate(outcomes)
        if position not in batch.settled and not one.deleted
    )
    counted = arriving.told(arrived, residents, writer.sealer, writer.facility, batch.at)
    told |= {"source": writer.source, "arrived": counted, "arrived_on": civil_day(batch.at).isoformat()}
    batch.tx.emit("RecordAccepted", told)


def _lookup(
    tx: Transaction, writer: Writer, references: References, examined: Sequence[Examined]
) -> dict[tuple[str, UUID], store.Target]:
    """Find what references point at outside this submission; say which lead nowhere, or to what it deletes.

    What is changed may refer to what was deleted, as it did before: else nobody could correct it.
    """
    gone = {(one.type, one.id) for one in examined if one.intent.verb == "delete"}
    wanted = [one for one in references.wanted if one not in gone]
    targets = store.targets(tx, wanted) if wanted else {}
    changed = {one.intent.entry for one in examined if one.intent.verb == "update"}
    missing = [
        one
        for one, _, entry in references.places
        if entry in changed and one not in gone and not mine(writer, targets.get(one))
    ]
    targets |= history.targets_deleted(tx, missing)
    targets = unclosed(tx, writer, targets, wanted, [one.id for one in examined if one.intent.verb == "update"])
    problems = [
        Problem(where=place_of(where), text="refers to nothing that is stored here", code="not-found", entry=entry)
        for literal, where, entry in references.places
        if literal not in targets
    ]
    nowhere = references.wanted - targets.keys()
    problems += resolved(tx, writer, references, targets, gone)
    if problems:
        raise LeadsNowhere(problems[:MOST_PROBLEMS], sorted(nowhere))
    return targets


def _lock_updates(batch: _Batch) -> None:
    ids = [one.id for one in batch.examined if one.intent.verb != "create"]
    locked = history.lock(batch.tx, ids) if ids else {}
    for position, one in enumerate(batch.examined):
        if one.intent.verb == "create":
            continue
        found, where = _standing(batch, one, locked.get(one.id)), _where(one)
        batch.charts[position], batch.had[position] = found.chart_key, found.classes
        batch.versions[position] = (found.resource_key, found.version + 1)
        if one.intent.verb != "delete":
            batch.targets[one.type, one.id] = (found.chart_key, found.kind, found.facility, found.classes)
        if one.intent.verb != "stand":
            _permit(batch, Action(one.intent.verb), found.kind, found.facility, one)
        if one.intent.verb == "stand" or (found.deleted and one.intent.verb == "delete"):
            batch.settled[position] = found
        elif one.intent.expected not in (None, found.version):
            raise Conflict("the version you changed is not the current one: read it again", where=where)
        elif found.deleted:
            batch.back.add(position)
        elif one.intent.verb == "delete" and one.type == "Patient":
            raise RecordRefused([Problem(where=where, text=_KEPT, code="conflict", entry=one.intent.entry)], 409)


def _standing(batch: _Batch, one: Examined, found: Standing | None) -> Standing:
    """Return what is to be changed. What is another facility's is told as what is not there."""
    missing, where = f"there is no such resource to {one.intent.verb}; {_OUR_IDS}", _where(one)
    if found is None:
        raise NotYours(missing, one.type, one.id, where)
    if found.type != one.type or (found.kind != "directory" and found.facility != batch.writer.facility):
        history.look_for_none(batch.tx, found)
        raise NotYours(missing, one.type, one.id, where)
    return found


def _where(one: Examined) -> str:
    entry = one.intent.entry
    return f"{one.type}.id" if entry is None else f"Bundle.entry[{entry}].resource.{one.type}.id"


def _assign_charts(batch: _Batch) -> None:
    """Say which chart each resource belongs to, opening those that are new."""
    fresh: dict[str, int] = {}
    news = [one for one in batch.examined if one.type == "Patient" and one.intent.verb == "create"]
    for key, one in zip(store.keys(batch.tx, len(news)) if news else (), news, strict=True):
        _permit(batch, Action.CREATE, "resident", batch.writer.facility, one)
        fresh[f"Patient/{one.id}"] = key
        batch.opened.append((key, one))
        batch.created.append(key)
    kind = "sandbox" if batch.writer.sandbox else "resident"
    store.insert_charts(batch.tx, [_chart_row(batch, key, kind) for key, _ in batch.opened])
    for position, one in enumerate(batch.examined):
        owner = fresh.get(f"Patient/{one.id}") or _owner(batch, one, fresh)
        known = batch.charts.get(position)
        if known is None:
            batch.charts[position] = owner if owner is not None else _common_chart(batch, one)
        elif owner not in (None, known):
            raise _refused(one, "moves to another person's chart; a resource stays in its own")


def _owner(batch: _Batch, one: Examined, fresh: dict[str, int]) -> int | None:
    """Return the one chart that the resource's patient references name."""
    owners: dict[int, str] = {}
    for reference in one.patients():
        if reference in fresh:
            owners[fresh[reference]] = batch.writer.facility
        else:
            literal = parse_literal(reference)
            target = batch.targets.get(literal) if literal else None
            if target:
                owners[target[0]] = target[2]
    if len(owners) > 1:
        raise _refused(one, "names patients of two charts; send one for each")
    for chart, facility in owners.items():
        _permit(batch, Action.CREATE, "resident", facility, one)
        return chart
    return None


def _common_chart(batch: _Batch, one: Examined) -> int:
    """Return the chart of what is about nobody: the directory's, unless a sandbox made it up for itself."""
    kind = "directory" if one.type in DIRECTORY and not batch.writer.sandbox else "facility"
    facility = batch.writer.facility
    _permit(batch, Action.CREATE, kind, facility, one)
    found = store.common_chart(batch.tx, facility, kind)
    if found is not None:
        return found
    key = store.keys(batch.tx, 1)[0]
    standing = store.open_common_chart(batch.tx, _chart_row(batch, key, kind))
    if standing == key:
        batch.created.append(key)
    return standing


def _chart_row(batch: _Batch, key: int, kind: str) -> tuple[int, UUID, str, str, str, int, datetime]:
    id_ = new_id()
    return (key, id_, kind, batch.writer.facility, batch.writer.custodian, bucket(id_), batch.at)


def _permit(batch: _Batch, action: Action, kind: str, facility: str, one: Examined) -> None:
    where = one.type if one.intent.entry is None else f"Bundle.entry[{one.intent.entry}].resource"
    permit_write(batch.writer, action, kind, facility, where)


def _keys(batch: _Batch) -> dict[int, bytes]:
    keys = batch.writer.keys.create(batch.created) if batch.created else {}
    known = sorted(batch.opened_charts)
    return keys | (batch.writer.keys.unwrap(known) if known else {})


def _residents(batch: _Batch) -> dict[int, int]:
    """Place the new charts and look up whose the known ones are: chart -> resident. A sandbox's are nobody's."""
    if batch.writer.sandbox:
        return {}
    arrivals = [_arrival(batch, key, one) for key, one in batch.opened]
    placed = place(batch.tx, batch.writer.sealer, arrivals, batch.at, batch.writer.judge) if arrivals else {}
    known = sorted(set(batch.charts.values()) - set(placed))
    residents = placed | (residents_of(batch.tx, known) if known else {})
    revised = [
        _arrival(batch, batch.charts[position], one)
        for position, one in enumerate(batch.examined)
        if one.intent.verb == "update" and one.type == "Patient" and batch.charts[position] in residents
    ]
    if revised:
        revise(batch.tx, batch.writer.sealer, revised, batch.at, batch.writer.judge)
        residents |= residents_of(batch.tx, sorted(residents))
    return residents


def _arrival(batch: _Batch, chart: int, one: Examined) -> Arrival:
    return Arrival(
        chart_key=chart,
        numbers=one.numbers,
        born=facts.born(one.resource),
        described=Described(**columns(one.resource, DOCUMENT_SYSTEMS), recorded_at=format_instant(batch.at)),
        source=batch.writer.facility,
    )


def _write(batch: _Batch, keys: dict[int, bytes]) -> tuple[list[Outcome], int]:
    tx, at = batch.tx, batch.at
    acceptance = _number(batch)
    outcomes, resources, updates, versions, tokens = [], [], [], [], []
    holding = Holding(batch.examined, batch.targets, batch.charts, batch.versions, batch.had)
    classes = classes_of(holding)
    for position, one in enumerate(batch.examined):
        chart = batch.charts[position]
        key, version = batch.versions[position]
        finished = _finished(one, version, at)
        body = _body(marked(finished) if batch.writer.sandbox else finished, one)
        outcomes.append(_outcome(batch, one, position, body))
        if position in batch.settled or one.intent.verb == "delete":
            continue
        lo, hi = facts.dates(one.resource)
        if one.intent.verb == "update" and position not in batch.back:
            updates.append((key, version, at, lo, hi, classes[position]))
        else:
            resources.append((key, one.id, one.type, chart, version, at, lo, hi, classes[position]))
        versions.append((key, version, chart, acceptance, at, seal(keys[chart], key, version, body)))
        tokens += [(key, param, digest, chart, one.type) for param, digest in _digests(batch, one)]
    if updates:
        store.update_resources(tx, updates)
    _bury(batch, keys, acceptance, outcomes)
    store.insert_resources(tx, resources)
    store.insert_versions(tx, versions)
    store.insert_tokens(tx, tokens)
    _write_found(batch)
    _write_occurrences(batch)
    _note_people(batch)
    spread(tx, holding, classes)
    return outcomes, acceptance


def _number(batch: _Batch) -> int:
    """Give what is new its key and first version; return the acceptance's key."""
    news = [position for position in range(len(batch.examined)) if position not in batch.versions]
    acceptance, *keys = store.keys(batch.tx, 1 + len(news))
    batch.versions |= {position: (key, 1) for position, key in zip(news, keys, strict=True)}
    return acceptance


def _bury(batch: _Batch, keys: dict[int, bytes], acceptance: int, outcomes: Sequence[Outcome]) -> None:
    """Write the versions that say that something was deleted; take back what said so of that which is updated."""
    if batch.back:
        history.bring_back(batch.tx, [batch.versions[position][0] for position in sorted(batch.back)])
    history.delete(
        batch.tx,
        [
            (key, version, one.chart_key, acceptance, batch.at, seal(keys[one.chart_key], key, version, one.body))
            for position, one in enumerate(outcomes)
            if one.deleted and position not in batch.settled
            for key, version in (batch.versions[position],)
        ],
    )


def _write_found(batch: _Batch) -> None:
    """Let each resource be found by what it says now, and nothing by what was deleted.

    A search of the directory is everybody's, so that what a sandbox made up of it is found by that sandbox alone.
    """
    entries, replaced = [], []
    for position, one in enumerate(batch.examined):
        if position in batch.settled:
            continue
        chart, (key, _) = batch.charts[position], batch.versions[position]
        if one.intent.verb != "create":
            replaced.append((key, chart))
        made_up = batch.writer.sandbox and one.type in DIRECTORY
        if one.intent.verb != "delete":
            entries.append(
                Indexed(
                    resource_key=key,
                    id=one.id,
                    type=one.type,
                    chart_key=chart,
                    facility=sandboxed(batch.writer.facility) if made_up else batch.writer.facility,
                    at=batch.at,
                    resource=one.resource,
                )
            )
    put(batch.tx, batch.writer.sealer, entries, replaced)


def _write_occurrences(batch: _Batch) -> None:
    """Say on which day each resource happened, and remember all days about which something changed.

    In a sandbox nothing happened.
    """
    if batch.writer.sandbox:
        return
    rows = []
    for position, one in enumerate(batch.examined):
        gone = position in batch.settled or one.intent.verb == "delete"
        day = None if gone else occurrence.occurred(one.resource, batch.at)
        if day is not None:
            chart, (key, _) = batch.charts[position], batch.versions[position]
            rows.append((key, day, one.type, chart, batch.writer.facility))
    updated = [batch.versions[n][0] for n, one in enumerate(batch.examined) if one.intent.verb in ("update", "delete")]
    batch.days.update(store.replace_occurrences(batch.tx, updated, rows), (day for _, day, *_ in rows))


def _note_people(batch: _Batch) -> None:
    """Note what the population register and follow-up keep of what was written, and of what was deleted no more.

    Nobody lives in a sandbox.
    """
    if batch.writer.sandbox:
        return
    said = [(n, one) for n, one in enumerate(batch.examined) if n not in batch.settled]
    written = [(batch.versions[n][0], batch.charts[n], one.resource) for n, one in said]
    stands = [row for row, (_, one) in zip(written, said, strict=True) if one.intent.verb != "delete"]
    replaced = [batch.versions[n][0] for n, one in said if one.intent.verb != "create"]
    population.note(batch.tx, batch.writer.facility, batch.at, written)
    following.note(batch.tx, batch.writer.sealer, batch.at, stands, replaced)


def _outcome(batch: _Batch, one: Examined, position: int, body: bytes) -> Outcome:
    key, version = batch.versions[position]
    settled = batch.settled.get(position)
    return Outcome(
        type=one.type,
        id=one.id,
        version=settled.version if settled else version,
        at=settled.at if settled else batch.at,
        created=one.intent.verb == "create",
        stripped=one.stripped,
        chart_key=batch.charts[position],
        resource_key=key,
        body=b"" if settled else body,
        deleted=one.intent.verb == "delete",
        stands=one.intent.verb == "stand",
        odd=() if settled or one.intent.verb == "delete" else _odd(batch, one),
    )


def _odd(batch: _Batch, one: Examined) -> tuple[Problem, ...]:
    """Return a warning for each thing that is odd in who a Patient says that somebody is."""
    return tuple(person_doubts(one.resource, civil_day(batch.at), one.intent.entry)) if one.type == "Patient" else ()


def _body(finished: dict[str, Any], one: Examined) -> bytes:
    """Write a resource as it will lie. What could not be sent whole could not be read back either."""
    body = dump(finished)
    if len(body) > MOST_BYTES:
        text = f"would be stored as more than {MOST_BYTES // 2**20} MiB; send it in parts"
        raise RecordRefused([Problem(where=one.type, text=text, code="too-long", entry=one.intent.entry)], 413)
    return body


def _finished(one: Examined, version: int, at: datetime) -> dict[str, Any]:
    """Return the resource as it will be read: with our id, version and instant; other metadata stay the sender's."""
    resource = dict(one.resource)
    meta = dict(resource.pop("meta", None) or {})
    meta |= {"versionId": str(version), "lastUpdated": format_instant(at)}
    resource.pop("id", None)
    return {"resourceType": resource.pop("resourceType"), "id": str(one.id), "meta": meta, **resource}


def _digests(batch: _Batch, one: Examined) -> Iterable[tuple[int, bytes]]:
    for token in facts.tokens(one.resource) | occurrence.findings(one.resource):
        digest = batch.digests.get(token)
        if digest is None:
            digest = batch.digests[token] = token_digest(batch.writer.sealer, *token)
        yield token[0], digest


def _refused(one: Examined, text: str) -> RecordRefused:
    return RecordRefused([Problem(where=one.type, text=text, code="business-rule", entry=one.intent.entry)], 422)
