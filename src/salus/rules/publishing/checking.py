"""Check that a document was published as it has to be. Pure; the time of the log comes as an argument."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from salus.kernel import spelt
from salus.rules.errors import PublicationRefused
from salus.rules.model import Clause, Emergency, Rules, Table
from salus.rules.publishing import model as limits
from salus.rules.publishing.accepting import RegionRules
from salus.rules.publishing.admitting import ADMISSION_LASTS, ADMISSION_NOTICE, Admission
from salus.rules.publishing.model import Declaration, Document, PartyKey, PublicationKind, Published, is_digest
from salus.rules.publishing.recognising import RECOGNITION_LASTS, RECOGNITION_NOTICE, Recognition
from salus.rules.publishing.renewing import check_renewal
from salus.rules.publishing.signing import signed_by
from salus.rules.publishing.trusting import TRUST_LASTS, TRUST_NOTICE, TRUST_URGENT_SIGNERS, TrustList
from salus.rules.publishing.vetoing import Veto, check_not_vetoed
from salus.rules.tables.lint import MOST_TEXT, is_disease, lint_text
from salus.rules.tables.reading import table_of

SIGNER = "signer"
_NOTICED = {
    PublicationKind.DECLARATION: ("a declaration", limits.DECLARATION_NOTICE, limits.DECLARATION_LASTS),
    PublicationKind.RECOGNITION: ("a recognition", RECOGNITION_NOTICE, RECOGNITION_LASTS),
    PublicationKind.ADMISSION: ("an admission", ADMISSION_NOTICE, ADMISSION_LASTS),
}
"""What each kind is called here, its notice, and how long it lasts at most; four sign it."""


def check_publication(
    document: Document,
    leaf: Mapping[str, Any],
    keys: Iterable[PartyKey],
    logged_at: datetime,
    emergencies: Sequence[Published] = (),
    *,
    renewing: bool = True,
    vetoes: Iterable[Veto] = (),
) -> Published:
    """Return a document as published, or raise PublicationRefused with the word for what is missing.

    `leaf` is the body of its entry in the log and `logged_at` when a quorum of witnesses had it, which is what notice
    is counted from. `keys` are the signers' keys of the log; each has to stand there no later than the document, and
    not to have ended before it. Short notice takes one of `emergencies` that was alive at `logged_at` and is of the
    same disease. An emergency is held against the earlier ones of them, unless `renewing` is false: then whoever calls
    looks at what it renews. `vetoes` are those of the log as far as they are known; one that came in time stops the
    document.
    """
    signatures = leaf.get("signatures")
    if not isinstance(signatures, Mapping) or dict(leaf) != document.leaf(signatures):
        raise PublicationRefused("DIGEST", "the log's entry is about another document")
    signers = sorted(_signers(document, signatures, list(keys), logged_at), key=lambda one: one.party)
    organisations = tuple(sorted({spelt(one.organisation): one.organisation for one in signers}.values()))
    published = Published(
        document=document,
        logged_at=logged_at,
        signers=tuple(one.party for one in signers),
        organisations=organisations,
        keys=tuple(one.key for one in signers),
    )
    check_content(document)
    _times(published, emergencies)
    check_not_vetoed(document, logged_at, vetoes)
    if renewing and document.kind is PublicationKind.EMERGENCY:
        check_renewal(published, emergencies)
    return published


def rules_of(published: Published, emergency: Published | None) -> Rules:
    """Return published assignment rules as `decide` takes them, under a published emergency if there is one."""
    document = published.document
    declared = emergency_of(emergency.document) if emergency else None
    return Rules(table=_table(document.encoded), starts=document.starts, ends=document.ends, emergency=declared)


def emergency_of(document: Document) -> Emergency:
    """Read an emergency's document; PublicationRefused if it says anything else."""
    body = document.body
    if document.kind is not PublicationKind.EMERGENCY or set(body) - {"renews"} != {"disease", "reason"}:
        raise PublicationRefused("FORM", "an emergency has the fields disease and reason, and renews if it renews one")
    if "renews" in body and not is_digest(body["renews"]):
        raise PublicationRefused("FORM", "an emergency names the one that it renews by its digest")
    reason = body["reason"]
    if not is_disease(body["disease"]) or not isinstance(reason, Mapping) or set(reason) != {"en", "zh"}:
        raise PublicationRefused(
            "FORM", "an emergency names one disease by its word, and its reason in English and Chinese"
        )
    if not all(isinstance(text, str) and text.strip() and len(text) <= MOST_TEXT for text in reason.values()):
        raise PublicationRefused("FORM", f"a reason has at most {MOST_TEXT} characters")
    faults = [fault for name, text in reason.items() for fault in lint_text(text, f"reason.{name}")]
    if faults:
        raise PublicationRefused("FORM", f"a reason names no person and no list: {faults[0]}")
    return Emergency(disease=body["disease"], starts=document.starts, ends=document.ends)


def reason_of(document: Document) -> Clause:
    """Return why an emergency was declared, in both languages."""
    emergency_of(document)
    return Clause(en=document.body["reason"]["en"], zh=document.body["reason"]["zh"])


def _signers(
    document: Document, signatures: Mapping[str, Any], keys: Sequence[PartyKey], logged_at: datetime
) -> list[PartyKey]:
    """Return the key of each party that signed. Every signature has to be good: a bad one spoils the whole."""
    found, message = [], document.signed
    for party, signature in signatures.items():
        of_party = [one for one in keys if one.party == party and one.duty == SIGNER and one.stands(logged_at)]
        good = [one for one in of_party if signed_by(one.key, message, signature)]
        if not good:
            raise PublicationRefused("SIGNATURE", f"the signature of {party[:40]} is of no key that the log had then")
        found.append(good[0])
    if len({one.key for one in found}) != len(found):
        raise PublicationRefused("SIGNATURE", "one key signs once, under whatever names")
    return found


@lru_cache(maxsize=64)
def _table(encoded: bytes) -> Table:
    """Build the table of a document's bytes; every file of a measure comes with the same few."""
    return table_of(json.loads(encoded)["body"])


def check_content(document: Document) -> None:
    """Check what a document says, whoever signs it: PublicationRefused, or TableRefused with the linter's words."""
    if document.kind is PublicationKind.RULES:
        _table(document.encoded)
    elif document.kind is PublicationKind.EMERGENCY:
        emergency_of(document)
    elif document.kind is PublicationKind.ACCEPTANCE:
        RegionRules.of(document)
    elif document.kind is PublicationKind.RECOGNITION:
        Recognition.of(document)
    elif document.kind is PublicationKind.TRUST_LIST:
        TrustList.of(document)
    elif document.kind is PublicationKind.ADMISSION:
        Admission.of(document)
    else:
        Declaration.of(document)


def _times(published: Published, emergencies: Sequence[Published]) -> None:
    """Check signers, notice and life by the kind of the document."""
    document, count = published.document, len(published.signers)
    lasts, notice = document.ends - document.starts, document.starts - published.logged_at
    _any_times(published, lasts, notice)
    if document.kind is PublicationKind.EMERGENCY:
        _need(count, limits.EMERGENCY_SIGNERS, lasts, limits.EMERGENCY_LASTS)
    elif document.kind is PublicationKind.TRUST_LIST:
        # a stolen key does not wait a day, but then it takes one signer more
        short = notice < TRUST_NOTICE
        _need(count, TRUST_URGENT_SIGNERS if short else limits.SIGNERS, lasts, TRUST_LASTS)
    elif document.kind in _NOTICED:
        what, least, most = _NOTICED[document.kind]
        _need(count, limits.SIGNERS, lasts, most)
        if notice < least:
            hours = least // timedelta(hours=1)
            raise PublicationRefused("NOTICE-TOO-SHORT", f"{what} stands in the log {hours} hours before it counts")
    elif notice >= limits.RULES_NOTICE:
        _need(count, limits.SIGNERS, lasts, limits.RULES_LAST)
    elif notice >= limits.URGENT_NOTICE and _under(published, emergencies):
        _need(count, limits.URGENT_SIGNERS, lasts, limits.URGENT_LAST)
        if len(published.organisations) < limits.URGENT_ORGANISATIONS:
            text = f"at short notice signers come from at least {limits.URGENT_ORGANISATIONS} organisations"
            raise PublicationRefused("SHORT-QUORUM", text)
    else:
        raise PublicationRefused(
            "NOTICE-TOO-SHORT", "rules stand in the log 72 hours before they count, 6 hours under a live emergency"
        )


def _any_times(published: Published, lasts: timedelta, notice: timedelta) -> None:
    """Check what holds for every kind."""
    if lasts < limits.LEAST_LIFE:
        raise PublicationRefused("TOO-SHORT", "what is published counts for at least 24 hours")
    if notice < timedelta(0):
        raise PublicationRefused("RETROACTIVE", "nothing counts from before it stood in the log")
    if len(published.organisations) < limits.ORGANISATIONS:
        raise PublicationRefused("SHORT-QUORUM", f"signers come from at least {limits.ORGANISATIONS} organisations")


def had_notice(published: Published, emergencies: Sequence[Published]) -> bool:
    """Tell whether rules were published with 72 hours of notice, or under one of these emergencies."""
    notice = published.document.starts - published.logged_at
    return notice >= limits.RULES_NOTICE or _under(published, emergencies)


def _under(published: Published, emergencies: Sequence[Published]) -> bool:
    """Tell whether an emergency of the rules' disease was alive, and known, when they reached the log."""
    disease = published.document.body.get("disease")
    return any(
        one.alive(published.logged_at)
        and one.logged_at <= published.logged_at
        and one.document.body["disease"] == disease
        for one in emergencies
        if one.document.kind is PublicationKind.EMERGENCY
    )


def _need(count: int, signers: int, lasts: timedelta, most: timedelta) -> None:
    if count < signers:
        raise PublicationRefused("SHORT-QUORUM", f"{count} signed and {signers} have to")
    if lasts > most:
        raise PublicationRefused("OVERLONG", f"it ends within {most.days} days of its start")
