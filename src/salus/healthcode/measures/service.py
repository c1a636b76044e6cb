"""Take evidence in, let the rules decide once the log has it, and show what follows. None of these verbs sets anything.

What a page shows is recomputed each time by `rules.recompute`, with the witnesses' keys, from evidence and proofs; a
row in any table, whoever wrote it, shows nobody anything by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from salus import ledger
from salus.healthcode.errors import EvidenceRefused
from salus.healthcode.measures import store as tables
from salus.healthcode.measures.considering import Opened, considered, may_replace, releasing
from salus.healthcode.measures.filing import DUTIES, key_behind, measure_file, open_evidence, rows_of
from salus.healthcode.measures.model import FORGOTTEN, Decided, HeldNotice, Kept, Progress, Signed, place, raw, written
from salus.healthcode.measures.publications import (
    Known,
    keys_left,
    keys_so_far,
    known,
    logged_keys,
    signer_of,
)
from salus.healthcode.measures.sealing import EvidenceKeys, Seals, seal
from salus.kernel import canonical, format_instant, parse_instant
from salus.keys import ChartKeyMissing, KeyService, KeyShredded
from salus.ledger import Leaf
from salus.proof import Trust
from salus.rules import (
    SKEW,
    Document,
    Measure,
    NotProved,
    PublicationKind,
    PublicationRefused,
    TrustList,
    Why,
    check_publication,
    check_succession,
    commitment_of,
    decide,
    opened,
    recompute,
    reuse_tag,
    rules_of,
    word_key,
)
from salus.storage import Duty, Store, Transaction

LATE = timedelta(hours=72)
LOOKS_BACK = timedelta(days=16)
MOST_NOTICES = 32
_PAGE = 100

Random = Callable[[int], bytes]


def check_evidence(store: Store, trust: Trust | None, signed: Signed, at: datetime) -> dict[str, Any]:
    """Return the fields of a piece of evidence, once its form, its times and its party's signature are good.

    The key must stand in the log, seen by a quorum of witnesses, under the duty that goes with the kind, and not have
    ended, nor get its end with what waits. Raises EvidenceRefused.
    """
    try:
        body = opened(signed.opening, signed.kind)
    except NotProved as fault:
        raise EvidenceRefused(fault.text, where="opening") from None
    if body["site" if signed.kind == "specimen" else "laboratory"] != signed.party:
        raise EvidenceRefused("the opening names another party than the one that sends it", where="opening")
    happened = parse_instant(body["taken" if signed.kind == "specimen" else "reported"])
    if not at - LATE <= happened <= at + SKEW:
        raise EvidenceRefused("evidence is sent within 72 hours after it came about, and not before", where="opening")
    message = canonical({signed.kind: {"party": signed.party, "commitment": commitment_of(signed.opening)}})
    keys = keys_so_far(store, trust, at)
    if signer_of(keys, signed.party, DUTIES[signed.kind], message, signed.signature, at + SKEW) is None:
        raise EvidenceRefused(
            "no key that the public log has for this party and duty, and that has not ended, made the signature",
            where="signature",
        )
    return body


def take_specimen(
    tx: Transaction, keys: EvidenceKeys, signed: Signed, chart_key: int, at: datetime, under: bytes | None = None
) -> str:
    """Take in a specimen that was checked, in the caller's transaction; return its commitment. Duty CARE.

    Its leaf goes to the log with this commit. Sending the same again changes nothing. `under` is the digest of the
    emergency that it is kept under, if there is one: with its key it goes.
    """
    commitment = commitment_of(signed.opening)
    _keep(tx, keys, signed, (commitment, "specimen", commitment, chart_key), at, under)
    return commitment


def specimen_chart(tx: Transaction, seals: Seals, commitment: str) -> int:
    """Return the chart of a specimen that a result is about. Raises EvidenceRefused if no site committed it here."""
    found = [one for one in tables.evidence(tx, seals, [commitment]) if one.kind == "specimen"]
    if not found or found[0].chart_key == FORGOTTEN:
        raise EvidenceRefused("ACCESSION-MISSING: the result is about a specimen that no site committed here",
                              where="opening.result.specimen")  # fmt: skip
    return found[0].chart_key


def take_result(tx: Transaction, keys: EvidenceKeys, signed: Signed, at: datetime, under: bytes | None = None) -> str:
    """Take in a result that was checked, beside its specimen, whatever it says; return its commitment. Duty CARE.

    A result follows the chart of its specimen; `under` is as for that. Raises EvidenceRefused if it contradicts it.
    """
    body, commitment, seals = opened(signed.opening, "result"), commitment_of(signed.opening), Seals.of(keys)
    chart_key = specimen_chart(tx, seals, body["specimen"])
    rows = tables.evidence(tx, seals, [body["specimen"]])
    specimen = open_evidence(rows, keys.unwrap([chart_key]), seals).get(body["specimen"])
    if specimen is None:
        raise EvidenceRefused("the specimen's opening cannot be read any more", where="opening.result.specimen")
    if any(body[name] != specimen.body[name] for name in ("subject", "disease")):
        raise EvidenceRefused("specimen and result name two subjects or two diseases", where="opening")
    if parse_instant(body["reported"]) < parse_instant(specimen.body["taken"]):
        raise EvidenceRefused("the result is dated before its specimen", where="opening.result.reported")
    if body["replaces"] is not None:
        _may_replace(tx, seals, signed.party, body)
    key = _keep(tx, keys, signed, (commitment, "result", body["specimen"], chart_key), at, under)
    if key is not None:
        tables.wait(tx, key)
    return commitment


def _may_replace(tx: Transaction, seals: Seals, party: str, body: Mapping[str, Any]) -> None:
    """Refuse a correction of what is not here, of another specimen, or of another laboratory."""
    found = tables.evidence(tx, seals, [body["replaces"]])
    if not found or not may_replace(found[0], party, body["specimen"]):
        text = "a laboratory corrects what it found itself, in the same specimen, and sent here"
        raise EvidenceRefused(text, where="opening.result.replaces")


def publish(
    tx: Transaction, store: Store, trust: Trust | None, document: Document, signatures: Mapping[str, str], at: datetime
) -> None:
    """Hand a signed document to the log, in the caller's transaction. Duty CARE.

    Raises PublicationRefused, or TableRefused, if it could not count: signers, organisations, life, and the notice that
    is left if it reached the log now. Whoever reads it later measures notice by the time of the witnesses.
    """
    leaf = document.leaf(signatures)
    found = known(store, trust)
    declared = [one.published for one in found.publications]
    keys = keys_left(store, trust, at)
    check_succession(check_publication(document, leaf, keys, at, declared, vetoes=found.vetoes), declared)
    if document.kind is PublicationKind.TRUST_LIST:
        listed, before = TrustList.of(document), found.trusted[-1:]
        if not (listed.follows(before[0]) if before else listed.previous is None):
            raise PublicationRefused(
                "CHAIN", "a trust list is the next version, and names the digest of the one before"
            )
    ledger.add_document(tx, document.encoded)
    ledger.append(tx, Leaf(kind="publication", body=leaf))


def progress(
    store: Store, trust: Trust | None, keys: KeyService, at: datetime, random: Random = secrets.token_bytes
) -> Progress:
    """Decide for results whose evidence a quorum of witnesses has seen, and issue what is proved. Duty CARE.

    Each step is a transaction of its own that can run again: a result is decided on once, a decision issued once.
    """
    if trust is None:
        return Progress(decided=0, issued=0)
    decided = issued = last = 0
    told: Known | None = None
    seals = Seals.of(keys)
    while rows := _waiting(store, seals, last):
        last = rows[-1].key
        told = told or known(store, trust)
        for one in rows:
            with store.transaction(Duty.CARE) as tx:
                standing = tables.decision_of(tx, seals, one.commitment)
            if standing is None:
                decided += _decide(store, trust, keys, told, one, at, random)
            elif ledger.receipt(store, trust, standing.pending_id):
                issued += _issue(store, one, standing, at)
    return Progress(decided=decided, issued=issued)


def notices(
    store: Store,
    trust: Trust | None,
    keys: Mapping[int, bytes],
    seals: Seals,
    charts: Sequence[int],
    others: Sequence[int],
    at: datetime,
) -> list[HeldNotice]:
    """Return the measures of a resident, from the specimens in these charts, that are proved at `at`; most have none.

    `others` are charts that were linked to them: they bring no measure and can only end one. `keys` are the keys of
    all. Evidence is looked through for what ends a measure, whichever subject it bears: to recompute a file it takes
    one under the same subject, to be asked for nothing it does not.
    """
    with store.transaction(Duty.CARE) as tx:
        rows = tables.decisions(tx, seals, charts, at - LOOKS_BACK, MOST_NOTICES)
        evidence = open_evidence(rows_of(tx, seals, charts), keys, seals)
        evidence |= releasing(open_evidence(rows_of(tx, seals, others), keys, seals))
    if not rows or trust is None:
        return []
    told = known(store, trust)
    found = []
    for one in rows:
        opening = seals.unseal(one, keys.get(one.chart_key))
        file = _file(store, trust, told, one, evidence, opening, at) if _asked(told, one, evidence, at) else None
        shown = recompute(file, trust, at, ends=told.ends) if file else None
        if file and shown and shown.measure is not Measure.NONE:
            found.append(HeldNotice(commitment=one.commitment, chart_key=one.chart_key, file=file, found=shown))
    return found


def _asked(told: Known, one: Decided, evidence: Mapping[str, Opened], at: datetime) -> bool:
    """Tell whether the rules still ask for what was decided, once all evidence of its holder is looked at."""
    rules, emergency = told.of(one.rules), told.of(one.emergency)
    if rules is None or emergency is None:
        return False
    table = rules_of(rules.published, emergency.published)
    return decide(considered(evidence, one.result), table, at).evidence == (one.result,)


def chart_keys(keys: KeyService, charts: Sequence[int]) -> dict[int, bytes]:
    """Return the keys of charts; without those that were destroyed or never were: what they sealed is no evidence."""
    with suppress(ChartKeyMissing):
        return keys.unwrap_left(charts)
    found: dict[int, bytes] = {}
    for chart in charts:
        with suppress(ChartKeyMissing):
            found |= keys.unwrap_left([chart])
    return found


def decision_file(
    store: Store, trust: Trust | None, told: Known, keys: KeyService, decided: Decided, at: datetime
) -> bytes | None:
    """Return the file of one decision at `at`, from its own chart's evidence; None where not proved or readable."""
    if trust is None:
        return None
    chart, seals = chart_keys(keys, [decided.chart_key]), Seals.of(keys)
    with store.transaction(Duty.CARE) as tx:
        evidence = open_evidence(rows_of(tx, seals, [decided.chart_key]), chart, seals)
    opening = seals.unseal(decided, chart.get(decided.chart_key))
    return _file(store, trust, told, decided, evidence, opening, at)


def receipts(keys: Mapping[int, bytes], seals: Seals, rows: Sequence[Kept]) -> list[dict[str, Any]]:
    """Return the openings of a resident's specimens, newest first: what the site handed out as the receipt."""
    opened_rows = open_evidence(rows, keys, seals)
    return [one.body | {"commitment": name} for name, one in opened_rows.items() if one.kept.kind == "specimen"]


def _file(
    store: Store,
    trust: Trust,
    told: Known,
    decided: Decided,
    evidence: Mapping[str, Opened],
    opening: Mapping[str, Any] | None,
    at: datetime,
) -> bytes | None:
    try:
        opened(opening, "decision")
    except NotProved:
        return None
    return measure_file(store, trust, told, decided, evidence, opening, at) if opening else None


def _keep(
    tx: Transaction,
    keys: EvidenceKeys,
    signed: Signed,
    kept: tuple[str, str, str, int],
    at: datetime,
    under: bytes | None,
) -> int | None:
    """Keep evidence, as (commitment, kind, specimen, chart), and hand its leaf to the log; None if it is no news.

    Under an emergency it is sealed under its key as well, and nothing but the day says when it came: the instant would
    lead to the record that came with it. Where that key is gone, its chart's alone seals it: care goes on.
    """
    commitment, kind, specimen, chart_key = kept
    if tables.evidence(tx, Seals(emergencies={}), [commitment]):
        return None
    body = {"party": signed.party, "commitment": commitment, "signature": signed.signature}
    leaf, key, holder = Leaf(kind=kind, body=body), keys.unwrap([chart_key])[chart_key], None
    emergency = _emergency_key(keys, under) if under else None
    if under is None or emergency is None:
        under = None
    else:
        seals = Seals(emergencies={under: emergency})
        key, holder = seals.joined(under, key), seals.holder(under, chart_key)
        at = at.replace(hour=0, minute=0, second=0, microsecond=0)
    row = Kept(
        key=0,
        commitment=commitment,
        kind=kind,
        specimen=specimen,
        chart_key=chart_key,
        entry=leaf.encoded,
        sealed=seal(key, place("evidence", chart_key, commitment), signed.opening),
        pending_id=ledger.append(tx, leaf).id,
        emergency=under,
    )
    return tables.add_evidence(tx, row, holder, at)


def _emergency_key(keys: EvidenceKeys, emergency: bytes) -> bytes | None:
    """Return the key of an emergency, made at the first asking; None once it was destroyed."""
    try:
        return keys.emergency_key(emergency)
    except KeyShredded:
        return None


def _waiting(store: Store, seals: Seals, last: int) -> list[Kept]:
    with store.transaction(Duty.CARE) as tx:
        return tables.waiting(tx, seals, last, _PAGE)


def _decide(store: Store, trust: Trust, keys: KeyService, told: Known, one: Kept, at: datetime, random: Random) -> int:
    """Decide on one result, if all that it rests on has its witnesses; return how many decisions went to the log.

    None does where specimen or result came into the log after its key's end: that can never be proved.
    """
    seals = Seals.of(keys)
    with store.transaction(Duty.CARE) as tx:
        rows = rows_of(tx, seals, [one.chart_key])
    told_of = [row for row in rows if row.commitment in (one.commitment, one.specimen)]
    receipts_of = [(row, ledger.first_receipt(store, trust, row.pending_id, by=at + SKEW)) for row in told_of]
    seen = [(row, receipt.cosigned.at) for row, receipt in receipts_of if receipt is not None]
    if len(seen) < 2:
        return 0
    logged = logged_keys(store, trust)  # asked after the receipts, so that it knows every end before them
    signed = all(key_behind(logged, row, stood) for row, stood in seen)
    at = max([at.replace(microsecond=0), *(stood for _, stood in seen)])
    evidence = open_evidence(rows, chart_keys(keys, [one.chart_key]), seals) if signed else {}
    made = _made(told, evidence, one, at, random)
    if isinstance(made, dict):
        return _keep_decision(store, keys, one, made, at)
    if made is not Why.NOT_YET:
        with store.transaction(Duty.CARE) as tx:
            tables.done(tx, one.key)
    return 0


def _made(told: Known, evidence: Mapping[str, Opened], one: Kept, at: datetime, random: Random) -> dict[str, Any] | Why:
    """Return the opening of the decision that the rules take on a result, or why they ask for nothing."""
    base = evidence.get(one.commitment)
    in_force = told.in_force(base.body["disease"], at) if base else None
    if base is None or in_force is None:
        return Why.RULES_NOT_LIVE
    rules, emergency, table = in_force
    found = decide(considered(evidence, one.commitment), table, at)
    if found.measure is Measure.NONE or found.evidence != (one.commitment,) or not found.starts or not found.ends:
        return Why.NOT_YET if set(found.reasons) == {Why.NOT_YET} else Why.ASKS_NOTHING
    return {
        "decision": {
            "at": format_instant(at),
            "blind": written(random(32)),
            "clause": found.clause,
            "emergency": emergency.published.document.digest,
            "ends": format_instant(found.ends),
            "evidence": [one.commitment],
            "gives": str(found.measure),
            "rules": rules.published.document.digest,
            "starts": format_instant(found.starts),
            "subject": base.body["subject"],
        }
    }


def _keep_decision(store: Store, keys: KeyService, one: Kept, opening: Mapping[str, Any], at: datetime) -> int:
    """Keep a decision and hand its leaf to the log, in one transaction; nothing if another round was faster.

    It is sealed under the emergency that lets it be, and so is whose it is. Where the key of that is gone nothing is
    asked of anybody, and the result waits no longer.
    """
    body, commitment = opening["decision"], commitment_of(opening)
    under = raw(body["emergency"])
    emergency = _emergency_key(keys, under)
    if emergency is None:
        with store.transaction(Duty.CARE) as tx:
            tables.done(tx, one.key)
        return 0
    key = keys.unwrap([one.chart_key])[one.chart_key]
    seals = Seals(emergencies=keys.emergency_keys() | {under: emergency})
    with store.transaction(Duty.CARE) as tx:
        if not tables.hold(tx, one.key) or tables.decision_of(tx, seals, one.commitment):
            return 0
        blind = open_evidence([one], {one.chart_key: key}, seals)[one.commitment].body["blind"]
        tag = reuse_tag(one.commitment, blind)
        word = word_key(body["blind"], tag)
        leaf = Leaf(kind="decision", body={"rules": body["rules"], "commitment": commitment, "tag": tag, "word": word})
        sealed = seal(seals.joined(under, key), place("decision", one.chart_key, commitment), opening)
        decided = Decided(
            result=one.commitment,
            commitment=commitment,
            chart_key=one.chart_key,
            rules=body["rules"],
            emergency=body["emergency"],
            entry=leaf.encoded,
            sealed=sealed,
            pending_id=ledger.append(tx, leaf).id,
            decided_at=at,
        )
        return int(tables.add_decision(tx, decided, seals.holder(under, one.chart_key)))


def _issue(store: Store, one: Kept, standing: Decided, at: datetime) -> int:
    """Note that a decision is proved, and that its result waits no longer."""
    with store.transaction(Duty.CARE) as tx:
        if not tables.done(tx, one.key):
            return 0
        return int(tables.issue(tx, standing.commitment, at))
